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

from kolmo._core.locks import WAIT_SECONDS
from kolmo._core.parallel import map_blocks
from kolmo._core.progress import progress
from kolmo.errors import DataError

Arrays = tuple[Any, ...]
Compute = Callable[[Iterator[Arrays]], Iterator[Arrays]]

_APPLICATION = 0x4B6F6C6D  # "Kolm"
_VERSION = 2
"""Version of the tables; it changes with them."""
_TABLES = (
    "CREATE TABLE runs (name TEXT PRIMARY KEY, facts TEXT NOT NULL)",
    "CREATE TABLE arrays (run TEXT NOT NULL, tile INTEGER NOT NULL, part INTEGER NOT NULL, dtype TEXT NOT NULL, "
    "shape TEXT NOT NULL, data BLOB NOT NULL, digest BLOB NOT NULL, PRIMARY KEY (run, tile, part))",
    f"PRAGMA application_id = {_APPLICATION}",
    f"PRAGMA user_version = {_VERSION}",
)
_HEADER = b"SQLite format 3\0"
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
    tiles, each with a digest. It holds numbers only, and nothing in it is executed. Several processes may use one file
    at a time: each waits up to 60 s while another writes.

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
        now = json.loads(json.dumps(dict(facts)))
        with self._open() as file, _transaction(file):
            known = file.execute("SELECT facts FROM runs WHERE name = ?", (name,)).fetchone()
            if known is None:
                file.execute("INSERT INTO runs VALUES (?, ?)", (name, json.dumps(now)))
                return
        try:
            before = dict(json.loads(known[0]))
        except (TypeError, ValueError, RecursionError) as error:
            raise DataError(
                f"the run {name!r} of the checkpoint {self.path} is damaged ({error}); delete the file"
            ) from error
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
        check_checkpoint(self.path)
        with _sqlite_errors(self.path), closing(_connect(self.path)) as file:
            with _transaction(file):  # look and create under one lock
                if not _check_tables(file, self.path):
                    for statement in _TABLES:
                        file.execute(statement)
            yield file

    def _save(self, file: sqlite3.Connection, tile: int, arrays: Sequence[Any]) -> Arrays:
        rows = []
        for part, array in enumerate(map(np.asarray, arrays)):
            dtype = "<f8" if array.dtype.kind == "f" else "<i8"
            data = np.ascontiguousarray(array, dtype=dtype).tobytes()
            described = (self.name, tile, part, dtype, json.dumps(array.shape), data)
            rows.append((*described, _digest(len(arrays), *described)))
        with _transaction(file):
            file.executemany("INSERT OR REPLACE INTO arrays VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        return tuple(arrays)

    def _load(self, file: sqlite3.Connection, tile: int) -> Arrays:
        query = "SELECT dtype, shape, data, digest FROM arrays WHERE run = ? AND tile = ? ORDER BY part"
        try:
            rows = file.execute(query, (self.name, tile)).fetchall()
            if not rows:
                raise ValueError("it has no arrays")
            return tuple(_array(len(rows), self.name, tile, part, *row) for part, row in enumerate(rows))
        except (TypeError, ValueError, AttributeError) as error:
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


def _array(n_parts: int, name: str, tile: int, part: int, dtype: str, shape: str, data: bytes, digest: bytes) -> Any:
    if digest != _digest(n_parts, name, tile, part, dtype, shape, data):
        raise ValueError("it does not match its digest")
    if dtype not in _DTYPES:
        raise ValueError(f"an array of {dtype!r}")
    return np.frombuffer(data, dtype).reshape(json.loads(shape)).copy()


def _digest(n_parts: int, name: str, tile: int, part: int, dtype: str, shape: str, data: bytes) -> bytes:
    """Return the digest of an array and its place, one of the parts of a tile."""
    place = json.dumps([n_parts, name, tile, part, dtype, shape]).encode()
    return hashlib.sha256(len(place).to_bytes(8, "little") + place + data).digest()


def check_checkpoint(path: str | Path) -> None:
    """Raise an error unless the file is a checkpoint of this version, is empty, or does not exist in its folder.

    Raises
    ------
    DataError
        If it is another file; it is not changed.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise DataError(f"there is no folder {path.parent} for the checkpoint {path.name}; create it first")
    try:
        if not path.exists() or not path.stat().st_size:
            return
        with path.open("rb") as opened:
            start = opened.read(len(_HEADER))
    except OSError as error:
        raise DataError(f"the checkpoint {path} cannot be read: {error.strerror}; name another file") from error
    is_interrupted = path.with_name(f"{path.name}-journal").exists()  # SQLite restores the file
    if not path.is_file() or (start != _HEADER and not is_interrupted):
        raise DataError(f"expected a checkpoint of Kolmo, got another file in {path}; name another file")
    with _sqlite_errors(path), closing(_connect(path)) as file:
        _check_tables(file, path)


def _check_tables(file: sqlite3.Connection, path: Path) -> bool:
    """Return whether the file has tables, which must be those of a checkpoint."""
    (n_tables,) = file.execute("SELECT count(*) FROM sqlite_master").fetchone()
    (application,) = file.execute("PRAGMA application_id").fetchone()
    (version,) = file.execute("PRAGMA user_version").fetchone()
    if not n_tables and application == 0:
        return False
    if application != _APPLICATION:
        raise DataError(f"expected a checkpoint of Kolmo, got another database in {path}; name another file")
    if version != _VERSION:
        raise DataError(
            f"expected a checkpoint of version {_VERSION}, got version {version} in {path}; delete it, or name another"
        )
    return bool(n_tables)


class _Connection(sqlite3.Connection):
    """A connection whose errors are those of SQLite, also if their text is damaged."""

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        try:
            return super().execute(*arguments)
        except UnicodeDecodeError as error:
            raise sqlite3.DatabaseError("its text is damaged") from error


def _connect(path: Path) -> sqlite3.Connection:
    file = sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None, factory=_Connection)
    file.text_factory = lambda raw: raw.decode(errors="surrogateescape")
    file.execute("PRAGMA trusted_schema = OFF")
    return file


@contextmanager
def _transaction(file: sqlite3.Connection) -> Iterator[None]:
    """Run statements that read and write under one lock of the file."""
    file.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if file.in_transaction:
            file.execute("ROLLBACK")
        raise
    file.execute("COMMIT")


@contextmanager
def _sqlite_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
            raise DataError(
                f"the checkpoint {path} is in use by another process; waited {WAIT_SECONDS:.0f} s; try again when it "
                "has ended, or name another file"
            ) from error
        raise DataError(f"{path} cannot be read or written as a checkpoint: {error}; name another file") from error
