"""``kolmo decompress``: back to the file that was compressed."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import click

from kolmo._core.progress import progress
from kolmo.cli.files.streams import STDOUT, SUFFIX, Passage, force_option, output_for, read_context, size_of
from kolmo.cli.inputs import check_one_stdin
from kolmo.cli.options import Command, Size, json_option
from kolmo.cli.output import print_json, print_tables
from kolmo.container.archive import ContainerReport, read_container, read_header
from kolmo.container.header import ContainerHeader
from kolmo.data.lines import STDIN, opened
from kolmo.errors import ParameterError


@click.command(cls=Command, no_args_is_help=False)
@click.argument("file")
@click.option("-o", "--output", metavar="OUT", help="Where to write; - is stdout.  [default: FILE without .kolmo]")
@click.option(
    "--context",
    "context_file",
    metavar="FILE",
    help="The context file that compress read first; FILE names it with its hash.",
)
@click.option("--max-size", type=Size(), metavar="SIZE", help="Refuse to write more than this.  [default: no limit]")
@click.option("--info", is_flag=True, help="Show what FILE says about itself, and decode nothing.")
@force_option
@json_option
def command(
    file: str,
    output: str | None,
    context_file: str | None,
    max_size: int | None,
    info: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Read back what compress wrote, or show what it says about itself.

    FILE stays. A FILE of - is stdin, and then the default output is stdout. OUT appears once all of FILE was read and
    every checksum was right; what goes to stdout is right as far as it goes, and an exit code of 1 says that it is not
    whole.

    \b
    kolmo decompress book.txt.kolmo
    kolmo decompress new.kolmo --context old.log -o new.log
    kolmo decompress book.txt.kolmo --info
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
                return read_container(source, target, context=context, max_size=max_size, on_progress=bar.update)

        passage = Passage.of(file, output, run, force=force)
    passage.print("Decompressed", facts={}, as_json=as_json)


def _default_output(file: str, output: str | None) -> str:
    if file == STDIN:
        return STDOUT
    if output is None and Path(file).suffix != SUFFIX:
        raise ParameterError(f"{file!r} does not end in {SUFFIX!r}, so the output needs a name: pass --output")
    return file.removesuffix(SUFFIX)


def _stated_size(source: BinaryIO) -> int | None:
    """Return the size of the original, where it can be known without losing the front of a pipe."""
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

    table = Table(file, [Column("fact"), Column("value")], footers=["From the front of the file; nothing was decoded."])
    given = header.given
    facts = {
        "written by": header.fingerprint,
        "context": "none" if given is None else f"{given.name}, {given.size:,} bytes, sha256 {given.sha256}",
        "bytes": "not stated" if header.size is None else f"{header.size:,}",
        "compressed": "not known" if stored_size is None else f"{stored_size:,}",
        "bytes a block": f"{header.block_size:,}",
    }
    for fact, value in facts.items():
        table.add(fact, value)
    print_tables([table])
