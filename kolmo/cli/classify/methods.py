"""The methods of ``kolmo classify``: what each is, and the classifiers that it makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kolmo.coders.base import Coder


@dataclass(frozen=True, kw_only=True)
class Setting:
    """The options from which a method takes its own.

    Parameters
    ----------
    neighbors : mapping
        Parameters of `NCDClassifier`.
    checkpoint : Path, optional
        File of the progress of nearest neighbours.
    n_jobs : int
        Number of workers.
    """

    neighbors: dict[str, Any]
    checkpoint: Path | None
    n_jobs: int


@dataclass(frozen=True, kw_only=True)
class Method:
    """A method of ``kolmo classify``.

    Parameters
    ----------
    help : str
        What it is, in a sentence without its name.
    make : callable
        Takes the coders and the `Setting`, and yields the name and the classifier of each row.
    takes_coders : bool
        There is a row for each coder of ``--coder``; otherwise this option has no effect.
    takes_neighbors : bool
        The options of nearest neighbours have an effect.
    """

    help: str
    make: Callable[[Sequence[Coder], Setting], Iterator[tuple[str, Any]]]
    takes_coders: bool = True
    takes_neighbors: bool = False


def _neighbors(coders: Sequence[Coder], setting: Setting) -> Iterator[tuple[str, Any]]:
    from kolmo.learn.neighbors import NCDClassifier

    for coder in coders:
        yield (
            str(coder),
            NCDClassifier(coder, **setting.neighbors, checkpoint=setting.checkpoint, n_jobs=setting.n_jobs),
        )


def _code_length(coders: Sequence[Coder], setting: Setting) -> Iterator[tuple[str, Any]]:
    from kolmo.learn.code_length import CodeLengthClassifier

    for coder in coders:
        yield (
            f"{coder} code length",
            CodeLengthClassifier(coder, temperature_scaling=False, n_jobs=setting.n_jobs),
        )


def _ngrams(_: Sequence[Coder], setting: Setting) -> Iterator[tuple[str, Any]]:
    from kolmo.learn.baselines import ngram_svm

    yield "NGramVectorizer + LinearSVC", ngram_svm(n_jobs=setting.n_jobs)


def _label_code(_: Sequence[Coder], setting: Setting) -> Iterator[tuple[str, Any]]:
    from kolmo.learn.label_code.classifier import LabelCodeClassifier

    yield "label code", LabelCodeClassifier(n_jobs=setting.n_jobs)


METHODS: dict[str, Method] = {
    "label-code": Method(
        help="the label with the shortest code given the text, from counts, weights and class models of n-grams",
        make=_label_code,
        takes_coders=False,
    ),
    "neighbors": Method(
        help="a vote of the nearest neighbours by compression distance", make=_neighbors, takes_neighbors=True
    ),
    "code-length": Method(
        help="the class under which the conditional code length is smallest; its ties are decided by the prior",
        make=_code_length,
    ),
    "ngrams": Method(
        help="a linear SVM (LinearSVC of scikit-learn) on TF-IDF of byte and word n-grams (NGramVectorizer)",
        make=_ngrams,
        takes_coders=False,
    ),
}
"""The methods by their names in ``--method``, in the order of the help."""
DEFAULT, DEFAULT_WITH_OPTIONS = "label-code", "neighbors"
"""The method without ``--method``; the second if a coder or an option of nearest neighbours is named."""
