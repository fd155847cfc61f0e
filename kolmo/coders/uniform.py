"""The yardstick that models nothing: eight bits a byte."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from kolmo.coders.base import Coder, Decode, Encode, Tags, too_large


@dataclass(frozen=True, kw_only=True)
class Uniform(Coder):
    """Every byte as it is. A coder that needs more than this has expanded the data.

    Examples
    --------
    >>> Uniform().code_length("abc")
    24.0
    """

    name: ClassVar[str] = "uniform"

    @property
    def tags(self) -> Tags:
        return Tags(parallel="processes", priming="native", portable=True)

    def versions(self) -> dict[str, str]:
        return {}

    def _encoder(self, context: bytes) -> Encode:
        return lambda data: data

    def _decoder(self, context: bytes) -> Decode:
        def decode(payload: bytes, max_size: int) -> bytes:
            if len(payload) > max_size:
                raise too_large(max_size)
            return payload

        return decode
