"""Structure and noise of sources whose entropy rate is exact: Markov chains and probabilistic grammars.

    python benchmarks/structure.py -o results/structure.jsonl

Each source writes `--size` bytes, with seeds that were not used while the level of the curve was developed (0 and 1
were). The coder is `mix`. A row has the entropy rate, the mean of the last half, the noise H_T with its interval, how
far both are from the entropy in percent, and the structure S_T. Random and constant data stand beside them.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
import records

from kolmo import prequential_curve

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "reference"))
from sources import grammar, markov

SEEDS = (7, 8)
MARKOV = ((1, 20), (3, 16))
CONTEXTS = ((0, 8), (1, 8), (2, 8), (3, 8))
GRAMMARS = (1, 4, 16, 64, 256)


def sources(size: int) -> Iterator[tuple[str, int, bytes, float]]:
    """Yield the name, the seed, the data and the entropy rate of each source."""
    for order, symbols in MARKOV:
        for seed in SEEDS:
            yield f"Markov chain, order {order}, {symbols} symbols", seed, *markov(order, symbols, size, seed=seed)
    small = size // 4
    for order, symbols in CONTEXTS:
        yield f"Markov chain, order {order}, {symbols} symbols", 7, *markov(order, symbols, small, seed=7)
    for n_symbols in GRAMMARS:
        yield f"grammar of {n_symbols} symbols", 7, *grammar(n_symbols, size, seed=7)
    yield "random bytes", 7, np.random.default_rng(7).bytes(small), 8.0
    yield "constant", 0, b"a" * small, 0.0


@click.command()
@click.option("--size", default=1_000_000)
@click.option("--only", default="", help="Measure only the sources whose name has this in it.")
@click.option("-o", "--output", type=click.Path(path_type=Path))
def main(size: int, only: str, output: Path | None) -> None:
    """Measure all sources, and print and append the rows."""
    for name, seed, data, entropy in sources(size):
        if only not in name:
            continue
        start = time.process_time()
        curve = prequential_curve(data)
        half = len(data) // 2
        late = curve.sizes > half
        lengths = np.diff(np.concatenate([[0], curve.sizes]))
        last_half = float(np.average(curve.bits_per_byte[late], weights=lengths[late]))
        noise = curve.noise_bits_per_byte
        row = {
            "source": name,
            "seed": seed,
            "size_bytes": len(data),
            "entropy": round(entropy, 4),
            "last_half": round(last_half, 4),
            "noise": round(noise, 4),
            "noise_interval": [round(end, 4) for end in curve.noise_interval],
            "level": curve.level,
            "off_percent": round(100 * (noise / entropy - 1), 2) if entropy else None,
            "last_half_off_percent": round(100 * (last_half / entropy - 1), 2) if entropy else None,
            "structure_bits": round(curve.structure_bits),
            "structure_interval": [round(end) for end in curve.structure_interval],
            "cpu_seconds": round(time.process_time() - start, 1),
        }
        print(row, flush=True)
        records.append(output, row)


if __name__ == "__main__":
    main()
