"""``kolmo joint paired``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


def test_lines_in_pairs(kolmo: Any, refused: Any, tmp_path: Path) -> None:
    words = [f"{a}{b}{a}{b}x" for a in ("kel", "mor", "tin", "sul") for b in ("ba", "ru", "fo", "ni")]
    questions, answers, short = (tmp_path / name for name in ("questions.txt", "answers.txt", "short.txt"))
    questions.write_text("\n".join(f"where is the {word}?" for word in words) + "\n\n")
    answers.write_text("\n".join(f"the {word} is there" for word in words) + "\nno question\n")
    short.write_text("too few\n")
    arguments = ("joint", "paired", questions, answers, "-c", "ngram", "-c", "deflate")
    found = json.loads(kolmo(*arguments, "--json", "--checkpoint", tmp_path / "run").stdout)
    assert (found["n_pairs"], found["n_all"], found["left_out"]) == (16, 16, 1)
    for gain in found["gains"]:
        assert gain["gain_bits"] > 5
        assert gain["p_value"] < 0.01
        assert gain["retrieval_accuracy"] > 0.5
        y = found["sets"][1]
        assert y["bits_per_byte"][gain["coder"]] * y["size_bytes"] == pytest.approx(16 * gain["length_y"])
    assert json.loads(kolmo(*arguments, "--json", "--checkpoint", tmp_path / "run").stdout) == found
    shown = kolmo(*arguments, "--pairs", 10).stdout
    assert shown.startswith("Data sets\n")
    assert "10 of 16 pairs" in shown
    assert "Paired gain of 10 pairs" in shown
    assert "1 lines that are empty in x or in y were skipped" in shown
    assert "short.txt" in refused("joint", "paired", questions, short, code=1)


def test_captions_with_pictures(kolmo: Any, refused: Any, pictures: Path, tmp_path: Path) -> None:
    captions = tmp_path / "captions"
    captions.mkdir()
    for name in "abcd":
        (captions / f"{name}.txt").write_text(f"grey {name}")
    shown = kolmo("joint", "paired", captions, pictures, "-c", "ngram").stdout
    rows = {line.split()[0]: line.split() for line in shown.splitlines() if line[:2] in ("x ", "y ")}
    assert rows["x"][2] == "text"
    assert rows["y"][2] == "image"
    assert "warning: there are only 4 pairs" in shown
    (captions / "b.txt").rename(captions / "e.txt")
    told = refused("joint", "paired", captions, pictures, code=1)
    assert f"only in {captions}: e; only in {pictures}: b" in told
    assert "folder" in refused("joint", "paired", captions, pictures / "a.png", code=2)
