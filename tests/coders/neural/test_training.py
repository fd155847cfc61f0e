"""Training resumes from checkpoints, gives equal curves for equal seeds, and keeps the keys of stored files."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings, strategies as st

from kolmo.coders.neural.training.plan import TrainingPlan
from kolmo.errors import DataError, ParameterError

if TYPE_CHECKING:
    from kolmo.coders.neural.training.state import EvalPoint, Training

TINY = "gru:20k,width=4,embedding=2"
PLAN = TrainingPlan(n_bytes=8 * 32 * 12, batch_size=8, sequence_length=32, checkpoints=4)
CHECKPOINT, CURVE = "checkpoint.safetensors", "curve.jsonl"
STORED_PLAN = {
    "n_bytes": 3072, "seconds": None, "lanes": 8, "length": 32, "learning_rate": 0.003, "weight_decay": 0.1,
    "clip": 1.0, "warm_up": 0.03, "intervals": 4, "seed": 0,
}  # fmt: skip
"""The keys of a plan in files of format 1, in their order."""
STORED_TRANSFORMER = {
    "architecture": "transformer", "width": 16, "n_layers": 2, "n_heads": 2, "context": 32, "positions": "rotary",
    "mlp": "swiglu", "n_grams": 0, "hash_bits": 16,
}  # fmt: skip
STORED_GRU = {"architecture": "gru", "width": 32, "n_layers": 1, "embedding": 16, "n_grams": 2, "hash_bits": 6}


def _parsed(spec: str) -> Any:
    from kolmo.coders.neural.architecture.config import ModelConfig

    return ModelConfig.parse(spec)


def _corpus(text: bytes) -> tuple[bytes, bytes]:
    from kolmo.coders.neural.training.loop import split_corpus

    return split_corpus(text)


@pytest.fixture
def train(torch: Any) -> Any:
    """Train on the CPU."""
    from functools import partial

    from kolmo.coders.neural.training.loop import train

    return partial(train, device=torch.device("cpu"))


def _curve(folder: Path) -> list[dict[str, float]]:
    rows = [json.loads(line) for line in (folder / CURVE).read_text().splitlines()]
    return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]


def test_an_interrupted_training_resumes_with_equal_results(
    model: str, text: bytes, tmp_path: Path, train: Any
) -> None:
    config, (data, held_out) = _parsed(model), _corpus(text)

    def interrupt(training: Training, point: EvalPoint | None) -> None:
        if training.n_steps == 8:  # one step after the second checkpoint, which is at step 6
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(config, PLAN, data, held_out, tmp_path / "a", on_step=interrupt)
    assert (tmp_path / "a" / CHECKPOINT).exists()
    steps: list[int] = []
    train(config, PLAN, data, held_out, tmp_path / "a", on_step=lambda training, _: steps.append(training.n_steps))
    assert steps[0] == 7
    train(config, PLAN, data, held_out, tmp_path / "b")
    assert _curve(tmp_path / "a") == _curve(tmp_path / "b")
    for file in ("a", "b"):
        assert not (tmp_path / file / CHECKPOINT).exists()
    weights = [(tmp_path / file / "model.safetensors").read_bytes() for file in ("a", "b")]
    assert weights[0] == weights[1]


def test_a_checkpoint_of_another_training_is_refused(text: bytes, tmp_path: Path, train: Any) -> None:
    config, (data, held_out) = _parsed("gru:20k"), _corpus(text)

    def interrupt(training: Training, point: EvalPoint | None) -> None:
        if point is not None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(config, PLAN, data, held_out, tmp_path, on_step=interrupt)
    with pytest.raises(DataError, match="another data_sha256"):
        train(config, PLAN, data[1:], held_out, tmp_path)
    with pytest.raises(DataError, match="another plan"):
        train(config, dataclasses.replace(PLAN, seed=1), data, held_out, tmp_path)
    (tmp_path / CHECKPOINT).write_bytes((tmp_path / CHECKPOINT).read_bytes()[:-100])
    with pytest.raises(DataError, match="damaged"):
        train(config, PLAN, data, held_out, tmp_path)


@pytest.fixture(scope="session")
def checkpoint(text: bytes, torch: Any, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The checkpoint of an interrupted training of a tiny model."""
    from kolmo.coders.neural.training.loop import train

    def interrupt(training: Training, point: EvalPoint | None) -> None:
        if point is not None:
            raise KeyboardInterrupt

    folder = tmp_path_factory.mktemp("interrupted")
    with pytest.raises(KeyboardInterrupt):
        train(_parsed(TINY), PLAN, *_corpus(text), folder, device=torch.device("cpu"), on_step=interrupt)
    return (folder / CHECKPOINT).read_bytes()


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_any_damage_to_a_checkpoint_is_found(checkpoint: bytes, tmp_path_factory: Any, data: st.DataObject) -> None:
    """Flipped bits anywhere, cuts, and appended bytes; half of the flips are in the header."""
    from kolmo.coders.neural.training.checkpoint import read_checkpoint

    path = tmp_path_factory.mktemp("damaged") / CHECKPOINT
    raw = bytearray(checkpoint)
    header = 8 + int.from_bytes(raw[:8], "little")
    kind = data.draw(st.sampled_from(["flip", "flip", "flip", "cut", "append"]))
    if kind == "flip":
        place = data.draw(st.integers(0, header - 1) | st.integers(0, len(raw) - 1))
        raw[place] ^= 1 << data.draw(st.integers(0, 7))
    elif kind == "cut":
        raw = raw[: data.draw(st.integers(0, len(raw) - 1))]
    else:
        raw += data.draw(st.binary(min_size=1, max_size=20))
    path.write_bytes(raw)
    with pytest.raises(DataError, match="is damaged") as caught:
        read_checkpoint(path, {})
    assert "--force" in str(caught.value)


