"""``kolmo decompress``: decompression of a .kolmo file."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import click

from kolmo._core.progress import progress
from kolmo.cli.files.streams import STDOUT, SUFFIX, Conversion, force_option, output_for, read_context, size_of
from kolmo.cli.inputs import check_one_stdin
from kolmo.cli.options import Command, Size, context_option, json_option, verbose_option
from kolmo.cli.output import print_json, print_tables
from kolmo.container.archive import ContainerReport, read_container, read_header
from kolmo.container.header import ContainerHeader
from kolmo.data.lines import STDIN, opened
from kolmo.errors import ParameterError


@click.command(cls=Command, no_args_is_help=False)
@click.argument("file")
@click.option("-o", "--output", metavar="OUT", help="The file to write; - is stdout.  [default: FILE without .kolmo]")
@context_option("; the one that was used for compression")
@click.option(
    "--model-dir",
    "models",
    multiple=True,
    metavar="DIR",
    help="Folder with the model of the coder, found by its hash; may be repeated.  [default: $KOLMO_MODELS]",
)
@click.option("--max-size", type=Size(), metavar="SIZE", help="Largest output.  [default: no limit]")
@click.option("--info", is_flag=True, help="Print the header of FILE and decode nothing.")
@force_option
@verbose_option
@json_option
def command(
    file: str,
    output: str | None,
    context_file: str | None,
    models: tuple[str, ...],
    max_size: int | None,
    info: bool,
    force: bool,
    verbose: bool,
    as_json: bool,
) -> None:
    """Decompress a .kolmo file, or print its header.

    FILE is kept. If it is -, stdin is decompressed, by default to stdout. OUT appears when all checksums are verified.
    Data on stdout are verified block by block; an exit code of 1 means that they are incomplete.

    \b
    kolmo decompress book.txt.kolmo
    kolmo decompress new.kolmo --context old.log -o new.log
    kolmo decompress book.txt.kolmo --info
    kolmo decompress book.txt.kolmo --model-dir models/
    """
    check_one_stdin([file, *([context_file] if context_file else [])])
    with opened(file) as source:
        if info:
            _print_header(file, read_header(source), as_json=as_json)
            return
        output = output_for(
            output, _default_output(file, output), [file, *([context_file] if context_file else [])], force=force
        )
        size, context = _stated_size(source), read_context(context_file)

        def run(target: BinaryIO) -> ContainerReport:
            with progress(size, label="decompressing", unit="B") as bar:
                return read_container(
                    source, target, context=context, models=models, max_size=max_size, on_progress=bar.update
                )

        passage = Conversion.of(file, output, run, force=force)
    passage.print("Decompressed", facts={}, as_json=as_json, verbose=verbose)


def _default_output(file: str, output: str | None) -> str:
    if file == STDIN:
        return STDOUT
    if output is None and Path(file).suffix != SUFFIX:
        raise ParameterError(f"expected a file name ending in {SUFFIX!r}, got {file!r}; name the output with --output")
    return file.removesuffix(SUFFIX)


def _stated_size(source: BinaryIO) -> int | None:
    """Return the size of the original; None for a pipe, whose header can be read only once."""
    if not source.seekable():
        return None
    start = source.tell()
    size = read_header(source).size
    source.seek(start)
    return size


def _print_header(file: str, header: ContainerHeader, *, as_json: bool) -> None:
    stored_size = size_of(file)
    if as_json:
        print_json({"file": file, "compressed_bytes": stored_size, "header": header.to_dict()})
        return
    from kolmo._core.tables import Column, Table

    table = Table(file, [Column("fact"), Column("value")], footers=["From the header; nothing was decoded."])
    context = header.context_file
    facts = {
        "written by": header.fingerprint,
        "context": "none" if context is None else f"{context.name}, {context.size:,} bytes, sha256 {context.sha256}",
        "bytes": "unknown" if header.size is None else f"{header.size:,}",
        "compressed": "unknown" if stored_size is None else f"{stored_size:,}",
        "bytes per block": f"{header.block_size:,}",
    }
    for fact, value in facts.items():
        table.add(fact, value)
    print_tables([table])
