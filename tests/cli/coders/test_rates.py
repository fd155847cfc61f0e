"""``kolmo rates``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

TEXT = "the cat sat on the mat, and the dog on the rug; " * 200


def test_rates_of_text_and_of_random_bytes(kolmo: Any, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    found = json.loads(kolmo("rates", str(tmp_path / "a.txt"), "-c", "gzip", "-c", "ngram", "--json").stdout)
    text, noise = found["sets"]
    assert (text["name"], text["modality"], text["size_bytes"]) == ("a.txt", "text", len(TEXT))
    assert [(rate["coder"], rate["chunk"]) for rate in text["rates"]] == [
        ("gzip", 2048), ("gzip", None), ("ngram", 2048), ("ngram", None),
    ]  # fmt: skip
    assert all(rate["raw"] == rate["adjusted"] < 0.2 for rate in text["rates"])
    assert all(rate["raw"] > 1 for rate in noise["rates"])


def test_it_needs_no_data(kolmo: Any) -> None:
    shown = kolmo("rates", "--limit", "20kB", "--chunk", "whole", "-c", "gzip").stdout
    assert "Compression rates of docstrings (text, 20,000 bytes)" in shown
    assert "Compression rates of random bytes (20,000 bytes)" in shown
    assert "published" in shown
    assert "[zlib" not in shown
    verbose = kolmo("rates", "--limit", "20kB", "--chunk", "whole", "-c", "gzip", "-v").stdout
    assert "gzip:level=9 [zlib" in verbose


def test_pictures_are_drawn(kolmo: Any, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    (tmp_path / "a.txt").write_text(TEXT)
    picture = tmp_path / "places.png"
    kolmo("rates", str(tmp_path / "a.txt"), "-c", "gzip", "-c", "ngram", "--positions", str(picture))
    assert picture.read_bytes().startswith(b"\x89PNG")
    options = ("-c", "gzip", "--no-random", "--positions", str(picture), "--json", "--force")
    (found,) = json.loads(kolmo("rates", str(tmp_path / "a.txt"), *options).stdout)["sets"]
    (curve,) = found["bits_by_position"]
    assert (curve["coder"], curve["positions"][-1], len(curve["bits_per_byte"])) == ("gzip", 2048, 8)


def test_wrong_usage_is_told(refused: Any, tmp_path: Path) -> None:
    assert "no file" in refused("rates", tmp_path / "missing", code=1)
    assert "expected a size" in refused("rates", "--chunk", "x", code=2)
    (tmp_path / "a.txt").write_text(TEXT)
    drawn = refused("rates", tmp_path / "a.txt", "-c", "gzip", "--sizes", tmp_path / "s.png", code=2)
    assert "at least two coders with a model" in drawn
    assert not (tmp_path / "s.png").exists()
    (tmp_path / "short.txt").write_text("too short")
    drawn = refused("rates", tmp_path / "short.txt", "-c", "gzip", "--positions", tmp_path / "s.png", code=2)
    assert "expected at least 2,048 bytes, got 9 of short.txt" in drawn
