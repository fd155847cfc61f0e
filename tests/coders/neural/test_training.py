"""Training goes on where it stopped, and gives the same curve for the same seed."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from kolmo.coders.neural.architecture.config import ModelConfig
from kolmo.coders.neural.training.loop import CHECKPOINT, CURVE, Milestone, Training, split_corpus, train
from kolmo.coders.neural.training.plan import TrainingPlan
from kolmo.errors import DataError, ParameterError

PLAN = TrainingPlan(n_bytes=8 * 32 * 12, lanes=8, length=32, intervals=4)
CPU = torch.device("cpu")


def _curve(folder: Path) -> list[dict[str, float]]:
    rows = [json.loads(line) for line in (folder / CURVE).read_text().splitlines()]
    return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]


def test_a_training_that_was_killed_goes_on_as_if_it_had_not(model: str, text: bytes, tmp_path: Path) -> None:
    config, (data, held_out) = ModelConfig.parse(model), split_corpus(text)

    def killed(training: Training, row: Milestone | None) -> None:
        if training.step == 8:  # one step after the second checkpoint, which stands at step 6
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(config, PLAN, data, held_out, tmp_path / "a", device=CPU, on_step=killed)
    assert (tmp_path / "a" / CHECKPOINT).exists()
    steps: list[int] = []
    train(config, PLAN, data, held_out, tmp_path / "a", device=CPU, on_step=lambda t, _: steps.append(t.step))
    assert steps[0] == 7
    train(config, PLAN, data, held_out, tmp_path / "b", device=CPU)
    assert _curve(tmp_path / "a") == _curve(tmp_path / "b")
    for file in ("a", "b"):
        assert not (tmp_path / file / CHECKPOINT).exists()
    weights = [(tmp_path / file / "model.safetensors").read_bytes() for file in ("a", "b")]
    assert weights[0] == weights[1]


def test_a_checkpoint_of_another_training_is_refused(text: bytes, tmp_path: Path) -> None:
    config, (data, held_out) = ModelConfig.parse("gru:20k"), split_corpus(text)

    def killed(training: Training, row: Milestone | None) -> None:
        if row is not None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(config, PLAN, data, held_out, tmp_path, device=CPU, on_step=killed)
    with pytest.raises(DataError, match="another data_sha256"):
        train(config, PLAN, data[1:], held_out, tmp_path, device=CPU)
    with pytest.raises(DataError, match="another plan"):
        train(config, dataclasses.replace(PLAN, seed=1), data, held_out, tmp_path, device=CPU)
    (tmp_path / CHECKPOINT).write_bytes((tmp_path / CHECKPOINT).read_bytes()[:-100])
    with pytest.raises(DataError, match="damaged"):
        train(config, PLAN, data, held_out, tmp_path, device=CPU)


def test_a_number_of_seconds_ends_it(text: bytes, tmp_path: Path) -> None:
    plan = TrainingPlan(seconds=0.3, lanes=4, length=16, intervals=2)
    saved = train(ModelConfig.parse("gru:20k"), plan, *split_corpus(text), tmp_path, device=CPU)
    assert saved.training["seconds"] <= 5
    assert saved.training["step"] > 1


def test_several_processes_share_the_lanes(text: bytes, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import sys\n"
        "from pathlib import Path\n"
        "import torch\n"
        "from kolmo.coders.neural.architecture.config import ModelConfig\n"
        "from kolmo.coders.neural.training.plan import TrainingPlan\n"
        "from kolmo.coders.neural.training.loop import split_corpus, train\n"
        "data = split_corpus(Path(sys.argv[1]).read_bytes())\n"
        f"plan = {PLAN!r}\n"
        "train(ModelConfig.parse('transformer:20k,context=32,n_grams=1,hash_bits=6'), plan, *data, "
        "Path(sys.argv[2]), device=torch.device('cpu'))\n"
    )
    (tmp_path / "text").write_bytes(text)
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    several = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    for number, launcher in enumerate((several, [])):
        command = [sys.executable, *launcher, str(program), str(tmp_path / "text"), str(tmp_path / str(number))]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stderr
    two, one = (_curve(tmp_path / str(number)) for number in (0, 1))
    assert [row["held_out_bits"] for row in two] == pytest.approx([row["held_out_bits"] for row in one], rel=0.02)


def test_several_corpora_have_equal_shares_of_every_step() -> None:
    config, plan = ModelConfig.parse("gru:20k"), TrainingPlan(n_bytes=100_000, lanes=6, length=16)
    corpora = [bytes(range(100)) * 11, bytes(range(100, 150)) * 2, bytes(range(150, 250))]
    training = Training(config, plan, corpora, CPU)
    for step in range(5):
        training.step = step
        _, targets, _ = training._batch()
        for lane, row in enumerate(targets.numpy()):
            assert bytes(row.astype("uint8")) in corpora[lane % 3] * 3  # around the end
    with pytest.raises(ParameterError, match="6 lanes cannot be shared among 4 corpora"):
        Training(config, plan, [*corpora, b"more"], CPU)


def test_bad_plans_and_data_are_refused() -> None:
    for wrong in ({}, {"n_bytes": 5, "seconds": 5.0}, {"n_bytes": 0}, {"n_bytes": 5, "lanes": 0}):
        with pytest.raises(ParameterError):
            TrainingPlan(**wrong)
    with pytest.raises(DataError, match="too few"):
        split_corpus(b"short")
    for wrong_model in ("gru:7k", "rnn", "gru:20k,width=x", "gru:20k,context=3", "transformer:20k,width=9"):
        with pytest.raises(ParameterError):
            ModelConfig.parse(wrong_model)


def test_names_of_models_are_read_back(model: str) -> None:
    for name in (model, "gru:200k", "transformer:3.2m,context=2048"):
        assert str(ModelConfig.parse(name)) == name
        assert ModelConfig.from_dict(ModelConfig.parse(name).to_dict()) == ModelConfig.parse(name)


@pytest.mark.parametrize("architecture", ["transformer", "gru", "lstm"])
def test_sizes_are_what_they_are_called(architecture: str) -> None:
    for size, wanted in {"20k": 2e4, "200k": 2e5, "800k": 8e5, "3.2m": 3.2e6}.items():
        assert ModelConfig.parse(f"{architecture}:{size}").n_parameters == pytest.approx(wanted, rel=0.3)
