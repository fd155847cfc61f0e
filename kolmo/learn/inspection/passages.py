"""Passages that two items share."""

from __future__ import annotations

from collections import defaultdict

Span = tuple[int, int]

_KEY = 6
_MOST_PLACES = 32
"""Places of a key that are compared; later ones are left out."""
_LONGEST = 2**16


def shared_passages(one: bytes, other: bytes, *, least: int = 8) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Return where two items have equal passages, found greedily from the start of the first; ASCII case is ignored.

    Parameters
    ----------
    one, other : bytes
        The items; at most 65,536 bytes of each are compared.
    least : int
        The least number of bytes of a passage, at least 6.

    Returns
    -------
    in_one, in_other : tuple of (int, int)
        Start and stop of each passage in each of them. Spaces at its ends are left out.

    Examples
    --------
    >>> shared_passages(b"the kitten sat on the mat", b"A kitten sat.")
    (((4, 14),), ((2, 12),))
    """
    one, other = one[:_LONGEST].lower(), other[:_LONGEST].lower()
    places: dict[bytes, list[int]] = defaultdict(list)
    for place in range(len(other) - _KEY + 1):
        found = places[other[place : place + _KEY]]
        if len(found) < _MOST_PLACES:
            found.append(place)
    here: list[Span] = []
    there: list[Span] = []
    start = 0
    while start <= len(one) - max(least, _KEY):
        matches = ((_common(one, start, other, place), place) for place in places.get(one[start : start + _KEY], ()))
        length, place = max(matches, key=lambda match: match[0], default=(0, 0))
        trimmed = one[start : start + length]
        behind, before = len(trimmed) - len(trimmed.rstrip()), len(trimmed) - len(trimmed.lstrip())
        if length - behind - before < least:
            start += 1
            continue
        here.append(_whole(one, start + before, start + length - behind))
        there.append(_whole(other, place + before, place + length - behind))
        start += length
    return tuple(here), tuple(there)


def marked(item: bytes, spans: tuple[Span, ...], *, around: int = 24) -> str:
    """Return the passages of an item in brackets, with some of the text around each.

    Examples
    --------
    >>> marked(b"the kitten sat on the mat", ((4, 14),), around=8)
    'the [kitten sat] on the…'
    """
    if not spans:
        return ""
    text, end = "", 0
    for number, (start, stop) in enumerate(sorted(spans)):
        gap = item[end:start]
        if number == 0:
            text += _decoded(gap) if len(gap) <= around else "…" + _decoded(gap[-around:])
        else:
            text += _decoded(gap) if len(gap) <= 2 * around else f"{_decoded(gap[:around])} … {_decoded(gap[-around:])}"
        text += f"[{_decoded(item[start:stop])}]"
        end = max(end, stop)
    rest = item[end:]
    text += _decoded(rest) if len(rest) <= around else _decoded(rest[:around]).rstrip() + "…"
    return " ".join(text.split())


def _common(one: bytes, start: int, other: bytes, place: int) -> int:
    """Return the number of equal bytes from these places on."""
    length, most = _KEY, min(len(one) - start, len(other) - place)
    while length < most and one[start + length] == other[place + length]:
        length += 1
    return length


def _whole(item: bytes, start: int, stop: int) -> Span:
    """Return a span without parts of UTF-8 characters at its ends."""
    while start < stop and 0x80 <= item[start] < 0xC0:
        start += 1
    while stop > start and stop < len(item) and 0x80 <= item[stop] < 0xC0:
        stop -= 1
    return start, stop


def _decoded(piece: bytes) -> str:
    return piece.decode("utf-8", "replace").strip("\ufffd")
