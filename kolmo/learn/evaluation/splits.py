"""Splits of one labelled set: folds, and a held-out part. Classes are spread evenly, and equal items stay together."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo._core.checks import check_count, check_number
from kolmo.data.corpus import Corpus
from kolmo.errors import DataError
from kolmo.learn.class_models import by_digest, folds_of
from kolmo.learn.evaluation.reports import ClassificationReport, evaluate


def hold_out(corpus: Corpus, share: float, *, seed: int = 0) -> tuple[Corpus, Corpus]:
    """Return a training set and a test set: a share of the items of each class, drawn by their content.

    Parameters
    ----------
    corpus : Corpus
        With labels. Equal items are all in one of the two sets.
    share : float
        Share of the test set, above 0 and below 1.
    seed : int
        Seed of the draw, which does not depend on the order of the items.

    Returns
    -------
    train, test : Corpus

    Raises
    ------
    DataError
        If the corpus has no labels, or no class has two different items.

    Examples
    --------
    >>> corpus = Corpus(items=[b"%d" % number for number in range(10)], labels=["a", "b"] * 5)
    >>> train, test = hold_out(corpus, 0.4)
    >>> len(train), len(test), sorted(test.labels)
    (6, 4, ['a', 'a', 'b', 'b'])
    """
    held = held_out(corpus, share, seed=seed)
    train, test = (np.flatnonzero(chosen).tolist() for chosen in (~held, held))
    return _part(corpus, train, f"all but {share:g} of {corpus.name}"), _part(corpus, test, corpus.name)


def held_out(corpus: Corpus, share: float, *, seed: int = 0) -> NDArray[np.bool_]:
    """Return which items `hold_out` puts into the test set."""
    check_number("hold_out", share, 0, 1, above=True)
    codes = _codes(corpus)
    sizes = Counter(code for _, code in dict(zip(corpus.items, codes.tolist(), strict=True)).items())
    counts = Counter[int]()
    is_test: dict[bytes, bool] = {}
    for place in by_digest(corpus.items, codes, _seed(seed)):
        item, code = corpus.items[place], int(codes[place])
        if item not in is_test:
            wanted = min(round(share * sizes[code]), sizes[code] - 1)
            is_test[item] = counts[code] < wanted
            counts[code] += 1
    held = np.array([is_test[item] for item in corpus.items])
    if held.all() or not held.any():
        raise DataError(
            f"{corpus.name}: holding out {share:g} of {len(corpus):,} items leaves one part empty; take another share, "
            "or more items"
        )
    return held


def cross_evaluate(
    classifier: Any, corpus: Corpus, *, folds: int = 5, seed: int = 0, name: str | None = None
) -> ClassificationReport:
    """Evaluate a classifier by cross-validation: each item is predicted by a copy that is fitted to the other folds.

    Parameters
    ----------
    classifier : scikit-learn classifier
        As for `evaluate`; it is not fitted itself.
    corpus : Corpus
        With labels. Equal items share a fold.
    folds : int
        Number of folds, at least 2.
    seed : int
        Seed of the folds, which do not depend on the order of the items.
    name : str, optional
        Name of the classifier in tables.

    Returns
    -------
    ClassificationReport
        Predictions in the order of the items, and the time for all folds together.

    Raises
    ------
    DataError
        If the corpus has no labels, or has fewer different items than folds.

    Examples
    --------
    >>> from kolmo import NCDClassifier
    >>> items = [text % number for number in range(6) for text in (b"the cat sat %d", b"stocks fell %d")]
    >>> corpus = Corpus(items=items, labels=["pets", "money"] * 6, name="news")
    >>> cross_evaluate(NCDClassifier("deflate"), corpus, folds=3).accuracy
    1.0
    """
    from sklearn.base import clone

    check_count("folds", folds, 2)
    codes = _codes(corpus)
    fold_of = folds_of(corpus.items, codes, folds, _seed(seed))
    if len(np.unique(fold_of)) < folds:
        raise DataError(f"{corpus.name}: expected at least {folds} different items of a class, for {folds} folds")
    parts = [np.flatnonzero(fold_of == fold) for fold in range(folds)]
    reports = []
    for part in parts:
        rest = np.setdiff1d(np.arange(len(corpus)), part)
        sets = (_part(corpus, chosen.tolist(), corpus.name) for chosen in (rest, part))
        reports.append(evaluate(clone(classifier), *sets, name=name))
    return replace(_joined(reports, parts, corpus, folds), folds=fold_of)


def _joined(
    reports: list[ClassificationReport], parts: list[NDArray[np.intp]], corpus: Corpus, folds: int
) -> ClassificationReport:
    """Return the report of all folds: predictions in order, times summed, shares as means over the items."""
    order = np.argsort(np.concatenate(parts))
    sizes = [len(part) for part in parts]

    def mean(field: str) -> float | None:
        values = [getattr(report, field) for report in reports]
        return None if None in values else float(np.average(values, weights=sizes))

    first = reports[0]
    labels = [report.labels for report in reports if report.labels is not None]
    pairs = [report.pairs for report in reports if report.pairs is not None]
    return replace(
        first,
        train=f"{corpus.name} ({folds - 1} of {folds} folds in turn)",
        test=corpus.name,
        n_train=round(len(corpus) * (folds - 1) / folds),
        n_test=len(corpus),
        predictions=np.concatenate([report.predictions for report in reports])[order],
        labels=np.concatenate(labels)[order],
        fit_seconds=sum(report.fit_seconds for report in reports),
        predict_seconds=sum(report.predict_seconds for report in reports),
        compile_seconds=sum(report.compile_seconds for report in reports),
        pairs=sum(pairs) if pairs else None,
        tied_share=mean("tied_share"),
        worst=mean("worst"),
        best=mean("best"),
        candidates=None,
        pruning=None,
    )


def _codes(corpus: Corpus) -> NDArray[np.intp]:
    if corpus.labels is None:
        raise DataError(f"{corpus.name} has no labels; name their column")
    return np.unique(np.array(corpus.labels), return_inverse=True)[1].astype(np.intp)


def _part(corpus: Corpus, places: list[int], name: str) -> Corpus:
    return replace(corpus.subset(places), name=name)


def _seed(seed: int) -> bytes:
    return b"" if seed == 0 else b"%d:" % seed
