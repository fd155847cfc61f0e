"""The runs of a sweep: planned, tuned, trained in parallel, and resumed."""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kolmo._core.resumable import ResumableRun, digest, run_tasks
from kolmo._version import __version__
from kolmo.errors import DataError, ParameterError
from kolmo.laws.sweeps.results import SweepRun
from kolmo.laws.sweeps.training import Parts, batch_of, prime_once, train_once

_TUNING_SHARE = 0.1
"""Share of the longest run for which each learning rate is tried."""
_TUNING_SEED = 2**31 - 1


@dataclass(frozen=True)
class _Trial:
    """A training that is planned."""

    data: str
    architecture: str
    size: float
    fraction: float
    n_bytes: int
    epochs: float
    budget: float | None
    seed: int


@dataclass(frozen=True)
class _Model:
    """A model of a sweep, with its true size and cost."""

    n_parameters: int
    n_embedding: int
    flops_per_byte: float


class Study:
    """The data and settings of a sweep."""

    def __init__(
        self,
        *,
        parts: dict[str, Parts],
        kinds: dict[str, str],
        batch_size: int | None,
        sequence_length: int,
        learning_rates: list[float],
        device: str,
        n_jobs: int | None,
        checkpoint: str | Path | None,
    ) -> None:
        self.parts, self.kinds = parts, kinds
        self.batch_size, self.sequence_length = batch_size, sequence_length
        self.learning_rates = learning_rates
        self.device, self.n_jobs, self.checkpoint = device, n_jobs, checkpoint
        self.models: dict[tuple[str, float], _Model] = {}
        self.remarks: list[str] = []

    def trials(
        self,
        models: list[str],
        sizes: list[float],
        fractions: list[float],
        epochs: list[float],
        budgets: list[float],
        seeds: list[int],
    ) -> tuple[list[_Trial], list[str]]:
        """Return the trainings, the shortest first, and remarks on budgets that the data do not allow."""
        from kolmo.laws.sweeps.sizes import config_of_size, embedding_parameters, flops_per_byte

        for model, size in itertools.product(models, sizes):
            config = config_of_size(model, size)
            cost = flops_per_byte(config, self.sequence_length)
            self.models[model, size] = _Model(config.n_parameters, embedding_parameters(config), cost)
        found, skipped = [], []
        for name, part in self.parts.items():
            whole = len(part.training)
            for model, size, seed in itertools.product(models, sizes, seeds):
                for fraction, passes in itertools.product(fractions, epochs):
                    read = max(1, round(round(fraction * whole) * passes))
                    found.append(_Trial(name, model, size, fraction, read, passes, None, seed))
                for budget in budgets:
                    read = round(budget / self.models[model, size].flops_per_byte)
                    if read > whole or read < 2 * self.sequence_length:
                        skipped.append(
                            f"{name}: {budget:.3g} FLOP for {model} of {size:,.0f} parameters are {read:,} bytes; "
                            f"expected {2 * self.sequence_length} to {whole:,}"
                        )
                        continue
                    found.append(_Trial(name, model, size, read / whole, read, 1.0, budget, seed))
        found.sort(key=lambda trial: trial.n_bytes * self.models[trial.architecture, trial.size].flops_per_byte)
        return found, list(dict.fromkeys(skipped))

    def train(self, trials: list[_Trial], *, dry: bool) -> list[SweepRun]:
        """Tune the learning rates, train all models, and return the runs."""
        if not trials:
            raise ParameterError("there is no run: all budgets need more data than there are")
        groups = list(dict.fromkeys((trial.data, trial.architecture, trial.size) for trial in trials))
        longest = {
            group: max(trial.n_bytes for trial in trials if (trial.data, trial.architecture, trial.size) == group)
            for group in groups
        }
        tried = len(self.learning_rates) if len(self.learning_rates) > 1 else 0
        tuning_bytes = {group: max(2 * self.sequence_length, round(_TUNING_SHARE * longest[group])) for group in groups}
        if dry:
            rates = dict.fromkeys(groups, self.learning_rates[0] if not tried else np.nan)
            results: list[tuple[Any, ...]] = [(np.nan, np.nan, 0.0)] * len(trials)
        else:
            with _Processes(self.device, len(trials), self.n_jobs) as (n_jobs, threads):
                rates = self._tuned(groups, tuning_bytes, n_jobs, threads) if tried else {}
                rates = rates or dict.fromkeys(groups, self.learning_rates[0])
                tasks = [self._task(trial, rates, threads) for trial in trials]
                run = self._opened("runs", [[*task[:2], *task[4:9]] for task in tasks])
                results = list(run_tasks(_trained, tasks, label="training", prefer="processes", run=run, n_jobs=n_jobs))
        rows = []
        for trial, (bits, steps, seconds) in zip(trials, results, strict=True):
            group = (trial.data, trial.architecture, trial.size)
            if np.isinf(float(bits)):
                self.remarks.append(
                    f"{trial.data}: the loss of {trial.architecture} of {trial.size:,.0f} is not finite"
                )
                continue
            model = self.models[trial.architecture, trial.size]
            part = self.parts[trial.data]
            rows.append(
                SweepRun(
                    kind=self.kinds[trial.data],
                    data=trial.data,
                    model=trial.architecture,
                    parameters=model.n_parameters,
                    non_embedding_parameters=model.n_parameters - model.n_embedding,
                    bytes=trial.n_bytes,
                    unique_bytes=max(1, round(trial.fraction * len(part.training))),
                    epochs=trial.epochs,
                    budget=trial.budget,
                    flops=model.flops_per_byte * trial.n_bytes,
                    tuning_flops=model.flops_per_byte * tuning_bytes[group] * tried,
                    learning_rate=None if dry and tried else rates[group],
                    batch_size=self._batch(trial.n_bytes),
                    steps=None if dry else int(steps),
                    seed=trial.seed,
                    held_out_bits_per_byte=float(bits),
                    order0_bits_per_byte=part.order0_bits,
                    seconds=float(seconds),
                    device=self.device,
                )
            )
        return rows

    def prime(self, coders: list[str], fractions: list[float], seeds: list[int], *, dry: bool) -> list[SweepRun]:
        """Prime coders with parts of the data, and return the runs."""
        cells = list(itertools.product(self.parts, coders, fractions, seeds))
        tasks = [
            (name, self.parts[data].part(fraction, seed), self.parts[data].held_out)
            for data, name, fraction, seed in cells
        ]
        if dry or not tasks:
            results: list[tuple[Any, ...]] = [(np.nan, 0.0, 0.0)] * len(tasks)
        else:
            run = self._opened("coders", [list(cell) for cell in cells])
            results = list(run_tasks(_primed, tasks, label="priming", prefer="processes", run=run, n_jobs=self.n_jobs))
        return [
            SweepRun(
                kind=self.kinds[data],
                data=data,
                model=name,
                parameters=None,
                non_embedding_parameters=None,
                bytes=len(task[1]),
                unique_bytes=len(task[1]),
                epochs=1.0,
                budget=None,
                flops=None,
                tuning_flops=None,
                learning_rate=None,
                batch_size=None,
                steps=None,
                seed=seed,
                held_out_bits_per_byte=float(bits),
                order0_bits_per_byte=self.parts[data].order0_bits,
                seconds=float(seconds),
                device="cpu",
            )
            for (data, name, _, seed), task, (bits, _, seconds) in zip(cells, tasks, results, strict=True)
        ]

    def _tuned(
        self, groups: list[Any], n_bytes: dict[Any, int], n_jobs: int | None, threads: int | None
    ) -> dict[Any, float]:
        """Return the best learning rate of each data set and model."""
        cells = list(itertools.product(groups, self.learning_rates))
        tasks = [
            (
                architecture,
                size,
                self.parts[data].training,
                self.parts[data].tuning,
                n_bytes[data, architecture, size],
                self._batch(n_bytes[data, architecture, size]),
                self.sequence_length,
                rate,
                _TUNING_SEED,
                self.device,
                threads,
            )
            for (data, architecture, size), rate in cells
        ]
        run = self._opened("learning rates", [[*task[:2], *task[4:9]] for task in tasks])
        results = run_tasks(_trained, tasks, label="tuning learning rates", prefer="processes", run=run, n_jobs=n_jobs)
        losses = {cell: float(bits) for cell, (bits, _, _) in zip(cells, results, strict=True)}
        best = {}
        for group in groups:
            best[group] = min(self.learning_rates, key=lambda rate: losses[group, rate])
            if np.isinf(losses[group, best[group]]):
                raise DataError(
                    f"{group[0]}: the loss of {group[1]} is not finite at any learning rate; take smaller ones"
                )
            at_end = best[group] in (min(self.learning_rates), max(self.learning_rates))
            if at_end and len(self.learning_rates) > 2:
                self.remarks.append(
                    f"{group[0]}: the best learning rate of {group[1]} of {group[2]:,.0f} parameters is an end of the "
                    f"range, {best[group]:g}"
                )
        return best

    def _task(self, trial: _Trial, rates: Mapping[Any, float], threads: int | None) -> tuple[Any, ...]:
        part = self.parts[trial.data]
        return (
            trial.architecture,
            trial.size,
            part.part(trial.fraction, trial.seed),
            part.held_out,
            trial.n_bytes,
            self._batch(trial.n_bytes),
            self.sequence_length,
            rates[trial.data, trial.architecture, trial.size],
            trial.seed,
            self.device,
            threads,
        )

    def _batch(self, n_bytes: int) -> int:
        processes = int(os.environ.get("WORLD_SIZE", "1"))
        return self.batch_size or -(-batch_of(n_bytes) // processes) * processes

    def _opened(self, label: str, cells: list[Any]) -> ResumableRun | None:
        if self.checkpoint is None:
            return None
        facts = {
            "data": {name: digest([part.training, part.tuning, part.held_out]) for name, part in self.parts.items()},
            "cells": cells,
            "device": self.device,
            "kolmo": __version__,
        }
        return ResumableRun(self.checkpoint, f"sweep, {label}", facts)


class _Processes:
    """The processes of the trainings: workers of one thread on a CPU; one after another on a GPU or under torchrun."""

    def __init__(self, device: str, n_tasks: int, n_jobs: int | None) -> None:
        self.device, self.n_tasks, self.n_jobs = device, n_tasks, n_jobs

    def __enter__(self) -> tuple[int | None, int | None]:
        from joblib import effective_n_jobs

        from kolmo.coders.neural.devices import best_device, start_processes

        chosen = best_device(self.device)
        if int(os.environ.get("WORLD_SIZE", "1")) > 1 or chosen.type != "cpu":
            start_processes(chosen)
            return 1, None
        return self.n_jobs, 1 if min(effective_n_jobs(self.n_jobs), self.n_tasks) > 1 else None

    def __exit__(self, *_: object) -> None:
        from torch import distributed

        if distributed.is_initialized():
            distributed.destroy_process_group()


def _trained(*task: Any) -> tuple[Any, ...]:
    return train_once(*task)


def _primed(*task: Any) -> tuple[Any, ...]:
    return prime_once(*task)
