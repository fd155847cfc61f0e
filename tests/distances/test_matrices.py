from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, strategies as st

from kolmo import linkage_tree, mds, neighbor_joining, pairwise, quartet_tree
from kolmo.distances import double_centered, symmetric
from kolmo.distances.formulas import METRICS
from kolmo.distances.matrices import checked_names
from kolmo.errors import DataError, ParameterError

NAN = float("nan")


@pytest.mark.parametrize(("how", "expected"), [("mean", 0.5), ("min", 0.4), ("max", 0.6)])
def test_both_directions_are_combined(how: str, expected: float) -> None:
    D = np.array([[0.1, 0.4], [0.6, 0.2]])
    before = D.copy()
    even = symmetric(D, how)
    assert even == pytest.approx(np.array([[0, expected], [expected, 0]]))
    assert np.array_equal(D, before)
    assert np.array_equal(symmetric(even, how), even)


def test_distances_of_coders_are_made_symmetric() -> None:
    D = pairwise(["the cat sat on the mat", "the cat lay on the mat", "stocks and bonds fell"])
    even = symmetric(D)
    assert np.array_equal(even, even.T)
    assert not even.diagonal().any()
    assert frozenset(["0", "1"]) in linkage_tree(D).clades()


def test_double_centring_corrects_a_hub() -> None:
    source = np.random.default_rng(3)
    points = np.concatenate([source.normal(place, 0.3, (5, 2)) for place in ((0, 0), (3, 0), (0, 3))])
    D = np.linalg.norm(points[:, None] - points[None, :], axis=2)
    hub = np.full((16, 16), 0.05)  # the last one
    hub[:15, :15] = D
    np.fill_diagonal(hub, 0)

    def nearest(distances: np.ndarray) -> list[int]:
        others = distances + np.where(np.eye(16, dtype=bool), np.inf, 0)
        return [int(place) for place in others.argmin(axis=1)]

    assert nearest(hub)[:15].count(15) == 15 - sum(np.sort(row)[1] < 0.05 for row in D)
    assert [place // 5 for place in nearest(double_centered(hub))[:15]] == [number // 5 for number in range(15)]
    moved = double_centered(hub)
    assert np.array_equal(moved, moved.T)
    assert not moved.diagonal().any()
    assert neighbor_joining(moved).splits() == neighbor_joining(hub).splits()
    assert double_centered(moved) == pytest.approx(moved)


def test_double_centring_needs_three_items() -> None:
    with pytest.raises(DataError, match="at least three items to double-centre, got 2"):
        double_centered([[0, 1], [1, 0]])


def test_slightly_negative_distances_become_zero() -> None:
    assert symmetric([[0, -1e-7, 1], [0, 0, 1], [1, 1, 0]]).min() == 0


@pytest.mark.parametrize(
    ("D", "message"),
    [
        ([[0, 1, 2], [1, 0, 2]], r"shape \(2, 3\)"),
        ([1.0, 2.0, 3.0], "squareform"),
        ([[0, NAN], [1, 0]], "row 0, column 1 holds nan"),
        ([[NAN, 1], [1, 0]], "row 0, column 0"),
        ([[0, float("inf")], [1, 0]], "finite"),
        ([[0, -0.5], [-0.5, 0]], "negative"),
        (np.zeros((0, 0)), "no items"),
        ([["a", "b"], ["c", "d"]], "numbers"),
        ([[0, 1], [1]], "square matrix of numbers"),
    ],
)
def test_other_arrays_than_square_matrices_are_refused(D: object, message: str) -> None:
    for use in (symmetric, linkage_tree, neighbor_joining, quartet_tree, mds):
        with pytest.raises(DataError, match=message):
            use(D)


def test_unknown_choices_are_refused() -> None:
    with pytest.raises(ParameterError, match="how: expected 'mean', 'min' or 'max', got 'median'"):
        symmetric([[0]], "median")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="got 'ward'"):
        linkage_tree([[0, 1], [1, 0]], method="ward")


def test_names_go_with_rows() -> None:
    assert checked_names(None, 3) == ("0", "1", "2")
    assert checked_names([1, "b"], 2) == ("1", "b")
    with pytest.raises(DataError, match="names: expected 3, one for each row of the matrix, got 2"):
        checked_names(["a", "b"], 3)
    with pytest.raises(DataError, match="got 'a' twice"):
        checked_names(["a", "b", "a"], 3)
    with pytest.raises(DataError, match="got a single str; wrap it in a list"):
        checked_names("ab", 2)
    for wrong in ({"a", "b"}, {"a": 1, "b": 2}):
        with pytest.raises(DataError, match="expected a list of names"):
            checked_names(wrong, 2)
    assert checked_names(iter("ab"), 2) == ("a", "b")