def test_a_checkpoint_with_its_digest_but_without_its_tensors_is_refused(
    text: bytes, tmp_path: Path, train: Any, torch: Any, checkpoint: bytes
) -> None:
    """A right digest proves no content: names, shapes and types are checked too."""
    from safetensors.torch import load

    from kolmo.coders.neural.training.checkpoint import Checkpoint, _verified, write_checkpoint

    about, tensors = _verified(checkpoint), load(checkpoint)
    good = {"tensors": tensors, "n_steps": about["step"], "seconds": about["seconds"], "curve": about["curve"]}
    name = sorted(tensors)[-1]
    for number, change in enumerate(
        (
            {"tensors": {key: value for key, value in tensors.items() if key != name}},
            {"tensors": tensors | {name: torch.zeros(3)}},
            {"curve": [{"step": 3}]},
            {"curve": []},
            {"curve": 5},
            {"n_steps": "x"},
        )
    ):
        folder = tmp_path / str(number)
        write_checkpoint(folder / CHECKPOINT, Checkpoint(**(good | change)), about["facts"])
        with pytest.raises(DataError, match="of another training"):
            train(_parsed(TINY), PLAN, *_corpus(text), folder)
        train(_parsed(TINY), PLAN, *_corpus(text), folder, force=True)


def test_a_folder_with_content_is_written_only_by_force(text: bytes, tmp_path: Path, train: Any) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    train(_parsed(TINY), PLAN, *_corpus(text), tmp_path / "model")
    (tmp_path / "hub").mkdir()
    (tmp_path / "hub" / "model.safetensors").write_bytes(b"weights of another program")
    before = (tmp_path / "model" / "model.safetensors").read_bytes()
    for folder, message in (("a", "holds files, such as 'b'"), ("model", "holds a model"), ("hub", "holds a model")):
        with pytest.raises(DataError, match=f"{message}; .*--force"):
            train(_parsed("lstm:20k"), PLAN, *_corpus(text), tmp_path / folder)
    assert (tmp_path / "model" / "model.safetensors").read_bytes() == before
    assert (tmp_path / "hub" / "model.safetensors").read_bytes() == b"weights of another program"
    saved = train(_parsed("lstm:20k"), PLAN, *_corpus(text), tmp_path / "model", force=True)
    assert saved.config == _parsed("lstm:20k")


