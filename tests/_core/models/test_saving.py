"""Folders of saved models: whole or absent, and refused when damaged, foreign, newer or forged."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies
from safetensors.numpy import load, save

import kolmo
from kolmo._core.models import saving as models
from kolmo._core.models.saving import ARRAYS, DESCRIPTION, ModelState, pack_items, unpack_items
from kolmo.errors import DataError, KolmoError, ParameterError

TEXTS, LABELS = ["the cat sat", "a cat and a kitten", "stocks fell", "bonds and stocks"], ["a", "a", "b", "b"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    kolmo.NCDClassifier("zstd").fit(TEXTS, LABELS).save(tmp_path / "model")
    return tmp_path / "model"


def forge(folder: Path, change: Callable[[dict[str, Any], dict[str, Any]], object]) -> None:
    """Change the description and the arrays of a model, and make all checksums right again."""
    description = json.loads((folder / DESCRIPTION).read_text())
    arrays = load((folder / ARRAYS).read_bytes())
    change(description, arrays)
    raw = save({name: np.ascontiguousarray(each) for name, each in arrays.items()})
    description[ARRAYS] = {"size_bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
    description.pop("sha256")
    description["sha256"] = models._digest(description)
    (folder / ARRAYS).write_bytes(raw)
    (folder / DESCRIPTION).write_text(json.dumps(description))


@given(strategies.lists(strategies.binary(max_size=20)))
def test_packed_items_are_restored(items: list[bytes]) -> None:
    assert unpack_items(ModelState(arrays=pack_items(items))) == items


@pytest.mark.parametrize("ends", [[2, 1, 3], [1, 2], [-1, 3], [1, 4], [], [2.0, 3.0]])
def test_packed_items_with_wrong_ends_are_refused(ends: list[Any]) -> None:
    arrays = pack_items([b"a", b"bc"]) | {"items.ends": np.array(ends)}
    with pytest.raises(DataError, match=r"items\.ends"):
        unpack_items(ModelState(arrays=arrays))


def test_every_class_in_the_table_can_be_saved() -> None:
    for name in models.MODELS:
        found = models.class_of(name, Path())
        assert issubclass(found, models.SavedModel)
        assert models._name_of(found) == name


def test_a_subclass_cannot_be_saved(tmp_path: Path) -> None:
    class Own(kolmo.NCDClassifier):
        pass

    with pytest.raises(ParameterError, match="Own cannot be saved"):
        Own("zstd").fit(TEXTS, LABELS).save(tmp_path / "own")
    assert not list(tmp_path.iterdir())


def test_a_model_is_replaced_with_force_only(folder: Path) -> None:
    other = kolmo.NCDClassifier("gzip").fit(TEXTS[::-1], LABELS[::-1])
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(ParameterError, match="exists and was not changed"):
        other.save(folder)
    assert before == {path.name: path.read_bytes() for path in folder.iterdir()}
    other.save(folder, force=True)
    assert str(kolmo.load_model(folder).coder) == "gzip"
    assert [path.name for path in folder.parent.iterdir()] == ["model"]


@pytest.mark.parametrize("content", ["notes.txt", DESCRIPTION])
def test_a_folder_with_other_files_is_never_replaced(tmp_path: Path, content: str) -> None:
    (tmp_path / content).write_text("{}")
    with pytest.raises(ParameterError, match="other files"):
        kolmo.NCDClassifier("zstd").fit(TEXTS, LABELS).save(tmp_path, force=True)
    assert [path.name for path in tmp_path.iterdir()] == [content]


def test_a_file_or_a_missing_parent_is_refused(tmp_path: Path) -> None:
    fitted = kolmo.NCDClassifier("zstd").fit(TEXTS, LABELS)
    (tmp_path / "file").write_text("text")
    with pytest.raises(ParameterError, match="it is a file"):
        fitted.save(tmp_path / "file", force=True)
    with pytest.raises(ParameterError, match="no directory"):
        fitted.save(tmp_path / "missing" / "model")


def test_an_interrupted_save_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    fitted = kolmo.NCDClassifier("zstd").fit(TEXTS, LABELS)
    monkeypatch.setattr("kolmo._core.files._publish_folder", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fitted.save(tmp_path / "model")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", [DESCRIPTION, ARRAYS])
def test_every_damage_is_refused(folder: Path, name: str) -> None:
    raw = (folder / name).read_bytes()
    step = max(len(raw) // 60, 1)
    for place in range(0, len(raw), step):
        for damaged in (raw[:place], raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]):
            (folder / name).write_bytes(damaged)
            with pytest.raises(DataError):
                kolmo.load_model(folder)
    (folder / name).unlink()
    with pytest.raises(DataError, match=name):
        kolmo.load_model(folder)


def test_other_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        kolmo.load_model(tmp_path / "missing")
    with pytest.raises(DataError, match=r"holds no model\.json"):
        kolmo.load_model(tmp_path)
    (tmp_path / DESCRIPTION).write_text("[" * 100_000)
    with pytest.raises(DataError, match="does not describe a model"):
        kolmo.load_model(tmp_path)
    (tmp_path / "file").write_text("text")
    with pytest.raises(DataError, match="is no folder"):
        kolmo.load_model(tmp_path / "file")


def test_a_newer_model_is_refused(folder: Path) -> None:
    forge(folder, lambda description, _: description.update(version=models.VERSION + 1, kolmo="9.9"))
    with pytest.raises(DataError, match=r"written by kolmo '9\.9'.*update Kolmo"):
        kolmo.load_model(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d, _: d.update(model="os:system"), "unknown kind"),
        (lambda d, _: d["parameters"].update(checkpoint="/tmp/file"), "no parameter 'checkpoint'"),
        (lambda d, _: d["parameters"].update(coder={"id": "neural", "model": "/etc"}), "forged"),
        (lambda d, _: d["parameters"].update(coder="zstd"), "forged"),
        (lambda d, _: d["parameters"].update(n_neighbors=10**9), "n_neighbors"),
        (lambda d, _: d["values"].update(classes=["b", "a"]), "sorted"),
        (lambda d, _: d["values"].update(classes=["a", 1]), "classes"),
        (lambda d, _: d["values"].update(label_dtype="O"), "classes"),
        (lambda d, _: d["values"].update(row_dtype="O"), "row_dtype"),
        (lambda d, _: d["values"].pop("fitted_coder"), "expected a coder"),
        (lambda _, a: a.update(codes=a["codes"] + 1), "codes"),
        (lambda _, a: a.update(codes=a["codes"][:2]), "4 items but 2 labels"),
        (lambda _, a: a.update(train_lengths=a["train_lengths"] * np.nan), "train_lengths"),
        (lambda _, a: a.pop("items"), "items"),
    ],
)
def test_a_forged_model_is_refused(folder: Path, change: Callable[..., object], message: str) -> None:
    forge(folder, change)
    with pytest.raises(KolmoError, match=message):
        kolmo.load_model(folder)


def test_other_library_versions_are_told(folder: Path) -> None:
    forge(folder, lambda d, _: d["values"]["fitted_coder"].update(versions={"libzstd": "0.1"}))
    with pytest.warns(UserWarning, match=r"fitted with .*0\.1"):
        kolmo.load_model(folder)


def test_info_shows_the_content(folder: Path) -> None:
    info = kolmo.model_info(folder)
    assert (info.model, info.n_items, info.classes) == ("NCDClassifier", 4, ("a", "b"))
    assert info.size_bytes == sum(path.stat().st_size for path in folder.iterdir())
    assert "training items  4" in str(info)
    json.dumps(info.to_dict(), allow_nan=False)


def test_what_a_killed_save_left_is_removed(tmp_path: Path) -> None:
    left = tmp_path / ".model.kolmo-999999999-0123abcd.tmp"
    left.mkdir()
    (left / ARRAYS).write_bytes(b"half")
    kolmo.NCDClassifier("zstd").fit(TEXTS, LABELS).save(tmp_path / "model")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
