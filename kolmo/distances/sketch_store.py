"""A store of sketches, which is searched for the items most similar to others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from kolmo._core.checks import check_boolean, check_count
from kolmo._core.items import as_items, blocks_of_items, in_order
from kolmo._core.models.saving import ModelState, SavedModel
from kolmo._core.parallel import map_blocks
from kolmo._core.progress import progress
from kolmo._core.results import Result
from kolmo.distances.sketch_kernels import similarities, smallest_rare
from kolmo.distances.sketches import ALL, LARGEST_SIZE, SIZE, Hashes, hashes_of, hashes_of_block
from kolmo.errors import DataError, ParameterError

if TYPE_CHECKING:
    from kolmo._core.tables import Table

_INDEXED = 16
"""Hashes of a sketch by which it is found."""
_RERANKED = 256
"""Sketches with the most indexed hashes in common whose similarity is computed."""
_SAMPLE, _COMMON_SHARE, _COMMON_LEAST = 10_000, 0.005, 20
"""A hash that this share of a sample of sketches has is not indexed."""
_FEW = 4096
"""A store with at most this many sketches is searched without an index."""
_BLOCK_BYTES = 2**22


@dataclass(frozen=True, kw_only=True)
class SketchMatch:
    """A stored sketch that is similar to that of a query.

    Parameters
    ----------
    query : int
        Position of the query, from 0.
    index : int
        Position of the match in the store.
    name : str or None
        Its name, if the store has names.
    similarity : float
        Estimated Jaccard similarity of the sets of phrases.
    """

    query: int
    index: int
    name: str | None
    similarity: float


@dataclass(frozen=True, kw_only=True)
class SketchMatches(Result):
    """The stored sketches that are most similar to those of queries. Made by `SketchStore.query`.

    Parameters
    ----------
    matches : list of SketchMatch
        By query, the most similar first.
    n_queries, n_stored : int
        Numbers of queries and of stored sketches.
    size : int
        Size of the sketches.
    """

    matches: list[SketchMatch]
    n_queries: int
    n_stored: int
    size: int

    def records(self) -> list[dict[str, Any]]:
        """Return one row for each match.

        Returns
        -------
        list of dict
        """
        return [dict(vars(match)) for match in self.matches]

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return a table of the matches for each result.

        Parameters
        ----------
        results : sequence of SketchMatches
            The results.
        verbose : bool
            Unused.

        Returns
        -------
        list of Table
        """
        from kolmo._core.tables import Column, Table

        tables = []
        for result in results:
            title = f"Most similar of {result.n_stored:,} sketches (size {result.size}) to {result.n_queries:,} items"
            columns = [Column("query", True), Column("item", True), Column("name"), Column("similarity", True)]
            table = Table(title, columns)
            for match in result.matches:
                table.add(f"{match.query:,}", f"{match.index:,}", match.name or "", f"{match.similarity:.3f}")
            tables.append(table)
        return tables


