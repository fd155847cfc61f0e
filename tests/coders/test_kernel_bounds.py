"""Kernels run without looking at bounds; here they look, on small inputs of odd sizes and on damaged streams."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_PROGRAM = r"""
import random, sys
import kolmo

plain, drawn = kolmo.coder(sys.argv[1]), random.Random(0)
for size in [0, 1, 1, 1, 2, 2, 3, 4, 5, 8, 17, 40, 300] * 3:
    context, data = (bytes(drawn.choices(b"abc\n \xff", k=drawn.randint(0, size))) for _ in range(2))
    primed = plain.prime(context)
    primed.code_length(data)
    plain._joint_batch([context, data], [data, context])
    if not primed.tags.decodable:
        continue
    stream = primed.compress(data)
    assert primed.decompress(stream) == data
    damaged = bytearray(stream)
    damaged[drawn.randrange(len(stream))] ^= 1 << drawn.randrange(8)
    drawings = drawn.randbytes(size), bytes(size), b"\xff" * size, stream[:2] + drawn.randbytes(9)
    for forged in (damaged, stream[:-1], *drawings):
        for decoder in (plain, primed):
            try:
                decoder.decompress(bytes(forged), max_size=2000)
            except kolmo.KolmoError:
                pass
print("inside")
"""


@pytest.mark.slow
def test_no_kernel_leaves_its_arrays(tmp_path: Path) -> None:
    environment = os.environ | {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path)}
    for spec in (
        "mix:level=1",
        "mix",
        "mix:level=5",
        "mix:level=6",
        "mix:layout=bases",
        "gru",
        "ngram",
        "program:effort=0.01",
        "lz77",
        "deflate",
    ):
        command = [sys.executable, "-c", _PROGRAM, spec]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.stdout == "inside\n", (spec, done.stderr)
