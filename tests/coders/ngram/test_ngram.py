"""The n-gram coder equals a plain reference, learns its settings, and writes the same short streams everywhere."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import tracemalloc
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from kolmo import coder
from kolmo.coders import Ngram
from kolmo.coders.entropy.framing import join_length
from kolmo.errors import DecodeError, ParameterError

TEXT = b"the quick brown fox jumps over the lazy dog, and the dog does not mind; " * 6


def reference(data: bytes, order: int, discount: float, weight: float, exclusion: bool) -> list[float]:
    """Bits of each byte, by dictionaries of counts."""
    counts: dict[bytes, dict[int, int]] = defaultdict(dict)
    bits = []
    for place, symbol in enumerate(data):
        before = (bytes(8) + data[:place])[-8:]
        contexts = [bytes([k]) + before[8 - k :] for k in range(order + 1)]
        chance = 1 / 256
        for k, context in enumerate(contexts):
            seen = counts[context]
            if k and not seen:
                break
            own = max(seen.get(symbol, 0) - discount, 0)
            chance = (own + (discount * len(seen) + weight) * chance) / (sum(seen.values()) + weight)
        bits.append(-math.log2(chance))
        for context in reversed(contexts):
            known = symbol in counts[context]
            counts[context][symbol] = counts[context].get(symbol, 0) + 1
            if known and exclusion:
                break
    return bits


@given(
    data=st.text("abc ", max_size=300).map(str.encode) | st.binary(max_size=100),
    order=st.integers(0, 8),
    exclusion=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_kernel_equals_the_reference(data: bytes, order: int, exclusion: bool) -> None:
    bits = coder("ngram", order=order, exclusion=exclusion).surprisals(data)
    assert np.allclose(bits, reference(data, order, 0.8, 0.1, exclusion), atol=1e-9)


def test_a_trial_leaves_the_counts_as_they_were() -> None:
    cursor = Ngram()._cursor(b"abracadabra " * 30)
    before = cursor.copy()
    first = cursor.trial(b"something quite new, and then abracadabra")
    assert cursor.trial(b"something quite new, and then abracadabra") == first
    assert cursor.trial_surprisals(b"something quite new, and then abracadabra").sum() == first
    assert first == pytest.approx(float(before.surprisals(b"something quite new, and then abracadabra").sum()))
    assert np.array_equal(cursor.distribution(), Ngram()._cursor(b"abracadabra " * 30).distribution())


def test_settings_are_learned_whatever_the_order_of_the_items() -> None:
    items = [
        b"the %s sat on the %s number %d" % (a, b, i)
        for i in range(20)
        for a in (b"cat", b"dog")
        for b in (b"mat", b"rug")
    ]
    learned = coder("ngram").fitted(items)
    assert learned == coder("ngram").fitted(items[::-1])
    assert learned != coder("ngram")


def test_without_adapting_nothing_is_learned_from_what_is_coded() -> None:
    bits = coder("ngram", adapt=False).surprisals(b"Q" * 30, context=b"abc" * 100)
    assert np.ptp(bits[1:]) == 0
    assert coder("ngram").surprisals(b"Q" * 30, context=b"abc" * 100)[-1] < bits[-1]


@pytest.mark.parametrize("wrong", [{"order": 9}, {"discount": 1.5}, {"weight": 0}, {"adapt": 1}])
def test_settings_that_there_are_not_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        coder("ngram", **wrong)


def some_data() -> bytes:
    """Text, all bytes, and what has many followers in a context: every way to go through a list."""
    noise = np.random.default_rng(0).integers(0, 256, 12_000, dtype=np.uint8).tobytes()
    return TEXT + bytes(range(256)) + noise + bytes(2000) + TEXT


@pytest.mark.parametrize("order", [0, 1, 2, 6, 8])
@pytest.mark.parametrize("given", [b"", b"the dog does not jump"])
def test_streams_decode_and_are_as_long_as_stated(order: int, given: bytes) -> None:
    data = some_data()
    for setting in ({}, {"exclusion": False}, {"adapt": False}):
        primed = coder("ngram", order=order, **setting).prime(given)
        stream = primed.compress(data)
        assert primed.decompress(stream) == data
        slack = 64 + (0.005 * primed.code_length(data) if setting else 0)
        assert abs(8 * len(stream) - primed.code_length(data)) <= slack


def test_coding_leaves_the_counts_that_measuring_leaves() -> None:
    measured, encoded, decoded = (Ngram()._cursor(TEXT) for _ in range(3))
    measured.surprisals(some_data())
    stream = encoded.encode(some_data())
    decoded.decode(stream, len(some_data()))
    for cursor in (encoded, decoded):
        assert np.array_equal(cursor.distribution(), measured.distribution())
        assert cursor.last == measured.last


@pytest.mark.parametrize(
    "setting",
    [
        {"NUMBA_CPU_NAME": "generic"},
        pytest.param({"NUMBA_OPT": "0"}, marks=pytest.mark.slow),
        pytest.param({"NUMBA_DISABLE_JIT": "1"}, marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_streams_are_the_same_for_another_processor_and_in_plain_python(
    setting: dict[str, str], tmp_path: Path
) -> None:
    """What is coded rests on sums, products and quotients of doubles, each rounded as IEEE 754 says, none fused."""
    specs = ["ngram", "ngram:order=2,discount=0.37,weight=3.3", "ngram:order=8,exclusion=false"]
    data = TEXT[:120] + bytes(range(256)) if "NUMBA_DISABLE_JIT" in setting else some_data()
    code = (
        "import sys, warnings; warnings.simplefilter('ignore', RuntimeWarning); from kolmo import coder\n"
        "data = sys.stdin.buffer.read()\n"
        f"for spec in {specs}:\n"
        "    stream = coder(spec).compress(data)\n"
        "    assert coder(spec).decompress(stream) == data\n"
        "    print(stream.hex())\n"
    )
    environment = os.environ | setting | {"NUMBA_CACHE_DIR": str(tmp_path)}
    run = subprocess.run([sys.executable, "-c", code], input=data, capture_output=True, env=environment, check=True)
    assert run.stdout.decode().split() == [coder(spec).compress(data).hex() for spec in specs]


def test_a_compiled_kernel_fuses_no_products_with_sums() -> None:
    """A fused multiply-add rounds once instead of twice; it would be another stream on processors that have none."""
    from kolmo._core.jit import inline
    from kolmo.coders.ngram import kernels as ngram_kernels

    coder("ngram").compress(TEXT)
    run = inline(ngram_kernels.run.py_func)  # type: ignore[attr-defined]  # what comes from the cache cannot be read
    run.compile(ngram_kernels.run.signatures[0])  # type: ignore[attr-defined]
    (intermediate,) = run.inspect_llvm().values()  # type: ignore[attr-defined]
    (assembly,) = run.inspect_asm().values()  # type: ignore[attr-defined]
    assert " fmul " in intermediate
    for fused in ("llvm.fma", "llvm.fmuladd", " fast ", " contract "):
        assert fused not in intermediate
    for fused in ("fmadd", "fmsub", "fnmadd", "fmla", "fmls"):
        assert fused not in assembly


def test_a_claimed_length_allocates_nothing() -> None:
    primed = coder("ngram")
    payload = join_length(2**29, bytes([200, 3, 77, 12]))
    primed.compress(TEXT)
    tracemalloc.start()
    with pytest.raises(DecodeError, match="cannot hold"):
        primed.decompress(payload)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2**20


@pytest.mark.parametrize("change", [lambda s: s + b"\0", lambda s: s + b"x", lambda s: s[:-1], lambda s: s[:-3]])
def test_another_end_is_refused(change) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(DecodeError):
        coder("ngram").decompress(change(coder("ngram").compress(TEXT)))


@pytest.mark.realdata
@pytest.mark.parametrize("file", ["corpora/enwik/enwik6", "dna/ecoli/ecoli_k12_acgt", "corpora/canterbury/kennedy.xls"])
def test_public_data_decode_and_are_as_long_as_stated(data_dir: Path, file: str) -> None:
    data = (data_dir / file).read_bytes()[:300_000]
    stream = coder("ngram").compress(data)
    assert coder("ngram").decompress(stream) == data
    assert abs(8 * len(stream) - coder("ngram").code_length(data)) <= coder("ngram").tags.slack_bits


@pytest.mark.realdata
def test_public_text_is_as_short_as_claimed(data_dir: Path) -> None:
    data = (data_dir / "corpora/enwik/enwik6").read_bytes()
    assert coder("ngram").code_length(data) / len(data) < 2.03
