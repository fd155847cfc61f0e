"""``kolmo length``: the code lengths of files."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import click

from kolmo._core.progress import progress
from kolmo._core.results import Result
from kolmo._core.units import format_bits
from kolmo.cli.inputs import Items, as_set_option, check_one_stdin, content_options, max_size_option, read_item
from kolmo.cli.options import Command, coder_option, context_option, json_option, verbose_option
from kolmo.cli.output import print_json, print_tables
from kolmo.coders.base import Coder

if TYPE_CHECKING:
    from kolmo._core.tables import Table


@dataclass(frozen=True, kw_only=True)
class Length(Result):
    """The code length of one file, or of all files, by one coder.

    Parameters
    ----------
    file : str
        The file, or ``"total"``.
    coder : str
        The coder.
    size_bytes : int
        Size of the file.
    bits : float
        Code length, given the context if there is one.
    seconds : float
        Time of the measurement.
    context : str or None
        The context file.
    fingerprint : str
        The coder with all parameters and library versions.
    """

    derived = ("bits_per_byte", "ratio", "megabytes_per_second")

    file: str
    coder: str
    size_bytes: int
    bits: float
    seconds: float
    context: str | None
    fingerprint: str

    @property
    def bits_per_byte(self) -> float | None:
        """Bits per byte; None for an empty file."""
        return self.bits / self.size_bytes if self.size_bytes else None

    @property
    def ratio(self) -> float | None:
        """Size of the file divided by its code length; None if that is 0."""
        return 8 * self.size_bytes / self.bits if self.bits > 0 else None

    @property
    def megabytes_per_second(self) -> float | None:
        """Speed in megabytes of raw data per second."""
        return self.size_bytes / 1e6 / self.seconds if self.seconds > 0 else None

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        from kolmo._core.tables import Column, Table, number_cell

        context = results[0].context
        title = "Code lengths L(file)" if context is None else f"Conditional code lengths L(file | {context})"
        numbers = ("bytes", "bits", "bits/byte", "ratio", "MB/s")
        table = Table(title, [Column("file"), Column("coder"), *(Column(name, numeric=True) for name in numbers)])
        table.footers = ["ratio = raw size / compressed size"]
        if verbose:
            table.footers += dict.fromkeys(length.fingerprint for length in results)
        for length in results:
            speed = length.megabytes_per_second
            table.add(
                length.file,
                length.coder,
                f"{length.size_bytes:,}",
                format_bits(length.bits),
                number_cell(length.bits_per_byte, ".4f"),
                number_cell(length.ratio, ".3f"),
                number_cell(speed, ".3g" if (speed or 0) < 100 else ",.0f"),
            )
        return [table]


@click.command(cls=Command, no_args_is_help=False)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@coder_option("deflate", "zstd:level=19", "lzma")
@context_option(": measure L(FILE | context)")
@as_set_option
@content_options()
@max_size_option
@verbose_option
@json_option
def command(
    files: tuple[str, ...],
    coders: tuple[Coder, ...],
    context_file: str | None,
    as_set: bool,
    max_size: int,
    reading: dict[str, Any],
    verbose: bool,
    as_json: bool,
) -> None:
    """Measure the code lengths of files, in bits, with one or several coders.

    FILE is a file, a folder (one row per file in it), or - for stdin. Speed is that of one call on one core, in
    megabytes of raw data per second.

    \b
    kolmo length book.txt -c gzip -c zstd:level=19
    kolmo length books/ --as-set
    kolmo length y.txt --context x.txt -c zstd
    """
    check_one_stdin([*files, *([context_file] if context_file else [])])
    items = Items(files, max_size, as_set=as_set, reading=reading)
    context = None if context_file is None else read_item(context_file, max_size, reading)
    primed = [coder if context is None else coder.prime(context) for coder in coders]
    lengths = list(_measure(items, dict(zip(map(str, coders), primed, strict=True)), context_file))
    totals = [_total(coder, lengths) for coder in map(str, coders)] if len(items.names) > 1 else []
    if as_json:
        stated = None if context is None else {"file": context_file, "size_bytes": len(context)}
        document = {"lengths": [length.to_dict() for length in lengths], "totals": [each.to_dict() for each in totals]}
        print_json({"context": stated} | document | {"remarks": items.remarks})
        return
    print_tables(Length.tables_of([*lengths, *totals], verbose=verbose))


def _measure(items: Items, coders: dict[str, Coder], context_file: str | None) -> Iterator[Length]:
    with progress(None, label="measuring code lengths", unit="B") as bar:
        for file, data in items.read():
            for name, coder in coders.items():
                start = time.perf_counter()
                bits = coder.code_length(data)
                yield Length(
                    file=file,
                    coder=name,
                    size_bytes=len(data),
                    bits=bits,
                    seconds=time.perf_counter() - start,
                    context=context_file,
                    fingerprint=coder.fingerprint,
                )
                bar.update(len(data))


def _total(coder: str, lengths: list[Length]) -> Length:
    own = [length for length in lengths if length.coder == coder]
    return Length(
        file="total",
        coder=coder,
        size_bytes=sum(length.size_bytes for length in own),
        bits=sum(length.bits for length in own),
        seconds=sum(length.seconds for length in own),
        context=own[0].context,
        fingerprint=own[0].fingerprint,
    )
