"""Reading and writing trees in Newick format: ``((cat:1,dog:1):2,'it''s a man':3);``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from kolmo.errors import DataError

LONGEST = 2**24
"""The longest text that is read, in characters; a tree of a hundred thousand leaves is shorter."""
DEEPEST = 10_000
"""The deepest nesting that is read, in levels."""

_TOKEN = re.compile(r"\s+|\[[^\]]*\]|(?P<sign>[(),:;])|'(?P<quoted>(?:[^']|'')*)'|(?P<plain>[^\s()\[\],:;']+)")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_PLAIN = re.compile(r"[^\s()\[\],:;'_\x00-\x1f\x7f]+")


@dataclass
class Parsed:
    """The nodes of a tree, numbered in the order of the text; the root is 0."""

    children: dict[int, list[int]] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    lengths: dict[int, float] = field(default_factory=dict)


def write(
    root: int,
    children: Mapping[int, Sequence[int]],
    names: Sequence[str],
    lengths: Sequence[float] | None,
    labels: Mapping[int, str] | None = None,
) -> str:
    """Return a tree in Newick format; nodes without children have names, and inner nodes may have labels."""
    parts: list[str] = []
    # the stack holds nodes to write, as numbers, and text
    waiting: list[int | str] = [";", root]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            parts.append(item)
            continue
        length = "" if lengths is None or item == root else f":{float(lengths[item])!r}"
        if item not in children:
            parts.append(quoted(names[item]) + length)
            continue
        label = "" if labels is None else quoted(labels[item]) if item in labels else ""
        waiting.append(")" + label + length)
        for place, child in enumerate(reversed(children[item])):
            waiting.extend([",", child] if place else [child])
        parts.append("(")
    return "".join(parts)


def quoted(name: str) -> str:
    """Return a name in quotes, with its own quotes doubled, or unchanged if the format allows it.

    Examples
    --------
    >>> quoted("cat"), quoted("a_b"), quoted("it's")
    ('cat', "'a_b'", "'it''s'")
    """
    # an underscore without quotes would be read as a space
    return name if _PLAIN.fullmatch(name) else "'" + name.replace("'", "''") + "'"


def parse(text: str) -> Parsed:
    """Return the nodes of one tree.

    Raises
    ------
    DataError
        If the text is not a tree, or exceeds `LONGEST` or `DEEPEST`.
    """
    if not isinstance(text, str):
        raise DataError(f"expected a tree in Newick format as str, got {type(text).__name__}")
    if len(text) > LONGEST:
        raise DataError(f"the text is too long: expected at most {LONGEST:,} characters, got {len(text):,}")
    parsed = Parsed()
    path = [0]  # from the root to the current node
    count, state, ended = 1, "start", False
    for place, sign, word, plain in _tokens(text):
        if ended:
            raise _broken("a tree ends with its semicolon; pass one tree at a time", place)
        node = path[-1]
        if sign == "(" and state == "start":
            if len(path) > DEEPEST:
                raise DataError(f"the tree is nested deeper than {DEEPEST:,} levels")
            parsed.children[node] = [count]
            path.append(count)
            count += 1
        elif sign in ("", None) and state == "colon":
            if not plain or not _NUMBER.fullmatch(word):
                raise _broken(f"expected the length of a branch, got {word[:40]!r}", place)
            parsed.lengths[node], state = float(word), "length"
        elif sign is None and state in ("start", "closed"):
            if state == "start":
                parsed.names[node] = word.replace("_", " ") if plain else word
            state = "named"
        elif sign == ":" and state in ("named", "closed"):
            state = "colon"
        elif sign == "," and len(path) > 1 and state in ("named", "closed", "length"):
            path[-1] = count
            parsed.children[path[-2]].append(count)
            count, state = count + 1, "start"
        elif sign == ")" and len(path) > 1 and state in ("named", "closed", "length"):
            path.pop()
            state = "closed"
        elif sign == ";" and len(path) == 1 and state in ("named", "closed", "length"):
            ended = True
        else:
            expected = {"start": "a name or '('", "colon": "a length"}.get(state, "',' or ')' or, at the end, ';'")
            raise _broken(f"expected {expected}, got {(sign or word)[:40]!r}", place)
    if not ended:
        raise _broken("expected a semicolon at the end; a parenthesis is open, or the text is cut", len(text))
    return parsed


def _tokens(text: str) -> Iterator[tuple[int, str | None, str, bool]]:
    """Yield the position of each token, its sign or None, its word, and whether the word is unquoted."""
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise _broken(f"{text[place]!r} is never closed", place)
        if found["sign"]:
            yield place, found["sign"], "", False
        elif found["quoted"] is not None:
            yield place, None, found["quoted"].replace("''", "'"), False
        elif found["plain"]:
            yield place, None, found["plain"], True
        place = found.end()


def _broken(reason: str, place: int) -> DataError:
    return DataError(f"this is not a tree in Newick format: at character {place}: {reason}")
