from __future__ import annotations

import numpy as np
import pytest

from kolmo.distances import METRICS, Metric
from kolmo.testing import check_metric


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("coder", ["deflate", "zstd", "lzma", "bz2", "ppmd", "brotli:quality=5"])
def test_metric_keeps_the_contract(metric: str, coder: str) -> None:
    check_metric(metric, coder=coder)


@pytest.mark.parametrize(
    "formula",
    [
        lambda x, y, forth, back: forth,
        lambda x, y, forth, back: 1 - (forth - np.minimum(x, y)) / np.maximum(x, y),
        lambda x, y, forth, back: forth / (x + y) * np.nan,
        lambda x, y, forth, back: forth / (2 * x),
    ],
    ids=["not a ratio", "similarity", "not a number", "one-sided"],
)
def test_a_broken_metric_fails(formula: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(METRICS, "broken", Metric(formula))  # type: ignore[arg-type]
    with pytest.raises(AssertionError):
        check_metric("broken")
