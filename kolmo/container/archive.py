"""The .kolmo file: what a coder wrote, in blocks, with all it takes to read it back and to know that it is right.

All numbers are unsigned LEB128, all checksums CRC-32 in four bytes, low byte first. In this order:

- The magic, eight bytes that are no text and do not survive a change of line ends; the format version, one byte.
- The header: its length, then JSON (see `ContainerHeader`), then a checksum of all bytes so far.
- Blocks: the length of the original, from 1; the length of the payload; the checksum of each; a checksum of these four.
  Then the payload, one whole stream of the coder.
- The end: a zero where a block has its length; the length of the whole original; the first 16 bytes of its SHA-256; a
  checksum of these three. Nothing follows.

The checksum of a block's front, and that of the end, goes on from the one before: no block can be moved to another
place or another file. It stands before the payload, so a length is trusted only once it is known to be as written.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from kolmo._core.checks import check_integer
from kolmo._version import __version__
from kolmo.coders.base import Coder
from kolmo.coders.entropy.checksums import DAMAGED, Input, Output, checksum, read_up_to
from kolmo.coders.entropy.framing import join_length
from kolmo.container.header import MAX_BLOCK_BYTES, MAX_HEADER_BYTES, ContainerHeader
from kolmo.errors import DataError, DecodeError, KolmoError

DEFAULT_BLOCK_BYTES = 2**24
"""Bytes a block has unless told otherwise: 16 MiB, so that starting anew costs little."""

_MAGIC = b"\x89KLM\r\n\x1a\n"
_VERSION = 1
_DIGEST_BYTES = 16

OnProgress = Callable[[int], object]


@dataclass(frozen=True, kw_only=True)
class ContainerReport:
    """What was written to a container, or read from one.

    Parameters
    ----------
    header : ContainerHeader
        What stands at its front.
    size : int
        Bytes of the original.
    stored_size : int
        Bytes of the container.
    n_blocks : int
        Blocks in it.
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
    given_name: str = "",
    block_size: int = DEFAULT_BLOCK_BYTES,
    verify: bool | None = None,
    on_progress: OnProgress | None = None,
) -> ContainerReport:
    """Compress `source` to `target` as a .kolmo file, holding no more than a block of it in memory.

    Parameters
    ----------
    source : binary file
        What to compress, from where it stands to its end.
    target : binary file
        Where to write; it need not be seekable. After an error it holds an incomplete file, which `read_container`
        refuses.
    coder : Coder
        Any that writes a stream, primed (``coder.prime(context)``) or not.
    size : int, optional
        How many bytes `source` will give, if that is known; the header then states it.
    given_name : str
        What the header calls the context of a primed coder. It holds the context's hash and not the context.
    block_size : int
        Bytes a block, up to 1 GiB. Each block starts from the same coder, and knows nothing of the others: larger
        ones compress better, up to the coder's window, and take more memory.
    verify : bool, optional
        Read each block back at once and compare. By default only if the coder is not ``tags.portable``.
    on_progress : callable, optional
        Is called with the number of bytes that have been compressed since it was last called.

    Returns
    -------
    ContainerReport

    Raises
    ------
    NotDecodableError
        If the coder writes no stream.
    ParameterError
        If `block_size` is out of range, or the coder could not be made again by its name.
    DataError
        If `source` does not hold `size` bytes.
    KolmoError
        If a block is not read back as it was.

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
    header = ContainerHeader.of(coder, block_size=block_size, size=size, given_name=given_name)
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
        checksums = checksum(block) + checksum(payload)
        output.front(join_length(len(block), join_length(len(payload), checksums)))
        output.payload(payload)
        digest.update(block)
        total += len(block)
        n_blocks += 1
        if on_progress is not None:
            on_progress(len(block))
        block = read_up_to(source, block_size)
    _check_size(total, size)
    output.front(join_length(0, join_length(total, digest.digest()[:_DIGEST_BYTES])))
    return ContainerReport(header=header, size=total, stored_size=output.position, n_blocks=n_blocks)


def read_container(
    source: BinaryIO,
    target: BinaryIO,
    *,
    context: bytes = b"",
    max_size: int | None = None,
    on_progress: OnProgress | None = None,
) -> ContainerReport:
    """Decompress a .kolmo file, which is not trusted, from `source` to `target`, a block at a time.

    Each block is checked before it is written; that the last one is there is only known at the end. After an error,
    throw away what `target` got.

    Parameters
    ----------
    source : binary file
        Stands at the front of the container, which reaches to its end; it need not be seekable.
    target : binary file
        Where to write the original.
    context : bytes
        What the coder was primed with.
    max_size : int, optional
        The most bytes to write; a container that holds more is refused before it is decoded that far.
    on_progress : callable, optional
        Is called with the number of bytes that have been written since it was last called.

    Returns
    -------
    ContainerReport

    Raises
    ------
    DecodeError
        If `source` is no container, damaged, truncated, followed by other bytes, larger than `max_size`, primed with
        something else than `context`, or written by a coder that is not to be had here.
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
    header = _read_header(intake)
    _check_limit(header.size or 0, max_size)
    coder = header.make_coder(context)
    digest, total, n_blocks = hashlib.sha256(), 0, 0
    while True:
        intake.where = f"block {n_blocks + 1:,}"
        length = intake.number()
        if length == 0:
            break
        payload_length, block_checksum, payload_checksum = intake.number(), intake.checksum(), intake.checksum()
        intake.end_front()
        _check_lengths(header, intake.where, length, payload_length, total)
        _check_limit(total + length, max_size)
        payload = intake.payload(payload_length)
        if checksum(payload) != payload_checksum:
            raise DecodeError(f"the payload of {intake.where} has another checksum than it should; {DAMAGED}")
        block = _decompress(coder, header, intake.where, payload, length)
        if checksum(block) != block_checksum:
            raise DecodeError(f"{intake.where} decodes to other bytes than were compressed. {_versions(coder, header)}")
        target.write(block)
        digest.update(block)
        total += length
        n_blocks += 1
        if on_progress is not None:
            on_progress(length)
    intake.where = "the end"
    stated, stated_digest = intake.number(), intake.front(_DIGEST_BYTES)
    intake.end_front()
    if stated != total or header.size not in (None, total) or stated_digest != digest.digest()[:_DIGEST_BYTES]:
        raise DecodeError(f"the {total:,} bytes that were read are not those that were compressed; {DAMAGED}")
    if source.read(1):
        raise DecodeError(
            f"other bytes follow the end of the container, after {intake.position:,} bytes; pass one whole .kolmo file"
        )
    return ContainerReport(header=header, size=total, stored_size=intake.position, n_blocks=n_blocks)


