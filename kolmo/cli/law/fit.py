"""``kolmo law fit``: scaling laws of runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np

from kolmo.cli.law.grouped_laws import Group, summary
from kolmo.cli.law.numbers import size_of
from kolmo.cli.law.runs import (
    COLUMNS,
    FITTING,
    RunTable,
    by_option,
    column_option,
    complete,
    distinct,
    grouped,
    groups_of,
    guess_remark,
    note,
    read_runs,
    runs_argument,
    training_rows,
    unit_remarks,
    where_option,
)
from kolmo.cli.options import (
    Command,
    FiniteRange,
    html_option,
    jobs_option,
    json_option,
    picture_option,
    seed_option,
    verbose_option,
)
from kolmo.cli.output import print_json, print_tables, write_report
from kolmo.errors import DataError, ParameterError

_JOINT = {2: ("chinchilla",), 3: ("data-constrained",)}
_MOST_PANELS = 24


@click.command(cls=Command, no_args_is_help=False)
@runs_argument
@column_option("--x", "x", "the size, such as training tokens or bytes")
@column_option("--y", "y", "the loss")
@grouped(COLUMNS, "--n", metavar="COLUMN", help="Column of the number of parameters, for a joint law of both sizes.")
@grouped(COLUMNS, "--unique", metavar="COLUMN", help="Column of the unique tokens, for the data-constrained law.")
@click.option(
    "--form",
    "forms",
    multiple=True,
    metavar="FORM",
    help="A form of the law, such as power+offset, M4, BNSL, chinchilla; repeat it to compare several.  [default: "
    "seven forms of one size; chinchilla with --n]",
)
@by_option("Fit laws")
@where_option
@grouped(
    COLUMNS,
    "--training",
    metavar="COLUMN",
    help="Column that is 1 for runs to fit and 0 for runs that are held out.  [default: a column of the name training]",
)
@click.option(
    "--hold-out",
    type=FiniteRange(0, 0.9, min_open=True),
    metavar="SHARE",
    help="Hold out this share of the runs, those of the largest sizes.",
)
@click.option(
    "--extrapolate",
    "targets",
    multiple=True,
    metavar="SIZE",
    help="Predict the loss at this size, such as 1e12; N,D for a joint law.",
)
@grouped(
    FITTING,
    "--level",
    type=FiniteRange(0.01, 0.999),
    default=0.8,
    show_default=True,
    help="Share that a band is to hold.",
)
@grouped(
    FITTING,
    "--criterion",
    type=click.Choice(["aic", "aicc", "bic"]),
    default="bic",
    show_default=True,
    help="Criterion of the order and the weights of forms.",
)
@grouped(
    FITTING,
    "--resamples",
    type=click.IntRange(0, 100_000),
    default=0,
    show_default=True,
    metavar="N",
    help="Resamples for the 95% intervals of the parameters.",
)
@grouped(FITTING, "--resample-by", metavar="COLUMN", help="Resample groups of runs, such as all of one size.")
@grouped(
    FITTING,
    "--delta",
    type=FiniteRange(0, min_open=True),
    help="Residuals of log y beyond it count linearly.  [default: 0.001 for one form; least squares for several]",
)
@grouped(
    FITTING,
    "--overestimate-penalty",
    type=FiniteRange(0, min_open=True),
    default=1.0,
    show_default=True,
    help="Factor of residuals where the law is above the loss; above 1 for under-trained runs.",
)
@grouped(COLUMNS, "--x-unit", metavar="UNIT", help="Unit of the size.  [default: by the name of the column]")
@grouped(COLUMNS, "--y-unit", metavar="UNIT", help="Unit of the loss, such as bits/byte.  [default: by the name]")
@picture_option("--plot", content="runs, laws, band and held-out runs on logarithmic axes")
@seed_option
@jobs_option
@html_option
@json_option
@verbose_option
def command(
    runs: str,
    x: str | None,
    y: str | None,
    n: str | None,
    unique: str | None,
    forms: tuple[str, ...],
    by: tuple[str, ...],
    where: tuple[str, ...],
    training: str | None,
    hold_out: float | None,
    targets: tuple[str, ...],
    level: float,
    x_unit: str | None,
    y_unit: str | None,
    plot: Path | None,
    resample_by: str | None,
    html: Path | None,
    as_json: bool,
    verbose: bool,
    **options: Any,
) -> None:
    """Fit scaling laws to runs, compare forms, and extrapolate.

    With one size, seven forms are compared, and the average of all by their weights extrapolates: no single form
    extrapolates best. With --n a joint law of parameters and data is fitted.

    \b
    kolmo law fit runs.csv --x tokens --y loss --hold-out 0.3 --plot law.png
    kolmo law fit runs.csv --by model --training is_train --extrapolate 1e10
    kolmo law fit runs.csv --n params --x tokens --y loss --resamples 200 --extrapolate 7e10,1.4e12
    """
    if training is not None and hold_out is not None:
        raise ParameterError("--training and --hold-out exclude each other: both say which runs are held out")
    table = read_runs(runs, where)
    at_x, at_y = table.find("x", x, "--x"), table.find("y", y, "--y")
    at_n = None if n is None else table.column(n, "--n")
    at_u = None if unique is None else table.column(unique, "--unique")
    if at_u is not None and at_n is None:
        raise ParameterError("--unique needs --n: the data-constrained law has parameters, tokens and unique tokens")
    assert at_x is not None
    assert at_y is not None
    distinct({"--n": at_n, "--x": at_x, "--unique": at_u, "--y": at_y})
    at_t = None if hold_out is not None else table.find("training", training, "--training", least=False)
    remarks = guess_remark(table, {"x": (at_x, x), "y": (at_y, y), "the column of runs to fit": (at_t, training)})
    remarks += unit_remarks(table, [(at_x, x_unit, "--x-unit"), (at_y, y_unit, "--y-unit")])
    places = [place for place in (at_n, at_x, at_u) if place is not None]
    table = complete(table, [*places, at_y, at_t], remarks)
    found, skipped = [], {}
    for name, rows in groups_of(table, by).items():
        try:
            found.append(
                _fitted(
                    name,
                    table.taken(rows),
                    places,
                    at_y,
                    at_t,
                    hold_out,
                    forms=forms,
                    targets=[_target(each, len(places)) for each in targets],
                    level=level,
                    resample_by=resample_by,
                    **options,
                )
            )
        except DataError as error:
            skipped[name] = str(error)
            if not by:
                raise
    if not found:
        raise DataError(f"no group could be fitted; {next(iter(skipped))}: {next(iter(skipped.values()))}")
    remarks += [f"{name}: {reason}" for name, reason in skipped.items()]
    note(runs, remarks)
    labels = (table.label(at_x, x_unit), table.label(at_y, y_unit))
    if plot is not None:
        _draw(found, plot, labels)
    results = {group.name: group.results() for group in found}
    names = {"size": labels[0], "loss": labels[1]}
    write_report(html, results, tables=[summary(found, labels)] if by else (), labels=names)
    if as_json:
        columns = {"x": table.names[at_x], "y": table.names[at_y], "n": None if at_n is None else table.names[at_n]}
        units = {"x": table.unit(at_x, x_unit), "y": table.unit(at_y, y_unit)}
        facts = {"runs": runs, "columns": columns, "units": units, "remarks": remarks}
        print_json(facts | {"groups": [group.to_dict() for group in found]})
        return
    if not by or verbose:
        print_tables([each for group in found for each in group.tables(verbose=verbose)])
    if by:
        print_tables([summary(found, labels)])


def _fitted(
    name: str,
    table: RunTable,
    places: Sequence[int],
    at_y: int,
    at_t: int | None,
    hold_out: float | None,
    *,
    forms: Sequence[str],
    targets: list[tuple[float, ...]],
    level: float,
    criterion: Any,
    resamples: int,
    resample_by: str | None,
    delta: float | None,
    overestimate_penalty: float,
    seed: int,
    jobs: int,
) -> Group:
    from kolmo.laws.comparisons import DEFAULT, compare_laws
    from kolmo.laws.fits import fit_law

    x, y = tuple(table.positive(place) for place in places), table.positive(at_y)
    is_fitted = np.ones(len(y), bool)
    if at_t is not None:
        is_fitted = training_rows(table, at_t)
    elif hold_out is not None:
        largest = np.argsort(np.sum([np.log(np.maximum(each, 1e-300)) for each in x], axis=0), kind="stable")
        is_fitted[largest[len(y) - max(1, round(hold_out * len(y))) :]] = False
    if not is_fitted.any():
        raise DataError(f"{table.path}: all {len(y)} runs are held out; expected some to fit")

    def sizes(kept: Any) -> Any:
        taken = tuple(each[kept] for each in x)
        return taken[0] if len(taken) == 1 else taken

    chosen = list(forms) or list(DEFAULT if len(x) == 1 else _JOINT[len(x)])
    common: dict[str, Any] = {"overestimate_penalty": overestimate_penalty}
    groups = None if resample_by is None else table.texts(table.column(resample_by, "--resample-by"))
    intervals: dict[str, Any] = {
        "n_resamples": resamples,
        "groups": None if groups is None else [each for each, kept in zip(groups, is_fitted, strict=True) if kept],
        "random_state": seed,
        "n_jobs": jobs,
    }
    comparison = None
    if len(chosen) > 1:
        used = 1.0 if delta is None else delta
        comparison = compare_laws(
            sizes(is_fitted), y[is_fitted], forms=chosen, criterion=criterion, delta=used, **common
        )
        law = comparison.best
        if resamples:
            law = fit_law(sizes(is_fitted), y[is_fitted], form=law.form, delta=used, **common, **intervals)
    else:
        used = 1e-3 if delta is None else delta
        law = fit_law(sizes(is_fitted), y[is_fitted], form=chosen[0], delta=used, **common, **intervals)
    predictor = comparison or law
    others = None if is_fitted.all() else predictor.score(sizes(~is_fitted), y[~is_fitted], level=level)
    band = None
    if targets:
        columns = [np.array(column) for column in zip(*targets, strict=True)]
        band = predictor.extrapolate(columns[0] if len(columns) == 1 else tuple(columns), level=level)
    return Group(name, x, y, is_fitted, law, comparison, others, band)


def _target(text: str, n_inputs: int) -> tuple[float, ...]:
    found = tuple(size for part in text.split(",") if (size := size_of(part)) is not None)
    if len(found) != n_inputs or text.count(",") != n_inputs - 1:
        expected = {1: "a size such as 1e12", 2: "N,D such as 7e10,1.4e12"}.get(n_inputs, "N,D,U such as 7e9,1e12,1e11")
        raise ParameterError(f"--extrapolate: expected {expected}, got {text!r:.40}")
    return found


def _draw(groups: Sequence[Group], path: Path, labels: tuple[str, str]) -> None:
    from kolmo.show.law_plots import Panel, joint_plot, law_plot

    if len(groups[0].x) > 1:
        joint_plot(groups[0].law, groups[0].x[:2], groups[0].y, groups[0].is_fitted, path, y_label=labels[1])
        return
    panels = []
    for group in groups[:_MOST_PANELS]:
        (x,) = group.x
        targets = [] if group.band is None else list(np.atleast_1d(group.band.x))
        grid = np.geomspace(x.min(), max([float(x.max()), *targets]) * 1.05, 200)
        band = group.predictor.extrapolate(grid)
        lines = {"average of the forms" if group.comparison else group.law.form: band.predicted}
        if group.comparison is not None:
            shares = group.comparison.weights
            lines |= {
                f"{fit.form} (weight {shares[fit.form]:.2f})" if len(groups) == 1 else fit.form: fit.predict(grid)
                for fit in group.comparison.fits
                if shares[fit.form] > 0.01
            }
        panels.append(Panel(group.name, x, group.y, group.is_fitted, grid, lines, (band.low, band.high)))
    law_plot(panels, path, x_label=labels[0], y_label=labels[1], level=0.8)
