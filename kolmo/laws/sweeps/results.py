"""The runs of a sweep, as a table, a file, and the parameters needed by kind of data."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from kolmo._core.results import Result
from kolmo.errors import DataError
from kolmo.laws.comparisons import compare_laws

if TYPE_CHECKING:
    from kolmo._core.reports.charts import Chart
    from kolmo._core.tables import Table

SHARES = (0.5, 0.8, 0.9)
_LEAST_SIZES = 4


@dataclass(frozen=True, kw_only=True)
class SweepRun:
    """One run of a sweep; the fields are the columns of its file.

    Parameters
    ----------
    kind, data : str
        Kind of data, and name of the data set.
    model : str
        The architecture, or the coder.
    parameters, non_embedding_parameters : int or None
        Number of weights, and of those that are not byte vectors; None for a coder without weights.
    bytes : int
        Bytes read in training: `unique_bytes` times `epochs`.
    unique_bytes : int
        Bytes of the part of the data set.
    epochs : float
        Passes over this part.
    budget : float or None
        The compute budget that the run belongs to.
    flops : float or None
        Floating-point operations of the training.
    tuning_flops : float or None
        Those that were spent on the learning rate of this size.
    learning_rate : float or None
    batch_size, steps : int or None
    seed : int
    held_out_bits_per_byte : float
        The loss.
    order0_bits_per_byte : float
        The loss of the frequencies of bytes.
    seconds : float
    device : str
    """

    kind: str
    data: str
    model: str
    parameters: int | None
    non_embedding_parameters: int | None
    bytes: int
    unique_bytes: int
    epochs: float
    budget: float | None
    flops: float | None
    tuning_flops: float | None
    learning_rate: float | None
    batch_size: int | None
    steps: int | None
    seed: int
    held_out_bits_per_byte: float
    order0_bits_per_byte: float
    seconds: float
    device: str


@dataclass(frozen=True, kw_only=True)
class SizeNeed(Result):
    """The parameters needed for shares of the reducible bits of one kind of data. Made by `Sweep.needs`.

    Parameters
    ----------
    kind, model : str
        Kind of data, and architecture.
    floor : float
        The loss that the law of L(N) goes to, in bits per byte.
    start : float
        The loss of the frequencies of bytes; ``start - floor`` is reducible.
    parameters : dict of float to (float or None)
        The number of parameters by share; None if no number reaches it.
    largest : float
        The largest model that was trained; beyond it the number is an extrapolation.
    form : str
        The form of the law.
    """

    kind: str
    model: str
    floor: float
    start: float
    parameters: dict[float, float | None]
    largest: float
    form: str

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return a table with a row for each kind and architecture."""
        from kolmo._core.tables import Column, Table

        columns = ["order 0", "floor", *(f"for {share:.0%}" for share in SHARES)]
        table = Table(
            "Parameters needed for a share of the reducible bits",
            [Column("kind"), Column("model"), *(Column(name, numeric=True) for name in columns)],
        )
        for each in results:
            cells = [_size(number, each.largest) for number in each.parameters.values()]
            table.add(each.kind, each.model, f"{each.start:.3f}", f"{each.floor:.3f}", *cells)
        table.footers.append(
            "reducible: bits/byte of byte frequencies (order 0) less the floor of the law of L(N); *: beyond the "
            "largest model, an extrapolation"
        )
        return [table]


def _size(number: float | None, largest: float) -> str:
    return "-" if number is None else f"{number:,.3g}{'*' if number > largest else ''}"


