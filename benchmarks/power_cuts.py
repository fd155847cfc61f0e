"""Loss of power, kills and full disks while files are written: nothing torn, and all resumes to the same result.

    python benchmarks/power_cuts.py [--seed N] [--rounds N] [--tmpfs DIR]

Three checks: random writes on a simulated disk that loses power after each call; commands that are killed with
``kill -9`` before each call to the operating system; and commands on a disk of 64 kB to 4 MB (a tmpfs, which the
superuser can mount). Exit code 1 if a file is torn, left behind, or differs after the next run.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "reference"))

from power_loss import Recorder, is_killed_at

from kolmo._core.files import never_replacing, write_whole

PROGRAM = [sys.executable, "-m", "kolmo"]


def commands(folder: Path) -> dict[str, list[str]]:
    """Return the command lines to interrupt, by the file that each writes."""
    one, two, three = (str(folder / name) for name in ("one", "two", "three"))
    return {
        "one.kolmo": ["compress", one, "-c", "zstd", "--block-size", "1kB", "-f"],
        "d.csv": ["distance", one, two, three, "-c", "zstd", "-j", "1", "-o", str(folder / "d.csv"), "-f"],
        "m.csv": [
            *("joint", "matrix", one, two, three, "-c", "zstd", "-j", "1", "-f"),
            *("--csv", str(folder / "m.csv"), "--checkpoint", str(folder / "run")),
        ],
        "t.nwk": ["tree", one, two, three, "-c", "zstd", "-j", "1", "--newick", str(folder / "t.nwk"), "-f"],
    }


def run_here(arguments: list[str]) -> None:
    """Run a command in this process, without output."""
    from click.testing import CliRunner

    from kolmo.cli import main

    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output


def lose_power(rounds: int, draw: random.Random) -> tuple[int, int]:
    """Write random files, and look at the disk after a loss of power at each call; return the states and failures."""
    states = failures = 0
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as name:
            path, old = Path(name) / "out", None
            if draw.random() < 0.6:
                old = draw.randbytes(draw.randrange(50_000))
                path.write_bytes(old)
            pieces = [draw.randbytes(draw.randrange(40_000)) for _ in range(draw.randrange(6))]
            disk = Recorder(Path(name))
            with disk.recording(), never_replacing([] if old is not None or draw.random() < 0.5 else [path]):
                write_whole(path, lambda file, pieces=pieces: file.writelines(pieces))
            new = b"".join(pieces)
            for n_events in range(len(disk.events) + 1):
                found = disk.contents_after_loss("out", n_events)
                states += len(found)
                failures += len(found - {old, new})
            failures += disk.contents_after_loss("out") != {new}
    return states, failures


def kill(folder: Path) -> tuple[int, int]:
    """Kill each command before each of its calls, then run it again; return the kills and failures."""
    kills = failures = 0
    for target, arguments in commands(folder).items():
        run_here(arguments)
        expected = (folder / target).read_bytes()
        whole = sorted(os.listdir(folder))
        call, was_killed = 0, True
        while was_killed:
            call += 1
            for name in (target, "run") if call % 2 else ():
                (folder / name).unlink(missing_ok=True)
            was_killed = is_killed_at(call, lambda arguments=arguments: run_here(arguments))
            kills += was_killed
            torn = (folder / target).exists() and (folder / target).read_bytes() != expected
            run_here(arguments)
            left = sorted(os.listdir(folder))
            failures += torn or (folder / target).read_bytes() != expected or not set(left) <= {*whole, "run"}
    return kills, failures


def fill_disk(disk: Path, folder: Path, draw: random.Random) -> tuple[int, int]:
    """Run each command on a disk with random room, then with enough room; return the errors and failures."""
    errors = failures = 0
    for target, arguments in commands(folder).items():
        run_here(arguments)
        expected = (folder / target).read_bytes()
        for _ in range(8):
            room = draw.choice([0, 1, 2, 3, 5, 8, 16]) * 4096
            free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
            (disk / "ballast").write_bytes(bytes(max(0, free - room)))
            there = [each.replace(str(folder / target), str(disk / target)) for each in arguments]
            there = [each.replace(str(folder / "run"), str(disk / "run")) for each in there]
            if arguments[0] == "compress":
                there += ["-o", str(disk / target)]
            run = subprocess.run([*PROGRAM, *there], capture_output=True, text=True, check=False)
            is_whole = not (disk / target).exists() or (disk / target).read_bytes() == expected
            is_said = run.returncode == 0 or (
                run.returncode == 1 and run.stderr.count("\n") == 1 and str(disk) in run.stderr
            )
            (disk / "ballast").unlink()
            left = {*os.listdir(disk)} - {target, "run"}
            errors += run.returncode != 0
            again = subprocess.run([*PROGRAM, *there], capture_output=True, check=False)
            is_resumed = again.returncode == 0 and (disk / target).read_bytes() == expected
            if not (is_whole and is_said and is_resumed and not left):
                failures += 1
                print(f"{' '.join(there)} with {room} bytes: {run.returncode}, {run.stderr!r}, left {left}")
            for name in (target, "run"):
                (disk / name).unlink(missing_ok=True)
    return errors, failures


@contextmanager
def small_disk(given: str | None) -> Iterator[Path | None]:
    """Mount a tmpfs of 256 kB, or use the given one; None if neither is possible."""
    if given is not None:
        yield Path(given)
        return
    with tempfile.TemporaryDirectory() as name:
        mount = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", name], capture_output=True, check=False
        )
        yield Path(name) if mount.returncode == 0 else None
        if mount.returncode == 0:
            subprocess.run(["umount", name], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=300, help="files on the simulated disk")
    parser.add_argument("--tmpfs", help="an empty small disk; by default one is mounted")
    options = parser.parse_args()
    draw, failed = random.Random(options.seed), 0

    def report(name: str, counts: Callable[[], tuple[int, int]]) -> None:
        nonlocal failed
        tried, wrong = counts()
        failed += wrong
        print(f"{name}: {tried:,} tried, {wrong:,} wrong", flush=True)

    with tempfile.TemporaryDirectory() as name, small_disk(options.tmpfs) as disk:
        folder = Path(name)
        for each in ("one", "two", "three"):
            (folder / each).write_bytes(draw.randbytes(6000))
        report("states after a loss of power", lambda: lose_power(options.rounds, draw))
        report("kills", lambda: kill(folder))
        if disk is None:
            print("full disks: skipped, no tmpfs can be mounted")
        else:
            report("full disks", lambda: fill_disk(disk, folder, draw))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
