"""The coder ``mix``: context mixing, many models of the next bit combined by a small network trained online."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from kolmo._core.checks import check_integer
from kolmo._core.memory import cached
from kolmo.coders.base import Decode, Encode, Meter
from kolmo.coders.entropy.framing import check_ratio, code_bits, join_length, split_length
from kolmo.coders.predictive import BitChances, Cursor, PredictiveCoder
from kolmo.coders.tags import CoderTags

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kolmo.coders.mixing.layout import Layout
    from kolmo.coders.mixing.model import Model

_MAX_TRIAL_BYTES = 2**13
_MIN_CURSOR_BYTES = 2**16
_MIN_WITHOUT_CONTEXT = 2**12
"""Size in bytes from which data of another kind than the context may be coded without the context."""
"""Resolution of the probabilities of a bit."""


@dataclass(frozen=True, kw_only=True)
class Mix(PredictiveCoder):
    """Context mixing, bit by bit: the strongest general-purpose coder of the package, and a slow one.

    Each of 6 to 44 contexts (the last bytes, words, the line above, neighbours in an image, a record or a sound) keeps
    a history of the bits that followed it. An adaptive map from histories to probabilities and a direct estimate of
    the probability are the inputs of several small networks, each selected by a different part of the context. A final
    network combines their outputs, and three adaptive maps refine the result. All parameters are learned online from
    the data.

    The model computes in integers, and the recurrent network of levels 5 and 6 in floating point with a rounding fixed
    by IEEE 754, so that a stream decodes bit for bit on any machine.

    Parameters
    ----------
    level : int
        1 (fastest) to 6 (smallest). Levels 5 and 6 add the recurrent network of the coder ``gru``. Level 6 has many
        more contexts, takes 5 to 10 times as long as 4, and needs 1.5 GB of memory for a megabyte, 3 GB at most.
    layout : str
        ``"auto"`` selects the layout with the shortest code on a sample of the data. ``"plain"`` is text, or data
        without a layout. ``"records-1x13"`` are records of 13 bytes; ``"image-3x2304"`` is a raster with 3 bytes per
        pixel and 2,304 per row; ``"signal-4"`` are 16-bit samples, low byte first, 4 bytes for all channels.

    References
    ----------
    Mahoney, "Adaptive weighing of context models for lossless data compression", Florida Tech technical report
    CS-2005-16, 2005. Mahoney, "Data Compression Explained", 2013. Cleary and Witten, "Data compression using adaptive
    coding and partial string matching", IEEE Transactions on Communications, 1984. Pratas, Pinho and Ferreira,
    "Efficient compression of genomic sequences", Data Compression Conference 2016, on substitution-tolerant contexts
    and inverted repeats.

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

        encoded, context = as_bytes(data), as_bytes(context)
        if not context:
            return self._new_model(self._layout_of(encoded), encoded).measure(encoded)
        primed = _primed_model(*_key(self, context, len(encoded)))
        costs, layout = primed.copy().measure(encoded), self._alternative_layout(primed, encoded)
        if layout is not None:
            costs = min(costs, self._new_model(layout, encoded).measure(encoded), key=lambda each: float(each.sum()))
        return costs

    def _cursor(self, context: bytes) -> Cursor:
        from kolmo.coders.mixing.model import Model

        model = Model(self.level, self._layout_of(context), max(len(context), _MIN_CURSOR_BYTES))
        model.measure(context)
        return _MixCursor(model)

    def _meter(self, context: bytes) -> Meter:
        def meter(data: bytes) -> float:
            if not context:
                return 8.0 * len(join_length(len(data), b"")) + self._bits_without_context(self._layout_of(data), data)
            key = _key(self, context, len(data))
            if len(data) > _MAX_TRIAL_BYTES:
                primed = _primed_model(*key)
                surprisal = float(primed.copy().measure(data).sum())
            else:
                primed = _trial_model(threading.get_ident(), key)
                surprisal = float(primed.trial(data).sum())
            bits = code_bits(len(data), surprisal)
            other = self._alternative_layout(primed, data)
            if other is not None:
                bits = min(bits, self._bits_without_context(other, data))
            return bits + 8.0 * len(_join_header(len(data), b""))

        return meter

    def _encoder(self, context: bytes) -> Encode:
        def encode(data: bytes) -> bytes:
            if not context:
                return join_length(len(data), self._code_without_context(self._layout_of(data), data))
            primed = _primed_model(*_key(self, context, len(data)))
            code, other = primed.copy().encode(data), self._alternative_layout(primed, data)
            if other is not None:
                alone = self._code_without_context(other, data)
                if len(alone) < len(code):
                    return _join_header(len(data), alone, without_context=True)
            return _join_header(len(data), code)

        return encode

    def _decoder(self, context: bytes) -> Decode:
        def decode(payload: bytes, max_size: int) -> bytes:
            from kolmo.coders.mixing.layout import Layout
            from kolmo.coders.mixing.model import Model

            if context:
                size, without_context, stream = _split_header(payload, max_size)
            else:
                size, stream = split_length(payload, max_size)
                without_context = True
            check_ratio(len(stream), size)
            if without_context:
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

    def _new_model(self, layout: Layout, data: bytes) -> Model:
        from kolmo.coders.mixing.model import Model

        return Model(self.level, layout, len(data))

    def _bits_without_context(self, layout: Layout, data: bytes) -> float:
        surprisal = float(self._new_model(layout, data).measure(data).sum())
        return 8.0 * len(layout.to_bytes()) + code_bits(len(data), surprisal)

    def _code_without_context(self, layout: Layout, data: bytes) -> bytes:
        return layout.to_bytes() + self._new_model(layout, data).encode(data)

    def _alternative_layout(self, primed: Model, data: bytes) -> Layout | None:
        """Return the layout of the data if its kind differs from that of the context, and None otherwise."""
        if self.layout != "auto" or len(data) < _MIN_WITHOUT_CONTEXT:
            return None
        layout = self._layout_of(data)
        return layout if layout.kind != primed.layout.kind else None


