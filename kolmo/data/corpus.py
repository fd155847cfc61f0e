"""A corpus: items of bytes, with or without labels."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from kolmo.errors import DataError, ParameterError


@dataclass(frozen=True, kw_only=True)
class TableRows:
    """The rows of a table, as they are in the file.

    Parameters
    ----------
    names : tuple of str or None
        The names of the columns; None if the table has no header.
    cells : sequence of sequence
        The cells of each row: texts, or JSON values.
    """

    names: tuple[str, ...] | None
    cells: Sequence[Sequence[Any]]


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """Items of bytes with their labels and their source.

    Parameters
    ----------
    items : sequence of bytes
        The items, in the order of the source.
    labels : sequence of str, optional
        One label for each item.
    name : str
        Name in tables.
    modality : str
        Kind of data: ``"text"``, ``"image"``, ``"bytes"``, ...
    encoding : str, optional
        Encoding that the source was decoded from; None if its bytes are unchanged.
    source : str
        Path, library or address of the items.
    rows : TableRows, optional
        The row of each item, if the source is a table and its rows were kept.

    Raises
    ------
    DataError
        If there are no items, or the numbers of items and labels differ.

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
    rows: TableRows | None = None

    def __post_init__(self) -> None:
        if not self.items:
            raise DataError(f"{self.source or self.name} holds no items; expected at least one")
        if self.labels is not None and len(self.labels) != len(self.items):
            raise DataError(
                f"{self.source or self.name}: {len(self.items)} items but {len(self.labels)} labels; "
                "give one label for each item, or none"
            )

    def __len__(self) -> int:
        return len(self.items)

    def __repr__(self) -> str:
        classes = f", {len(self.classes)} classes" if self.classes is not None else ""
        return f"<Corpus {self.name!r}: {len(self):,} items, {self.size_bytes:,} bytes{classes}>"

    @property
    def size_bytes(self) -> int:
        """Total size of all items in bytes."""
        return sum(map(len, self.items))

    @property
    def classes(self) -> list[str] | None:
        """The sorted distinct labels; None without labels."""
        return None if self.labels is None else sorted(set(self.labels))

    def texts(self) -> list[str]:
        """Return the items decoded from UTF-8; invalid bytes become surrogate escapes, so nothing is lost."""
        return [item.decode("utf-8", "surrogateescape") for item in self.items]

    def subset(self, indices: Iterable[int]) -> Corpus:
        """Return a corpus of the items at `indices`."""
        chosen = list(indices)
        labels = None if self.labels is None else [self.labels[index] for index in chosen]
        rows = self.rows and dataclasses.replace(self.rows, cells=[self.rows.cells[index] for index in chosen])
        return dataclasses.replace(self, items=[self.items[index] for index in chosen], labels=labels, rows=rows)

    def sample(self, size: int, *, seed: int = 0) -> Corpus:
        """Return `size` items drawn without replacement, in their original order.

        Parameters
        ----------
        size : int
            From 1 to the number of items.
        seed : int
            Seed of the draw.

        Returns
        -------
        Corpus

        Raises
        ------
        ParameterError
            If the corpus holds fewer items.
        """
        return self.subset(self.draw(size, seed=seed))

    def draw(self, size: int, *, seed: int = 0) -> list[int]:
        """Return the positions, ascending, of the items that `sample` draws with the same arguments."""
        if not 1 <= size <= len(self):
            raise ParameterError(f"size: expected 1 to {len(self)} items of {self.name}, got {size}")
        return sorted(random.Random(seed).sample(range(len(self)), size))
