"""`run_sweep`: train models of many sizes on parts of data sets, and prime coders with the same parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kolmo._core.checks import check_count, check_jobs, check_number, check_random_state
from kolmo._core.extras import check_extra
from kolmo._core.items import as_bytes
from kolmo.coders.registry import coder as made_coder
from kolmo.errors import DataError, ParameterError
from kolmo.laws.sweeps.results import Sweep
from kolmo.laws.sweeps.runner import Study
from kolmo.laws.sweeps.training import Parts


def run_sweep(
    data: Any,
    *,
    models: Sequence[str] = ("gru",),
    sizes: Sequence[float] = (5e3, 2e4, 8e4, 2e5),
    fractions: Sequence[float] = (0.1, 0.3, 1.0),
    epochs: Sequence[float] = (1,),
    budgets: Sequence[float] = (),
    coders: Sequence[str] = (),
    seeds: int = 1,
    kinds: Mapping[str, str] | None = None,
    learning_rates: Sequence[float] = (1e-3, 3e-3, 1e-2, 3e-2),
    batch_size: int | None = None,
    sequence_length: int = 128,
    device: str = "auto",
    n_jobs: int | None = None,
    checkpoint: str | Path | None = None,
    random_state: int = 0,
    dry: bool = False,
) -> Sweep:
    """Train models of many sizes on parts of data sets, and prime coders with the same parts.

    Parameters
    ----------
    data : str, bytes-like, or mapping of str to these
        One data set, or several by name.
    models : sequence of {"gru", "lstm", "transformer"}
        Architectures; none for coders alone.
    sizes : sequence of float
        Numbers of parameters; the nearest model of each architecture is trained.
    fractions : sequence of float
        Parts of the training data, from 0 to 1.
    epochs : sequence of float
        Passes over the part.
    budgets : sequence of float
        Compute budgets in FLOP: further runs with equal compute at all sizes, on as many bytes as the budget allows.
        One that needs more than the data is left out, with a warning.
    coders : sequence of str
        Coders that are primed with the same parts, such as "ngram" or "xz".
    seeds : int
        Number of runs of each kind, with other initial weights and other parts of the data.
    kinds : mapping of str to str, optional
        The kind of each data set, such as "text" or "image".
    learning_rates : sequence of float
        For each data set and model, each is tried for a tenth of the longest run, on data that are neither trained on
        nor held out for the loss. One rate is not tried.
    batch_size : int, optional
        Sequences in a batch; by default 1 to 32, growing as the root of the bytes read.
    sequence_length : int
        Bytes of a sequence.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"``, ...
    n_jobs : int, optional
        Number of processes on a CPU, each with one thread. On a GPU and under ``torchrun`` runs follow each other, and
        ``torchrun`` divides each batch.
    checkpoint : str or Path, optional
        Save finished runs to this file, and resume from it.
    random_state : int
        Seed of the first run.
    dry : bool
        Only plan: the losses are NaN.

    Returns
    -------
    Sweep

    Raises
    ------
    DataError
        If a data set is too small, or a loss is not finite at all learning rates.
    ParameterError
        If a model, coder or number is out of range.
    MissingDependencyError
        If PyTorch is not installed and there are models.

    Notes
    -----
    The weights after the last step count; the learning rate falls by a cosine to a twentieth. FLOP are those of the
    matrix products. All parts of a data set come from the same blocks, so that a small part differs from a large one in
    size only.

    References
    ----------
    Kaplan et al., "Scaling laws for neural language models", 2020. Porian et al., "Resolving discrepancies in
    compute-optimal scaling of language models", NeurIPS 2024.

    Examples
    --------
    >>> import numpy as np
    >>> words = ["cat", "dog", "sat", "ran", "on", "the", "a", "mat", "and", "then"]
    >>> text = " ".join(np.random.default_rng(0).choice(words, 5000))
    >>> sweep = run_sweep(text, models=(), fractions=(0.1, 1.0), coders=("ngram",))
    >>> losses = sweep.column("held_out_bits_per_byte")
    >>> bool(losses[0] > losses[1])
    True
    """
    _check(sizes, fractions, epochs, budgets, seeds, learning_rates, batch_size, sequence_length, random_state)
    check_jobs(n_jobs)
    if not models and not coders:
        raise ParameterError("expected models or coders, got neither")
    named = {"data": data} if not isinstance(data, Mapping) else dict(data)
    parts = {name: Parts.of(as_bytes(each), name) for name, each in named.items()}
    if not parts:
        raise DataError("data: expected at least one data set, got none")
    made = [made_coder(each) for each in coders]
    for each in made:
        each.versions()
        if each.tags.priming is None:
            raise ParameterError(f"coders: expected coders that can be primed, got {str(each)!r}")
    found = Study(
        parts=parts,
        kinds={name: (kinds or {}).get(name, "data") for name in parts},
        batch_size=batch_size,
        sequence_length=sequence_length,
        learning_rates=[float(each) for each in learning_rates],
        device=device,
        n_jobs=n_jobs,
        checkpoint=checkpoint,
    )
    seed_values = [random_state + number for number in range(seeds)]
    rows, remarks = [], []
    if models:
        check_extra("torch", extra="neural", purpose="a sweep of models")
        trials, skipped = found.trials(
            list(models), list(sizes), list(fractions), list(epochs), list(budgets), seed_values
        )
        remarks += skipped
        rows += found.train(trials, dry=dry)
    rows += found.prime([str(each) for each in made], list(fractions), seed_values, dry=dry)
    remarks += found.remarks
    return Sweep(runs=tuple(rows), warnings=tuple(remarks))


def _check(
    sizes: Sequence[float],
    fractions: Sequence[float],
    epochs: Sequence[float],
    budgets: Sequence[float],
    seeds: int,
    learning_rates: Sequence[float],
    batch_size: int | None,
    sequence_length: int,
    random_state: int,
) -> None:
    for name, values, low, high in (
        ("sizes", sizes, 100, 1e9),
        ("fractions", fractions, 0, 1),
        ("epochs", epochs, 0, 1e4),
        ("budgets", budgets, 0, 1e30),
        ("learning_rates", learning_rates, 0, 10),
    ):
        if not len(values) and name != "budgets":
            raise ParameterError(f"{name}: expected at least one number, got none")
        for value in values:
            check_number(name, value, low, high, above=True)
    check_count("seeds", seeds, 1, 1000)
    check_count("sequence_length", sequence_length, 2, 2**16)
    check_random_state(random_state)
    if batch_size is not None:
        check_count("batch_size", batch_size, 1, 2**16)
