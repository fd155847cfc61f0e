"""Cost of small forged archives: processor time and memory of decoding by coder.

Each archive has valid checksums, a configuration of any decodable coder, a payload of up to 100 random or equal bytes,
and claims between one byte and the most that its payload may hold. Kernels are loaded before the measurement.

    python benchmarks/hostile_streams.py --archives 100000 -o benchmarks/results/hostile_streams.jsonl
"""

from __future__ import annotations

import argparse
import io
import random
import time
from collections import defaultdict
from pathlib import Path

from fuzz_inputs import forged
from records import append

from kolmo import clear_caches, coder
from kolmo._core.memory import peak_memory
from kolmo.coders.entropy.framing import MAX_RATIO, join_length
from kolmo.container.archive import read_container
from kolmo.errors import KolmoError

CODERS = (
    *("mix:level=1", "mix:level=2", "mix", "mix:level=4", "mix:level=5", "mix:level=6", "mix:layout=bases"),
    *("gru", "gru:hidden=512", "ngram", "ngram:order=8", "mixture", "mixture:coders=ngram+mix:level=6", "best"),
    *("uniform", "zstd", "lzma", "lzma:preset=9", "bz2", "gzip", "brotli", "lz4", "ppmd", "ppmd:memory=1073741824"),
)
RARE = {"mixture:coders=ngram+mix:level=6": 100, "mixture": 50, "gru:hidden=512": 50}
"""Coders that take minutes for a hundred bytes that expand to the most: only one in so many of their turns is used."""
MAX_SIZE = 10**6


def make(spec: str, number: int) -> bytes:
    """Return a forged archive."""
    drawn = random.Random(number)
    n_bytes = drawn.choice([1, 2, 4, 8, 16, 40, 100])
    payload = drawn.randbytes(n_bytes) if drawn.random() < 0.5 else bytes([drawn.choice([0, 128, 255])]) * n_bytes
    claims = drawn.choice([1, n_bytes, 100, n_bytes * MAX_RATIO])
    if drawn.random() < 0.7:  # own coders state the length in the payload, too
        payload = join_length(claims, payload)
    return forged(coder(spec).config, payload, claims)


def cost(archive: bytes) -> tuple[float, int, bool]:
    """Return seconds of processor time, bytes of memory and whether the archive was decoded."""
    with peak_memory() as peak:
        start = time.process_time()
        try:
            read_container(io.BytesIO(archive), io.BytesIO(), max_size=MAX_SIZE)
            is_decoded = True
        except KolmoError:
            is_decoded = False
        seconds = time.process_time() - start
    return seconds, peak.size or 0, is_decoded


def main() -> None:
    """Measure, and print a row a coder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--archives", type=int, default=2000)
    parser.add_argument("-o", "--output", type=Path)
    given = parser.parse_args()
    costs: dict[str, list[tuple[float, int, bool]]] = defaultdict(list)
    for number in range(-len(CODERS), given.archives):
        spec = CODERS[number % len(CODERS)]
        clear_caches()
        if number < 0:
            cost(forged(coder(spec).config, coder(spec).compress(bytes(100)), 100))
        elif number // len(CODERS) % RARE.get(spec, 1) == 0:
            costs[spec].append(cost(make(spec, number)))
    for spec, found in costs.items():
        times = sorted(seconds for seconds, *_ in found)
        row = {
            "claim": "hostile streams",
            "coder": spec,
            "archives": len(found),
            "median_ms": round(1000 * times[len(times) // 2], 2),
            "p99_ms": round(1000 * times[len(times) * 99 // 100], 2),
            "max_ms": round(1000 * times[-1], 1),
            "over_50_ms": sum(seconds > 0.05 for seconds in times),
            "max_MB": round(max(size for _, size, _ in found) / 1e6, 1),
            "decoded": sum(is_decoded for *_, is_decoded in found),
        }
        print(*(f"{value:>9}" if isinstance(value, int | float) else f"{value:34}" for value in list(row.values())[1:]))
        append(given.output, row)


if __name__ == "__main__":
    main()
