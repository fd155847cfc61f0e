"""The letters of sequences are the same however a file writes them."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from kolmo import read
from kolmo.data.decoders.sequences import read_sequences
from kolmo.data.decoding import Reading
from kolmo.data.symbols import read_content, read_symbols
from kolmo.errors import DataError

reuse_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
records = st.lists(st.text("ACGTN", min_size=1, max_size=300), min_size=1, max_size=5)


@reuse_folder
@given(
    records=records,
    width=st.integers(1, 80),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    rna=st.booleans(),
    low=st.booleans(),
)
def test_every_way_to_write_it(tmp_path: Path, records: list[str], width: int, end: str, rna: bool, low: bool) -> None:
    written = [letters.replace("T", "U") if rna else letters for letters in records]
    written = [letters.lower() if low else letters for letters in written]
    text = "".join(
        f">record {number}{end}" + "".join(f"{letters[at : at + width]}{end}" for at in range(0, len(letters), width))
        for number, letters in enumerate(written)
    )
    expected = [letters.encode() for letters in records]
    (tmp_path / "a.fa").write_bytes(text.encode())
    (tmp_path / "a.fasta.gz").write_bytes(gzip.compress(text.encode()))
    for name in ("a.fa", "a.fasta.gz"):
        corpus = read(tmp_path / name)
        assert (list(corpus.items), corpus.modality) == (expected, "dna")
        assert read_symbols(tmp_path / name).data == b"".join(expected)
    fastq = [f"@{end}{letters}{end}+{end}{'@' * len(letters)}{end}" for letters in written]
    (tmp_path / "a.fq").write_bytes("".join(fastq).encode())
    assert list(read(tmp_path / "a.fq").items) == expected


def test_the_qualities_follow_on_request(tmp_path: Path) -> None:
    path = tmp_path / "a.fastq"
    path.write_text("@r1\nACGU\nAC\n+\nIII@\n@I\n\n@r2\nNN\n+r2\n!!\n")
    assert read_content(path, Reading()).data == b"ACGTACNN"
    assert read_content(path, Reading(qualities=True)).data == b"ACGTACNNIII@@I!!"
    assert read_content(path, Reading()).remark == "FASTQ, 2 records, U of RNA read as T"


def test_proteins_and_gaps() -> None:
    found = read_sequences(b">p\nMKVLUE*\n", "a")
    assert (found.records, found.modality) == ([b"MKVLUE*"], "protein")
    assert read_sequences(b";old\nAC-GT.\n1 acgt 5\n", "a").records == [b"AC-GT.ACGT"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b">a\nAC<GT\n", "line 2: expected the letters of a sequence, got b'AC<GT'"),
        (b">a\nAC\n;\n\n>b\nAC\nA <GT\n", "line 7: expected the letters of a sequence, got b'A <GT'"),
        (b">a\nAC\xffGT\n", "line 2: expected the letters of a sequence"),
        (b"@r\nACGT\n+\nII\n", "the record at line 1: expected as many qualities as bases, got 2 and 4"),
        (b"@r\nACGT\n", "the record at line 1: .*got 0 and 4; the file may be truncated"),
        (b"@r\nA\n+\nI\nACGT\n", "line 5: expected a FASTQ header that starts with '@', got b'ACGT'"),
    ],
)
def test_what_is_no_sequence_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_sequences(data, "a")