@pytest.mark.slow
@pytest.mark.parametrize("place", [1, 2, 3, 6])
def test_a_training_killed_at_any_replacement_resumes_to_the_same_weights(
    place: int, text: bytes, tmp_path: Path, train: Any, torch: Any
) -> None:
    """The process ends before or after each file gets its name; its temporary files are removed at the next start."""
    program = tmp_path / "program.py"
    program.write_text(
        "import os, sys\n"
        "from pathlib import Path\n"
        "import torch\n"
        "from kolmo.coders.neural.architecture.config import ModelConfig\n"
        "from kolmo.coders.neural.training.plan import TrainingPlan\n"
        "from kolmo.coders.neural.training.loop import split_corpus, train\n"
        "torch.set_num_threads(1)\n"
        "replace, left = os.replace, [int(sys.argv[3])]\n"
        "def killed(*names):\n"
        "    left[0] -= 1\n"
        "    if left[0] == 0 and sys.argv[4] == 'before': os._exit(9)\n"
        "    replace(*names)\n"
        "    if left[0] == 0: os._exit(9)\n"
        "os.replace = killed\n"
        f"train(ModelConfig.parse({TINY!r}), {PLAN!r}, *split_corpus(Path(sys.argv[1]).read_bytes()), "
        "Path(sys.argv[2]), device=torch.device('cpu'))\n"
    )
    (tmp_path / "text").write_bytes(text)
    folder = tmp_path / "model"
    when = "before" if place % 2 else "after"
    command = [sys.executable, str(program), str(tmp_path / "text"), str(folder), str(place), when]
    done = subprocess.run(command, env=os.environ | {"OMP_NUM_THREADS": "1"}, check=False, timeout=300)
    assert done.returncode == 9
    train(_parsed(TINY), PLAN, *_corpus(text), folder)
    train(_parsed(TINY), PLAN, *_corpus(text), tmp_path / "whole")
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", CURVE, "model.safetensors"]
    assert (folder / "model.safetensors").read_bytes() == (tmp_path / "whole" / "model.safetensors").read_bytes()
    assert _curve(folder) == _curve(tmp_path / "whole")


def test_stored_files_keep_their_keys(text: bytes, tmp_path: Path, train: Any) -> None:
    """The keys of format 1 stay, in their order, whatever the parameters are called."""
    from safetensors import safe_open

    def interrupt(training: Training, point: EvalPoint | None) -> None:
        if training.n_steps == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(_parsed("transformer:20k,context_length=32"), PLAN, *_corpus(text), tmp_path, on_step=interrupt)
    with safe_open(tmp_path / CHECKPOINT, framework="pt") as file:
        about = json.loads(file.metadata()["kolmo"])
        names = set(file.keys())
    point = ["step", "n_bytes", "seconds", "training_bits", "held_out_bits"]
    assert list(about) == ["facts", "step", "seconds", "curve"]
    assert about["step"] == 6
    assert [list(row) for row in about["curve"]] == [point, point, point]
    assert {name.partition(".")[0] for name in names} == {"weight", "exp_avg", "exp_avg_sq"}
    config = json.loads((tmp_path / "config.json").read_bytes())
    assert list(config) == ["format", "kolmo", "model", "training", "weights_sha256"]
    assert list(config["training"]) == ["model", "plan", "data_sha256", "held_out_sha256", "device", "torch", *point]
    for stored in (config["model"], config["training"]["model"], about["facts"]["model"]):
        assert list(stored.items()) == list(STORED_TRANSFORMER.items())
    for stored in (config["training"]["plan"], about["facts"]["plan"]):
        assert list(stored.items()) == list(STORED_PLAN.items())


@pytest.mark.parametrize(
    ("spec", "stored"),
    [("transformer:20k,context_length=32", STORED_TRANSFORMER), ("gru:20k,n_grams=2,hash_bits=6", STORED_GRU)],
)
def test_stored_configurations_are_read(spec: str, stored: dict[str, Any]) -> None:
    from kolmo.coders.neural.architecture.config import ModelConfig

    assert ModelConfig.from_dict(stored) == _parsed(spec)
    assert list(_parsed(spec).to_dict().items()) == list(stored.items())
    with pytest.raises(ParameterError, match="not the configuration"):
        ModelConfig.from_dict({key: value for key, value in stored.items() if key != "n_grams"})


