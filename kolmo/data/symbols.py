"""Files as raw symbols: pixels of a picture, samples of a sound, letters of a FASTA file, else bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from kolmo._core.extras import import_extra, library_errors, silent_library
from kolmo.data.lines import check_path, opened, read_whole
from kolmo.errors import DataError

PATCH_WIDTH, PATCH_HEIGHT = 64, 32
_IMAGES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm", ".jxl"}
_SOUNDS = {".wav", ".flac", ".ogg", ".aiff", ".aif", ".mp3"}
_GENES = {".fa", ".fasta", ".fna", ".ffn", ".frn"}
_MAX_PIXELS = 2**27
_NOTHING = {
    "text": "no bytes",
    "image": f"no picture of {PATCH_WIDTH} x {PATCH_HEIGHT} pixels",
    "audio": "no samples of sound",
    "dna": "no bases",
}
"""Description of missing data, by modality."""


@dataclass(frozen=True, kw_only=True)
class Symbols:
    """Raw data with their modality.

    Parameters
    ----------
    data : bytes
        The symbols of all files.
    modality : {"text", "image", "audio", "dna", "bytes"}
        Kind of data.
    name : str
        Name of the file or folder.
    documents : tuple of bytes
        The symbols of each file; empty if they were not read from files.
    """

    data: bytes
    modality: str
    name: str
    documents: tuple[bytes, ...] = field(default=(), repr=False)


def read_symbols(path: str | Path, *, limit: int = 2**30) -> Symbols:
    """Read a file, or the files of a folder one after another, as raw symbols.

    Parameters
    ----------
    path : str or Path
        Pictures become grey patches of 64 x 32 pixels, one byte per pixel, from left to right and top to bottom, as in
        the paper; incomplete patches are omitted. Sounds become 16-bit little-endian samples, averaged over the
        channels. FASTA files become their letters in upper case, without headers. Other files are unchanged: text if
        they are UTF-8, else bytes. In a folder, hidden files are ignored, and all others must be of one kind.
    limit : int
        Largest number of bytes to read.

    Returns
    -------
    Symbols

    Raises
    ------
    DataError
        If a file cannot be read, or there are no data.
    MissingDependencyError
        If pictures need the extra ``image``, or sounds the extra ``audio``.

    References
    ----------
    Delétang et al., "Language Modeling Is Compression", ICLR 2024.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "a.txt").write_text("to be or not to be")
    ...     read_symbols(folder).modality
    'text'
    """
    check_path(path)
    place = Path(path)
    files = [place]
    if place.is_dir():
        files = sorted(file for file in place.rglob("*") if file.is_file() and not file.name.startswith("."))
    parts: list[bytes] = []
    kinds: set[str] = set()
    left = limit
    for file in files:
        kind, data = _read(file, limit)
        kinds.add(kind)
        parts.append(data[:left])
        left -= len(parts[-1])
        if not left:
            break
    data = b"".join(parts)
    if not data:
        raise DataError(f"{path} holds no data: {' and '.join(_NOTHING[kind] for kind in sorted(kinds)) or 'no file'}")
    if len(kinds & {"image", "audio", "dna"}) and len(kinds) > 1:
        raise DataError(
            f"{path}: expected files of one kind, got {', '.join(sorted(kinds))}; use one folder for each kind"
        )
    return Symbols(
        data=data,
        modality="bytes" if "bytes" in kinds else min(kinds),
        name=place.name or str(place),
        documents=tuple(filter(None, parts)),
    )


def patches(grey: bytes, width: int) -> bytes:
    """Return the patches of a grey picture with one byte per pixel, concatenated."""
    import numpy as np

    rows = np.frombuffer(grey, np.uint8).reshape(-1, width)
    down, across = rows.shape[0] // PATCH_HEIGHT, width // PATCH_WIDTH
    cut = rows[: down * PATCH_HEIGHT, : across * PATCH_WIDTH]
    return cut.reshape(down, PATCH_HEIGHT, across, PATCH_WIDTH).swapaxes(1, 2).tobytes()


def _read(file: Path, limit: int) -> tuple[str, bytes]:
    if file.suffix.lower() in _IMAGES:
        return "image", _pixels(file)
    if file.suffix.lower() in _SOUNDS:
        return "audio", _samples(file, limit)
    if file.suffix.lower() in _GENES:
        lines = read_whole(file, 2**30).splitlines()
        return "dna", b"".join(line.strip().upper() for line in lines if not line.startswith((b">", b";")))
    with opened(file) as source:
        data = source.read(limit)
    # the limit may split a character
    for end in range(len(data), max(0, len(data) - 4), -1):
        try:
            data[:end].decode()
        except UnicodeDecodeError:
            continue
        return "text", data
    return ("bytes", data) if data else ("text", data)


def _pixels(file: Path) -> bytes:
    image = import_extra("PIL.Image", extra="image", purpose=f"reading the picture {file.name!r}")
    check_path(file)
    with library_errors(f"the picture {file} cannot be read"), image.open(file) as picture:
        if picture.width * picture.height > _MAX_PIXELS:
            raise DataError(f"{file}: expected at most {_MAX_PIXELS:,} pixels, got {picture.width} x {picture.height}")
        grey = picture.convert("L")
        return patches(grey.tobytes(), grey.width)


def _samples(file: Path, limit: int) -> bytes:
    soundfile = import_extra("soundfile", extra="audio", purpose=f"reading the sound {file.name!r}")
    check_path(file)
    with library_errors(f"the sound {file} cannot be read"), silent_library():
        samples, _ = soundfile.read(file, frames=limit // 2, dtype="int16", always_2d=True)
        mean: bytes = samples.mean(1).round().astype("<i2").tobytes()
    return mean
