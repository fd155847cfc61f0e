"""Options that several commands share, each written once."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import reduce
from typing import Any

import click

from kolmo.cli.output import OutputFile
from kolmo.coders.base import Coder

Decorator = Callable[[Any], Any]


class CoderSpec(click.ParamType):  # type: ignore[type-arg]
    """A coder by name, such as ``zstd:level=19``."""

    name = "coder"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Coder:
        from kolmo.coders.registry import coder

        return coder(value)


class Size(click.ParamType):  # type: ignore[type-arg]
    """A number of bytes, such as ``500MB`` (powers of 1000) or ``1GiB`` (powers of 1024)."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        found = re.fullmatch(r"(\d+)\s*(?:([kMGT])(i?))?B?", str(value))
        if not found:
            self.fail(f"{value!r} is no size; write bytes such as 1000000, 500MB or 1GiB", param, ctx)
        number, prefix, binary = found.groups()
        factor: int = (1024 if binary else 1000) ** (" kMGT".index(prefix) if prefix else 0)
        return int(number) * factor


def coder_option(*default: str, multiple: bool = True) -> Decorator:
    """``-c/--coder``, given once or several times."""
    more = "; repeat it for several" if multiple else ""
    return click.option(
        "-c",
        "--coder",
        "coders" if multiple else "coder",
        type=CoderSpec(),
        metavar="CODER",
        multiple=multiple,
        default=default if multiple else default[0],
        callback=once_each if multiple else None,
        help=f"A coder by name, with parameters or without, such as zstd or zstd:level=19{more}. See: kolmo coders"
        f"  [default: {', '.join(default)}]",
    )


def once_each(_context: click.Context, _parameter: click.Parameter, value: tuple[Any, ...]) -> tuple[Any, ...]:
    """Drop what was given again."""
    return tuple(dict.fromkeys(value))


json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of tables.")

seed_option = click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, metavar="N", help="Seed of the sub-samples."
)

data_dir_option = click.option(
    "--data-dir",
    type=click.Path(exists=True, file_okay=False),
    metavar="DIR",
    help="Folder with data sets, looked through before anything is downloaded.  [default: $KOLMO_DATA]",
)


def output_option(what: str) -> Decorator:
    """``-o/--output``."""
    return click.option("-o", "--output", type=OutputFile(), metavar="FILE", help=f"Write {what} to FILE, as CSV.")


def metric_option(*names: str) -> Decorator:
    """The distance, under the option names given, and ``--symmetrize``."""
    from kolmo.distances.formulas import METRICS

    return _together(
        click.option(
            *names,
            "metric",
            type=click.Choice(list(METRICS)),
            metavar="MEASURE",
            default="ncd",
            show_default=True,
            help=f"The distance: {', '.join(METRICS)}.",
        ),
        click.option(
            "--symmetrize",
            type=click.Choice(["mean", "min", "max"]),
            help="What is taken of L(xy) and L(yx).  [default: L(xy) alone]",
        ),
    )


def _no_zero(context: click.Context, parameter: click.Parameter, value: int) -> int:
    if value == 0:
        raise click.BadParameter("0 workers can do nothing; -1 takes all cores", context, parameter)
    return value


jobs_option = click.option(
    "-j",
    "--jobs",
    type=int,
    default=-1,
    show_default=True,
    metavar="N",
    callback=_no_zero,
    help="Workers; -1 takes all cores.",
)


def reading_options(function: Callable[..., None]) -> Callable[..., None]:
    """How a file becomes texts and labels."""
    decorated: Callable[..., None] = _together(
        click.option(
            "--text-column",
            "text_columns",
            multiple=True,
            metavar="COLUMN",
            help="Column of the text, by name or by number from 0; repeat it to join several.",
        ),
        click.option("--label-column", metavar="COLUMN", help="Column of the label, by name or by number from 0."),
        click.option(
            "--text-separator", default=" ", metavar="TEXT", help="Stands between joined columns.  [default: a space]"
        ),
        click.option(
            "--format",
            "file_format",
            metavar="FORMAT",
            help="csv, tsv, jsonl, parquet, folder, lines, fasttext, "
            "trec or file.  [default: by the name's ending and the first lines]",
        ),
        click.option(
            "--encoding",
            default="utf-8",
            show_default=True,
            metavar="NAME",
            help="How tables of text are encoded; 'bytes' keeps them as they are.",
        ),
    )(function)
    return decorated


def _together(*decorators: Decorator) -> Decorator:
    return lambda function: reduce(lambda inner, decorator: decorator(inner), reversed(decorators), function)
