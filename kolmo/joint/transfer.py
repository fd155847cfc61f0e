"""What training on a second data set gives on the first: models of one size, taught on either and on both."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kolmo._core.checks import check_integer
from kolmo._core.extras import import_extra
from kolmo._core.items import as_bytes, as_items
from kolmo._core.progress import progress
from kolmo._version import __version__
from kolmo.coders.neural.training.plan import TrainingPlan
from kolmo.errors import DataError, ParameterError

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from kolmo.coders.neural.architecture.config import ModelConfig

_BLOCKS = 32
"""Into how many blocks what is held out is cut, to resample it."""
_BY_HEART = 0.75
"""Where the bits of what was read are below this share of the held-out ones, the model knows it by heart."""
_PARTS = 10
"""How many times a training is looked at; the bits of the last part are told."""


@dataclass(frozen=True, kw_only=True)
class TrainingRun:
    """One training, and how it ended. Bits are bits a byte.

    Parameters
    ----------
    steps : int
        How many it took.
    training_bits : float
        Of what it read in the last tenth of the steps, before it learned from that.
    bits_x, bits_y : float
        Of what was held out of X and of Y.
    """

    steps: int
    training_bits: float
    bits_x: float
    bits_y: float


@dataclass(frozen=True, kw_only=True)
class Saving:
    """Held-out bits a byte that one model saves over another.

    Parameters
    ----------
    bits : float
        Below 0 if it costs more.
    low, high : float
        95 % interval, from resampled blocks of the held-out bytes; what another seed changes is not in it.
    """

    bits: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class TransferGain:
    """What models of one size save on X and on Y once both were in their training.

    Parameters
    ----------
    model, fingerprint : str
        The model's name, and with it the seed, device and versions.
    n_parameters : int
        How many weights it has.
    steps, step_bytes : int
        Steps of the trainings but ``"twice"``, and bytes that a step reads.
    sizes, held_out_sizes : tuple of int
        Bytes of X and of Y to train on, and held out.
    rows : dict of str to TrainingRun
        The trainings. ``"x"``, ``"y"``: on one set. ``"both"``: half of each step from X and half from Y. Of the
        controls, ``"twice"``: the same for twice the steps. ``"x_disguised"``, ``"y_disguised"``: half of each step
        from one set and half from the other under other byte values, its commonest becoming the rarest of the set.
        ``"x_random"``, ``"y_random"``: half of each step from one set and half from random bytes.
    savings : dict of str to tuple of Saving
        What is saved on X, and on Y. ``"both"``: by both over the set alone, at equal compute, where each set is read
        half as often. ``"twice"``: by both over the set alone, where each is read as often, for twice the compute.
        ``"shared"``: by both over the set and the other in disguise, which is as hard to learn, and takes as much of
        the model, but has few bytes in common with it, or none: what is in common makes the difference.
        ``"random"``: by the set and random bytes over the set alone. Random bytes cannot be learned, and so take little
        of the model: they may cost less than other data, or even help, and are no floor.
    warnings : list of str
        Why the numbers may mean less than they seem to.
    """

    model: str
    fingerprint: str
    n_parameters: int
    steps: int
    step_bytes: int
    sizes: tuple[int, int]
    held_out_sizes: tuple[int, int]
    rows: dict[str, TrainingRun]
    savings: dict[str, tuple[Saving, Saving]]
    warnings: list[str] = field(default_factory=list)

    @property
    def gain_x(self) -> float:
        """Bits a byte that are saved on X if half of its training is spent on Y."""
        return self.savings["both"][0].bits

    @property
    def gain_y(self) -> float:
        """Bits a byte that are saved on Y if half of its training is spent on X."""
        return self.savings["both"][1].bits

    @property
    def passes(self) -> tuple[float, float]:
        """How often the trainings on one set read X, and Y."""
        return (self.steps * self.step_bytes / self.sizes[0], self.steps * self.step_bytes / self.sizes[1])

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON."""
        return asdict(self) | {"gain_x": self.gain_x, "gain_y": self.gain_y, "passes": list(self.passes)}


