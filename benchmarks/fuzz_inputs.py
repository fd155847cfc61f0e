"""Valid inputs that the fuzzers damage, and hostile texts."""

from __future__ import annotations

import io
import tempfile
import wave
from functools import cache
from pathlib import Path
from typing import Any

TEXT = b"".join(b"the %d cats sat on the mat, and %d dogs lay on the rug\n" % (n, n * n) for n in range(60))
HOSTILE = (
    "\x1b]0;owned\x07",
    "\x1b[2J\x1b[H",
    "\x1b[8mhidden",
    "\x9b31m",
    "\u202egnp.exe",
    "\u2066a\u2069",
    "a\u200bb\u2060c",
    "line\u2028break",
    "a\rb",
    "a\nError: b",
    "\x7f\x08\x08",
    "\U000e0041\ufe0f",
    b"\xff\xfe".decode("utf-8", "surrogateescape"),
)
"""Texts that control a terminal, hide or reorder text, or are not UTF-8."""
STREAM_CODERS = (
    *("zstd", "lzma", "xz", "gzip", "bz2", "brotli", "lz4", "ppmd", "ngram", "mix:level=1", "gru:hidden=16"),
    *("mixture:coders=ngram+mix:level=1", "best:coders=zstd+ngram", "uniform"),
)


@cache
def archives() -> tuple[bytes, ...]:
    from kolmo import KolmoError, compress

    found = []
    for name in STREAM_CODERS:
        try:
            found.append(compress(TEXT[:600], coder=name))
        except KolmoError:  # a library that is not installed
            continue
    return tuple(found)


def forged(config: dict[str, Any], payload: bytes, claims: int) -> bytes:
    """Return a .kolmo file with any configuration and payload; it claims a size, and all checksums are right."""
    from kolmo.coders.entropy.checksums import Output, checksum
    from kolmo.coders.entropy.framing import join_length
    from kolmo.container.header import ContainerHeader

    header = ContainerHeader(
        config=config, fingerprint="forged", block_size=max(claims, 1), size=claims, context_file=None
    ).to_bytes()
    file = io.BytesIO()
    output = Output(file)
    output.front(b"\x89KLM\2" + join_length(len(header), header))
    output.front(join_length(claims, join_length(len(payload), checksum(b"") + payload)))
    output.front(join_length(0, bytes(8)))
    return file.getvalue()


def decode_archives() -> None:
    """Decompress all valid archives once, which compiles the kernels."""
    from kolmo import decompress

    for archive in archives():
        decompress(archive)


def is_installed(module: str) -> bool:
    import importlib.util

    return importlib.util.find_spec(module) is not None


def parquet_table(names: tuple[str, ...], rows: list[list[str]]) -> bytes:
    import pyarrow
    from pyarrow import parquet

    file = io.BytesIO()
    columns = {
        name: [row[place].encode("utf-8", "replace").decode() for row in rows] for place, name in enumerate(names)
    }
    parquet.write_table(pyarrow.table(columns), file)
    return file.getvalue()


@cache
def media() -> dict[str, bytes]:
    """Return small valid pictures, sounds and other files by name."""
    import numpy as np

    found: dict[str, bytes] = {"a.fa": b">one\nACGTTGCA\n>two\nACGGT\n", "a.txt": TEXT[:500]}
    found["a.ppm"] = b"P6 64 32 255\n" + bytes(64 * 32 * 3)
    sound = io.BytesIO()
    with wave.open(sound, "wb") as target:
        target.setnchannels(2)
        target.setsampwidth(2)
        target.setframerate(8000)
        target.writeframes(bytes(range(256)) * 8)
    found["a.wav"] = sound.getvalue()
    grid = np.add.outer(np.arange(64), np.arange(64)).astype(np.uint8)
    if is_installed("PIL"):
        from PIL import Image

        if is_installed("pillow_jxl"):
            import pillow_jxl  # noqa: F401
        picture = Image.fromarray(np.stack([grid, grid.T, 255 - grid], axis=-1))
        for ending in ("png", "jpg", "gif", "bmp", "tiff", "webp", "jxl"):
            file = io.BytesIO()
            try:
                picture.save(file, format={"jpg": "jpeg"}.get(ending, ending))
            except (KeyError, OSError):
                continue
            found[f"a.{ending}"] = file.getvalue()
    if is_installed("soundfile"):
        import soundfile

        for ending in ("flac", "ogg", "aiff", "mp3"):
            file = io.BytesIO()
            try:
                soundfile.write(file, grid[:32].reshape(-1, 2) / 256, 8000, format=ending)
            except (soundfile.SoundFileError, ValueError):
                continue
            found[f"a.{ending}"] = file.getvalue()
    return found


@cache
def model_files() -> dict[str, bytes]:
    """Return the files of a small trained model; none if torch is not installed."""
    if not is_installed("torch"):
        return {}
    import torch

    from kolmo.coders.neural.architecture.config import ModelConfig
    from kolmo.coders.neural.training.loop import split_corpus, train
    from kolmo.coders.neural.training.plan import TrainingPlan

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        plan = TrainingPlan(n_bytes=3000, batch_size=2, sequence_length=16, checkpoints=1)
        parsed = ModelConfig.parse("gru:20k,n_grams=1,hash_bits=4")
        train(parsed, plan, *split_corpus(TEXT), Path(folder), device=torch.device("cpu"))
        return {file.name: file.read_bytes() for file in sorted(Path(folder).iterdir()) if file.is_file()}


@cache
def valid_checkpoint() -> bytes:
    from kolmo import gain_matrix

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "c"
        gain_matrix({name: TEXT[:300] + name.encode() for name in "abc"}, coder="zstd", n_jobs=1, checkpoint=path)
        return path.read_bytes()