class SketchStore(SavedModel):
    """Sketches of many items, which are searched for those most similar to an item.

    Small stores are compared one by one. Large ones have an index of 16 hashes of each sketch, those too common left
    out; the 256 sketches that share the most of these with the query are compared. A store is saved to a folder with
    ``save``, and loaded with `kolmo.load_model`.

    Parameters
    ----------
    size : int
        Largest number of hashes of a sketch; see `sketch`.
    fold_case : bool
        Whether the ASCII letters of items and queries are put into lower case.

    Examples
    --------
    >>> store = SketchStore().append(["the cat sat on the mat", "stocks fell and bonds rose"], names=["cat", "stocks"])
    >>> store.query(["a cat sat on a mat"], top_k=1).matches[0].name
    'cat'
    >>> len(store.append(["a third text"], names=["third"]))
    3
    """

    def __init__(self, *, size: int = SIZE, fold_case: bool = False) -> None:
        check_count("size", size, 1, LARGEST_SIZE)
        check_boolean("fold_case", fold_case)
        self.size, self.fold_case = size, fold_case
        self._parts: list[Hashes] = []
        self._counts: list[NDArray[np.int64]] = []
        self._names: list[str] | None = None
        self._index: _Index | None = None

    def __len__(self) -> int:
        return sum(map(len, self._counts))

    def __repr__(self) -> str:
        return f"<SketchStore: {len(self):,} sketches of size {self.size}>"

    def append(self, items: Any, names: Any = None, *, n_jobs: int | None = None) -> Self:
        """Add the sketches of items.

        Parameters
        ----------
        items : collection of str or bytes
            See `kolmo.as_items`.
        names : sequence of str, optional
            A name for each item; all items of a store have names, or none.
        n_jobs : int, optional
            Number of joblib workers.

        Returns
        -------
        self

        Raises
        ------
        DataError
            If the numbers of items and names differ, or some items have names and others none.
        """
        everything = self._prepared(items)
        named = None if names is None else [str(name) for name in in_order(names, "names")]
        if named is not None and len(named) != len(everything):
            raise DataError(f"expected one name for each item, got {len(named)} names for {len(everything)} items")
        self._check_names(named is not None)
        for hashes, counts in self._sketched(everything, n_jobs):
            self._parts.append(hashes)
            self._counts.append(counts)
        self._names = None if named is None else [*(self._names or []), *named]
        self._index = None
        return self

    def merge(self, other: SketchStore) -> Self:
        """Add the sketches of another store after those of this one.

        Parameters
        ----------
        other : SketchStore
            A store of the same size and treatment of case.

        Returns
        -------
        self

        Raises
        ------
        ParameterError
            If the stores differ in their parameters.
        DataError
            If one has names and the other none.
        """
        if (self.size, self.fold_case) != (other.size, other.fold_case):
            raise ParameterError(
                f"expected a store with size={self.size} and fold_case={self.fold_case}, got size={other.size} and "
                f"fold_case={other.fold_case}; make both with the same parameters"
            )
        if not len(other):
            return self
        self._check_names(other._names is not None)
        self._parts, self._counts = [*self._parts, *other._parts], [*self._counts, *other._counts]
        self._names = None if other._names is None else [*(self._names or []), *other._names]
        self._index = None
        return self

    def query(self, items: Any, *, top_k: int = 10, exact: bool = False) -> SketchMatches:
        """Return the stored sketches that are most similar to those of items.

        Parameters
        ----------
        items : collection of str or bytes
            See `kolmo.as_items`.
        top_k : int
            Number of sketches for each item; those that have no phrase in common with it are left out.
        exact : bool
            Compare all sketches, in a large store too.

        Returns
        -------
        SketchMatches

        Raises
        ------
        DataError
            If the store is empty.
        """
        check_count("top_k", top_k)
        queries = self._prepared(items)
        matches = []
        for number, (places, values) in enumerate(self.nearest(queries, top_k, exact=exact)):
            for place, value in zip(places.tolist(), values.tolist(), strict=True):
                name = None if self._names is None else self._names[place]
                matches.append(SketchMatch(query=number, index=place, name=name, similarity=value))
        return SketchMatches(matches=matches, n_queries=len(queries), n_stored=len(self), size=self.size)

    def nearest(
        self, queries: Sequence[bytes], count: int, *, exact: bool = False
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]:
        """Yield the positions and similarities of the most similar sketches of each query, the most similar first.

        Parameters
        ----------
        queries : sequence of bytes
            The items, prepared as those of the store.
        count : int
            Number of sketches for each.
        exact : bool
            Compare all sketches.

        Yields
        ------
        positions, similarities : ndarray
        """
        if not len(self):
            raise DataError("the store holds no sketches; append items first")
        index = self._built()
        for query in hashes_of(queries, self.size):
            chosen = ALL if exact or len(self) <= _FEW else index.candidates(query, max(_RERANKED, 2 * count))
            if not exact and len(self) > _FEW and not len(chosen):
                yield ALL, np.empty(0)
                continue
            values = np.empty(len(chosen) or len(self))
            similarities(query, index.hashes, index.starts, chosen, self.size, values)
            places = chosen if len(chosen) else np.arange(len(self))
            order = np.lexsort((places, -values))[:count]
            order = order[values[order] > 0]
            yield places[order], values[order]

    def _prepared(self, items: Any) -> list[bytes]:
        found = as_items(items)
        return [item.lower() for item in found] if self.fold_case else found

    def _check_names(self, named: bool) -> None:
        if len(self) and named != (self._names is not None):
            has, got = ("names", "none") if self._names is not None else ("no names", "some")
            raise DataError(f"the sketches of the store have {has}, those to add have {got}; give names to all or none")

    def _sketched(self, items: list[bytes], n_jobs: int | None) -> Iterator[tuple[Hashes, NDArray[np.int64]]]:
        blocks = ((block, self.size) for block in blocks_of_items(items, _BLOCK_BYTES))
        with progress(len(items), label="sketches", unit="items") as bar:
            for hashes, counts in map_blocks(hashes_of_block, blocks, n_jobs=n_jobs, prefer="threads"):
                bar.update(len(counts))
                yield hashes, counts

    def _built(self) -> _Index:
        if self._index is None:
            self._parts = [np.concatenate([np.empty(0, np.uint32), *self._parts])]
            self._counts = [np.concatenate([np.empty(0, np.int64), *self._counts])]
            self._index = _Index(self._parts[0], np.cumsum([0, *self._counts[0].tolist()], dtype=np.int64))
        return self._index

    def _model_state(self) -> ModelState:
        index = self._built()
        values: dict[str, Any] = {"n_items": len(self), "names": self._names}
        arrays: dict[str, NDArray[Any]] = {"hashes": index.hashes, "starts": index.starts}
        return ModelState(values, arrays, {"size": self.size, "fold_case": self.fold_case})

    @classmethod
    def _from_model_state(cls, state: ModelState) -> Self:
        size, fold_case = state.parameters["size"], state.parameters["fold_case"]
        store = cls(size=size, fold_case=fold_case)
        count = state.value("n_items", int)
        hashes = state.array("hashes", "uint32", (None,))
        starts = state.array("starts", "int64", (count + 1,), low=0, high=len(hashes))
        counts = np.diff(starts)
        if starts[0] != 0 or starts[-1] != len(hashes) or (counts < 0).any() or (counts > size).any():
            raise DataError(f"'starts': expected ascending numbers from 0 to {len(hashes)}, at most {size} apart")
        rises = np.diff(hashes.astype(np.int64)) > 0
        rises[starts[1:-1][(starts[1:-1] > 0) & (starts[1:-1] < len(hashes))] - 1] = True
        if not rises.all():
            raise DataError("'hashes': expected ascending numbers in each sketch")
        names = state.value("names", list, type(None))
        if names is not None and (len(names) != count or not all(type(name) is str for name in names)):
            raise DataError(f"'names': expected {count} texts or none, got {len(names)} values")
        store._parts, store._counts, store._names = [hashes], [counts], names
        return store