def transfer_gain(
    X: Any,
    Y: Any,
    *,
    model: str = "gru:200k",
    steps: int = 500,
    lanes: int = 32,
    length: int = 128,
    learning_rate: float = 3e-3,
    held_out: float = 0.1,
    separator: str | bytes = "\n",
    controls: bool = True,
    n_resamples: int = 1000,
    device: str = "auto",
    random_state: int = 0,
) -> TransferGain:
    """Measure what a neural model gains on each of two data sets by training on both.

    Models of one size, with the same first weights, are trained on X, on Y, and on both, for the same number of steps
    and bytes. The weights at the end count; none are picked by what is held out.

    Parameters
    ----------
    X, Y : str, bytes-like, or collection of these
        The sets; a collection holds documents. Of a collection, documents drawn at random are held out whole, and equal
        ones together; of one long string, its end. What X and Y have in common is not looked for: a document of Y that
        is held out of X is learned, and counts as gain.
    model : str
        An architecture and a size, as ``kolmo train`` takes them: ``"gru:200k"``, ``"transformer:800k,context=256"``.
    steps : int
        Steps of a training; each reads `lanes` times `length` bytes. Three times as many in all, nine with controls.
    lanes : int
        Places read side by side, an even number: those of a training on both are halved.
    length : int
        Bytes that a lane reads in a step; at most the window of a Transformer.
    learning_rate : float
        Of AdamW, at its height.
    held_out : float
        Share of each set that is held out, 256 KiB at most.
    separator : str or bytes
        Written between documents.
    controls : bool
        Train on both for twice the steps, on each set with the other in disguise, and with random bytes, too.
    n_resamples : int
        How many times the held-out blocks are resampled.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"``, ...
    random_state : int
        Seed of the weights, the documents held out, the random bytes and the resamples. Equal seeds give equal numbers
        on one machine; how far others differ says what a gain of that size is worth.

    Returns
    -------
    TransferGain

    Raises
    ------
    DataError
        If a set is too small, or the loss is no number any more.
    ParameterError
        If there is no such model or device, or a number is out of range.
    MissingDependencyError
        If PyTorch is not installed.

    References
    ----------
    Efron and Tibshirani, "An Introduction to the Bootstrap", 1993. Aghajanyan et al., "Scaling Laws for Generative
    Mixed-Modal Language Models", ICML 2023.

    Examples
    --------
    >>> cats = [f"the cat {n} sat on mat {n * n}" for n in range(99)]
    >>> dogs = [f"the dog {n} sat on rug {n * n}" for n in range(99)]
    >>> gain = transfer_gain(cats, dogs, model="gru:20k", steps=30, lanes=8, length=32, controls=False, device="cpu")
    >>> gain.rows["x"].bits_x < gain.rows["y"].bits_x
    True
    >>> 0 < gain.gain_x + gain.rows["both"].bits_x
    True
    """
    for name, value, least in (("steps", steps, 1), ("lanes", lanes, 2), ("length", length, 2)):
        check_integer(name, value, least, 10**9)
    if lanes % 2:
        raise ParameterError(f"lanes must be an even number, so that two sets have equal shares, but {lanes} came")
    if not 0 < held_out < 1:
        raise ParameterError(f"held_out must be a share above 0 and below 1, such as 0.1, but {held_out!r} came")
    check_integer("n_resamples", n_resamples, 1, 10**6)
    check_integer("random_state", random_state, 0, 2**63 - 1)
    version = import_extra("torch", extra="neural", purpose="a gain by training").__version__
    from kolmo.coders.neural.architecture.config import ModelConfig
    from kolmo.coders.neural.training.loop import best_device, device_name, held_out_bits

    config, chosen = ModelConfig.parse(model), best_device(device)
    length = min(length, config.window or length)
    drawn, between = np.random.default_rng(random_state), as_bytes(separator)
    (x, held_x), (y, held_y) = (_split(data, name, held_out, between, drawn) for data, name in ((X, "X"), (Y, "Y")))
    runs: dict[str, tuple[list[bytes], int]] = {"x": ([x], steps), "y": ([y], steps), "both": ([x, y], steps)}
    if controls:
        like_x, like_y = (drawn.integers(0, 256, size, np.uint8).tobytes() for size in (len(x), len(y)))
        runs |= {
            "twice": ([x, y], 2 * steps),
            "x_disguised": ([x, _disguised(y, x)], steps),
            "y_disguised": ([_disguised(x, y), y], steps),
            "x_random": ([x, like_y], steps),
            "y_random": ([like_x, y], steps),
        }
    rows, bits = {}, {}
    with progress(sum(count for _, count in runs.values()), label=f"training {config}", unit="step") as bar:
        for name, (corpora, count) in runs.items():
            plan = TrainingPlan(
                n_bytes=count * lanes * length,
                lanes=lanes,
                length=length,
                learning_rate=learning_rate,
                seed=random_state,
            )
            trained, training_bits = _trained(config, plan, corpora, chosen, bar.update)
            bits[name] = [held_out_bits(trained, held, chosen) for held in (held_x, held_y)]
            bits_x, bits_y = (float(own.mean()) for own in bits[name])
            rows[name] = TrainingRun(steps=count, training_bits=training_bits, bits_x=bits_x, bits_y=bits_y)
    return TransferGain(
        model=str(config),
        fingerprint=f"{config},seed={random_state} [torch {version}, {device_name(chosen)}, kolmo {__version__}]",
        n_parameters=config.n_parameters,
        steps=steps,
        step_bytes=lanes * length,
        sizes=(len(x), len(y)),
        held_out_sizes=(len(held_x), len(held_y)),
        rows=rows,
        savings=_savings(bits, n_resamples, drawn),
        warnings=_doubts(rows),
    )


