"""Results of `transfer_gain`: losses of the trainings, transfer gains with their intervals, and tables of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

from kolmo._core.results import Result

if TYPE_CHECKING:
    from kolmo._core.reports.charts import Chart
    from kolmo._core.tables import Table

_RUNS = {
    "x": "X",
    "y": "Y",
    "both": "X and Y",
    "x_double": "X, double steps",
    "y_double": "Y, double steps",
    "double_compute": "X and Y, double steps",
    "x_permuted": "X and Y with permuted bytes",
    "y_permuted": "Y and X with permuted bytes",
    "x_random": "X and random bytes",
    "y_random": "Y and random bytes",
}
_ESTIMATES = {
    "both": "X and Y over the set alone",
    "double_compute": "X and Y over the set alone, both with double steps",
    "transfer": "X and Y over the set and the other with permuted bytes",
    "random": "the set and random bytes over the set alone",
}


@dataclass(frozen=True, kw_only=True)
class CurvePoint:
    """A point of a held-out curve, in bits per byte.

    Parameters
    ----------
    step : int
        Steps taken.
    bits_x, bits_y : float
        Held-out loss on the first 8 KiB of X and of Y, mean over seeds.
    """

    step: int
    bits_x: float
    bits_y: float


@dataclass(frozen=True, kw_only=True)
class TrainingRun:
    """The losses of one training, in bits per byte, as means over the seeds.

    Parameters
    ----------
    steps : int
        Number of steps.
    training_bits : float
        Mean training loss in the last tenth of the steps.
    bits_x, bits_y : float
        Held-out loss on X and on Y after the last step.
    bits_x_by_seed, bits_y_by_seed : tuple of float
        The same for each seed.
    curve : tuple of CurvePoint
        Held-out losses during the training, at each fifth.
    """

    steps: int
    training_bits: float
    bits_x: float
    bits_y: float
    bits_x_by_seed: tuple[float, ...] = ()
    bits_y_by_seed: tuple[float, ...] = ()
    curve: tuple[CurvePoint, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """The difference of the held-out losses of two trainings, in bits per byte, with its confidence interval.

    Parameters
    ----------
    value : float
        Positive if the second training has the smaller loss.
    low, high : float
        95% confidence interval: Student's t over seeds; for a single seed from bootstrap resamples of blocks of
        held-out bytes, without the variation between seeds.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class TransferGain(Result):
    """Held-out losses of models of one size that were trained on X, on Y, and on both.

    Parameters
    ----------
    model, fingerprint : str
        Name of the model; the fingerprint adds the seed, the device and the versions.
    n_parameters : int
        Number of weights.
    n_seeds : int
        Number of seeds.
    steps, step_bytes : int
        Steps of each training except those with double steps, and bytes per step.
    sizes, held_out_sizes : tuple of int
        Training bytes and held-out bytes of X and of Y.
    runs : dict of str to TrainingRun
        The trainings. ``"x"``, ``"y"``: on one set. ``"both"``: half of each batch from X and half from Y. The controls
        are ``"x_double"``, ``"y_double"``, ``"double_compute"``: the same three with twice the steps;
        ``"x_permuted"``, ``"y_permuted"``: half of each batch from one set and half from the other under a byte
        permutation, which maps its most frequent bytes to the least frequent ones of the set; ``"x_random"``,
        ``"y_random"``: half of each batch from one set and half random bytes.
    estimates : dict of str to tuple of Estimate
        Reductions of the held-out loss on X and on Y. ``"both"``: by training on both instead of the set alone, at
        equal compute, so that each set is read half as often. ``"double_compute"``: the same with twice the steps for
        all three, at equal compute too. ``"transfer"``: by training on both instead of the set and the
        other with permuted bytes, which are equally hard to learn and occupy as much of the model, but have few bytes
        or none in common with the set; the difference is due to common structure. ``"random"``: by training on the set
        and random bytes instead of the set alone. Random bytes cannot be learned, so they occupy little of the model:
        they may cost less than other data, or even help, and are not a lower bound.
    warnings : list of str
        Reasons to distrust the estimates.
    """

    derived: ClassVar[tuple[str, ...]] = ("gain_x", "gain_y", "passes")
    question: ClassVar[str] = "Does training on one data set help with the other?"

    model: str
    fingerprint: str
    n_parameters: int
    n_seeds: int
    steps: int
    step_bytes: int
    sizes: tuple[int, int]
    held_out_sizes: tuple[int, int]
    runs: dict[str, TrainingRun]
    estimates: dict[str, tuple[Estimate, Estimate]]
    warnings: list[str] = field(default_factory=list)

    @property
    def gain_x(self) -> float:
        """Reduction of the held-out loss on X, in bits per byte, if half of each batch comes from Y."""
        return self.estimates["both"][0].value

    @property
    def gain_y(self) -> float:
        """Reduction of the held-out loss on Y, in bits per byte, if half of each batch comes from X."""
        return self.estimates["both"][1].value

    @property
    def passes(self) -> tuple[float, float]:
        """Number of passes over X, and over Y, in the trainings on one set."""
        return (self.steps * self.step_bytes / self.sizes[0], self.steps * self.step_bytes / self.sizes[1])

    def records(self) -> list[dict[str, Any]]:
        """Return one row per estimate and set.

        Returns
        -------
        list of dict
        """
        return [
            {"estimate": name, "set": label} | asdict(estimate)
            for name, both in self.estimates.items()
            for label, estimate in zip("XY", both, strict=True)
        ]

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return two tables per result: the losses of all trainings, and the estimates.

        Parameters
        ----------
        results : sequence of TransferGain
            At least one.
        verbose : bool
            Add fingerprints below the tables.

        Returns
        -------
        list of Table
        """
        return [
            table for result in results for table in (result._runs_table(), result._estimates_table(verbose=verbose))
        ]

    @classmethod
    def answer_of(cls, results: Sequence[Self]) -> str:
        first = results[0]
        name = "transfer" if "transfer" in first.estimates else "both"
        said = [
            f"{label} by {-each.value:+.4f} bits/byte (95% interval {-each.high:+.4f} to {-each.low:+.4f})"
            for label, each in zip("XY", first.estimates[name], strict=True)
        ]
        against = "on one set and the permuted bytes of the other" if name == "transfer" else "on one set alone"
        both = zip("XY", first.estimates[name], strict=True)
        unclear = [label for label, each in both if each.low <= 0 <= each.high]
        chance = f"; on {' and '.join(unclear)} the change could be chance, since the interval contains 0"
        return (
            f"Training {first.model} on both sets, instead of {against}, changes the held-out loss on "
            f"{' and on '.join(said)}{chance if unclear else ''}."
        )

    @classmethod
    def charts_of(cls, results: Sequence[Self]) -> list[Chart]:
        from kolmo._core.reports.charts import BarChart

        return [
            BarChart(
                title=f"Reduction of the held-out loss of {each.model}",
                label="bits/byte, with 95% intervals",
                names=[_ESTIMATES[name] for name in each.estimates],
                series={
                    label: [both[place].value for both in each.estimates.values()] for place, label in enumerate("XY")
                },
                intervals={
                    label: [(both[place].low, both[place].high) for both in each.estimates.values()]
                    for place, label in enumerate("XY")
                },
                form="+.4f",
            )
            for each in results
        ]

    @classmethod
    def evidence_of(cls, results: Sequence[Self]) -> list[str]:
        first = results[0]
        source = (
            f"Means and 95% intervals over {first.n_seeds} seeds."
            if first.n_seeds > 1
            else "One seed: the intervals are from resamples of held-out bytes, without the variation between seeds."
        )
        return [source, "All trainings that are compared have equal initial weights and equal compute."]

    def _runs_table(self) -> Table:
        from kolmo._core.tables import Column, Table

        table = Table(
            f"Held-out loss of {self.model}",
            [Column("trained on"), *(Column(name, True) for name in ("steps", "X, bits/byte", "Y, bits/byte"))],
        )
        for name, run in self.runs.items():
            table.add(_RUNS[name], f"{run.steps:,}", f"{run.bits_x:.4f}", f"{run.bits_y:.4f}")
        return table

    def _estimates_table(self, *, verbose: bool) -> Table:
        from kolmo._core.tables import Column, Table

        columns = ("X, bits/byte", "95% interval", "Y, bits/byte", "95% interval")
        table = Table(
            "Transfer gain: reduction of the held-out loss",
            [Column("training"), *(Column(name, True) for name in columns)],
        )
        for name, both in self.estimates.items():
            cells = [(f"{each.value:+.4f}", f"{each.low:+.4f} to {each.high:+.4f}") for each in both]
            table.add(_ESTIMATES[name], *cells[0], *cells[1])
        passes = " and ".join(f"{count:.2g}" for count in self.passes)
        if "transfer" in self.estimates:
            table.footers.append(
                "permuted bytes: the most frequent bytes of the other set become the least frequent ones of the set"
            )
        table.footers += [
            f"{self.n_parameters:,} weights, equal initial weights; {self.step_bytes:,} bytes per step, half from each "
            "of two sets; equal steps are equal compute",
            f"means and intervals over {self.n_seeds} seeds" if self.n_seeds > 1 else "one seed",
            f"held out: {self.held_out_sizes[0]:,} bytes of X and {self.held_out_sizes[1]:,} of Y; trained alone, X is "
            f"read in {passes.replace(' and ', ' passes and Y in ')} passes",
            *(f"warning: {warning}" for warning in self.warnings),
        ]
        if verbose:
            table.footers.append(self.fingerprint)
        return table
