"""A sweep trains what it plans, counts its FLOP, and resumes."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kolmo.errors import DataError, ParameterError
from kolmo.laws import run_sweep
from kolmo.laws.sweeps.sizes import parse_sizes
from kolmo.laws.sweeps.training import Parts

PROSE = "cat dog sat ran on the a mat and then it was cold so they slept by fire until morning came again"
TEXT = " ".join(np.random.default_rng(0).choice(PROSE.split(), 8000))


@pytest.fixture(autouse=True)
def torch() -> Any:
    return pytest.importorskip("torch", reason="the extra neural is not installed")


def test_sizes_are_lists_or_ranges() -> None:
    assert parse_sizes("5k,20k", what="sizes") == [5000, 20000]
    assert parse_sizes("5k..800k:3", what="sizes") == [5000, 63246, 800000]
    assert len(parse_sizes("0.05..1", what="fractions", integer=False)) == 4
    for wrong in ("", "5k..", "9..2", "x", "-3", "5k..80k:1", "nan"):
        with pytest.raises(ParameterError, match="sizes: expected"):
            parse_sizes(wrong, what="sizes")


@pytest.mark.parametrize("architecture", ["gru", "lstm", "transformer"])
@pytest.mark.parametrize("size", [5e3, 8e4])
def test_a_model_of_a_size_is_found_and_its_products_counted(architecture: str, size: float, torch: Any) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    from kolmo.laws.sweeps.sizes import config_of_size, flops_per_byte

    config = config_of_size(architecture, size)
    assert config.n_parameters == pytest.approx(size, rel=0.1)
    counted = flops_per_byte(config, 64) / 3
    if architecture == "transformer":
        with FlopCounterMode(display=False) as counter:
            config.build()(torch.zeros((2, 64), dtype=torch.long))
        linear = counter.get_total_flops() / 128
        attention = config.n_layers * 2 * 64 * config.width  # which the counter leaves out on CPUs
        assert counted - attention == pytest.approx(linear)
    else:
        matrices = sum(np.prod(shape) for name, shape in config.shapes().items() if len(shape) == 2)
        embedding = next(np.prod(shape) for name, shape in config.shapes().items() if name.startswith("embedding"))
        assert counted == pytest.approx(2 * (matrices - embedding))


def test_a_sweep_trains_and_resumes(tmp_path: Path) -> None:
    settings = {
        "models": ("transformer",),
        "sizes": (5000,),
        "fractions": (0.1, 0.4),
        "coders": ("ngram",),
        "learning_rates": (3e-3, 1e-2),
        "batch_size": 4,
        "sequence_length": 64,
        "device": "cpu",
        "checkpoint": tmp_path / "sweep.sqlite",
    }
    sweep = run_sweep(TEXT, **settings)
    assert len(sweep.runs) == 4
    losses = sweep.column("held_out_bits_per_byte")
    assert (losses < sweep.runs[0].order0_bits_per_byte + 4).all()
    small, large = sweep.column("held_out_bits_per_byte", model="ngram")
    assert large < small
    run = sweep.runs[0]
    assert run.tuning_flops == pytest.approx(2 * run.flops / run.bytes * round(0.1 * sweep.runs[1].bytes), rel=0.01)
    again = run_sweep(TEXT, **settings)
    assert again.runs == sweep.runs
    file = io.StringIO()
    sweep.write_csv(file)
    assert file.getvalue().startswith("kind,data,model,parameters,")
    with pytest.raises(DataError, match="another run"):
        run_sweep(TEXT + "more", **settings)


def test_a_plan_costs_nothing() -> None:
    plan = run_sweep(TEXT, sizes=(5000, 20000), budgets=(3e8, 1e15), dry=True)
    assert np.isnan(plan.column("held_out_bits_per_byte")).all()
    assert len(plan.runs) == 8
    assert "expected 256 to" in plan.warnings[0]
    assert {run.budget for run in plan.runs} == {None, 3e8}


def test_parts_are_disjoint_and_alike() -> None:
    parts = Parts.of(TEXT.encode(), "text")
    assert len(parts.training) + len(parts.tuning) + len(parts.held_out) == len(TEXT)
    assert parts.part(0.5, 1) != parts.part(0.5, 2)
    with pytest.raises(DataError, match="expected at least"):
        Parts.of(b"x" * 100, "short")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"models": (), "coders": ()}, "expected models or coders"),
        ({"models": ("mlp",)}, "expected gru, lstm, transformer, got 'mlp'"),
        ({"sizes": (300,)}, "there is no gru of about 300"),
        ({"fractions": (1.5,)}, "fractions: expected"),
        ({"budgets": (1e30,), "fractions": ()}, "fractions: expected at least one"),
        ({"models": (), "coders": ("gru:hidden=17",)}, "multiple of 16"),
    ],
)
def test_wrong_settings_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        run_sweep(TEXT, dry=True, **settings)
