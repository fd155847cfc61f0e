"""The joint gains of all pairs of several data sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from kolmo._core.extras import import_extra
from kolmo._core.items import as_bytes
from kolmo._core.results import Result
from kolmo.coders.predictive import PredictiveCoder
from kolmo.coders.registry import CoderLike, coder as make_coder
from kolmo.distances.engine import Distances
from kolmo.errors import DataError
from kolmo.joint.caveats import diagnose_matrix
from kolmo.joint.estimates import SCALE, remarks
from kolmo.joint.gain_results import CITATIONS

if TYPE_CHECKING:
    import pandas as pd

    from kolmo._core.tables import Table

_NAMED_COLUMNS = 12
"""A table with more sets numbers its columns."""


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
    relative_gain : ndarray of shape (n_sets, n_sets)
        `JointGain.relative_gain` of each pair; the diagonal holds the self gain of each set.
    coder : str
        The coder.
    fingerprint : str
        The coder with its parameters and library versions.
    warnings : list of str
        Limits of the coder, and properties of the sets that make them hard to compare.
    """

    citations: ClassVar[tuple[str, ...]] = CITATIONS[:1]

    names: tuple[str, ...]
    sizes: tuple[int, ...]
    code_lengths: NDArray[np.float64]
    relative_gain: NDArray[np.float64]
    coder: str
    fingerprint: str
    warnings: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.names)

    def distances(self) -> NDArray[np.float64]:
        """Return the normalized distances 1 - 2 x relative gain: 1 for independent sets, 0 for identical ones.

        Returns
        -------
        float64 ndarray of shape (n_sets, n_sets)
            Not below 0; for trees and maps see `kolmo.distances.symmetric` and `kolmo.distances.double_centered`.
        """
        apart: NDArray[np.float64] = np.clip(1 - 2 * self.relative_gain, 0, None)
        return apart

    def records(self) -> list[dict[str, Any]]:
        """Return a row for each set, with its name under the key ``set``.

        Returns
        -------
        list of dict
        """
        rows = zip(self.names, self.relative_gain.tolist(), strict=True)
        return [{"set": name} | dict(zip(self.names, row, strict=True)) for name, row in rows]

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
        """Return a table for each matrix.

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
        from kolmo._core.tables import Column, Table, matrix_table

        tables = []
        for matrix in results:
            title = f"Joint gain matrix ({matrix.coder}), %"
            cells = [[f"{100 * gain:.2f}" for gain in row] for row in matrix.relative_gain]
            if len(matrix) > _NAMED_COLUMNS:
                table = matrix_table(title, matrix.names, cells, corner="set", columns=range(len(matrix)))
            else:
                table = Table(title, [Column("set"), *(Column(name, True) for name in matrix.names)])
                for name, row in zip(matrix.names, cells, strict=True):
                    table.add(name, *row)
            table.footers = [SCALE, "diagonal: self gain, the upper control", *remarks([matrix], verbose=verbose)]
            tables.append(table)
        return tables


def gain_matrix(
    sets: Mapping[str, Any],
    *,
    coder: CoderLike = "mix",
    n_jobs: int | None = None,
    checkpoint: str | Path | None = None,
) -> GainMatrix:
    """Estimate the mutual information of all pairs of several data sets, as relative joint gains.

    Parameters
    ----------
    sets : mapping of str to str or bytes-like
        Data sets by name. Random bytes among them, see `random_control`, are a control with a gain near 0.
    coder : str, mapping or Coder
        See `kolmo.coder`. A predictive coder reads each set only once for its whole row.
    n_jobs : int, optional
        Number of parallel workers, as in joblib.
    checkpoint : str or Path, optional
        Save progress to this file, and resume from it.

    Returns
    -------
    GainMatrix

    Raises
    ------
    DataError
        If there are fewer than two sets, or one is empty, or the checkpoint belongs to another run.

    Warns
    -----
    WindowWarning
        If a set is longer than the coder's window.

    References
    ----------
    Li, Chen, Li, Ma and Vitanyi, "The similarity metric", IEEE Transactions on Information Theory, 2004.

    Examples
    --------
    >>> sets = {"a": "the cat sat on the mat " * 9, "b": "the cat sat on the rug " * 9, "c": "3.14159 26535 " * 9}
    >>> matrix = gain_matrix(sets, coder="ngram")
    >>> bool(matrix.relative_gain[0, 1] > matrix.relative_gain[0, 2])
    True
    """
    items = [as_bytes(data) for data in sets.values()]
    if len(items) < 2:
        raise DataError(f"expected at least two data sets, got {len(items)}")
    for name, item in zip(sets, items, strict=True):
        if not item:
            raise DataError(f"the set {name!r} is empty; leave it out")
    made = make_coder(coder)
    conditional = isinstance(made, PredictiveCoder)
    distances = Distances(
        made,
        metric="conditional_cdm" if conditional else "cdm",
        symmetrize=None if conditional else "mean",
        n_jobs=n_jobs,
    )
    run = distances.run(checkpoint, items, items, result="square")
    lengths = made.code_lengths(items, n_jobs=n_jobs)
    apart = distances.square(items, lengths=lengths, run=run)
    # 1 minus (L(Y|X) + L(X|Y)) / (L(X) + L(Y)) counts the gain twice; 1 minus L(XY) / (L(X) + L(Y)) once
    gains: NDArray[np.float64] = (1 - apart) / 2 if conditional else 1 - apart
    return GainMatrix(
        names=tuple(sets),
        sizes=tuple(map(len, items)),
        code_lengths=lengths,
        relative_gain=gains,
        coder=str(made),
        fingerprint=made.fingerprint,
        warnings=diagnose_matrix(dict(zip(sets, items, strict=True)), gains, coder=made),
    )


def random_control(sets: Mapping[str, Any], *, random_state: int = 0) -> bytes:
    """Return random bytes of the median size of the sets, as a control for `gain_matrix`.

    Parameters
    ----------
    sets : mapping of str to str or bytes-like
        Data sets by name.
    random_state : int
        Seed.

    Returns
    -------
    bytes

    Raises
    ------
    DataError
        If there is no set.

    Examples
    --------
    >>> len(random_control({"a": "few", "b": "some more", "c": "so many more"}))
    9
    """
    if not sets:
        raise DataError("expected at least one data set, got none")
    size = int(np.median([len(as_bytes(data)) for data in sets.values()]))
    return np.random.default_rng(random_state).integers(0, 256, size, np.uint8).tobytes()
