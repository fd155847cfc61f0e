from __future__ import annotations

import json
import pickle
import warnings
from array import array

import joblib
import numpy as np
import pytest
from hypothesis import given, strategies as st

from kolmo import Coder, coder
from kolmo.coders import all_coders
from kolmo.errors import DataError, DecodeError, NotDecodableError, PrimingWarning, WindowWarning

INSTALLED = [found for _, found in all_coders() if isinstance(found, Coder)]


@given(st.text())
def test_text_counts_as_its_utf8_bytes(text: str) -> None:
    assert coder("deflate").code_length(text) == coder("deflate").code_length(text.encode())


@pytest.mark.parametrize(
    "data", [bytearray(b"abc"), memoryview(b"abc"), np.frombuffer(b"abc", np.uint8), array("b", b"abc")]
)
def test_bytes_like_objects_are_read_as_their_bytes(data: object) -> None:
    assert coder("uniform").code_length(data) == 8 + 24


@pytest.mark.parametrize("data", [None, 3, 2.5, ["a"], np.float64(1), np.array(["a"], object)])
def test_anything_else_is_refused(data: object) -> None:
    with pytest.raises(DataError, match="expected str or bytes, got"):
        coder("deflate").code_length(data)


def test_a_lone_surrogate_is_refused_and_an_escaped_byte_is_not() -> None:
    assert coder("uniform").code_length(b"\xff".decode("utf-8", "surrogateescape")) == 8 + 8
    with pytest.raises(DataError, match="expected Unicode text"):
        coder("uniform").code_length("\ud800")


def test_batch_uses_the_workers_that_joblib_is_configured_with() -> None:
    items = [f"some text {index}" for index in range(3000)]
    single = coder("deflate").code_lengths(items)
    for backend in ("threading", "loky"):
        with joblib.parallel_config(backend, n_jobs=2):
            assert np.array_equal(coder("deflate").code_lengths(items), single)


@pytest.mark.parametrize("found", INSTALLED, ids=str)
def test_priming_with_the_same_text_shortens_the_code(found: Coder) -> None:
    text = "all happy families are alike; each unhappy family is unhappy in its own way. " * 2
    primed = found.prime(text)
    if found.name == "uniform":
        assert primed.code_length(text) == found.code_length(text)
    else:
        assert primed.code_length(text) < found.code_length(text)


@pytest.mark.parametrize("found", INSTALLED, ids=str)
def test_a_primed_coder_primes_on(found: Coder) -> None:
    assert found.prime(b"one ").prime(b"two") == found.prime(b"one two")
    assert found.prime(b"") == found


@pytest.mark.parametrize("found", INSTALLED, ids=str)
def test_a_primed_coder_survives_json_repr_and_pickle(found: Coder) -> None:
    primed = found.prime(bytes(range(256)))
    assert coder(json.loads(json.dumps(primed.config))) == primed
    assert pickle.loads(pickle.dumps(primed)) == primed
    assert eval(repr(primed), {type(found).__name__: type(found)}) == primed
    assert "sha256" in primed.fingerprint


@pytest.mark.parametrize("found", [found for found in INSTALLED if found.tags.priming == "difference"], ids=str)
def test_difference_priming_has_no_stream(found: Coder) -> None:
    with pytest.raises(NotDecodableError):
        found.prime(b"context").compress(b"data")


@pytest.mark.parametrize(
    ("spec", "window"),
    [("deflate", 2**15), ("gzip", 2**15), ("bz2:level=1", 100_000), ("zstd:window_log=16", 2**16), ("lz4", 2**16 - 1)],
)
def test_more_context_than_the_window_holds_is_warned_of(spec: str, window: int) -> None:
    found = coder(spec)
    assert found.tags.window == window
    with pytest.warns(WindowWarning, match=f"last {window:,} bytes"):
        found.prime(bytes(window + 1))
    with pytest.warns(WindowWarning, match=f"last {window:,} bytes"):
        found.joint_code_length(bytes(window + 1), b"y")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found.prime(bytes(window))


def test_deflate_really_forgets_what_lies_beyond_its_window() -> None:
    secret = np.random.default_rng(3).integers(0, 256, 400, dtype=np.uint8).tobytes()
    filler = bytes(2**15)
    with pytest.warns(WindowWarning):
        forgotten = coder("deflate").joint_code_length(secret + filler, secret)
    kept = coder("deflate").joint_code_length(secret, secret)
    assert forgotten > coder("deflate").code_length(secret + filler) + 8 * 390
    assert kept < coder("deflate").code_length(secret) + 8 * 40


def test_a_compression_bomb_is_refused_before_it_is_decoded() -> None:
    zeros = bytes(50_000_000)
    for found in INSTALLED:
        if found.tags.decodable and found.name != "uniform":
            bomb = coder("zstd").compress(zeros) if found.name == "zstd" else found.compress(zeros[:5000])
            with pytest.raises(DecodeError, match="expected at most 1,000 decoded bytes, got more"):
                found.decompress(bomb, max_size=1000)


@pytest.mark.parametrize("name", ["deflate", "zlib", "zstd", "zstd:level=19", "lz4", "lz4:level=9"])
def test_a_context_that_is_too_short_to_use_warns(name: str) -> None:
    """Below ``tags.min_context`` a text that equals the context is no shorter; the warning says so."""
    found = coder(name)
    least = found.tags.min_context
    for size in range(1, least):
        context = bytes(range(97, 97 + size))
        with pytest.warns(PrimingWarning, match=f"pass at least {least} bytes") as caught:
            primed = found.prime(context)
        assert caught[0].filename == __file__
        assert primed.code_length(context) >= found.code_length(context)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found.prime(bytes(range(97, 97 + least)))
