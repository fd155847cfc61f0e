from __future__ import annotations

import zlib

import joblib
import numpy as np
import pytest
from hypothesis import given, strategies as st

from kolmo import cdm, coder, conditional_cdm, conditional_ncd, ncd, pairwise
from kolmo.coders import CoderTags, Uniform
from kolmo.distances import METRICS
from kolmo.errors import DataError, ParameterError, PrimingError, WindowWarning

TEXTS = [
    "the cat sat on the mat and the cat slept",
    "a cat and a kitten sat on a mat",
    "stocks fell while bonds and gold rose",
    "gold rose, bonds fell, stocks rose",
    "to be, or not to be, that is the question",
]
texts = st.binary(min_size=1, max_size=200)


@given(texts, texts)
def test_ncd_is_its_formula(x: bytes, y: bytes) -> None:
    def length(data: bytes) -> int:
        return len(zlib.compress(data, 9)) - 6

    joint, alone = length(x + b" " + y), (length(x), length(y))
    assert ncd(x, y, separator=" ") == pytest.approx((joint - min(alone)) / max(alone), abs=1e-12)
    assert cdm(x, y, separator=" ") == pytest.approx(joint / sum(alone), abs=1e-12)


@given(texts, texts)
def test_conditional_metrics_are_their_formulas(x: bytes, y: bytes) -> None:
    zstd = coder("zstd")
    alone = zstd.code_length(x), zstd.code_length(y)
    conditional = zstd.prime(y).code_length(x), zstd.prime(x).code_length(y)
    assert conditional_ncd(x, y, coder=zstd) == max(conditional) / max(alone)
    assert conditional_cdm(x, y, coder=zstd) == sum(conditional) / sum(alone)


@given(texts, texts, st.sampled_from(["ncd", "cdm"]))
def test_symmetrize_takes_what_its_name_says(x: bytes, y: bytes, metric: str) -> None:
    function = {"ncd": ncd, "cdm": cdm}[metric]
    forth, back = function(x, y), function(y, x)
    assert function(x, y, symmetrize="mean") == pytest.approx((forth + back) / 2)
    assert function(x, y, symmetrize="min") == min(forth, back)
    assert function(y, x, symmetrize="max") == max(forth, back)


@given(texts, texts)
def test_range_of_ncd_under_deflate(x: bytes, y: bytes) -> None:
    """It is at least zero, and exceeds one only by the few bytes that the joint code can cost."""
    assert 0 <= ncd(x, y) <= 1 + 8 * 6 / coder("deflate").code_length(min(x, y, key=coder("deflate").code_length))


@given(texts)
def test_the_diagonal_is_above_zero(x: bytes) -> None:
    assert ncd(x, x) >= 0
    assert pairwise([x])[0, 0] == np.float32(ncd(x, x))


def test_two_items_that_take_no_bits_are_at_distance_zero() -> None:
    for metric in METRICS:
        assert pairwise(["", ""], coder="order0", metric=metric).tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize("metric", METRICS)
def test_the_first_set_is_read_first(metric: str) -> None:
    matrix = pairwise(TEXTS[:2], TEXTS[2:], metric=metric, separator="\n", dtype=np.float64)
    single = {"ncd": ncd, "cdm": cdm, "conditional_ncd": conditional_ncd, "conditional_cdm": conditional_cdm}[metric]
    assert matrix.shape == (2, 3)
    for row, x in enumerate(TEXTS[:2]):
        for column, y in enumerate(TEXTS[2:]):
            assert matrix[row, column] == single(x, y, separator="\n")