def _join_header(size: int, code: bytes, *, without_context: bool = False) -> bytes:
    """Return the code after the length of its data and, from 4 KiB on, a flag for coding without the context."""
    return join_length(size if size < _MIN_WITHOUT_CONTEXT else 2 * size - _MIN_WITHOUT_CONTEXT + without_context, code)


def _split_header(payload: bytes, max_size: int) -> tuple[int, bool, bytes]:
    number, code = split_length(payload, max(max_size, 2 * max_size - _MIN_WITHOUT_CONTEXT + 1))
    if number < _MIN_WITHOUT_CONTEXT:
        return number, False, code
    size, without_context = divmod(number + _MIN_WITHOUT_CONTEXT, 2)
    return size, bool(without_context), code


class _MixCursor(Cursor):
    """A cursor that holds the model after the bytes read so far."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def surprisals(self, data: bytes) -> NDArray[np.float64]:
        return self.model.measure(data)

    def copy(self) -> _MixCursor:
        return _MixCursor(self.model.copy())

    def distribution(self) -> NDArray[np.float64]:
        import numpy as np

        return np.exp2([-float(self.model.trial(bytes([byte]))[0]) for byte in range(256)])

    def bit_chances(self) -> BitChances:
        import numpy as np

        def chances(byte: int) -> NDArray[np.float64]:
            # the kernel's probabilities are integers over 2^16, so those of 0 and 1 sum to 1 exactly
            own = np.round(65536 * np.exp2(-self.model.trial(bytes([byte]), by_bit=True))) / 65536
            is_one = np.unpackbits(np.array([byte], np.uint8)).astype(bool)
            return np.where(is_one, own, 1 - own)

        return chances

    def encode(self, data: bytes) -> bytes:
        return self.model.encode(data)

    def decode(self, payload: bytes, size: int) -> bytes:
        return self.model.decode(payload, size)


@cached()
def _primed_model(coder: Mix, context: bytes, size: int) -> Model:
    """Return a model primed with the context. It is shared: callers copy it and never change it."""
    from kolmo.coders.mixing.model import Model

    model = Model(coder.level, coder._layout_of(context), size)
    model.measure(context)
    return model


@cached()
def _trial_model(_thread: int, key: tuple[Mix, bytes, int]) -> Model:
    """Return a primed model of one thread for trials, which restore it."""
    return _primed_model(*key).copy()


def _key(coder: Mix, context: bytes, size: int) -> tuple[Mix, bytes, int]:
    """Return the cache key of a primed model: its tables are sized for the context, or for the data if longer."""
    return coder, context, max(len(context), (1 << size.bit_length()) - 1)
