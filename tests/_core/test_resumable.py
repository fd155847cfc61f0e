"""Runs that are stopped go on where they were, and nothing else is taken for them."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kolmo import NCDClassifier, pairwise
from kolmo._core import resumable
from kolmo._core.resumable import ResumableRun
from kolmo.coders import Deflate
from kolmo.data.builtin import docstrings
from kolmo.distances import engine as blocks
from kolmo.errors import DataError

TEXTS = docstrings("test").items[:60]


@pytest.fixture(autouse=True)
def _small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "_SMALLEST_TILE_BYTES", 2**12)


class StoppedError(Exception):
    pass


def stop_after(monkeypatch: pytest.MonkeyPatch, calls: int) -> list[int]:
    """Let deflate fail after so many tables; return how many were made."""
    made: list[int] = []
    real = Deflate._joint_batch

    def _joint_batch(self: Deflate, *given: Any) -> Any:
        if len(made) == calls:
            raise StoppedError
        made.append(1)
        return real(self, *given)

    monkeypatch.setattr(Deflate, "_joint_batch", _joint_batch)
    return made


@pytest.mark.parametrize("how", [{}, {"top_k": 2}, {"Y": TEXTS[:7]}, {"Y": TEXTS[:7], "top_k": 3}])
def test_finished_tiles_are_not_computed_again(how: dict[str, Any], tmp_path: Path) -> None:
    expected, path = pairwise(TEXTS, pruning=None, **how), tmp_path / "run"
    with pytest.MonkeyPatch.context() as patch:
        stop_after(patch, 5)
        with pytest.raises(StoppedError):
            pairwise(TEXTS, pruning=None, checkpoint=path, **how)
    with pytest.MonkeyPatch.context() as patch:
        made = stop_after(patch, 10**6)
        again = pairwise(TEXTS, pruning=None, checkpoint=path, **how)
        first = len(made)
        once_more = pairwise(TEXTS, pruning=None, checkpoint=path, **how)
        assert len(made) == first, "the second time nothing is left to do"
        pairwise(TEXTS, pruning=None, **how)
        assert len(made) - first - first in (4, 5), "what was done before the stop was kept"
    for found in (again, once_more):
        np.testing.assert_array_equal(np.asarray(found), np.asarray(expected))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"X": TEXTS[::-1]}, "first items"),
        ({"X": [*TEXTS[:-1], b"another"]}, "items"),
        ({"Y": TEXTS[:8]}, "second items"),
        ({"metric": "cdm"}, "measure was 'ncd', now 'cdm'"),
        ({"separator": "-"}, "separator"),
        ({"symmetrize": "mean"}, "symmetrize"),
        ({"top_k": 3}, "result was 'nearest 2', now 'nearest 3'"),
        ({"top_k": None}, "result"),
    ],
)
def test_another_run_is_refused(change: dict[str, Any], named: str, tmp_path: Path) -> None:
    given = {"X": TEXTS, "Y": TEXTS[:9], "top_k": 2, "checkpoint": tmp_path / "run"}
    pairwise(**given)
    before = (tmp_path / "run").read_bytes()
    with pytest.raises(DataError, match=named):
        pairwise(**(given | change))
    assert (tmp_path / "run").read_bytes() == before


def test_another_version_of_a_coder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pairwise(TEXTS[:5], coder="deflate", checkpoint=tmp_path / "run")
    monkeypatch.setattr(Deflate, "versions", lambda self: {"zlib": "9.9"})
    with pytest.raises(DataError, match=r"coder was .*now .*zlib 9.9"):
        pairwise(TEXTS[:5], coder="deflate", checkpoint=tmp_path / "run")


def test_coders_share_a_file(tmp_path: Path) -> None:
    for _ in range(2):
        for coder in ("deflate", "zstd", "zstd:level=5"):
            found = pairwise(TEXTS[:5], coder=coder, checkpoint=tmp_path / "run")
            np.testing.assert_array_equal(found, pairwise(TEXTS[:5], coder=coder))


def test_classifiers_go_on_too(tmp_path: Path) -> None:
    labels = [text[:1] > b"m" for text in TEXTS]
    for parameters in ({}, {"weights": "class_mean"}, {"candidates": "char-tfidf", "n_candidates": 9}):
        path = tmp_path / "-".join(parameters)
        path = path if parameters else tmp_path / "plain"
        shares = NCDClassifier(**parameters).fit(TEXTS, labels).predict_proba(TEXTS[:20])
        kept = NCDClassifier(checkpoint=path, **parameters).fit(TEXTS, labels)
        for _ in range(2):
            assert np.array_equal(kept.predict_proba(TEXTS[:20]), shares)
        with pytest.raises(DataError, match="first items"):
            kept.predict(TEXTS[:19])


PROGRAM = """
import sys
from kolmo import pairwise
from kolmo.coders import Deflate
from kolmo.distances import engine as blocks
blocks._SMALLEST_TILE_BYTES = 2**12
texts = [(b"%d " % n) * 40 for n in range(60)]
real = Deflate._joint_batch
def slow(self, *given):
    import time
    time.sleep(0.05)
    return real(self, *given)
