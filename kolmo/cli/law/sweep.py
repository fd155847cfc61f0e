"""``kolmo law sweep``: train models of many sizes and make a file of runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from kolmo.cli.inputs import content_options
from kolmo.cli.joint.sets import read_sets
from kolmo.cli.law.runs import (
    TRAINING,
    grouped,
)
from kolmo.cli.options import (
    Command,
    Size,
    checkpoint_option,
    html_option,
    jobs_option,
    json_option,
    output_option,
    seed_option,
    verbose_option,
)
from kolmo.cli.output import print_json, print_results, write_report, write_text
from kolmo.errors import DataError, ParameterError

_KINDS = {
    **{name: name for name in ("text", "image", "audio", "dna", "protein", "bytes")},
    "pictures": "image",
    "images": "image",
    "sound": "audio",
    "sounds": "audio",
}


def _listed(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]


@click.command(cls=Command, no_args_is_help=False)
@click.argument("data", nargs=-1, required=True, metavar="DATA...")
@click.option(
    "--models",
    default="gru",
    show_default=True,
    metavar="NAMES",
    help="gru, lstm, transformer; 'none' for coders alone.",
)
@click.option(
    "--sizes",
    default="5k..200k",
    show_default=True,
    metavar="SIZES",
    help="Numbers of parameters: a range such as 5k..800k or 5k..800k:6, or a list.",
)
@click.option(
    "--fractions",
    default="0.1..1:3",
    show_default=True,
    metavar="SHARES",
    help="Parts of the training data: a range or a list.",
)
@grouped(
    TRAINING, "--epochs", default="1", show_default=True, metavar="NUMBERS", help="Passes over each part, such as 1,4."
)
@grouped(
    TRAINING,
    "--budgets",
    metavar="FLOP",
    help="Further runs with equal compute at all sizes, such as 1e12..1e13:3, for isoflop.",
)
@click.option("--coders", default="", metavar="CODERS", help="Coders primed with the same parts, such as ngram,xz.")
@click.option("--kinds", metavar="KINDS", help="Use only DATA of these kinds: text, pictures, sound, dna, bytes.")
@grouped(TRAINING, "--seeds", type=click.IntRange(1, 1000), default=1, show_default=True, help="Runs of each kind.")
@grouped(
    TRAINING,
    "--learning-rates",
    default="0.001,0.003,0.01,0.03",
    show_default=True,
    metavar="RATES",
    help="Each is tried for a tenth of the longest run of a size.",
)
@grouped(
    TRAINING,
    "--batch-size",
    type=click.IntRange(1, 2**16),
    help="Sequences in a batch.  [default: up to 32, so that a run takes 150 steps]",
)
@grouped(TRAINING, "--sequence-length", type=click.IntRange(2, 2**16), default=128, show_default=True)
@grouped(
    TRAINING, "--device", default="auto", show_default=True, help="cpu, cuda, cuda:1, ...; auto uses a GPU if any."
)
@click.option(
    "--limit", type=Size(), default="1MB", show_default=True, metavar="SIZE", help="Bytes of each DATA that are read."
)
@click.option("--dry-run", is_flag=True, help="Print the planned runs with their FLOP, and train nothing.")
@output_option("the runs")
@checkpoint_option
@content_options(pixels="grey", mono=True)
@seed_option
@jobs_option
@html_option
@json_option
@verbose_option
def command(
    data: tuple[str, ...],
    models: str,
    sizes: str,
    fractions: str,
    epochs: str,
    budgets: str | None,
    coders: str,
    kinds: str | None,
    learning_rates: str,
    limit: int,
    dry_run: bool,
    output: Path | None,
    checkpoint: Path | None,
    reading: dict[str, Any],
    seed: int,
    jobs: int,
    html: Path | None,
    as_json: bool,
    verbose: bool,
    **options: Any,
) -> None:
    """Train models of many sizes on parts of data sets, and write a file of runs.

    Each DATA is a file or folder of one kind. The learning rate is tuned for each size, FLOP are counted, and the loss
    is that of held-out data in bits/byte. `kolmo law fit` reads the file. With --checkpoint the same command resumes.
    Several GPUs: torchrun --nproc-per-node=4 --no-python kolmo law sweep ...

    \b
    kolmo law sweep book.txt --sizes 5k..200k --coders ngram,xz -o runs.csv --checkpoint runs.sqlite
    kolmo law fit runs.csv --where model=gru --n parameters --x bytes
    kolmo law sweep book.txt photographs/ speech/ --fractions 1 --seeds 3 -o kinds.csv
    """
    from kolmo.laws.sweeps.sizes import parse_sizes
    from kolmo.laws.sweeps.study import run_sweep

    def numbers(text: str, what: str) -> list[float]:
        return parse_sizes(text, what=what, integer=False)

    settings: dict[str, Any] = {
        "models": [] if models == "none" else _listed(models),
        "sizes": parse_sizes(sizes, what="--sizes"),
        "fractions": numbers(fractions, "--fractions"),
        "epochs": numbers(epochs, "--epochs"),
        "budgets": numbers(budgets, "--budgets") if budgets else [],
        "coders": _listed(coders),
        "learning_rates": numbers(learning_rates, "--learning-rates"),
    }
    wanted = None if kinds is None else [_kind(each) for each in _listed(kinds)]
    sets = [each for each in read_sets(data, limit, reading) if wanted is None or each.modality in wanted]
    if not sets:
        raise DataError(f"--kinds: no DATA is of the kind {', '.join(wanted or ())}")
    found = run_sweep(
        {each.name: each.data for each in sets},
        kinds={each.name: each.modality for each in sets},
        n_jobs=jobs,
        checkpoint=None if dry_run else checkpoint,
        random_state=seed,
        dry=dry_run,
        **settings,
        **options,
    )
    if int(os.environ.get("RANK", "0")):
        return
    if output is not None and not dry_run:
        write_text(output, found.write_csv)
    write_report(html, found)
    if as_json:
        print_json(found.to_dict() | {"needs": [need.to_dict() for need in found.needs()]})
        return
    print_results([found], as_json=False, verbose=verbose)


def _kind(name: str) -> str:
    if name.lower() not in _KINDS:
        raise ParameterError(f"--kinds: expected {', '.join(_KINDS)}, got {name!r:.40}")
    return _KINDS[name.lower()]
