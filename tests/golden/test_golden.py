"""Streams that were written once must be read for ever, and written again as they were.

`write.py` made them from what `inputs.py` makes; a stream in the manifest says all it takes to read it.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import kolmo
from kolmo.coders.program.machine import OPERATORS, Machine, read_program, run_node, write_program
from kolmo.coders.program.text import format_program, parse_program

FOLDER = Path(__file__).parent


def load_inputs() -> ModuleType:
    """Return `inputs.py`, which stands beside this file and in no package."""
    spec = importlib.util.spec_from_file_location("golden_inputs", FOLDER / "inputs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


golden = load_inputs()
ENTRIES: list[dict[str, Any]] = json.loads(golden.MANIFEST.read_text(encoding="ascii"))
STREAMS = [entry for entry in ENTRIES if entry["file"] and not entry["container"]]
CONTAINERS = [entry for entry in ENTRIES if entry["container"]]
OWN = [entry for entry in STREAMS if entry["own"]]
MEASURED = [entry for entry in ENTRIES if entry["code_length"] is not None]
OWN_CONTAINERS = [entry for entry in CONTAINERS if entry["own"]]

EXTRAS = {
    "flac": ("soundfile", "audio"),
    "jxl": ("pillow_jxl", "image"),
    "lz4": ("lz4.block", "lz4"),
    "png": ("PIL.Image", "image"),
    "ppmd": ("pyppmd", "ppmd"),
    "webp": ("PIL.Image", "image"),
}
"""The module that a coder needs, and the extra that brings it."""


def label(entry: dict[str, Any]) -> str:
    return entry["file"] or f"{entry['coder']} {entry['input']} {entry['context'] or ''}".rstrip()


def each(entries: list[dict[str, Any]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("entry", entries, ids=label)


def context_of(entry: dict[str, Any]) -> bytes:
    return golden.INPUTS[entry["context"]]() if entry["context"] else b""


def make_coder(entry: dict[str, Any]) -> kolmo.Coder:
    """Return the entry's coder from its configuration, as the header of a container gives it, primed if need be."""
    name = entry["config"]["id"]
    if name in EXTRAS:
        module, extra = EXTRAS[name]
        pytest.importorskip(module, reason=f"the extra {extra} is not installed")
    plain = kolmo.coder(entry["config"])
    return plain.prime(context_of(entry)) if entry["context"] else plain


def read(entry: dict[str, Any]) -> bytes:
    return (golden.STREAMS / entry["file"]).read_bytes()


def test_the_manifest_names_every_stream() -> None:
    named = [entry["file"] for entry in ENTRIES if entry["file"]]
    assert sorted(named) == sorted(path.name for path in golden.STREAMS.iterdir())


@each(ENTRIES)
def test_input_is_as_it_was(entry: dict[str, Any]) -> None:
    assert hashlib.sha256(golden.INPUTS[entry["input"]]()).hexdigest() == entry["sha256"]


@each(ENTRIES)
def test_coder_has_the_same_parameters(entry: dict[str, Any]) -> None:
    make_coder(entry)
    plain = kolmo.coder(entry["coder"])
    assert plain.config == entry["config"]
    assert plain == kolmo.coder(entry["config"])


@each(STREAMS)
def test_stream_decodes_to_its_input(entry: dict[str, Any]) -> None:
    data = golden.INPUTS[entry["input"]]()
    assert make_coder(entry).decompress(read(entry), max_size=len(data)) == data


@each(OWN)
def test_own_coder_writes_the_same_bytes(entry: dict[str, Any]) -> None:
    assert make_coder(entry).compress(golden.INPUTS[entry["input"]]()) == read(entry)


@each(MEASURED)
def test_own_coder_states_the_same_length(entry: dict[str, Any]) -> None:
    found, data = make_coder(entry), golden.INPUTS[entry["input"]]()
    stated = entry["code_length"]
    tolerance = found.tags.tolerance
    expected = pytest.approx(stated, rel=tolerance, abs=0) if tolerance else stated
    assert found.code_length(data) == expected
    assert found.code_lengths([data])[0] == expected


@each(CONTAINERS)
def test_container_reads_to_its_input(entry: dict[str, Any]) -> None:
    make_coder(entry)
    data, report = golden.unpack(read(entry), context_of(entry))
    assert data == golden.INPUTS[entry["input"]]()
    assert report.header.config == entry["config"]
    assert report.n_blocks == entry["container"]["n_blocks"]
    context_file = report.header.context_file
    assert (context_file.name if context_file else "") == entry["container"]["given_name"]


@each(OWN_CONTAINERS)
def test_own_container_is_written_the_same(entry: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    # The header holds the coder's fingerprint, which ends in the version of Kolmo, and all checksums depend on it: so
    # the coder is made to state the fingerprint in the file, and all bytes must be equal whatever the version.
    file = read(entry)
    stated = golden.stated_fingerprint(file)
    monkeypatch.setattr(kolmo.Coder, "fingerprint", property(lambda self: stated))
    found, settings = make_coder(entry), entry["container"]
    assert golden.pack(found, golden.INPUTS[entry["input"]](), settings["block_size"], settings["given_name"]) == file


PROGRAMS: list[dict[str, Any]] = json.loads(golden.PROGRAM_BITS.read_text(encoding="ascii"))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program["text"])
def test_programs_are_coded_as_they_were(program: dict[str, Any]) -> None:
    machine = Machine(program["symbols"], bytes.fromhex(program["context"]))
    node, used = read_program(program["bits"], machine)
    assert used == len(program["bits"])
    assert format_program(node, program["symbols"]) == program["text"]
    assert run_node(node, machine).tobytes().hex() == program["printed"]
    assert write_program(parse_program(program["text"], machine), machine) == program["bits"]


def test_programs_hold_every_operator() -> None:
    texts = " ".join(program["text"] for program in PROGRAMS)
    for name in set(OPERATORS) - {"literal", "constant", "concat", "repeat"}:
        assert name in texts


PUBLIC_NAMES: dict[str, list[str]] = json.loads((FOLDER / "public_names.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("package", PUBLIC_NAMES)
def test_public_names_are_as_they_were(package: str) -> None:
    """If a name changed on purpose, change it in public_names.json too."""
    assert sorted(importlib.import_module(package).__all__) == PUBLIC_NAMES[package]
