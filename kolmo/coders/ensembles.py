"""Ensembles of coders: a mixture of their predictions, or the shortest of their codes."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from kolmo.coders.base import Coder, Decode, Encode, Meter
from kolmo.coders.entropy.framing import check_ratio, pad_code
from kolmo.coders.predictive import BitChances, Cursor, PredictiveCoder
from kolmo.coders.tags import CoderTags
from kolmo.errors import DecodeError, ParameterError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_KINDS = ("bayes", "switch")
_MAX_MEMBERS = 256


def mixture(coders: Sequence[Any], *, kind: str = "bayes", rate: float = 0.01) -> Mixture:
    """Return a coder that predicts with the weighted mean of the predictions of several coders.

    Parameters
    ----------
    coders : sequence of str or PredictiveCoder
        The members of the mixture.
    kind : {"bayes", "switch"}
        ``"bayes"`` weights each member by its likelihood so far: the code is at most log2(n) bits longer than that of
        the best of n members. ``"switch"`` allows the best member to change along the data.
    rate : float
        For ``"switch"``: the probability of a change at each byte.

    Returns
    -------
    Mixture

    Raises
    ------
    ParameterError
        If a member is not predictive.

    References
    ----------
    Herbster and Warmuth, "Tracking the best expert", Machine Learning, 1998.

    Examples
    --------
    >>> mixed = mixture(["ngram:order=2", "ngram:order=5"])
    >>> mixed.code_length("abracadabra " * 5) <= mixed.members[0].code_length("abracadabra " * 5) + 1
    True
    """
    return Mixture(coders=_joined(coders), kind=kind, rate=rate)


def best(coders: Sequence[Any]) -> Best:
    """Return a coder that uses the shortest of n codes and log2(n) bits to identify it.

    Every code length is an upper bound on Kolmogorov complexity; the shortest is the tightest of them.

    Parameters
    ----------
    coders : sequence of str or Coder
        The coders to choose from.

    Returns
    -------
    Best

    Examples
    --------
    >>> tightest = best(["gzip", "lzma", "ngram"])
    >>> tightest.code_length(bytes(1000)) <= min(member.code_length(bytes(1000)) for member in tightest.members) + 2
    True
    """
    return Best(coders=_joined(coders))


class _OfMembers:
    """Base of the coders that consist of other coders, named in the parameter `coders`."""

    coders: str

    @property
    def members(self) -> tuple[Any, ...]:
        """The member coders."""
        if not isinstance(self.coders, str) or not self.coders:
            raise ParameterError(
                f"expected the names of coders separated by +, such as 'ngram+mix', got {self.coders!r}"
            )
        return _members(self.coders)

    @classmethod
    def spell_members(cls, members: Sequence[Coder]) -> str:
        """Return the value of the parameter `coders` for these members."""
        return _joined(members)

    def versions(self) -> dict[str, str]:
        return {key: value for member in self.members for key, value in member.versions().items()}

    @property
    def model_bits(self) -> float:
        return float(sum(member.model_bits for member in self.members))


@dataclass(frozen=True, kw_only=True)
class Mixture(_OfMembers, PredictiveCoder):
    """A mixture of predictive coders; see `mixture`.

    Parameters
    ----------
    coders : str
        The members by name, separated by ``+``, with ``;`` between the parameters of each:
        ``"ngram:order=3;discount=0.7+mix"``.
    kind : {"bayes", "switch"}
        See `mixture`.
    rate : float
        For ``"switch"``: the probability of a change at each byte.

    Examples
    --------
    >>> Mixture(coders="ngram:order=2+ngram").members[1].order
    6
    """

    coders: str = "ngram:order=3+ngram"
    kind: str = "bayes"
    rate: float = 0.01

    name: ClassVar[str] = "mixture"

    def __post_init__(self) -> None:
        for member in self.members:
            if not isinstance(member, PredictiveCoder):
                raise ParameterError(f"expected predictive coders in a mixture, such as ngram and mix, got {member}")
        if self.kind not in _KINDS:
            raise ParameterError(f"kind: expected 'bayes' or 'switch', got {self.kind!r}")
        if isinstance(self.rate, bool) or not isinstance(self.rate, int | float) or not 0 < self.rate < 1:
            raise ParameterError(f"rate: expected a number between 0 and 1, got {self.rate!r}")

    def _cursor(self, context: bytes) -> Cursor:
        cursor = _MixtureCursor(self, [member.cursor() for member in self.members])
        cursor.surprisals(context)
        return cursor


class _MixtureCursor(Cursor):
    """A cursor of each member, and log2 of its weight."""

    def __init__(self, coder: Mixture, cursors: list[Cursor]) -> None:
        import numpy as np

        self.coder, self.cursors = coder, cursors
        self.log_weights = np.full(len(cursors), -math.log2(len(cursors)))

    def copy(self) -> _MixtureCursor:
        copied = _MixtureCursor(self.coder, [cursor.copy() for cursor in self.cursors])
        copied.log_weights = self.log_weights.copy()
        return copied

    def surprisals(self, data: bytes) -> NDArray[np.float64]:
        import numpy as np

        member_bits = np.array([cursor.surprisals(data) for cursor in self.cursors])
        bits = np.empty(len(data))
        switch = math.log2(self.coder.rate / len(self.cursors))
        stay = math.log2(1 - self.coder.rate)
        for position in range(len(data)):
            log_joint = self.log_weights - member_bits[:, position]
            total = np.logaddexp2.reduce(log_joint)
            bits[position] = -total
            self.log_weights = log_joint - total
            if self.coder.kind == "switch":
                self.log_weights = np.logaddexp2(self.log_weights + stay, switch)
        return bits

    def bit_chances(self) -> BitChances:
        import numpy as np

        members = [cursor.bit_chances() for cursor in self.cursors]

        def chances(byte: int) -> NDArray[np.float64]:
            each = np.array([chances_of(byte) for chances_of in members])
            found, weights = np.empty(8), np.exp2(self.log_weights)
            for place in range(8):
                total = weights.sum()
                found[place] = weights @ each[:, place] / total if total > 0 else 0.5
                weights = weights * (each[:, place] if byte >> (7 - place) & 1 else 1 - each[:, place])
            return found

        return chances

    def encode(self, data: bytes) -> bytes:
        from kolmo.coders.entropy.multisymbol import Encoder, frequencies

        encoder = Encoder()
        for place, byte in enumerate(data):
            for depth, chance in enumerate(self.bit_chances()(byte)):
                encoder.encode(frequencies(_of_bit(chance)), byte >> (7 - depth) & 1)
            self.surprisals(data[place : place + 1])
        return pad_code(encoder.finish(), len(data))

    def decode(self, payload: bytes, size: int) -> bytes:
        """Decode bit by bit: a member that predicts bits then tries a few bytes, and not all 256."""
        from kolmo.coders.entropy.multisymbol import Decoder, frequencies

        check_ratio(len(payload), size)
        decoder, data = Decoder(payload), bytearray()
        while len(data) < size:
            chances_of, byte = self.bit_chances(), 0
            chances = chances_of(byte)
            for depth in range(8):
                if decoder.decode(frequencies(_of_bit(chances[depth]))):
                    byte |= 1 << (7 - depth)
                    chances = chances_of(byte) if depth < 7 else chances
            self.surprisals(bytes([byte]))
            data.append(byte)
        decoder.finish(size)
        return bytes(data)

    def distribution(self) -> NDArray[np.float64]:
        import numpy as np

        members = np.array([cursor.distribution() for cursor in self.cursors])
        mixed: NDArray[np.float64] = np.exp2(self.log_weights) @ members
        return mixed


@dataclass(frozen=True, kw_only=True)
class Best(_OfMembers, Coder):
    """The shortest of several codes; see `best`.

    The stream identifies the member by one byte; the code length counts log2(n) bits for it.

    Parameters
    ----------
    coders : str
        The members by name, as for `Mixture`.

    Examples
    --------
    >>> Best(coders="gzip+lzma").members[0].name
    'gzip'
    """

    coders: str = "zstd:level=19+lzma+bz2+mix"

    name: ClassVar[str] = "best"

    @property
    def stream_version(self) -> int:  # type: ignore[override]
        return max(int(member.stream_version) for member in self.members)

    def __post_init__(self) -> None:
        _ = self.members  # raises an error if they are not coders

    @property
    def tags(self) -> CoderTags:
        tags = [member.tags for member in self.members]
        priming = {tag.priming for tag in tags}
        windows = [tag.window for tag in tags]
        return CoderTags(
            decodable=all(tag.decodable for tag in tags),
            deterministic=all(tag.deterministic for tag in tags),
            window=None if None in windows else max(window for window in windows if window),
            parallel="processes" if any(tag.parallel == "processes" for tag in tags) else "threads",
            priming=None if None in priming else "native" if priming == {"native"} else "difference",
            portable=all(tag.portable for tag in tags),
            slack_bits=max(tag.slack_bits for tag in tags) + 8,
        )

    def _meter(self, context: bytes) -> Meter:
        meters = [member._meter(context) for member in self.members]
        return lambda data: math.log2(len(meters)) + min(meter(data) for meter in meters)

    def _encoder(self, context: bytes) -> Encode:
        encoders = [member._encoder(context) for member in self.members]

        def encode(data: bytes) -> bytes:
            streams: list[bytes] = [encoder(data) for encoder in encoders]
            shortest = min(range(len(streams)), key=lambda number: len(streams[number]))
            return bytes([shortest]) + streams[shortest]

        return encode

    def _decoder(self, context: bytes) -> Decode:
        def decode(payload: bytes, max_size: int) -> bytes:
            if not payload or payload[0] >= len(self.members):
                raise DecodeError(f"the payload names none of the {len(self.members)} coders of {self}; it is corrupt")
            data: bytes = self.members[payload[0]]._decoder(context)(payload[1:], max_size)
            return data

        return decode


def _of_bit(chance: float) -> NDArray[np.float64]:
    """Return the distribution of a bit that is 1 with this probability."""
    import numpy as np

    return np.array([1 - chance, chance])


def _joined(coders: Sequence[Any]) -> str:
    from kolmo.coders.registry import coder

    if isinstance(coders, str | bytes) or not isinstance(coders, Sequence):
        raise ParameterError(f"expected a list of coders, such as ['ngram', 'mix'], got {coders!r}")
    return "+".join(str(coder(member)).replace(",", ";") for member in coders)


@functools.lru_cache(256)
def _members(coders: str) -> tuple[Coder, ...]:
    from kolmo.coders.registry import coder

    members = tuple(coder(name.replace(";", ",")) for name in coders.split("+"))
    if len(members) > _MAX_MEMBERS:
        raise ParameterError(f"expected at most {_MAX_MEMBERS} coders, got {len(members)}")
    return members
