"""Conversion of one file to another, shared by ``compress`` and ``decompress``."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO

import click

from kolmo._core.files import write_whole
from kolmo.cli.output import STDOUT, OutputFile, print_json, print_tables
from kolmo.container.archive import ContainerReport
from kolmo.data.lines import STDIN, read_whole

SUFFIX = ".kolmo"

_NO_LIMIT = 2**63 - 1


def read_context(name: str | None) -> bytes:
    """Return the bytes of the context file; empty if there is none."""
    return b"" if name is None else read_whole(name, _NO_LIMIT)


def size_of(name: str) -> int | None:
    """Return the size of a file; None if it is unknown before the end, as for stdin."""
    if name == STDIN:
        return None
    found = os.stat(name)
    # files of the kernel are regular, state 0 bytes and hold more
    return found.st_size or None if stat.S_ISREG(found.st_mode) else None


def output_option(default: Callable[[dict[str, Any]], Path | None], described: str) -> Callable[..., Any]:
    """``-o/--output``: a file or stdout.

    Parameters
    ----------
    default : callable
        Returns the output for the other parameters of the command.
    described : str
        The default in words.
    """
    return click.option(
        "-o",
        "--output",
        type=OutputFile(stdout=True, default=default),
        metavar="OUT",
        help=f"The file to write; - is stdout.  [default: {described}]",
    )


def write_to(output: Path, write: Callable[[IO[bytes]], None], source: BinaryIO) -> None:
    """Let `write` fill stdout, or a file, which appears when it is complete and has the permissions of `source`."""
    if output == STDOUT:
        write(sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    write_whole(output, write, source=source)


@dataclass(frozen=True)
class Conversion:
    """One file that was compressed or decompressed.

    Parameters
    ----------
    file, output : str
        The input and the output.
    report : ContainerReport
        Header and sizes.
    seconds : float
        Time of the conversion.
    """

    file: str
    output: str
    report: ContainerReport
    seconds: float

    @classmethod
    def of(cls, file: str, output: Path, run: Callable[[BinaryIO], ContainerReport], source: BinaryIO) -> Conversion:
        """Let `run` convert the source to the output, and measure the time."""
        reports: list[ContainerReport] = []
        start = time.perf_counter()
        write_to(output, lambda target: reports.append(run(target)), source)  # type: ignore[arg-type]
        return cls(file, str(output), reports[0], time.perf_counter() - start)

    @property
    def bits_per_byte(self) -> float | None:
        return 8 * self.report.stored_size / self.report.size if self.report.size else None

    @property
    def megabytes_per_second(self) -> float | None:
        return self.report.size / 1e6 / self.seconds if self.seconds > 0 else None

    def to_dict(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "output": self.output,
            "size_bytes": self.report.size,
            "compressed_bytes": self.report.stored_size,
            "n_blocks": self.report.n_blocks,
            "bits_per_byte": self.bits_per_byte,
            "seconds": self.seconds,
            "megabytes_per_second": self.megabytes_per_second,
            "header": self.report.header.to_dict(),
        }

    def print(self, title: str, *footers: str, facts: dict[str, Any], as_json: bool, verbose: bool) -> None:
        """Print a table or JSON to stdout, or to stderr if stdout has the data; `facts` are for the JSON document."""
        file = sys.stderr if self.output == str(STDOUT) else sys.stdout
        if as_json:
            print_json(self.to_dict() | facts, file)
            return
        from kolmo._core.tables import Column, Table, number_cell

        numbers = ("bytes", "compressed", "bits/byte", "MB/s")
        columns = [Column("file"), Column("output"), *(Column(name, numeric=True) for name in numbers)]
        speed = self.megabytes_per_second
        fingerprints = [self.report.header.fingerprint] if verbose else []
        table = Table(title, columns, footers=[*footers, *fingerprints])
        table.add(
            self.file,
            self.output,
            f"{self.report.size:,}",
            f"{self.report.stored_size:,}",
            number_cell(self.bits_per_byte, ".4f"),
            number_cell(speed, ".3g" if (speed or 0) < 100 else ",.0f"),
        )
        print_tables([table], file)
