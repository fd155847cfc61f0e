"""A corpus: items of bytes, with labels or without."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kolmo.errors import DataError, ParameterError


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """Items of bytes, what they are labelled, and where they come from.

    Parameters
    ----------
    items : sequence of bytes
        The items, in the order of the source.
    labels : sequence of str, optional
        One for each item.
    name : str
        What to call it in tables.
    modality : str
        What the bytes are: ``"text"``, ``"image"``, ``"bytes"``, ...
    encoding : str, optional
        What the source was decoded from; None where its bytes were kept as they are.
    source : str
        The path, the library, or the address that the items come from.

    Raises
    ------
    DataError
        If there are no items, or not one label for each.

    Examples
    --------
    >>> corpus = Corpus(items=[b"a cat", b"a bond"], labels=["pets", "money"], name="two texts")
    >>> len(corpus), corpus.size_bytes, corpus.classes
    (2, 11, ['money', 'pets'])
    """

    items: Sequence[bytes]
    labels: Sequence[str] | None = None
    name: str = "unnamed"
    modality: str = "text"
    encoding: str | None = None
    source: str = ""

    def __post_init__(self) -> None:
        if not self.items:
            raise DataError(f"{self.source or self.name} holds no items; at least one is needed")
        if self.labels is not None and len(self.labels) != len(self.items):
            raise DataError(
                f"{self.source or self.name}: {len(self.items)} items but {len(self.labels)} labels; "
                "give one label for each item, or none at all"
            )

    def __len__(self) -> int:
        return len(self.items)

    def __repr__(self) -> str:
        classes = f", {len(self.classes)} classes" if self.classes is not None else ""
        return f"<Corpus {self.name!r}: {len(self):,} items, {self.size_bytes:,} bytes{classes}>"

    @property
    def size_bytes(self) -> int:
        """Bytes of all items together."""
        return sum(map(len, self.items))

    @property
    def classes(self) -> list[str] | None:
        """The labels that occur, sorted; None without labels."""
        return None if self.labels is None else sorted(set(self.labels))

    def texts(self) -> list[str]:
        """Return the items decoded from UTF-8; bytes that are none become surrogate escapes, so nothing is lost."""
        return [item.decode("utf-8", "surrogateescape") for item in self.items]

    def subset(self, indices: Iterable[int]) -> Corpus:
        """Return the corpus of the items at `indices`."""
        chosen = list(indices)
        labels = None if self.labels is None else [self.labels[index] for index in chosen]
        return dataclasses.replace(self, items=[self.items[index] for index in chosen], labels=labels)

    def sample(self, size: int, *, seed: int = 0) -> Corpus:
        """Return `size` items drawn without replacement, in their original order.

        Parameters
        ----------
        size : int
            From 1 to the number of items.
        seed : int
            Equal seeds draw equal items.

        Returns
        -------
        Corpus

        Raises
        ------
        ParameterError
            If there are not that many items.
        """
        return self.subset(self.draw(size, seed=seed))

    def draw(self, size: int, *, seed: int = 0) -> list[int]:
        """Return the positions of the items that `sample` takes with the same arguments, ascending."""
        if not 1 <= size <= len(self):
            raise ParameterError(f"a sample of {size} items was asked for, but {self.name} holds {len(self)}")
        return sorted(random.Random(seed).sample(range(len(self)), size))
