from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kolmo import CodeLengthOutlier, load_model

PROGRAM = [sys.executable, "-c", "from kolmo.cli import main; main(prog_name='kolmo')"]


def log_lines(count: int, seed: int) -> list[str]:
    random = np.random.default_rng(seed)
    kinds = ["user {} logged in", "GET /item/{} 200", "cache hit ratio 0.{}", "job {} done"]
    return [kinds[random.integers(4)].format(random.integers(10, 99)) for _ in range(count)]


ODD = ["kernel panic: out of memory", "Traceback (most recent call last):"]


@pytest.fixture
def logs() -> tuple[str, str]:
    Path("good.log").write_text("\n".join(log_lines(200, 0)) + "\n")
    today = log_lines(30, 1)
    Path("today.log").write_text("\n".join([*today[:10], ODD[0], *today[10:], ODD[1]]) + "\n")
    return "good.log", "today.log"


def test_odd_lines_are_listed_as_in_python(kolmo: Any, logs: tuple[str, str]) -> None:
    good, today = logs
    run = kolmo("outliers", "--normal", good, today, "-o", "scores.csv", "--json")
    document = json.loads(run.stdout)
    outlier = CodeLengthOutlier().fit(Path(good).read_text().splitlines())
    lines = Path(today).read_text().splitlines()
    rows = document["results"]
    assert [row["score"] for row in rows] == pytest.approx((-outlier.score_samples(lines)).tolist())
    assert {10, 31} <= {row["index"] for row in rows if row["is_outlier"]}
    assert document["threshold"]["score"] == outlier.threshold_.score
    with open("scores.csv", newline="") as file:
        assert [float(row["score"]) for row in csv.DictReader(file)] == [row["score"] for row in rows]
    table = kolmo("outliers", "--normal", good, today).stdout
    assert ODD[0] in table
    assert "expected false-alarm rate 1.00%, 95% interval" in table


def test_a_saved_model_gives_the_same_answer(kolmo: Any, refused: Any, logs: tuple[str, str]) -> None:
    good, today = logs
    first = kolmo("outliers", "--normal", good, today, "--save", "model", "--json").stdout
    again = kolmo("outliers", "--model", "model", today, "--json").stdout
    assert json.loads(first)["results"] == json.loads(again)["results"]
    assert isinstance(load_model("model"), CodeLengthOutlier)
    more = json.loads(kolmo("outliers", "--model", "model", today, "--false-alarms", "0.2", "--json").stdout)
    assert more["n_flagged"] > json.loads(first)["n_flagged"]
    assert "saved to other; threshold" in kolmo("outliers", "--normal", good, "--save", "other").stdout
    assert "replace it with --force" in refused("outliers", "--normal", good, "--save", "model", code=2)
    kolmo("outliers", "--normal", good, "--save", "model", "-f")
    assert "--coder has no effect" in refused("outliers", "--model", "model", today, "-c", "zstd", code=2)


def test_lines_of_stdin_are_scored(kolmo: Any, logs: tuple[str, str]) -> None:
    good, today = logs
    lines = Path(today).read_bytes() + b"\n\xff\xfe invalid\n"
    flagged = kolmo("outliers", "--normal", good, "-", stdin=lines).stdout_bytes.splitlines()
    assert [line.partition(b"\t")[2] for line in flagged][-3:] == [*(odd.encode() for odd in ODD), b"\xff\xfe invalid"][
        -3:
    ]
    rows = [
        json.loads(row)
        for row in kolmo("outliers", "--normal", good, "-", "--all", "--json", stdin=lines).stdout.splitlines()
    ]
    assert len(rows) == 33
    assert rows[-1] == rows[-1] | {"line": 34, "is_outlier": True, "text": "\\xff\\xfe invalid"}


def test_a_line_is_answered_as_soon_as_it_arrives(kolmo: Any, logs: tuple[str, str]) -> None:
    kolmo("outliers", "--normal", logs[0], "--save", "model")
    command = [*PROGRAM, "outliers", "--model", "model", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for odd in ODD:
            process.stdin.write(f"user 17 logged in\n{odd}\n".encode())
            process.stdin.flush()
            assert process.stdout.readline().partition(b"\t")[2] == f"{odd}\n".encode()
        process.stdin.close()
        assert process.wait(60) == 0


def test_files_of_folders_are_items(kolmo: Any, refused: Any) -> None:
    for number in range(30):
        path = Path(f"normal/{number % 3}/{number}.txt")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"def f{number}(x):\n    return x + {number}\n")
    Path("new").mkdir()
    Path("new/same.txt").write_text("def f7(x):\n    return x + 71\n")
    Path("new/odd.txt").write_text("It was the best of times, it was the worst of times.\n")
    found = json.loads(kolmo("outliers", "--normal", "normal", "new", "--false-alarms", "0.1", "--json").stdout)
    assert [(row["name"], row["is_outlier"]) for row in found["results"]] == [
        ("new/odd.txt", True),
        ("new/same.txt", False),
    ]
    assert "read its lines with --format lines" in refused(
        "outliers", "--normal", "new/odd.txt", "--format", "file", "normal", code=1
    )


def test_without_normal_items_each_is_compared_with_the_others(kolmo: Any, logs: tuple[str, str]) -> None:
    found = json.loads(kolmo("outliers", logs[1], "--false-alarms", "0.1", "--json").stdout)
    assert {10, 31} <= {row["index"] for row in found["results"] if row["is_outlier"]}


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["--normal", "good.log", "good.log"], 2, "both name 'good.log'"),
        (["today.log", "--model", "m", "--normal", "good.log"], 2, "exclude each other"),
        ([], 2, "nothing to search"),
        (["--model", "good.log", "today.log"], 1, "expected the folder of a model"),
        (["today.log", "--save", "m"], 2, "only with --normal"),
        (["-"], 2, "needs --normal or --model"),
        (["-", "today.log", "--normal", "good.log"], 2, "has to be the only DATA"),
        (["-", "--normal", "good.log", "-o", "x.csv"], 2, "-o has no effect with DATA -"),
        (["today.log", "--normal", "good.log", "--all"], 2, "--all has an effect only with DATA -"),
        (["today.log", "--checkpoint", "x"], 2, "--checkpoint has no effect without"),
        (["nothing.log", "--normal", "good.log"], 1, "there is no file 'nothing.log'"),
        (["today.log", "--normal", "good.log", "--false-alarms", "1"], 2, "false-alarms"),
    ],
)
def test_wrong_use_is_one_line(refused: Any, logs: tuple[str, str], arguments: list[str], code: int, text: str) -> None:
    line = refused("outliers", *arguments, code=code, stdin=b"")
    assert text in line or text in line.replace("--output", "-o")
