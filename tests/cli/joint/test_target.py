"""``kolmo joint target``."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest


def text(seed: int, vocabulary: int, count: int = 80) -> str:
    words = [bytes(word).decode() for word in np.random.default_rng(vocabulary).integers(97, 123, (60, 6), np.uint8)]
    random = np.random.default_rng([seed, vocabulary])
    return "".join(" ".join(random.choice(words, 12)) + "\n" for _ in range(count))


@pytest.fixture
def corpora(tmp_path: Path) -> dict[str, str]:
    found = {"target": text(0, 1), "related": text(1, 1), "other": text(1, 2), "both": text(2, 1, 20) + text(3, 2)}
    for name, data in found.items():
        (tmp_path / f"{name}.txt").write_text(data)
    return {name: str(tmp_path / f"{name}.txt") for name in found}


def test_corpora_are_ranked(kolmo: Any, corpora: dict[str, str], tmp_path: Path) -> None:
    arguments = ("joint", "target", *corpora.values(), "-c", "ngram")
    shown = kolmo(*arguments, "--mixture").stdout
    for words in ("not distinguished from", "Greedy order", "Best mixture", "L(T) = "):
        assert words in shown
    output = tmp_path / "ranking.csv"
    found = json.loads(kolmo(*arguments, "--json", "-o", output).stdout)
    (ranking,) = found["rankings"]
    assert [each["name"] for each in ranking["candidates"]] == ["related.txt", "both.txt", "other.txt"]
    assert next(csv.DictReader(output.read_text().splitlines()))["name"] == "related.txt"
    assert found["sets"][0]["name"] == "target.txt"
    after = kolmo(*arguments[:4], "-c", "ngram", "--context", corpora["both"], "--budget", "2kB").stdout
    assert "bytes that are there" in after


def test_lines_are_selected(kolmo: Any, corpora: dict[str, str], tmp_path: Path) -> None:
    output = tmp_path / "lines.csv"
    arguments = ("joint", "target", corpora["target"], corpora["both"], "-c", "ngram", "--select", "10%")
    assert "documents selected" in kolmo(*arguments, "-o", output).stdout
    rows = list(csv.DictReader(output.read_text().splitlines()))
    assert len(rows) == 100
    chosen = [int(row["index"]) for row in rows if row["selected"]]
    assert max(chosen) < 20
    assert json.loads(kolmo(*arguments, "--json").stdout)["selections"][0]["shares"][0]["share"] == 0.01


def test_wrong_usage_is_told(refused: Any, corpora: dict[str, str], tmp_path: Path) -> None:
    target, related, other, _ = corpora.values()
    assert "at least one corpus" in refused("joint", "target", target, code=2)
    assert "are the same file" in refused("joint", "target", target, target, code=2)
    assert "expected a share" in refused("joint", "target", target, related, "--select", "0", code=2)
    assert "one corpus, got 2" in refused("joint", "target", target, related, other, "--select", "5%", code=2)
    told = refused("joint", "target", target, related, "--select", "5%", "--budget", "1kB", code=2)
    assert "--select without --budget" in told
    assert "are the same" in refused("joint", "target", target, related, "--context", target, code=2)
    (tmp_path / "again.txt").write_text(Path(target).read_text())
    told = refused("joint", "target", target, tmp_path / "again.txt", "-c", "ngram", code=1)
    assert "every corpus consists of passages of the target" in told
