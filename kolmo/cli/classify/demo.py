"""``kolmo demo``: the shortest way to see what compression learns."""

from __future__ import annotations

import click

from kolmo.cli.options import jobs_option, json_option, seed_option
from kolmo.cli.output import print_json, print_tables
from kolmo.cli.sets import described, sample
from kolmo.coders.base import Coder
from kolmo.learn.reports import run_baselines, run_coder, scores_table

SET = "docstrings"
CODERS = ("lz77", "gzip", "deflate", "zstd:level=19", "bz2", "ppmd")
TRAIN, TEST = 600, 150


@click.command()
@seed_option
@jobs_option
@json_option
def command(seed: int, jobs: int, as_json: bool) -> None:
    """Classify texts that come with the installed libraries: which library is this docstring from?

    Each text gets the label of the training text that helps most to compress it. Nothing is trained, and nothing is
    downloaded.
    """
    from kolmo.coders.registry import all_coders, coder
    from kolmo.data.catalog import load_dataset

    installed = {name for name, found in all_coders() if isinstance(found, Coder)}
    chosen = [coder(spec) for spec in CODERS if spec.partition(":")[0] in installed]
    whole_train, whole_test = load_dataset(SET, "train"), load_dataset(SET, "test")
    train, _ = sample(whole_train, TRAIN, seed=seed)
    test, _ = sample(whole_test, TEST, seed=seed)
    outcomes = [run_coder(found, train, test, n_jobs=jobs) for found in chosen] + run_baselines(train, test)
    if as_json:
        sizes = {"train": len(train), "test": len(test), "source": train.source, "seed": seed}
        print_json({"set": SET, **sizes, "results": [outcome.to_dict() for outcome in outcomes]})
        return
    title = (
        f"Which library is this docstring from? {', '.join(train.classes or [])}: trained on "
        f"{described(whole_train, len(train))}; tested on {len(test):,} others (seed {seed})"
    )
    table = scores_table(title, outcomes)
    table.footers += ["", "Next, your own texts with a label column: kolmo classify train.csv test.csv --baseline"]
    print_tables([table])
