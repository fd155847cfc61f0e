"""``kolmo law isoflop``, ``optimum``, ``trend``, ``emergence``, ``more``, ``sweep``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

TEXT = " ".join(f"{n} squared is {n * n};" for n in range(3000))


def test_isoflop_prints_its_bias(kolmo: Any, refused: Any, joint: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the extra plot is not installed")
    shown = kolmo("law", "isoflop", joint, "--target", "1e23", "--plot", tmp_path / "i.png").stdout
    assert "Bias of the parabolas at C = 1e+23" in shown
    assert (tmp_path / "i.png").read_bytes().startswith(b"\x89PNG")
    found = json.loads(kolmo("law", "isoflop", joint, "--json").stdout)
    assert found["exponent_n"] == pytest.approx(0.28 / 0.62, abs=1e-3)
    assert len(found["budgets"]) == 3
    Path("other.csv").write_text("a,b\n1,2\n")
    assert "Name it with --n" in refused("law", "isoflop", "other.csv", code=1)


def test_the_optimum_has_an_interval_and_advice(kolmo: Any, joint: str) -> None:
    arguments = ("law", "optimum", joint, "--budget", "1e21", "--unique-tokens", "1B", "--resamples", "5")
    found = json.loads(kolmo(*arguments, "--json").stdout)
    (best,) = found["optima"]
    assert best["n_interval"][0] <= best["n_interval"][1]
    assert found["epochs"]["reuse"] == pytest.approx(15.387756)
    shown = kolmo(*arguments).stdout
    assert "Passes over 1e+09 unique tokens" in shown


def test_trends_by_domain(kolmo: Any, refused: Any, systems: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the extra plot is not installed")
    told = refused("law", "trend", systems, code=1)
    assert "row 13, column 'Parameters'" in told
    assert "--where 'Parameters>0'" in told
    plot = ("--plot", tmp_path / "t.png")
    result = kolmo("law", "trend", systems, "--by", "Domain", "--where", "Parameters>0", "-v", *plot)
    assert "without s" in result.stdout
    assert "least squares of the values" in result.stdout
    found = json.loads(kolmo("law", "trend", systems, "--where", "Parameters>0", "--json").stdout)
    assert found["results"][0]["doubling_months"] == pytest.approx(6, abs=0.3)


@pytest.mark.slow
def test_a_jump_is_explained(kolmo: Any) -> None:
    x = np.geomspace(1e3, 1e7, 17)
    loss = 40 * x**-0.5
    rows = [f"{a:.6g},{b:.6g},{np.exp(-10 * b):.6g}" for a, b in zip(x, loss, strict=True)]
    Path("jump.csv").write_text("tokens,loss,accuracy\n" + "\n".join(rows) + "\n")
    assert "in the scale of the metric" in kolmo("law", "emergence", "jump.csv", "--metric", "accuracy").stdout


def test_more_data_are_forecast(kolmo: Any, refused: Any) -> None:
    Path("text.txt").write_text(TEXT)
    found = json.loads(kolmo("law", "more", "text.txt", "--json").stdout)
    assert len(found["curves"][0]["forecast"]["predicted"]) == 4
    Path("short.txt").write_text("short")
    assert "at least 4,000 bytes" in refused("law", "more", "short.txt", code=1)


def test_a_sweep_feeds_fit(kolmo: Any, refused: Any) -> None:
    Path("text.txt").write_text(TEXT)
    coders = ("--models", "none", "--coders", "ngram,xz", "--fractions", "0.05..1:6")
    kolmo("law", "sweep", "text.txt", *coders, "-o", "runs.csv", "-j", "1")
    found = json.loads(kolmo("law", "fit", "runs.csv", "--by", "model", "--form", "power", "--json").stdout)
    assert [group["group"] for group in found["groups"]] == ["ngram", "xz"]
    assert "--sizes: expected" in refused("law", "sweep", "text.txt", "--sizes", "big", code=2)
    assert "no DATA is of the kind image" in refused("law", "sweep", "text.txt", "--kinds", "pictures", code=1)


def test_a_sweep_is_planned(kolmo: Any) -> None:
    pytest.importorskip("torch", reason="the extra neural is not installed")
    Path("text.txt").write_text(TEXT)
    shown = kolmo("law", "sweep", "text.txt", "--sizes", "5k", "--dry-run").stdout
    assert shown.startswith("3 runs")


def test_commands_are_listed(kolmo: Any, refused: Any) -> None:
    assert "isoflop" in kolmo("law").stdout
    assert "did you mean 'sweep'?" in refused("law", "sweeep", code=2)
