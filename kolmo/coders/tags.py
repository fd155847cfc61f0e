"""The capabilities of a coder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class CoderTags:
    """The capabilities of a coder.

    Parameters
    ----------
    decodable : bool
        It writes streams and decompresses each of them.
    deterministic : bool
        Equal data have equal code lengths in every process on one machine.
    window : int or None
        Number of preceding bytes that it can refer to; None if there is no limit.
    parallel : {"threads", "processes"}
        The workers that suit parallel calls: threads if the library releases the interpreter's lock for most of its
        work.
    priming : {"native", "difference", None}
        How it computes conditional code lengths: from its own state after the context, as the difference
        L(xy) - L(x), or not at all.
    min_context : int
        Number of bytes of context below which native priming has little or no effect: the library finds no match in
        fewer. `Coder.prime` warns.
    slack_bits : float
        Largest difference in bits between the code length and the size of the stream.
    tolerance : float
        Largest relative difference between code lengths that should be equal, and between code lengths and streams in
        addition to the slack; above 0 for models whose floating-point results depend on the batch.
    portable : bool
        Its streams can be decompressed on any machine and by any version of the library, since their format is
        published and fixed.
    """

    decodable: bool = True
    deterministic: bool = True
    window: int | None = None
    parallel: Literal["threads", "processes"] = "threads"
    priming: Literal["native", "difference"] | None = "difference"
    min_context: int = 0
    slack_bits: float = 0.0
    tolerance: float = 0.0
    portable: bool = False
