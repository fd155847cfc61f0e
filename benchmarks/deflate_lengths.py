"""Exact deflate lengths: mismatches against the installed zlib on random pairs, and speed against zlib.compress.

Lower bounds that exceed the real length are counted on the same pairs.

    python benchmarks/deflate_lengths.py --pairs 1000000 --texts DATA/train10k.tsv --texts DATA/R8/train.txt

Pairs are drawn anew for each seed, the same share of every kind. Long ones are a hundredth of the rest, since zlib
takes as much longer for them. Speed is measured in one thread, the two ways in turn; the time to load the kernels, or
to compile them where that was not done before, is printed apart.
"""

from __future__ import annotations

import json
import platform
import random
import time
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.table import Table

import kolmo
from kolmo.coders.deflate import lengths as deflate_lengths
from kolmo.coders.deflate.lengths import bounded_sizes, joint_sizes
from kolmo.coders.deflate.pairs import prepare
from kolmo.data.builtin import docstrings

SIZES = (0, 1, 2, 3, 4, 5, 7, 10, 20, 50, 100, 240, 500, 1000)
LONG_SIZES = (2_000, 8_000, 15_000)
SPEED_SIZES = (240, 2_000, 15_000, 20_000)
ROWS, COLUMNS = 50, 100
Draw = Callable[[random.Random, int], bytes]


@click.command(help=__doc__.partition("\n")[0] if __doc__ else None)
@click.option("--pairs", type=int, default=100_000, show_default=True, help="Random pairs to check.")
@click.option("--texts", "files", type=click.Path(exists=True, path_type=Path), multiple=True, help="One text a line.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--speed/--no-speed", default=True, show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="JSON-lines file to append to.")
def main(pairs: int, files: tuple[Path, ...], seed: int, speed: bool, output: Path | None) -> None:
    started = time.perf_counter()
    if not deflate_lengths.is_available():
        raise click.ClickException("the kernels are not available here; see the warning")
    loading = time.perf_counter() - started
    texts = [line for file in files for line in file.read_bytes().splitlines()] or docstrings("train").items
    console = Console()
    console.print(f"kernels loaded, or compiled, in {loading:.2f} s; zlib {zlib.ZLIB_RUNTIME_VERSION}")
    rows = check(pairs, texts, seed)
    console.print(as_table("Pairs whose length differs from zlib's", rows))
    console.print(
        f"{sum(row['mismatches'] for row in rows):,} mismatches in {sum(row['pairs'] for row in rows):,} pairs"
    )
    if speed:
        speeds = [measure(texts, size) for size in SPEED_SIZES]
        console.print(as_table("Microseconds per pair, one thread", speeds))
        rows += speeds
    if output:
        append(output, rows, loading)


def check(pairs: int, texts: list[bytes], seed: int) -> list[dict[str, Any]]:
    source = random.Random(seed)
    kinds = drawers(texts)
    tiles = max(1, round(pairs / (len(kinds) * ROWS * COLUMNS)))
    rows = [check_kind(name, draw, kinds, SIZES, tiles, ROWS, COLUMNS, source) for name, draw in kinds.items()]
    long_tiles = max(1, round(pairs / 100 / len(LONG_SIZES) / 200))
    return rows + [
        check_kind(
            f"texts of {size:,}", kinds["texts"], kinds, (size - 99, size, size + 99), long_tiles, 10, 20, source
        )
        for size in LONG_SIZES
    ]


def check_kind(
    name: str,
    draw: Draw,
    others: dict[str, Draw],
    sizes: tuple[int, ...],
    tiles: int,
    n_rows: int,
    n_columns: int,
    source: random.Random,
) -> dict[str, Any]:
    mismatches = compressed = broken = 0
    for _ in range(tiles):
        xs = [draw(source, source.choice(sizes)) or b" " for _ in range(n_rows)]
        ys = [
            source.choice([draw, draw, draw, source.choice(list(others.values()))])(source, source.choice(sizes))
            for _ in range(n_columns)
        ]
        prepared = prepare(ys)
        expected = np.array([[len(zlib.compress(x + y, 9, -15)) for y in ys] for x in xs])
        mismatches += int(np.sum(np.stack(joint_sizes(xs, prepared)) != expected))
        compressed += int(np.sum(by_short_cut(xs, ys) < 0))
        broken += sum(
            int(np.sum(bounds > expected[row, columns])) for row, columns, bounds, _ in bounded_sizes(xs, prepared)
        )
    facts = {"left to zlib": compressed, "mismatches": mismatches, "bounds broken": broken}
    return {"kind": name, "pairs": tiles * n_rows * n_columns, **facts}


