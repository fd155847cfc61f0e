"""The documents of a corpus that contain passages of a target."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kolmo.find.leaks import find_leaks
from kolmo.joint.documents import Documents

_PIECE = 1024
"""A string is cut into pieces of this size; shorter documents are joined to pieces of it, so that copies of many short
documents in a row, such as lines, are found."""


def in_pieces(each: Documents) -> Documents:
    """Return a string in pieces of a kilobyte; documents as they are."""
    if not each.whole:
        return each
    string = each.joined()
    blocks = [string[start : start + _PIECE] for start in range(0, len(string), _PIECE)]
    return replace(each, blocks=blocks, places=tuple(range(len(blocks))))


def leaked_blocks(each: Documents, target: Documents, n_jobs: int | None = None) -> NDArray[np.bool_]:
    """Return which blocks of a corpus overlap with a passage that is in the target."""
    pieces, starts = _joined_blocks(each)
    others, _ = _joined_blocks(in_pieces(target))
    found = np.zeros(len(each), bool)
    if pieces == others:
        return ~found
    if not any(pieces) or not any(others):
        return found
    equal: dict[bytes, list[int]] = {}
    for number, piece in enumerate(pieces):
        equal.setdefault(piece, []).append(number)
    sizes = np.array([len(block) for block in each.blocks])
    for leak in find_leaks(pieces, others, n_jobs=n_jobs).leaks:
        start, stop = leak.train_span
        for number in equal[pieces[leak.train_index]]:
            blocks = range(starts[number], starts[number + 1])
            ends = np.cumsum(sizes[blocks.start : blocks.stop] + len(each.between))
            begins = ends - sizes[blocks.start : blocks.stop] - len(each.between)
            found[blocks.start : blocks.stop] |= (begins < stop) & (ends > start)
    return found


def _joined_blocks(each: Documents) -> tuple[list[bytes], list[int]]:
    """Return consecutive blocks, joined to pieces of at least a kilobyte, and the first block of each piece."""
    pieces: list[bytes] = []
    starts = [0]
    size = 0
    for number, block in enumerate(each.blocks):
        size += len(block)
        if size >= _PIECE or number == len(each) - 1:
            pieces.append(each.between.join(each.blocks[starts[-1] : number + 1]))
            starts.append(number + 1)
            size = 0
    return pieces, starts
