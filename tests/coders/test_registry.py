from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kolmo import Coder, coder, list_coders
from kolmo.coders import all_coders
from kolmo.errors import MissingDependencyError, ParameterError

BUILT_IN = {"deflate", "zlib", "gzip", "bz2", "lzma", "xz", "zstd", "brotli", "lz4", "ppmd", "uniform", "order0"}


def test_all_built_in_coders_are_listed_and_installed_here() -> None:
    assert set(list_coders()) >= BUILT_IN
    assert {name for name, found in all_coders() if isinstance(found, Coder)} >= BUILT_IN


def test_keywords_override_the_spec_and_a_coder_passes_through() -> None:
    found = coder("zstd:level=19", level=5)
    assert found == coder("zstd", level=5)
    assert coder(found) is found
    assert coder(found, level=6) == coder("zstd:level=6")
    assert str(coder("zstd:level=19")) == "zstd:level=19"
    assert str(coder("zstd:level=3")) == "zstd"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("zst", "did you mean 'zstd'"),
        ("GZIP", "did you mean 'gzip'"),
        ("nothing-like-it", "known: deflate"),
        ("", "there is no coder named ''"),
        ("zstd:level=99", "level: expected an integer from 1 to 22, got 99"),
        ("zstd:level=high", "got 'high'"),
        ("zstd:level=true", "got True"),
        ("zstd:speed=1", "no parameter 'speed'; it takes level, window_log, magicless"),
        ("uniform:level=1", "it takes none"),
        ("zstd:19", "name:key=value"),
        ("order0:alpha=0", "alpha: expected a number"),
        ("order0:alpha=NaN", "alpha: expected a number"),
        (7, "expected a coder by name"),
        (None, "expected a coder by name"),
        ({"level": 3}, "'id'"),
        ({"id": "deflate", "@context": "not base64!"}, "base64"),
    ],
)
def test_a_wrong_coder_says_what_is_wrong(spec: object, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        coder(spec)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "module", "extra"),
    [("ppmd", "pyppmd", "ppmd"), ("lz4", "lz4", "lz4"), ("jxl", "pillow_jxl", "image"), ("flac", "soundfile", "audio")],
)
def test_a_missing_extra_names_the_line_to_run(
    name: str, module: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for loaded in [key for key in sys.modules if key.partition(".")[0] == module]:
        monkeypatch.delitem(sys.modules, loaded)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingDependencyError, match=rf"pip install '\.\[{extra}\]'"):
        coder(name)


PLUGIN = """
from dataclasses import dataclass
from typing import ClassVar
from kolmo.coders.base import Coder, CoderTags

@dataclass(frozen=True, kw_only=True)
class Reversed(Coder):
    times: int = 1
    name: ClassVar[str] = "reversed"

    @property
    def tags(self):
        return CoderTags(priming=None)

    def versions(self):
        return {}

    def _encoder(self, context):
        return lambda data: len(data).to_bytes(8, "big") + data[::-1]

    def _decoder(self, context):
        def decode(payload, max_size):
            from kolmo.coders.limits import too_large
            from kolmo.errors import DecodeError
            if int.from_bytes(payload[:8], "big") != len(payload) - 8:
                raise DecodeError("expected a stream that states its length")
            if len(payload) - 8 > max_size:
                raise too_large(max_size)
            return payload[:7:-1]
        return decode
"""


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """A distribution on disk that registers one good coder, one that is no coder, and one that is not there."""
    (tmp_path / "plugin_of_a_third_party.py").write_text(PLUGIN)
    info = tmp_path / "plugin_of_a_third_party-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plugin-of-a-third-party\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[kolmo.coders]\nreversed = plugin_of_a_third_party:Reversed\n"
        "nonsense = plugin_of_a_third_party:PLUGIN\nabsent = a_module_that_is_absent:It\n"
        "gzip = plugin_of_a_third_party:Reversed\n"
    )
    (tmp_path / "plugin_of_a_third_party.py").write_text(PLUGIN + "\nPLUGIN = 1\n")
    return tmp_path


def test_an_entry_point_has_the_name_of_its_coder(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import EntryPoint

    entry = EntryPoint("mine", "kolmo.coders.library.baselines:Uniform", "kolmo.coders")
    monkeypatch.setattr("kolmo.coders.registry._plugins", lambda: {"mine": entry})
    with pytest.raises(ParameterError, match=r"'mine'.*got one named 'uniform'; give both the same name"):
        coder("mine")


def test_a_third_party_coder_is_found_by_its_entry_point(plugin: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(plugin)
    assert "reversed" in list_coders()
    found = coder("reversed:times=2")
    assert found.config == {"id": "reversed", "times": 2}
    assert coder("gzip").name == "gzip", "a built-in name cannot be taken over"
    with pytest.raises(ParameterError, match=r"expected a subclass of kolmo\.Coder"):
        coder("nonsense")
    with pytest.raises(MissingDependencyError, match="cannot be imported"):
        coder("absent")
    with pytest.raises(ParameterError, match="did you mean 'reversed'"):
        coder("reverse")


def test_a_third_party_coder_keeps_the_contract_in_a_fresh_process(plugin: Path) -> None:
    program = "import kolmo; from kolmo.testing import check_coder; check_coder(kolmo.coder('reversed'), examples=10)"
    subprocess.run([sys.executable, "-c", program], env={"PYTHONPATH": str(plugin)}, check=True, timeout=120)
