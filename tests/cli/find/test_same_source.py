from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kolmo import SameSourceVerifier, load_model

VOCABULARIES = ["cat mat sat hat", "bond stock rate gold", "oak elm ash fir", "sun sky sea air", "red blue green pink"]


def text_of(source: int, size: int, seed: int) -> str:
    words = VOCABULARIES[source].split()
    return " ".join(np.random.default_rng(seed).choice(words, size // 4))


@pytest.fixture
def authors() -> None:
    for source in range(5):
        Path(f"authors/{source}").mkdir(parents=True)
        Path(f"authors/{source}/text.txt").write_text(text_of(source, 1600, source))
    Path("a.txt").write_text(text_of(0, 400, 10))
    Path("b.txt").write_text(text_of(0, 400, 11))
    Path("c.txt").write_text(text_of(1, 400, 12))


OPTIONS = ("--texts", "authors", "-c", "deflate", "--pairs", "40")


def test_texts_of_one_source_are_told_from_others(kolmo: Any, authors: None) -> None:
    same = json.loads(kolmo("same-source", "a.txt", "b.txt", *OPTIONS, "--save", "model", "--json").stdout)
    other = json.loads(kolmo("same-source", "a.txt", "c.txt", "--model", "model", "--json").stdout)
    assert same["answer"] == "same source"
    assert other["answer"] == "different sources"
    assert same["probability"] > 0.5 > other["probability"]
    loaded = load_model("model")
    assert isinstance(loaded, SameSourceVerifier)
    pair = [tuple(Path(name).read_bytes() for name in ("a.txt", "b.txt"))]
    assert loaded.predict_proba(pair)[0, 1] == same["probability"]
    table = kolmo("same-source", "a.txt", "-", "--model", "model", stdin=Path("b.txt").read_bytes()).stdout
    assert "Same source? a.txt and -" in table
    assert "probability of the same source" in table


def test_a_model_is_saved_without_files(kolmo: Any, refused: Any, authors: None) -> None:
    assert (
        "saved to model; fitted to 40 pairs of 200 bytes"
        in kolmo("same-source", *OPTIONS, "--size", "200", "--save", "model").stdout
    )
    assert "replace it with --force" in refused("same-source", *OPTIONS, "--save", "model", code=2)


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["a.txt", "--texts", "authors"], 2, "expected two files"),
        (["a.txt", "b.txt"], 2, "expected either --texts TEXTS"),
        (["a.txt", "b.txt", "--texts", "authors", "--model", "m"], 2, "expected either --texts TEXTS"),
        (["--texts", "authors"], 2, "nothing to do"),
        (["a.txt", "b.txt", "--model", "m", "--save", "n"], 2, "--save has no effect"),
        (["a.txt", "b.txt", "--model", "m", "--size", "500"], 2, "--size has no effect"),
        (["a.txt", "b.txt", "--model", "authors"], 1, "expected the folder of a model"),
        (["a.txt", "b.txt", "--texts", "a.txt"], 1, "have no labels"),
        (["a.txt", "nothing.txt", "--texts", "authors"], 1, "there is no file 'nothing.txt'"),
        (["a.txt", "short.txt", "--texts", "authors"], 1, "expected a text of at least 100 bytes"),
        (["-", "-", "--texts", "authors"], 2, "stdin can be read only once"),
    ],
)
def test_wrong_use_is_one_line(refused: Any, authors: None, arguments: list[str], code: int, text: str) -> None:
    Path("short.txt").write_text("too short")
    assert text in refused("same-source", *arguments, code=code, stdin=b"")


def test_a_model_of_another_kind_is_refused(kolmo: Any, refused: Any, authors: None) -> None:
    Path("lines.log").write_text("\n".join(map(str, range(200))))
    kolmo("outliers", "--normal", "lines.log", "--save", "other")
    line = refused("same-source", "a.txt", "b.txt", "--model", "other", code=1)
    assert "expected a model of kolmo same-source" in line
    kolmo("same-source", *OPTIONS, "--save", "model", "--size", "200")
    assert "expected a model of kolmo outliers" in refused("outliers", "--model", "model", "lines.log", code=1)
