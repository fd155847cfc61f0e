"""Paired items from two files of lines or from two folders."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from kolmo.data.decoding import Reading, opened_text
from kolmo.data.lines import MAX_ITEM_BYTES, numbered_lines, without_line_end
from kolmo.data.symbols import Symbols, read_symbols
from kolmo.errors import DataError, MissingDependencyError, ParameterError

_SHOWN = 3
Item = TypeVar("Item")


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """Paired items: item n of the first set and item n of the second.

    Parameters
    ----------
    first, second : list of bytes
        The items of each set.
    names : list of str
        Name of each pair: its line number, or the name of its files.
    modalities : tuple of str
        Kind of data of the first and the second set.
    n_all : int
        Number of pairs before sampling.
    left_out : int
        Number of lines that are empty in one file.
    remarks : tuple of str
        How the files were read, and how many pairs were skipped.
    """

    first: list[bytes]
    second: list[bytes]
    names: list[str]
    modalities: tuple[str, str]
    n_all: int
    left_out: int = 0
    remarks: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.names)


def read_pairs(
    first: str | Path,
    second: str | Path,
    *,
    limit: int = 2**30,
    most: int | None = None,
    random_state: int = 0,
    reading: Reading | None = None,
) -> Pairs:
    """Read paired items: line n of two files, or files of equal name in two folders.

    Parameters
    ----------
    first, second : str or Path
        Two files of lines, where lines that are empty in one file are omitted; or two folders, whose files are paired
        by their names without endings, such as ``horse.txt`` and ``horse.png``, and read by `read_symbols`.
    limit : int
        Largest number of bytes of an item; the rest is ignored.
    most : int, optional
        Largest number of pairs, drawn at random and kept in order.
    random_state : int
        Seed of the draw.
    reading : Reading, optional
        How the files are read. With `skip_unreadable`, pairs with a damaged file are skipped and counted.

    Returns
    -------
    Pairs

    Raises
    ------
    DataError
        If an item has no partner, or cannot be read.
    ParameterError
        If only one of the two is a folder.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "en").write_text("the horse\\nthe cat\\n"), (folder / "de").write_text("das Pferd\\ndie Katze\\n")
    >>> pairs = read_pairs(folder / "en", folder / "de")
    >>> pairs.first[1], pairs.second[1]
    (b'the cat', b'die Katze')
    """
    places = Path(first), Path(second)
    folders = [place.is_dir() for place in places]
    if any(folders) and not all(folders):
        names = sorted(zip(folders, map(str, (first, second)), strict=True))
        raise ParameterError(
            f"expected two files or two folders, got the folder {names[1][1]} and the file {names[0][1]}"
        )
    draw, options = random.Random(random_state), reading or Reading()
    if all(folders):
        return _of_folders(*places, limit, most, draw, options)
    return _of_lines(first, second, limit, most, draw, options)


def _of_lines(
    first: str | Path, second: str | Path, limit: int, most: int | None, draw: random.Random, reading: Reading
) -> Pairs:
    (xs, said_x), (ys, said_y) = _lines(first, reading), _lines(second, reading)
    if len(xs) != len(ys):
        raise DataError(
            f"expected files with equal numbers of lines, got {len(xs):,} in {first} and {len(ys):,} in {second}; line "
            "n of one is the partner of line n of the other: align them"
        )
    filled = [place for place in range(len(xs)) if xs[place] and ys[place]]
    drawn = _some(filled, most, draw)
    return Pairs(
        first=[xs[place][:limit] for place in drawn],
        second=[ys[place][:limit] for place in drawn],
        names=[str(place + 1) for place in drawn],
        modalities=("text", "text"),
        n_all=len(filled),
        left_out=len(xs) - len(filled),
        remarks=(*said_x, *said_y),
    )


def _lines(path: str | Path, reading: Reading) -> tuple[list[bytes], list[str]]:
    found = []
    with opened_text(path, reading) as (file, encoding):
        for number, line in numbered_lines(file, path, MAX_ITEM_BYTES):
            if b"\0" in line:
                raise DataError(
                    f"{path}: expected lines of UTF-8 text, got a zero byte in line {number}; for other kinds of data "
                    "use two folders, whose files are paired by name"
                )
            found.append(reading.folded_bytes(without_line_end(line).strip()))
    return found, [f"{path}: {encoding.remark}"] if encoding.remark else []


def _of_folders(
    first: Path, second: Path, limit: int, most: int | None, draw: random.Random, reading: Reading
) -> Pairs:
    xs, ys = _by_stem(first), _by_stem(second)
    alone = [
        f"only in {folder}: {_listed(sorted(mine.keys() - others.keys()))}"
        for folder, mine, others in ((first, xs, ys), (second, ys, xs))
        if mine.keys() - others.keys()
    ]
    if alone:
        raise DataError(
            f"expected files paired by their names without endings, got some without a partner: {'; '.join(alone)}"
        )
    read: dict[str, list[Symbols]] = {}
    skipped: list[str] = []
    for name in _some(sorted(xs), most, draw):
        try:
            read[name] = [read_symbols(files[name], limit=limit, reading=reading) for files in (xs, ys)]
        except MissingDependencyError:
            raise
        except DataError as error:
            if not reading.skip_unreadable:
                raise
            skipped.append(str(error))
    if not read:
        raise DataError(f"no pair of {first} and {second} can be read: {skipped[0]}")
    said = Counter(remark for pair in read.values() for each in pair for remark in each.remarks)
    remarks = [f"{count:,} files: {remark}" for remark, count in said.most_common()]
    if skipped:
        remarks.append(f"{len(skipped):,} unreadable pairs skipped: {_listed(skipped)}")
    kinds = [sorted({pair[side].modality for pair in read.values()}) for side in (0, 1)]
    return Pairs(
        first=[pair[0].data for pair in read.values()],
        second=[pair[1].data for pair in read.values()],
        names=list(read),
        remarks=tuple(remarks),
        modalities=(" and ".join(kinds[0]), " and ".join(kinds[1])),
        n_all=len(xs),
    )


def _by_stem(folder: Path) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for file in sorted(folder.rglob("*")):
        if not file.is_file() or file.name.startswith("."):
            continue
        name = str(file.relative_to(folder).with_suffix(""))
        if name in files:
            raise DataError(f"{files[name]} and {file} have the same name without endings; rename one")
        files[name] = file
    if not files:
        raise DataError(f"{folder} holds no files to pair")
    return files


def _some(items: Sequence[Item], most: int | None, draw: random.Random) -> list[Item]:
    if most is None or most >= len(items):
        return list(items)
    return [items[place] for place in sorted(draw.sample(range(len(items)), most))]


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN:,} more"
