"""Nearest-neighbour searches find the same neighbours whatever pairs they skip."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from kolmo import NCDClassifier, calibrate_pruning, pairwise
from kolmo.coders import Deflate, LowerBounds
from kolmo.coders.deflate import lengths as deflate_lengths
from kolmo.data.builtin import docstrings
from kolmo.distances.engine import Distances
from kolmo.distances.formulas import METRICS
from kolmo.distances.nearest import Nearest
from kolmo.distances.pruning import PruningReport
from kolmo.distances.tiles import Columns, Search, Tile
from kolmo.errors import ParameterError

TEXTS = [*docstrings("test").items[:160], b"", b"a", *[b"the same text, a few times over"] * 5]
QUERIES = [*docstrings("train").items[:12], b"", b"a", b"the same text, a few times over", TEXTS[3]]


@pytest.fixture(autouse=True)
def _kernels_for_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deflate_lengths, "SMALLEST_WORK", 0)
    monkeypatch.setattr(deflate_lengths, "SMALLEST_WORK_ONCE_LOADED", 0)


def searched(distances: Distances, search: Search, **options: Any) -> Nearest:
    own = np.arange(len(TEXTS)) if options.pop("itself", False) else None
    xs = QUERIES if own is None else TEXTS
    return Nearest.concatenated([part for _, part in distances.nearest(xs, TEXTS, search, own=own, **options)])


def assert_equal(one: Nearest, two: Nearest) -> None:
    for name in ("starts", "columns", "distances"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


@pytest.mark.parametrize("itself", [False, True])
@pytest.mark.parametrize("count", [1, 3, 9])
@pytest.mark.parametrize("metric", ["ncd", "cdm"])
@pytest.mark.parametrize("coder", ["deflate", "gzip"])
def test_certified_pruning_loses_nothing(coder: str, metric: str, count: int, itself: bool) -> None:
    distances = Distances(coder, metric=metric, separator=" ")
    pruned = searched(distances, Search(count=count), itself=itself)
    assert_equal(pruned, searched(distances, Search(count=count, margin_bits=None), itself=itself))


@dataclass(frozen=True, kw_only=True)
class Counting(Deflate):
    """Records the numbers of exact lengths that were computed."""

    computed: tuple[list[int], ...] = ()

    def _lower_bounds(self, xs: Sequence[bytes], ys: Sequence[bytes]) -> Iterator[LowerBounds] | None:
        for part in super()._lower_bounds(xs, ys) or ():

            def exact(places: Any, part: LowerBounds = part) -> Any:
                self.computed[0].append(len(places))
                return part.exact(places)

            yield LowerBounds(row=part.row, columns=part.columns, lower_bits=part.lower_bits, exact=exact)

    def _joint_batch(self, xs: Sequence[bytes], ys: Sequence[bytes]) -> Any:
        self.computed[0].append(len(xs) * len(ys))
        return super()._joint_batch(xs, ys)

    __hash__ = object.__hash__


def test_pruning_saves_work_where_neighbours_are_near() -> None:
    """Half of the queries are near some text; pruning saves work for the others too."""
    source = random.Random(0)
    queries = [text[:-20] + source.randbytes(4) for text in TEXTS[:40] if len(text) > 200]
    coder = Counting(computed=([],))
    distances = Distances(coder)
    list(distances.nearest(queries, TEXTS, Search(count=1)))
    assert sum(coder.computed[0]) < 0.6 * len(queries) * len(TEXTS)


def test_pruning_gives_up_where_it_saves_nothing() -> None:
    """All distances are equal, so all pairs are computed at once after the first row."""
    source = random.Random(1)
    xs, ys = [source.randbytes(300) for _ in range(20)], [source.randbytes(300) for _ in range(200)]
    coder = Counting(computed=([],))
    list(Distances(coder).nearest(xs, ys, Search(count=1)))
    assert max(coder.computed[0]) >= 2 * len(ys)


@pytest.mark.parametrize("parameters", [{"metric": "conditional_ncd"}, {"symmetrize": "mean"}, {"coder": "lz77"}])
@pytest.mark.parametrize("itself", [False, True])
def test_all_candidates_are_as_good_as_none(parameters: dict[str, Any], itself: bool) -> None:
    distances = Distances(**({"coder": "deflate", "separator": " "} | parameters))
    search = Search(count=3)
    everything = np.arange(len(TEXTS))
    found = searched(distances, search, itself=itself, candidates=lambda start, stop: [everything] * (stop - start))
    assert_equal(found, searched(distances, search, itself=itself))


@pytest.mark.parametrize("coder", ["gzip", "lz77", "zstd"])
def test_workers_change_nothing(coder: str) -> None:
    found = [searched(Distances(coder, n_jobs=n_jobs), Search(count=3), itself=True) for n_jobs in (1, 4)]
    assert_equal(*found)


def test_only_candidates_are_looked_at() -> None:
    columns = [np.array([1, 5, 7]), np.array([0, 2])] * (len(QUERIES) // 2)
    found = searched(Distances("lz77"), Search(count=9), candidates=lambda start, stop: columns[start:stop])
    rows = np.split(found.columns, found.starts[1:-1])
    assert [sorted(row.tolist()) for row in rows] == [chosen.tolist() for chosen in columns]


def pruning_report(**fields: Any) -> PruningReport:
    return PruningReport(certified_share=1.0, **fields)


class TestPruningReport:
    def test_the_report_of_a_margin(self) -> None:
        found = calibrate_pruning(TEXTS, coder="gzip", separator=" ")
        assert found.margin_bits > 0
        assert found.computed_share < found.certified_share <= 1
        assert 0.8 <= found.recall <= 1
        assert found.rows_checked == 16

    def test_a_margin_that_is_too_large_loses_neighbours(self) -> None:
        wild = pruning_report(margin_bits=1e6, risk=1.0, recall=0.0, computed_share=0.0, rows_checked=0)
        safe, lossy = (pairwise(TEXTS, coder="gzip", top_k=1, pruning=pruning) for pruning in ("certified", wild))
        assert (safe.distances <= lossy.distances).all()
        assert (safe.distances < lossy.distances).any()

    def test_the_classifier_measures_its_margin(self) -> None:
        labels = [text[:1].lower() > b"m" for text in TEXTS]
        fitted = NCDClassifier("gzip", pruning="calibrated").fit(TEXTS, labels)
        assert fitted.pruning_report_ == calibrate_pruning(TEXTS, coder="gzip", separator=" ")
        assert fitted.predict(TEXTS[:5]).tolist() == labels[:5]

    def test_coders_without_bounds_have_no_margin(self) -> None:
        assert calibrate_pruning(TEXTS[:20], coder="zstd") == pruning_report(
            margin_bits=0.0, risk=0.001, recall=1.0, computed_share=1.0, rows_checked=10
        )

    @pytest.mark.parametrize("risk", [-0.1, 1, 2])
    def test_bad_risks(self, risk: float) -> None:
        with pytest.raises(ParameterError, match=r"risk: expected a (finite )?number of at least 0( and|, got)"):
            calibrate_pruning(TEXTS[:5], risk=risk)

    def test_bad_pruning(self) -> None:
        for bad in ("yes", "calibrated", 3):
            with pytest.raises(ParameterError, match=r"pruning: expected 'certified', None or .* got"):
                pairwise(TEXTS[:5], top_k=1, pruning=bad)


def test_a_context_is_read_once_for_all_columns() -> None:
    from kolmo.distances.engine import _tile_shape

    items = [bytes(12_000)] * 65
    rows, columns = _tile_shape(items, items, by_rows=True)
    assert columns == 65
    assert 1 <= rows <= 4  # several tiles, for several workers
    assert _tile_shape(items, [bytes(10**9)], by_rows=True) == (1, 1)


COUNTS = (1, 2, 31, 32, 33, 64, 65)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("coder", ["deflate", "zstd", "order0", "lz77"])
@pytest.mark.parametrize("candidates", [False, True])
def test_any_number_of_rows_and_columns(candidates: bool, coder: str, metric: str) -> None:
    """The last tile may have a single row; a search may have a single column, or no row."""
    distances = Distances(coder, metric=metric, separator=" ")
    texts = TEXTS[: max(COUNTS)]
    for n_columns in (1, 40):
        ys = texts[:n_columns]
        full = np.concatenate([band for _, band in distances.bands(texts, ys)])
        for n_rows in COUNTS:
            among = (lambda start, stop, n=n_columns: [np.arange(n)] * (stop - start)) if candidates else None
            parts = distances.nearest(texts[:n_rows], ys, Search(count=1), candidates=among)
            found = Nearest.concatenated([part for _, part in parts])
            assert_equal(found, Nearest.of(full[:n_rows], 1))
    lengths = distances.coder._batch(texts)
    tile = Tile(distances.rule, Search(count=1), [], np.empty(0), None, [] if candidates else None)
    starts, columns, found_distances, computed = tile.nearest(Columns(texts, lengths))
    assert (starts.tolist(), columns.tolist(), found_distances.tolist(), computed.tolist()) == ([0], [], [], [0])


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("count", COUNTS)
def test_the_matrix_of_any_number_of_items(metric: str, count: int) -> None:
    texts = TEXTS[:count]
    square = pairwise(texts, metric=metric, dtype=np.float64)
    assert square.shape == (count, count)
    for other in (pairwise(texts, texts, metric=metric, dtype=np.float64), pairwise(iter(texts), metric=metric)):
        assert np.allclose(square, other)
    assert np.allclose(square[:1], pairwise(texts[:1], texts, metric=metric))


@pytest.mark.parametrize(
    "parameters",
    [
        {"n_jobs": 0},
        {"n_jobs": "x"},
        {"n_jobs": 10**6},
        {"n_jobs": True},
        {"separator": 3},
        {"separator": None},
        {"checkpoint": 3},
        {"dtype": int},
        {"dtype": "x"},
        {"dtype": bool},
        {"top_k": 0},
        {"top_k": 1.5},
        {"top_k": 4},
        {"metric": None},
        {"metric": ["ncd"]},
        {"symmetrize": True},
        {"pruning": True, "top_k": 1},
        {"pruning": np.zeros(2), "top_k": 1},
    ],
)
def test_parameters_of_another_type_or_range(parameters: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match=next(iter(parameters))):
        pairwise(TEXTS[:4], **parameters)
