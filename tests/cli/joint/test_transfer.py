"""``kolmo joint transfer``."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TRAINING = ("--model", "gru:20k", "--steps", "5", "--seeds", "2", "--device", "cpu")
CONTROLS = {"x_double", "y_double", "double_compute", "x_permuted", "y_permuted", "x_random", "y_random"}


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed (extra neural)")
    torch.set_num_threads(1)


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    for animal in ("cat", "dog", "cow"):
        (tmp_path / f"{animal}s.txt").write_text("".join(f"the {animal} {n} sat on mat {n * n}; " for n in range(80)))
    return [str(tmp_path / f"{animal}s.txt") for animal in ("cat", "dog", "cow")]


def test_two_sets_are_trained_on(kolmo: Any, files: list[str]) -> None:
    found = json.loads(kolmo("joint", "transfer", *files[:2], *TRAINING, "--seed", "3", "--json").stdout)
    assert [each["name"] for each in found["sets"]] == ["cats.txt", "dogs.txt"]
    gain = found["gain"]
    assert set(gain["runs"]) == {"x", "y", "both"} | CONTROLS
    assert all(0 < run["bits_x"] < 8.1 for run in gain["runs"].values())
    assert gain["gain_x"] == gain["estimates"]["both"][0]["value"]
    assert "seed=3" in gain["fingerprint"]
    arguments = ("joint", "transfer", *files[:2], *TRAINING, "--no-controls", "--held-out", "0.3")
    shown = kolmo(*arguments).stdout
    assert shown.startswith("Data sets\n")
    assert "double steps" not in shown
    assert "permuted" not in shown
    assert f"held out: {int(0.3 * Path(files[0]).stat().st_size):,} bytes of X" in shown
    assert "seed=0" not in shown
    assert "seed=0" in kolmo(*arguments, "-v").stdout


def test_wrong_usage_is_told(refused: Any, files: list[str], tmp_path: Path) -> None:
    assert "expected two data sets, got 3" in refused("joint", "transfer", *files, *TRAINING, code=2)
    assert "same file" in refused("joint", "transfer", files[0], files[0], *TRAINING, code=2)
    missing = str(tmp_path / "missing")  # the options are checked before anything is read
    assert "no model 'rnn'" in refused("joint", "transfer", files[0], missing, "--model", "rnn", code=2)
    assert "cannot be used" in refused("joint", "transfer", files[0], missing, "--device", "nonsense", code=2)
    assert "no file" in refused("joint", "transfer", files[0], missing, *TRAINING, code=1)


def test_without_torch_the_error_says_what_to_install(
    refused: Any, files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    assert "pip install '.[neural]'" in refused("joint", "transfer", *files[:2], code=1)


def test_an_interrupted_training_says_so(files: list[str], tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "from kolmo.cli import main\n"
        "from kolmo.coders.neural.training.state import Training\n"
        "step = Training.step\n"
        "def announced(training):\n"
        "    if training.n_steps == 2: print('training', flush=True)\n"
        "    return step(training)\n"
        "Training.step = announced\n"
        "main(prog_name='kolmo')\n"
    )
    before = sorted(path.name for path in tmp_path.rglob("*"))
    arguments = ["joint", "transfer", *files[:2], "--model", "gru:20k", "--steps", "100000", "--device", "cpu"]
    command = [sys.executable, str(program), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"training\n"
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert stdout == b""
    assert stderr.decode().strip() == "Interrupted"
    assert sorted(path.name for path in tmp_path.rglob("*")) == before
