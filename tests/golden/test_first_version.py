"""Files of version 1 of the .kolmo format, which Kolmo 0.1 wrote: those by library coders open, others are refused."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from kolmo.errors import DecodeError

FOLDER = Path(__file__).parent / "first_version"
LIBRARY = ("deflate", "zstd")


def load_inputs() -> Any:
    spec = importlib.util.spec_from_file_location("golden_inputs", Path(__file__).parent / "inputs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


golden = load_inputs()
FILES = sorted(FOLDER.iterdir())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_files_of_the_first_version(path: Path) -> None:
    name, _, given = path.stem.partition("_given-")
    spec, _, data = name.rpartition("_")
    context = golden.INPUTS[given]() if given else b""
    if spec.startswith(LIBRARY):
        assert golden.unpack(path.read_bytes(), context)[0] == golden.INPUTS[data]()
    else:
        with pytest.raises(DecodeError, match=r"Kolmo 0\.1 wrote the file and reads it"):
            golden.unpack(path.read_bytes(), context)
