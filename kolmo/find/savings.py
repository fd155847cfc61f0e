"""What two texts save on each other, and on impostors: the code lengths behind a comparison of sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Self

import numpy as np

from kolmo._core.resumable import Arrays, run_tasks
from kolmo.coders.base import Coder, PrimedCoder
from kolmo.learn.class_models import SEPARATOR


@dataclass(frozen=True)
class Comparison:
    """Two texts, impostors, and backgrounds of other texts, the first of them empty; all texts are cut to one size."""

    backgrounds: tuple[bytes, ...]
    first: bytes
    second: bytes
    impostors: tuple[bytes, ...]


@dataclass(frozen=True)
class Savings:
    """The code lengths behind comparisons, by the context and the text."""

    bits_given: dict[tuple[bytes, bytes], float]

    @classmethod
    def of(cls, coder: Coder, asked: Sequence[Comparison], *, n_jobs: int | None) -> Self:
        """Measure each text given the background alone, and given the background and each other text, both ways."""
        wanted: dict[bytes, dict[bytes, None]] = {}
        for each in asked:
            pairs = [(each.first, each.second)]
            pairs += [(text, other) for text in (each.first, each.second) for other in each.impostors]
            for background, (x, y) in product(each.backgrounds, pairs):
                for context, item in ((x, y), (y, x), (b"", x), (b"", y)):
                    wanted.setdefault(_context(background, context), {})[item] = None
        tasks = [(coder, context, list(items)) for context, items in wanted.items()]
        label, prefer = f"saved bits by {coder!s:.40}", coder.tags.parallel
        found = run_tasks(_conditional, tasks, label=label, prefer=prefer, n_jobs=n_jobs)
        return cls(
            {
                (context, item): float(bits)
                for (_, context, items), (lengths,) in zip(tasks, found, strict=True)
                for item, bits in zip(items, coder.check_finite(lengths), strict=True)
            }
        )

    def score(self, asked: Comparison, background: bytes) -> float:
        """Return the mean z-score of what a pair saves among what each of it saves with impostors."""
        own = self.relative(background, asked.first, asked.second)
        rows = [
            np.array([self.relative(background, text, other) for other in asked.impostors])
            for text in (asked.first, asked.second)
        ]
        return float(np.mean([(own - row.mean()) / max(float(row.std()), 1e-12) for row in rows]))

    def bits(self, background: bytes, x: bytes, y: bytes) -> float:
        """Return what x and y save on each other, the mean of both orders, in bits."""
        alone = self.bits_given[background, x] + self.bits_given[background, y]
        given = self.bits_given[_context(background, x), y] + self.bits_given[_context(background, y), x]
        return (alone - given) / 2

    def relative(self, background: bytes, x: bytes, y: bytes) -> float:
        """Return the saved bits over the geometric mean of both code lengths."""
        alone = self.bits_given[background, x] * self.bits_given[background, y]
        return self.bits(background, x, y) / max(float(np.sqrt(max(alone, 0))), 1e-12)


def _context(background: bytes, text: bytes) -> bytes:
    return background + text + SEPARATOR if text else background


def _conditional(coder: Coder, context: bytes, items: Sequence[bytes]) -> Arrays:
    primed = PrimedCoder(coder=coder, context=context) if context else coder
    return (primed._batch(items),)
