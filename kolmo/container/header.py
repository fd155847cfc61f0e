"""The header of a .kolmo file: the coder that wrote it, sizes, and the context file that it needs."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from kolmo.coders.base import Coder, PrimedCoder
from kolmo.coders.entropy.checksums import MAX_BYTES
from kolmo.coders.registry import coder
from kolmo.coders.stored_configs import coder_from_file, stored_config
from kolmo.errors import DecodeError, MissingDependencyError, NotDecodableError, ParameterError

MAX_HEADER_BYTES = 2**16
MAX_BLOCK_BYTES = 2**30
"""Size of the largest block: 1 GiB."""

_CONTEXT_KEY = "given"
"""The key of `ContainerHeader.context_file` in stored headers."""


@dataclass(frozen=True, kw_only=True)
class ContextFile:
    """The file that the coder read first; the container holds its hash and not its content.

    Parameters
    ----------
    name : str
        File name without folders, for information only.
    sha256 : str
        Hash of the content, in hexadecimal digits.
    size : int
        Size in bytes.
    """

    name: str
    sha256: str
    size: int


@dataclass(frozen=True, kw_only=True)
class ContainerHeader:
    """Header of a .kolmo file.

    Parameters
    ----------
    config : dict
        Configuration of the coder, see `Coder.config`.
    fingerprint : str
        The coder with the versions of Kolmo and of the libraries that wrote the file.
    block_size : int
        Largest number of original bytes in a block.
    size : int or None
        Size of the original in bytes; None if it was unknown at the start, as for a long pipe.
    context_file : ContextFile or None
        The file that the coder was primed with.

    Examples
    --------
    >>> header = ContainerHeader.of(coder("deflate"), block_size=100, size=None)
    >>> header.config, header.context_file
    ({'id': 'deflate', 'level': 9}, None)
    >>> ContainerHeader.from_bytes(header.to_bytes()) == header
    True
    """

    config: dict[str, Any]
    fingerprint: str
    block_size: int
    size: int | None
    context_file: ContextFile | None

    @classmethod
    def of(cls, written_by: Coder, *, block_size: int, size: int | None, context_name: str = "") -> Self:
        """Return the header of a file that a coder, primed or not, will write.

        Raises
        ------
        NotDecodableError
            If the coder writes no stream.
        ParameterError
            If `kolmo.coder` does not return this coder for its configuration, so the file could not be read.
        """
        if not written_by.tags.decodable:
            raise NotDecodableError(_why_no_stream(written_by))
        plain, context_file = written_by, None
        if isinstance(written_by, PrimedCoder):
            plain, context = written_by.coder, written_by.context
            digest = hashlib.sha256(context).hexdigest()
            context_file = ContextFile(name=context_name, sha256=digest, size=len(context))
        header = cls(
            config=stored_config(plain),
            fingerprint=plain.fingerprint,
            block_size=block_size,
            size=size,
            context_file=context_file,
        )
        if coder(plain.config) != plain:
            raise ParameterError(
                f"the name {plain.name!r} is registered for another coder than {plain!r}, so the file could not be "
                "decompressed; register the coder under a different name"
            )
        if len(header.to_bytes()) > MAX_HEADER_BYTES:
            raise ParameterError(
                f"the parameters of {plain.name!r} exceed the {MAX_HEADER_BYTES:,} bytes of a header; choose a coder "
                "with shorter parameters"
            )
        return header

    def to_dict(self) -> dict[str, Any]:
        """Return the header as JSON values."""
        return dataclasses.asdict(self)

    def to_bytes(self) -> bytes:
        """Return the header as canonical JSON: ASCII, sorted keys, no spaces."""
        fields = self.to_dict()
        fields[_CONTEXT_KEY] = fields.pop("context_file")
        return _canonical(fields)

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Return the header that `to_bytes` wrote.

        Raises
        ------
        DecodeError
            If the bytes are not a header, or its values are impossible.
        """
        try:
            fields = json.loads(raw)
            # only the canonical form is accepted: no duplicate keys, no NaN, nothing that parsers read differently
            is_valid = _canonical(fields) == raw and _is_valid(fields)
        except (ValueError, RecursionError):
            is_valid = False
        if not is_valid:
            raise DecodeError(
                f"expected the header of a .kolmo file of this format version, got {raw[:60]!r}; the file was written "
                "by another program, or is forged"
            )
        if fields["block_size"] > MAX_BLOCK_BYTES:
            raise DecodeError(
                f"expected blocks of at most {MAX_BLOCK_BYTES:,} bytes, got {fields['block_size']:,} in the header; "
                "the file is forged, or needs a newer Kolmo"
            )
        context_file = fields.pop(_CONTEXT_KEY)
        return cls(**fields, context_file=context_file and ContextFile(**context_file))

    def make_coder(self, context: bytes = b"", models: Sequence[str | os.PathLike[str]] = ()) -> Coder:
        """Return the coder that decompresses the file, primed with `context`; a model is searched in `models`.

        Raises
        ------
        DecodeError
            If the coder or its model is not available, or `context` is not the one that the file was compressed with.
        MissingDependencyError
            If the coder needs an extra that is not installed.
        """
        self._check_context(context)
        try:
            plain = coder_from_file(self.config, models=models)
        except (MissingDependencyError, DecodeError):
            raise
        except Exception as error:  # a plug-in may raise anything on untrusted parameters
            raise DecodeError(
                f"the file was written by {self.fingerprint}, which is not available: {error}; install the version of "
                "Kolmo, or the plug-in, that wrote it"
            ) from error
        # not `prime`, which warns of a short window: the writer was warned
        found = PrimedCoder(coder=plain, context=context) if context else plain
        if not found.tags.decodable:
            raise DecodeError(f"no coder can have written this file: {_why_no_stream(found)}; it is forged")
        return found

    def _check_context(self, context: bytes) -> None:
        if self.context_file is None:
            if context:
                raise DecodeError(
                    f"the file was compressed without a context, got a context of {len(context):,} bytes; omit it "
                    "(--context)"
                )
            return
        digest = hashlib.sha256(context).hexdigest()
        if digest != self.context_file.sha256:
            got = f"{len(context):,} bytes with sha256 {digest}" if context else "none"
            raise DecodeError(
                f"expected the context {self.context_file.name!r} of {self.context_file.size:,} bytes with sha256 "
                f"{self.context_file.sha256}, got {got}; pass the file that was used for compression (--context)"
            )


