"""Why a classifier gives an item its label: bits of n-grams, near training items, and the passages they share."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from kolmo._core.checks import check_count
from kolmo._core.results import Result
from kolmo.coders.predictive import PredictiveCoder
from kolmo.errors import ParameterError
from kolmo.learn.candidates import CharTfidf
from kolmo.learn.inspection.fitted_reports import excerpt
from kolmo.learn.inspection.passages import Span, marked, shared_passages
from kolmo.learn.inspection.predictions import check_classifier
from kolmo.learn.label_code.explanation import Part, of_coders, parts_of, parts_table

if TYPE_CHECKING:
    from kolmo._core.tables import Table

_Near = tuple[int, float, float | None]
"""Position, distance and share of the vote of a training item."""
_SHOWN = 20
_IN_ONE_LINE = 3


@dataclass(frozen=True, kw_only=True)
class NearItem:
    """A training item that is near to an item.

    Parameters
    ----------
    position : int
        Position in the training set.
    label : label
    distance : float
        The compression distance, for neighbours; else 1 minus the cosine similarity of character 5-grams (TF-IDF).
    vote : float or None
        Its share of the vote, for neighbours; 0 for one that is shown as the nearest of the runner-up.
    text : str
        The start of the training item.
    passages, own_passages : tuple of (int, int)
        Start and stop, in bytes, of the passages that it shares with the item: in itself, and in the item.
    marked, own_marked : str
        The passages in brackets, with text around: in the training item, and in the item.
    """

    position: int
    label: Any
    distance: float
    vote: float | None
    text: str
    passages: tuple[Span, ...]
    own_passages: tuple[Span, ...]
    marked: str
    own_marked: str


@dataclass(frozen=True, kw_only=True)
class ItemExplanation(Result):
    """Why an item has its label.

    Parameters
    ----------
    text : str
        The item; bytes that are not UTF-8 are replaced.
    label, runner_up : label
        The label, and the one that it is compared with.
    probability, runner_up_probability : float
        Their probabilities; for neighbours the shares of the vote.
    bits : float or None
        What the label saves compared with the runner-up; None for neighbours.
    margin : float or None
        For neighbours: how much nearer the nearest training item with the label is than that with the runner-up.
    parts : tuple of Part
        What each n-gram and each model saves, by falling size; their bits sum to `bits`.
    nearest : tuple of NearItem
        For neighbours: those that decide, and the nearest one of the runner-up. Else the most similar training items.
    """

    text: str
    label: Any
    runner_up: Any
    probability: float
    runner_up_probability: float
    bits: float | None
    margin: float | None
    parts: tuple[Part, ...]
    nearest: tuple[NearItem, ...]

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        from kolmo._core.tables import Column, Table

        tables = []
        for result in results:
            labels = (result.label, result.runner_up)
            table = parts_table(result.summary(), result.parts, labels, verbose=verbose)
            voted = any(near.vote is not None for near in result.nearest)
            columns = [Column("item", numeric=True), Column("label"), Column("distance", numeric=True)]
            columns += [Column("vote", numeric=True)] if voted else []
            title = result.summary() if not result.parts else "Most similar training texts"
            texts = Table(title, [*columns, Column("training text"), Column("this text")])
            for near in result.nearest:
                cells = [f"{near.position:,}", str(near.label), f"{near.distance:.4f}"]
                cells += [f"{near.vote or 0:.3f}"] if voted else []
                texts.add(*cells, near.marked or near.text, near.own_marked)
            texts.footers.append("in brackets: passages of at least 8 bytes that both texts share")
            tables += [*([table] if result.parts else []), texts]
        return tables

    def summary(self) -> str:
        """Return the labels with their probabilities, and how much decides between them, in one sentence."""
        first, second = f"{self.label}: {self.probability:.4f}", f"{self.runner_up}: {self.runner_up_probability:.4f}"
        if self.bits is not None:
            return f"{first}; {second}. Bits that {self.label} saves compared with {self.runner_up}: {self.bits:.2f}"
        near = "" if self.margin is None else f"; its nearest text is {self.margin:.4f} nearer"
        return f"Votes: {first}; {second}{near}"

    def in_one_line(self) -> str:
        """Return the n-grams that saved most, and the nearest training item."""
        named = [part for part in self.parts if part.text.strip() and part.bits > 0][:_IN_ONE_LINE]
        reasons = [f"{part.text.strip()!r} {part.bits:+.2f} bits" for part in named]
        reasons += [f"near to item {near.position} ({near.label})" for near in self.nearest[:1]]
        return "; ".join(reasons)


class Explainer:
    """Explains the labels of items by one classifier, whose training items are indexed once.

    Parameters
    ----------
    classifier : fitted classifier
        A `LabelCodeClassifier`, `CodeLengthClassifier` or `NCDClassifier`, such as a loaded model.
    n_nearest : int
        Number of similar training items to show.
    """

    def __init__(self, classifier: Any, *, n_nearest: int = 3) -> None:
        from kolmo.learn.code_length import CodeLengthClassifier
        from kolmo.learn.label_code.classifier import LabelCodeClassifier
        from kolmo.learn.neighbors import NCDClassifier

        check_count("n_nearest", n_nearest, 0)
        self.classifier, self.n_nearest = check_classifier(classifier), n_nearest
        self.votes = isinstance(classifier, NCDClassifier)
        if not isinstance(classifier, NCDClassifier | CodeLengthClassifier | LabelCodeClassifier) or (
            self.votes and not hasattr(classifier, "train_items_")
        ):
            raise ParameterError(
                f"expected a NCDClassifier, CodeLengthClassifier or LabelCodeClassifier with its training items, got "
                f"{type(classifier).__name__}"
            )
        self.items: list[bytes] = classifier.train_items_ if self.votes else classifier._training_items
        self._similar: CharTfidf | None = None

    def explain(self, item: Any) -> ItemExplanation:
        """Return why an item has its label."""
        raw: bytes = self.classifier._items([item], reset=False)[0]
        shares = self.classifier.predict_proba([raw])[0]
        code, other = np.argsort(-shares, kind="stable")[:2].tolist()
        margin, bits = None, None
        parts: tuple[Part, ...] = ()
        nearest: list[_Near]
        if self.votes:
            other, margin, nearest = self._neighbours(raw, code)
        else:
            nearest = [(place, distance, None) for place, distance in self._most_similar(raw)]
            parts = tuple(sorted(self._parts(raw, code, other), key=lambda part: -abs(part.bits)))
            bits = sum(part.bits for part in parts)
        return ItemExplanation(
            text=raw.decode("utf-8", "replace"),
            label=self.classifier.classes_[code].item(),
            runner_up=self.classifier.classes_[other].item(),
            probability=float(shares[code]),
            runner_up_probability=float(shares[other]),
            bits=bits,
            margin=margin,
            parts=parts,
            nearest=tuple(self._near(raw, *each) for each in nearest),
        )

    def _near(self, item: bytes, place: int, distance: float, vote: float | None) -> NearItem:
        there = self.items[place]
        own_passages, passages = shared_passages(item, there)
        return NearItem(
            position=place,
            label=self.classifier.classes_[self.classifier._codes[place]].item(),
            distance=distance,
            vote=vote,
            text=excerpt(there),
            passages=passages,
            own_passages=own_passages,
            marked=marked(there, passages),
            own_marked=marked(item, own_passages),
        )

    def _most_similar(self, item: bytes) -> list[tuple[int, float]]:
        if not self.n_nearest:
            return []
        if self._similar is None:
            self._similar = CharTfidf(self.items)
        cosines = next(self._similar.similarities([item])).copy()
        order = np.argsort(-cosines, kind="stable")[: self.n_nearest].tolist()
        return [(place, float(1 - cosines[place])) for place in order]

    def _neighbours(self, item: bytes, code: int) -> tuple[int, float | None, list[_Near]]:
        """Return the runner-up, how much nearer the nearest item with the label is, and those that decide."""
        classifier = self.classifier
        ((_, by_class),) = classifier._nearest([item], 1, by_class=True)
        codes = classifier._codes[by_class.columns]
        first_of = {int(each): place for place, each in reversed(list(enumerate(codes.tolist())))}
        others = sorted((float(by_class.distances[place]), each) for each, place in first_of.items() if each != code)
        ((_, nearest),) = classifier._nearest([item])
        shares = _shares(nearest.distances, classifier.n_neighbors, classifier.weights)
        entries = zip(nearest.columns.tolist(), nearest.distances.tolist(), shares, strict=True)
        deciding: list[_Near] = list(itertools.islice(entries, _SHOWN))
        shown = {place for place, _, _ in deciding}
        other, margin = (0 if code else 1), None
        if others:
            margin, other = others[0][0] - float(by_class.distances[first_of[code]]), others[0][1]
            place = int(by_class.columns[first_of[other]])
            deciding += [(place, others[0][0], 0.0)] if place not in shown else []
        return other, margin, deciding

    def _parts(self, item: bytes, code: int, other: int) -> Iterator[Part]:
        """Yield what each part saves on one class compared with another."""
        classifier = self.classifier
        if hasattr(classifier, "_members"):
            yield from parts_of(classifier._members, item, code, other)
        elif classifier.background:
            pooled = classifier._pooled
            yield from of_coders(pooled.models, pooled.pooling, item, code, other, 1 / np.log(2))
        else:
            yield from _by_class_models(classifier, item, code, other)


def explain(classifier: Any, X: Any, *, n_nearest: int = 3) -> list[ItemExplanation]:
    """Return why a classifier gives each item its label.

    For a label code: the bits that each n-gram and each model saves on the label compared with the runner-up. For code
    lengths: those of each class model, or of each byte. For neighbours: those that decide, and by how much. With the
    nearest training items, and the passages that they share with the item.

    Parameters
    ----------
    classifier : fitted classifier
        A `LabelCodeClassifier`, `CodeLengthClassifier` or `NCDClassifier`, such as a loaded model.
    X : collection of str or bytes
        The items.
    n_nearest : int
        Number of similar training items, for classifiers without neighbours.

    Returns
    -------
    list of ItemExplanation

    Raises
    ------
    ParameterError
        If it is another model, or has precomputed distances instead of items.

    Examples
    --------
    >>> from kolmo import LabelCodeClassifier
    >>> texts = ["the cat sat on the mat", "a cat and a kitten sat", "stocks fell and bonds rose", "a bond and a stock"]
    >>> classifier = LabelCodeClassifier().fit(texts, ["pets", "pets", "money", "money"])
    >>> found = explain(classifier, ["my cat sat on the sofa"])[0]
    >>> found.label, found.runner_up, found.nearest[0].marked
    ('pets', 'money', 'the [cat sat on the] mat')
    """
    explainer = Explainer(classifier, n_nearest=n_nearest)
    return [explainer.explain(item) for item in classifier._items(X, reset=False)]


def bits_by_byte(explanation: ItemExplanation, item: bytes) -> NDArray[np.float64]:
    """Return the bits that each byte of an item saves: those of each n-gram, spread evenly over its bytes.

    The bits of the prior, and of models that have no place in the text, are in none of them.
    """
    bits = np.zeros(len(item))
    for part in explanation.parts:
        size = sum(stop - start for start, stop in part.places)
        for start, stop in part.places:
            bits[start:stop] += part.bits / size
    return bits


def _by_class_models(classifier: Any, item: bytes, code: int, other: int) -> Iterator[Part]:
    """Yield the bits of each word under primed coders, or, for coders that are not predictive, of the whole item."""
    lengths = -classifier._scores([item])[0] / classifier.temperature_
    prior = classifier._prior_bits() / classifier.temperature_
    yield Part(member="code length", kind="prior", text="", bits=float(prior[other] - prior[code]))
    total = float(lengths[other] - prior[other] - lengths[code] + prior[code])
    sides = [_surprisals(classifier, item, each) for each in (other, code)]
    if sides[0] is None or sides[1] is None:
        yield Part(member="code length", kind="whole text", text="", bits=total)
        return
    bits = (sides[0] - sides[1]) / classifier.temperature_
    for start, stop in _words(item):
        word = item[start:stop].decode("utf-8", "replace")
        yield Part(
            member="code length", kind="word", text=word, bits=float(bits[start:stop].sum()), places=((start, stop),)
        )
    yield Part(member="code length", kind="length of the text", text="", bits=total - float(bits.sum()))


def _surprisals(classifier: Any, item: bytes, code: int) -> NDArray[np.float64] | None:
    """Return the bits of each byte given a class, the mean over its contexts; None if the coder is not predictive."""
    models = classifier._models
    found = []
    for primed, each in zip(models.coders, models.classes, strict=True):
        if each == code:
            coder, context = getattr(primed, "coder", primed), getattr(primed, "context", b"")
            if not isinstance(coder, PredictiveCoder):
                return None
            found.append(coder.surprisals(item, context=context))
    bits: NDArray[np.float64] = np.mean(found, axis=0)
    return bits


def _words(item: bytes) -> Iterator[Span]:
    """Yield the words of an item, each with the space before it."""
    start = 0
    for place in range(1, len(item)):
        if item[place : place + 1].isspace() and not item[place - 1 : place].isspace():
            yield start, place
            start = place
    if item:
        yield start, len(item)


def _shares(distances: NDArray[np.float64], n_neighbors: int, weights: str) -> list[float | None]:
    """Return the share of the vote of each neighbour; those at the k-th distance share the remaining votes."""
    if weights == "class_mean":
        return [0.0] * len(distances)
    limit = np.sort(distances)[min(n_neighbors, len(distances)) - 1]
    nearer, at_limit = distances < limit, distances == limit
    votes = np.where(nearer, 1.0, np.where(at_limit, (n_neighbors - nearer.sum()) / at_limit.sum(), 0.0))
    if weights == "distance":
        exact = distances == 0
        votes = votes * exact if exact.any() else votes / distances
    total = votes.sum()
    return [float(vote) for vote in votes / total]
