"""What a coder says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class CoderTags:
    """What a coder can do.

    Parameters
    ----------
    decodable : bool
        It writes a real stream and reads every one of them back.
    deterministic : bool
        Equal input gives equal lengths, in any process on one machine.
    window : int or None
        How many bytes back it can still see; None if there is no limit.
    parallel : {"threads", "processes"}
        What many calls at once should run on: threads only where the library releases the interpreter's lock for
        long enough.
    priming : {"native", "difference", None}
        How it reads a context: into its own state, or as the difference L(xy) - L(x), or not at all.
    slack_bits : float
        The real stream is at most this much longer or shorter than the stated code length.
    tolerance : float
        The share by which lengths that should be equal may differ, and real streams from stated lengths beside the
        slack: not 0 where a model computes in floating point, which depends on what is computed together.
    portable : bool
        Its streams are read back bit for bit on any machine and by any version of the library: their format is
        published and fixed.
    """

    decodable: bool = True
    deterministic: bool = True
    window: int | None = None
    parallel: Literal["threads", "processes"] = "threads"
    priming: Literal["native", "difference"] | None = "difference"
    slack_bits: float = 0.0
    tolerance: float = 0.0
    portable: bool = False
