"""How much more data would help: the rate of a coder as it reads, and its law."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from kolmo._core.checks import check_count, check_random_state
from kolmo._core.items import as_bytes, as_items
from kolmo._core.progress import progress
from kolmo._core.results import Result
from kolmo.coders.base import Coder
from kolmo.coders.predictive import PredictiveCoder
from kolmo.coders.registry import CoderLike, coder as made_coder
from kolmo.errors import DataError
from kolmo.laws.comparisons import LawComparison, compare_laws

if TYPE_CHECKING:
    from kolmo._core.reports.charts import Chart
    from kolmo._core.tables import Table
    from kolmo.laws.bands import Band

FACTORS = (2.0, 4.0, 10.0, 100.0)
_FORMS = ("constant", "power", "power+offset", "shifted power+offset", "M3", "M4")
_LEAST_BYTES = 4000
_PIECE = 4096
_PIECES = 32


@dataclass(frozen=True, kw_only=True)
class DataCurve(Result):
    """The rate of a coder by the number of bytes it has read. Made by `data_curve`.

    Parameters
    ----------
    sizes : tuple of float
        Bytes read: the middle of each part, on a logarithmic scale.
    rates : tuple of float
        Bits per byte in this part, each byte coded before it is learned (prequential).
    n_bytes : int
        Bytes in all.
    coder, fingerprint : str
        The coder, and its parameters and library versions.
    n_orders : int
        Number of random orders of the documents or pieces over which the rates are means; 0 for the given order.
    """

    question: ClassVar[str] = "How much more data would help?"

    sizes: tuple[float, ...]
    rates: tuple[float, ...]
    n_bytes: int
    coder: str
    fingerprint: str
    n_orders: int

    @cached_property
    def laws(self) -> LawComparison:
        """The laws of the curve."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return compare_laws(np.array(self.sizes), np.array(self.rates), forms=_FORMS)

    def forecast(self, factors: Sequence[float] = FACTORS, *, level: float = 0.8) -> Band:
        """Return the rate after this many times the data, with a band.

        Parameters
        ----------
        factors : sequence of float
            Multiples of `n_bytes`; 1 is the end of these data.
        level : float
            The share of new points that the band is meant to hold.

        Returns
        -------
        Band
        """
        return self.laws.extrapolate(self.n_bytes * np.asarray(factors, float), level=level)

    def records(self) -> list[dict[str, Any]]:
        """Return a row for each part."""
        return [{"bytes": size, "bits_per_byte": rate} for size, rate in zip(self.sizes, self.rates, strict=True)]

    @classmethod
    def answer_of(cls, results: Sequence[Self]) -> str:
        said = []
        for curve in results:
            found = curve.forecast((1.0, 2.0, 10.0))
            now, twice, ten = found.predicted
            said.append(
                f"{curve.coder}: {now:.3f} bits/byte now; twice the data would give {twice:.3f} ({1 - twice / now:.1%} "
                f"less), ten times {ten:.3f} (80% band {found.low[2]:.3f} to {found.high[2]:.3f})."
            )
        return "\n".join(said)

    @classmethod
    def charts_of(cls, results: Sequence[Self]) -> list[Chart]:
        from kolmo._core.reports.charts import Curve, LineChart

        charts: list[Chart] = []
        for curve in results:
            grid = np.geomspace(curve.sizes[0], 10 * curve.n_bytes, 120)
            band = curve.laws.extrapolate(grid)
            line = Curve(name="average of the laws, 80% band", x=grid, y=band.predicted, low=band.low, high=band.high)
            charts.append(
                LineChart(
                    title=f"Rate of {curve.coder} by the bytes read",
                    x_label="bytes read",
                    y_label="bits/byte",
                    curves=[line, Curve(name="measured", x=curve.sizes, y=curve.rates, kind="points")],
                    log_x=True,
                    log_y=True,
                )
            )
        return charts

    @classmethod
    def evidence_of(cls, results: Sequence[Self]) -> list[str]:
        return [
            f"{curve.coder}: each byte is coded before it is learned; "
            + (f"means over {curve.n_orders} random orders." if curve.n_orders else "in the given order.")
            for curve in results
        ]

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return the forecast of each curve; with `verbose` also the curve and its laws."""
        from kolmo._core.tables import Column, Table

        tables = []
        for curve in results:
            found = curve.forecast((1.0, *FACTORS))
            names = ["data", "bytes", "bits/byte", "80% band", "less than now"]
            table = Table(
                f"Rate of {curve.coder} with more data of this kind", [Column(name, numeric=True) for name in names]
            )
            for factor, size, low, middle, high in zip(
                (1.0, *FACTORS), found.x, found.low, found.predicted, found.high, strict=True
            ):
                saved = 1 - middle / found.predicted[0]
                table.add(f"x{factor:g}", f"{size:,.0f}", f"{middle:.4f}", f"{low:.4f} to {high:.4f}", f"{saved:.1%}")
            table.footers.append(curve.laws.verdict)
            table.footers += [f"Warning: {line}" for line in curve.laws.best.warnings if "monotone" in line]
            tables.append(table)
            if verbose:
                points = Table("Prequential rate", [Column(name, numeric=True) for name in ("bytes read", "bits/byte")])
                for size, rate in zip(curve.sizes, curve.rates, strict=True):
                    points.add(f"{size:,.0f}", f"{rate:.4f}")
                points.footers.append(curve.fingerprint)
                tables += [points, *LawComparison.tables_of([curve.laws], verbose=True)]
        return tables


def data_curve(
    data: Any,
    *,
    coder: CoderLike = "ngram",
    n_points: int = 14,
    n_orders: int = 3,
    start: int = 1000,
    random_state: int = 0,
) -> DataCurve:
    """Measure the rate of a coder as it reads more data, and fit its law: how much more data would help.

    Parameters
    ----------
    data : str, bytes-like, or collection of these
        One string is cut into pieces of 4,096 bytes, or 32 pieces if it is short.
    coder : str, mapping or Coder
        See `kolmo.coder`. A coder that predicts is run once an order; for any other the differences of the code lengths
        of growing prefixes are taken.
    n_points : int
        Number of parts of the curve, each longer than the one before by the same factor.
    n_orders : int
        Number of random orders of documents or pieces; 0 keeps the given order, in which a change of the topic looks
        like a change of the rate.
    start : int
        Bytes after which the first part starts.
    random_state : int
        Seed of the orders.

    Returns
    -------
    DataCurve

    Raises
    ------
    DataError
        If there are fewer than 4,000 bytes, or a rate is not positive.

    References
    ----------
    Dawid, "Statistical theory: the prequential approach", 1984. Blier and Ollivier, "The description length of deep
    learning models", NeurIPS 2018.

    Examples
    --------
    >>> words = ["cat", "dog", "sat", "ran", "on", "the", "a", "mat", "and", "then"]
    >>> rng = np.random.default_rng(0)
    >>> curve = data_curve(" ".join(rng.choice(words, 3000)))
    >>> curve.rates[0] > curve.rates[-1]
    True
    >>> float(curve.forecast([10]).predicted[0]) <= curve.rates[-1] * 1.01
    True
    """
    check_count("n_points", n_points, 5, 1000)
    check_count("n_orders", n_orders, 0, 1000)
    check_count("start", start, 1)
    check_random_state(random_state)
    made = made_coder(coder)
    if isinstance(data, str | bytes | bytearray | memoryview):
        string = as_bytes(data)
        size = max(1, min(_PIECE, -(-len(string) // _PIECES)))
        documents = [string[at : at + size] for at in range(0, len(string), size)]
    else:
        documents = list(as_items(data))
    total = sum(map(len, documents))
    if total < max(_LEAST_BYTES, 4 * start):
        raise DataError(
            f"expected at least {max(_LEAST_BYTES, 4 * start):,} bytes for a curve, got {total:,}; add data, or take a "
            "smaller start"
        )
    edges = np.unique(np.geomspace(start, total, n_points + 1).round().astype(int))
    rng = np.random.default_rng(random_state)
    rows = []
    with progress(max(n_orders, 1), label=f"reading with {made}", unit="orders") as bar:
        for _ in range(max(n_orders, 1)):
            order = rng.permutation(len(documents)) if n_orders else range(len(documents))
            rows.append(_bits_between(made, b"".join(documents[place] for place in order), edges))
            bar.update()
    sizes, rates = np.sqrt(edges[:-1] * edges[1:]), np.mean(rows, axis=0) / np.diff(edges)
    if rates.min() <= 0:
        raise DataError(
            f"{made} needs no more bits for some part of these data ({rates.min():.3g} bits/byte), so the curve has no "
            "law; it codes in blocks, or the data repeat: take another coder, or fewer n_points"
        )
    return DataCurve(
        sizes=tuple(sizes.tolist()),
        rates=tuple(rates.tolist()),
        n_bytes=total,
        coder=str(made),
        fingerprint=made.fingerprint,
        n_orders=n_orders,
    )


def _bits_between(coder: Coder, data: bytes, edges: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the bits of each part of the data, given all before it."""
    if isinstance(coder, PredictiveCoder):
        held = np.concatenate([[0.0], np.cumsum(coder.surprisals(data))])
        return np.diff(held[edges])
    return np.diff([coder.code_length(data[:edge]) for edge in edges.tolist()])
