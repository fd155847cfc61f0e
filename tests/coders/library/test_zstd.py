from __future__ import annotations

import numpy as np
import pytest

from kolmo import coder
from kolmo.errors import WindowWarning


def test_a_dictionary_longer_than_libzstd_indexes_is_warned_of() -> None:
    """At level 3 the window is 2 MiB, but only the last MiB of a dictionary is searched."""
    noise = np.random.default_rng(0).integers(0, 256, 2**20 + 2**19, dtype=np.uint8).tobytes()
    with pytest.warns(WindowWarning, match="last 1,048,576 bytes"):
        primed = coder("zstd").prime(noise)
    assert primed.code_length(noise[:1000]) > 8 * 900
    assert primed.code_length(noise[-1000:]) < 8 * 100


def test_a_frame_that_asks_for_a_huge_window_is_refused() -> None:
    from kolmo.errors import DecodeError

    magic, no_single_segment, window_of_2_gib = b"\x28\xb5\x2f\xfd", b"\x00", bytes([21 << 3])
    frame = magic + no_single_segment + window_of_2_gib + b"\x01\x00\x00"
    with pytest.raises(DecodeError):
        coder("zstd:magicless=false").decompress(frame)