if sys.argv[2] == "slow":
    Deflate._joint_batch = slow
found = pairwise(texts, pruning=None, checkpoint=sys.argv[1], top_k=1, n_jobs=2)
print(found.indices.ravel().tolist())
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
def test_it_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "run"
    running = subprocess.Popen([sys.executable, "-c", PROGRAM, str(path), "slow"])
    for _ in range(600):
        time.sleep(0.05)
        if kept_tiles(path) > 3:
            break
    os.kill(running.pid, signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL
    kept = kept_tiles(path)
    assert kept > 3
    fast = [
        subprocess.run([sys.executable, "-c", PROGRAM, str(where), "fast"], capture_output=True, text=True, check=True)
        for where in (path, tmp_path / "fresh")
    ]
    assert fast[0].stdout == fast[1].stdout
    assert kept_tiles(path) == kept_tiles(tmp_path / "fresh") > kept


def kept_tiles(path: Path) -> int:
    if not path.exists():
        return 0
    with sqlite3.connect(path) as file:
        try:
            return int(file.execute("SELECT count(DISTINCT tile) FROM arrays").fetchone()[0])
        except sqlite3.OperationalError:
            return 0


class TestBadFiles:
    def test_no_folder(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match="there is no folder"):
            ResumableRun(tmp_path / "none" / "run", "deflate", {})

    def test_another_file(self, tmp_path: Path) -> None:
        (tmp_path / "run").write_bytes(b"the user's own notes " * 100)
        with pytest.raises(DataError, match="expected a checkpoint of Kolmo, got another file"):
            ResumableRun(tmp_path / "run", "deflate", {})
        assert (tmp_path / "run").read_bytes() == b"the user's own notes " * 100

    def test_another_database(self, tmp_path: Path) -> None:
        with sqlite3.connect(tmp_path / "run") as file:
            file.execute("CREATE TABLE runs (name TEXT)")
        with pytest.raises(DataError, match="another database"):
            ResumableRun(tmp_path / "run", "deflate", {})

    def test_a_file_that_lost_its_tables(self, tmp_path: Path) -> None:
        pairwise(TEXTS[:5], checkpoint=tmp_path / "run")
        with sqlite3.connect(tmp_path / "run") as file:
            file.execute("DROP TABLE arrays")
        with pytest.raises(DataError, match="no such table"):
            pairwise(TEXTS[:5], checkpoint=tmp_path / "run")

    @pytest.mark.parametrize(
        "damage",
        [
            "UPDATE arrays SET data = x'00'",
            "UPDATE arrays SET dtype = '|O'",
            "UPDATE arrays SET shape = '[99999999999]'",
            "UPDATE arrays SET shape = 'boo'",
        ],
    )
    def test_damaged_tiles(self, damage: str, tmp_path: Path) -> None:
        pairwise(TEXTS[:5], checkpoint=tmp_path / "run")
        with sqlite3.connect(tmp_path / "run") as file:
            file.execute(damage)
        with pytest.raises(DataError, match=r"tile 0 of the checkpoint .* is damaged"):
            pairwise(TEXTS[:5], checkpoint=tmp_path / "run")

    def test_a_database_without_tables(self, tmp_path: Path) -> None:
        with sqlite3.connect(tmp_path / "run") as file:
            file.execute("PRAGMA application_id = 7")
        before = (tmp_path / "run").read_bytes()
        with pytest.raises(DataError, match="another database"):
            ResumableRun(tmp_path / "run", "deflate", {})
        assert (tmp_path / "run").read_bytes() == before

    def test_another_version(self, tmp_path: Path) -> None:
        pairwise(TEXTS[:5], checkpoint=tmp_path / "run")
        with sqlite3.connect(tmp_path / "run") as file:
            file.execute("PRAGMA user_version = 1")
        with pytest.raises(DataError, match="expected a checkpoint of version 2, got version 1"):
            pairwise(TEXTS[:5], checkpoint=tmp_path / "run")

    @pytest.mark.parametrize("facts", ["", "[", "[1]", "7", "null", "[" * 10**5])
    def test_damaged_facts(self, facts: str, tmp_path: Path) -> None:
        ResumableRun(tmp_path / "run", "deflate", {"metric": "ncd"})
        with sqlite3.connect(tmp_path / "run") as file:
            file.execute("UPDATE runs SET facts = ?", (facts,))
        with pytest.raises(DataError, match="is damaged"):
            ResumableRun(tmp_path / "run", "deflate", {"metric": "ncd"})

    def test_a_small_file_of_the_user(self, tmp_path: Path) -> None:
        for content in (b"n", b"SQLite", b"SQLite format 3", b"SQLite format 3\0", b"SQLite format 3\0 notes" * 50):
            (tmp_path / "run").write_bytes(content)
            with pytest.raises(DataError, match="checkpoint"):
                ResumableRun(tmp_path / "run", "deflate", {})
            assert (tmp_path / "run").read_bytes() == content
            assert os.listdir(tmp_path) == ["run"]

    def test_no_changed_byte_is_believed(self, tmp_path: Path) -> None:
        """A change is found by a digest or by SQLite, or concerns a run or a tile that is computed again."""
        good, bad = tmp_path / "good", tmp_path / "bad"
        count_tiles(good)
        whole = good.read_bytes()
        shuffled = np.random.default_rng(0).permutation(len(whole))[:600]
        errors: list[str] = []
        for place in shuffled.tolist():
            bad.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << place % 8]) + whole[place + 1 :])
            try:
                assert count_tiles(bad) == SQUARES
            except DataError as error:
                errors.append(str(error))
        assert 10 < len(errors) < 600
        assert all(str(bad) in error for error in errors)


