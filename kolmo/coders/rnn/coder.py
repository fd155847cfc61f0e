"""The coder ``gru``: a recurrent neural network trained online, without pretrained weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from kolmo._core.checks import check_integer
from kolmo._core.memory import cached
from kolmo.coders.base import Decode, Encode, Meter
from kolmo.coders.entropy.framing import check_ratio, join_length, split_length
from kolmo.coders.predictive import Cursor, PredictiveCoder, stream_bits
from kolmo.coders.tags import CoderTags
from kolmo.errors import ParameterError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kolmo.coders.rnn.model import Model

_MIN_CURSOR_BYTES = 2**14


@dataclass(frozen=True, kw_only=True)
class Gru(PredictiveCoder):
    """Gated recurrent units combined with hashed n-grams, both trained online on the coded bytes.

    The state of the network gives a logit for each of the eight bits of the next byte. The logits of adaptive
    probabilities in the contexts of the last one to six bytes, of the word and of the longest match are added with
    learned weights. The network is trained by backpropagation through the last 32 bytes. The decoder repeats the
    training from the same initial weights.

    The model computes in 32-bit floating point, in a fixed order and with operations that IEEE 754 rounds uniquely, so
    that a stream decodes bit for bit on any machine.

    Parameters
    ----------
    hidden : int
        Units of the network, a multiple of 16 from 16 to 512. More units are slower, and better on long data.
    seed : int
        Seed of the initial weights, 0 to 2**32 - 1.

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
            raise ParameterError(f"hidden: expected a multiple of 16, got {self.hidden}")
        check_integer("seed", self.seed, 0, 2**32 - 1)

    @property
    def tags(self) -> CoderTags:
        return CoderTags(priming="native", portable=True, slack_bits=64.0)

    def versions(self) -> dict[str, str]:
        return {}

    def surprisals(self, data: Any, *, context: Any = b"") -> NDArray[np.float64]:
        from kolmo._core.items import as_bytes

        encoded = as_bytes(data)
        return self._model(as_bytes(context), len(encoded)).measure(encoded)

    def _cursor(self, context: bytes) -> Cursor:
        return _GruCursor(self._model(context, _MIN_CURSOR_BYTES))

    def _meter(self, context: bytes) -> Meter:
        return lambda data: stream_bits(data, float(self._model(context, len(data)).measure(data).sum()))

    def _encoder(self, context: bytes) -> Encode:
        return lambda data: join_length(len(data), self._model(context, len(data)).encode(data))

    def _decoder(self, context: bytes) -> Decode:
        def decode(payload: bytes, max_size: int) -> bytes:
            size, stream = split_length(payload, max_size)
            check_ratio(len(stream), size)
            return self._model(context, size).decode(stream, size)

        return decode

    def _model(self, context: bytes, size: int) -> Model:
        """Return a new model primed with the context, with tables sized for `size` bytes."""
        from kolmo.coders.rnn.model import Model

        if not context:
            return Model(self.hidden, self.seed, size)
        # cached by the next power of two of the size
        return _primed_model(self, context, max(len(context), (1 << size.bit_length()) - 1)).copy()


class _GruCursor(Cursor):
    """A cursor that holds the model after the bytes read so far."""

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


@cached()
def _primed_model(coder: Gru, context: bytes, size: int) -> Model:
    """Return a model primed with the context. It is shared: callers copy it and never change it."""
    from kolmo.coders.rnn.model import Model

    model = Model(coder.hidden, coder.seed, size)
    model.measure(context)
    return model
