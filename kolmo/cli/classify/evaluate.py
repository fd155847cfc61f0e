"""``kolmo evaluate``: the accuracy of a saved classifier on a test set, its mistakes, and accuracy against coverage."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from kolmo._core.models.saving import load_model
from kolmo.cli import options
from kolmo.cli.classify.confusion import confusion_tables
from kolmo.cli.classify.predict import abstain_option
from kolmo.cli.classify.stored_reading import as_fitted
from kolmo.cli.inputs import reading_options
from kolmo.cli.output import print_json, print_tables, write_report
from kolmo.cli.sets import labelled_set, sample
from kolmo.learn.inspection.fitted_reports import FittedReport, evaluate_fitted


@click.command(cls=options.Command, no_args_is_help=False)
@click.argument("model", metavar="MODEL")
@click.argument("test", metavar="TEST")
@click.option("--errors", is_flag=True, help="Also print the most confident mistakes.")
@click.option(
    "--show",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    metavar="N",
    help="Number of mistakes to print.",
)
@click.option("--confusion", "with_confusion", is_flag=True, help="Also print the confusion matrix.")
@abstain_option
@options.seed_option
@options.html_option
@options.json_option
@reading_options
@options.data_dir_option
@options.reading_option(
    "--limit-test", type=click.IntRange(min=1), metavar="N", help="Use a random sample of N texts of TEST."
)
def command(
    model: str,
    test: str,
    errors: bool,
    show: int,
    with_confusion: bool,
    abstain_below: float | None,
    seed: int,
    html: Path | None,
    as_json: bool,
    data_dir: str | None,
    limit_test: int | None,
    reading: dict[str, Any],
) -> None:
    """Measure the accuracy of the classifier in the folder MODEL on the labelled texts of TEST.

    Bits per label: the mean of -log2 of the probability of the true label. Accuracy against coverage: if labels with a
    probability below a limit are not used, the share of texts that get a label, and the accuracy of these labels. With
    --abstain-below P the table has a row for P.

    \b
    kolmo evaluate model test.csv --errors
    kolmo evaluate model test.csv --abstain-below 0.85 --confusion
    """
    classifier = load_model(model)
    whole = labelled_set(test, split="test", data_dir=data_dir, **as_fitted(classifier, reading))
    corpus, positions = sample(whole, limit_test, seed=seed)
    report = evaluate_fitted(classifier, corpus, name=model, abstain_below=abstain_below, positions=positions)
    write_report(html, report, items=corpus)
    if as_json:
        document = report.records()[0] | {"model": model, "coverage": [asdict(point) for point in report.coverage]}
        if errors:
            document["mistakes"] = [asdict(each) for each in report.mistakes(show)]
        if with_confusion:
            document |= {"confusion": report.to_dict()["confusion"]}
        print_json(document)
        return
    tables = FittedReport.tables_of([report])
    if report.n_unknown:
        tables[0].footers.append(
            f"{report.n_unknown:,} of {report.n_test:,} texts have labels that the classifier does not know"
        )
    if with_confusion:
        tables += confusion_tables(report)
    if errors:
        tables.append(report.mistakes_table(show))
    print_tables(tables)