@dataclass(frozen=True, kw_only=True)
class Sweep(Result):
    """The runs of a study. Made by `run_sweep`; `kolmo.fit_law` takes its columns.

    Parameters
    ----------
    runs : tuple of SweepRun
        All runs.
    warnings : tuple of str
        Limits of the runs.
    """

    question: ClassVar[str] = "What loss do models of each size reach?"

    runs: tuple[SweepRun, ...]
    warnings: tuple[str, ...] = ()

    def records(self) -> list[dict[str, Any]]:
        """Return a row for each run."""
        return [dict(vars(run)) for run in self.runs]

    def column(self, name: str, **conditions: Any) -> Any:
        """Return a column of the runs that fulfil the conditions, such as ``column("bytes", model="gru")``.

        Returns
        -------
        ndarray
        """
        return np.array(
            [getattr(run, name) for run in self.runs if all(getattr(run, k) == v for k, v in conditions.items())]
        )

    def write_csv(self, file: IO[str]) -> None:
        """Write the runs as CSV, which ``kolmo law fit`` reads."""
        writer = csv.DictWriter(file, fieldnames=list(SweepRun.__dataclass_fields__), lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.records())

    def needs(self) -> list[SizeNeed]:
        """Return the parameters needed for shares of the reducible bits, by kind of data and architecture.

        The law of L(N) is fitted to the runs with the most data, where at least four sizes were trained.

        Returns
        -------
        list of SizeNeed
        """
        found = []
        for kind, model in dict.fromkeys((run.kind, run.model) for run in self.runs if run.parameters is not None):
            runs = [run for run in self.runs if (run.kind, run.model) == (kind, model) and run.budget is None]
            most = max((run.bytes for run in runs), default=0)
            runs = [run for run in runs if run.bytes == most]
            sizes = np.array([run.parameters for run in runs], float)
            if len(np.unique(sizes)) < _LEAST_SIZES:
                continue
            losses = np.array([run.held_out_bits_per_byte for run in runs])
            start = float(np.mean([run.order0_bits_per_byte for run in runs]))
            try:
                law = compare_laws(sizes, losses, forms=("power+offset", "M3", "power")).best
            except DataError:
                continue
            grid = np.geomspace(sizes.min() / 10, sizes.max() * 1e4, 4000)
            curve = law.predict(grid)
            floor = law.params.get("E", 0.0)
            needed = {}
            for share in SHARES:
                below = np.flatnonzero(curve <= floor + (1 - share) * (start - floor))
                needed[share] = float(grid[below[0]]) if len(below) else None
            found.append(
                SizeNeed(
                    kind=kind,
                    model=model,
                    floor=floor,
                    start=start,
                    parameters=needed,
                    largest=float(sizes.max()),
                    form=law.form,
                )
            )
        return found

    @classmethod
    def answer_of(cls, results: Sequence[Self]) -> str:
        runs = [run for each in results for run in each.runs if not np.isnan(run.held_out_bits_per_byte)]
        if not runs:
            return ""
        best = min(runs, key=lambda run: run.held_out_bits_per_byte)
        size = "" if best.parameters is None else f" with {best.parameters:,} parameters"
        return (
            f"Of {len(runs):,} runs the least held-out loss is {best.held_out_bits_per_byte:.3f} bits/byte: "
            f"{best.model}{size}, on {best.bytes:,} bytes of {best.data}."
        )

    @classmethod
    def charts_of(cls, results: Sequence[Self]) -> list[Chart]:
        from kolmo._core.reports.charts import Curve, LineChart

        found: dict[str, list[tuple[float, float]]] = {}
        coders: dict[str, list[tuple[float, float]]] = {}
        for run in (run for each in results for run in each.runs):
            if run.parameters is None:
                coders.setdefault(f"{run.data}, {run.model}", []).append((run.bytes, run.held_out_bits_per_byte))
                continue
            most = max(other.bytes for each in results for other in each.runs if other.data == run.data)
            if run.bytes == most and run.budget is None:
                found.setdefault(f"{run.data}, {run.model}", []).append((run.parameters, run.held_out_bits_per_byte))
        charts: list[Chart] = []
        for title, label, curves in (
            ("Held-out loss by parameters, with all data", "parameters", found),
            ("Held-out loss of coders without weights, by the bytes read", "bytes", coders),
        ):
            if curves:
                drawn = [
                    Curve(name=name, x=[size for size, _ in sorted(points)], y=[loss for _, loss in sorted(points)])
                    for name, points in curves.items()
                ]
                charts.append(LineChart(title=title, x_label=label, y_label="bits/byte", curves=drawn, log_x=True))
        return charts

    @classmethod
    def evidence_of(cls, results: Sequence[Self]) -> list[str]:
        runs = [run for each in results for run in each.runs]
        n_seeds = len({run.seed for run in runs if run.parameters is not None})
        said = ["The loss is that of held-out blocks of the same data, without an interval over other blocks."]
        if n_seeds == 1:
            said.append("Each model was trained with one seed, so the variation between seeds is not known.")
        elif n_seeds > 1:
            said.append("Bits/byte of models are means over seeds, ± the standard deviation.")
        return said

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return the table of the runs, means over seeds, and that of the parameters needed."""
        from kolmo._core.tables import Column, Table

        tables = []
        for sweep in results:
            names = [
                "parameters",
                "bytes",
                "passes",
                "FLOP",
                "learning rate",
                "seeds",
                "bits/byte",
                "seconds",
            ]
            table = Table(
                f"{len(sweep.runs):,} runs, held-out bits/byte",
                [Column("data"), Column("model"), *(Column(name, numeric=True) for name in names)],
            )
            groups: dict[tuple[Any, ...], list[SweepRun]] = {}
            for run in sweep.runs:
                groups.setdefault((run.data, run.model, run.parameters, run.bytes, run.epochs, run.budget), []).append(
                    run
                )
            for group in groups.values():
                run = group[0]
                losses = np.array([each.held_out_bits_per_byte for each in group])
                spread = f" ± {losses.std(ddof=1):.4f}" if len(losses) > 1 else ""
                table.add(
                    run.data,
                    run.model,
                    "-" if run.parameters is None else f"{run.parameters:,}",
                    f"{run.bytes:,}",
                    f"{run.epochs:.3g}",
                    "-" if run.flops is None else f"{run.flops:.3g}",
                    "-" if run.learning_rate is None else f"{run.learning_rate:.2g}",
                    str(len(group)),
                    "-" if np.isnan(losses).any() else f"{losses.mean():.4f}{spread}",
                    f"{sum(each.seconds for each in group):,.0f}",
                )
            spent = sum(run.flops or 0 for run in sweep.runs)
            tuned = sum({(run.data, run.model, run.parameters): run.tuning_flops or 0 for run in sweep.runs}.values())
            if spent:
                table.footers.append(f"{spent:.3g} FLOP in runs, and {tuned:.3g} in tuning of learning rates")
            table.footers += [f"Warning: {line}" for line in sweep.warnings]
            tables.append(table)
            if needs := sweep.needs():
                tables += SizeNeed.tables_of(needs)
        return tables
