"""A recurrent neural network that learns while it codes: nothing is trained before, and nothing is shipped."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from kolmo._core.checks import check_integer
from kolmo.coders.base import Decode, Encode, Meter
from kolmo.coders.entropy.framing import join_length, split_length
from kolmo.coders.predictive import Cursor, PredictiveCoder, length_bits
from kolmo.coders.tags import CoderTags
from kolmo.errors import ParameterError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kolmo.coders.rnn.model import Model

_KEPT_MODELS = 8
_LEAST_CURSOR = 2**14


@dataclass(frozen=True, kw_only=True)
class Gru(PredictiveCoder):
    """A network of gated recurrent units beside hashed n-grams, both learning from every byte they have coded.

    The network reads a byte, and its state gives each of the eight bits of the next one a logit. To that are added
    those of the last one to six bytes, the word, and the longest match, as adaptive probabilities, each by weights that
    are learned like the network's output. The network learns by going back over the last 32 bytes. The decoder repeats
    all this from the same first weights.

    It computes in 32-bit floating point, in a fixed order and by what IEEE 754 rounds in one way alone, so that a
    stream reads back bit for bit on any machine.

    Parameters
    ----------
    hidden : int
        Units of the network, a multiple of 16 from 16 to 512. More are slower, and better on long data.
    seed : int
        What the first weights are made from, 0 to 2**32 - 1.

    References
    ----------
    Cho et al., "Learning phrase representations using RNN encoder-decoder for statistical machine translation", EMNLP
    2014. Bellard, "Lossless data compression with neural networks", 2019. Knoll, "lstm-compress", 2017, and "cmix",
    2014. Mahoney, "Fast text compression with neural networks", FLAIRS 2000.

    Examples
    --------
    >>> gru = Gru()
    >>> text = b"the cat sat on the mat; " * 20
    >>> gru.decompress(gru.compress(text)) == text
    True
    >>> gru.prime(text).code_length(b"the cat sat") < gru.code_length(b"the cat sat")
    True
    """

    hidden: int = 64
    seed: int = 0

    name: ClassVar[str] = "gru"

    def __post_init__(self) -> None:
        check_integer("hidden", self.hidden, 16, 512)
        if self.hidden % 16:
            raise ParameterError(f"hidden must be a multiple of 16, but {self.hidden} came")
        check_integer("seed", self.seed, 0, 2**32 - 1)

    @property
    def tags(self) -> CoderTags:
        return CoderTags(priming="native", portable=True, slack_bits=64.0)

    def versions(self) -> dict[str, str]:
        return {}

    def surprisals(self, data: Any, *, context: Any = b"") -> NDArray[np.float64]:
        from kolmo._core.items import as_bytes

        taken = as_bytes(data)
        return self._model(as_bytes(context), len(taken)).measure(taken)

    def _cursor(self, context: bytes) -> Cursor:
        return _GruCursor(self._model(context, _LEAST_CURSOR))

    def _meter(self, context: bytes) -> Meter:
        return lambda data: length_bits(data) + float(self._model(context, len(data)).measure(data).sum())

    def _encoder(self, context: bytes) -> Encode:
        return lambda data: join_length(len(data), self._model(context, len(data)).encode(data))

    def _decoder(self, context: bytes) -> Decode:
        def decode(payload: bytes, max_size: int) -> bytes:
            from kolmo.coders.entropy.binary import check_size

            size, stream = split_length(payload, max_size)
            check_size(len(stream), size, finest=16)
            return self._model(context, size).decode(stream, size)

        return decode

    def _model(self, context: bytes, size: int) -> Model:
        """Return a model of one's own that has read the context, and has room for so many bytes."""
        from kolmo.coders.rnn.model import Model

        if not context:
            return Model(self.hidden, self.seed, size)
        # one for all lengths up to a power of two, as it is kept
        return _primed_model(self, context, max(len(context), (1 << size.bit_length()) - 1)).copy()


class _GruCursor(Cursor):
    """A place in a text, and the model that has read it."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def surprisals(self, data: bytes) -> NDArray[np.float64]:
        return self.model.measure(data)

    def copy(self) -> _GruCursor:
        return _GruCursor(self.model.copy())

    def distribution(self) -> NDArray[np.float64]:
        return self.model.distribution()

    def encode(self, data: bytes) -> bytes:
        return self.model.encode(data)

    def decode(self, payload: bytes, size: int) -> bytes:
        return self.model.decode(payload, size)


@functools.lru_cache(_KEPT_MODELS)
def _primed_model(coder: Gru, context: bytes, size: int) -> Model:
    """Return the model that all calls with this context copy; nobody changes it."""
    from kolmo.coders.rnn.model import Model

    model = Model(coder.hidden, coder.seed, size)
    model.measure(context)
    return model
