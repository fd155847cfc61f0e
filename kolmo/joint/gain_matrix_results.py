"""The result of `gain_matrix`, its null, and the tables that the command prints of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from kolmo._core.extras import import_extra
from kolmo._core.results import Result
from kolmo.joint.estimates import SCALE, remarks
from kolmo.joint.gain_results import CITATIONS, percent

if TYPE_CHECKING:
    import pandas as pd

    from kolmo._core.reports.charts import Chart
    from kolmo._core.tables import Table

Floats = NDArray[np.float64]
_NAMED_COLUMNS = 12
"""A table with more sets numbers its columns."""
_RESOLUTION_BITS = 16.0
"""Smallest standard deviation of null gains, as in `joint_gain`."""
_CHANCE = 0.05
"""Share of matrices of unrelated sets with an excess above the noise floor."""


@dataclass(frozen=True)
class MatrixNull:
    """The null gains of all pairs.

    Parameters
    ----------
    count : int
        Null gains of each pair.
    mean, p_value : ndarray of shape (n_sets, n_sets)
        Their mean, and the one-sided p-value of the gain among them; NaN on the diagonal.
    floor : float
        The noise floor of the matrix.
    """

    count: int
    mean: Floats
    p_value: Floats
    floor: float

    @classmethod
    def none(cls, n_sets: int) -> Self:
        """Return the null of a matrix without one."""
        unknown = np.full((n_sets, n_sets), np.nan)
        return cls(0, unknown, unknown, float("nan"))

    @classmethod
    def of(cls, gains: Floats, nulls: Floats, separate: Floats) -> Self:
        """Return the null of gains; `nulls` has shape (n_nulls, n_sets, n_sets), `separate` is L(X) + L(Y)."""
        from scipy.stats import t

        count, n_sets = len(nulls), len(gains)
        mean = nulls.mean(0)
        deviation = np.maximum(nulls.std(0, ddof=1), _RESOLUTION_BITS / np.maximum(separate, 1.0))
        p_value = t.sf((gains - mean) / (deviation * np.sqrt(1 + 1 / count)), count - 1)
        for each in (mean, p_value):
            np.fill_diagonal(each, np.nan)
        above = deviation[np.triu_indices(n_sets, 1)]
        above = above[~np.isnan(above)]  # a set whose bytes cannot be permuted has no null
        pooled = float(np.sqrt(np.mean(above**2) * (1 + 1 / count)))
        floor = float(t.isf(_CHANCE / len(above), len(above) * (count - 1))) * pooled
        return cls(count, mean, p_value, floor)


@dataclass(frozen=True, kw_only=True, eq=False)
class GainMatrix(Result):
    """The relative joint gains of all pairs of several data sets. Made by `gain_matrix`.

    Parameters
    ----------
    names : tuple of str
        The names of the sets.
    sizes : tuple of int
        Bytes of each set.
    code_lengths : ndarray of shape (n_sets,)
        L(X) of each set, in bits.
    conditional_code_lengths : ndarray of shape (n_sets, n_sets)
        L(Y|X) of each set X (row) and Y (column), in bits; NaN for a coder that cannot be primed.
    gain_bits : ndarray of shape (n_sets, n_sets)
        `JointGain.gain_bits` of each pair.
    relative_gain : ndarray of shape (n_sets, n_sets)
        `JointGain.relative_gain` of each pair; the diagonal holds the self gain of each set.
    null : {"bytes", "cipher", "none"}
        What was permuted for the null.
    null_gain : ndarray of shape (n_sets, n_sets)
        Mean gain of each pair with either set permuted; NaN on the diagonal, or without a null:
        the bytes of a set that has a single one cannot be permuted.
    p_value : ndarray of shape (n_sets, n_sets)
        One-sided, by Student's t with 2 n_permutations - 1 degrees, not corrected for the number of pairs.
    noise_floor : float
        An excess gain above it occurs in at most one of twenty matrices of unrelated sets: Student's t, with the
        deviation of the null gains pooled over all pairs, and corrected for their number.
    coder : str
        The coder.
    fingerprint : str
        The coder with its parameters and library versions.
    warnings : list of str
        Limits of the coder, and properties of the sets that make them hard to compare.
    """

    citations: ClassVar[tuple[str, ...]] = CITATIONS[:1]
    derived: ClassVar[tuple[str, ...]] = ("excess_gain", "directed_saving")
    question: ClassVar[str] = "Which data sets have information in common?"

    names: tuple[str, ...]
    sizes: tuple[int, ...]
    code_lengths: Floats
    conditional_code_lengths: Floats
    gain_bits: Floats
    relative_gain: Floats
    null: str
    null_gain: Floats
    p_value: Floats
    noise_floor: float
    coder: str
    fingerprint: str
    warnings: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.names)

    @property
    def excess_gain(self) -> Floats:
        """Relative gain minus null gain of each pair; NaN on the diagonal, or without a null."""
        return self.relative_gain - self.null_gain

    @property
    def directed_saving(self) -> Floats:
        """(L(Y) - L(Y|X)) / L(Y): the share of each Y (column) that is saved if X (row) is read first."""
        lengths = np.maximum(self.code_lengths, 1e-9)[None, :]
        saving: Floats = 1 - self.conditional_code_lengths / lengths
        return saving

    @property
    def has_common_structure(self) -> bool | None:
        """Whether any pair has an excess gain above the noise floor; None without a null."""
        if self.null == "none":
            return None
        return bool(np.nanmax(self.excess_gain) > self.noise_floor)

    def distances(self) -> Floats:
        """Return the normalized distances 1 - 2 x relative gain: near 1 for independent sets, 0 for identical ones.

        Returns
        -------
        float64 ndarray of shape (n_sets, n_sets)
            Not below 0; for trees and maps see `kolmo.distances.symmetric` and `kolmo.distances.double_centered`.
        """
        apart: Floats = np.clip(1 - 2 * self.relative_gain, 0, None)
        return apart

    def records(self) -> list[dict[str, Any]]:
        """Return a row for each set, with its name under the key ``set``.

        Returns
        -------
        list of dict
        """
        rows = zip(self.names, self.relative_gain.tolist(), strict=True)
        return [{"set": name} | dict(zip(self.names, row, strict=True)) for name, row in rows]

    def pairs(self) -> list[dict[str, Any]]:
        """Return a row for each pair of sets: all code lengths, the savings in both directions, and the gains.

        Returns
        -------
        list of dict
            NaN is None.
        """
        rows = []
        for x, y in combinations(range(len(self)), 2):
            given_x, given_y = self.conditional_code_lengths[x, y], self.conditional_code_lengths[y, x]
            row = {
                "x": self.names[x],
                "y": self.names[y],
                "size_x": self.sizes[x],
                "size_y": self.sizes[y],
                "length_x": self.code_lengths[x],
                "length_y": self.code_lengths[y],
                "length_x_given_y": given_y,
                "length_y_given_x": given_x,
                "saving_x": self.code_lengths[x] - given_y,
                "saving_y": self.code_lengths[y] - given_x,
                "gain_bits": self.gain_bits[x, y],
                "relative_gain": self.relative_gain[x, y],
                "null_gain": self.null_gain[x, y],
                "excess_gain": self.excess_gain[x, y],
                "p_value": self.p_value[x, y],
            }
            rows.append({key: _plain(value) for key, value in row.items()})
        return rows

    def to_frame(self) -> pd.DataFrame:
        """Return the relative gains as a pandas DataFrame whose rows and columns have the names of the sets.

        Returns
        -------
        pandas.DataFrame

        Raises
        ------
        MissingDependencyError
            If pandas is not installed.
        """
        pandas = import_extra("pandas", extra="frames", purpose="to_frame")
        frame: pd.DataFrame = pandas.DataFrame(self.relative_gain, index=self.names, columns=self.names)
        return frame

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return tables of the gains, the excess gains and the directed savings for each matrix.

        Parameters
        ----------
        results : sequence of GainMatrix
            The matrices.
        verbose : bool
            Add fingerprints and citations.

        Returns
        -------
        list of Table
        """
        tables = []
        for matrix in results:
            gains = matrix._table("Joint gain matrix", matrix.relative_gain)
            gains.footers = [SCALE, "diagonal: self gain, the upper control"]
            shown = [gains]
            if matrix.null != "none":
                shown.append(matrix._table("Excess gain", matrix.excess_gain))
                shown[-1].footers = [
                    f"excess = gain - null, the gain with either set under permutations; noise floor "
                    f"{percent(matrix.noise_floor)}%: a larger excess is rare where nothing is shared",
                ]
                if not matrix.has_common_structure:
                    shown[-1].footers.append("no pair has an excess gain above the noise floor")
            if np.isfinite(matrix.conditional_code_lengths).all():
                shown.append(matrix._table("Saving L(Y) - L(Y|X)", matrix.directed_saving))
                shown[-1].footers = ["in % of L(Y); rows: X, read first; columns: Y"]
            shown[-1].footers += remarks([matrix], verbose=verbose)
            tables += shown
        return tables

    @classmethod
    def answer_of(cls, results: Sequence[Self]) -> str:
        first = results[0]
        if len(first) < 2:
            return ""
        has_null = first.null != "none"
        values = np.where(
            np.eye(len(first), dtype=bool), -np.inf, first.excess_gain if has_null else first.relative_gain
        )
        one, other = np.unravel_index(np.nanargmax(values), values.shape)
        what = "excess gain over its null" if has_null else "joint gain"
        text = (
            f"By {first.coder}, {first.names[one]} and {first.names[other]} have most in common: their {what} is "
            f"{percent(float(values[one, other]))}% of their separate codes."
        )
        if has_null and not first.has_common_structure:
            text += " It is below the noise floor, so no pair is shown to have anything in common."
        return text

    @classmethod
    def charts_of(cls, results: Sequence[Self]) -> list[Chart]:
        from kolmo._core.reports.charts import HeatMap

        charts: list[Chart] = []
        for each in results:
            shown = [("Joint gain", each.relative_gain)]
            if each.null != "none":
                shown.insert(0, ("Excess gain", each.excess_gain))
            charts += [
                HeatMap(
                    title=f"{title} ({each.coder}), % of L(X) + L(Y)",
                    rows=each.names,
                    columns=each.names,
                    values=(100 * values).tolist(),
                    row_label="X",
                    column_label="Y",
                    form=".2f",
                )
                for title, values in shown
            ]
        return charts

    @classmethod
    def evidence_of(cls, results: Sequence[Self]) -> list[str]:
        return [
            f"{each.coder}: an excess gain above the noise floor of {percent(each.noise_floor)}% occurs in at most "
            "one of twenty matrices of unrelated sets."
            for each in results
            if each.null != "none"
        ]

    def _table(self, title: str, values: Floats) -> Table:
        from kolmo._core.tables import Column, Table, matrix_table

        title = f"{title} ({self.coder}), %"
        cells = [[percent(value) for value in row] for row in values.tolist()]
        if len(self) > _NAMED_COLUMNS:
            return matrix_table(title, self.names, cells, corner="set", columns=range(len(self)))
        table = Table(title, [Column("set"), *(Column(name, True) for name in self.names)])
        for name, row in zip(self.names, cells, strict=True):
            table.add(name, *row)
        return table


def _plain(value: Any) -> Any:
    """Return a NumPy number as one of Python; NaN as None."""
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and np.isnan(value) else value