class _Index:
    """Stored sketches by their smallest hashes that are not common."""

    def __init__(self, hashes: Hashes, starts: NDArray[np.int64]) -> None:
        self.hashes, self.starts = hashes, starts

    @cached_property
    def common(self) -> Hashes:
        """The hashes that many sketches have, by an evenly spaced sample."""
        count = len(self.starts) - 1
        sample = np.unique(np.linspace(0, count - 1, min(count, _SAMPLE)).astype(np.int64))
        parts = [self.hashes[self.starts[number] : self.starts[number + 1]] for number in sample.tolist()]
        values, counts = np.unique(np.concatenate(parts), return_counts=True)
        return np.ascontiguousarray(values[counts >= max(_COMMON_LEAST, _COMMON_SHARE * len(sample))])

    @cached_property
    def postings(self) -> tuple[Hashes, NDArray[np.int32]]:
        """The indexed hashes, ascending, and the sketch of each."""
        kept = np.zeros((len(self.starts) - 1, _INDEXED), np.uint32)
        smallest_rare(self.hashes, self.starts, self.common, _INDEXED, kept)
        order = np.argsort(kept.ravel(), kind="stable")
        values = kept.ravel()[order]
        first = int(np.searchsorted(values, 1))
        return values[first:], (order[first:] // _INDEXED).astype(np.int32)

    def candidates(self, query: Hashes, count: int) -> NDArray[np.int64]:
        """Return the sketches that share the most indexed hashes with a query, ascending."""
        values, owners = self.postings
        kept = np.zeros((1, _INDEXED), np.uint32)
        smallest_rare(query, np.array([0, len(query)]), self.common, _INDEXED, kept)
        asked = kept[0][kept[0] > 0]
        starts, stops = np.searchsorted(values, asked, "left"), np.searchsorted(values, asked, "right")
        parts = [owners[start:stop] for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)]
        found, counts = np.unique(np.concatenate([np.empty(0, np.int32), *parts]), return_counts=True)
        if len(found) > count:
            limit = np.partition(-counts, count - 1)[count - 1]
            above, equal = np.flatnonzero(-counts < limit), np.flatnonzero(-counts == limit)
            found = found[np.sort(np.concatenate([above, equal[: count - len(above)]]))]
        return found.astype(np.int64)
