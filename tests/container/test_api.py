"""`kolmo.compress` and `kolmo.decompress`."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

import kolmo
from kolmo.container import read_header
from kolmo.errors import DataError, DecodeError, NotDecodableError

TEXT = "all happy families are alike; each unhappy family is unhappy in its own way. " * 20


@given(st.one_of(st.text(), st.binary()), st.sampled_from(["deflate", "xz", "ngram"]))
def test_data_round_trip(data: str | bytes, coder: str) -> None:
    packed = kolmo.compress(data, coder=coder)
    assert kolmo.decompress(packed) == kolmo.as_bytes(data)


def test_a_path_is_a_file_and_a_str_is_data(tmp_path: Path) -> None:
    file = tmp_path / "book.txt"
    file.write_text(TEXT)
    from_file = kolmo.compress(file, coder="zstd")
    assert from_file == kolmo.compress(TEXT, coder="zstd")
    assert kolmo.decompress(kolmo.compress(str(file), coder="zstd")) == str(file).encode()


def test_files_are_written_and_read(tmp_path: Path) -> None:
    file, packed, back = tmp_path / "a", tmp_path / "a.kolmo", tmp_path / "b"
    file.write_bytes(TEXT.encode())
    assert kolmo.compress(file, coder="bz2", output=packed) == packed
    assert kolmo.decompress(packed, output=str(back)) == back
    assert back.read_bytes() == file.read_bytes()
    with packed.open("rb") as source:
        assert read_header(source).config == kolmo.coder("bz2").config


def test_a_context_saves_bytes_and_is_needed_again(tmp_path: Path) -> None:
    context = tmp_path / "context.txt"
    context.write_text(TEXT[:500])
    primed = kolmo.compress(TEXT[:300], coder="zstd", context=context)
    assert len(primed) < len(kolmo.compress(TEXT[:300], coder="zstd")) + 100
    assert kolmo.decompress(primed, context=context) == TEXT[:300].encode()
    assert kolmo.decompress(primed, context=TEXT[:500]) == TEXT[:300].encode()
    with pytest.raises(DecodeError, match=r"expected the context 'context\.txt' of 500 bytes .* got none"):
        kolmo.decompress(primed)


def test_max_size_limits_what_is_decoded() -> None:
    packed = kolmo.compress(bytes(1000), coder="zstd")
    assert kolmo.decompress(packed, max_size=1000) == bytes(1000)
    assert kolmo.decompress(packed, max_size=None) == bytes(1000)
    with pytest.raises(DecodeError, match="expected at most 999 bytes"):
        kolmo.decompress(packed, max_size=999)


def test_an_error_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(DecodeError, match=r"expected a \.kolmo file"):
        kolmo.decompress(b"something else", output=tmp_path / "out")
    with pytest.raises(NotDecodableError):
        kolmo.compress(b"x", coder="order0", output=tmp_path / "out")
    with pytest.raises(DataError, match="there is no file"):
        kolmo.compress(tmp_path / "absent", output=tmp_path / "out")
    with pytest.raises(DataError, match="expected str or bytes, got int"):
        kolmo.compress(7)  # type: ignore[call-overload]
    assert list(tmp_path.iterdir()) == []
