"""``kolmo length``: how many bits files take."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import click

from kolmo._core.progress import progress
from kolmo._core.units import format_bits
from kolmo.cli.inputs import check_one_stdin, max_size_option, read_whole
from kolmo.cli.options import Command, coder_option, json_option
from kolmo.cli.output import print_json, print_tables
from kolmo.coders.base import Coder


@dataclass(frozen=True)
class Length:
    """What one coder needs for one file, or for all of them."""

    file: str
    coder: str
    size_bytes: int
    bits: float
    seconds: float

    @property
    def bits_per_byte(self) -> float | None:
        return self.bits / self.size_bytes if self.size_bytes else None

    @property
    def ratio(self) -> float | None:
        return 8 * self.size_bytes / self.bits if self.bits > 0 else None

    @property
    def megabytes_per_second(self) -> float | None:
        return self.size_bytes / 1e6 / self.seconds if self.seconds > 0 else None

    def to_dict(self) -> dict[str, Any]:
        derived = ("bits_per_byte", "ratio", "megabytes_per_second")
        return asdict(self) | {name: getattr(self, name) for name in derived}


@click.command(cls=Command, no_args_is_help=False)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@coder_option("deflate", "zstd:level=19", "lzma")
@click.option(
    "--context",
    "context_file",
    metavar="FILE",
    help="A file that every coder has read before: measures L(file | FILE).",
)
@max_size_option
@json_option
def command(
    files: tuple[str, ...], coders: tuple[Coder, ...], context_file: str | None, max_size: int, as_json: bool
) -> None:
    """Measure how many bits files take, by one or several coders.

    A FILE of - is stdin. Ratio is raw size to compressed size, so more is better; bits per byte is 8 over the ratio.
    Speed is that of one call on one core, in millions of raw bytes a second.

    \b
    kolmo length book.txt -c gzip -c zstd:level=19
    kolmo length y.txt --context x.txt -c zstd
    """
    check_one_stdin([*files, *([context_file] if context_file else [])])
    context = None if context_file is None else read_whole(context_file, max_size)
    primed = list(coders) if context is None else [coder.prime(context) for coder in coders]
    lengths = list(_measure(files, coders, primed, max_size))
    totals = [_total(coder, lengths) for coder in map(str, coders)] if len(files) > 1 else []
    fingerprints = {str(coder): measured.fingerprint for coder, measured in zip(coders, primed, strict=True)}
    if as_json:
        print_json(
            {
                "context": None if context is None else {"file": context_file, "size_bytes": len(context)},
                "lengths": [length.to_dict() | {"fingerprint": fingerprints[length.coder]} for length in lengths],
                "totals": [total.to_dict() | {"fingerprint": fingerprints[total.coder]} for total in totals],
            }
        )
        return
    title = (
        "Code lengths"
        if context is None
        else f"Conditional code lengths L(file | {context_file}), {len(context):,} bytes"
    )
    _print_table(title, [*lengths, *totals], [coder.fingerprint for coder in coders])


def _measure(files: Iterable[str], coders: Iterable[Coder], primed: Iterable[Coder], max_size: int) -> Iterable[Length]:
    named = list(zip(map(str, coders), primed, strict=True))
    with progress(None, label="measuring", unit="B") as bar:
        for file in files:
            data = read_whole(file, max_size)
            for name, coder in named:
                start = time.perf_counter()
                bits = coder.code_length(data)
                yield Length(file, name, len(data), bits, time.perf_counter() - start)
                bar.update(len(data))


def _total(coder: str, lengths: list[Length]) -> Length:
    own = [length for length in lengths if length.coder == coder]
    return Length(
        "total",
        coder,
        sum(length.size_bytes for length in own),
        sum(length.bits for length in own),
        sum(length.seconds for length in own),
    )


def _print_table(title: str, lengths: list[Length], fingerprints: list[str]) -> None:
    from kolmo._core.tables import Column, Table, number_cell

    table = Table(
        title,
        [
            Column("file"),
            Column("coder"),
            Column("bytes", numeric=True),
            Column("bits", numeric=True),
            Column("bits/byte", numeric=True),
            Column("ratio", numeric=True),
            Column("MB/s", numeric=True),
        ],
        footers=["ratio = raw / compressed", *fingerprints],
    )
    for length in lengths:
        table.add(
            length.file,
            length.coder,
            f"{length.size_bytes:,}",
            format_bits(length.bits),
            number_cell(length.bits_per_byte, ".4f"),
            number_cell(length.ratio, ".3f"),
            number_cell(length.megabytes_per_second, ".3g" if (length.megabytes_per_second or 0) < 100 else ",.0f"),
        )
    print_tables([table])
