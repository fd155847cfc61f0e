"""Context mixing: many models of the next bit, weighed by a small network that learns while it reads."""

from __future__ import annotations

import functools
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from kolmo._core.checks import check_integer
from kolmo.coders.base import Decode, Encode, Meter
from kolmo.coders.entropy.framing import join_length, split_length
from kolmo.coders.predictive import Cursor, PredictiveCoder
from kolmo.coders.tags import CoderTags

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kolmo.coders.mixing.layout import Layout
    from kolmo.coders.mixing.model import Model

_KEPT_MODELS = 8
_LONGEST_TRIAL = 2**13
_LEAST_CURSOR = 2**16
_LEAST_AFRESH = 2**12
"""Bytes from which on data of another kind than the context may be coded without it."""
_FINEST = 16
"""Bits of its probabilities."""


@dataclass(frozen=True, kw_only=True)
class Mix(PredictiveCoder):
    """Context mixing, bit by bit: the tightest general code here, and a slow one.

    Each of 6 to 44 contexts (the last bytes, words, the line above, neighbours in a picture, a record or a sound) keeps
    the history of the bits that followed it. What such a history has meant so far, together with a direct estimate of
    the probability, goes into several small networks, each chosen by a different part of the context; a last one
    weighs these, and three maps correct the result by what came of it before. Everything adapts as it reads, and
    begins from nothing.

    It computes in whole numbers, and the network of level 6 in floating point whose every rounding IEEE 754 fixes, so
    that a stream reads back bit for bit on any machine.

    Parameters
    ----------
    level : int
        1 (fastest) to 6 (smallest). From 5 on, the network of the coder ``gru`` is one more model beside the contexts.
        6 has many more contexts, takes 5 to 10 times as long as 4, and 1.5 GB of memory for a megabyte, 3 GB at most.
    layout : str
        ``"auto"`` finds out how the bytes are laid out, by trying it on a piece; ``"plain"`` takes them as text, or
        as anything without a layout. ``"records-1x13"`` are records of 13 bytes; ``"image-3x2304"`` is a raster of
        3 bytes a pixel and 2,304 a row; ``"signal-4"`` are 16-bit samples, low byte first, 4 bytes for all channels.

    References
    ----------
    Mahoney, "Adaptive weighing of context models for lossless data compression", Florida Tech technical report
    CS-2005-16, 2005. Mahoney, "Data Compression Explained", 2013. Cleary and Witten, "Data compression using adaptive
    coding and partial string matching", IEEE Transactions on Communications, 1984. Pratas, Pinho and Ferreira,
    "Efficient compression of genomic sequences", Data Compression Conference 2016, on contexts that tolerate mutations
    and on the other strand.

    Examples
    --------
    >>> mix = Mix()
    >>> text = b"the cat sat on the mat; " * 20
    >>> mix.decompress(mix.compress(text)) == text
    True
    >>> mix.prime(text).code_length(b"the cat sat") < mix.code_length(b"the cat sat")
    True
    """

    level: int = 3
    layout: str = "auto"

    name: ClassVar[str] = "mix"

    def __post_init__(self) -> None:
        check_integer("level", self.level, 1, 6)
        if self.layout != "auto":
            from kolmo.coders.mixing.layout import Layout

            Layout.parse(self.layout)

    @property
    def tags(self) -> CoderTags:
        return CoderTags(priming="native", portable=True, slack_bits=64.0)

    def versions(self) -> dict[str, str]:
        return {}

    def surprisals(self, data: object, *, context: object = b"") -> NDArray[np.float64]:
        from kolmo._core.items import as_bytes

        taken, context = as_bytes(data), as_bytes(context)
        if not context:
            return self._fresh(self._layout_of(taken), taken).measure(taken)
        primed = _primed_model(*_key(self, context, len(taken)))
        costs, layout = primed.copy().measure(taken), self._other_layout(primed, taken)
        if layout is not None:
            costs = min(costs, self._fresh(layout, taken).measure(taken), key=lambda each: float(each.sum()))
        return costs

    def _cursor(self, context: bytes) -> Cursor:
        from kolmo.coders.mixing.model import Model

        model = Model(self.level, self._layout_of(context), max(len(context), _LEAST_CURSOR))
        model.measure(context)
        return _MixCursor(model)

    def _meter(self, context: bytes) -> Meter:
        def meter(data: bytes) -> float:
            if not context:
                return 8.0 * len(join_length(len(data), b"")) + self._fresh_bits(self._layout_of(data), data)
            key = _key(self, context, len(data))
            if len(data) > _LONGEST_TRIAL:
                primed = _primed_model(*key)
                bits = float(primed.copy().measure(data).sum())
            else:
                primed = _LENT.model(*key)
                bits = primed.trial(data)
            other = self._other_layout(primed, data)
            if other is not None:
                bits = min(bits, self._fresh_bits(other, data))
            return bits + 8.0 * len(_stated(len(data), b""))

        return meter

    def _encoder(self, context: bytes) -> Encode:
        def encode(data: bytes) -> bytes:
            if not context:
                return join_length(len(data), self._fresh_code(self._layout_of(data), data))
            primed = _primed_model(*_key(self, context, len(data)))
            code, other = primed.copy().encode(data), self._other_layout(primed, data)
            if other is not None:
                alone = self._fresh_code(other, data)
                if len(alone) < len(code):
                    return _stated(len(data), alone, afresh=True)
            return _stated(len(data), code)

        return encode

    def _decoder(self, context: bytes) -> Decode:
        def decode(payload: bytes, max_size: int) -> bytes:
            from kolmo.coders.entropy.binary import check_size
            from kolmo.coders.mixing.layout import Layout
            from kolmo.coders.mixing.model import Model

            if context:
                size, afresh, stream = _split_stated(payload, max_size)
            else:
                size, stream = split_length(payload, max_size)
                afresh = True
            check_size(len(stream), size, _FINEST)
            if afresh:
                layout, stream = Layout.split(stream)
                model = Model(self.level, layout, size)
            else:
                model = _primed_model(*_key(self, context, size)).copy()
            return model.decode(stream, size)

        return decode

    def _layout_of(self, data: bytes) -> Layout:
        from kolmo.coders.mixing.detect import find_layout
        from kolmo.coders.mixing.layout import Layout

        return find_layout(data) if self.layout == "auto" else Layout.parse(self.layout)

    def _fresh(self, layout: Layout, data: bytes) -> Model:
        from kolmo.coders.mixing.model import Model

        return Model(self.level, layout, len(data))

    def _fresh_bits(self, layout: Layout, data: bytes) -> float:
        return 8.0 * len(layout.to_bytes()) + float(self._fresh(layout, data).measure(data).sum())

    def _fresh_code(self, layout: Layout, data: bytes) -> bytes:
        return layout.to_bytes() + self._fresh(layout, data).encode(data)

    def _other_layout(self, primed: Model, data: bytes) -> Layout | None:
        """Return how the data are laid out, if they are of another kind than the context and may do better afresh."""
        if self.layout != "auto" or len(data) < _LEAST_AFRESH:
            return None
        layout = self._layout_of(data)
        return layout if layout.kind != primed.layout.kind else None


