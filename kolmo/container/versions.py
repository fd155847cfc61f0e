"""The parts of a .kolmo file in each version of its format: the present one, and the first, which is only read."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Protocol

from kolmo.coders.base import CONTEXT_KEY
from kolmo.coders.entropy.checksums import DAMAGED, Input, checksum
from kolmo.container.header import (
    MAX_BLOCK_BYTES,
    MAX_HEADER_BYTES,
    ContainerHeader,
    ContextFile,
    canonical,
    has_types,
    is_context,
    is_size,
)
from kolmo.errors import DecodeError

CheckLengths = Callable[[int, int], object]
"""Takes the length of a block and of its payload, and raises an error if they are impossible."""


class FormatVersion(Protocol):
    """How the parts after the version byte are read."""

    def read_header(self, intake: Input) -> ContainerHeader:
        """Return the header."""

    def read_block(self, intake: Input, check: CheckLengths) -> tuple[int, bytes, bytes] | None:
        """Return the length of the next block, its payload and its checksum; None at the end."""

    def read_end(self, intake: Input, total: int, digest: bytes) -> bool:
        """Return whether the end states this size and this SHA-256 of the original."""


class SecondVersion:
    """The present version: checksums follow what they cover, one for each part."""

    digest_bytes = 8

    def read_header(self, intake: Input) -> ContainerHeader:
        return ContainerHeader.from_bytes(_read_header_bytes(intake))

    def read_block(self, intake: Input, check: CheckLengths) -> tuple[int, bytes, bytes] | None:
        length = intake.number()
        if length == 0:
            return None
        payload_length = intake.number()
        check(length, payload_length)
        block_checksum = intake.checksum()
        payload = intake.front(payload_length)
        intake.end_front()
        return length, payload, block_checksum

    def read_end(self, intake: Input, total: int, digest: bytes) -> bool:
        stated = intake.front(self.digest_bytes)
        intake.end_front()
        return stated == digest[: self.digest_bytes]


class FirstVersion:
    """The format of Kolmo 0.1: the header is plain JSON. Only streams whose format has not changed are decoded."""

    digest_bytes = 16

    def read_header(self, intake: Input) -> ContainerHeader:
        header = _first_header(_read_header_bytes(intake))
        header.check_stream_version(1, "0.1")
        return header

    def read_block(self, intake: Input, check: CheckLengths) -> tuple[int, bytes, bytes] | None:
        length = intake.number()
        if length == 0:
            return None
        payload_length, block_checksum, payload_checksum = intake.number(), intake.checksum(), intake.checksum()
        intake.end_front()
        check(length, payload_length)
        payload = intake.payload(payload_length)
        if checksum(payload) != payload_checksum:
            raise DecodeError(f"the payload of {intake.where} does not match its checksum; {DAMAGED}")
        return length, payload, block_checksum

    def read_end(self, intake: Input, total: int, digest: bytes) -> bool:
        stated, stated_digest = intake.number(), intake.front(self.digest_bytes)
        intake.end_front()
        return stated == total and stated_digest == digest[: self.digest_bytes]


def _read_header_bytes(intake: Input) -> bytes:
    length = intake.number()
    if length > MAX_HEADER_BYTES:
        raise DecodeError(f"expected a header of at most {MAX_HEADER_BYTES:,} bytes, got {length:,}; {DAMAGED}")
    raw = intake.front(length)
    intake.end_front()
    return raw


def _first_header(raw: bytes) -> ContainerHeader:
    try:
        fields = json.loads(raw)
        is_valid = canonical(_sorted(fields)) == raw and _is_valid(fields)
    except (ValueError, RecursionError):
        is_valid = False
    if not is_valid:
        raise DecodeError(f"expected the header of a .kolmo file of version 1, got {raw[:60]!r}; it is forged")
    context = fields["given"]
    return ContainerHeader(
        config=fields["config"],
        fingerprint=fields["fingerprint"],
        block_size=fields["block_size"],
        size=fields["size"],
        context_file=context and ContextFile(**context),
    )


def _sorted(fields: Any) -> Any:
    """Return JSON objects with sorted keys, as version 1 stores them."""
    if isinstance(fields, dict):
        return {key: _sorted(fields[key]) for key in sorted(fields)}
    return [_sorted(each) for each in fields] if isinstance(fields, list) else fields


def _is_valid(fields: Any) -> bool:
    return (
        has_types(fields, config=dict, fingerprint=str, block_size=int, size=object, given=object)
        and isinstance(fields["config"].get("id"), str)
        and not {CONTEXT_KEY, "context"} & fields["config"].keys()
        and 1 <= fields["block_size"] <= MAX_BLOCK_BYTES
        and (fields["size"] is None or is_size(fields["size"]))
        and (fields["given"] is None or is_context(fields["given"]))
    )
