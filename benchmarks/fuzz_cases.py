"""Seeded inputs of the fuzzers: damaged streams, tables, pictures, sounds and models, and random command lines."""

from __future__ import annotations

import io
import json
import random
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import click
from fuzz_inputs import HOSTILE, TEXT, archives, is_installed, media, model_files, parquet_table, valid_checkpoint

_BYTES = (b"", b"\0", b"\xff", b"\xff" * 4, b"\0" * 8, b"\x7f\xff\xff\xff", b"\x80" * 9, b"1e999", b"-1", b"\x1b[31m")


@dataclass(frozen=True)
class Case:
    """A command with the files that it finds.

    Parameters
    ----------
    what : str
        The fuzzer that made it.
    arguments : tuple of str
        The command line.
    files : dict
        Bytes by path in the working folder.
    stdin : bytes
        Standard input.
    terminal : bool
        Whether stdout and stderr say that they are a terminal.
    """

    what: str
    arguments: tuple[str, ...]
    files: dict[str, bytes] = field(default_factory=dict)
    stdin: bytes = b""
    terminal: bool = False

    @property
    def prints_data(self) -> bool:
        """Whether stdout gets the bytes of the data, which are not text."""
        return "-" in self.arguments or any(each in ("-o-", "--output=-") for each in self.arguments)


def make_case(what: str, seed: int, number: int) -> Case:
    """Return case `number` of a fuzzer; it depends on the arguments alone."""
    draw = random.Random(f"{seed}/{what}/{number}")
    arguments, files, stdin = MAKERS[what](draw)
    return Case(what, tuple(arguments), files, stdin, terminal=draw.random() < 0.3)


Made = tuple[list[str], dict[str, bytes], bytes]


