"""Transfer gain: how training a neural model on two data sets changes its held-out loss on each."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
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
from kolmo.joint.transfer_results import CurvePoint, Estimate, TrainingRun, TransferGain

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from kolmo.coders.neural.architecture.config import ModelConfig

Bits = NDArray[np.float64]
_BLOCKS = 32
"""Number of blocks of held-out bytes that are resampled."""
_OVERFITTING_RATIO = 0.75
"""Below this ratio of training loss to held-out loss, a warning of overfitting is given."""
_MAX_STEPS = 10**8
_FALLING = 0.02
"""Fall of the held-out loss with twice the steps from which a warning is given, as a share of the loss."""
_CURVE_POINTS, _CURVE_BYTES = 5, 2**13
"""Points of a held-out curve, each of the first held-out bytes."""
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
    n_seeds: int = 3,
    n_resamples: int = 1000,
    device: str = "auto",
    random_state: int = 0,
) -> TransferGain:
    """Estimate how training on both of two data sets changes the held-out loss of a neural model on each.

    Models of one size, with equal initial weights, are trained on X, on Y, and on both, interleaved in each batch, for
    the same number of steps and bytes: at equal compute. The weights after the last step count; none are selected by
    the held-out loss. All trainings are repeated with several seeds, over which the intervals are.

    Under ``torchrun`` the sequences of each batch are divided among the processes.

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
        Steps of a training; each reads ``batch_size * sequence_length`` bytes. All trainings of a seed together take
        three times as many steps, thirteen times with controls.
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
        Add the control trainings: all three with twice the steps, the other set with permuted bytes, and random bytes.
    n_seeds : int
        Number of seeds, from `random_state` on: of the weights, and of what else is drawn in a training. With at least
        two, the 95% intervals are Student's t over seeds.
    n_resamples : int
        Number of bootstrap resamples of the held-out bytes, for the interval of a single seed.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"``, ...
    random_state : int
        First seed of the weights; seed of the held-out documents, the random bytes and the resamples. Equal seeds give
        equal results on one machine.

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
    >>> gain = transfer_gain(cats, dogs, controls=False, n_seeds=1, **small)
    >>> gain.runs["x"].bits_x < gain.runs["y"].bits_x
    True
    >>> abs(gain.gain_x - (gain.runs["x"].bits_x - gain.runs["both"].bits_x)) < 1e-6
    True
    """
    check_count("steps", steps, 1, _MAX_STEPS)
    check_count("batch_size", batch_size, 2, LIMITS["batch_size"])
    check_count("sequence_length", sequence_length, 2, LIMITS["sequence_length"])
    check_count("n_seeds", n_seeds, 1, 1000)
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
    plans = [
        TrainingPlan(**shape, learning_rate=learning_rate, seed=seed)
        for seed in range(random_state, random_state + n_seeds)
    ]
    with _process_group(chosen):
        runs, bits = _trainings(config, plans, planned, (held_x, held_y), chosen)
    return TransferGain(
        model=str(config),
        fingerprint=f"{config},seed={random_state} [torch {version}, {device_name(chosen)}, kolmo {__version__}]",
        n_parameters=config.n_parameters,
        n_seeds=n_seeds,
        steps=steps,
        step_bytes=batch_size * length,
        sizes=(len(x), len(y)),
        held_out_sizes=(len(held_x), len(held_y)),
        runs=runs,
        estimates=_estimates(bits, n_resamples, generator),
        warnings=_warnings(runs, n_seeds),
    )


@contextmanager
def _process_group(device: torch.device) -> Iterator[None]:
    """Join the processes of ``torchrun``, if it started several, and leave them afterwards."""
    from torch import distributed

    from kolmo.coders.neural.devices import start_processes

    joined = distributed.is_available() and distributed.is_initialized()
    start_processes(device)
    try:
        yield
    finally:
        if not joined and distributed.is_available() and distributed.is_initialized():
            distributed.destroy_process_group()


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
        "x_double": ([x], 2 * steps),
        "y_double": ([y], 2 * steps),
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
    plans: Sequence[TrainingPlan],
    planned: dict[str, tuple[list[bytes], int]],
    held_out: tuple[bytes, bytes],
    device: torch.device,
) -> tuple[dict[str, TrainingRun], dict[str, list[list[Bits]]]]:
    """Return the losses of all planned trainings, and, by seed, the surprisals of the held-out bytes of X and of Y."""
    from kolmo.coders.neural.training.loop import held_out_bits

    runs: dict[str, TrainingRun] = {}
    bits: dict[str, list[list[Bits]]] = {}
    total = len(plans) * sum(count for _, count in planned.values())
    with progress(total, label=f"training {config}", unit="step") as bar:
        for name, (corpora, count) in planned.items():
            bits[name], losses, curves = [], [], []
            for plan in plans:
                own_plan = replace(plan, n_bytes=count * plan.batch_size * plan.sequence_length)
                model, training_bits, curve = _trained(config, own_plan, corpora, held_out, device, bar.update)
                bits[name].append([held_out_bits(model, held, device) for held in held_out])
                losses.append(training_bits)
                curves.append(curve)
            by_seed = [tuple(float(each[on].mean()) for each in bits[name]) for on in (0, 1)]
            runs[name] = TrainingRun(
                steps=count,
                training_bits=float(np.mean(losses)),
                bits_x=float(np.mean(by_seed[0])),
                bits_y=float(np.mean(by_seed[1])),
                bits_x_by_seed=by_seed[0],
                bits_y_by_seed=by_seed[1],
                curve=_mean_curve(curves),
            )
    return runs, bits


def _trained(
    config: ModelConfig,
    plan: TrainingPlan,
    corpora: Sequence[bytes],
    held_out: tuple[bytes, bytes],
    device: torch.device,
    on_step: Callable[[int], object],
) -> tuple[nn.Module, float, list[CurvePoint]]:
    """Return a trained model, its mean training loss in the last part of the steps, and its held-out curve."""
    from kolmo.coders.neural.training.loop import held_out_bits
    from kolmo.coders.neural.training.state import Training

    training = Training(config, plan, corpora, device)
    part = max(1, (plan.n_steps or 0) // _PARTS)
    points = max(1, (plan.n_steps or 0) // _CURVE_POINTS)
    recent: deque[Tensor] = deque(maxlen=part)
    mean = 0.0
    curve: list[CurvePoint] = []
    while training.completed < 1.0:
        recent.append(training.step())
        if training.n_steps % part == 0 or training.completed == 1.0:
            mean = sum(map(float, recent)) / len(recent)
            training.check(mean)
        if training.n_steps % points == 0:
            bits_x, bits_y = (
                float(held_out_bits(training.model, each[:_CURVE_BYTES], device).mean()) for each in held_out
            )
            curve.append(CurvePoint(step=training.n_steps, bits_x=bits_x, bits_y=bits_y))
        on_step(1)
    return training.model, mean, curve


def _mean_curve(curves: Sequence[Sequence[CurvePoint]]) -> tuple[CurvePoint, ...]:
    """Return the mean of the curves of several seeds."""
    return tuple(
        CurvePoint(
            step=points[0].step,
            bits_x=float(np.mean([point.bits_x for point in points])),
            bits_y=float(np.mean([point.bits_y for point in points])),
        )
        for points in zip(*curves, strict=True)
    )


def _estimates(
    bits: dict[str, list[list[Bits]]], n_resamples: int, generator: np.random.Generator
) -> dict[str, tuple[Estimate, Estimate]]:
    """Return the reductions of the held-out loss on X and on Y between pairs of trainings."""
    alone, both = ("x", "y"), ("both", "both")
    compared = {
        "both": (alone, both),
        "double_compute": (("x_double", "y_double"), ("double_compute", "double_compute")),
        "transfer": (("x_permuted", "y_permuted"), both),
        "random": (alone, ("x_random", "y_random")),
    }
    estimates = {}
    for name, (before, after) in compared.items():
        if {*before, *after} <= bits.keys():
            saved = [
                [one[on] - other[on] for one, other in zip(bits[before[on]], bits[after[on]], strict=True)]
                for on in (0, 1)
            ]
            estimates[name] = (_estimate(saved[0], n_resamples, generator), _estimate(saved[1], n_resamples, generator))
    return estimates


def _estimate(saved: Sequence[Bits], n_resamples: int, generator: np.random.Generator) -> Estimate:
    """Return the mean of differences per byte: with Student's interval over seeds, or for one seed a bootstrap one."""
    if len(saved) == 1:
        return _bootstrapped(saved[0], n_resamples, generator)
    from scipy.stats import t

    means = np.array([float(each.mean()) for each in saved])
    half = float(t.ppf(0.975, len(means) - 1)) * float(means.std(ddof=1)) / math.sqrt(len(means))
    return Estimate(value=float(means.mean()), low=float(means.mean()) - half, high=float(means.mean()) + half)