def test_a_number_of_seconds_ends_the_training(text: bytes, tmp_path: Path, train: Any) -> None:
    plan = TrainingPlan(seconds=0.3, batch_size=4, sequence_length=16, checkpoints=2)
    saved = train(_parsed("gru:20k"), plan, *_corpus(text), tmp_path)
    assert saved.training["seconds"] <= 5
    assert saved.training["step"] > 1


@pytest.mark.slow
def test_several_processes_divide_the_batch(text: bytes, tmp_path: Path) -> None:
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
        "train(ModelConfig.parse('transformer:20k,context_length=32,n_grams=1,hash_bits=6'), plan, *data, "
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


def test_several_corpora_have_equal_parts_of_every_batch(torch: Any) -> None:
    from kolmo.coders.neural.training.state import Training

    config, plan = _parsed("gru:20k"), TrainingPlan(n_bytes=100_000, batch_size=6, sequence_length=16)
    corpora = [bytes(range(100)) * 11, bytes(range(100, 150)) * 2, bytes(range(150, 250))]
    training = Training(config, plan, corpora, torch.device("cpu"))
    for step in range(5):
        training.n_steps = step
        _, targets, _ = training._batch()
        for number, row in enumerate(targets.numpy()):
            assert bytes(row.astype("uint8")) in corpora[number % 3] * 3  # continues at the start after the end
    with pytest.raises(ParameterError, match="expected a multiple of 4, the number of corpora, got 6"):
        Training(config, plan, [*corpora, b"more"], torch.device("cpu"))


def test_bad_plans_and_data_are_refused() -> None:
    for wrong in ({}, {"n_bytes": 5, "seconds": 5.0}, {"n_bytes": 0}, {"n_bytes": 5, "batch_size": 0}):
        with pytest.raises(ParameterError):
            TrainingPlan(**wrong)
    for name in ("batch_size", "sequence_length", "checkpoints", "learning_rate", "clip", "seed", "weight_decay"):
        for value in (10**9 + 1, 10**30, -1, float("nan"), float("inf"), "x", None, True, [1]):
            if name == "seed" and value == 10**9 + 1:
                continue
            with pytest.raises(ParameterError, match=name):
                TrainingPlan(n_bytes=1000, **{name: value})
    with pytest.raises(ParameterError, match="batch_size times sequence_length: expected at most"):
        TrainingPlan(n_bytes=1000, batch_size=2**16, sequence_length=2**16)
    with pytest.raises(ParameterError, match="expected at most 1,073,741,824 weights"):
        _parsed("gru:20k,width=8000,n_layers=128")
    with pytest.raises(DataError, match="too few"):
        _corpus(b"short")
    for wrong_model in ("gru:7k", "rnn", "gru:20k,width=x", "gru:20k,context_length=3", "transformer:20k,width=9"):
        with pytest.raises(ParameterError):
            _parsed(wrong_model)
    with pytest.raises(ParameterError, match=r"no option 'context'; it takes .*context_length"):
        _parsed("transformer:20k,context=32")


def test_names_of_models_are_parsed_back(model: str) -> None:
    from kolmo.coders.neural.architecture.config import ModelConfig

    for name in (model, "gru:200k", "transformer:3.2m,context_length=2048"):
        assert str(_parsed(name)) == name
        assert ModelConfig.from_dict(_parsed(name).to_dict()) == _parsed(name)


@pytest.mark.parametrize("architecture", ["transformer", "gru", "lstm"])
def test_models_have_the_size_in_their_name(architecture: str) -> None:
    for size, wanted in {"20k": 2e4, "200k": 2e5, "800k": 8e5, "3.2m": 3.2e6}.items():
        assert _parsed(f"{architecture}:{size}").n_parameters == pytest.approx(wanted, rel=0.3)
