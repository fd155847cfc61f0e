"""`exposure_curve`: the code length of items after one, two, five and ten passes of a network over them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from kolmo._core.checks import check_count, check_integer
from kolmo._core.extras import check_extra
from kolmo._core.progress import progress
from kolmo._core.results import Result
from kolmo.errors import DataError, ParameterError
from kolmo.laws.sweeps.training import batch_of
from kolmo.learn.class_models import SEPARATOR
from kolmo.profile.resampling import Interval, ratio_interval
from kolmo.profile.sampling import Sample, sample_of

if TYPE_CHECKING:
    from kolmo._core.tables import Table

PASSES = (1, 2, 5, 10)
MODEL = "gru:200k"
MAX_BYTES = 2**17
RANDOM, ONCE, DUPLICATES = "random strings", "once", "duplicates"
_RANDOM_SIZE = 32
_HELD_OUT_SHARE = 5
_MEASURED = 200
"""Items of a kind that are measured at most."""
_SEQUENCE_LENGTH = 64


@dataclass(frozen=True, kw_only=True)
class KindOfItems:
    """The items of a kind, and what they cost after each number of passes.

    Parameters
    ----------
    kind : str
        The kind.
    n_items : int
        Items measured.
    bits_per_byte : tuple of float
        Mean code length of a byte of the items before training, and after each number of passes.
    intervals : tuple of ((float, float) or None)
        95% intervals over items.
    held_out : tuple of float or None
        The same of items of this kind that the network never read; None if there are too few items.
    memorised_after : int or None
        The first number of passes after which the items cost less than half of what held-out ones do.
    """

    kind: str
    n_items: int
    bits_per_byte: tuple[float, ...]
    intervals: tuple[Interval | None, ...]
    held_out: tuple[float, ...] | None
    memorised_after: int | None


@dataclass(frozen=True, kw_only=True)
class ExposureCurve(Result):
    """What items cost after passes of a network over them. Made by `exposure_curve`.

    Parameters
    ----------
    passes : tuple of int
        Numbers of passes; the first one is 0, before training.
    kinds : tuple of KindOfItems
        The kinds of items.
    model : str
        The network.
    n_weights : int
        Its weights.
    training_bytes : int
        Bytes of one pass.
    order : str
        The order of the items.
    seed : int
        Seed of the weights, and of the random strings.
    name : str
        Name of the set.
    """

    citations: ClassVar[tuple[str, ...]] = (
        'Carlini et al., "The secret sharer: evaluating and testing unintended memorization", USENIX Security 2019',
        'Kandpal et al., "Deduplicating training data mitigates privacy risks in language models", ICML 2022',
    )

    passes: tuple[int, ...]
    kinds: tuple[KindOfItems, ...]
    model: str
    n_weights: int
    training_bytes: int
    order: str
    seed: int
    name: str

    def records(self) -> list[dict[str, Any]]:
        """Return a row for each kind and number of passes.

        Returns
        -------
        list of dict
        """
        return [
            {"kind": each.kind, "passes": passes, "bits_per_byte": bits}
            | {"held_out": None if each.held_out is None else each.held_out[place]}
            for each in self.kinds
            for place, (passes, bits) in enumerate(zip(self.passes, each.bits_per_byte, strict=True))
        ]

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return a table for each result.

        Parameters
        ----------
        results : sequence of ExposureCurve
            The results.
        verbose : bool
            Add intervals and citations.

        Returns
        -------
        list of Table
        """
        return [result._table(verbose=verbose) for result in results]

    def _table(self, *, verbose: bool) -> Table:
        from kolmo._core.tables import Column, Table

        columns = [Column("items"), Column("number", True), *(Column(f"{each} passes", True) for each in self.passes)]
        title = f"Bits/byte after passes of a network: {self.name}"
        table = Table(title, [*columns, Column("memorised after", True)])
        for each in self.kinds:
            cells = [f"{bits:.3f}" for bits in each.bits_per_byte]
            if verbose:
                ends = [f" ({end[0]:.3f} to {end[1]:.3f})" if end else "" for end in each.intervals]
                cells = [cell + end for cell, end in zip(cells, ends, strict=True)]
            after = "-" if each.memorised_after is None else f"{each.memorised_after} passes"
            table.add(each.kind, f"{each.n_items:,}", *cells, after)
            if each.held_out is not None:
                table.add(f"{each.kind}, held out", "", *(f"{bits:.3f}" for bits in each.held_out), "")
        table.footers = [
            f"{self.model}, {self.n_weights:,} weights, {self.training_bytes:,} bytes a pass, {self.order}, seed "
            f"{self.seed}; each item is coded by itself; memorised: it costs less than half of held-out items"
        ]
        if verbose:
            table.footers += self.citations
        return table


