"""``kolmo joint``."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    texts = {
        "cats.txt": "".join(f"the cat {n} sat on mat {n * n}; " for n in range(80)),
        "dogs.txt": "".join(f"the dog {n} sat on mat {n * n}; " for n in range(80)),
        "code.py": "".join(f"def f{n}(x):\n    return x ** {n}\n" for n in range(80)),
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    return [str(tmp_path / name) for name in texts]


def test_two_sets_in_depth(kolmo: Any, files: list[str]) -> None:
    found = json.loads(kolmo("joint", *files[:2], "-c", "ngram", "-c", "xz", "--json").stdout)
    assert [each["name"] for each in found["sets"]] == ["cats.txt", "dogs.txt"]
    for gain in found["gains"]:
        assert gain["self_share"] > gain["share"] > max(gain["random_share"], 0)
        assert gain["interval"][0] < gain["share"] < gain["interval"][1]
    shown = kolmo("joint", *files[:2], "-c", "ngram").stdout
    assert "What one code saves over two" in shown
    assert "50 for all" in shown


def test_several_sets_as_a_matrix(kolmo: Any, files: list[str], tmp_path: Path) -> None:
    arguments = ("joint", *files, "-c", "ngram", "--csv", str(tmp_path / "gains.csv"))
    (matrix,) = json.loads(kolmo(*arguments, "--json").stdout)["matrices"]
    shares = matrix["shares"]
    assert shares[0][1] == pytest.approx(shares[1][0])
    assert shares[0][0] > shares[0][1] > shares[0][2]
    rows = list(csv.reader((tmp_path / "gains.csv").read_text().splitlines()))
    assert rows[0] == ["set", "cats.txt", "dogs.txt", "code.py"]
    assert [float(cell) for cell in rows[1][1:]] == shares[0]
    assert "on the diagonal" in kolmo("joint", *files, "-c", "ngram").stdout


@pytest.mark.parametrize("method", ["average", "neighbors", "quartets"])
def test_trees_and_pictures(kolmo: Any, files: list[str], tmp_path: Path, method: str) -> None:
    from kolmo import Tree

    (tmp_path / "more.py").write_text("".join(f"def g{n}(y):\n    return y - {n}\n" for n in range(80)))
    outputs = {name: tmp_path / f"{name}.png" for name in ("heat-map", "tree", "map")}
    options = [part for name, path in outputs.items() for part in (f"--{name}", str(path))]
    newick = tmp_path / "tree.nwk"
    sets = [*files, str(tmp_path / "more.py")]
    kolmo("joint", *sets, "-c", "ngram", "--method", method, "--newick", str(newick), *options)
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in outputs.values())
    tree = Tree.from_newick(newick.read_text())
    assert frozenset({"code.py", "more.py"}) in tree.splits() or frozenset({"cats.txt", "dogs.txt"}) in tree.splits()


TRAINING = ("--train", "gru:20k", "--steps", "5", "--device", "cpu")


def test_a_training_on_both(kolmo: Any, files: list[str]) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed (extra neural)")
    torch.set_num_threads(1)
    found = json.loads(kolmo("joint", *files[:2], *TRAINING, "--seed", "3", "--json").stdout)
    assert [each["name"] for each in found["sets"]] == ["cats.txt", "dogs.txt"]
    gain = found["gain"]
    controls = {"twice", "x_disguised", "y_disguised", "x_random", "y_random"}
    assert set(gain["rows"]) == {"x", "y", "both"} | controls
    assert all(0 < row["bits_x"] < 8.1 for row in gain["rows"].values())
    assert gain["gain_x"] == gain["savings"]["both"][0]["bits"]
    assert "seed=3" in gain["fingerprint"]
    shown = kolmo("joint", *files[:2], *TRAINING, "--no-controls", "--held-out", "0.3").stdout
    assert "X and Y" in shown
    assert "twice" not in shown
    assert f"{int(0.3 * Path(files[0]).stat().st_size):,} and" in shown


def test_wrong_usage_of_a_training_is_told(refused: Any, files: list[str]) -> None:
    assert "no model 'rnn'" in refused("joint", *files[:2], "--train", "rnn", code=2)
    assert "two sets" in refused("joint", *files, *TRAINING, code=2)
    assert "--coder says nothing" in refused("joint", *files[:2], *TRAINING, "-c", "xz", code=2)
    assert "--steps is of a training" in refused("joint", *files[:2], "--steps", "5", code=2)
    assert "cannot be used" in refused("joint", *files[:2], *TRAINING[:4], "--device", "nonsense", code=2)


def test_an_interrupted_training_says_so(files: list[str], tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="torch is not installed (extra neural)")
    before = sorted(path.name for path in tmp_path.rglob("*"))
    program = [sys.executable, "-c", "from kolmo.cli import main; print('up', flush=True); main(prog_name='kolmo')"]
    arguments = ["joint", *files[:2], *TRAINING[:2], "--steps", "100000", "--device", "cpu"]
    with subprocess.Popen([*program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        time.sleep(6)
        assert process.poll() is None, "it was to be interrupted at work"
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert stdout == b""
    assert stderr.decode().strip() == "Interrupted"
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


def test_wrong_usage_is_told(refused: Any, files: list[str], tmp_path: Path) -> None:
    assert "at least two sets" in refused("joint", files[0], code=2)
    assert "each once" in refused("joint", files[0], files[0], code=2)
    assert "no file" in refused("joint", files[0], tmp_path / "missing", code=1)
    assert "three sets" in refused("joint", *files[:2], "--tree", tmp_path / "t.png", code=2)
    (tmp_path / "empty").write_bytes(b"")
    assert "nothing to measure" in refused("joint", files[0], tmp_path / "empty", code=1)
