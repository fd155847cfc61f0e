"""Several coders as one: a mixture of their predictions, or whichever is shortest."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from kolmo.coders.base import Coder, Decode, Encode, Meter
from kolmo.coders.predictive import Cursor, PredictiveCoder
from kolmo.coders.tags import CoderTags
from kolmo.errors import DecodeError, ParameterError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_KINDS = ("bayes", "switch")
_MOST_MEMBERS = 256


def mixture(coders: Sequence[Any], *, kind: str = "bayes", rate: float = 0.01) -> Mixture:
    """Return a coder that predicts with the weighted mean of what several coders predict.

    Parameters
    ----------
    coders : sequence of str or PredictiveCoder
        What to mix.
    kind : {"bayes", "switch"}
        ``"bayes"`` weighs each member by how well it has predicted from the beginning: at most log2(n) bits longer than
        the best of n. ``"switch"`` lets the best member change on the way.
    rate : float
        For ``"switch"``: how likely a change is, at each byte.

    Returns
    -------
    Mixture

    Raises
    ------
    ParameterError
        If a member does not predict.

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
    """Return a coder that takes the shortest of several codes, and says in log2(n) bits which it is.

    The length of the shortest program is bounded from above by every coder, so by the shortest the most tightly.

    Parameters
    ----------
    coders : sequence of str or Coder
        What to choose from.

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
    """What is made of the coders that its parameter `coders` names."""

    coders: str

    @property
    def members(self) -> tuple[Any, ...]:
        """The coders."""
        return _members(self.coders)

    def versions(self) -> dict[str, str]:
        return {key: value for member in self.members for key, value in member.versions().items()}

    @property
    def model_bits(self) -> float:
        return float(sum(member.model_bits for member in self.members))


@dataclass(frozen=True, kw_only=True)
class Mixture(_OfMembers, PredictiveCoder):
    """The weighted mean of what several coders predict. Made by `mixture`.

    Parameters
    ----------
    coders : str
        The members by name, with ``+`` between them and ``;`` between the parameters of one:
        ``"ngram:order=3;discount=0.7+mix"``.
    kind : {"bayes", "switch"}
        See `mixture`.
    rate : float
        For ``"switch"``: how likely a change is, at each byte.

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
                raise ParameterError(f"a mixture is made of coders that predict, such as ngram and mix, not {member}")
        if self.kind not in _KINDS:
            raise ParameterError(f"kind must be 'bayes' or 'switch', but {self.kind!r} came")
        if isinstance(self.rate, bool) or not isinstance(self.rate, int | float) or not 0 < self.rate < 1:
            raise ParameterError(f"rate must be a number between 0 and 1, but {self.rate!r} came")

    def _cursor(self, context: bytes) -> Cursor:
        cursor = _MixtureCursor(self, [member.cursor() for member in self.members])
        cursor.surprisals(context)
        return cursor


class _MixtureCursor(Cursor):
    """A cursor of each member, and the probability that it is the best, as log2."""

    def __init__(self, coder: Mixture, cursors: list[Cursor]) -> None:
        import numpy as np

        self.coder, self.cursors = coder, cursors
        self.log_weights = np.full(len(cursors), -math.log2(len(cursors)))

    def copy(self) -> _MixtureCursor:
        twin = _MixtureCursor(self.coder, [cursor.copy() for cursor in self.cursors])
        twin.log_weights = self.log_weights.copy()
        return twin

    def surprisals(self, data: bytes) -> NDArray[np.float64]:
        import numpy as np

        own = np.array([cursor.surprisals(data) for cursor in self.cursors])
        bits = np.empty(len(data))
        share = math.log2(self.coder.rate / len(self.cursors))
        stay = math.log2(1 - self.coder.rate)
        for place in range(len(data)):
            together = self.log_weights - own[:, place]
            total = np.logaddexp2.reduce(together)
            bits[place] = -total
            self.log_weights = together - total
            if self.coder.kind == "switch":
                self.log_weights = np.logaddexp2(self.log_weights + stay, share)
        return bits

    def distribution(self) -> NDArray[np.float64]:
        import numpy as np

        members = np.array([cursor.distribution() for cursor in self.cursors])
        mixed: NDArray[np.float64] = np.exp2(self.log_weights) @ members
        return mixed


@dataclass(frozen=True, kw_only=True)
class Best(_OfMembers, Coder):
    """The shortest of several codes, and which it is. Made by `best`.

    The stream names the member in a whole byte; the stated length counts log2(n) bits for it.

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

    def __post_init__(self) -> None:
        _members(self.coders)

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
                raise DecodeError(f"the payload names none of the {len(self.members)} coders of {self}")
            data: bytes = self.members[payload[0]]._decoder(context)(payload[1:], max_size)
            return data

        return decode


def _joined(coders: Sequence[Any]) -> str:
    from kolmo.coders.registry import coder

    if isinstance(coders, str | bytes) or not isinstance(coders, Sequence):
        raise ParameterError(f"a list of coders is expected, such as ['ngram', 'mix'], but {coders!r} came")
    return "+".join(str(coder(member)).replace(",", ";") for member in coders)


@functools.lru_cache(256)
def _members(coders: str) -> tuple[Coder, ...]:
    from kolmo.coders.registry import coder

    if not isinstance(coders, str) or not coders:
        raise ParameterError(f"coders are named with + between them, such as 'ngram+mix', but {coders!r} came")
    members = tuple(coder(name.replace(";", ",")) for name in coders.split("+"))
    if len(members) > _MOST_MEMBERS:
        raise ParameterError(f"at most {_MOST_MEMBERS} coders go together, but {len(members)} came")
    return members
