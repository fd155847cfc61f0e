"""Votes of the nearest neighbours, and the outcomes that ties leave open.

Code lengths are whole bytes for most coders, so equal distances are common. The rule depends on distances and labels
alone, never on the order of the training set:

1. Neighbours nearer than the k-th distance have one vote each. All neighbours at exactly the k-th distance share the
   remaining votes equally.
2. Classes with equal votes are a tie, which `tie_break` decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from kolmo.distances.formulas import Floats
from kolmo.distances.nearest import Integers, Nearest

Weights = Literal["uniform", "distance", "class_mean"]
TieBreak = Literal["nearest", "prior", "label"]

WEIGHTS: tuple[str, ...] = ("uniform", "distance", "class_mean")
TIE_BREAKS: tuple[str, ...] = ("nearest", "prior", "label")

_EQUAL = 1e-9
"""Votes that differ by less, relative to the largest, are equal: fractions of a vote have rounding errors."""


@dataclass(frozen=True)
class Ballot:
    """The outcome of the vote for each row.

    Parameters
    ----------
    probabilities : ndarray of shape (n_rows, n_classes)
        Shares of the vote. The winner of a tie is ahead by one unit in the last place, so it is the argmax.
    possible_winners : bool ndarray of shape (n_rows, n_classes)
        The classes that win under some way of breaking ties, among distances or among votes.
    """

    probabilities: Floats
    possible_winners: NDArray[np.bool_]


def vote(nearest: Nearest, codes: Integers, *, n_neighbors: int, weights: Weights, tie_break: TieBreak) -> Ballot:
    """Return the outcome of a vote of the nearest neighbours.

    Parameters
    ----------
    nearest : Nearest
        The nearest training items of each row: at least `n_neighbors`, and all that tie with the last of them; with
        ``weights="class_mean"`` the same for each class.
    codes : int ndarray of shape (n_train,)
        The class of each training item, counted from 0.
    n_neighbors : int
        Number of neighbours that vote; with ``weights="class_mean"``, number of neighbours in each class.
    weights : {"uniform", "distance", "class_mean"}
        One vote each, the inverse distance each, or the mean distance of the nearest members of each class.
    tie_break : {"nearest", "prior", "label"}
        Rule for classes with equal votes: the one with the nearest member, then the one with more training items, then
        the first label; "prior" starts at the second of these steps, and "label" at the third.

    Returns
    -------
    Ballot

    Examples
    --------
    Two neighbours at the same distance share one vote:

    >>> ballot = vote(Nearest.of(np.array([[1.0, 1.0, 2.0]]), 1), np.array([0, 1, 1]),
    ...               n_neighbors=1, weights="uniform", tie_break="prior")
    >>> ballot.probabilities.round(3), ballot.probabilities.argmax(), ballot.possible_winners
    (array([[0.5, 0.5]]), np.int64(1), array([[ True,  True]]))
    """
    sizes = np.bincount(codes)
    if weights == "class_mean":
        means = _class_means(nearest, codes, n_neighbors)
        scores = _inverse(means, means.min(axis=1, keepdims=True))
        possible_winners = _close_to_largest(scores)
    else:
        scores, possible_winners = _votes(nearest, codes, n_neighbors, weights)
    tied = _close_to_largest(scores)
    keys: list[NDArray[Any]] = [-np.arange(len(sizes))]
    if tie_break != "label":
        keys.append(sizes)
    if tie_break == "nearest":
        closest = np.full((len(nearest), len(sizes)), np.inf)
        np.minimum.at(closest, (nearest.rows, codes[nearest.columns]), nearest.distances)
        keys.append(-closest)
    winners = _largest_by_keys(tied, keys)
    probabilities = scores / scores.sum(axis=1, keepdims=True)
    rows = np.arange(len(scores))
    ahead = np.nextafter(probabilities.max(axis=1), np.inf)
    probabilities[rows, winners] = np.where(tied.sum(axis=1) > 1, ahead, probabilities[rows, winners])
    return Ballot(probabilities, possible_winners)


def top_k_holds_mode(nearest: Nearest, codes: Integers, truth: Integers, *, n_neighbors: int) -> NDArray[np.bool_]:
    """Return whether the true class is among those with the most votes: the scoring of the 2023 gzip-kNN paper.

    This is not an accuracy: a tie is counted as correct for either class, which no classifier can achieve. Equal
    distances are ordered by position in the training set.

    Parameters
    ----------
    nearest : Nearest
        The nearest training items of each row.
    codes : int ndarray of shape (n_train,)
        The class of each training item, counted from 0.
    truth : int ndarray of shape (n_rows,)
        The true classes, -1 for a class without training items.
    n_neighbors : int
        Number of neighbours that vote.

    Returns
    -------
    bool ndarray of shape (n_rows,)

    Examples
    --------
    >>> top_k_holds_mode(Nearest.of(np.array([[1.0, 2.0]]), 2), np.array([0, 1]), np.array([1]), n_neighbors=2)
    array([ True])
    """
    _, columns = nearest.first(n_neighbors)
    votes = np.zeros((len(nearest), codes.max() + 1), np.intp)
    np.add.at(votes, (np.arange(len(nearest))[:, None], codes[columns]), 1)
    of_truth = votes[np.arange(len(truth)), truth]
    holds: NDArray[np.bool_] = (of_truth == votes.max(axis=1)) & (truth >= 0)
    return holds


def _votes(nearest: Nearest, codes: Integers, n_neighbors: int, weights: Weights) -> tuple[Floats, NDArray[np.bool_]]:
    distances, columns = nearest.first(n_neighbors)
    votes = _inverse(distances, distances[:, :1]) if weights == "distance" else np.ones_like(distances)
    last, last_vote = distances[:, -1:], votes[:, -1:]
    nearer = distances < last
    rows = np.arange(len(nearest))
    # summed in order of distance, so that rounding is the same for any order of the training set
    sure = np.zeros((len(nearest), codes.max() + 1))
    for place in range(n_neighbors - 1):
        sure[rows, codes[columns[:, place]]] += nearer[:, place] * votes[:, place]
    at_last = np.zeros_like(sure)
    ties = nearest.distances == last[nearest.rows, 0]
    np.add.at(at_last, (nearest.rows[ties], codes[nearest.columns[ties]]), 1)
    remaining = n_neighbors - nearer.sum(axis=1, keepdims=True)
    scores = sure + last_vote * remaining * at_last / at_last.sum(axis=1, keepdims=True)
    return scores, _possible_winners(sure, at_last, remaining, last_vote)


def _possible_winners(sure: Floats, at_last: Floats, remaining: Floats, last_vote: Floats) -> NDArray[np.bool_]:
    """Return the classes that win if the remaining votes go to the tied neighbours that favour them most."""
    possible_winners = np.zeros(sure.shape, dtype=bool)
    for candidate in range(sure.shape[1]):
        taken = np.minimum(at_last[:, candidate, None], remaining)
        votes = sure[:, candidate, None] + taken * last_vote
        slack = votes * (1 + _EQUAL) - sure
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            room = np.where(last_vote > 0, np.floor(slack / last_vote), np.where(slack >= 0, np.inf, -1))
        others = np.minimum(at_last, room)
        others[:, candidate] = 0
        not_beaten = (np.delete(slack, candidate, axis=1) >= 0).all(axis=1)
        possible_winners[:, candidate] = (
            not_beaten & (others.sum(axis=1) >= (remaining - taken)[:, 0]) & (votes[:, 0] > 0)
        )
    return possible_winners


def _class_means(nearest: Nearest, codes: Integers, n_neighbors: int) -> Floats:
    """Return the mean distance of the nearest members of each class; infinite for a class without neighbours.

    The distances of each row are scaled by a power of two, so that sums of very large ones do not overflow.
    """
    classes, rows = codes[nearest.columns], nearest.rows
    largest = np.zeros(len(nearest))
    np.maximum.at(largest, rows, np.abs(nearest.distances))
    scaled = np.ldexp(nearest.distances, -np.frexp(largest)[1][rows])
    order = np.lexsort((nearest.distances, classes, rows))
    cells = (rows * (codes.max() + 1) + classes)[order]
    rank = np.arange(len(cells)) - np.searchsorted(cells, cells)
    counted = rank < n_neighbors
    shape = (len(nearest), int(codes.max()) + 1)
    size = shape[0] * shape[1]
    # summed in order of distance, so that rounding is the same for any order of the training set
    sums = np.bincount(cells[counted], scaled[order][counted], minlength=size)
    counts = np.bincount(cells[counted], minlength=size)
    means: Floats = np.divide(sums, counts, out=np.full(size, np.inf), where=counts > 0).reshape(shape)
    return means


def _inverse(distances: Floats, smallest: Floats) -> Floats:
    """Return 1/d in units of the largest, so that it is finite.

    In a row whose smallest distance is zero, neighbours at zero have one vote and the others none.
    """
    at_zero = distances <= 0
    inverse = np.divide(smallest, distances, out=np.zeros_like(distances), where=~at_zero & (smallest > 0))
    return np.where(smallest <= 0, at_zero.astype(np.float64), inverse)


def _close_to_largest(scores: Floats) -> NDArray[np.bool_]:
    largest: Floats = scores.max(axis=1, keepdims=True)
    close: NDArray[np.bool_] = scores >= largest - _EQUAL * np.abs(largest)
    return close


def _largest_by_keys(candidates: NDArray[np.bool_], keys: list[NDArray[Any]]) -> NDArray[np.intp]:
    """Return the candidate of each row with the largest last key, ties broken by the key before it."""
    left = candidates
    for key in reversed(keys):
        values = np.where(left, np.broadcast_to(key, left.shape), -np.inf)
        left = left & (values == values.max(axis=1, keepdims=True))
    winners: NDArray[np.intp] = left.argmax(axis=1)
    return winners