def exposure_curve(
    data: Any,
    *,
    kinds: Sequence[str] | None = None,
    model: str = MODEL,
    passes: Sequence[int] = PASSES,
    n_random: int = 20,
    max_bytes: int = MAX_BYTES,
    seed: int = 0,
    device: str = "cpu",
    name: str = "data",
) -> ExposureCurve:
    """Measure how many exposures it takes a network to memorise items.

    A network with random weights reads the items in several passes. Before training and after each number of passes
    each item is coded by itself. A fifth of the items of each kind is held out: the network never reads them, so what
    they cost is what it generalises. Random strings are added, of which nothing can be generalised.

    Parameters
    ----------
    data : str, bytes-like, Corpus, collection of str or bytes, or iterator
        The items; see `profile_data`.
    kinds : sequence of str, optional
        The kind of each item. By default its label or, without labels, whether it occurs once or several times.
    model : str
        The network, as in ``kolmo train --model``; needs the extra ``neural``.
    passes : sequence of int
        Numbers of passes, ascending.
    n_random : int
        Random strings of 32 letters of the set that are added; as many are held out.
    max_bytes : int
        Largest number of bytes of a pass.
    seed : int
        Seed of the weights, and of the random strings.
    device : str
        ``"cpu"``, ``"cuda"`` or ``"auto"``.
    name : str
        Name of the set in tables.

    Returns
    -------
    ExposureCurve

    Raises
    ------
    DataError
        If the set is empty or too small for a training.
    MissingDependencyError
        If the extra ``neural`` is not installed.

    References
    ----------
    Carlini et al., "The secret sharer: evaluating and testing unintended memorization in neural networks", USENIX
    Security 2019.

    Examples
    --------
    >>> facts = [f"the code of gate {n} is {n * n * 7919 % 100000}" for n in range(60)]
    >>> found = exposure_curve(facts, passes=[1, 10])  # doctest: +SKIP
    >>> found.kinds[0].memorised_after  # doctest: +SKIP
    """
    check_count("n_random", n_random, 0, 10_000)
    check_count("max_bytes", max_bytes, 1, 2**40)
    check_integer("seed", seed, 0, 2**32 - 1)
    if not passes or any(isinstance(each, bool) or not isinstance(each, int) or each < 1 for each in passes):
        raise ParameterError(f"passes: expected numbers from 1, such as 1, 2, 5, 10, got {list(passes)}")
    for module in ("torch", "safetensors"):
        check_extra(module, extra="neural", purpose="the exposures of a network")
    if kinds is not None:
        data = _with_kinds(data, kinds)
    sample = data if isinstance(data, Sample) else sample_of(data, name=name, max_bytes=max_bytes)
    groups = _groups(sample, max_bytes, n_random, seed)
    string = _training_string(groups, seed)
    numbers = sorted(set(passes))
    rows, n_weights = _trained(model, string, groups, numbers, seed, device)
    return ExposureCurve(
        passes=(0, *numbers),
        kinds=tuple(_kind(group, [row[place] for row in rows], numbers) for place, group in enumerate(groups)),
        model=model,
        n_weights=n_weights,
        training_bytes=len(string),
        order="items in random order",
        seed=seed,
        name=sample.name,
    )


@dataclass(frozen=True)
class _Group:
    """The items of a kind: those that are read, how often each, and those that are held out."""

    kind: str
    read: list[bytes]
    counts: list[int]
    held_out: list[bytes]

    @property
    def measured(self) -> list[bytes]:
        return [*self.read[:_MEASURED], *self.held_out[:_MEASURED]]


def _with_kinds(data: Any, kinds: Sequence[str]) -> Iterator[tuple[bytes, str]]:
    from kolmo._core.items import as_items

    items = as_items(data)
    if len(kinds) != len(items):
        raise DataError(f"kinds: expected one for each of the {len(items):,} items, got {len(kinds):,}")
    return zip(items, map(str, kinds), strict=True)


