"""The binary arithmetic coder: it reads back what it wrote, is as short as can be, and refuses another end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st

from kolmo._core.jit import jit
from kolmo.coders.entropy import binary as binary_code
from kolmo.coders.entropy.binary import DECODE, ENCODE, code_bit, stuck
from kolmo.coders.entropy.framing import MAX_RATIO, check_ratio, code_bits
from kolmo.errors import DecodeError

WHOLE = 2**32
ANY_CHANCE = st.integers(0, WHOLE - 1) | st.integers(0, 300) | st.integers(WHOLE - 300, WHOLE - 1)


@jit
def code_bytes(mode: int, data: Any, chances: Any, stream: Any, cursor: Any) -> int:
    place, low, high, window = cursor[0], cursor[1], cursor[2], cursor[3]
    done = len(data)
    for position in range(len(data)):
        if stuck(mode, place, stream):
            done = position
            break
        symbol = 0
        for k in range(8):
            bit, chance = (np.int64(data[position]) >> k) & 1, chances[8 * position + k]
            bit, low, high, window, place = code_bit(mode, bit, chance, low, high, window, place, stream)
            symbol |= bit << k
        data[position] = symbol
    cursor[0], cursor[1], cursor[2], cursor[3] = place, low, high, window
    return done


def encoded(data: bytes, chances: list[int]) -> bytes:
    values, each, done = np.frombuffer(data, np.uint8).copy(), np.array(chances, np.int64), 0

    def code(stream: Any, cursor: Any) -> bool:
        nonlocal done
        done += code_bytes(ENCODE, values[done:], each[8 * done :], stream, cursor)
        return done == len(data)

    return binary_code.encode(code, len(data))


def decoded(payload: bytes, chances: list[int]) -> bytes:
    each, pieces = np.array(chances, np.int64), bytearray()

    def code(asked: int, stream: Any, cursor: Any) -> int:
        piece = np.empty(asked, np.uint8)
        done: int = code_bytes(DECODE, piece, each[8 * len(pieces) :], stream, cursor)
        pieces.extend(piece)
        return done

    binary_code.decode(code, payload, len(chances) // 8)
    return bytes(pieces)


@st.composite
def bytes_and_chances(draw: st.DrawFn) -> tuple[bytes, list[int]]:
    data = draw(st.binary(max_size=60))
    return data, draw(st.lists(ANY_CHANCE, min_size=8 * len(data), max_size=8 * len(data)))


@given(bytes_and_chances())
@settings(max_examples=200, deadline=None)
def test_any_bits_with_any_chances_are_read_back(case: tuple[bytes, list[int]]) -> None:
    data, chances = case
    assert decoded(encoded(data, chances), chances) == data


@given(st.binary(min_size=1, max_size=400), st.integers(0, 2**30), st.integers(1, 16))
@settings(max_examples=50, deadline=None)
def test_the_stream_is_as_short_as_the_chances_say(data: bytes, seed: int, smallest: int) -> None:
    random = np.random.default_rng(seed)
    chances = random.integers(WHOLE >> smallest, WHOLE - (WHOLE >> smallest), 8 * len(data), endpoint=True)
    ones = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
    bits = -np.log2(np.where(ones, chances, WHOLE - chances) / WHOLE).sum()
    assert bits - 24 <= 8 * len(encoded(data, chances.tolist())) <= bits + 16


def test_streams_longer_than_the_buffer_go_on() -> None:
    data = np.random.default_rng(0).bytes(3 * binary_code.STREAM_ROOM)
    chances = [WHOLE // 2] * (8 * len(data))
    stream = encoded(data, chances)
    assert abs(len(stream) - len(data)) <= 2
    assert decoded(stream, chances) == data


def test_what_is_nearly_certain_takes_nearly_nothing() -> None:
    stream = encoded(bytes(100_000), [0] * 800_000)
    assert len(stream) == 100_000 // MAX_RATIO
    assert decoded(stream, [0] * 800_000) == bytes(100_000)


@given(bytes_and_chances(), st.binary(min_size=1, max_size=12))
@settings(max_examples=100, deadline=None)
def test_a_tail_is_refused(case: tuple[bytes, list[int]], tail: bytes) -> None:
    data, chances = case
    with pytest.raises(DecodeError, match="does not end with its"):
        decoded(encoded(data, chances) + tail, chances)


@given(bytes_and_chances(), st.data())
@settings(max_examples=100, deadline=None)
def test_a_stream_cut_is_refused_and_one_changed_is_another(
    case: tuple[bytes, list[int]], choice: st.DataObject
) -> None:
    data, chances = case
    stream = encoded(data, chances)
    assume(stream)
    place = choice.draw(st.integers(0, len(stream) - 1))
    with pytest.raises(DecodeError):
        decoded(stream[:place], chances)
    changed = stream[:place] + bytes([stream[place] ^ choice.draw(st.integers(1, 255))]) + stream[place + 1 :]
    try:
        found = decoded(changed, chances)
    except DecodeError:
        return
    assert found != data


def test_a_stream_that_ends_long_before_its_bytes_is_refused() -> None:
    with pytest.raises(DecodeError, match="ends before"):
        decoded(b"some", [WHOLE // 2] * 8000)


def test_a_size_is_refused_only_if_it_cannot_be() -> None:
    stream = encoded(bytes(200_000), [1 << 12] * 1_600_000)
    check_ratio(len(stream), 200_000)
    with pytest.raises(DecodeError, match="cannot hold"):
        check_ratio(len(stream), 10**8)
    assert code_bits(200_000, 10.0) == 8 * (200_000 // MAX_RATIO)