def test_blocks_and_workers_do_not_change_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    items = [f"{TEXTS[index % 5]} {index * 7919}" for index in range(60)]
    whole = pairwise(items, items[:23], dtype=np.float64)
    monkeypatch.setattr("kolmo.distances.engine._SMALLEST_TILE_BYTES", 500)
    assert np.array_equal(pairwise(items, items[:23], dtype=np.float64), whole)
    for backend in ("threading", "loky", "multiprocessing"):
        with joblib.parallel_config(backend, n_jobs=2):
            assert np.array_equal(pairwise(items, items[:23], dtype=np.float64), whole), backend
    for symmetrize in (None, "mean"):
        square = pairwise(items, symmetrize=symmetrize, dtype=np.float64)
        assert np.array_equal(square, pairwise(items, items, symmetrize=symmetrize, dtype=np.float64))


def test_top_k_is_the_head_of_each_sorted_row() -> None:
    items = [f"{TEXTS[index % 5]} {index % 9}" for index in range(40)]
    full = pairwise(items, items[:17], dtype=np.float64)
    nearest = pairwise(items, items[:17], top_k=4, dtype=np.float64)
    order = np.argsort(full, axis=1, kind="stable")[:, :4]
    assert np.array_equal(nearest.indices, order)
    assert np.array_equal(nearest.distances, np.take_along_axis(full, order, axis=1))


def test_top_k_within_one_set_leaves_out_the_item_itself() -> None:
    nearest = pairwise(TEXTS, top_k=4)
    for index, row in enumerate(nearest.indices):
        assert index not in row
        assert len(set(row.tolist())) == 4


def test_the_default_is_single_precision() -> None:
    assert pairwise(TEXTS).dtype == np.float32
    assert pairwise(TEXTS, top_k=1).distances.dtype == np.float32


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"X": []}, DataError, "X has no items"),
        ({"X": ["a"], "Y": []}, DataError, "Y has no items"),
        ({"X": "abc"}, DataError, "wrap it in a list"),
        ({"X": ["a", None]}, DataError, "item 1: .* NoneType"),
        ({"X": ["a"], "metric": "ncdd"}, ParameterError, "metric: expected 'ncd', 'cdm'.* got 'ncdd'"),
        (
            {"X": ["a"], "symmetrize": "sum"},
            ParameterError,
            "symmetrize: expected None, 'mean', 'min' or 'max', got 'sum'",
        ),
        ({"X": ["a", "b"], "top_k": 2}, ParameterError, "top_k: expected an integer from 1 to 1, got 2"),
        ({"X": ["a", "b"], "top_k": 0}, ParameterError, "top_k: expected an integer from 1 to 1, got 0"),
        ({"X": ["a"], "coder": "gzipp"}, ParameterError, "did you mean 'gzip'"),
        ({"X": 5}, DataError, "expected a collection of texts, got int"),
        ({"X": np.arange(3)}, DataError, "2-D array"),
    ],
)
def test_bad_input_is_named(arguments: dict[str, object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        pairwise(**arguments)  # type: ignore[arg-type]


class Unprimed(Uniform):
    @property
    def tags(self) -> CoderTags:
        return CoderTags(priming=None)


def test_a_coder_that_cannot_be_primed_has_no_conditional_metric() -> None:
    with pytest.raises(PrimingError, match="expected a coder that can be primed, got 'uniform'"):
        pairwise(TEXTS, coder=Unprimed(), metric="conditional_ncd")
    assert pairwise(TEXTS, coder=Unprimed()).shape == (5, 5)


def test_items_longer_than_the_window_are_warned_of_once() -> None:
    with pytest.warns(WindowWarning, match="last 32,768 bytes") as caught:
        pairwise([bytes(40_000), b"b"], [b"c", b"d"])
    assert len(caught) == 1


def test_rows_of_numbers_are_compared_as_their_bytes() -> None:
    rows = np.array([[0, 0, 0, 0], [9, 8, 7, 6]], dtype=np.uint8)
    assert np.array_equal(pairwise(rows), pairwise([bytes([0] * 4), bytes([9, 8, 7, 6])]))
    assert np.array_equal(pairwise(rows.astype(">i4")), pairwise(rows.astype("<i4")))
