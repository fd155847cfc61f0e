"""``kolmo compress``: a file becomes a smaller one, by any coder that writes a stream."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import BinaryIO

import click

from kolmo._core.progress import progress
from kolmo.cli.files.streams import STDOUT, SUFFIX, Passage, force_option, output_for, read_context, size_of
from kolmo.cli.inputs import check_one_stdin
from kolmo.cli.options import Command, Size, coder_option, json_option
from kolmo.coders.base import Coder
from kolmo.container.archive import ContainerReport, write_container
from kolmo.data.lines import STDIN, opened
from kolmo.errors import ParameterError

DEFAULT_CODER = "mix"


@click.command(cls=Command, no_args_is_help=False)
@click.argument("file")
@coder_option(DEFAULT_CODER, multiple=False)
@click.option("-o", "--output", metavar="OUT", help="Where to write; - is stdout.  [default: FILE.kolmo]")
@click.option(
    "--context", "context_file", metavar="FILE", help="A file the coder reads first; decompress needs the very same."
)
@click.option(
    "--block-size",
    type=Size(),
    default="16MiB",
    show_default=True,
    metavar="SIZE",
    help="Bytes compressed at a time, up to 1GiB. Larger blocks compress better, up to the coder's window, and take "
    "more memory.",
)
@click.option(
    "--verify/--no-verify",
    default=None,
    help="Read each block back and compare.  [default: only for coders that are not portable; see: kolmo coders]",
)
@force_option
@json_option
def command(
    file: str,
    coder: Coder,
    output: str | None,
    context_file: str | None,
    block_size: int,
    verify: bool | None,
    force: bool,
    as_json: bool,
) -> None:
    """Compress a file with any coder that writes a stream.

    FILE stays. A FILE of - is stdin, and then the default output is stdout. OUT appears once it is whole. It states
    the coder, and holds checksums; each block starts the coder anew. Bits per byte count all of OUT. Speed is in
    millions of raw bytes a second, with --verify that of both ways.

    \b
    kolmo compress book.txt -c xz
    kolmo compress new.log --context old.log -o new.kolmo
    """
    check_one_stdin([file, *([context_file] if context_file else [])])
    with opened(file) as source:
        default = STDOUT if file == STDIN else file + SUFFIX
        output = output_for(output, default, [file, *([context_file] if context_file else [])], force=force)
        if output == STDOUT and sys.stdout.isatty():
            raise ParameterError("compressed bytes are nothing for a terminal; name a file with --output")
        primed, size = coder.prime(read_context(context_file)), size_of(file)
        verify = not primed.tags.portable if verify is None else verify

        def run(target: BinaryIO) -> ContainerReport:
            with progress(size, label=f"compressing by {coder}", unit="B") as bar:
                return write_container(
                    source,
                    target,
                    primed,
                    size=size,
                    context_name=Path(context_file or "").name,
                    block_size=block_size,
                    verify=verify,
                    on_progress=bar.update,
                )

        passage = Passage.of(file, output, run, force=force)
    remark = "Each block was read back, and is the same." if verify else "No block was read back (--verify does)."
    passage.print(f"Compressed by {primed}", remark, facts={"verified": verify}, as_json=as_json)