def _groups(sample: Sample, max_bytes: int, n_random: int, seed: int) -> list[_Group]:
    """Return the items by kind, every fifth of a kind held out, and random strings of the letters of the set."""
    by_kind: dict[str, list[Any]] = {}
    for each in sample.distinct(max_bytes):
        by_kind.setdefault(each.label or (ONCE if each.count == 1 else DUPLICATES), []).append(each)
    groups = []
    for kind, members in sorted(by_kind.items()):
        out = members[::_HELD_OUT_SHARE] if len(members) > 1 else []
        kept = [each for place, each in enumerate(members) if not out or place % _HELD_OUT_SHARE]
        counts = [each.count for each in kept]
        groups.append(_Group(kind, [each.data for each in kept], counts, [each.data for each in out]))
    if n_random:
        letters: NDArray[np.uint8] = np.flatnonzero(sample.histogram).astype(np.uint8)
        random = np.random.default_rng(seed)
        strings = [random.choice(letters, _RANDOM_SIZE).tobytes() for _ in range(2 * n_random)]
        groups.append(_Group(RANDOM, strings[:n_random], [1] * n_random, strings[n_random:]))
    return groups


def _training_string(groups: Sequence[_Group], seed: int) -> bytes:
    """Return all items that are read, with their copies, in random order."""
    items = [item for group in groups for item, n in zip(group.read, group.counts, strict=True) for _ in range(n)]
    order = np.random.default_rng(seed).permutation(len(items))
    string = SEPARATOR.join(items[place] for place in order)
    if len(string) < 4 * _SEQUENCE_LENGTH:
        raise DataError(f"expected at least {4 * _SEQUENCE_LENGTH:,} bytes to train on, got {len(string):,}; add items")
    return string


def _trained(
    model: str, string: bytes, groups: Sequence[_Group], passes: Sequence[int], seed: int, device: str
) -> tuple[list[list[NDArray[np.float64]]], int]:
    """Train; return the bits of the measured items of each group before and after each number of passes."""
    from kolmo.coders.neural.architecture.config import ModelConfig
    from kolmo.coders.neural.devices import best_device
    from kolmo.coders.neural.inference.byte_inference import InferenceState
    from kolmo.coders.neural.training.plan import TrainingPlan
    from kolmo.coders.neural.training.state import Training

    config, chosen = ModelConfig.parse(model), best_device(device)
    size = passes[-1] * len(string)
    batch = min(batch_of(size), len(string) // _SEQUENCE_LENGTH)
    plan = TrainingPlan(
        n_bytes=size, batch_size=max(batch, 1), sequence_length=_SEQUENCE_LENGTH, checkpoints=1, seed=seed
    )
    training = Training(config, plan, [string], chosen)

    def bits() -> list[NDArray[np.float64]]:
        training.model.eval()
        found = []
        for group in groups:
            pieces = InferenceState.begin(training.model, chosen).surprisals(group.measured)
            found.append(np.array([piece.sum() for piece in pieces]))
        training.model.train()
        return found

    rows = [bits()]
    with progress(size, label=f"{passes[-1]} passes of {model}", unit="B") as bar:
        for number in passes:
            while training.n_bytes < number * len(string) and training.completed < 1:
                training.check(float(training.step()))
                bar.update(training.n_bytes - bar.done)
            rows.append(bits())
    return rows, config.n_parameters


def _kind(group: _Group, found: Sequence[NDArray[np.float64]], passes: Sequence[int]) -> KindOfItems:
    read, held_out = group.read[:_MEASURED], group.held_out[:_MEASURED]
    sizes = [len(item) for item in read]
    means = [float(bits[: len(read)].sum() / sum(sizes)) for bits in found]
    others = [float(bits[len(read) :].sum() / sum(map(len, held_out))) for bits in found] if held_out else None
    pairs = [] if others is None else zip(passes, means[1:], others[1:], strict=True)
    below = [number for number, mean, other in pairs if mean < other / 2]
    return KindOfItems(
        kind=group.kind,
        n_items=len(read),
        bits_per_byte=tuple(means),
        intervals=tuple(ratio_interval(bits[: len(read)], sizes) for bits in found),
        held_out=None if others is None else tuple(others),
        memorised_after=below[0] if below else None,
    )