def read_header(source: BinaryIO) -> ContainerHeader:
    """Return what a .kolmo file says about itself, without decoding it.

    Parameters
    ----------
    source : binary file
        Stands at the front of the container.

    Returns
    -------
    ContainerHeader

    Raises
    ------
    DecodeError
        If this is no container, or its header is damaged.

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
    return _read_header(Input(source, where="the header"))


def largest_payload(length: int) -> int:
    """Return the most bytes that a block of `length` bytes may take; no coder expands what it cannot compress so far.

    Examples
    --------
    >>> largest_payload(2**20)
    2162688
    """
    return 2 * length + 2**16


def _read_header(intake: Input) -> ContainerHeader:
    _check_magic(intake)
    version = intake.front(1)[0]
    if version != _VERSION:
        raise DecodeError(
            f"the file has format version {version}, and Kolmo {__version__} reads version {_VERSION}; "
            "install a newer Kolmo, or fetch the file again if it may be damaged"
        )
    length = intake.number()
    if length > MAX_HEADER_BYTES:
        raise DecodeError(f"the header claims {length:,} bytes, and {MAX_HEADER_BYTES:,} are the most; {DAMAGED}")
    raw = intake.front(length)
    intake.end_front()
    return ContainerHeader.from_bytes(raw)


def _check_magic(intake: Input) -> None:
    try:
        found = intake.front(len(_MAGIC))
    except DecodeError:
        raise DecodeError(
            f"this is no .kolmo file: it holds {intake.position} bytes, fewer than any; pass one that `kolmo compress` "
            "wrote, and whole"
        ) from None
    if found == _MAGIC:
        return
    if found.startswith(_MAGIC[:4]):
        raise DecodeError(
            "the first bytes are those of a .kolmo file that was changed on the way, as a transfer in text mode does; "
            "copy or fetch it again, as binary"
        )
    raise DecodeError(
        f"this is no .kolmo file: it starts with {found!r}; pass one that `kolmo compress` wrote, and decompress "
        "another format with its own program"
    )


def _check_size(read: int, size: int | None) -> None:
    if size is not None and read != size:
        came = "more" if read > size else f"{read:,}"
        raise DataError(
            f"{size:,} bytes were to be compressed, but {came} came: the file changed while it was read; try again "
            "once nothing writes to it"
        )


def _check_lengths(header: ContainerHeader, where: str, length: int, payload_length: int, total: int) -> None:
    """Refuse lengths that are as written, and written to do harm."""
    if length > header.block_size:
        raise DecodeError(
            f"{where} claims {length:,} bytes, and the header allows {header.block_size:,} a block; the file is forged"
        )
    if header.size is not None and total + length > header.size:
        raise DecodeError(
            f"with {where} the file claims {total + length:,} bytes, and its header {header.size:,}; the file is forged"
        )
    if payload_length > largest_payload(length):
        raise DecodeError(
            f"{where} claims a payload of {payload_length:,} bytes for {length:,}, and {largest_payload(length):,} are "
            "the most; the file is forged"
        )


def _check_limit(total: int, max_size: int | None) -> None:
    if max_size is not None and total > max_size:
        raise DecodeError(
            f"the file holds {total:,} bytes or more, and {max_size:,} are allowed; raise max_size (--max-size) if "
            "you trust the file"
        )


def _compress(coder: Coder, block: bytes, verify: bool) -> bytes:
    payload = coder.compress(block)
    if len(payload) > largest_payload(len(block)):
        raise KolmoError(
            f"{coder} expands a block of {len(block):,} bytes to {len(payload):,}, and {largest_payload(len(block)):,} "
            "are the most that a .kolmo file holds; take another coder"
        )
    if verify:
        _verify(coder, block, payload)
    return payload


def _verify(coder: Coder, block: bytes, payload: bytes) -> None:
    try:
        sound = coder.decompress(payload, max_size=len(block)) == block
    except DecodeError:
        sound = False
    if not sound:
        raise KolmoError(
            f"{coder} does not read back a block of {len(block):,} bytes that it wrote; the result is worthless: take "
            f"another coder, and report this to the authors of {coder.fingerprint}"
        )


def _decompress(coder: Coder, header: ContainerHeader, where: str, payload: bytes, length: int) -> bytes:
    try:
        block = coder.decompress(payload, max_size=length)
    except DecodeError as error:
        raise DecodeError(f"{where} cannot be decoded: {error}. {_versions(coder, header)}") from error
    if len(block) != length:
        raise DecodeError(f"{where} claims {length:,} bytes, and decodes to {len(block):,}; {_versions(coder, header)}")
    return block


def _versions(coder: Coder, header: ContainerHeader) -> str:
    return (
        f"Its payload is as it was written, by {header.fingerprint}, and read by {coder.fingerprint}: if these differ, "
        "install the versions that wrote it; if not, the file is forged"
    )
