"""One process at a time, and a stated wait for the others."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from kolmo._core.locks import locked
from kolmo.errors import DataError, OutputError

HOLDER = """
import sys, time
from pathlib import Path
from kolmo._core.locks import locked
with locked(Path(sys.argv[1]), purpose="the folder"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_processes_take_turns(tmp_path: Path) -> None:
    children, count, times = [], tmp_path / "count", 20
    count.write_text("0")
    for _ in range(4):
        process = os.fork()
        if not process:
            try:
                for _ in range(times):
                    with locked(tmp_path / "lock", purpose="the count"):
                        number = int(count.read_text())
                        time.sleep(0.001)
                        count.write_text(str(number + 1))
            finally:
                os._exit(0)
        children.append(process)
    for process in children:
        os.waitpid(process, 0)
    assert count.read_text() == str(4 * times)
    assert os.listdir(tmp_path) == ["count"]


def test_the_wait_is_stated_and_ends_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys.stderr, "write", lines.append)
    with (
        locked(tmp_path / "lock", purpose="the folder"),
        pytest.raises(DataError, match=r"the folder is in use by another process; waited 1 s; try again"),
        locked(tmp_path / "lock", purpose="the folder", wait=1.2),
    ):
        raise AssertionError
    assert [line for line in lines if "Waiting up to 1 s for another process that uses the folder" in line]


def test_threads_take_turns_too(tmp_path: Path) -> None:
    inside: list[int] = []

    def work() -> None:
        with locked(tmp_path / "lock", purpose="the folder"):
            inside.append(1)
            assert len(inside) == 1
            time.sleep(0.01)
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert os.listdir(tmp_path) == []


def test_the_lock_ends_with_its_process(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, tmp_path / "lock"], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(DataError, match="in use"), locked(tmp_path / "lock", purpose="it", wait=0):
            raise AssertionError
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
    with locked(tmp_path / "lock", purpose="it", wait=0):
        pass
    assert os.listdir(tmp_path) == []


def test_a_folder_without_room_for_a_lock(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"cannot lock the folder: .*absent.*No such file"):
        locked(tmp_path / "absent" / "lock", purpose="the folder").__enter__()
