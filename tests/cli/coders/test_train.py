"""``kolmo train``, and its model as a coder of other commands."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

TEXT = "".join(f"the {n} cats sat on the mat, and {n * n} dogs lay on the rug; " for n in range(300))
PLAN = ("--bytes", "20kB", "--batch-size", "8", "--sequence-length", "32", "--checkpoints", "2", "--device", "cpu")


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed (extra neural)")
    torch.set_num_threads(1)


@pytest.mark.slow
def test_a_corpus_becomes_a_coder(kolmo: Any, tmp_path: Path) -> None:
    (tmp_path / "a").write_text(TEXT)
    folder = tmp_path / "model"
    found = json.loads(
        kolmo("train", str(tmp_path / "a"), "-o", str(folder), "--model", "gru:20k,n_grams=1", *PLAN, "--json").stdout
    )
    assert [point["n_bytes"] == 0 for point in found["curve"]] == [True, False, False]
    losses = [point["held_out_bits"] for point in found["curve"]]
    assert losses == sorted(losses, reverse=True)
    assert losses[0] == pytest.approx(8, abs=0.3)
    assert [size["bits_per_weight"] for size in found["sizes"]] == [32, 8, 4]
    assert len((folder / "curve.jsonl").read_text().splitlines()) == 3
    spec = f"neural:model={folder}"
    length = json.loads(kolmo("length", str(tmp_path / "a"), "-c", spec, "--json").stdout)["lengths"][0]
    assert 0 < length["bits_per_byte"] < 7
    kolmo("compress", str(tmp_path / "a"), "-c", spec, "-o", str(tmp_path / "a.kolmo"))
    kolmo("decompress", str(tmp_path / "a.kolmo"), "-o", str(tmp_path / "b"), "--model-dir", str(folder))
    assert (tmp_path / "b").read_text() == TEXT
    rates = json.loads(
        kolmo("rates", str(tmp_path / "a"), "-c", spec, "-c", spec + ",bits=8", "--sizes", str(tmp_path / "s.png"),
            "--chunk", "whole", "--no-random", "--json").stdout
    )["sets"][0]["rates"]  # fmt: skip
    assert all(rate["adjusted"] > rate["raw"] for rate in rates)
    assert rates[0]["model_bits"] > 3 * rates[1]["model_bits"]


def test_tables_name_their_quantities(kolmo: Any, tmp_path: Path) -> None:
    (tmp_path / "a").write_text(TEXT)
    shown = kolmo("train", tmp_path / "a", "-o", tmp_path / "new" / "model", "--model", "gru:20k", *PLAN).stdout
    assert "Learning curve of gru:20k" in shown
    assert shown.count("held out, bits/byte") == 2
    assert "bits/weight" in shown


def test_a_folder_with_content_is_kept_without_force(kolmo: Any, refused: Any, tmp_path: Path) -> None:
    (tmp_path / "a").write_text(TEXT)
    model = tmp_path / "model"
    kolmo("train", tmp_path / "a", "-o", model, "--model", "gru:20k", *PLAN)
    before = {path.name: path.read_bytes() for path in model.iterdir()}
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("notes")
    for folder, word in ((model, "holds a model"), (tmp_path / "other", "'notes.txt'")):
        shown = refused("train", tmp_path / "missing", "-o", folder, "--model", "lstm:20k", *PLAN, code=1)
        assert word in shown
        assert "--force" in shown
    assert {path.name: path.read_bytes() for path in model.iterdir()} == before
    kolmo("train", tmp_path / "a", "-o", model, "--model", "lstm:20k", *PLAN, "--force")
    assert json.loads((model / "config.json").read_text())["model"]["architecture"] == "lstm"


def test_numbers_out_of_range_name_their_option(refused: Any, tmp_path: Path) -> None:
    (tmp_path / "a").write_text(TEXT)
    for option in ("--batch-size", "--sequence-length", "--checkpoints", "--bytes", "--seconds", "--learning-rate"):
        assert option in refused("train", tmp_path / "a", "-o", tmp_path / "m", option, "1" + "0" * 30, code=2)
    huge = ("--model", "gru:20k,width=8000,n_layers=100")
    assert "expected at most 1,073,741,824 weights" in refused(
        "train", tmp_path / "a", "-o", tmp_path / "m", *huge, code=2
    )


def test_a_file_by_a_model_is_read_from_the_named_folder(
    kolmo: Any, refused: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KOLMO_MODELS", raising=False)
    (tmp_path / "a").write_text(TEXT)
    (tmp_path / "short").write_text(TEXT[:200])
    model = tmp_path / "model"
    kolmo("train", tmp_path / "a", "-o", model, "--model", "gru:20k", *PLAN)
    kolmo("compress", tmp_path / "short", "-c", f"neural:model={model}", "-o", tmp_path / "p.kolmo")
    (tmp_path / "elsewhere" / "below").mkdir(parents=True)
    model.rename(tmp_path / "elsewhere" / "below" / "renamed")
    shown = refused("decompress", tmp_path / "p.kolmo", "-o", tmp_path / "b", code=1)
    assert "written with the model 'model' of the coder 'neural', SHA-256 '" in shown
    assert "--model-dir" in shown
    kolmo("decompress", tmp_path / "p.kolmo", "-o", tmp_path / "b", "--model-dir", tmp_path / "elsewhere")
    assert (tmp_path / "b").read_text() == TEXT[:200]
    monkeypatch.setenv("KOLMO_MODELS", str(tmp_path / "elsewhere"))
    kolmo("decompress", tmp_path / "p.kolmo", "-o", tmp_path / "c")
    assert (tmp_path / "c").read_text() == TEXT[:200]


def test_wrong_usage_is_told(refused: Any, tmp_path: Path) -> None:
    (tmp_path / "a").write_text(TEXT)
    for arguments, word in (
        (("--model", "rnn:9k"), "no model"),
        (("--bytes", "5kB", "--seconds", "5"), "got both"),
        (("--device", "nonsense"), "cannot be used"),
    ):
        assert word in refused("train", tmp_path / "a", "-o", tmp_path / "m", *arguments, code=2)
    (tmp_path / "short").write_text("abc")
    assert "too few" in refused("train", tmp_path / "short", "-o", tmp_path / "m", code=1)
    assert not (tmp_path / "m").exists()


def test_everything_is_checked_before_the_corpus_is_read(
    refused: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = tmp_path / "missing.txt"
    (tmp_path / "file").write_text("x")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        assert "expected a folder, got the file" in refused("train", missing, "-o", folder, code=2)
    assert "no file" in refused("train", missing, "-o", tmp_path / "m", code=1)
    assert "held" in refused("train", missing, "-o", tmp_path / "m", "--held-out", tmp_path / "held", code=1)
    monkeypatch.setitem(sys.modules, "torch", None)
    assert "pip install '.[neural]'" in refused("train", missing, "-o", tmp_path / "m", code=1)
