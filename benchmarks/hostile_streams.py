"""Cost of decoding forged archives: time and memory by coder.

Each archive has valid checksums, a random configuration, a payload of random bytes, of equal bytes or of a stream that
decodes (the most expensive), and claims a random length or the largest one that the payload may hold.

    python benchmarks/hostile_streams.py --archives 100000 -o benchmarks/results/hostile_streams.json
"""

from __future__ import annotations

import argparse
import io
import json
import random
import resource
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from fuzz_inputs import forged

from kolmo import coder
from kolmo._core.memory import clear_caches, peak_memory
from kolmo.coders.entropy.framing import MAX_RATIO, join_length
from kolmo.container.archive import read_container
from kolmo.errors import KolmoError

OWN = (
    *("mix:level=1", "mix:level=2", "mix", "mix:level=4", "mix:level=5", "mix:level=6", "mix:layout=bases"),
    *("gru", "gru:hidden=512", "ngram", "ngram:order=12", "mixture", "mixture:coders=ngram+mix:level=6"),
    *("best", "uniform", "order0"),
)
LIBRARY = ("zstd", "lzma", "bz2", "gzip", "brotli", "lz4", "ppmd", "ppmd:memory=2000000000", "lzma:preset=9")
MAX_SIZE = 10**6


def make(number: int) -> tuple[str, str, bytes]:
    """Return the coder, the kind and the bytes of a forged archive."""
    drawn = random.Random(number)
    spec = drawn.choice(OWN * 2 + LIBRARY)
    kind = drawn.choice(["random", "equal", "decodes"])
    n_bytes = drawn.choice([1, 2, 4, 8, 16, 40, 100])
    if kind == "random":
        payload = drawn.randbytes(n_bytes)
    elif kind == "equal":
        payload = bytes([drawn.choice([0, 128, 255])]) * n_bytes
    else:
        payload = _decodable(spec, n_bytes * MAX_RATIO)
    claims = drawn.choice([n_bytes, 100, n_bytes * MAX_RATIO, MAX_SIZE])
    if kind == "decodes":
        claims = n_bytes * MAX_RATIO
    elif drawn.random() < 0.7:
        payload = join_length(claims, payload)
    return spec, kind, forged(coder(spec).config, payload, claims)


_streams: dict[tuple[str, int], bytes] = {}


def _decodable(spec: str, size: int) -> bytes:
    """Return the stream of equal bytes, the longest for its length."""
    key = (spec, size)
    if key not in _streams:
        try:
            _streams[key] = coder(spec).compress(bytes(size))
        except KolmoError:
            _streams[key] = b"\1"
    return _streams[key]


def cost(archive: bytes) -> tuple[float, int, str]:
    """Return seconds, bytes of peak memory and the outcome of decompressing an archive."""
    outcome = "decoded"
    with peak_memory() as peak:
        start = time.perf_counter()
        try:
            read_container(io.BytesIO(archive), io.BytesIO(), max_size=MAX_SIZE)
        except KolmoError as error:
            outcome = type(error).__name__
        seconds = time.perf_counter() - start
    return seconds, peak.size or 0, outcome


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--archives", type=int, default=2000)
    parser.add_argument("-o", "--output", type=Path)
    given = parser.parse_args()
    for spec in (*OWN, *LIBRARY):  # kernels are loaded before the measurement
        payload = _decodable(spec, 1000)
        cost(forged(coder(spec).config, payload, 1000))
    rows: dict[tuple[str, str], list[tuple[float, int, str, int]]] = defaultdict(list)
    for number in range(given.archives):
        spec, kind, archive = make(number)
        clear_caches()
        rows[spec, kind].append((*cost(archive), len(archive)))
    table: list[dict[str, Any]] = []
    for (spec, kind), costs in sorted(rows.items()):
        times = sorted(seconds for seconds, *_ in costs)
        table.append(
            {
                "coder": spec,
                "payload": kind,
                "archives": len(costs),
                "median_ms": 1000 * times[len(times) // 2],
                "max_ms": 1000 * times[-1],
                "max_MB": max(size for _, size, *_ in costs) / 1e6,
                "archive_bytes_of_max": max(costs)[-1],
                "decoded": sum(outcome == "decoded" for *_, outcome, _ in costs),
            }
        )
        print(
            f"{spec:36} {kind:8} {len(costs):6} {table[-1]['median_ms']:9.2f} {table[-1]['max_ms']:9.1f} "
            f"{table[-1]['max_MB']:8.1f} {table[-1]['archive_bytes_of_max']:6} {table[-1]['decoded']:5}"
        )
    print(f"process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000:.0f} MB")
    if given.output:
        given.output.write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main()
