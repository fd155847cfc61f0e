"""The laws of one group of runs, and the table of several groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kolmo._core.tables import Column, Table

if TYPE_CHECKING:
    from kolmo._core.results import Result
    from kolmo.laws.bands import Band, HeldOut
    from kolmo.laws.comparisons import LawComparison
    from kolmo.laws.fits import LawFit


@dataclass(frozen=True)
class Group:
    """The laws of one group of runs.

    Parameters
    ----------
    name : str
        Values of the columns of ``--by``.
    x, y : tuple of ndarray, and ndarray
        All runs.
    is_fitted : ndarray of bool
        Which of them the law was fitted to.
    law : LawFit
        The one law, or the best.
    comparison : LawComparison or None
        All laws, if several forms are compared.
    held_out : HeldOut or None
        The score on the other runs.
    band : Band or None
        The law beyond the runs.
    """

    name: str
    x: tuple[Any, ...]
    y: Any
    is_fitted: Any
    law: LawFit
    comparison: LawComparison | None
    held_out: HeldOut | None
    band: Band | None

    @property
    def predictor(self) -> LawFit | LawComparison:
        """What extrapolates: the average of the forms, or the one law."""
        return self.comparison or self.law

    def results(self) -> list[Result]:
        """Return all results: of several forms their comparison, which holds the best law."""
        found = (self.comparison, None if self.comparison and not self.law.intervals else self.law)
        return [each for each in (*found, self.held_out, self.band) if each is not None]

    def tables(self, *, verbose: bool) -> list[Table]:
        """Return all tables."""
        tables: list[Table] = []
        if self.comparison is not None:
            tables += type(self.comparison).tables_of([self.comparison], verbose=verbose)
        tables += type(self.law).tables_of([self.law], verbose=verbose)
        if self.held_out is not None:
            tables += type(self.held_out).tables_of([self.held_out])
        if self.band is not None:
            tables += type(self.band).tables_of([self.band])
        if self.name:
            for table in tables:
                table.title = f"{self.name}: {table.title}"
        return tables

    def to_dict(self) -> dict[str, Any]:
        """Return all results as JSON values."""
        found = {"comparison": self.comparison, "law": self.law, "held_out": self.held_out, "extrapolation": self.band}
        return {"group": self.name or None} | {
            key: None if value is None else value.to_dict() for key, value in found.items()
        }


def summary(groups: Sequence[Group], labels: tuple[str, str]) -> Table:
    """Return a table with a row for each group, and the means over groups."""
    is_scored = any(group.held_out for group in groups)
    compared = any(group.comparison for group in groups)
    names = ["points", *(["best form"] if compared else list(groups[0].law.params)), "rms error"]
    errors_of = ["error of the best form", "of the last value", "of the average"] if compared else ["its error"]
    held = ["held out", *errors_of, "in the band"]
    columns = [*names, *(held if is_scored else [])]
    title = f"Laws of {labels[1]} by {labels[0]}"
    table = Table(title, [Column("group"), *(Column(each, numeric=each != "best form") for each in columns)])
    for group in groups:
        law = group.law
        cells = [f"{law.n_points:,}", *([law.form] if compared else [f"{value:.4g}" for value in law.params.values()])]
        cells.append(f"{law.rms_log_error:.3%}")
        if is_scored:
            score = group.held_out
            keys = [law.form, *(["constant", "average"] if compared else [])]
            errors = ["-" if score is None or key not in score.errors else f"{score.errors[key]:.2%}" for key in keys]
            cells += ["0" if score is None else f"{score.n_points}", *errors]
            cells.append("-" if score is None else f"{score.coverage:.0%}")
        table.add(group.name, *cells)
    for label, is_one in (("", False), (" with one held-out point", True)):
        scores = [group.held_out for group in groups if group.held_out and (group.held_out.n_points == 1) == is_one]
        if scores:
            forms = [form for form in scores[0].errors if all(form in score.errors for score in scores)]
            means = {form: float(np.mean([score.errors[form] for score in scores])) for form in forms}
            listed = ", ".join(f"{form} {mean:.2%}" for form, mean in sorted(means.items(), key=lambda item: item[1]))
            covered = float(np.mean([score.coverage for score in scores]))
            table.footers.append(
                f"Mean held-out error of {len(scores)} groups{label}: {listed}; in the {scores[0].level:.0%} band: "
                f"{covered:.0%}"
            )
    return table