def damaged(draw: random.Random, data: bytes, others: list[bytes] | None = None) -> bytes:
    """Return the data with a few bytes changed, cut, inserted, repeated or taken from other data."""
    result = bytearray(data)
    for _ in range(draw.choice((1, 1, 1, 2, 5))):
        at = draw.randrange(len(result) + 1)
        if draw.random() < 0.5:  # headers are near the start
            at = min(at, draw.randrange(64))
        size = draw.choice((1, 1, 2, 4, 16, len(result) // 4 + 1))
        kind = draw.randrange(7)
        if kind == 0 and at < len(result):
            result[at] ^= 1 << draw.randrange(8)
        elif kind == 1:
            del result[at:]
        elif kind == 2:
            del result[at : at + size]
        elif kind == 3:
            result[at:at] = draw.choice(_BYTES) or draw.randbytes(size)
        elif kind == 4:
            result[at : at + size] = draw.randbytes(min(size, 64))
        elif kind == 5:
            result[at:at] = result[at : at + size]
        elif others:
            other = draw.choice(others)
            result[at:] = other[draw.randrange(len(other) + 1) :]
    return bytes(result)


def streams(draw: random.Random) -> Made:
    """Return a damaged .kolmo file and a command that reads it."""
    valid = archives()
    files = {"f.kolmo": damaged(draw, draw.choice(valid), list(valid))}
    command = ["decompress", "f.kolmo", *draw.choice((["-o", "out"], ["--info"], ["--info", "--json"], ["-o", "-"]))]
    return [*command, "--max-size", draw.choice(("1MB", "1kB"))], files, b""


def _table(draw: random.Random, ending: str) -> bytes:
    names = draw.choice((("label", "text"), ("class", "text"), ("a", "b"), ("label", "text", "title"), ("text",)))
    words = ["cat", "dog", "bond", "rate", "", "1e5", "ünï", draw.choice(HOSTILE).replace("\n", " ").replace("\r", " ")]
    rows = [[" ".join(draw.choices(words, k=draw.randrange(1, 5))) for _ in names] for _ in range(draw.randrange(2, 9))]
    for number, row in enumerate(rows):
        row[0] = ("pets", "money", words[-1])[number % 3]
    if ending == "jsonl":
        lines = [json.dumps(dict(zip(names, row, strict=True))) for row in rows]
    elif ending == "fasttext":
        lines = [f"__label__{row[0]} {row[-1]}" for row in rows]
    elif ending == "parquet":
        return parquet_table(tuple(names), rows)
    else:
        separator = "\t" if ending == "tsv" else ","
        lines = [separator.join(names), *(separator.join(row) for row in rows)]
    return "\n".join(lines).encode("utf-8", "surrogateescape")


def tables(draw: random.Random) -> Made:
    """Return two tables, damaged or with hostile cells, and a command that reads them."""
    endings = ["csv", "tsv", "jsonl", "fasttext", "txt", *(["parquet"] if is_installed("pyarrow") else [])]
    ending = draw.choice(endings)
    names = [f"train.{ending}", f"test.{ending}"]
    files = {name: _table(draw, ending) for name in names}
    for name in names:
        if draw.random() < 0.3:
            files[name] = damaged(draw, files[name])
    command = ["classify", *names, "-c", "zstd", "-j", "1", "-k", "1"]
    for option, values in (
        ("--text-column", ("text", "0", "-1", "title", *HOSTILE)),
        ("--label-column", ("label", "class", "1", *HOSTILE)),
        ("--format", ("csv", "tsv", "jsonl", "lines", "trec", "file", "fasttext", "folder", "parquet")),
        ("--encoding", ("latin-1", "bytes", "utf-16", "utf-7", "idna", "punycode", "rot13", "nothing", *HOSTILE[:3])),
    ):
        if draw.random() < 0.12:
            command += [option, draw.choice(values)]
    command += draw.choice(([], ["--json"], ["--confusion"], ["--no-labels"], ["-o", "out.csv"]))
    return command, files, b""


def pictures(draw: random.Random) -> Made:
    """Return a damaged picture, sound or FASTA file beside a valid one, and a command that reads both."""
    valid = media()
    name = draw.choice([name for name in valid if name != "a.txt"])
    alike = [data for other, data in valid.items() if other.endswith(name[1:])]
    files = {"x" + name[1:]: damaged(draw, valid[name], alike), "y" + name[1:]: valid[name]}
    x, y = files
    commands = [["joint", "gain", x, y, "-c", "zstd"], ["joint", "matrix", x, y, "-c", "zstd", "-j", "1"]]
    return draw.choice(commands), files, b""


def models(draw: random.Random) -> Made:
    """Return a damaged model folder, checkpoint, archive or tree, and a command that reads it."""
    kinds: list[Callable[[random.Random], Made]] = [_checkpoint, _archive, _newick]
    if model_files():
        kinds += [_neural] * 3
    return draw.choice(kinds)(draw)


def _neural(draw: random.Random) -> Made:
    files = {f"m/{name}": data for name, data in model_files().items()}
    name = draw.choice(sorted(files))
    if name.endswith(".json") and draw.random() < 0.7:
        files[name] = _other_values(draw, files[name])
    elif draw.random() < 0.1:
        del files[name]
    else:
        files[name] = damaged(draw, files[name])
    return ["length", "a.txt", "-c", "neural:model=m,device=cpu"], {"a.txt": TEXT[:200], **files}, b""


_VALUES: tuple[Any, ...] = (None, -1, 0, 10**12, 1e308, "x", "", [], {}, [[]], True, *HOSTILE[:-1], 2**64, -0.0)


def _other_values(draw: random.Random, raw: bytes) -> bytes:
    """Return a JSON document with one value replaced, removed or added."""
    document = json.loads(raw)
    place = document
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            break
        key = draw.choice(keys)
        if isinstance(place[key], dict | list) and place[key] and draw.random() < 0.7:
            place = place[key]
            continue
        if draw.random() < 0.2:
            del place[key]
        else:
            place[key] = draw.choice(_VALUES)
        break
    return json.dumps(document).encode()


def _checkpoint(draw: random.Random) -> Made:
    files = {name: TEXT[:300] + name.encode() for name in "abc"}
    files["c.ck"] = damaged(draw, valid_checkpoint())
    return ["joint", "matrix", "a", "b", "c", "-c", "zstd", "-j", "1", "--checkpoint", "c.ck"], files, b""


def _archive(draw: random.Random) -> Made:
    file = io.BytesIO()
    name = draw.choice(("a.txt", "../a.txt", "a/b.txt", draw.choice(HOSTILE[:8])))
    kind = draw.choice(("zip", "w", "w:gz", "w:xz", "w:bz2"))
    if kind == "zip":
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr(name, TEXT)
    else:
        with tarfile.open(fileobj=file, mode=kind) as packed_tar:  # type: ignore[call-overload]
            entry = tarfile.TarInfo(name)
            entry.size = len(TEXT)
            packed_tar.addfile(entry, io.BytesIO(TEXT))
    return ["extract", "archive", name], {"archive": damaged(draw, file.getvalue())}, b""


def _newick(draw: random.Random) -> Made:
    text = draw.choice(("((cat:1,dog:1):2,ape:3);", "(a,b,c);", "('a b':-1,b:1e5,(c,d));", "(" * 3000 + ");"))
    for _ in range(draw.randrange(4)):
        at = draw.randrange(len(text) + 1)
        text = text[:at] + draw.choice((*"(),:;'", "[", "nan", "1e999", *HOSTILE)) + text[at + draw.randrange(2) :]
    return ["newick", text], {}, b""


@cache
def _all_commands() -> tuple[tuple[tuple[str, ...], click.Command], ...]:
    """Return every command with its path, except those that download, train or measure for long."""
    from kolmo.cli import COMMANDS, main

    context = click.Context(main)
    waiting = [((name,), main.get_command(context, name)) for name in COMMANDS]
    found = []
    while waiting:
        path, command = waiting.pop()
        assert command is not None
        if isinstance(command, click.Group):
            names = command.list_commands(context)
            waiting += [((*path, name), command.get_command(context, name)) for name in names]
        if path not in (("demo",), ("train",), ("audit",), ("data", "fetch"), ("joint", "transfer")):
            found.append((path, command))
    return tuple(sorted(found, key=lambda entry: entry[0]))


def commands(draw: random.Random) -> Made:
    """Return a command line with valid, wrong and hostile values, and files of hostile names."""
    evil = draw.choice([name.replace("/", "_") for name in HOSTILE])
    files = {
        "a.txt": TEXT[:300],
        "b.txt": TEXT[200:500],
        "empty": b"",
        "d/one": b"one",
        "d/two": b"two",
        evil: b"x" * 50,
    }
    names = ["a.txt", "b.txt", "empty", "d", evil, "absent", "-", "", "a\0b", "n" * 5000, "d/one", "/dev/null", "--"]
    values = [*names, *HOSTILE, "1", "0", "-1", "nan", "1e999", "9" * 30, "1kB", "zstd", "ngram", "zstd:level=x"]
    values += ["mix:level=1", "mixture:coders=" + "ngram+" * 9 + "ngram", "hf:model=x/y", "neural:model=d", "csv", "é"]
    path, command = draw.choice(_all_commands())
    line = list(path)
    for parameter in command.params:
        if isinstance(parameter, click.Argument):
            wanted = draw.choice((1, 2, 3)) if parameter.nargs == -1 else max(parameter.nargs, 1)
            line += draw.choices(names if draw.random() < 0.8 else values, k=wanted)
        elif draw.random() < 0.2 and not {"--compile", "--help", "--largest"} & set(parameter.opts):
            line.append(draw.choice(parameter.opts))
            if not getattr(parameter, "is_flag", False):
                line.append(draw.choice(values))
    if draw.random() < 0.1:
        line.insert(draw.randrange(len(line) + 1), draw.choice(values))
    if any(parameter.name == "jobs" for parameter in command.params):
        line += ["-j", "1"]
    return line, files, draw.choice((b"", TEXT[:100], b"\xff\0\x1b[2J"))


MAKERS: dict[str, Callable[[random.Random], Made]] = {
    "streams": streams,
    "tables": tables,
    "pictures": pictures,
    "models": models,
    "commands": commands,
}
"""The fuzzers by name."""
