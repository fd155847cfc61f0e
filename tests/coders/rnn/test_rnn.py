"""The recurrent coder: exact streams, exact distributions, and how small it makes public data."""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from kolmo import coder
from kolmo.coders import mixture
from kolmo.coders.entropy.framing import code_bits, join_length
from kolmo.coders.rnn.model import Model
from kolmo.coders.rnn.network import WINDOW
from kolmo.errors import DecodeError, ParameterError

TEXT = b"It is a truth universally acknowledged, that a single man in possession of a good fortune, must be in want. "


@given(data=st.binary(max_size=300), hidden=st.sampled_from([16, 48]), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_it_decodes(data: bytes, hidden: int, seed: int) -> None:
    gru = coder("gru", hidden=hidden, seed=seed)
    payload = gru.compress(data * 3)
    assert gru.decompress(payload) == data * 3
    assert abs(8 * len(payload) - gru.code_length(data * 3)) <= 24


@given(data=st.binary(max_size=200), context=st.binary(max_size=200), cut=st.integers(0, 200))
@settings(max_examples=30, deadline=None)
def test_it_goes_on_where_it_was(data: bytes, context: bytes, cut: int) -> None:
    gru = coder("gru", hidden=16)
    cursor = gru.cursor(context)
    parts = [cursor.surprisals(data[:cut]), cursor.copy().surprisals(data[cut:])]
    assert np.array_equal(np.concatenate(parts), gru.cursor(context).surprisals(data))
    whole = gru.surprisals(data, context=context)
    assert gru.prime(context).code_length(data) == pytest.approx(
        whole.sum() + code_bits(len(data), 0.0) + 8 * len(join_length(len(data), b""))
    )


@given(context=st.binary(max_size=150), byte=st.integers(0, 255))
@settings(max_examples=30, deadline=None)
def test_distributions_are_what_bytes_cost(context: bytes, byte: int) -> None:
    cursor = coder("gru", hidden=16).cursor(context * 3)
    chances = cursor.distribution()
    assert chances.sum() == pytest.approx(1, abs=1e-12)
    assert -np.log2(chances[byte]) == pytest.approx(cursor.surprisals(bytes([byte]))[0], abs=1e-9)


def test_copies_are_independent() -> None:
    one = coder("gru").cursor(TEXT)
    other, third = one.copy(), one.copy()
    bits = one.surprisals(TEXT)
    assert np.array_equal(other.surprisals(TEXT), bits)
    payload = third.copy().encode(TEXT)
    assert third.decode(payload, len(TEXT)) == TEXT


def test_it_learns_and_priming_helps() -> None:
    gru = coder("gru")
    bits = gru.surprisals(TEXT * 4)
    assert bits[-len(TEXT) :].sum() < 0.1 * bits[: len(TEXT)].sum()
    assert gru.prime(TEXT).code_length(TEXT) < 0.3 * gru.code_length(TEXT)


def test_the_network_alone_learns() -> None:
    """Bytes that no short context tells: the network keeps what came before them."""
    random = np.random.default_rng(0)
    data = b"".join(bytes([97 + k]) + bytes(random.integers(110, 112, 3).tolist()) + bytes([65 + k])
                    for k in random.integers(0, 2, 4000))  # fmt: skip
    bits = coder("gru", hidden=32).surprisals(data).reshape(-1, 5)
    assert bits[-1000:, 4].mean() < 0.1


@pytest.mark.slow
@pytest.mark.parametrize(
    "setting", [{"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}, {"NUMBA_DISABLE_JIT": "1"}]
)
def test_streams_are_the_same_for_another_processor_and_in_plain_python(
    setting: dict[str, str], tmp_path: Path
) -> None:
    plain = "NUMBA_DISABLE_JIT" in setting
    data = TEXT * 2 + bytes(range(200, 256)) if plain else TEXT * 300 + bytes(range(256)) * 20 + TEXT[::-1] * 50
    hidden = 16 if plain else 64
    assert len(data) > 3 * WINDOW  # some of it after it has learned
    code = (
        "import sys, warnings; warnings.simplefilter('ignore', RuntimeWarning); from kolmo import coder\n"
        f"stream = coder('gru', hidden={hidden}).compress(sys.stdin.buffer.read())\n"
        "import hashlib; print(hashlib.sha256(stream).hexdigest())\n"
    )
    environment = os.environ | setting | {"NUMBA_CACHE_DIR": str(tmp_path)}
    run = subprocess.run([sys.executable, "-c", code], input=data, capture_output=True, env=environment, check=True)
    here = hashlib.sha256(coder("gru", hidden=hidden).compress(data)).hexdigest()
    assert run.stdout.decode().strip() == here


def test_the_first_weights_are_these() -> None:
    """They belong to the format: another value is another format."""
    digest = hashlib.sha256(Model(64, 0, 100).memory.tobytes()).hexdigest()
    assert digest[:16] == "ad511427760ca853"


def test_a_short_text_takes_little_memory() -> None:
    model = Model(64, 0, 200)
    assert sum(array.nbytes for array in vars(model).values()) < 2**20


@pytest.mark.parametrize("change", [lambda s: s + b"\0", lambda s: s + b"x", lambda s: s[:-1], lambda s: s[:-3]])
def test_another_end_is_refused(change) -> None:  # type: ignore[no-untyped-def]
    gru = coder("gru")
    with pytest.raises(DecodeError):
        gru.decompress(change(gru.compress(TEXT * 4)))


@given(place=st.integers(0, 10**6), bit=st.integers(0, 7), end=st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_a_changed_stream_is_refused_or_reads_as_another(place: int, bit: int, end: int) -> None:
    gru = coder("gru", hidden=16)
    data = TEXT * 2
    payload = bytearray(gru.compress(data))
    payload[place % len(payload)] ^= 1 << bit
    for changed in (bytes(payload), bytes(payload[: end % len(payload)])):
        with contextlib.suppress(DecodeError):
            assert gru.decompress(changed, max_size=2**16) != data


@pytest.mark.parametrize("parameters", [{"hidden": 0}, {"hidden": 24}, {"hidden": 1024}, {"seed": -1}, {"seed": 2**32}])
def test_other_parameters_are_refused(parameters: dict[str, int]) -> None:
    with pytest.raises(ParameterError, match=next(iter(parameters))):
        coder("gru", **parameters)


def test_it_is_a_member_of_a_mixture() -> None:
    mixed = mixture(["gru:hidden=16", "mix:level=1"])
    assert mixed.code_length(TEXT * 3) <= min(member.code_length(TEXT * 3) for member in mixed.members) + 2
    assert mixed.decompress(mixed.compress(TEXT[:40])) == TEXT[:40]


@pytest.mark.realdata
@pytest.mark.slow
def test_public_data_are_as_small_as_claimed(data_dir: Path) -> None:
    data = (data_dir / "corpora/enwik/enwik6").read_bytes()
    assert coder("gru").code_length(data) / len(data) <= 1.81