def by_short_cut(xs: list[bytes], ys: list[bytes]) -> Any:
    everything = [np.arange(len(ys))] * len(xs)
    return np.stack(deflate_lengths._sizes_by_kernels(xs, prepare(ys), everything))


def drawers(texts: list[bytes]) -> dict[str, Draw]:
    def two_letters(source: random.Random, size: int) -> bytes:
        return bytes(source.choices(b"ab", k=size))

    def four_letters(source: random.Random, size: int) -> bytes:
        return bytes(source.choices(b"acgt", k=size))

    def random_bytes(source: random.Random, size: int) -> bytes:
        return source.randbytes(size)

    def runs(source: random.Random, size: int) -> bytes:
        return b"".join(bytes([source.choice(b"abc")]) * source.randint(1, 2 + size // 2) for _ in range(5))[:size]

    def periodic(source: random.Random, size: int) -> bytes:
        return (bytes(source.choices(b"abc ", k=source.randint(1, 12))) * (size + 1))[:size]

    def utf8(source: random.Random, size: int) -> bytes:
        return "".join(source.choices("éàü漢字 仮名абв ", k=size // 2)).encode()

    def skewed(source: random.Random, size: int) -> bytes:
        return bytes(source.choices(range(40), weights=[1.6**rank for rank in range(40)], k=size))

    def of_texts(source: random.Random, size: int) -> bytes:
        parts = [source.choice(texts)]
        while sum(map(len, parts)) < size:
            parts.append(source.choice(texts))
        text = b" ".join(parts)
        start = source.randrange(max(1, len(text) - size))
        return text[start : start + size]

    drawn = [two_letters, four_letters, random_bytes, runs, periodic, utf8, skewed]
    return {draw.__name__.replace("_", " "): draw for draw in drawn} | {"texts": of_texts}


def measure(texts: list[bytes], size: int) -> dict[str, Any]:
    """Return the least time of a few rounds for each way; what is done once for each x and each y is included."""
    source = random.Random(size)
    draw = drawers(texts)["texts"]
    joint = 2 * size
    n_rows, n_columns = 64, 500 if joint < 10_000 else 16
    xs, ys = ([draw(source, size) for _ in range(count)] for count in (n_rows, n_columns))
    some = xs[: 8 if joint < 10_000 else 2]
    ours, theirs = [], []
    for _ in range(3):
        started = time.perf_counter()
        kolmo.coder("zlib").joint_code_lengths(xs, ys)
        ours.append((time.perf_counter() - started) / (n_rows * n_columns))
        started = time.perf_counter()
        for x in some:
            for y in ys:
                zlib.compress(x + y, 9)
        theirs.append((time.perf_counter() - started) / (len(some) * n_columns))
    short_cut = by_short_cut(xs, ys) >= 0
    return {
        "bytes": size,
        "kolmo": round(min(ours) * 1e6, 2),
        "zlib.compress": round(min(theirs) * 1e6, 2),
        "ratio": round(min(theirs) / min(ours), 2),
        "by short cut": f"{short_cut.mean():.0%}",
    }


def as_table(title: str, rows: list[dict[str, Any]]) -> Table:
    table = Table(title=title)
    for name in rows[0]:
        table.add_column(name, justify="left" if name == "kind" else "right")
    for row in rows:
        table.add_row(*(f"{value:,}" if isinstance(value, int) else str(value) for value in row.values()))
    return table


def append(output: Path, rows: list[dict[str, Any]], loading: float) -> None:
    setting = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "zlib": zlib.ZLIB_RUNTIME_VERSION,
        "version": kolmo.__version__,
        "seconds to load the kernels": round(loading, 2),
    }
    with output.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(setting | row) + "\n" for row in rows)


if __name__ == "__main__":
    main()
