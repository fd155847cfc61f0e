"""The passage of an item that another one shares: its text with the text around it, and two of them side by side."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Self

from kolmo._core.terminal import visible

Span = tuple[int, int]

_START, _END = 400, 200
"""A passage of more bytes than both is shown without its middle: so many of its start and of its end."""
_AROUND = 60
"""Bytes that are shown before a passage and after it."""
_LEAST = 20
"""Characters of a marked passage that are shown, however long the text around it is."""
_LONG_WORD = 20
_LONGEST_PIECE = 16
_OPEN, _CLOSE = "\x02", "\x03"
"""Marks of the ends of a passage, which texts do not hold: their control characters are escaped."""


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A passage of an item as text: white space is one space, and characters that cannot be seen are escaped.

    Parameters
    ----------
    before : str
        The end of the text before the passage, at most 60 bytes of it.
    text : str
        The passage; of one of more than 600 bytes the first 400 and the last 200, with … between.
    after : str
        The start of the text after the passage.

    Examples
    --------
    >>> Passage.of(b"the kitten sat on the mat", (4, 14))
    Passage(before='the ', text='kitten sat', after=' on the mat')
    """

    before: str
    text: str
    after: str

    @classmethod
    def of(cls, item: bytes, span: Span) -> Self:
        """Return a passage of an item; only the pieces that are shown are read."""
        start, stop = (_end_of_character(item, place) for place in span)
        first, last = _end_of_character(item, start - _AROUND), _end_of_character(item, stop + _AROUND)
        if stop - start > _START + _END:
            head, tail = _end_of_character(item, start + _START), _end_of_character(item, stop - _END)
            text = f"{_text(item[start:head])}…{_text(item[tail:stop])}"
        else:
            text = _text(item[start:stop])
        inner = text.strip(" ") or text
        lead, trail = (" " * (text != inner and at(" ")) for at in (text.startswith, text.endswith))
        return cls(
            before=("…" if first > 0 else "") + _text(item[first:start]) + lead,
            text=inner,
            after=trail + _text(item[stop:last]) + ("…" if last < len(item) else ""),
        )

    def marked(self, longest: int = 300) -> str:
        """Return the passage in brackets, with the text around it; without its middle if that is longer.

        Examples
        --------
        >>> Passage.of(b"the kitten sat on the mat", (4, 14)).marked()
        'the [kitten sat] on the mat'
        >>> Passage(before="", text="the cat sat on the mat and purred", after="").marked(24)
        '[the cat sat … purred]'
        """
        text, room = self.text, max(longest - len(self.before) - len(self.after) - 2, _LEAST)
        if len(text) > room:
            head, tail = text[: room * 2 // 3 - 2], text[-max(room // 3 - 1, 1) :]
            head, tail = head.rpartition(" ")[0] or head, tail.partition(" ")[2] or tail
            text = f"{head} … {tail}"
        return f"{self.before}[{text}]{self.after}"


def side_by_side(one: Passage, other: Passage, width: int) -> list[tuple[str, str, str]]:
    """Return two passages as the lines of two columns, in which equal words are opposite each other.

    Parameters
    ----------
    one, other : Passage
        The passages.
    width : int
        Characters of a column.

    Returns
    -------
    list of (str, str, str)
        The left line, a mark as of ``diff -y``, and the right line. The mark is ``|`` where the lines differ, ``<`` and
        ``>`` where one of them is empty. Case is ignored.

    Examples
    --------
    >>> one = Passage(before="He said that ", text="the ship left the port", after=" at noon")
    >>> other = Passage(before="", text="the ship had left port", after=", he says")
    >>> for left, mark, right in side_by_side(one, other, 24):
    ...     print(f"{left:24} {mark} {right}")
    He said that [the ship   | [the ship had
    left the port] at noon   | left port], he says
    """
    lefts, rights = _words(one), _words(other)
    matcher = SequenceMatcher(None, [word.key for word in lefts], [word.key for word in rights], autojunk=False)
    lines = _Lines(width)
    for kind, first, last, start, stop in matcher.get_opcodes():
        for left, right in itertools.zip_longest(lefts[first:last], rights[start:stop]):
            lines.add(left, right, differ=kind != "equal")
    return lines.finished()


@dataclass(frozen=True)
class _Word:
    """A word, or a piece of a long one: how it is shown, what it is compared by, whether a space is before it."""

    shown: str
    key: str
    is_spaced: bool


class _Lines:
    """The lines of two columns, which are filled word by word."""

    def __init__(self, width: int) -> None:
        self.width, self.done = width, list[tuple[str, str, str]]()
        self.left, self.right, self.differ = "", "", False

    def add(self, left: _Word | None, right: _Word | None, *, differ: bool) -> None:
        """Add the words of both sides, to the next line if one of them does not fit."""
        joined = [_joined(line, word) for line, word in ((self.left, left), (self.right, right))]
        if max(map(len, joined)) > self.width and (self.left or self.right):
            self._end()
            joined = ["" if word is None else word.shown for word in (left, right)]
        self.left, self.right = joined
        self.differ |= differ

    def finished(self) -> list[tuple[str, str, str]]:
        """Return all lines."""
        if self.left or self.right:
            self._end()
        return self.done

    def _end(self) -> None:
        mark = "<" if not self.right else ">" if not self.left else "|" if self.differ else ""
        self.done.append((self.left, mark, self.right))
        self.left, self.right, self.differ = "", "", False


def _joined(line: str, word: _Word | None) -> str:
    if word is None:
        return line
    return line + (" " if line and word.is_spaced else "") + word.shown


def _words(passage: Passage) -> list[_Word]:
    """Return the words of a passage and of the text around it, the passage in brackets."""
    words = []
    for word in f"{passage.before}{_OPEN}{passage.text}{_CLOSE}{passage.after}".split(" "):
        for number, piece in enumerate(_pieces(word)):
            shown = piece.replace(_OPEN, "[").replace(_CLOSE, "]")
            words.append(_Word(shown, piece.strip(_OPEN + _CLOSE).casefold(), number == 0))
    return words


def _pieces(word: str) -> Iterator[str]:
    """Yield a long word, such as DNA, in pieces whose ends depend on the characters there, so that edits shift none."""
    start = 0
    for end in range(1, len(word) if len(word) > _LONG_WORD else 0):
        if end - start == _LONGEST_PIECE or (end - start > 2 and sum(map(ord, word[end - 3 : end])) % 4 == 0):
            yield word[start:end]
            start = end
    if word[start:]:
        yield word[start:]


def _end_of_character(item: bytes, place: int) -> int:
    """Return a place, or the next one if it is inside a character of UTF-8."""
    place = min(max(place, 0), len(item))
    for _ in range(3):
        if 0 < place < len(item) and item[place] & 0xC0 == 0x80:
            place += 1
    return place


def _text(piece: bytes) -> str:
    return visible(re.sub(r"\s+", " ", piece.decode("utf-8", "backslashreplace")))
