"""What stands at the front of a .kolmo file: how it was written, and so what it takes to read it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from typing import Any, Self

from kolmo.coders.base import Coder, PrimedCoder
from kolmo.coders.entropy.checksums import MAX_BYTES
from kolmo.coders.registry import coder
from kolmo.errors import DecodeError, MissingDependencyError, NotDecodableError, ParameterError

MAX_HEADER_BYTES = 2**16
MAX_BLOCK_BYTES = 2**30
"""The largest block that is written or read: 1 GiB."""


@dataclass(frozen=True, kw_only=True)
class GivenFile:
    """The file that a coder had read before it compressed another; it is not in the container.

    Parameters
    ----------
    name : str
        Its name, without folders: for people, nothing depends on it.
    sha256 : str
        The hash of its content, in hexadecimal digits.
    size : int
        Bytes.
    """

    name: str
    sha256: str
    size: int


@dataclass(frozen=True, kw_only=True)
class ContainerHeader:
    """What a .kolmo file says about itself.

    Parameters
    ----------
    config : dict
        The coder, as `Coder.config` gives it and `kolmo.coder` takes it.
    fingerprint : str
        The coder with the versions of the libraries and of Kolmo that wrote the file.
    block_size : int
        The most bytes in a block.
    size : int or None
        Bytes of the original; None if this was not known when the file was begun, as for a long pipe.
    given : GivenFile or None
        What the coder was primed with.

    Examples
    --------
    >>> header = ContainerHeader.of(coder("deflate"), block_size=100, size=None)
    >>> header.config, header.given
    ({'id': 'deflate', 'level': 9}, None)
    >>> ContainerHeader.from_bytes(header.to_bytes()) == header
    True
    """

    config: dict[str, Any]
    fingerprint: str
    block_size: int
    size: int | None
    given: GivenFile | None

    @classmethod
    def of(cls, written_by: Coder, *, block_size: int, size: int | None, given_name: str = "") -> Self:
        """Return the header of what a coder, primed or not, is to write.

        Raises
        ------
        NotDecodableError
            If the coder writes no stream.
        ParameterError
            If `kolmo.coder` would not make the coder from its configuration, so that nobody could read the file.
        """
        if not written_by.tags.decodable:
            raise NotDecodableError(_why_no_stream(written_by))
        plain, given = written_by, None
        if isinstance(written_by, PrimedCoder):
            plain, context = written_by.coder, written_by.context
            given = GivenFile(name=given_name, sha256=hashlib.sha256(context).hexdigest(), size=len(context))
        header = cls(config=plain.config, fingerprint=plain.fingerprint, block_size=block_size, size=size, given=given)
        if coder(header.config) != plain:
            raise ParameterError(
                f"the name {plain.name!r} stands for another coder than {plain!r}, so the file could not be read back; "
                "register the coder under a name of its own"
            )
        if len(header.to_bytes()) > MAX_HEADER_BYTES:
            raise ParameterError(
                f"the parameters of {plain.name!r} take more than the {MAX_HEADER_BYTES:,} bytes that a header holds; "
                "take a coder with smaller ones"
            )
        return header

    def to_dict(self) -> dict[str, Any]:
        """Return the header as JSON."""
        return dataclasses.asdict(self)

    def to_bytes(self) -> bytes:
        """Return the header as canonical JSON: ASCII, sorted keys, no spaces."""
        return _canonical(self.to_dict())

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Return what `to_bytes` was called on.

        Raises
        ------
        DecodeError
            If these are not the bytes of a header, or it states what cannot be.
        """
        try:
            fields = json.loads(raw)
            # one spelling only: no key twice, no NaN, nothing that two readers could understand differently
            sound = _canonical(fields) == raw and _is_sound(fields)
        except (ValueError, RecursionError):
            sound = False
        if not sound:
            raise DecodeError(
                f"the header {raw[:60]!r} is not that of a .kolmo file of this format version; it was written by "
                "something else, or is forged"
            )
        if fields["block_size"] > MAX_BLOCK_BYTES:
            raise DecodeError(
                f"the header states blocks of {fields['block_size']:,} bytes, and {MAX_BLOCK_BYTES:,} are the most; "
                "the file is forged, or needs a newer Kolmo"
            )
        given = fields.pop("given")
        return cls(**fields, given=given and GivenFile(**given))

    def make_coder(self, context: bytes = b"") -> Coder:
        """Return the coder that reads the file, once primed with `context`.

        Raises
        ------
        DecodeError
            If there is no such coder here, or `context` is not what the file was compressed given.
        MissingDependencyError
            If the coder needs an extra that is not installed.
        """
        self._check_given(context)
        try:
            plain = coder(self.config)
        except MissingDependencyError:
            raise
        except Exception as error:  # whatever a plug-in raises on parameters that nobody vouches for
            raise DecodeError(
                f"the file was written by {self.fingerprint}, which cannot be made here: {error}; install the version "
                "of Kolmo, or the plug-in, that wrote it"
            ) from error
        # not `prime`, which warns of a short window: that is for whoever writes
        found = PrimedCoder(coder=plain, context=context) if context else plain
        if not found.tags.decodable:
            raise DecodeError(f"the file cannot have been written: {_why_no_stream(found)}; it is forged")
        return found

    def _check_given(self, context: bytes) -> None:
        if self.given is None:
            if context:
                raise DecodeError(
                    f"the file was compressed given nothing, but {len(context):,} bytes came to start from; "
                    "leave them out (--given)"
                )
            return
        digest = hashlib.sha256(context).hexdigest()
        if digest != self.given.sha256:
            came = f"a file of {len(context):,} bytes with sha256 {digest}" if context else "nothing"
            raise DecodeError(
                f"the file was compressed given {self.given.name!r} of {self.given.size:,} bytes with sha256 "
                f"{self.given.sha256}, but {came} came; pass that very file (--given)"
            )


def _why_no_stream(found: Coder) -> str:
    if isinstance(found, PrimedCoder) and found.coder.tags.decodable:
        return (
            f"the coder {found.name!r} cannot start from a context and then write a stream; take one whose "
            "tags.priming is 'native', such as zstd or deflate, or leave the context out"
        )
    return f"the coder {found.name!r} states code lengths only, it writes no stream; see which do: kolmo coders"


def _canonical(fields: Any) -> bytes:
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def _is_sound(fields: Any) -> bool:
    return (
        _has(fields, config=dict, fingerprint=str, block_size=int, size=object, given=object)
        and isinstance(fields["config"].get("id"), str)
        and "context" not in fields["config"]
        and fields["block_size"] >= 1
        and (fields["size"] is None or _is_size(fields["size"]))
        and (fields["given"] is None or _is_sound_given(fields["given"]))
    )


def _is_sound_given(fields: Any) -> bool:
    return _has(fields, name=str, sha256=str, size=int) and _is_size(fields["size"]) and len(fields["sha256"]) == 64


def _is_size(value: Any) -> bool:
    return type(value) is int and 0 <= value <= MAX_BYTES


def _has(fields: Any, **types: type) -> bool:
    return (
        isinstance(fields, dict)
        and fields.keys() == types.keys()
        and all(kind is object or type(fields[key]) is kind for key, kind in types.items())
    )
