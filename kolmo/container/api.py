"""Compression and decompression of data or files in one call, in the format of a .kolmo file."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, cast, overload

from kolmo._core.files import write_whole
from kolmo._core.items import as_bytes
from kolmo.coders.limits import MAX_DECODED_BYTES
from kolmo.coders.registry import CoderLike, coder as make_coder
from kolmo.container.archive import DEFAULT_BLOCK_BYTES, read_container, write_container
from kolmo.data.lines import opened

DEFAULT_CODER = "mix"


@overload
def compress(
    data: Any,
    *,
    coder: CoderLike = ...,
    context: Any = ...,
    output: None = ...,
    block_size: int = ...,
    verify: bool | None = ...,
) -> bytes: ...


@overload
def compress(
    data: Any,
    *,
    coder: CoderLike = ...,
    context: Any = ...,
    output: str | os.PathLike[str],
    block_size: int = ...,
    verify: bool | None = ...,
) -> Path: ...


def compress(
    data: Any,
    *,
    coder: CoderLike = DEFAULT_CODER,
    context: Any = None,
    output: str | os.PathLike[str] | None = None,
    block_size: int = DEFAULT_BLOCK_BYTES,
    verify: bool | None = None,
) -> bytes | Path:
    """Compress data or a file to the .kolmo format, which stores the coder and checksums.

    Parameters
    ----------
    data : str, bytes-like or os.PathLike
        The data to compress; text is encoded as UTF-8. A path object, such as ``pathlib.Path("book.txt")``, is read as
        a file.
    coder : str, mapping or Coder
        Any decodable coder; see `kolmo.coder`.
    context : str, bytes-like or os.PathLike, optional
        Data that the coder reads first; `decompress` needs the same context.
    output : str or os.PathLike, optional
        The file to write; it appears when it is complete and replaces an existing file. By default the compressed
        bytes are returned.
    block_size : int
        Bytes in a block. Blocks are compressed independently; larger ones compress better and need more memory.
    verify : bool, optional
        Decompress each block and compare. By default only if the coder is not ``tags.portable``.

    Returns
    -------
    bytes or pathlib.Path
        The compressed data, or the path `output`.

    Raises
    ------
    DataError
        If `data` is neither text, bytes nor a path, or the file cannot be read.
    NotDecodableError
        If the coder writes no stream.
    PrimingError
        If `context` is given and the coder cannot be primed.

    See Also
    --------
    decompress : Read the result.
    kolmo.coders.Coder.compress : The bare stream of a coder.

    Examples
    --------
    >>> packed = compress("to be or not to be " * 100, coder="zstd")
    >>> len(packed) < 500  # of 1,900 bytes; header and checksums take about 300
    True
    >>> decompress(packed)[:18]
    b'to be or not to be'
    """
    primed = make_coder(coder).prime(_content(context))
    name = Path(context).name if isinstance(context, os.PathLike) else ""

    def run(source: BinaryIO, target: BinaryIO) -> None:
        write_container(source, target, primed, context_name=name, block_size=block_size, verify=verify)

    return _converted(data, output, run)


@overload
def decompress(
    data: Any,
    *,
    context: Any = ...,
    models: Sequence[str | os.PathLike[str]] = ...,
    output: None = ...,
    max_size: int | None = ...,
) -> bytes: ...


@overload
def decompress(
    data: Any,
    *,
    context: Any = ...,
    models: Sequence[str | os.PathLike[str]] = ...,
    output: str | os.PathLike[str],
    max_size: int | None = ...,
) -> Path: ...


def decompress(
    data: Any,
    *,
    context: Any = None,
    models: Sequence[str | os.PathLike[str]] = (),
    output: str | os.PathLike[str] | None = None,
    max_size: int | None = MAX_DECODED_BYTES,
) -> bytes | Path:
    """Decompress data or a file in the .kolmo format; the header says which coder to use.

    Parameters
    ----------
    data : bytes-like or os.PathLike
        What `compress` or the command ``kolmo compress`` wrote; it is not trusted. A path object is read as a file.
    context : str, bytes-like or os.PathLike, optional
        The context that the data were compressed with.
    models : sequence of str or Path
        Folders with the models that coders such as ``neural`` and ``hf`` load, searched with their sub-folders by the
        SHA-256 in the file; after these, the folders in the environment variable ``KOLMO_MODELS``.
    output : str or os.PathLike, optional
        The file to write; it appears when everything is decompressed and verified. By default the bytes are returned.
    max_size : int or None
        Largest number of bytes to decompress, 1 GiB by default; None for no limit.

    Returns
    -------
    bytes or pathlib.Path
        The original data, or the path `output`.

    Raises
    ------
    DecodeError
        If the data are not a .kolmo file, damaged, truncated, larger than `max_size`, or need another context.
    MissingDependencyError
        If the coder needs an extra that is not installed.

    See Also
    --------
    kolmo.container.read_header : The header alone.

    Examples
    --------
    >>> packed = compress("the same words again", coder="deflate", context="the same words")
    >>> decompress(packed, context="the same words")
    b'the same words again'
    """
    read = _content(context)

    def run(source: BinaryIO, target: BinaryIO) -> None:
        read_container(source, target, context=read, models=models, max_size=max_size)

    return _converted(data, output, run)


def _converted(data: Any, output: str | os.PathLike[str] | None, run: Any) -> bytes | Path:
    """Return what `run` makes of the data, or the path of the file that it was written to."""
    with _source(data) as source:
        if output is None:
            target = io.BytesIO()
            run(source, target)
            return target.getvalue()

        def write(file: IO[bytes]) -> None:
            run(source, cast("BinaryIO", file))

        write_whole(Path(output), write)
        return Path(output)


def _content(context: Any) -> bytes:
    if context is None:
        return b""
    with _source(context) as source:
        return source.read()


@contextmanager
def _source(data: Any) -> Iterator[BinaryIO]:
    if isinstance(data, os.PathLike):
        with opened(Path(data)) as file:
            yield file
    else:
        yield io.BytesIO(as_bytes(data))
