from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from kolmo.distances.nearest import Nearest
from kolmo.learn.voting import TIE_BREAKS, WEIGHTS, Ballot, top_k_holds_mode, vote

small = st.lists(
    st.tuples(st.integers(1, 4).map(lambda step: step / 4), st.integers(0, 2)), min_size=3, max_size=8
).filter(lambda pairs: {label for _, label in pairs} == {0, 1, 2})


def cast(distances: np.ndarray, codes: np.ndarray, *, n_neighbors: int, weights: str, tie_break: str) -> Ballot:
    """Return the vote of the neighbours that a search finds."""
    groups = codes if weights == "class_mean" else None
    nearest = Nearest.of(distances, n_neighbors, groups)
    return vote(nearest, codes, n_neighbors=n_neighbors, weights=weights, tie_break=tie_break)


def split(pairs: list[tuple[float, int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([[distance for distance, _ in pairs]]), np.array([label for _, label in pairs])


def all_elections(pairs: list[tuple[float, int]], k: int, weights: str) -> set[int]:
    """Return the winners over all ways of choosing k nearest neighbours and of breaking equal votes."""
    last = sorted(distance for distance, _ in pairs)[k - 1]
    nearer = [pair for pair in pairs if pair[0] < last]
    at_last = [pair for pair in pairs if pair[0] == last]
    elected = set()
    for chosen in itertools.combinations(at_last, k - len(nearer)):
        votes = [0.0, 0.0, 0.0]
        for distance, label in sorted([*nearer, *chosen]):
            votes[label] += 1 if weights == "uniform" else 1 / distance
        elected |= {label for label in range(3) if votes[label] >= max(votes) - 1e-9}
    return elected


@settings(max_examples=400)
@given(small, st.integers(1, 8), st.sampled_from(["uniform", "distance"]), st.sampled_from(TIE_BREAKS))
def test_possible_winners_are_those_that_some_tie_break_elects(
    pairs: list[tuple[float, int]], k: int, weights: str, tie_break: str
) -> None:
    k = min(k, len(pairs))
    ballot = cast(*split(pairs), n_neighbors=k, weights=weights, tie_break=tie_break)
    elected = all_elections(pairs, k, weights)
    assert set(np.flatnonzero(ballot.possible_winners[0]).tolist()) == elected
    assert ballot.probabilities[0].argmax() in elected


@settings(max_examples=200)
@given(small, st.integers(1, 8), st.sampled_from(WEIGHTS), st.sampled_from(TIE_BREAKS), st.randoms())
def test_the_order_of_the_training_set_does_not_matter(
    pairs: list[tuple[float, int]], k: int, weights: str, tie_break: str, random: object
) -> None:
    k = min(k, len(pairs))
    ballot = cast(*split(pairs), n_neighbors=k, weights=weights, tie_break=tie_break)
    shuffled = list(pairs)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    again = cast(*split(shuffled), n_neighbors=k, weights=weights, tie_break=tie_break)
    assert np.array_equal(ballot.probabilities, again.probabilities)
    assert np.array_equal(ballot.possible_winners, again.possible_winners)


@given(small, st.integers(1, 8), st.sampled_from(WEIGHTS), st.sampled_from(TIE_BREAKS))
def test_shares_sum_to_one_and_have_one_winner(
    pairs: list[tuple[float, int]], k: int, weights: str, tie_break: str
) -> None:
    k = min(k, len(pairs))
    shares = cast(*split(pairs), n_neighbors=k, weights=weights, tie_break=tie_break).probabilities[0]
    assert shares.sum() == pytest.approx(1, abs=1e-12)
    assert (shares == shares.max()).sum() == 1


CODES = np.array([0, 0, 1, 1, 1])


@pytest.mark.parametrize(
    ("distances", "k", "tie_break", "winner"),
    [
        ([0.1, 0.9, 0.2, 0.9, 0.9], 2, "nearest", 0),
        ([0.2, 0.9, 0.1, 0.9, 0.9], 2, "nearest", 1),
        ([0.2, 0.9, 0.2, 0.9, 0.9], 2, "nearest", 1),  # at equal distance: the larger class
        ([0.1, 0.9, 0.2, 0.9, 0.9], 2, "prior", 1),
        ([0.2, 0.9, 0.1, 0.9, 0.9], 2, "label", 0),
        ([0.2, 0.9, 0.2, 0.2, 0.9], 1, "label", 1),  # two of the three that share the vote
    ],
)
def test_tie_breaks(distances: list[float], k: int, tie_break: str, winner: int) -> None:
    ballot = cast(np.array([distances]), CODES, n_neighbors=k, weights="uniform", tie_break=tie_break)
    assert ballot.probabilities[0].argmax() == winner
    assert ballot.possible_winners[0].all()


def test_an_exact_match_outweighs_any_number_of_near_ones() -> None:
    ballot = cast(np.array([[0.0, 0.9, 0.01, 0.01, 0.01]]), CODES, n_neighbors=5, weights="distance", tie_break="label")
    assert ballot.probabilities[0].tolist() == [1, 0]


def test_class_mean_takes_the_nearest_of_each_class() -> None:
    distances = np.array([[0.1, 0.9, 0.4, 0.4, 0.4]])
    for n_neighbors, winner in ((1, 0), (2, 1), (9, 1)):
        ballot = cast(distances, CODES, n_neighbors=n_neighbors, weights="class_mean", tie_break="nearest")
        assert ballot.probabilities[0].argmax() == winner


def test_the_published_rule_counts_a_tie_of_two_as_right() -> None:
    distances = np.array([[0.1, 0.9, 0.2, 0.9, 0.9]] * 3)
    right = top_k_holds_mode(Nearest.of(distances, 2), CODES, np.array([0, 1, -1]), n_neighbors=2)
    assert right.tolist() == [True, True, False]
    assert top_k_holds_mode(Nearest.of(distances[:2], 1), CODES, np.array([0, 1]), n_neighbors=1).tolist() == [
        True,
        False,
    ]


def test_a_class_without_candidates_is_not_elected() -> None:
    nearest = Nearest.of_rows([np.array([2, 3])], [np.array([0.5, 0.6])])
    ballot = vote(nearest, CODES, n_neighbors=2, weights="class_mean", tie_break="nearest")
    assert ballot.probabilities[0].tolist() == [0, 1]
    assert ballot.possible_winners[0].tolist() == [False, True]


extreme = st.sampled_from([0.0, 5e-324, 1e-310, 1e-300, 1e-3, 1.0, 1e100, 1e308, 1.7976931348623157e308, -1e-9])


@given(st.lists(st.tuples(extreme, st.integers(0, 2)), min_size=3, max_size=9), st.integers(1, 3))
@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("tie_break", TIE_BREAKS)
def test_probabilities_are_finite_for_any_distances(
    tie_break: str, weights: str, pairs: list[tuple[float, int]], k: int
) -> None:
    distances, codes = split([*pairs, (1.0, 0), (1.0, 1), (1.0, 2)])
    with np.errstate(all="raise", under="ignore"):
        ballot = cast(distances, codes, n_neighbors=k, weights=weights, tie_break=tie_break)
    assert np.isfinite(ballot.probabilities).all()
    assert (ballot.probabilities >= 0).all()
    assert ballot.probabilities.sum() == pytest.approx(1)
    assert ballot.possible_winners[0, ballot.probabilities[0].argmax()]


@given(small, st.integers(-1000, 1000), st.integers(1, 3))
@pytest.mark.parametrize("weights", WEIGHTS)
def test_the_unit_of_distances_changes_nothing(
    weights: str, pairs: list[tuple[float, int]], exponent: int, k: int
) -> None:
    distances, codes = split(pairs)
    one, two = (
        cast(found, codes, n_neighbors=k, weights=weights, tie_break="nearest")
        for found in (distances, np.ldexp(distances, exponent))
    )
    assert np.array_equal(one.probabilities, two.probabilities)
    assert np.array_equal(one.possible_winners, two.possible_winners)
