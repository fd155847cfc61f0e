from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from kolmo import coder
from kolmo.coders.library import ppmd_process
from kolmo.errors import DecodeError, KolmoError

pyppmd = pytest.importorskip("pyppmd", reason="the extra ppmd is not installed")

BREAKING_SEEDS = [2, 76, 96, 115, 121]
"""33,000 random bytes of these seeds give a broken stream when they go through one call of pyppmd 1.3.1's encode()."""


@pytest.mark.parametrize("seed", BREAKING_SEEDS)
def test_inputs_that_pyppmd_corrupts_in_one_call_survive(seed: int) -> None:
    data = random.Random(seed).randbytes(33_000)
    ppmd = coder("ppmd")
    assert ppmd.decompress(ppmd.compress(data)) == data


def test_the_pinned_inputs_still_tell_one_call_from_many() -> None:
    """If this fails, pyppmd was mended or the pins no longer bite: look again at the chunks."""
    broken = 0
    for seed in BREAKING_SEEDS:
        data = random.Random(seed).randbytes(33_000)
        encoder = pyppmd.Ppmd7Encoder(6, 2**24)
        in_one_call = encoder.encode(data) + encoder.flush()
        broken += in_one_call != ppmd_process.encode(data, order=6, memory=2**24)
    assert broken


@pytest.mark.parametrize("damage", [lambda stream: stream[:200], lambda stream: stream[:100] + b"?" + stream[101:]])
def test_a_wrong_stream_of_the_library_is_noticed_and_not_returned(
    damage: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    encode = ppmd_process.encode
    monkeypatch.setattr(ppmd_process, "encode", lambda data, **model: damage(encode(data, **model)))
    with pytest.raises(KolmoError, match="does not decode"):
        coder("ppmd").compress(random.Random(0).randbytes(1_000))


@pytest.mark.parametrize("seed", range(12))
def test_corrupt_streams_do_not_crash_the_interpreter(seed: int) -> None:
    choose = random.Random(seed)
    ppmd = coder("ppmd:order=64,memory=2048")
    text = b"how much wood would a woodchuck chuck " * 200
    payload = bytearray(ppmd.compress(text))
    for _ in range(3):
        payload[choose.randrange(2, len(payload))] ^= 1 << choose.randrange(8)
    with pytest.raises(DecodeError):
        ppmd.decompress(bytes(payload))


def test_what_follows_a_stream_is_noticed() -> None:
    ppmd = coder("ppmd")
    with pytest.raises(DecodeError, match="not the complete PPMd stream"):
        ppmd.decompress(ppmd.compress(b"abracadabra") + b"x")


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the system does not tell a process's memory")
def test_many_lengths_are_those_of_single_calls_and_leave_no_memory_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """One encoder leaves 19 KiB behind, so the second 6,000 would add more than 100 MB to this process."""
    ppmd = coder("ppmd:order=3,memory=65536")
    items = [b"item %d of many" % (index % 500) for index in range(6_000)]
    monkeypatch.setattr("kolmo.coders.library.ppmd._LEAK_TOLERATED", 0)
    expected = {item: ppmd.code_length(item) for item in items[:500]}
    before = resident_bytes()
    lengths = ppmd._batch(items)
    assert resident_bytes() - before < 50_000_000
    assert lengths.tolist() == [expected[item] for item in items]
    assert ppmd._joint_batch(items[:3], items[:4])[2, 3] == ppmd.code_length(items[2] + items[3])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system does not fork processes")
@pytest.mark.parametrize("seed", range(3))
def test_lengths_after_a_prefix_that_is_read_once_are_those_of_single_calls(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of any length, also with a model of 2 KiB, which is reset many times."""
    choose = random.Random(seed)
    words = [choose.randbytes(choose.randrange(1, 9)) for _ in range(50)]
    xs = [b" ".join(choose.choices(words, k=choose.randrange(1, 3000))) for _ in range(2)]
    ys = [b"", *(b" ".join(choose.choices(words, k=choose.randrange(1, 1500))) for _ in range(4))]
    ppmd = coder("ppmd", memory=choose.choice([2048, 2**24]))
    expected = [[ppmd.code_length(x + y) for y in ys] for x in xs]
    monkeypatch.setattr("kolmo.coders.library.ppmd._FORKS_AFTER", 1)
    monkeypatch.setattr("kolmo.coders.library.ppmd._FORKS_FROM", 1)
    tasks = []
    run = type(ppmd)._run_apart
    monkeypatch.setattr(
        type(ppmd), "_run_apart", lambda self, task, *rest: tasks.append(task) or run(self, task, *rest)
    )
    assert ppmd.joint_code_lengths(xs, ys).tolist() == expected
    assert tasks == ["after"] * 2
    alone = ppmd.code_length(xs[0])
    assert ppmd.prime(xs[0]).code_lengths(ys).tolist() == [bits - alone for bits in expected[0]]
    monkeypatch.setattr(type(ppmd), "_run_apart", lambda self, task, *rest: None)
    assert ppmd.joint_code_lengths(xs, ys).tolist() == expected, "where forks fail, prefixes are read again"


def resident_bytes() -> int:
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
