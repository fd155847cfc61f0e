"""The layouts that `mix` gives the sets of a comparison: its models of one kind of data know nothing of another."""

from __future__ import annotations

from collections.abc import Sequence

from kolmo.coders.base import Coder
from kolmo.coders.mixing.coder import Mix
from kolmo.coders.mixing.detect import find_layout
from kolmo.coders.mixing.layout import KINDS, Layout

LAYOUTS = ("own", "shared")
_COMPARED_BYTES = 2**16
_SHORTEST = 2**12
"""A set below this size is coded with the layout of the other one."""


def layouts_of(coder: Coder, sets: Sequence[bytes]) -> list[Layout] | None:
    """Return the layout that the coder gives each set; None if all have the same by its parameters."""
    if not isinstance(coder, Mix) or coder.layout != "auto":
        return None
    return [find_layout(each) for each in sets]


def is_blind(layouts: Sequence[Layout], sizes: Sequence[int]) -> bool:
    """Return whether two sets of these layouts and sizes are each coded without the other."""
    return layouts[0].kind != layouts[1].kind and min(sizes) >= _SHORTEST


def kind_of(layout: Layout) -> str:
    """Return the name of the kind of data."""
    return KINDS[layout.kind]


def shared_layout(coder: Coder, sets: Sequence[bytes]) -> Coder:
    """Return a coder that gives all sets one layout, that of the shortest code for the start of all of them.

    The layouts of the sets and the plain one are compared; a coder without layouts is returned as it is.

    Examples
    --------
    >>> from kolmo import coder
    >>> str(shared_layout(coder("mix"), [b"the cat sat on the mat " * 9, b"ACGTTGCA" * 20]))
    'mix:layout=plain'
    """
    layouts = layouts_of(coder, sets)
    if layouts is None or not isinstance(coder, Mix):
        return coder
    starts = [each[:_COMPARED_BYTES] for each in sets]
    fixed = [coder.replace(layout=str(layout)) for layout in dict.fromkeys([*layouts, Layout()])]
    if len(fixed) == 1:
        return fixed[0]
    return min(fixed, key=lambda each: sum(each.replace(level=1)._batch(starts)))


def null_coder(coder: Coder, x: bytes, y: bytes) -> Coder:
    """Return the coder for the null of two sets: with their common layout, which permuted bytes would hide."""
    layouts = layouts_of(coder, [x, y])
    if layouts is None or not isinstance(coder, Mix) or is_blind(layouts, (len(x), len(y))):
        return coder
    return coder.replace(layout=str(layouts[0] if len(x) >= _SHORTEST else layouts[1]))
