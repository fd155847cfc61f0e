"""Transfer gain: how training a neural model on two data sets changes its held-out loss on each."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kolmo._core.checks import check_count
from kolmo._core.extras import import_extra
from kolmo._core.items import as_bytes, as_items
from kolmo._core.progress import progress
from kolmo._version import __version__
from kolmo.coders.neural.training.plan import LIMITS, TrainingPlan
from kolmo.errors import DataError, ParameterError
from kolmo.joint.transfer_results import Estimate, TrainingRun, TransferGain

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from kolmo.coders.neural.architecture.config import ModelConfig

_BLOCKS = 32
"""Number of blocks of held-out bytes that are resampled."""
_OVERFITTING_RATIO = 0.75
"""Below this ratio of training loss to held-out loss, a warning of overfitting is given."""
_MAX_STEPS = 10**8
_PARTS = 10
"""Number of parts of a training after each of which the loss is checked; that of the last part is reported."""


def transfer_gain(
    X: Any,
    Y: Any,
    *,
    model: str = "gru:200k",
    steps: int = 500,
    batch_size: int = 32,
    sequence_length: int = 128,
    learning_rate: float = 3e-3,
    held_out: float = 0.1,
    separator: str | bytes = "\n",
    controls: bool = True,
    n_resamples: int = 1000,
    device: str = "auto",
    random_state: int = 0,
) -> TransferGain:
    """Estimate how training on both of two data sets changes the held-out loss of a neural model on each.

    Models of one size, with equal initial weights, are trained on X, on Y, and on both, for the same number of steps
    and bytes. The weights after the last step count; none are selected by the held-out loss.

    Parameters
    ----------
    X, Y : str, bytes-like, or collection of these
        The data sets; a collection holds documents. From a collection, randomly drawn documents are held out as a
        whole, with their duplicates; from a long string, its end. Overlap between X and Y is not removed: a
        document of Y that is also held out of X is learned, and counts as gain.
    model : str
        Architecture and size, as ``kolmo train`` takes them: ``"gru:200k"``,
        ``"transformer:800k,context_length=256"``.
    steps : int
        Steps of a training; each reads ``batch_size * sequence_length`` bytes. All trainings together take three times
        as many steps, nine times with controls.
    batch_size : int
        Number of sequences in a batch, an even number: half of them come from each of two sets.
    sequence_length : int
        Bytes of a sequence in one step; at most the context length of a Transformer.
    learning_rate : float
        Learning rate of AdamW after the warm-up.
    held_out : float
        Fraction of each set that is held out, at most 256 KiB.
    separator : str or bytes
        Placed between documents.
    controls : bool
        Add the control trainings: twice the steps, the other set with permuted bytes, and random bytes.
    n_resamples : int
        Number of bootstrap resamples.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"``, ...
    random_state : int
        Seed of the weights, the held-out documents, the random bytes and the resamples. Equal seeds give equal results
        on one machine; the variation between seeds shows which gains are significant.

    Returns
    -------
    TransferGain

    Raises
    ------
    DataError
        If a set is too small, or the loss is not finite.
    ParameterError
        If the model or the device is unknown, or a number is out of range.
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
    >>> small = {"model": "gru:20k", "steps": 30, "batch_size": 8, "sequence_length": 32, "device": "cpu"}
    >>> gain = transfer_gain(cats, dogs, controls=False, **small)
    >>> gain.runs["x"].bits_x < gain.runs["y"].bits_x
    True
    >>> abs(gain.gain_x - (gain.runs["x"].bits_x - gain.runs["both"].bits_x)) < 1e-6
    True
    """
    check_count("steps", steps, 1, _MAX_STEPS)
    check_count("batch_size", batch_size, 2, LIMITS["batch_size"])
    check_count("sequence_length", sequence_length, 2, LIMITS["sequence_length"])
    check_count("n_resamples", n_resamples, 1, 10**6)
    check_count("random_state", random_state, 0, 2**63 - 1)
    if batch_size % 2:
        raise ParameterError(f"batch_size: expected an even number, half for each of two sets, got {batch_size}")
    if not (isinstance(held_out, float) and 0 < held_out < 1):
        raise ParameterError(f"held_out: expected a fraction between 0 and 1, such as 0.1, got {held_out!r}")
    version = import_extra("torch", extra="neural", purpose="transfer_gain").__version__
    from kolmo.coders.neural.architecture.config import ModelConfig
    from kolmo.coders.neural.devices import best_device, device_name

    config, chosen = ModelConfig.parse(model), best_device(device)
    length = min(sequence_length, config.window or sequence_length)
    generator, between = np.random.default_rng(random_state), as_bytes(separator)
    (x, held_x), (y, held_y) = (_split(data, name, held_out, between, generator) for data, name in ((X, "X"), (Y, "Y")))
    planned: dict[str, tuple[list[bytes], int]] = {"x": ([x], steps), "y": ([y], steps), "both": ([x, y], steps)}
    if controls:
        planned |= _controls(x, y, steps, generator)
    shape = {"n_bytes": steps * batch_size * length, "batch_size": batch_size, "sequence_length": length}
    plan = TrainingPlan(**shape, learning_rate=learning_rate, seed=random_state)
    runs, bits = _trainings(config, plan, planned, (held_x, held_y), chosen)
    return TransferGain(
        model=str(config),
        fingerprint=f"{config},seed={random_state} [torch {version}, {device_name(chosen)}, kolmo {__version__}]",
        n_parameters=config.n_parameters,
        steps=steps,
        step_bytes=batch_size * length,
        sizes=(len(x), len(y)),
        held_out_sizes=(len(held_x), len(held_y)),
        runs=runs,
        estimates=_estimates(bits, n_resamples, generator),
        warnings=_warnings(runs),
    )


def _split(
    data: Any, name: str, fraction: float, separator: bytes, generator: np.random.Generator
) -> tuple[bytes, bytes]:
    """Return training data and held-out data."""
    from kolmo.coders.neural.training.loop import MAX_HELD_OUT, split_corpus

    if isinstance(data, str | bytes | bytearray | memoryview):
        whole = as_bytes(data)
        size = min(MAX_HELD_OUT, int(fraction * len(whole)))
        kept, held = whole[: len(whole) - size], whole[len(whole) - size :]
    else:
        documents = as_items(data)
        size = min(MAX_HELD_OUT, int(fraction * sum(map(len, documents))))
        counts = Counter(documents)
        different, chosen, taken = list(counts), set(), 0
        for place in generator.permutation(len(different)):
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


def _controls(x: bytes, y: bytes, steps: int, generator: np.random.Generator) -> dict[str, tuple[list[bytes], int]]:
    """Return the corpora and the steps of the control trainings, by name."""
    random_x, random_y = (generator.integers(0, 256, size, np.uint8).tobytes() for size in (len(x), len(y)))
    return {
        "double_compute": ([x, y], 2 * steps),
        "x_permuted": ([x, _permuted(y, x)], steps),
        "y_permuted": ([_permuted(x, y), y], steps),
        "x_random": ([x, random_y], steps),
        "y_random": ([random_x, y], steps),
    }


def _permuted(data: bytes, other: bytes) -> bytes:
    """Return data under a byte permutation that maps its most frequent bytes to the least frequent ones of the other.

    Examples
    --------
    >>> permuted = _permuted(b"abracadabra", b"banana")
    >>> len(set(permuted)), set(permuted) & set(b"banana")
    (5, set())
    """
    counts, others = (np.bincount(np.frombuffer(part, np.uint8), minlength=256) for part in (data, other))
    values = np.empty(256, np.uint8)
    values[np.argsort(-counts, kind="stable")] = np.argsort(others, kind="stable")
    return data.translate(values.tobytes())


def _trainings(
    config: ModelConfig,
    plan: TrainingPlan,
    planned: dict[str, tuple[list[bytes], int]],
    held_out: tuple[bytes, bytes],
    device: torch.device,
) -> tuple[dict[str, TrainingRun], dict[str, list[NDArray[np.float64]]]]:
    """Return the losses of all planned trainings, and the surprisals of the held-out bytes of X and of Y in bits."""
    from kolmo.coders.neural.training.loop import held_out_bits

    runs, bits = {}, {}
    with progress(sum(count for _, count in planned.values()), label=f"training {config}", unit="step") as bar:
        for name, (corpora, count) in planned.items():
            own_plan = replace(plan, n_bytes=count * plan.batch_size * plan.sequence_length)
            model, training_bits = _trained(config, own_plan, corpora, device, bar.update)
            bits[name] = [held_out_bits(model, held, device) for held in held_out]
            bits_x, bits_y = (float(each.mean()) for each in bits[name])
            runs[name] = TrainingRun(steps=count, training_bits=training_bits, bits_x=bits_x, bits_y=bits_y)
    return runs, bits


def _trained(
    config: ModelConfig,
    plan: TrainingPlan,
    corpora: Sequence[bytes],
    device: torch.device,
    on_step: Callable[[int], object],
) -> tuple[nn.Module, float]:
    """Return a trained model, and its mean training loss in the last part of the steps, in bits per byte."""
    from kolmo.coders.neural.training.state import Training

    training = Training(config, plan, corpora, device)
    part = max(1, (plan.n_steps or 0) // _PARTS)
    recent: deque[Tensor] = deque(maxlen=part)
    mean = 0.0
    while training.completed < 1.0:
        recent.append(training.step())
        if training.n_steps % part == 0 or training.completed == 1.0:
            mean = sum(map(float, recent)) / len(recent)
            training.check(mean)
        on_step(1)
    return training.model, mean


def _estimates(
    bits: dict[str, list[NDArray[np.float64]]], n_resamples: int, generator: np.random.Generator
) -> dict[str, tuple[Estimate, Estimate]]:
    """Return the reductions of the held-out loss on X and on Y between pairs of trainings."""
    alone, both = ("x", "y"), ("both", "both")
    compared = {
        "both": (alone, both),
        "double_compute": (alone, ("double_compute", "double_compute")),
        "transfer": (("x_permuted", "y_permuted"), both),
        "random": (alone, ("x_random", "y_random")),
    }
    estimates = {}
    for name, (before, after) in compared.items():
        if {*before, *after} <= bits.keys():
            saved = [bits[before[on]][on] - bits[after[on]][on] for on in (0, 1)]
            estimates[name] = (_estimate(saved[0], n_resamples, generator), _estimate(saved[1], n_resamples, generator))
    return estimates


def _estimate(saved: NDArray[np.float64], n_resamples: int, generator: np.random.Generator) -> Estimate:
    """Return the mean of differences per byte, with its bootstrap interval over blocks of bytes."""
    blocks = np.array_split(saved, min(_BLOCKS, len(saved)))
    sums, sizes = np.array([block.sum() for block in blocks]), np.array([len(block) for block in blocks])
    places = generator.integers(0, len(blocks), (n_resamples, len(blocks)))
    low, high = np.quantile(sums[places].sum(1) / sizes[places].sum(1), [0.025, 0.975])
    return Estimate(value=float(saved.mean()), low=float(low), high=float(high))


def _warnings(runs: dict[str, TrainingRun]) -> list[str]:
    return [
        f"overfitting on {name} alone, or its held-out part differs from the rest: training loss "
        f"{run.training_bits:.2f} bits/byte, held-out loss {held_out:.2f}; use fewer steps or a smaller model"
        for name, run, held_out in (("X", runs["x"], runs["x"].bits_x), ("Y", runs["y"], runs["y"].bits_y))
        if run.training_bits < _OVERFITTING_RATIO * held_out
    ]
