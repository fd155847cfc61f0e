"""The kernels that `warm_up` compiles are all kernels of the coders, in every specialisation."""

from __future__ import annotations

import subprocess
import sys

_PROGRAM = """
import importlib, pkgutil
from numba.core.dispatcher import Dispatcher
import kolmo.coders
from kolmo import coder
from kolmo.coders.warmup import warm_up

times = dict(warm_up())
assert set(times) == {"deflate", "lz77", "ngram", "gru", "program", "mix:level=3", "mix:level=5", "mix:level=6"}, times
assert min(times.values()) >= 0

def signatures():
    found = {}
    for module in pkgutil.walk_packages(kolmo.coders.__path__, "kolmo.coders."):
        if ".neural" in module.name:
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, Dispatcher) and not value.targetoptions.get("forceinline"):
                found[value.py_func.__module__, name] = len(value.signatures)
    return found

compiled = signatures()
assert len(compiled) > 15
assert 0 not in compiled.values(), compiled
data = bytes(range(256)) + b"the cat sat on the mat" * 3
for spec in ("ngram", "ngram:order=2", "gru", *(f"mix:level={level},layout={layout}" for level in range(1, 7)
             for layout in ("plain", "bases", "image-3x30", "signal-2"))):
    used = coder(spec)
    assert used.decompress(used.compress(data)) == data
    used.prime(data).code_length(data)
    assert signatures() == compiled, spec
coder("lz77").joint_code_lengths([data], [data, b""])
for text in (data, b"0100110" * 9, b"letters" * 3, bytes(7)):
    coder("program").prime(b"context").code_length(text)
assert signatures() == compiled
print("all kernels warm")
"""


def test_warm_up_compiles_every_kernel_in_every_specialisation() -> None:
    run = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True)
    assert (run.returncode, run.stdout) == (0, "all kernels warm\n"), run.stderr
