"""Class models over a background, as their formulas are written: dictionaries of counts, one symbol at a time."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Sequence
from math import log2
from typing import Any

from kolmo.learn.background.symbols import normalized

BACKGROUND_WEIGHT, CLASS_WEIGHT = 3, 20
START, END = "start", "end"
Symbols = list[Hashable]


def byte_row(item: bytes) -> Symbols:
    return [START, *normalized(item), END]


def word_row(item: bytes) -> Symbols:
    words = re.findall(rb"[0-9A-Za-z_\x80-\xff]+|[^ ]", normalized(item), re.DOTALL)
    return [START, *words, END]


def base_of_byte(symbol: Hashable) -> float:
    return 1 / 257


def base_of_word(symbol: Any) -> float:
    return (1 / 257) ** (1 if symbol == END else len(symbol) + 1)


class Reference:
    """Models of one kind of symbol; a context is the tuple that `context_of` returns for a position of a text."""

    def __init__(self, rows: Sequence[Symbols], codes: Sequence[int], n_classes: int, base: Any) -> None:
        self.rows, self.codes, self.n_classes, self.base = rows, codes, n_classes, base
        self.counts: dict[str, list[Counter[Any]]] = {}

    def probabilities(self, past: Symbols, symbol: Hashable, models: Sequence[str]) -> tuple[float, list[float]]:
        """Return the probability of the next symbol under the background and each class, by the last model."""
        bg = self.base(symbol)
        p = [bg] * self.n_classes
        for model in models:
            n = self._counts(model)
            own = count(past, model)
            h = context_of(past, len(past), model)
            bg = (n[-1][h, symbol] + own[h, symbol] + BACKGROUND_WEIGHT * bg) / (n[-1][h] + own[h] + BACKGROUND_WEIGHT)
            p = [
                (n[c][h, symbol] + own[h, symbol] + CLASS_WEIGHT * (p[c] + bg) / 2) / (n[c][h] + own[h] + CLASS_WEIGHT)
                for c in range(self.n_classes)
            ]
        return bg, p

    def bits(self, row: Symbols, models: Sequence[str]) -> tuple[float, list[float]]:
        """Return the bits of a text under the background, and those that each class saves."""
        found = [self.probabilities(row[:place], row[place], models) for place in range(1, len(row))]
        saved = [sum(log2(p[c] / bg) for bg, p in found) for c in range(self.n_classes)]
        return -sum(log2(bg) for bg, _ in found), saved

    def _counts(self, model: str) -> list[Counter[Any]]:
        """Return the counts of each class, and those of all."""
        if model not in self.counts:
            by_class: list[Counter[Any]] = [Counter() for _ in range(self.n_classes)]
            for row, code in zip(self.rows, self.codes, strict=True):
                by_class[code] += count(row, model)
            self.counts[model] = [*by_class, sum(by_class, Counter())]
        return self.counts[model]


def count(row: Symbols, model: str) -> Counter[Any]:
    """Return the occurrences of each context, and of each context with a symbol."""
    counts: Counter[Any] = Counter()
    for place in range(1, len(row)):
        h = context_of(row, place, model)
        counts[h] += 1
        counts[h, row[place]] += 1
    return counts


def context_of(row: Symbols, place: int, model: str) -> Any:
    """Return the context of a position: of "1", "2" the symbols before it, of "-2" the second one before it alone."""
    order = int(model)
    return ("at", row[max(place + order, 0)]) if order < 0 else ("run", *row[max(place - order, 0) : place])
