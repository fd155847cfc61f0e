"""Warnings about a coder's suitability for data of some size, from a few code lengths."""

from __future__ import annotations

import math
from typing import Any

from kolmo._core.checks import check_integer
from kolmo._core.items import as_bytes
from kolmo._core.kinds import is_text
from kolmo._core.units import format_size
from kolmo.coders.registry import CoderLike, coder as make_coder
from kolmo.evaluation.axioms import IDEMPOTENCE_THRESHOLD, LOG_FACTOR, PRIOR_THRESHOLD
from kolmo.evaluation.samples import substitute_letters

_SAMPLE, _SHORT = 1024, 128
"""Bytes of the sample, and of the two short pieces."""


def diagnose(coder: CoderLike, size: int, *, sample: Any = None) -> list[str]:
    """Return warnings about a coder's suitability for comparing data of some size.

    This is a fast check: it looks at the window that the coder states, and at a dozen code lengths of the first
    kilobyte of the data. `audit` tests a coder thoroughly.

    Parameters
    ----------
    coder : str, mapping or Coder
        See `kolmo.coder`.
    size : int
        Bytes of the context.
    sample : str, bytes-like, or list of these, optional
        The data, or each of several sets; a warning states the worst value among the sets. Without a sample only the
        window is checked.

    Returns
    -------
    list of str
        One sentence for each warning; empty if there is none.

    Raises
    ------
    ParameterError
        If `size` is not a whole number from 0.

    Examples
    --------
    >>> diagnose("deflate", 100_000)
    ['deflate has a window of 32.8 kB, shorter than the context of 100 kB']
    >>> diagnose("uniform", 100, sample="to be or not to be, that is the question")
    ['uniform needs 98% of the bits of a piece for its repetition, where a normal compressor needs almost none']
    >>> diagnose("zstd", 100, sample="to be or not to be, that is the question")
    []
    """
    made = make_coder(coder)
    check_integer("size", size, 0, 2**60)
    warnings = []
    if made.tags.window is not None and made.tags.window < size:
        window, context = format_size(made.tags.window), format_size(size)
        warnings.append(f"{made!s} has a window of {window}, shorter than the context of {context}")
    samples = sample if isinstance(sample, list | tuple) else [] if sample is None else [sample]
    pieces = [piece for each in samples if (piece := as_bytes(each)[:_SAMPLE])]
    if not pieces:
        return warnings
    strings: list[bytes] = []
    for piece in pieces:
        half = min(_SHORT, len(piece) // 2)
        x, y = piece[:half], piece[half : 2 * half]
        strings += [piece, piece + piece, substitute_letters(piece), x, y, x + y]
    repeated, excess, prior = [], [], []
    for piece, lengths in zip(pieces, made._batch(strings).reshape(-1, 6).tolist(), strict=True):
        once, twice, substituted, short_x, short_y, joint = lengths
        allowed = LOG_FACTOR * math.log2(8 * len(piece))
        if twice - once > IDEMPOTENCE_THRESHOLD * once + allowed:
            repeated.append((twice - once) / max(once, 1.0))
        if joint > short_x + short_y + LOG_FACTOR * math.log2(8 * max(min(_SHORT, len(piece) // 2), 1)):
            excess.append(joint - short_x - short_y)
        # bytes of pixels and samples are numbers, so the substitution of letters changes the data
        if is_text(piece) and substituted - once > PRIOR_THRESHOLD * substituted + allowed:
            prior.append((substituted - once) / substituted)
    if repeated:
        warnings.append(
            f"{made!s} needs {100 * max(repeated):.0f}% of the bits of a piece for its repetition, where a normal "
            "compressor needs almost none"
        )
    if excess:
        warnings.append(f"{made!s} needs {max(excess):.0f} bits more for two short pieces together than separately")
    if prior:
        warnings.append(
            f"{made!s} saves {100 * max(prior):.0f}% of the sample by prior knowledge, such as a built-in dictionary: "
            "code lengths of short texts are too low"
        )
    return warnings