SQUARES = [number**2 for number in range(4)]


def count_tiles(path: Path, calls: list[int] | None = None) -> list[int]:
    """Compute squares as a resumable run."""

    def compute(blocks: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
        for (number,) in blocks:
            if calls is not None:
                calls.append(number)
            yield np.array([number**2]), np.array([number / 2])

    run = ResumableRun(path, "squares", {"count": len(SQUARES)})
    tiles = run.resumed(compute, [(number,) for number in range(len(SQUARES))], len(SQUARES))
    return [int(squares[0]) for squares, _ in tiles]


def in_child(work: Callable[[], object]) -> int:
    process = os.fork()
    if not process:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return process


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and kill -9")
class TestProcesses:
    def test_several_on_one_file(self, tmp_path: Path) -> None:
        """Each finds the file without tables, with them, or with tiles of others, and ends with all tiles."""

        def work(path: Path, start: float) -> None:
            time.sleep(max(0.0, start - time.monotonic()))
            assert count_tiles(path) == SQUARES

        for attempt in range(5):
            path, start = tmp_path / f"run{attempt}", time.monotonic() + 0.1
            children = [in_child(lambda path=path, start=start: work(path, start)) for _ in range(6)]
            assert [os.waitstatus_to_exitcode(os.waitpid(each, 0)[1]) for each in children] == [0] * 6
            calls: list[int] = []
            assert count_tiles(path, calls) == SQUARES
            assert calls == []

    def test_a_kill_at_any_statement(self, tmp_path: Path) -> None:
        path, number, code = tmp_path / "run", 0, -signal.SIGKILL
        while code == -signal.SIGKILL:
            number += 1
            path.unlink(missing_ok=True)

            def work(number: int = number) -> None:
                made, real = [0], resumable._connect

                def count(_: str) -> None:
                    made[0] += 1
                    if made[0] == number:
                        os.kill(os.getpid(), signal.SIGKILL)

                def connect(path: Path) -> sqlite3.Connection:
                    file = real(path)
                    file.set_trace_callback(count)
                    return file

                resumable._connect = connect
                count_tiles(path)

            code = os.waitstatus_to_exitcode(os.waitpid(in_child(work), 0)[1])
            calls: list[int] = []
            assert count_tiles(path, calls) == SQUARES
            assert calls == list(range(len(SQUARES)))[len(SQUARES) - len(calls) :]
            assert os.listdir(tmp_path) == ["run"]
        assert code == 0
        assert number > 15

    def test_a_long_transaction_of_another_process(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        count_tiles(tmp_path / "run")
        monkeypatch.setattr(resumable, "WAIT_SECONDS", 0.2)
        with closing(sqlite3.connect(tmp_path / "run", isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            with pytest.raises(DataError, match=r"run is in use by another process; waited 0 s; try again"):
                count_tiles(tmp_path / "run")

    def test_a_full_disk_names_the_file_and_is_resumed(self, tmp_path: Path) -> None:
        path = tmp_path / "run"
        count_tiles(path)
        limit = path.stat().st_size - 1000
        path.unlink()
        program = (
            "import resource, signal, sys\n"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, resource.RLIM_INFINITY))\n"
            "from kolmo._core.resumable import ResumableRun\n"
            "ResumableRun(sys.argv[1], 'squares', {'count': 4})\n"
        )
        run = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=False)
        assert f"DataError: {path} cannot be read or written as a checkpoint: " in run.stderr
        assert count_tiles(path) == SQUARES
        assert os.listdir(tmp_path) == ["run"]
