"""Zstandard (RFC 8878) by python-zstandard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import zstandard

from kolmo._core.checks import check_boolean, check_integer
from kolmo.coders.base import Coder, Decode, Encode
from kolmo.coders.limits import too_large
from kolmo.coders.tags import CoderTags
from kolmo.errors import DecodeError

_LARGEST_WINDOW = 2**27

_MIN_CONTEXT = 10
"""libzstd indexes nothing of a shorter dictionary."""
_SLICE = 2**10
"""Bytes decoded at a time: four bytes can expand to 128 KiB, so one step is at most 32 MiB."""


@dataclass(frozen=True, kw_only=True)
class Zstd(Coder):
    """Zstandard frames, with the content size and without a checksum.

    Parameters
    ----------
    level : int
        1 to 22; 3 is the library's default.
    window_log : int, optional
        Base 2 logarithm of the window in bytes, 10 to 27; by default that of the level.
    magicless : bool
        Omit the four magic bytes, which identify the format and say nothing about the data. True by default, so that
        code lengths of short texts reflect their content; False writes files that the ``zstd`` command reads.

    Examples
    --------
    >>> Zstd().code_length(b"a") / 8, Zstd(magicless=False).code_length(b"a") / 8
    (6.0, 10.0)
    """

    level: int = 3
    window_log: int | None = None
    magicless: bool = True

    name: ClassVar[str] = "zstd"

    def __post_init__(self) -> None:
        check_integer("level", self.level, 1, zstandard.MAX_COMPRESSION_LEVEL)
        check_boolean("magicless", self.magicless)
        if self.window_log is not None:
            check_integer("window_log", self.window_log, 10, 27)

    @property
    def tags(self) -> CoderTags:
        return CoderTags(
            window=2**self._level_parameters.window_log, priming="native", min_context=_MIN_CONTEXT, portable=True
        )

    def versions(self) -> dict[str, str]:
        return {"libzstd": ".".join(map(str, zstandard.ZSTD_VERSION)), "zstandard": zstandard.__version__}

    @property
    def _level_parameters(self) -> zstandard.ZstdCompressionParameters:
        """Parameters of the level for long input; the library reduces them for short input."""
        return zstandard.ZstdCompressionParameters.from_level(self.level, **self._explicit)

    @property
    def _explicit(self) -> dict[str, int]:
        return {} if self.window_log is None else {"window_log": self.window_log}

    @property
    def _format(self) -> int:
        return zstandard.FORMAT_ZSTD1_MAGICLESS if self.magicless else zstandard.FORMAT_ZSTD1

    @property
    def _priming_window(self) -> int:
        parameters = self._level_parameters
        # libzstd indexes at most eight times its larger table of a dictionary
        return int(min(2**parameters.window_log, 8 << max(parameters.hash_log, parameters.chain_log)))

    def _encoder(self, context: bytes) -> Encode:
        parameters = zstandard.ZstdCompressionParameters(
            compression_level=self.level, format=self._format, write_content_size=1, **self._explicit
        )
        return zstandard.ZstdCompressor(compression_params=parameters, dict_data=_dictionary(context)).compress

    def _decoder(self, context: bytes) -> Decode:
        decompressor = zstandard.ZstdDecompressor(
            dict_data=_dictionary(context), format=self._format, max_window_size=_LARGEST_WINDOW
        )

        def decode(payload: bytes, max_size: int) -> bytes:
            stream = decompressor.decompressobj()
            parts, size, position = [], 0, 0
            while position < len(payload) and not stream.eof:
                part = stream.decompress(payload[position : position + _SLICE])
                position += _SLICE
                size += len(part)
                if size > max_size:
                    raise too_large(max_size)
                parts.append(part)
            if not stream.eof:
                raise DecodeError(f"the payload of {len(payload):,} bytes is truncated: its end is missing")
            if stream.unused_data or position < len(payload):
                raise DecodeError("expected the end of the stream, got more bytes; pass one complete stream")
            return b"".join(parts)

        return decode


def _dictionary(context: bytes) -> zstandard.ZstdCompressionDict | None:
    return zstandard.ZstdCompressionDict(context, dict_type=zstandard.DICT_TYPE_RAWCONTENT) if context else None
