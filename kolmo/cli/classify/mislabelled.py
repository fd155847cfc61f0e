"""``kolmo mislabelled``: training texts whose label is probably wrong."""

from __future__ import annotations

import csv
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import click

from kolmo.cli import options
from kolmo.cli.inputs import reading_options
from kolmo.cli.output import print_json, print_tables, write_report, write_text
from kolmo.cli.sets import labelled_set
from kolmo.learn.inspection.doubtful_labels import DoubtfulLabels, mislabelled


@click.command(cls=options.Command, no_args_is_help=False)
@click.argument("train", metavar="TRAIN")
@click.option(
    "--show", type=click.IntRange(min=1), default=20, show_default=True, metavar="N", help="Number of texts to print."
)
@options.jobs_option
@options.html_option
@options.json_option
@options.output_option("all doubtful labels")
@reading_options
@options.data_dir_option
def command(
    train: str,
    show: int,
    jobs: int,
    html: Path | None,
    as_json: bool,
    output: Path | None,
    data_dir: str | None,
    reading: dict[str, Any],
) -> None:
    """List the texts of TRAIN whose own label costs many bits, the most doubtful first.

    The bits are those of a label code without the text: n-gram counts, class models and neighbors leave it out, and
    the weights are trained on the other folds. A wrong label costs many bits, and so does the right label of an
    unusual text.

    \b
    kolmo mislabelled train.csv
    kolmo mislabelled train.csv -o doubtful.csv --show 50
    kolmo mislabelled train.csv --html doubtful.html
    """
    from kolmo.learn.label_code.classifier import LabelCodeClassifier

    corpus = labelled_set(train, split="train", data_dir=data_dir, **reading)
    found = mislabelled(corpus, classifier=LabelCodeClassifier(n_jobs=jobs))
    if output is not None:
        write_text(output, lambda file: _write(file, found))
    write_report(html, found, items=corpus)
    if as_json:
        facts = {"train": train, "n_items": found.n_items, "bits_per_label": found.bits_per_label}
        print_json(facts | {"n_doubtful": len(found.items), "items": [asdict(each) for each in found.items[:show]]})
    else:
        print_tables([found.table(show)])


def _write(file: IO[str], found: DoubtfulLabels) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["item", "label", "bits", "expected", "expected_bits", "text"])
    for each in found.items:
        bits = (f"{each.bits:.4f}", f"{each.expected_bits:.4f}")
        writer.writerow([each.position, each.label, bits[0], each.expected, bits[1], each.text])