def _stated(size: int, code: bytes, *, afresh: bool = False) -> bytes:
    """Return the code behind the length of its data; from 4 KiB on also behind whether the context was left aside."""
    return join_length(size if size < _LEAST_AFRESH else 2 * size - _LEAST_AFRESH + afresh, code)


def _split_stated(payload: bytes, max_size: int) -> tuple[int, bool, bytes]:
    number, code = split_length(payload, max(max_size, 2 * max_size - _LEAST_AFRESH + 1))
    if number < _LEAST_AFRESH:
        return number, False, code
    size, afresh = divmod(number + _LEAST_AFRESH, 2)
    return size, bool(afresh), code


class _MixCursor(Cursor):
    """A place in a text, and the model that has read it."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def surprisals(self, data: bytes) -> NDArray[np.float64]:
        return self.model.measure(data)

    def copy(self) -> _MixCursor:
        return _MixCursor(self.model.copy())

    def distribution(self) -> NDArray[np.float64]:
        import numpy as np

        return np.array([2.0 ** -self.model.trial(bytes([byte])) for byte in range(256)])

    def encode(self, data: bytes) -> bytes:
        return self.model.encode(data)

    def decode(self, payload: bytes, size: int) -> bytes:
        return self.model.decode(payload, size)


@functools.lru_cache(_KEPT_MODELS)
def _primed_model(coder: Mix, context: bytes, size: int) -> Model:
    """Return the model that all calls with this context copy; nobody changes it."""
    from kolmo.coders.mixing.model import Model

    model = Model(coder.level, coder._layout_of(context), size)
    model.measure(context)
    return model


class _Lent(threading.local):
    """Primed models of each thread's own, for trials, which leave them as they were."""

    def __init__(self) -> None:
        self.model = functools.lru_cache(_KEPT_MODELS)(lambda *key: _primed_model(*key).copy())


_LENT = _Lent()


def _key(coder: Mix, context: bytes, size: int) -> tuple[Mix, bytes, int]:
    """Return what a primed model depends on; its tables are made for the context, or for longer data."""
    return coder, context, max(len(context), (1 << size.bit_length()) - 1)
