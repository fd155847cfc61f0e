"""Baselines: eight bits per byte, and an adaptive model of single bytes."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import ClassVar

from kolmo.coders.base import Coder, Decode, Encode, Meter
from kolmo.coders.entropy.framing import join_length, split_length
from kolmo.coders.tags import CoderTags
from kolmo.errors import DecodeError, ParameterError

_SYMBOLS = 256


@dataclass(frozen=True, kw_only=True)
class Uniform(Coder):
    """Eight bits per byte, after the number of bytes; a coder that needs more expands the data.

    Examples
    --------
    >>> Uniform().code_length("abc")
    32.0
    """

    name: ClassVar[str] = "uniform"
    stream_version: ClassVar[int] = 2

    @property
    def tags(self) -> CoderTags:
        return CoderTags(parallel="processes", priming="native", portable=True)

    def versions(self) -> dict[str, str]:
        return {}

    def _encoder(self, context: bytes) -> Encode:
        return lambda data: join_length(len(data), data)

    def _decoder(self, context: bytes) -> Decode:
        def decode(payload: bytes, max_size: int) -> bytes:
            size, data = split_length(payload, max_size)
            if len(data) != size:
                raise DecodeError(f"expected {size:,} bytes after the length, got {len(data):,}: truncated or corrupt")
            return data

        return decode


@dataclass(frozen=True, kw_only=True)
class Order0(Coder):
    """Ideal code length under an adaptive model of single bytes.

    After n bytes, of which c are equal to b, the next byte is b with probability (c + alpha) / (n + 256 alpha).
    The code length does not depend on the order of the bytes. The coder has no stream.

    Parameters
    ----------
    alpha : float
        Initial count of each byte value; 0.5 is the Krichevsky-Trofimov estimator.

    References
    ----------
    Krichevsky and Trofimov, "The performance of universal encoding", IEEE Transactions on Information Theory, 1981.

    Examples
    --------
    >>> round(Order0().code_length(b"a"), 6), Order0().code_length(b"")
    (8.0, 0.0)
    """

    alpha: float = 0.5

    name: ClassVar[str] = "order0"

    def __post_init__(self) -> None:
        if isinstance(self.alpha, bool) or not isinstance(self.alpha, int | float) or not 1e-6 <= self.alpha <= 1e6:
            raise ParameterError(f"alpha: expected a number from 0.000001 to 1000000, got {self.alpha!r}")

    @property
    def tags(self) -> CoderTags:
        return CoderTags(decodable=False, parallel="processes", priming="native")

    def versions(self) -> dict[str, str]:
        return {}

    def _meter(self, context: bytes) -> Meter:
        before = Counter(context)
        alpha, total = self.alpha, len(context) + _SYMBOLS * self.alpha

        def meter(data: bytes) -> float:
            nats = math.lgamma(total + len(data)) - math.lgamma(total)
            for byte, count in Counter(data).items():
                start = before[byte] + alpha
                nats -= math.lgamma(start + count) - math.lgamma(start)
            return max(nats / math.log(2), 0.0)

        return meter
