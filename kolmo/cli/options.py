"""Options that several commands share, each defined once, and the command class that groups them in ``--help``."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from functools import reduce
from typing import Any

import click
from click.shell_completion import CompletionItem

from kolmo._core.files import Source, never_replacing
from kolmo._core.units import parse_size
from kolmo.cli.output import ARGUMENTS, STDOUT, CheckpointFile, OutputFile, PictureFile, ReportFile
from kolmo.coders.base import Coder
from kolmo.data.lines import STDIN
from kolmo.errors import ParameterError

Decorator = Callable[[Any], Any]

_FORCE = "kolmo.force"
"""The key of ``--force`` in the ``meta`` of a click context."""

READING, OUTPUT = "Reading options", "Output options"
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
    """A command that checks its outputs before it runs.

    An output may not be an input, nor another output, nor replace a file without ``--force``, an option that every
    command with outputs has. Options of the type `OutputFile` are outputs; arguments, and options of the types
    `InputFile` and `CoderSpec`, are inputs. ``--help`` lists the command's own options first, then each shared group
    under its heading.
    """

    def __init__(self, *arguments: Any, **attributes: Any) -> None:
        super().__init__(*arguments, **attributes)
        outputs = [place for place, each in enumerate(self.params) if _may_need_force(each)]
        if outputs:
            self.params.insert(outputs[-1] + 1, _force_option())

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments, then check the outputs."""
        ctx.meta[ARGUMENTS] = tuple(args)
        rest = super().parse_args(ctx, args)
        if not ctx.resilient_parsing:
            seen: dict[str, str] = {}
            for parameter in self._outputs(ctx):
                self._check(ctx, parameter, seen)
        return rest

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; the outputs that it may not replace are kept, even if they are created in the meantime."""
        outputs = [parameter for parameter in self._outputs(ctx) if not parameter.type.replaces]
        kept = [] if ctx.meta.get(_FORCE) else [ctx.params[str(parameter.name)] for parameter in outputs]
        with never_replacing(path for path in kept if path not in (None, STDOUT)):
            return super().invoke(ctx)

    def _outputs(self, ctx: click.Context) -> list[Any]:
        return [parameter for parameter in self.get_params(ctx) if isinstance(parameter.type, OutputFile)]

    def _check(self, ctx: click.Context, parameter: Any, seen: dict[str, str]) -> None:
        name = str(parameter.name)
        path = ctx.params[name]
        if path is None:
            path = ctx.params[name] = parameter.type.default(ctx.params)
        if path is None:
            return
        try:
            parameter.type.check(path, _Inputs(self, ctx), force=bool(ctx.meta.get(_FORCE)))
        except ParameterError as error:
            raise click.BadParameter(str(error), ctx, parameter) from error
        key, option = os.path.realpath(path), parameter.opts[-1]
        if key in seen and (path == STDOUT or not os.path.exists(key) or os.path.isfile(key)):
            raise click.BadParameter(f"{option} and {seen[key]} name the same file {str(path)!r}", ctx, parameter)
        seen[key] = option

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


def _may_need_force(parameter: click.Parameter) -> bool:
    return isinstance(parameter.type, OutputFile) and not parameter.type.replaces


def _force_option() -> click.Option:
    def keep(ctx: click.Context, _: click.Parameter, value: bool) -> None:
        ctx.meta[_FORCE] = value

    return SharedOption(
        ["-f", "--force"],
        group=OUTPUT,
        is_flag=True,
        expose_value=False,
        callback=keep,
        help="Replace existing output files.",
    )


class _Inputs:
    """The files and folders that a command reads, looked up when an output has to be compared with them."""

    def __init__(self, command: Command, ctx: click.Context) -> None:
        self.command, self.ctx = command, ctx

    def __iter__(self) -> Iterator[Source]:
        for parameter in self.command.get_params(self.ctx):
            value = self.ctx.params.get(str(parameter.name))
            for each in value if isinstance(value, tuple) else (value,):
                if isinstance(each, Coder):
                    yield from _models(each.config)
                elif isinstance(each, str) and (
                    isinstance(parameter, click.Argument) or isinstance(parameter.type, InputFile)
                ):
                    yield from self._named(each)

    def _named(self, name: str) -> Iterator[Source]:
        if name == STDIN:
            yield 0
        elif os.path.lexists(name):
            yield name
        elif "data_dir" in self.ctx.params:
            from kolmo.cli.sets import files_of

            yield from files_of(name, self.ctx.params["data_dir"])


def _models(config: Any) -> Iterator[Source]:
    """Yield the model folders that the parameters of a coder name."""
    if isinstance(config, dict):
        if isinstance(config.get("model"), str):
            yield config["model"]
        config = list(config.values())
    if isinstance(config, list | tuple):
        for value in config:
            yield from _models(value)


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


class InputFile(click.ParamType):  # type: ignore[type-arg]
    """The name of a file to read, or ``-`` for stdin."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return str(value)


class Size(click.ParamType):  # type: ignore[type-arg]
    """A number of bytes, such as ``500MB`` (powers of 1000) or ``1GiB`` (powers of 1024)."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return parse_size(str(value))
        except ParameterError as error:
            self.fail(str(error), param, ctx)


class FiniteRange(click.FloatRange):
    """A finite number in a range; a plain range of floats also lets NaN pass."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"expected a finite number, got {number}", param, ctx)
        return number


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
    return click.option(
        "--context",
        "context_file",
        type=InputFile(),
        metavar="FILE",
        help=f"A file that the coder reads first{use}.",
    )


checkpoint_option = click.option(
    "--checkpoint", type=CheckpointFile(), metavar="FILE", help="Save progress to FILE and resume from it."
)


json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of tables.")

html_option = click.option(
    "--html",
    cls=SharedOption,
    group=OUTPUT,
    type=ReportFile(),
    metavar="FILE",
    help="Write a report to FILE: one HTML page with charts, tables, how sure, and excerpts.",
)

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

    return together(
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
            help="Combine the code lengths of both orders, L(xy) and L(yx). Conditional distances are symmetric.  "
            "[default: L(xy) alone]",
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


def together(*decorators: Decorator) -> Decorator:
    """Return one decorator that adds the options of several, in their order."""
    return lambda function: reduce(lambda inner, decorator: decorator(inner), reversed(decorators), function)
