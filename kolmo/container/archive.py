"""The .kolmo file: streams of a coder in blocks, with the coder's configuration and checksums.

All numbers are unsigned LEB128; all checksums are CRC-32 in four bytes, low byte first. The parts, in order:

- Magic: four bytes, the first of which is not text; then the version of the format, one byte.
- Header: its length, then compressed JSON (see `ContainerHeader.to_bytes`); a checksum.
- Blocks: the length of the original, at least 1; the length of the payload; the checksum of the original; the payload,
  one complete stream of the coder; a checksum.
- End: a zero in place of a block's length; the first 8 bytes of the SHA-256 of the whole original; a checksum. Nothing
  follows.

Each checksum covers all bytes of the file before it, so no block can be moved within the file or to another file. A
block is decoded only after its checksum has been verified, and returned only if it has the checksum of the original.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from kolmo._core.checks import check_integer
from kolmo._version import __version__
from kolmo.coders.base import Coder
from kolmo.coders.entropy.checksums import DAMAGED, Input, Output, checksum, read_up_to
from kolmo.coders.entropy.framing import join_length
from kolmo.container.header import MAX_BLOCK_BYTES, ContainerHeader
from kolmo.container.versions import FirstVersion, FormatVersion, SecondVersion
from kolmo.errors import DataError, DecodeError, KolmoError

DEFAULT_BLOCK_BYTES = 2**24
"""Default block size: 16 MiB, large enough that restarting the coder in each block costs little."""

_MAGIC = b"\x89KLM"
_VERSION = 2
_FIRST_VERSION = b"\r\n\x1a\n\x01"
"""Follows the magic in files of version 1."""
_DIGEST_BYTES = SecondVersion.digest_bytes

OnProgress = Callable[[int], object]


@dataclass(frozen=True, kw_only=True)
class ContainerReport:
    """Summary of a container that was written or read.

    Parameters
    ----------
    header : ContainerHeader
        The header.
    size : int
        Size of the original in bytes.
    stored_size : int
        Size of the container in bytes.
    n_blocks : int
        Number of blocks.
    """

    header: ContainerHeader
    size: int
    stored_size: int
    n_blocks: int


def write_container(
    source: BinaryIO,
    target: BinaryIO,
    coder: Coder,
    *,
    size: int | None = None,
    context_name: str = "",
    block_size: int = DEFAULT_BLOCK_BYTES,
    verify: bool | None = None,
    on_progress: OnProgress | None = None,
) -> ContainerReport:
    """Compress `source` to `target` as a .kolmo file, holding one block at a time in memory.

    Parameters
    ----------
    source : binary file
        The data to compress, from the current position to the end.
    target : binary file
        The file to write; it need not be seekable. After an error it is incomplete, and `read_container` rejects it.
    coder : Coder
        Any decodable coder, primed (``coder.prime(context)``) or not.
    size : int, optional
        Size of `source` in bytes if it is known; it is stored in the header.
    context_name : str
        Name of the context of a primed coder in the header, which stores the context's hash and not the context.
    block_size : int
        Bytes in a block, up to 1 GiB. Blocks are compressed independently: larger blocks compress better, up to the
        coder's window, and need more memory.
    verify : bool, optional
        Decompress each block and compare. By default only if the coder is not ``tags.portable``.
    on_progress : callable, optional
        Called with the number of bytes compressed since the last call.

    Returns
    -------
    ContainerReport

    Raises
    ------
    NotDecodableError
        If the coder writes no stream.
    ParameterError
        If `block_size` is out of range, or the coder cannot be recreated from its name.
    DataError
        If `source` does not hold `size` bytes.
    KolmoError
        If a block does not decompress to the original.

    Examples
    --------
    >>> import io
    >>> from kolmo import coder
    >>> file = io.BytesIO()
    >>> report = write_container(io.BytesIO(b"to be or not to be"), file, coder("deflate"))
    >>> report.size, report.n_blocks, report.stored_size == len(file.getvalue())
    (18, 1, True)
    """
    check_integer("block_size", block_size, 1, MAX_BLOCK_BYTES)
    header = ContainerHeader.of(coder, block_size=block_size, size=size, context_name=context_name)
    block = read_up_to(source, block_size)
    if len(block) < block_size:
        _check_size(len(block), size)
        size = len(block)
    # a header that promises small blocks is read in little memory
    largest = block_size if size is None else max(1, min(block_size, size))
    header = dataclasses.replace(header, block_size=largest, size=size)
    verify = not coder.tags.portable if verify is None else verify
    output, raw = Output(target), header.to_bytes()
    output.front(_MAGIC + bytes([_VERSION]) + join_length(len(raw), raw))
    digest, total, n_blocks = hashlib.sha256(), 0, 0
    while block:
        if size is not None and total + len(block) > size:
            _check_size(total + len(block), size)
        payload = _compress(coder, block, verify)
        output.front(join_length(len(block), join_length(len(payload), checksum(block) + payload)))
        digest.update(block)
        total += len(block)
        n_blocks += 1
        if on_progress is not None:
            on_progress(len(block))
        block = read_up_to(source, block_size)
    _check_size(total, size)
    output.front(join_length(0, digest.digest()[:_DIGEST_BYTES]))
    return ContainerReport(header=header, size=total, stored_size=output.position, n_blocks=n_blocks)


def read_container(
    source: BinaryIO,
    target: BinaryIO,
    *,
    context: bytes = b"",
    models: Sequence[str | os.PathLike[str]] = (),
    max_size: int | None = None,
    on_progress: OnProgress | None = None,
) -> ContainerReport:
    """Decompress an untrusted .kolmo file from `source` to `target`, one block at a time.

    Each block is verified before it is written; truncation after a block is detected only at the end. After an error,
    discard `target`.

    Parameters
    ----------
    source : binary file
        Positioned at the start of the container, which extends to the end of the file; it need not be seekable.
    target : binary file
        The file to write the original to.
    context : bytes
        The context that the coder was primed with.
    models : sequence of str or Path
        Folders with the models that coders such as ``neural`` and ``hf`` load, searched with their sub-folders by the
        SHA-256 in the file; after these, the folders in the environment variable ``KOLMO_MODELS``.
    max_size : int, optional
        Largest number of bytes to write; a larger container is rejected before it is decoded that far.
    on_progress : callable, optional
        Called with the number of bytes written since the last call.

    Returns
    -------
    ContainerReport

    Raises
    ------
    DecodeError
        If `source` is not a container, damaged, truncated, followed by other bytes, larger than `max_size`, primed
        with a context other than `context`, or written by a coder that is not available.
    MissingDependencyError
        If its coder needs an extra that is not installed.

    Examples
    --------
    >>> import io
    >>> from kolmo import coder
    >>> file, original = io.BytesIO(), io.BytesIO()
    >>> report = write_container(io.BytesIO(b"to be or not to be"), file, coder("deflate"))
    >>> file.seek(0)
    0
    >>> report == read_container(file, original)
    True
    >>> original.getvalue()
    b'to be or not to be'
    """
    intake = Input(source, where="the header")
    version, header = _read_header(intake)
    _check_limit(header.size or 0, max_size)
    coder = header.make_coder(context, models)
    digest, total, n_blocks = hashlib.sha256(), 0, 0

    def check(length: int, payload_length: int) -> None:
        _check_lengths(header, intake.where, length, payload_length, total)
        _check_limit(total + length, max_size)

    while True:
        intake.where = f"block {n_blocks + 1:,}"
        part = version.read_block(intake, check)
        if part is None:
            break
        length, payload, block_checksum = part
        block = _decompress(coder, header, intake.where, payload, length)
        if checksum(block) != block_checksum:
            raise DecodeError(
                f"{intake.where} does not decode to the bytes that were compressed. {_versions(coder, header)}"
            )
        target.write(block)
        digest.update(block)
        total += length
        n_blocks += 1
        if on_progress is not None:
            on_progress(length)
    intake.where = "the end"
    if not version.read_end(intake, total, digest.digest()) or header.size not in (None, total):
        raise DecodeError(f"the {total:,} bytes that were decoded are not those that were compressed; {DAMAGED}")
    if source.read(1):
        raise DecodeError(
            f"expected the end of the file after {intake.position:,} bytes, got more; pass one complete .kolmo file"
        )
    return ContainerReport(header=header, size=total, stored_size=intake.position, n_blocks=n_blocks)


def read_header(source: BinaryIO) -> ContainerHeader:
    """Return the header of a .kolmo file without decoding the data.

    Parameters
    ----------
    source : binary file
        Positioned at the start of the container.

    Returns
    -------
    ContainerHeader

    Raises
    ------
    DecodeError
        If the file is not a container, or its header is damaged.

    Examples
    --------
    >>> import io
    >>> from kolmo import coder
    >>> file = io.BytesIO()
    >>> report = write_container(io.BytesIO(b"to be or not to be"), file, coder("deflate"))
    >>> file.seek(0)
    0
    >>> header = read_header(file)
    >>> header.config, header.size
    ({'id': 'deflate', 'level': 9}, 18)
    """
    return _read_header(Input(source, where="the header"))[1]


def largest_payload(length: int) -> int:
    """Return the largest payload in bytes that is accepted for a block of `length` bytes.

    Examples
    --------
    >>> largest_payload(2**20)
    2162688
    """
    return 2 * length + 2**16


def _read_header(intake: Input) -> tuple[FormatVersion, ContainerHeader]:
    version = _read_version(intake)
    return version, version.read_header(intake)


def _read_version(intake: Input) -> FormatVersion:
    try:
        found = intake.front(len(_MAGIC) + 1)
    except DecodeError:
        raise DecodeError(
            f"expected a .kolmo file, got {intake.position} bytes, fewer than a header; pass a complete file that "
            "`kolmo compress` wrote"
        ) from None
    if not found.startswith(_MAGIC):
        raise DecodeError(
            f"expected a .kolmo file, got a file that starts with {found!r}; pass a file that `kolmo compress` wrote, "
            "and decompress other formats with their own programs"
        )
    if found[-1] == _VERSION:
        return SecondVersion()
    if found[-1:] == _FIRST_VERSION[:1] and intake.front(len(_FIRST_VERSION) - 1) == _FIRST_VERSION[1:]:
        return FirstVersion()
    raise DecodeError(
        f"expected format version {_VERSION}, got {found[-1]}: Kolmo {__version__} cannot read it; install a newer "
        "version, or copy the file again, in binary mode, if it may be damaged"
    )


def _check_size(read: int, size: int | None) -> None:
    if size is not None and read != size:
        got = "more" if read > size else f"{read:,}"
        raise DataError(
            f"expected {size:,} bytes to compress, got {got}: the file changed while it was read; try again when no "
            "program writes to it"
        )


def _check_lengths(header: ContainerHeader, where: str, length: int, payload_length: int, total: int) -> None:
    """Reject lengths that match their checksum but are impossible, as in a forged file."""
    if length > header.block_size:
        raise DecodeError(
            f"{where}: expected at most {header.block_size:,} bytes, as the header states, got {length:,}; the file is "
            "damaged or forged"
        )
    if header.size is not None and total + length > header.size:
        raise DecodeError(
            f"expected {header.size:,} bytes in all, as the header states, got {total + length:,} with {where}; the "
            "file is damaged or forged"
        )
    if payload_length > largest_payload(length):
        raise DecodeError(
            f"{where}: expected a payload of at most {largest_payload(length):,} bytes for {length:,}, got "
            f"{payload_length:,}; the file is damaged or forged"
        )


def _check_limit(total: int, max_size: int | None) -> None:
    if max_size is not None and total > max_size:
        raise DecodeError(
            f"expected at most {max_size:,} bytes, got {total:,} or more; raise max_size (--max-size) if you trust the "
            "file"
        )


def _compress(coder: Coder, block: bytes, verify: bool) -> bytes:
    payload = coder.compress(block)
    if len(payload) > largest_payload(len(block)):
        raise KolmoError(
            f"{coder} expands a block of {len(block):,} bytes to {len(payload):,}; a .kolmo file allows "
            f"{largest_payload(len(block)):,}; choose another coder"
        )
    if verify:
        _verify(coder, block, payload)
    return payload


def _verify(coder: Coder, block: bytes, payload: bytes) -> None:
    try:
        same = coder.decompress(payload, max_size=len(block)) == block
    except DecodeError:
        same = False
    if not same:
        raise KolmoError(
            f"{coder} does not decompress a block of {len(block):,} bytes that it compressed; choose another "
            f"coder, and report this to the authors of {coder.fingerprint}"
        )


def _decompress(coder: Coder, header: ContainerHeader, where: str, payload: bytes, length: int) -> bytes:
    try:
        block = coder.decompress(payload, max_size=length)
    except DecodeError as error:
        raise DecodeError(f"{where} cannot be decoded: {error}. {_versions(coder, header)}") from error
    if len(block) != length:
        raise DecodeError(f"{where}: expected {length:,} decoded bytes, got {len(block):,}. {_versions(coder, header)}")
    return block


def _versions(coder: Coder, header: ContainerHeader) -> str:
    return (
        f"Its payload matches its checksum. It was written by {header.fingerprint} and read by {coder.fingerprint}: if "
        "these differ, install the versions that wrote it; otherwise the file is forged"
    )
