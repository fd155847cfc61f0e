"""``kolmo compress``: compression of a file with any decodable coder."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, BinaryIO

import click

from kolmo._core.progress import progress
from kolmo.cli.files.streams import SUFFIX, Conversion, output_option, read_context, size_of
from kolmo.cli.inputs import check_one_stdin
from kolmo.cli.options import (
    Command,
    Size,
    coder_option,
    context_option,
    json_option,
    verbose_option,
)
from kolmo.cli.output import STDOUT
from kolmo.coders.base import Coder
from kolmo.container.api import DEFAULT_CODER
from kolmo.container.archive import ContainerReport, write_container
from kolmo.data.lines import STDIN, opened
from kolmo.errors import ParameterError


def _default_output(parameters: dict[str, Any]) -> Path | None:
    file = parameters["file"]
    if file == STDIN:
        return STDOUT
    return Path(file + SUFFIX) if os.path.isfile(file) else None  # reading it says why


@click.command(cls=Command, no_args_is_help=False)
@click.argument("file")
@coder_option(DEFAULT_CODER, multiple=False)
@output_option(_default_output, "FILE.kolmo")
@context_option("; decompress needs the same file")
@click.option(
    "--block-size",
    type=Size(),
    default="16MiB",
    show_default=True,
    metavar="SIZE",
    help="Bytes in a block, up to 1GiB. Larger blocks compress better, up to the coder's window, and need more memory.",
)
@click.option(
    "--verify/--no-verify",
    default=None,
    help="Decompress each block and compare.  [default: only for coders that are not portable; see: kolmo coders]",
)
@verbose_option
@json_option
def command(
    file: str,
    coder: Coder,
    output: Path,
    context_file: str | None,
    block_size: int,
    verify: bool | None,
    verbose: bool,
    as_json: bool,
) -> None:
    """Compress a file with any decodable coder.

    FILE is kept. If it is -, stdin is compressed, by default to stdout. OUT appears when it is complete; it stores the
    coder and checksums. Blocks are compressed independently. Bits per byte count all of OUT. Speed is in megabytes of
    raw data per second; with --verify it includes decompression.

    \b
    kolmo compress book.txt -c xz
    kolmo compress new.log --context old.log -o new.kolmo
    """
    check_one_stdin([file, *([context_file] if context_file else [])])
    with opened(file) as source:
        if output == STDOUT and sys.stdout.isatty():
            raise ParameterError("compressed data are not written to a terminal; name a file with --output")
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

        passage = Conversion.of(file, output, run, source)
    remark = "Verified: each block decompresses to the original." if verify else "Not verified; see --verify."
    passage.print(f"Compressed by {primed}", remark, facts={"verified": verify}, as_json=as_json, verbose=verbose)