def _split(data: Any, name: str, share: float, separator: bytes, drawn: np.random.Generator) -> tuple[bytes, bytes]:
    """Return what to train on, and what is held out."""
    from kolmo.coders.neural.training.loop import MOST_HELD_OUT, split_corpus

    if isinstance(data, str | bytes | bytearray | memoryview):
        whole = as_bytes(data)
        size = min(MOST_HELD_OUT, int(share * len(whole)))
        kept, held = whole[: len(whole) - size], whole[len(whole) - size :]
    else:
        documents = as_items(data)
        size = min(MOST_HELD_OUT, int(share * sum(map(len, documents))))
        counts = Counter(documents)
        different, chosen, taken = list(counts), set(), 0
        for place in drawn.permutation(len(different)):
            if taken >= size:
                break
            chosen.add(different[place])
            taken += len(different[place]) * counts[different[place]]
        kept = separator.join(document for document in documents if document not in chosen)
        held = separator.join(document for document in documents if document in chosen)
    try:
        return split_corpus(kept, held)
    except DataError as error:
        raise DataError(f"{name}: {error}") from None


def _disguised(data: bytes, other: bytes) -> bytes:
    """Return data under other byte values: the commonest become those that are rarest in the other data.

    Examples
    --------
    >>> disguised = _disguised(b"abracadabra", b"banana")
    >>> len(set(disguised)), set(disguised) & set(b"banana")
    (5, set())
    """
    own, others = (np.bincount(np.frombuffer(part, np.uint8), minlength=256) for part in (data, other))
    values = np.empty(256, np.uint8)
    values[np.argsort(-own, kind="stable")] = np.argsort(others, kind="stable")
    return data.translate(values.tobytes())


def _trained(
    config: ModelConfig,
    plan: TrainingPlan,
    corpora: Sequence[bytes],
    device: torch.device,
    on_step: Callable[[int], object],
) -> tuple[nn.Module, float]:
    """Return a model at the end of its training, and the bits a byte of what it read last."""
    from kolmo.coders.neural.training.loop import Training

    training = Training(config, plan, corpora, device)
    part = max(1, (plan.n_steps or 0) // _PARTS)
    recent: deque[Tensor] = deque(maxlen=part)
    mean = 0.0
    while training.share < 1.0:
        recent.append(training.advance())
        if training.step % part == 0 or training.share == 1.0:
            mean = sum(map(float, recent)) / len(recent)
            training.check(mean)
        on_step(1)
    return training.model, mean


def _savings(
    bits: dict[str, list[NDArray[np.float64]]], n_resamples: int, drawn: np.random.Generator
) -> dict[str, tuple[Saving, Saving]]:
    """Return what is saved on X and on Y, by which trainings over which."""
    alone, both = ("x", "y"), ("both", "both")
    compared = {
        "both": (alone, both),
        "twice": (alone, ("twice", "twice")),
        "shared": (("x_disguised", "y_disguised"), both),
        "random": (alone, ("x_random", "y_random")),
    }
    savings = {}
    for name, (before, after) in compared.items():
        if {*before, *after} <= bits.keys():
            saved = [bits[before[on]][on] - bits[after[on]][on] for on in (0, 1)]
            savings[name] = (_saving(saved[0], n_resamples, drawn), _saving(saved[1], n_resamples, drawn))
    return savings


def _saving(saved: NDArray[np.float64], n_resamples: int, drawn: np.random.Generator) -> Saving:
    """Return the mean, and where the means of resampled blocks lie."""
    blocks = np.array_split(saved, min(_BLOCKS, len(saved)))
    sums, sizes = np.array([block.sum() for block in blocks]), np.array([len(block) for block in blocks])
    places = drawn.integers(0, len(blocks), (n_resamples, len(blocks)))
    low, high = np.quantile(sums[places].sum(1) / sizes[places].sum(1), [0.025, 0.975])
    return Saving(bits=float(saved.mean()), low=float(low), high=float(high))


def _doubts(rows: dict[str, TrainingRun]) -> list[str]:
    found = []
    for name, row, held_out in (("X", rows["x"], rows["x"].bits_x), ("Y", rows["y"], rows["y"].bits_y)):
        if row.training_bits < _BY_HEART * held_out:
            found.append(
                f"{name} alone was learned by heart, or its held-out part is of another kind: {row.training_bits:.2f} "
                f"bits a byte where it was read, and {held_out:.2f} held out; take fewer steps, or a smaller model"
            )
    return found
