"""Options that several commands share, each defined once, and the command class that groups them in ``--help``."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import reduce
from typing import Any

import click
from click.shell_completion import CompletionItem

from kolmo.cli.output import OutputFile, PictureFile
from kolmo.coders.base import Coder

Decorator = Callable[[Any], Any]

READING = "Reading options"
"""The heading of the options that say how files become items and labels."""


class SharedOption(click.Option):
    """An option of a group that several commands share.

    Parameters
    ----------
    group : str
        The heading of the group in ``--help``.
    """

    def __init__(self, *arguments: Any, group: str, **attributes: Any) -> None:
        super().__init__(*arguments, **attributes)
        self.group = group


class Command(click.Command):
    """A command whose ``--help`` lists its own options first, then each shared group under its heading."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one section of options for each group."""
        sections: dict[str, list[tuple[str, str]]] = {"Options": []}
        for parameter in self.get_params(ctx):
            record = None if isinstance(parameter, click.Argument) else parameter.get_help_record(ctx)
            if record is not None:
                sections.setdefault(getattr(parameter, "group", "Options"), []).append(record)
        for heading, records in sections.items():
            if records:
                with formatter.section(heading):
                    formatter.write_dl(records)


class Group(click.Group):
    """A group of commands of the class `Command`."""

    command_class = Command


class CoderSpec(click.ParamType):  # type: ignore[type-arg]
    """A coder by name, such as ``zstd:level=19``; the library that it needs must be installed."""

    name = "coder"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Coder:
        from kolmo.coders.registry import coder

        made = coder(value)
        if ctx is None or not ctx.resilient_parsing:  # the shell completes: nothing is imported
            made.versions()  # imports the library, so a missing extra is reported before any work starts
        return made

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Complete the name of a coder."""
        from kolmo.coders.registry import list_coders

        return [CompletionItem(name) for name in list_coders() if name.startswith(incomplete)]


class Size(click.ParamType):  # type: ignore[type-arg]
    """A number of bytes, such as ``500MB`` (powers of 1000) or ``1GiB`` (powers of 1024)."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        found = re.fullmatch(r"(\d+)\s*(?:([kMGT])(i?))?B?", str(value))
        if not found:
            self.fail(f"expected a size in bytes, such as 1000000, 500MB or 1GiB, got {value!r}", param, ctx)
        number, prefix, binary = found.groups()
        factor: int = (1024 if binary else 1000) ** (" kMGT".index(prefix) if prefix else 0)
        return int(number) * factor


def once_each(_context: click.Context, _parameter: click.Parameter, value: tuple[Any, ...]) -> tuple[Any, ...]:
    """Remove duplicates from the values of a repeated option."""
    return tuple(dict.fromkeys(value))


def coder_option(*default: str, multiple: bool = True) -> Decorator:
    """``-c/--coder``, once or repeated."""
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
        help=f"A coder by name, with or without parameters, such as zstd or zstd:level=19{more}. See: kolmo coders"
        f"  [default: {', '.join(default)}]",
    )


def context_option(use: str = "") -> Decorator:
    """``--context FILE``: the file that the coder reads first."""
    return click.option("--context", "context_file", metavar="FILE", help=f"A file that the coder reads first{use}.")


json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of tables.")

verbose_option = click.option(
    "-v",
    "--verbose",
    is_flag=True,
    help="Also print fingerprints (coder, parameters, library versions) and citations.",
)

seed_option = click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    metavar="N",
    help="Seed of the random draws.",
)


def output_option(content: str) -> Decorator:
    """``-o/--output``: a CSV file."""
    return click.option("-o", "--output", type=OutputFile(), metavar="FILE", help=f"Write {content} to FILE, as CSV.")


def picture_option(*names: str, content: str) -> Decorator:
    """An option that names a picture to draw, PNG or SVG."""
    return click.option(*names, type=PictureFile(), metavar="FILE", help=f"Draw {content} to FILE, PNG or SVG.")


def metric_option(*names: str) -> Decorator:
    """The distance, under the option names given, and ``--symmetrize``."""
    from kolmo.distances.formulas import METRICS

    return _together(
        click.option(
            *names,
            "metric",
            type=click.Choice(list(METRICS)),
            metavar="METRIC",
            default="ncd",
            show_default=True,
            help=f"The distance: {', '.join(METRICS)}.",
        ),
        click.option(
            "--symmetrize",
            type=click.Choice(["mean", "min", "max"]),
            help="Combine the code lengths of both orders, L(xy) and L(yx).  [default: L(xy) alone]",
        ),
    )


def _no_zero(context: click.Context, parameter: click.Parameter, value: int) -> int:
    if value == 0:
        raise click.BadParameter("expected a number of workers other than 0; -1 uses all cores", context, parameter)
    return value


jobs_option = click.option(
    "-j",
    "--jobs",
    type=int,
    default=-1,
    show_default=True,
    metavar="N",
    callback=_no_zero,
    help="Number of parallel workers; -1 uses all cores.",
)


def reading_option(*names: str, **attributes: Any) -> Decorator:
    """One option of the group `READING`, for limits and folders that only some commands have."""
    return click.option(*names, cls=SharedOption, group=READING, **attributes)


data_dir_option = reading_option(
    "--data-dir",
    type=click.Path(exists=True, file_okay=False),
    metavar="DIR",
    help="Folder with data sets; searched before anything is downloaded.  [default: $KOLMO_DATA]",
)


def reading_options(function: Callable[..., None]) -> Callable[..., None]:
    """Return the command with the options that say how a file becomes texts and labels."""
    decorated: Callable[..., None] = _together(
        reading_option(
            "--text-column",
            "text_columns",
            multiple=True,
            metavar="COLUMN",
            help="Column of the text, by name or by number from 0; repeat it to join several.",
        ),
        reading_option("--label-column", metavar="COLUMN", help="Column of the label, by name or by number from 0."),
        reading_option(
            "--text-separator",
            default=" ",
            metavar="TEXT",
            help="Text placed between joined columns.  [default: a space]",
        ),
        reading_option(
            "--format",
            "file_format",
            metavar="FORMAT",
            help="csv, tsv, jsonl, parquet, folder, lines, fasttext, trec or file.  [default: from the file name and "
            "the first lines]",
        ),
        reading_option(
            "--encoding",
            default="utf-8",
            show_default=True,
            metavar="NAME",
            help="Encoding of the text in tables; 'bytes' keeps it unchanged.",
        ),
    )(function)
    return decorated


def _together(*decorators: Decorator) -> Decorator:
    return lambda function: reduce(lambda inner, decorator: decorator(inner), reversed(decorators), function)
