"""The methods of ``kolmo classify``: what each is, and the classifiers that it makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from kolmo.cli.options import SharedOption
from kolmo.coders.base import Coder
from kolmo.distances.formulas import METRICS
from kolmo.errors import ParameterError
from kolmo.learn.candidates import CANDIDATES
from kolmo.learn.voting import WEIGHTS


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
    probabilities : bool
        Whether the probabilities of labels matter, so that their temperature is fitted.
    """

    neighbors: dict[str, Any]
    checkpoint: Path | None
    n_jobs: int
    probabilities: bool = False


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
            CodeLengthClassifier(coder, temperature_scaling=setting.probabilities, n_jobs=setting.n_jobs),
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


NEIGHBOR_OPTIONS = ("n_neighbors", "weights", "metric", "candidates", "checkpoint")
"""The options of nearest neighbours, without effect for the other methods."""


def neighbor_options(function: Any) -> Any:
    """Return the command with the options of nearest neighbours."""
    neighbor_option = partial(click.option, cls=SharedOption, group="Options of nearest neighbours")
    decorators = [
        neighbor_option(
            "-k",
            "--n-neighbors",
            type=click.IntRange(min=1),
            default=1,
            show_default=True,
            metavar="K",
            help="Number of neighbours that vote.",
        ),
        neighbor_option(
            "--weights",
            type=click.Choice(WEIGHTS),
            default=WEIGHTS[0],
            show_default=True,
            help="One vote each; votes weighted by inverse distance; or the class with the smallest mean distance of "
            "its K nearest members.",
        ),
        neighbor_option(
            "--metric",
            type=click.Choice(list(METRICS)),
            metavar="METRIC",
            default="ncd",
            show_default=True,
            help=f"The distance: {', '.join(METRICS)}.",
        ),
        neighbor_option(
            "--candidates",
            type=click.IntRange(min=1),
            metavar="N",
            help="Compare each text only with the N training texts that are most similar by TF-IDF of character "
            "5-grams, and report the loss.  [default: compare with all]",
        ),
    ]
    for decorator in reversed(decorators):
        function = decorator(function)
    return function


def neighbor_parameters(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of `NCDClassifier` for the options of nearest neighbours."""
    n_candidates = settings["candidates"]
    if n_candidates is None:
        return settings
    return settings | {"candidates": CANDIDATES[0], "n_candidates": n_candidates}


def named(context: click.Context, *names: str) -> list[str]:
    """Return those of the options that are on the command line."""
    return [name for name in names if context.get_parameter_source(name) != ParameterSource.DEFAULT]


def check_used(context: click.Context, methods: tuple[str, ...]) -> None:
    """Refuse options that have no effect on any of the methods."""
    taken = [METHODS[method] for method in methods]
    unused = [] if any(method.takes_neighbors for method in taken) else [*NEIGHBOR_OPTIONS]
    unused += [] if any(method.takes_coders for method in taken) else ["coders"]
    for parameter in context.command.params:
        if parameter.name in unused and named(context, parameter.name):
            raise ParameterError(
                f"{parameter.opts[-1]} has no effect with --method {', '.join(methods)}; leave it out, or add "
                f"--method {'neighbors' if parameter.name != 'coders' else 'code-length'}"
            )
