"""``kolmo joint growth``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest


def test_it_ends_with_the_gain_of_the_whole_sets(kolmo: Any, files: list[str]) -> None:
    coders = ("-c", "ngram", "-c", "brotli")
    found = json.loads(kolmo("joint", "growth", *files[:2], *coders, "--json").stdout)
    whole = json.loads(kolmo("joint", "gain", *files[:2], *coders, "--json").stdout)
    assert found["sets"] == whole["sets"]
    for curve, gain in zip(found["curves"], whole["gains"], strict=True):
        assert (curve["coder"], curve["points"][-1]["gain_bits"]) == (gain["coder"], gain["gain_bits"])
        assert curve["points"][0]["sizes"][0] == 1000
        assert "warnings" in curve
    shown = kolmo("joint", "growth", *files[:2], *coders).stdout
    assert shown.startswith("Data sets\n")
    assert shown.count("Joint coding gain by size") == 2
    assert "bits for one header instead of two" in shown


def test_it_is_drawn(kolmo: Any, refused: Any, files: list[str], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the extra plot is not installed")
    kolmo("joint", "growth", *files[:2], "-c", "order0", "--plot", tmp_path / "growth.png")
    assert (tmp_path / "growth.png").read_bytes().startswith(b"\x89PNG")
    assert "ending in .png or .svg" in refused("joint", "growth", *files[:2], "--plot", tmp_path / "g.pdf", code=2)


def test_a_missing_extra_is_reported_before_any_work(
    refused: Any, files: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kolmo.joint import growth_curves

    monkeypatch.setattr(growth_curves, "gain_curve", None)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    told = refused("joint", "growth", *files[:2], "--plot", tmp_path / "growth.png", code=1)
    assert "--plot needs matplotlib" in told


def test_three_sets_are_refused(refused: Any, files: list[str]) -> None:
    assert "expected two data sets, got 3" in refused("joint", "growth", *files, code=2)
