"""The header of a .kolmo file: the coder that wrote it, sizes, and the context file that it needs."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from kolmo.coders.base import CONTEXT_KEY, Coder, PrimedCoder, spelled
from kolmo.coders.entropy.checksums import MAX_BYTES
from kolmo.coders.registry import coder, coder_class
from kolmo.coders.stored_configs import MAX_CODERS, coder_from_file, count_coders, stored_config
from kolmo.container.packing import packed, unpacked
from kolmo.errors import DecodeError, KolmoError, MissingDependencyError, NotDecodableError, ParameterError

MAX_HEADER_BYTES = 2**16
MAX_BLOCK_BYTES = 2**30
"""Size of the largest block: 1 GiB."""


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
        if (count := count_coders(plain)) > MAX_CODERS:
            raise ParameterError(
                f"expected at most {MAX_CODERS} coders in a file, which bounds the memory of its decoder, got {count}; "
                "take fewer members"
            )
        stored = stored_config(plain)
        header = cls(
            config=stored,
            # a model is named by its hash, never by its path on the writer's machine
            fingerprint=_coder_text(stored) + plain.fingerprint.removeprefix(_coder_text(plain.config)),
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
        """Return the header as compressed canonical JSON without what follows from the rest.

        The block size is left out if it is that of the original, and the fingerprint is stored without the coder.
        """
        versions = self.fingerprint.removeprefix(_coder_text(self.config))
        fields: dict[str, Any] = {"coder": self.config, "size": self.size, "versions": versions}
        if self.block_size != max(self.size or 0, 1):
            fields["block_size"] = self.block_size
        if self.context_file is not None:
            fields["context"] = dataclasses.asdict(self.context_file)
        return packed(canonical(fields))

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Return the header that `to_bytes` wrote.

        Raises
        ------
        DecodeError
            If the bytes are not a header, or its values are impossible.
        """
        text = unpacked(raw, MAX_HEADER_BYTES)
        try:
            fields = json.loads(text)
            # only the canonical form is accepted: no duplicate keys, no NaN, nothing that parsers read differently
            is_valid = canonical(fields) == text and _is_valid(fields)
        except (ValueError, RecursionError):
            is_valid = False
        if not is_valid:
            raise DecodeError(
                f"expected the header of a .kolmo file of this format version, got {text[:60]!r}; the file was written "
                "by another program, or is forged"
            )
        context = fields.get("context")
        return cls(
            config=fields["coder"],
            fingerprint=_coder_text(fields["coder"]) + fields["versions"],
            block_size=fields.get("block_size", max(fields["size"] or 0, 1)),
            size=fields["size"],
            context_file=context and ContextFile(**context),
        )

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

    def check_stream_version(self, version: int, writer: str) -> None:
        """Raise a DecodeError if the coder's streams no longer have this version, which `writer` wrote."""
        name = self.config["id"]
        members = str(self.config.get("coders", name)).split("+") if name == "best" else [name]
        try:
            now = max(coder_class(member.partition(":")[0]).stream_version for member in members)
        except KolmoError:  # `make_coder` says why
            return
        if now != version:
            raise DecodeError(
                f"expected a stream of {name!r} of version {now}, got version {version}: Kolmo {writer} wrote the file "
                f"and reads it; decompress it with kolmo-toolkit {writer}, and compress it again"
            )

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


def canonical(fields: Any) -> bytes:
    """Return JSON in its only accepted form: ASCII, no spaces, keys in the order of the fields."""
    return json.dumps(fields, separators=(",", ":"), allow_nan=False).encode("ascii")


def _coder_text(config: dict[str, Any]) -> str:
    """Return the start of a coder's fingerprint: the coder with all its parameters."""
    return spelled(str(config.get("id")), {key: value for key, value in config.items() if key != "id"})


def _is_valid(fields: Any) -> bool:
    if not isinstance(fields, dict):
        return False
    block_size = fields.pop("block_size", 1)
    context = fields.pop("context", None)
    valid = (
        has_types(fields, coder=dict, size=object, versions=str)
        and isinstance(fields["coder"].get("id"), str)
        and CONTEXT_KEY not in fields["coder"]  # a file holds the hash of a context, never the context
        and type(block_size) is int
        and 1 <= block_size <= MAX_BLOCK_BYTES
        and (fields["size"] is None or is_size(fields["size"]))
        and (context is None or is_context(context))
    )
    fields |= {} if block_size == 1 else {"block_size": block_size}
    fields |= {} if context is None else {"context": context}
    return bool(valid)


def is_context(fields: Any) -> bool:
    """Return whether JSON fields describe a `ContextFile`."""
    return has_types(fields, name=str, sha256=str, size=int) and is_size(fields["size"]) and len(fields["sha256"]) == 64


def is_size(value: Any) -> bool:
    """Return whether a JSON value is a number of bytes."""
    return type(value) is int and 0 <= value <= MAX_BYTES


def has_types(fields: Any, **types: type) -> bool:
    """Return whether a JSON value is an object with exactly these keys and types."""
    return (
        isinstance(fields, dict)
        and fields.keys() == types.keys()
        and all(kind is object or type(fields[key]) is kind for key, kind in types.items())
    )
