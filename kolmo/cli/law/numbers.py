"""Numbers as people write them in tables and options: 1e21, 70M, 1.3B, 5 GiB, 1,234."""

from __future__ import annotations

import re
from typing import Any

import click
import numpy as np

from kolmo.errors import DataError

SHOWN = 40
"""Characters of a cell that a message shows."""
_NUMBER = re.compile(
    r"([-+]?(?:[1-9]\d{0,2}(?:,\d{3})+|\d+)?(?:\.\d*)?(?:[eE][-+]?\d+)?)\s*([kKMGBTP]i?)?\s*([^\d\s].*)?\Z"
)
_FACTORS = {"k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "B": 1e9, "T": 1e12, "P": 1e15}


def parsed(cell: Any, where: str) -> tuple[float, str, bool]:
    """Return the number in a cell, the word behind it, and whether it has a factor such as M."""
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return float(cell), "", False
    text = text_of(cell).strip()
    if text.lower().lstrip("+-") in ("nan", "inf", "infinity"):
        return float(text), "", False
    comma = "; a comma separates thousands only: write decimals with a point" if "," in text else ""
    found = _NUMBER.match(text)
    if not found or not re.search(r"\d", found[1]):
        raise DataError(f"{where}: expected a number, got {text!r:.{SHOWN}}{comma}")
    number, factor, word = found.groups()
    word = (word or "").strip()
    if word and not re.fullmatch(r"[A-Za-z%/_ .\-]{1,30}", word):
        raise DataError(f"{where}: expected a number, got {text!r:.{SHOWN}}{comma}")
    value = float(number.replace(",", ""))
    if factor:
        power = {"k": 1, "K": 1, "M": 2, "G": 3, "B": 3, "T": 4, "P": 5}[factor[0]]
        value *= 1024.0**power if factor.endswith("i") else _FACTORS[factor[0]]
    return value, word.lower(), bool(factor)


def text_of(cell: Any) -> str:
    if cell is None:
        return ""
    return cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)


def size_of(text: str) -> float | None:
    """Return a positive, finite number such as 1e12 or 70M, or None."""
    try:
        value, unit, _ = parsed(text, "")
    except DataError:
        return None
    return value if not unit and 0 < value < np.inf else None


class Amount(click.ParamType):  # type: ignore[type-arg]
    """A positive, finite number, such as ``1e21``, ``70M`` or ``10B``."""

    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        found = size_of(str(value))
        if found is None:
            self.fail(f"expected a positive number such as 1e21, 70M or 10B, got {value!r:.60}", param, ctx)
        return found