def _bootstrapped(saved: Bits, n_resamples: int, generator: np.random.Generator) -> Estimate:
    """Return the mean of differences per byte, with its bootstrap interval over blocks of bytes."""
    blocks = np.array_split(saved, min(_BLOCKS, len(saved)))
    sums, sizes = np.array([block.sum() for block in blocks]), np.array([len(block) for block in blocks])
    places = generator.integers(0, len(blocks), (n_resamples, len(blocks)))
    low, high = np.quantile(sums[places].sum(1) / sizes[places].sum(1), [0.025, 0.975])
    return Estimate(value=float(saved.mean()), low=float(low), high=float(high))


def _warnings(runs: dict[str, TrainingRun], n_seeds: int) -> list[str]:
    found = [
        f"overfitting on {name} alone, or its held-out part differs from the rest: training loss "
        f"{run.training_bits:.2f} bits/byte, held-out loss {held_out:.2f}; use fewer steps or a smaller model"
        for name, run, held_out in (("X", runs["x"], runs["x"].bits_x), ("Y", runs["y"], runs["y"].bits_y))
        if run.training_bits < _OVERFITTING_RATIO * held_out
    ]
    for name, key in (("X", "x"), ("Y", "y")):
        if f"{key}_double" in runs:
            now, later = (getattr(runs[run], f"bits_{key}") for run in (key, f"{key}_double"))
            if now - later > _FALLING * now:
                found.append(
                    f"the held-out loss on {name} still falls: twice the steps on {name} alone give {later:.3f} "
                    f"instead of {now:.3f} bits/byte; a gain may change with more steps"
                )
    if n_seeds == 1:
        found.append("one seed: the intervals do not include the variation between seeds, which is often larger")
    return found
