"""Results: what every function that measures returns, for Python, pandas, notebooks and the command line alike."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from kolmo._core.extras import import_extra

if TYPE_CHECKING:
    import pandas as pd

    from kolmo._core.reports.charts import Chart
    from kolmo._core.tables import Table


@dataclass(frozen=True, kw_only=True)
class Result:
    """Base of all results: a frozen dataclass that prints as the table that the command prints.

    A subclass lists its fields, names the properties that count as fields in `derived`, and gives `tables_of`. For
    `kolmo.report_html` it also gives its `question`, `answer_of`, and where it has them `charts_of` and `evidence_of`.

    Examples
    --------
    >>> from kolmo._core.tables import Column, Table
    >>> @dataclass(frozen=True, kw_only=True)
    ... class Length(Result):
    ...     derived = ("bytes",)
    ...     bits: float
    ...
    ...     @property
    ...     def bytes(self):
    ...         return self.bits / 8
    ...
    ...     @classmethod
    ...     def tables_of(cls, results, *, verbose=False):
    ...         table = Table("Code lengths", [Column("bits", numeric=True)])
    ...         for result in results:
    ...             table.add(f"{result.bits:,.0f}")
    ...         return [table]
    >>> Length(bits=96.0).to_dict()
    {'bits': 96.0, 'bytes': 12.0}
    >>> print(Length(bits=96.0))
    Code lengths
    <BLANKLINE>
    bits
      96
    """

    derived: ClassVar[tuple[str, ...]] = ()
    question: ClassVar[str] = ""
    """The question that the result answers, the heading of its HTML report; by default the title of its table."""

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return the tables of several results of this type, such as those of several coders.

        Parameters
        ----------
        results : sequence of this type
            At least one.
        verbose : bool
            Add fingerprints and citations below the tables.

        Returns
        -------
        list of Table
        """
        raise NotImplementedError

    @classmethod
    def answer_of(cls, results: Sequence[Self]) -> str:
        """Return the answer to `question`, a line for each paragraph of an HTML report; "" for none."""
        return ""

    @classmethod
    def charts_of(cls, results: Sequence[Self]) -> list[Chart]:
        """Return the charts of an HTML report, the most important first."""
        return []

    @classmethod
    def report_tables_of(cls, results: Sequence[Self]) -> list[Table]:
        """Return the tables of an HTML report, which links cells of the type `ItemCell` to excerpts.

        The report shows the first rows of a long table, so the most important rows stand first.
        """
        return cls.tables_of(results)

    @classmethod
    def evidence_of(cls, results: Sequence[Self]) -> list[str]:
        """Return how sure the answer is, for an HTML report: intervals, controls and the method, a sentence each.

        Warnings, fingerprints and citations are added by the report.
        """
        return []

    def to_dict(self) -> dict[str, Any]:
        """Return all public fields as JSON values: NaN and infinity as None, arrays as lists, results as dicts.

        Returns
        -------
        dict of str to JSON values
        """
        fields = [field.name for field in dataclasses.fields(self) if not field.name.startswith("_")]
        names = [*fields, *self.derived]
        return {name: _json(getattr(self, name)) for name in names}

    def to_frame(self) -> pd.DataFrame:
        """Return the result as a pandas DataFrame, one row for each of `records`.

        Returns
        -------
        pandas.DataFrame

        Raises
        ------
        MissingDependencyError
            If pandas is not installed.
        """
        pandas = import_extra("pandas", extra="frames", purpose="to_frame")
        frame: pd.DataFrame = pandas.DataFrame(self.records())
        return frame

    def records(self) -> list[dict[str, Any]]:
        """Return the rows of `to_frame`; a result of several rows overrides this.

        Returns
        -------
        list of dict
        """
        return [self.to_dict()]

    def __str__(self) -> str:
        return "\n\n".join(table.plain() for table in self.tables_of([self]))

    def _repr_html_(self) -> str:
        return "\n".join(table.html() for table in self.tables_of([self]))


def _json(value: Any) -> Any:
    if isinstance(value, Result):
        return value.to_dict()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _json(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_json(each) for each in value]
    if hasattr(value, "tolist"):  # a NumPy array or scalar
        return _json(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
