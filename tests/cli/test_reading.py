"""Every command that takes data reads them in the same way, and says how on stderr."""

from __future__ import annotations

import gzip
import json
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kolmo import coder

SEQUENCE = "".join(np.random.default_rng(0).choice(list("ACGT"), 3000))
FRENCH = "Çà et là, l'élève a été reçu à l'école. " * 4


def fasta(letters: str, width: int = 60) -> str:
    return ">s\n" + "".join(f"{letters[at : at + width]}\n" for at in range(0, len(letters), width))


def sequences() -> None:
    Path("dna.fa").write_text(fasta(SEQUENCE))
    Path("rna.fasta").write_text(fasta(SEQUENCE.lower().replace("t", "u"), 70))
    Path("dna.fa.gz").write_bytes(gzip.compress(Path("dna.fa").read_bytes()))
    Path("dna.fq").write_text(f"@s\n{SEQUENCE}\n+\n{'I' * len(SEQUENCE)}\n")


@pytest.mark.parametrize("other", ["rna.fasta", "dna.fa.gz", "dna.fq"])
def test_sequences_are_the_same_in_every_form(kolmo: Any, other: str) -> None:
    sequences()
    run = kolmo("joint", "dna.fa", other, "-c", "mix:level=1", "--resamples", "0", "--json")
    (gain,) = json.loads(run.stdout)["gains"]
    assert gain["relative_gain"] > 0.48
    assert "Note: dna.fa: FASTA, 1 record\n" in run.stderr
    for command in (["length", "dna.fa", other], ["distance", "dna.fa", other, "-c", "mix:level=1"]):
        found = json.loads(kolmo(*command, "--json").stdout)
        sizes = found.get("size_bytes") or [each["size_bytes"] for each in found["lengths"]]
        assert set(sizes) == {len(SEQUENCE)}
    assert f"{len(SEQUENCE):,} bytes" in kolmo("surprisal", other, "-c", "ngram").stdout


def test_raw_files_are_their_bytes(kolmo: Any) -> None:
    sequences()
    (length,) = json.loads(kolmo("length", "dna.fa.gz", "--raw", "-c", "gzip", "--json").stdout)["lengths"]
    assert length["bits"] == coder("gzip").code_length(Path("dna.fa.gz").read_bytes())


def test_normal_forms_are_equal_on_request(kolmo: Any) -> None:
    for form in ("NFC", "NFD"):
        Path(form).write_text(unicodedata.normalize(form, FRENCH), encoding="utf-8")
    Path("upper").write_text(unicodedata.normalize("NFC", FRENCH).upper(), encoding="utf-8")

    def distance(*options: str) -> float:
        return float(json.loads(kolmo("distance", *options, "-c", "lz77", "--json").stdout)["distance"])

    assert distance("NFC", "NFD") > 0.3
    assert distance("NFC", "NFD", "--normalize", "NFC") < 0.1
    assert distance("NFC", "NFD", "--normalize", "NFKD") < 0.1
    assert distance("NFC", "upper", "--casefold") < 0.2 < distance("NFC", "upper")


def test_one_file_among_pictures_is_left_out_or_skipped_and_counted(kolmo: Any, refused: Any) -> None:
    image = pytest.importorskip("PIL.Image", reason="the extra image is not installed")
    for folder in ("all/x", "all/y"):
        Path(folder).mkdir(parents=True)
        for number in range(3):
            pixels = np.random.default_rng(number).integers(0, 256, (40, 70, 3), np.uint8)
            image.fromarray(pixels).save(f"{folder}/{number}.png")
    Path("all/x/notes.txt").write_text("some notes")
    Path("all/y/9.png").write_bytes(Path("all/y/0.png").read_bytes()[:1000])
    skip = ["--only", "image", "--skip-unreadable"]
    for command in (
        ["length", "all", "-c", "zstd"],
        ["distance", "all", "-c", "zstd"],
        ["joint", "all/x", "all/y", "-c", "zstd", "--resamples", "0"],
        ["classify", "all", "all", "--method", "neighbors", "-c", "zstd"],
        ["rates", "all", "-c", "zstd", "--no-random"],
    ):
        only_one = refused(*command, "--only", "image", code=1)
        assert "the picture all/y/9.png cannot be read" in only_one
        assert "--skip-unreadable" in only_one
        if command[0] in ("joint", "classify", "rates"):
            said = refused(*command, "--skip-unreadable", code=1)
            assert "expected files of one kind, got image, text; " in said
            assert "--only image" in said
        run = kolmo(*command, *skip)
        assert "1 file of other kinds left out: all/x/notes.txt" in run.stderr
        assert "1 unreadable file skipped: the picture all/y/9.png cannot be read" in run.stderr
        counted = kolmo(*command, *skip, "--json").stdout
        assert "1 file of other kinds left out" in counted
        assert "1 unreadable file skipped" in counted


