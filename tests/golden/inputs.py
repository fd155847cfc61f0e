"""What the golden streams hold, made anew each time in whole numbers alone, and the container's two directions."""

from __future__ import annotations

import hashlib
import io
import itertools
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import kolmo
from kolmo.container import ContainerReport, read_container, read_header, write_container

FOLDER = Path(__file__).parent
STREAMS = FOLDER / "streams"
MANIFEST = FOLDER / "manifest.json"
PROGRAM_BITS = FOLDER / "programs.json"

_COMMON = """
the a of and to in is that it was for on with as his they be at one have this from by had not but what all were
when we there can an your which their said if do will each about how up out them then she many some so these
would other into has more her two like him see time could no make than first been its who now people my made
over did down only way find use may water long little very after words called just where most know
"""
_WORDS = _COMMON.split()


def numbers(seed: int) -> Iterator[int]:
    """Yield 32-bit numbers: the upper half of a linear congruential generator of 64 bits (Knuth's MMIX)."""
    state = seed
    while True:
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        yield state >> 32


def text(size: int, seed: int) -> bytes:
    """Return sentences of common words, in lines, now and then with a letter beyond ASCII, a number or brackets."""
    draw, pieces, line = numbers(seed), [], 0
    while sum(map(len, pieces)) < 2 * size:
        words = [_WORDS[next(draw) % (next(draw) % len(_WORDS) + 1)] for _ in range(4 + next(draw) % 9)]
        kind = next(draw) % 8
        if kind == 0:
            words[2] = "naïve — “café”"
        elif kind == 1:
            words[2] = str(1900 + next(draw) % 100)
        elif kind == 2:
            words[1:3] = [f"({words[1]} {words[2]})"]
        sentence = " ".join(words).capitalize() + ("." if kind < 6 else "?")
        line += len(sentence)
        pieces.append(sentence + ("\n" if line > 70 else " "))
        line = line if line <= 70 else 0
    return "".join(pieces).encode()[:size].decode(errors="ignore").encode()


def markup(n_entries: int) -> bytes:
    """Return a small XML document of nested, indented tags with attributes and entities."""
    draw, lines = numbers(5), ['<?xml version="1.0"?>', "<catalogue>"]
    for number in range(n_entries):
        name = " ".join(_WORDS[next(draw) % len(_WORDS)] for _ in range(3))
        lines += [
            f'  <book id="bk{101 + number}" lang="{("en", "de", "fr")[next(draw) % 3]}">',
            f"    <title>{name} &amp; co.</title>",
            f"    <price>{next(draw) % 40}.{next(draw) % 100:02}</price>",
            "  </book>",
        ]
    return "\n".join([*lines, "</catalogue>", ""]).encode()


def image(width: int, height: int, channels: int = 1) -> bytes:
    """Return a smooth raster, row by row: rings around a point, another for each channel, and a little noise."""
    draw = numbers(7)
    return bytes(
        (math.isqrt(36 * ((x - 9 - 2 * c) ** 2 + (y - 7 - c) ** 2)) + 20 * c + next(draw) % 3) % 256
        for y in range(height)
        for x in range(width)
        for c in range(channels)
    )


def sound(n_frames: int, channels: int = 1) -> bytes:
    """Return 16-bit samples, low byte first: a sine for each channel, by a recurrence in whole numbers, and noise."""
    draw, states = numbers(11), [[0, 40_000 * (channel + 2) << 3] for channel in range(channels)]
    samples = bytearray()
    for _ in range(n_frames):
        for channel, state in enumerate(states):
            # sin(t + s) = 2 cos(s) sin(t) - sin(t - s), in units of 2**-20 of a cosine, and 2**-8 of a sample
            state[:] = state[1], ((2**21 - 9_000 * (channel + 1)) * state[1] >> 20) - state[0]
            sample = max(-(2**15), min(2**15 - 1, (state[0] >> 8) + next(draw) % 16))
            samples += sample.to_bytes(2, "little", signed=True)
    return bytes(samples)


def bases(size: int) -> bytes:
    """Return DNA: a piece, the same with mutations, the other strand of it, and so on."""
    draw = numbers(13)
    start = bytes(b"ACGT"[next(draw) % 4] for _ in range(size // 4))
    strands = itertools.cycle([start, start.translate(bytes.maketrans(b"ACGT", b"TGCA"))[::-1]])
    found = start
    while len(found) < size:
        found += bytes(b"ACGTN"[next(draw) % 5] if next(draw) % 20 == 0 else base for base in next(strands))
    return found[:size]


def records(count: int) -> bytes:
    """Return records of 13 bytes: a count, a value that moves slowly, a word of three letters, four bytes of noise."""
    draw, value, found = numbers(17), 5_000, bytearray()
    for number in range(count):
        value += next(draw) % 21 - 10
        found += (70_000 + number).to_bytes(4, "little") + value.to_bytes(2, "big")
        found += (b"red", b"sky", b"oak")[next(draw) % 3] + (next(draw) % 2**10).to_bytes(4, "little")
    return bytes(found)


def noise(size: int) -> bytes:
    """Return bytes that nothing compresses."""
    blocks = (hashlib.sha256(number.to_bytes(4, "big")).digest() for number in itertools.count())
    return b"".join(itertools.islice(blocks, size // 32 + 1))[:size]


def patched_range(size: int) -> bytes:
    """Return every fourth byte from 3 on, with one error."""
    found = bytearray((3 + 4 * place) % 256 for place in range(size))
    found[20] = 99
    return bytes(found)


INPUTS: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "byte": lambda: b"a",
    "word": lambda: b"abracadabra",
    "zeros": lambda: bytes(600),
    "noise": lambda: noise(260),
    "text": lambda: text(1_400, seed=1),
    "line": lambda: text(200, seed=2),
    "context": lambda: text(900, seed=3),
    "markup": lambda: markup(8),
    "image": lambda: image(32, 32),
    "image-rgb": lambda: image(16, 24, 3),
    "image-cut": lambda: image(16, 24, 3)[:-37],
    "sound": lambda: sound(500),
    "sound-stereo": lambda: sound(260, 2),
    "sound-cut": lambda: sound(260, 2)[:-3],
    "bases": lambda: bases(1_200),
    "records": lambda: records(80),
    "period": lambda: b"001" * 15,
    "thue-morse": lambda: bytes(48 + place.bit_count() % 2 for place in range(32)),
    "range": lambda: patched_range(60),
    # from 4 KiB on, `mix` looks for a layout, and may leave its context aside
    "long-image": lambda: image(48, 100),
    "long-records": lambda: records(320),
    "long-sound": lambda: sound(2_200),
}
"""The inputs by name; contexts are taken from them too."""


def pack(coder: kolmo.Coder, data: bytes, block_size: int, context_name: str) -> bytes:
    """Return a whole .kolmo file."""
    file = io.BytesIO()
    write_container(io.BytesIO(data), file, coder, block_size=block_size, context_name=context_name)
    return file.getvalue()


def unpack(file: bytes, context: bytes) -> tuple[bytes, ContainerReport]:
    """Return what a .kolmo file holds, and what was read."""
    original = io.BytesIO()
    report = read_container(io.BytesIO(file), original, context=context)
    return original.getvalue(), report


def stated_fingerprint(file: bytes) -> str:
    """Return what a .kolmo file says of the versions that wrote it."""
    return read_header(io.BytesIO(file)).fingerprint
