"""Long computations in parts: parallel, with progress, and resumed from a checkpoint file."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from kolmo._core.parallel import map_blocks
from kolmo._core.progress import progress
from kolmo.errors import DataError

Arrays = tuple[Any, ...]
Compute = Callable[[Iterator[Arrays]], Iterator[Arrays]]

_APPLICATION = 0x4B6F6C6D  # "Kolm"
_TABLES = """
CREATE TABLE runs (name TEXT PRIMARY KEY, facts TEXT NOT NULL);
CREATE TABLE arrays (
    run TEXT NOT NULL, tile INTEGER NOT NULL, part INTEGER NOT NULL,
    dtype TEXT NOT NULL, shape TEXT NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (run, tile, part)
);
"""
_DTYPES = ("<f8", "<i8")
_DIGESTS = ("first items", "second items", "classes")
"""Facts that are digests, whose values are not shown in messages."""


def digest(items: Iterable[bytes]) -> str:
    """Return a digest of the items in their order.

    Examples
    --------
    >>> digest([b"ab", b"c"]) == digest([b"a", b"bc"])
    False
    """
    found = hashlib.sha256()
    for item in items:
        found.update(len(item).to_bytes(8, "little"))
        found.update(item)
    return found.hexdigest()


class ResumableRun:
    """A computation in tiles, saved in an SQLite file that may hold several runs.

    A tile is written in one transaction as soon as it and all previous ones are done, so the file always holds complete
    tiles. It holds numbers only, and nothing in it is executed.

    Parameters
    ----------
    path : path-like
        The file; it is created if it does not exist.
    name : str
        Name of the run: the coder as the user wrote it.
    facts : mapping of str to JSON values
        Everything that determines the tiles: data, coder with version, metric, and so on.

    Raises
    ------
    DataError
        If the file is not a checkpoint, or holds a run of this name with other facts.
    """

    def __init__(self, path: str | Path, name: str, facts: Mapping[str, Any]) -> None:
        self.path, self.name = Path(path), name
        with self._open() as file:
            known = file.execute("SELECT facts FROM runs WHERE name = ?", (name,)).fetchone()
            if known is None:
                with file:
                    file.execute("INSERT INTO runs VALUES (?, ?)", (name, json.dumps(dict(facts))))
                return
        before, now = json.loads(known[0]), json.loads(json.dumps(dict(facts)))
        if changed := [key for key in {**before, **now} if before.get(key) != now.get(key)]:
            listing = "; ".join(_difference(key, before.get(key), now.get(key)) for key in changed)
            raise DataError(
                f"the checkpoint {self.path} holds another run of {name!r}: {listing}; "
                "use the same data and settings, or name another file"
            )

    def resumed(self, compute: Compute, blocks: Iterable[Arrays], count: int) -> Iterator[Arrays]:
        """Yield the tiles of all blocks in order: saved ones, and others after they are computed and saved.

        Parameters
        ----------
        compute : callable
            Takes blocks and yields their tiles, in order.
        blocks : iterable of tuple
            The input of each tile.
        count : int
            Number of tiles.
        """
        with self._open() as file:
            kept = {tile for (tile,) in file.execute("SELECT DISTINCT tile FROM arrays WHERE run = ?", (self.name,))}
            computed = compute(block for tile, block in enumerate(blocks) if tile not in kept)
            for tile in range(count):
                yield self._load(file, tile) if tile in kept else self._save(file, tile, next(computed))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        if not self.path.parent.is_dir():
            raise DataError(
                f"there is no folder {self.path.parent} for the checkpoint {self.path.name}; create it first"
            )
        try:
            with closing(sqlite3.connect(self.path, timeout=60)) as file:
                self._check(file)
                yield file
        except sqlite3.Error as error:
            raise DataError(
                f"{self.path} cannot be read or written as a checkpoint: {error}; name another file"
            ) from error

    def _check(self, file: sqlite3.Connection) -> None:
        file.execute("PRAGMA trusted_schema = OFF")
        if not self.path.stat().st_size:
            file.executescript(f"PRAGMA application_id = {_APPLICATION}; BEGIN; {_TABLES} COMMIT;")
        (application,) = file.execute("PRAGMA application_id").fetchone()
        if application != _APPLICATION:
            raise DataError(f"expected a checkpoint of Kolmo, got another database in {self.path}; name another file")

    def _save(self, file: sqlite3.Connection, tile: int, arrays: Sequence[Any]) -> Arrays:
        rows = []
        for part, array in enumerate(map(np.asarray, arrays)):
            dtype = "<f8" if array.dtype.kind == "f" else "<i8"
            data = np.ascontiguousarray(array, dtype=dtype).tobytes()
            rows.append((self.name, tile, part, dtype, json.dumps(array.shape), data))
        with file:
            file.executemany("INSERT OR REPLACE INTO arrays VALUES (?, ?, ?, ?, ?, ?)", rows)
        return tuple(arrays)

    def _load(self, file: sqlite3.Connection, tile: int) -> Arrays:
        query = "SELECT dtype, shape, data FROM arrays WHERE run = ? AND tile = ? ORDER BY part"
        try:
            return tuple(_array(*row) for row in file.execute(query, (self.name, tile)))
        except (TypeError, ValueError) as error:
            raise DataError(
                f"tile {tile} of the checkpoint {self.path} is damaged ({error}); delete the file"
            ) from error


def run_tasks(
    function: Callable[..., Arrays],
    tasks: Sequence[tuple[Any, ...]],
    *,
    label: str,
    prefer: str,
    run: ResumableRun | None = None,
    n_jobs: int | None = None,
) -> Iterator[Arrays]:
    """Yield ``function(*task)`` for every task in order; results saved in `run` are not computed again.

    Parameters
    ----------
    function : callable
        Returns a tuple of arrays; must be picklable.
    tasks : sequence of tuple
        The arguments of each call.
    label : str
        Label of the progress bar.
    prefer : {"threads", "processes"}
        Kind of workers; see `map_blocks`.
    run : ResumableRun, optional
        Run with saved results, which receives new ones.
    n_jobs : int, optional
        Number of joblib workers.
    """
    compute = partial(map_blocks, function, n_jobs=n_jobs, prefer=prefer)
    with progress(len(tasks), label=label, unit="parts") as bar:
        for found in compute(iter(tasks)) if run is None else run.resumed(compute, tasks, len(tasks)):
            bar.update()
            yield found


def open_checkpoint(
    path: str | Path | None,
    coder: str,
    fingerprint: str,
    first: Sequence[bytes],
    second: Sequence[bytes],
    *,
    label: str = "",
    **facts: Any,
) -> ResumableRun | None:
    """Return the run of a computation in a checkpoint file, or None without a path.

    Parameters
    ----------
    path : path-like or None
        The file; it may hold other runs.
    coder : str
        The coder as the user wrote it.
    fingerprint : str
        The fingerprint of the coder.
    first, second : sequence of bytes
        The data.
    label : str
        The kind of computation, if the coder alone does not identify it.
    **facts
        Everything else that determines the results, as JSON values.

    Raises
    ------
    DataError
        If the file holds this computation on other data.
    """
    if path is None:
        return None
    short = coder if len(coder) < 80 else coder.partition(":")[0]
    decided = {"first items": digest(first), "second items": digest(second), "coder": fingerprint}
    return ResumableRun(path, f"{short}, {label}" if label else short, decided | facts)


def _difference(key: str, before: Any, now: Any) -> str:
    if key in _DIGESTS:
        return f"the {key} differ"
    return f"{key} was {before!r:.120}, now {now!r:.120}"


def _array(dtype: str, shape: str, data: bytes) -> Any:
    if dtype not in _DTYPES:
        raise ValueError(f"an array of {dtype!r}")
    return np.frombuffer(data, dtype).reshape(json.loads(shape)).copy()