def test_what_was_guessed_is_said(kolmo: Any, refused: Any) -> None:
    rows = [("spam", "win a prize; now"), ("ham", "see you, at noon"), ("spam", "a prize for you"), ("ham", "ok")]
    table = "Kategorie;Nachricht\r\n" + "".join(f'{label};"{text}"\r\n' for label, text in rows)
    Path("excel.csv").write_bytes(table.encode("cp1252"))
    run = kolmo("classify", "excel.csv", "excel.csv", "--method", "neighbors", "--json")
    assert "cells separated by semicolons; text in column 'Nachricht', labels in column 'Kategorie'" in run.stderr
    document = json.loads(run.stdout)
    assert document["train"]["remarks"][0] == "cells separated by semicolons"
    assert document["train"]["classes"] == {"ham": 2, "spam": 2}
    Path("no.csv").write_text("spam,win a prize now\nham,see you at noon\nspam,a prize for you\nham,good day to you\n")
    said = refused("classify", "no.csv", "no.csv", "--text-column", "text", code=2)
    assert "what looks like data: 'spam, win a prize now'" in said
    assert "--no-header" in said
    numbered = ["--no-header", "--text-column", "1", "--label-column", "0", "--method", "neighbors"]
    assert kolmo("classify", "no.csv", "no.csv", *numbered).exit_code == 0
    assert kolmo("classify", "no.csv", "no.csv", *numbered, "--delimiter", ",").exit_code == 0


def test_the_test_set_is_read_as_the_training_set(kolmo: Any) -> None:
    train = "kind,message,source\n" + "".join(f"{'ab'[n % 2]},{'ab'[n % 2] * 3} some text {n},x{n}\n" for n in range(8))
    Path("train.csv").write_text(train)
    Path("test.csv").write_text("message,source\n" + "".join(f"aaa some text {n},{'xy'[n % 2]}\n" for n in range(8)))
    run = kolmo("classify", "train.csv", "test.csv", "--method", "neighbors")
    assert run.stdout.split() == ["a"] * 8


def test_packed_sets_and_stdin(kolmo: Any) -> None:
    rows = "".join(json.dumps({"text": f"{label * 3} text", "label": label}) + "\n" for label in "abab")
    Path("train.jsonl.gz").write_bytes(gzip.compress(rows.encode()))
    packed = gzip.compress(b"aaa text\nbbb text\n")
    run = kolmo("classify", "train.jsonl.gz", "-", "--method", "neighbors", stdin=packed)
    assert run.stdout.split() == ["a", "b"]


@pytest.mark.parametrize("options", [[], ["--as-set"]])
def test_nothing_to_read_is_one_line(refused: Any, kolmo: Any, options: list[str]) -> None:
    Path("set").mkdir()
    Path("set/a.png").write_bytes(b"no picture")
    for left_out in (["--skip-unreadable"], ["--only", "text"]):
        assert "nothing was read: 1 " in refused("length", "set", *left_out, *options, code=1)
    Path("b.txt").write_text("some text")
    run = kolmo("length", "set/a.png", "b.txt", "--skip-unreadable", "--json", *options)
    assert {each["file"] for each in json.loads(run.stdout)["lengths"]} == {"b.txt"}
    Path("set/c.txt").write_text("text")
    Path("set/d.fa").write_text(">d\nACGT\n")
    if options:
        assert "expected files of one kind, got dna, text" in refused(
            "length", "set", "--skip-unreadable", "--as-set", code=1
        )
    else:
        kolmo("length", "set", "--skip-unreadable")
