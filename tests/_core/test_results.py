from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from kolmo._core.results import Result
from kolmo._core.tables import Column, Table


@dataclass(frozen=True)
class Part:
    low: float


@dataclass(frozen=True, kw_only=True)
class Found(Result):
    derived = ("double",)

    name: str
    bits: float
    matrix: Any = None
    part: Part = Part(float("nan"))
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def double(self) -> float:
        return 2 * self.bits

    @classmethod
    def tables_of(cls, results: Sequence[Found], *, verbose: bool = False) -> list[Table]:
        table = Table("Found", [Column("name"), Column("bits", numeric=True)])
        for result in results:
            table.add(result.name, f"{result.bits:.0f}")
        return [table]


def test_to_dict_is_json() -> None:
    found = Found(
        name="a", bits=np.float64(2), matrix=np.array([[1.0, np.nan]]), more={"inf": float("inf"), "n": np.int64(3)}
    )
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False)) == {
        "name": "a",
        "bits": 2.0,
        "matrix": [[1.0, None]],
        "part": {"low": None},
        "more": {"inf": None, "n": 3},
        "double": 4.0,
    }


def test_to_frame_has_a_row_for_each_record() -> None:
    pytest.importorskip("pandas", reason="pandas is not installed")
    frame = Found(name="a", bits=1.5).to_frame()
    assert frame[["name", "bits", "double"]].values.tolist() == [["a", 1.5, 3.0]]


def test_text_and_html_show_the_same_cells_escaped() -> None:
    found = Found(name="<script>\x1b", bits=7)
    assert str(found).splitlines()[-1].split() == ["<script>\\x1b", "7"]
    page = found._repr_html_()
    assert "<td>&lt;script&gt;\\x1b</td>" in page
    assert "<script>" not in page
    assert "\x1b" not in page
