"""What to doubt about a coder before its lengths are set against each other."""

from __future__ import annotations

import codecs
import math
from typing import Any

from kolmo._core.checks import check_integer
from kolmo._core.items import as_bytes
from kolmo._core.units import format_size
from kolmo.coders.registry import CoderLike, coder as make_coder
from kolmo.evaluation.axioms import IDEMPOTENT, LOGS, PRIOR
from kolmo.evaluation.samples import respelled

_SAMPLE, _SHORT = 1024, 128
"""Bytes of the sample that are coded twice, and of the strings that count as short."""


def diagnose(coder: CoderLike, size: int, *, sample: Any = None) -> list[str]:
    """Return what speaks against comparing pieces of some size by this coder; nothing if nothing is known to.

    A fast look, in place of an `audit`: at what the coder says of its window, and at a dozen lengths of a kilobyte of
    the data at hand.

    Parameters
    ----------
    coder : str, mapping or Coder
        See `kolmo.coder`.
    size : int
        Bytes of what is read first.
    sample : str, bytes-like, or list of these, optional
        Some of the data, or of each of several sets: the one that speaks most against the coder counts. Without it
        only the window does.

    Returns
    -------
    list of str
        A sentence each.

    Raises
    ------
    ParameterError
        If the size is no number of bytes.

    Examples
    --------
    >>> diagnose("deflate", 100_000)
    ["'deflate' sees 32.8 kB back, less than the 100 kB that are read first"]
    >>> diagnose("uniform", 100, sample="what is coded twice costs twice")
    ["'uniform' pays 100% of a piece again when it comes twice, where a normal compressor pays next to nothing"]
    >>> diagnose("zstd", 100, sample="what is coded twice costs twice")
    []
    """
    made = make_coder(coder)
    check_integer("size", size, 0, 2**60)
    found = []
    if made.tags.window is not None and made.tags.window < size:
        seen, read = format_size(made.tags.window), format_size(size)
        found.append(f"{str(made)!r} sees {seen} back, less than the {read} that are read first")
    samples = sample if isinstance(sample, list | tuple) else [] if sample is None else [sample]
    pieces = [piece for each in samples if (piece := as_bytes(each)[:_SAMPLE])]
    if not pieces:
        return found
    strings: list[bytes] = []
    for piece in pieces:
        half = min(_SHORT, len(piece) // 2)
        x, y = piece[:half], piece[half : 2 * half]
        strings += [piece, piece + piece, respelled(piece), x, y, x + y]
    again, longer, known = [], [], []
    for piece, lengths in zip(pieces, made._batch(strings).reshape(-1, 6).tolist(), strict=True):
        once, twice, other, short_x, short_y, joint = lengths
        allowed = LOGS * math.log2(8 * len(piece))
        if twice - once > IDEMPOTENT * once + allowed:
            again.append((twice - once) / max(once, 1.0))
        if joint > short_x + short_y + LOGS * math.log2(8 * max(min(_SHORT, len(piece) // 2), 1)):
            longer.append(joint - short_x - short_y)
        # pixels and samples are numbers: in another alphabet they are others
        if _is_text(piece) and other - once > PRIOR * other + allowed:
            known.append((other - once) / other)
    if again:
        found.append(
            f"{str(made)!r} pays {max(again):.0%} of a piece again when it comes twice, where a normal compressor pays "
            "next to nothing"
        )
    if longer:
        found.append(f"{str(made)!r} needs {max(longer):.0f} bits more for two short pieces in one code than in two")
    if known:
        found.append(
            f"{str(made)!r} knew {max(known):.0%} of the sample beforehand, as by a built-in dictionary: short texts "
            "seem simpler than they are"
        )
    return found


def _is_text(piece: bytes) -> bool:
    try:
        # what is cut in two at the end does not count
        text = codecs.getincrementaldecoder("utf-8")().decode(piece)
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character.isspace() for character in text)
