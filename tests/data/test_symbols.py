"""Pictures are pixels, sounds are samples, and all else is what it is."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from kolmo.data.symbols import read_symbols
from kolmo.errors import DataError


def test_text_and_bytes_are_taken_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("naïve " * 50, encoding="utf-8")
    (tmp_path / "b").write_bytes(b"\xff\xfe\x00" * 50)
    assert read_symbols(tmp_path / "a").modality == "text"
    assert read_symbols(tmp_path / "a", limit=3).data == "na\u00ef".encode()[:3]  # a character cut in two
    assert read_symbols(tmp_path / "a", limit=3).modality == "text"
    assert read_symbols(tmp_path / "b").modality == "bytes"
    assert read_symbols(tmp_path).data == ("naïve " * 50).encode() + b"\xff\xfe\x00" * 50


def test_the_files_of_a_folder_are_its_documents(tmp_path: Path) -> None:
    for name, text in (("a", "one"), ("b", ""), ("c", "three"), ("d", "four")):
        (tmp_path / name).write_text(text)
    assert read_symbols(tmp_path).documents == (b"one", b"three", b"four")
    cut = read_symbols(tmp_path, limit=5)
    assert (cut.data, cut.documents) == (b"oneth", (b"one", b"th"))
    assert read_symbols(tmp_path / "a").documents == (b"one",)


def test_a_picture_is_its_grey_patches(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image", reason="the extra image is not installed")
    grey = np.random.default_rng(0).integers(0, 256, (70, 150), np.uint8)
    image.fromarray(grey).save(tmp_path / "a.png")
    read = read_symbols(tmp_path / "a.png")
    assert (read.modality, len(read.data)) == ("image", 2 * 2 * 64 * 32)
    assert read.data[:2048] == grey[:32, :64].tobytes()
    assert read.data[2048:4096] == grey[:32, 64:128].tobytes()


def test_a_sound_is_its_samples(tmp_path: Path) -> None:
    pytest.importorskip("soundfile", reason="the extra audio is not installed")
    samples = np.random.default_rng(0).integers(-1000, 1000, 500).astype("<i2")
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(samples.tobytes())
    read = read_symbols(tmp_path / "a.wav")
    assert (read.modality, read.data) == ("audio", samples.tobytes())


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    for name in ("a.png", "a.wav"):
        (tmp_path / name).write_bytes(b"nonsense")
        with pytest.raises(DataError, match="cannot be read"):
            read_symbols(tmp_path / name)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no data: no files"):
        read_symbols(tmp_path / "empty")
    (tmp_path / "none.fa").write_text(">header\n")
    with pytest.raises(DataError, match=r"none\.fa holds no data: FASTA, 0 records"):
        read_symbols(tmp_path / "none.fa")
    with pytest.raises(DataError, match="no file"):
        read_symbols(tmp_path / "missing")
