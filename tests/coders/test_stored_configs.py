"""A file never chooses what is loaded: models are found by their hash, in the folders that the user named."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import kolmo.coders.registry
from kolmo import coder
from kolmo.coders.base import Coder, Decode, Encode
from kolmo.coders.stored_configs import coder_from_file, stored_config
from kolmo.coders.tags import CoderTags
from kolmo.container.header import ContainerHeader
from kolmo.errors import DataError, DecodeError, KolmoError, ParameterError

NAMED: list[str] = []
"""The values of the parameter `model` that a coder was used with."""
SHA256 = "ab" * 32


@dataclass(frozen=True, kw_only=True)
class Loading(Coder):
    """A coder with a model: a folder with a file of its digest."""

    model: str = "none"
    version: int | None = None

    name: ClassVar[str] = "loading"
    loads: ClassVar[tuple[str, ...]] = ("model", "version")

    @property
    def tags(self) -> CoderTags:
        return CoderTags()

    def versions(self) -> dict[str, str]:
        return {}

    @property
    def model_label(self) -> str:
        return Path(self.model).name

    @property
    def model_digest(self) -> str:
        return self.digest_of_model(Path(self.model))

    @classmethod
    def digest_of_model(cls, folder: Path) -> str:
        NAMED.append(str(folder))
        if not (folder / "digest").is_file():
            raise DataError("no model")
        return (folder / "digest").read_text()

    def _encoder(self, context: bytes) -> Encode:
        return lambda data: self.model_digest.encode() + data

    def _decoder(self, context: bytes) -> Decode:
        return lambda payload, max_size: payload.removeprefix(self.model_digest.encode())


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(kolmo.coders.registry._BUILT_IN, "loading", f"{__name__}:Loading")
    monkeypatch.delenv("KOLMO_MODELS", raising=False)
    monkeypatch.setattr("importlib.import_module", _import_module(monkeypatch))
    NAMED.clear()


def _import_module(monkeypatch: pytest.MonkeyPatch) -> object:
    import importlib
    import sys

    original = importlib.import_module
    return lambda name, package=None: sys.modules[name] if name == __name__ else original(name, package)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "models" / "deep" / "er" / "m"
    folder.mkdir(parents=True)
    (folder / "digest").write_text(SHA256)
    (folder.parent / "another").mkdir()
    (folder.parent / "another" / "digest").write_text("cd" * 32)
    return folder


SPECS = ["loading:model={}", "best:coders=zstd+loading:model={}", "best:coders=best:coders=loading:model={}"]


@pytest.mark.parametrize("spec", SPECS)
def test_a_model_is_found_by_its_hash_wherever_it_lies(
    spec: str, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = coder(spec.format(model))
    stored = stored_config(writer)
    assert str(model.parent) not in str(stored)
    assert str(model.parent) not in ContainerHeader.of(writer, block_size=3, size=3).fingerprint
    packed = kolmo.compress("abc", coder=writer)
    model.rename(tmp_path / "renamed")
    with pytest.raises(DecodeError, match=f"model 'm' of the coder 'loading', SHA-256 '{SHA256}'; name the folder"):
        kolmo.decompress(packed)
    with pytest.raises(DecodeError, match=f"SHA-256 '{SHA256}'; it is not in .*models'; name"):
        kolmo.decompress(packed, models=[tmp_path / "models"])
    assert kolmo.decompress(packed, models=[tmp_path / "models", tmp_path]) == b"abc"
    monkeypatch.setenv("KOLMO_MODELS", os.pathsep.join([str(tmp_path / "models"), str(tmp_path / "renamed")]))
    assert kolmo.decompress(packed) == b"abc"
    monkeypatch.setenv("KOLMO_MODELS", str(tmp_path / "missing"))
    with pytest.raises(DecodeError, match="no folder"):
        kolmo.decompress(packed)


def test_coders_without_a_model_are_stored_as_they_are() -> None:
    for spec in ("zstd:level=19", "ngram:order=3", "mixture:coders=ngram+mix", "best"):
        assert stored_config(coder(spec)) == coder(spec).config
        assert coder_from_file(coder(spec).config) == coder(spec)


def test_the_number_of_coders_in_a_file_is_bounded() -> None:
    most, more = ("+".join(["ngram"] * count) for count in (16, 17))
    assert kolmo.decompress(kolmo.compress("abc", coder=f"mixture:coders={most}")) == b"abc"
    with pytest.raises(ParameterError, match="expected at most 16 coders in a file"):
        kolmo.compress("abc", coder=f"mixture:coders={more}")
    for config in ({"id": "mixture", "coders": more}, {"id": "best", "coders": more}):
        with pytest.raises(DecodeError, match="expected at most 16 coders in a file, got 17"):
            coder_from_file(config)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["a/model", "x/y", SHA256]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["label", "sha256", "id"]), inner),
    max_leaves=4,
)
NESTED = st.sampled_from(
    [
        "loading:model=a/model",
        "ngram+loading:model=a/model;version=3",
        "best:coders=loading:model=a/model",
        "zstd+best:coders=best:coders=loading",
    ]
)
MEMBERS = st.lists(st.fixed_dictionaries({"id": st.just("loading")}, optional={"model": VALUES}))
CONFIGS = st.fixed_dictionaries(
    {"id": st.sampled_from(["loading", "hf", "neural", "best", "mixture"])},
    optional={
        "model": VALUES,
        "version": VALUES,
        "revision": VALUES | st.just("0123456789" * 4),
        "coders": VALUES | NESTED | MEMBERS,
    },
)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(config=CONFIGS)
def test_no_configuration_of_a_file_names_what_is_read(config: dict[str, object], tmp_path: Path) -> None:
    """A forged configuration is refused, or makes a coder without a model; only the named folder is looked at."""
    NAMED.clear()
    try:
        made = coder_from_file(config, models=[tmp_path])
    except KolmoError:
        pass
    else:
        parts = [made]
        for part in parts:
            assert not part.loads
            parts += part.members
    assert set(NAMED) <= {str(tmp_path), *map(str, tmp_path.rglob("*"))}


def test_a_deeply_nested_configuration_is_refused() -> None:
    config: dict[str, object] = {"id": "loading", "model": "x"}
    for _ in range(500):
        config = {"id": "best", "coders": [config]}
    with pytest.raises(DecodeError, match="forged"):
        coder_from_file(config)


def test_a_length_that_is_not_finite_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in (float("nan"), float("inf"), -float("inf")):
        monkeypatch.setattr(Loading, "_meter", lambda self, context, wrong=wrong: lambda data: wrong)
        made = coder("loading")
        for call in (
            lambda made=made: made.code_length("a"),
            lambda made=made: made.code_lengths(["a", "b"]),
            lambda made=made: made.joint_code_length("a", "b"),
            lambda made=made: made.joint_code_lengths(["a"], ["b"]),
            lambda made=made: kolmo.pairwise(["a", "b"], coder=made),
        ):
            with pytest.raises(DataError, match=r"coder loading.* not finite"):
                call()
