"""Excerpts of the items that the tables of a report name, each with an anchor that the tables link to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kolmo._core.items import as_bytes, in_order
from kolmo._core.tables import ItemCell
from kolmo._core.terminal import one_line
from kolmo.data.corpus import Corpus
from kolmo.errors import ParameterError

LONGEST = 300
"""Largest number of characters of an excerpt."""
MOST = 200
"""Largest number of excerpts of a page."""


@dataclass(frozen=True)
class Excerpt:
    """An excerpt.

    Parameters
    ----------
    anchor : str
        Its name in links.
    title : str
        The item, as the table names it.
    text : str
        At most `LONGEST` characters.
    size : int or None
        Bytes of the item, where they are known.
    start : int
        Byte of the item at which the text starts.
    """

    anchor: str
    title: str
    text: str
    size: int | None
    start: int

    @property
    def description(self) -> str:
        """What the text is a part of."""
        if self.size is None:
            return "start of the item"
        if self.start:
            return f"from byte {self.start:,} of {self.size:,}"
        return f"{self.size:,} bytes"


class Excerpts:
    """The excerpts of a page, made when a table names an item.

    Parameters
    ----------
    items : collection of items, or mapping of str to collection, optional
        The items by the name of their set, or those of the only set.
    positions : sequence of int, optional
        Position of each item in the file that it was drawn from.

    Raises
    ------
    ParameterError
        If it is neither.

    Examples
    --------
    >>> excerpts = Excerpts(["the first item", "the second item"])
    >>> excerpts.link(ItemCell("1", 1))
    'item-1'
    >>> excerpts.found[0].text
    'the second item'
    """

    def __init__(self, items: Any = None, positions: Sequence[int] | None = None) -> None:
        self._positions = None if positions is None else list(positions)
        self.found: list[Excerpt] = []
        self._places: dict[str, int] = {}
        given = items if isinstance(items, Mapping) else {} if items is None else {"": items}
        self._items: dict[str, Sequence[Any]] = {}
        for source, collection in given.items():
            ordered = in_order(collection.items if isinstance(collection, Corpus) else collection, "items")
            if not hasattr(ordered, "__getitem__") or not hasattr(ordered, "__len__"):
                raise ParameterError(f"items: expected a list of texts, got {type(collection).__name__}; pass a list")
            self._items[str(source)] = ordered

    def has_room_for(self, cells: Sequence[str]) -> bool:
        """Return whether all items that a row names have an excerpt, or get one."""
        new = {anchor for cell in cells if isinstance(cell, ItemCell) and (anchor := self._anchor(cell))}
        return len(self._places) + len(new - self._places.keys()) <= MOST

    def shown(self, cell: str) -> str:
        """Return the text of a cell: of one that names an item by its position, that in its file."""
        if not isinstance(cell, ItemCell) or self._positions is None or cell != f"{cell.place:,}":
            return cell
        return f"{self._positions[cell.place]:,}"

    def link(self, cell: str) -> str:
        """Return the anchor of the excerpt that a cell links to; "" if it names no item whose content is known."""
        if not isinstance(cell, ItemCell):
            return ""
        anchor = self._anchor(cell)
        if not anchor or anchor in self._places:
            return anchor
        self._places[anchor] = len(self.found)
        self.found.append(self._excerpt(cell, anchor))
        return anchor

    def _anchor(self, cell: ItemCell) -> str:
        collection = self._items.get(cell.source, ())
        if cell.place >= len(collection) and not cell.excerpt:
            return ""
        source = re.sub(r"[^A-Za-z0-9]+", "-", cell.source)[:40]
        number = list(self._items).index(cell.source) if cell.source in self._items else 0
        parts = ["item", *([f"{source}-{number}"] if cell.source else []), str(cell.place)]
        return "-".join([*parts, *([str(cell.start)] if cell.start else [])])

    def _excerpt(self, cell: ItemCell, anchor: str) -> Excerpt:
        is_number = cell.replace(",", "").isdigit()
        title = f"{cell.source} item {self.shown(cell)}".strip() if is_number else str(cell)
        collection = self._items.get(cell.source, ())
        if cell.place >= len(collection):
            return Excerpt(anchor, title, one_line(cell.excerpt, LONGEST), None, 0)
        raw = as_bytes(collection[cell.place])
        start = cell.start
        while start and start < len(raw) and raw[start] & 0xC0 == 0x80:  # inside a character
            start -= 1
        text = one_line(_decoded(raw[start : start + 4 * LONGEST]), LONGEST)
        return Excerpt(anchor, title, text, len(raw), start)


def _decoded(raw: bytes) -> str:
    """Return bytes as text; a last character that is cut is left out."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.end >= len(raw) and error.start > len(raw) - 4:
            return raw[: error.start].decode("utf-8", "backslashreplace")
        return raw.decode("utf-8", "backslashreplace")