def _why_no_stream(found: Coder) -> str:
    if isinstance(found, PrimedCoder) and found.coder.tags.decodable:
        return (
            f"the coder {found.name!r} cannot write a stream that depends on a context; choose one whose "
            "tags.priming is 'native', such as zstd or deflate, or omit the context"
        )
    return f"the coder {found.name!r} computes code lengths only and writes no stream; for others, see: kolmo coders"


def _canonical(fields: Any) -> bytes:
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def _is_valid(fields: Any) -> bool:
    return (
        _has(fields, config=dict, fingerprint=str, block_size=int, size=object, **{_CONTEXT_KEY: object})
        and isinstance(fields["config"].get("id"), str)
        and fields["config"].get("context") is None  # a context is never in the file; `hf` once wrote this key as null
        and fields["block_size"] >= 1
        and (fields["size"] is None or _is_size(fields["size"]))
        and (fields[_CONTEXT_KEY] is None or _is_valid_context(fields[_CONTEXT_KEY]))
    )


def _is_valid_context(fields: Any) -> bool:
    return _has(fields, name=str, sha256=str, size=int) and _is_size(fields["size"]) and len(fields["sha256"]) == 64


def _is_size(value: Any) -> bool:
    return type(value) is int and 0 <= value <= MAX_BYTES


def _has(fields: Any, **types: type) -> bool:
    return (
        isinstance(fields, dict)
        and fields.keys() == types.keys()
        and all(kind is object or type(fields[key]) is kind for key, kind in types.items())
    )
