"""``kolmo joint target``: which corpora, or which documents of a corpus, shorten a target."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import click

from kolmo.cli.inputs import content_options
from kolmo.cli.joint.sets import check_different, limit_option, read_sets, sets_document, sets_table
from kolmo.cli.options import (
    Command,
    InputFile,
    Size,
    checkpoint_option,
    coder_option,
    html_option,
    jobs_option,
    json_option,
    output_option,
    seed_option,
    verbose_option,
)
from kolmo.cli.output import print_json, print_tables, write_report, write_text
from kolmo.coders.base import Coder
from kolmo.errors import ParameterError


class Share(click.ParamType):  # type: ignore[type-arg]
    """A share, such as ``5%`` or ``0.05``."""

    name = "share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        text = str(value)
        try:
            share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            share = -1.0
        if not 0 < share <= 1:
            self.fail(f"expected a share such as 5% or 0.05, got {text!r}", param, ctx)
        return share


@click.command(cls=Command, no_args_is_help=False)
@click.argument("data", nargs=-1, required=True, metavar="T C...")
@coder_option("mix")
@limit_option
@content_options()
@click.option("--budget", type=Size(), metavar="SIZE", help="Read at most this many bytes of each corpus, and of all.")
@click.option(
    "--context",
    "context_file",
    type=InputFile(),
    metavar="DATA",
    help="The data that are there, read before each corpus.",
)
@click.option("--greedy/--no-greedy", default=True, show_default=True, help="Find the order in which each adds most.")
@click.option("--mixture", is_flag=True, help="Find the best split of the budget among the best three corpora.")
@click.option(
    "--select",
    "share",
    type=Share(),
    metavar="SHARE",
    help="Select this share of one corpus, such as 5%: the documents that have most in common with T.",
)
@click.option("--leaks", is_flag=True, help="Keep documents that contain passages of T.")
@output_option("the ranking, or a row for each document")
@seed_option
@checkpoint_option
@jobs_option
@verbose_option
@html_option
@json_option
def command(
    data: tuple[str, ...],
    coders: tuple[Coder, ...],
    limit: int,
    reading: dict[str, Any],
    context_file: str | None,
    share: float | None,
    budget: int | None,
    greedy: bool,
    mixture: bool,
    leaks: bool,
    output: Path | None,
    seed: int,
    checkpoint: Path | None,
    jobs: int,
    verbose: bool,
    html: Path | None,
    as_json: bool,
) -> None:
    """Rank corpora by the bits that each saves for a target: L(T) - L(T|C), which data to add.

    T and C are files or folders. Documents, or pieces of a kilobyte, of a corpus that contain a passage of T are found
    and left out first. The saving is given for each whole corpus, and for equal bytes of all. With --select, the files
    of one folder, or the lines of one file, are ranked instead.

    \b
    kolmo joint target mine.py library/ books/ pages.html
    kolmo joint target mine.txt a.txt b.txt c.txt --budget 200kB --mixture
    kolmo joint target mine.txt corpus.txt --select 5% -o ranked.csv
    """
    from kolmo.find.targets.ranking import rank_for_target
    from kolmo.find.targets.results import TargetRanking

    if len(data) < 2:
        raise ParameterError(f"expected a target and at least one corpus, got {len(data)} data sets")
    if context_file is not None:
        check_different([data[0], context_file])
    if share is not None:
        others = {"budget": budget, "context": context_file, "checkpoint": checkpoint, "mixture": mixture or None}
        given = [f"--{name}" for name, value in others.items() if value is not None]
        if given:
            raise ParameterError(f"expected --select without {', '.join(given)}, which ranks whole corpora")
        settings = {"share": share, "leaks": leaks, "random_state": seed, "n_jobs": jobs}
        _select(data, coders, limit, reading, settings, output, html, verbose=verbose, as_json=as_json)
        return
    target, *sets = read_sets(data, limit, reading)
    context = read_sets([context_file], limit, reading)[0].data if context_file is not None else b""
    rankings = [
        rank_for_target(
            target.documents("concatenated"),
            {each.name: each.documents("concatenated") for each in sets},
            budget=budget,
            context=context,
            coder=coder,
            greedy=greedy,
            mixture=mixture,
            leaks=leaks,
            random_state=seed,
            n_jobs=jobs,
            checkpoint=checkpoint,
        )
        for coder in coders
    ]
    if output is not None:
        _write(output, rankings[0].records())
    symbols = ["T", *("C" for _ in sets)]
    write_report(html, rankings, tables=[sets_table([target, *sets], symbols=symbols)])
    if as_json:
        print_json({"sets": sets_document([target, *sets]), "rankings": [each.to_dict() for each in rankings]})
        return
    print_tables([sets_table([target, *sets], symbols=symbols), *TargetRanking.tables_of(rankings, verbose=verbose)])


def _select(
    data: tuple[str, ...],
    coders: tuple[Coder, ...],
    limit: int,
    reading: dict[str, Any],
    settings: dict[str, Any],
    output: Path | None,
    html: Path | None,
    *,
    verbose: bool,
    as_json: bool,
) -> None:
    """Rank the documents of one corpus."""
    from kolmo.find.targets.results import TargetSelection
    from kolmo.find.targets.selection import select_for_target

    if len(data) != 2:
        raise ParameterError(f"--select: expected a target and one corpus, got {len(data) - 1} corpora")
    target, corpus = read_sets(data, limit, reading)
    documents = list(corpus.files) if len(corpus.files) > 1 else corpus.data.splitlines()
    found = [
        select_for_target(target.documents("concatenated"), documents, coder=coder, **settings) for coder in coders
    ]
    if output is not None:
        _write(output, found[0].records())
    write_report(html, found, items=documents, tables=[sets_table([target, corpus], symbols="TC")])
    if as_json:
        print_json({"sets": sets_document([target, corpus]), "selections": [each.to_dict() for each in found]})
        return
    print_tables([sets_table([target, corpus], symbols="TC"), *TargetSelection.tables_of(found, verbose=verbose)])


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    def write(file: Any) -> None:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)

    write_text(path, write)