WORDS = "the cat sat on a mat dog bonds stocks rose fell xyzzy"
USES = [symmetric, linkage_tree, neighbor_joining, quartet_tree, mds, double_centered]
points = st.integers(0, 2**32).map(lambda seed: np.random.default_rng(seed).uniform(size=(5, 3)))


def correlation(x: np.ndarray) -> np.ndarray:
    return np.corrcoef(x)


def cosine(x: np.ndarray) -> np.ndarray:
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    return unit @ unit.T


def gaussian(x: np.ndarray) -> np.ndarray:
    return np.exp(-4 * euclidean(x) ** 2)


def one_minus_distance(x: np.ndarray) -> np.ndarray:
    return euclidean(x).max() - euclidean(x)


def identity(x: np.ndarray) -> np.ndarray:
    return np.eye(len(x))


def euclidean(x: np.ndarray) -> np.ndarray:
    return np.linalg.norm(x[:, None] - x[None, :], axis=2)


@given(points)
@pytest.mark.parametrize("similarity", [correlation, cosine, gaussian, one_minus_distance, identity])
@pytest.mark.parametrize("use", USES[:3])
def test_similarities_are_refused_as_distances(
    use: Callable[[object], object], similarity: Callable[[np.ndarray], np.ndarray], x: np.ndarray
) -> None:
    with pytest.raises(DataError, match="if these are similarities, subtract them from the largest one"):
        use(similarity(x))
    use(euclidean(x))


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize(
    ("D", "message"),
    [
        ([[1, 0.9, 0.1], [0.9, 1, 0.1], [0.1, 0.1, 1]], "got 1 in row 0, column 0 and 0.366667 beside it"),
        ([[0, 1, 1], [1, 0, 1], [1, 1, 5]], "got 5 in row 2, column 2"),
        ([[-1, 1, 1], [1, -1, 1], [1, 1, -1]], "got -1 in row 0, column 0"),
        ([[0, 1, 1], [0.2, 0, 1], [1, 1, 0]], "got 1 in row 0, column 1 and 0.2 in row 1, column 0"),
        ([[0, 1, 1], [1, 0, -0.2], [1, -0.2, 0]], "not negative, got -0.2 in row 1, column 2"),
        ([[0, 3, 1], [-1, 0, 1], [1, 1, 0]], "got -1 in row 1, column 0"),
        ([[0, 1, 1e200], [1, 0, 1], [1e200, 1, 0]], r"up to 1e\+100, got 1e\+200 in row 0, column 2"),
        (np.ma.array(np.zeros((3, 3)), mask=np.eye(3)), "3 masked"),
        (np.zeros((3, 3), complex), "complex128"),
        (np.full((3, 3), "1"), "square matrix of numbers"),
        ([{1, 2}, {1, 2}], "square matrix of numbers"),
        ({0: [0, 1], 1: [1, 0]}, "got dict"),
        ("text", "single str"),
        (None, "square matrix"),
    ],
)
def test_what_is_wrong_is_named_with_row_and_column(use: Callable[[object], object], D: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        use(D)


@pytest.mark.parametrize("coder", ["deflate", "gzip", "bz2", "lzma", "zstd", "lz77", "ngram", "order0", "uniform"])
@pytest.mark.parametrize("metric", METRICS)
def test_distances_of_coders_pass(metric: str, coder: str) -> None:
    words, source = WORDS.split(), np.random.default_rng(0)
    for n_texts in (1, 2, 3, 6, 9):
        texts = [" ".join(source.choice(words, source.integers(1, 60))) for _ in range(n_texts)]
        for X in (texts, [*texts, ""], [*texts, "a"], [text[:5] for text in texts]):
            even = symmetric(pairwise(X, coder=coder, metric=metric))
            assert np.array_equal(even, even.T)
            assert not even.diagonal().any()


@pytest.mark.parametrize("scale", [5e-324, 1e-300, 1, 1e99])
def test_distances_of_any_size(scale: float) -> None:
    D = np.array([[0, 1, 3, 3], [1, 0, 3, 3], [3, 3, 0, 1], [3, 3, 1, 0]]) * scale
    for tree in (linkage_tree(D), neighbor_joining(D), quartet_tree(D)):
        assert tree.splits() == {frozenset({"2", "3"})}
    placed = mds(D)
    assert np.isfinite(placed).all()
    assert placed.any()


@pytest.mark.parametrize("seed", [-1, 2**32, 1.0, "x", True, [1]])
def test_seeds(seed: object) -> None:
    for use in (mds, quartet_tree):
        with pytest.raises(ParameterError, match="random_state"):
            use([[0, 1], [1, 0]], random_state=seed)  # type: ignore[arg-type]
