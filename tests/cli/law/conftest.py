"""Files of runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest


@pytest.fixture
def runs() -> str:
    """A curve of twelve sizes for each of two models, the four largest of each held out."""
    lines = ["model,tokens,loss (nats),training"]
    for model, floor in (("a", 1.7), ("b", 2.0)):
        for place, size in enumerate(np.geomspace(1e6, 1e9, 12)):
            lines.append(
                f"{model},{size:.6g},{floor + 400 * size**-0.4 * (1 + 0.01 * (place % 3)):.6f},{int(place < 8)}"
            )
    Path("runs.csv").write_text("\n".join(lines) + "\n")
    return "runs.csv"


@pytest.fixture
def joint() -> str:
    """Runs at three compute budgets."""
    flops = np.repeat([1e18, 1e19, 1e20], 7)
    n = np.tile(np.geomspace(0.25, 4, 7), 3) * 0.6 * (flops / 6) ** 0.45
    d = flops / (6 * n)
    loss = 1.69 + 406.4 * n**-0.34 + 410.7 * d**-0.28
    rows = ["params,tokens,loss", *(f"{a:.8g},{b:.8g},{c:.8g}" for a, b, c in zip(n, d, loss, strict=True))]
    Path("joint.csv").write_text("\n".join(rows) + "\n")
    return "joint.csv"


@pytest.fixture
def systems() -> str:
    """Parameter counts that double every six months in two domains."""
    rows = ["System,Domain,date,Parameters"]
    for place in range(12):
        domain = ("Language", "Vision")[place % 2]
        value = 1e6 * 2**place * (1 + place % 3 / 9)
        rows.append(f"s{place},{domain},{2010 + place // 2}-0{1 + 6 * (place % 2)}-01,{value:.0f}")
    rows += ["zero,Vision,2012-01-01,0", "unknown,Vision,2012-01-01,"]
    Path("systems.csv").write_text("\n".join(rows) + "\n")
    return "systems.csv"
