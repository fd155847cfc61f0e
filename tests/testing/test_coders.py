"""The contract suite must catch coders that break it, or it proves nothing."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import ClassVar

import pytest

from kolmo.coders.base import Coder, Decode, Encode, Meter
from kolmo.coders.entropy.framing import join_length, split_length
from kolmo.coders.tags import CoderTags
from kolmo.testing import check_coder


@dataclass(frozen=True, kw_only=True)
class Good(Coder):
    name: ClassVar[str] = "stored"

    @property
    def tags(self) -> CoderTags:
        return CoderTags(priming=None)

    def versions(self) -> dict[str, str]:
        return {}

    def _encoder(self, context: bytes) -> Encode:
        return lambda data: join_length(len(data), data)

    def _decoder(self, context: bytes) -> Decode:
        def decode(payload: bytes, max_size: int) -> bytes:
            size, data = split_length(payload, max_size)
            if len(data) != size:
                raise ValueError("wrong length")
            return data

        return decode


class WrongLength(Good):
    def _meter(self, context: bytes) -> Meter:
        return lambda data: 8.0 * len(data)


class LosesTrailingZeros(Good):
    def _encoder(self, context: bytes) -> Encode:
        return lambda data: join_length(len(data.rstrip(b"\0")), data.rstrip(b"\0"))


class Unbounded(Good):
    def _decoder(self, context: bytes) -> Decode:
        return lambda payload, max_size: Good._decoder(self, context)(payload, 2**40)


class IntegerLengths(Good):
    def _meter(self, context: bytes) -> Meter:
        return lambda data: 8 * len(data) + 8


class AcceptsAnyEnd(Good):
    def _decoder(self, context: bytes) -> Decode:
        return lambda payload, max_size: split_length(payload, max_size)[1]


class Drifting(Good):
    calls: ClassVar = itertools.count()

    @property
    def tags(self) -> CoderTags:
        return CoderTags(priming=None, slack_bits=1e9)

    def _meter(self, context: bytes) -> Meter:
        return lambda data: 8.0 * len(data) + next(self.calls) % 3


class PrimesUnasked(Good):
    def prime(self, context: object) -> Coder:
        return self


class WrongJoint(Good):
    def joint_code_length(self, x: object, y: object) -> float:
        return 1.0


@dataclass(frozen=True, kw_only=True)
class HiddenState(Good):
    memory: list[int] = field(default_factory=list, hash=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.memory:
            raise ValueError("a coder is its configuration")


class PrimingLeaks(Good):
    seen: ClassVar[list[bytes]] = []

    @property
    def tags(self) -> CoderTags:
        return CoderTags(priming="native", slack_bits=1e9)

    def _meter(self, context: bytes) -> Meter:
        if context:
            self.seen.append(context)
        return lambda data: 8.0 * len(data) + 8 + len(self.seen)


def test_a_good_coder_passes() -> None:
    check_coder(Good(), examples=20)


@pytest.mark.parametrize(
    "broken",
    [
        WrongLength,
        LosesTrailingZeros,
        AcceptsAnyEnd,
        Unbounded,
        IntegerLengths,
        Drifting,
        PrimesUnasked,
        WrongJoint,
        PrimingLeaks,
    ],
)
def test_a_broken_coder_fails(broken: type[Coder]) -> None:
    with pytest.raises(AssertionError):
        check_coder(broken(), examples=20)
