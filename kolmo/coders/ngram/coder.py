"""The coder ``ngram``: an interpolated byte n-gram model, fast and effective on short texts."""

from __future__ import annotations

import copy
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

from kolmo._core.checks import check_boolean, check_integer
from kolmo.coders.base import Meter
from kolmo.coders.predictive import Cursor, PredictiveCoder, new_cursor, stream_bits
from kolmo.coders.tags import CoderTags
from kolmo.errors import ParameterError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_INITIAL_ENTRIES = 2**8
_MAX_TRIAL_BYTES = 2**12
_MAX_FITTED_BYTES = 2**20
_ORDERS, _DISCOUNTS, _WEIGHTS = (2, 3, 4, 5, 6), (0.5, 0.7, 0.9), (0.1, 1.0, 8.0, 32.0)


@dataclass(frozen=True, kw_only=True)
class Ngram(PredictiveCoder):
    """Interpolated byte n-grams of all orders up to a maximum, with absolute discounting.

    After a context x that occurred n(x) times, followed by T(x) different bytes, the next byte is s with probability
    (max(n(xs) - d, 0) + (d T(x) + m) P(s | x without its first byte)) / (n(x) + m): absolute discounting by d, with
    the discounted mass and m pseudo-counts given to the shorter context.

    A stream codes the bits of a byte one by one. It has the stated length, except for bytes with a probability below
    2 to the power of -22 (common only without exclusion), which take fewer bits than stated.

    Parameters
    ----------
    order : int
        Length of the longest context in bytes, 0 to 8.
    discount : float
        d, from 0 to 1.
    weight : float
        m, above 0.
    exclusion : bool
        Count a byte in a shorter context only if it was new in all longer ones, as PPM does.
    adapt : bool
        Update the model with the data that it codes. If False, a primed coder uses only the context, which is faster
        for many short texts; without a context, every byte costs 8 bits.

    References
    ----------
    Witten and Bell, "The zero-frequency problem", IEEE Transactions on Information Theory, 1991. Ney, Essen and Kneser,
    "On structuring probabilistic dependences in stochastic language modelling", Computer Speech and Language, 1994.

    Examples
    --------
    >>> ngram = Ngram()
    >>> text = "she sells sea shells " * 9
    >>> ngram.decompress(ngram.compress(text)).decode() == text
    True
    >>> ngram.prime(text).code_length("sea shells") < 16
    True
    """

    order: int = 6
    discount: float = 0.8
    weight: float = 0.1
    exclusion: bool = True
    adapt: bool = True

    name: ClassVar[str] = "ngram"

    def __post_init__(self) -> None:
        check_integer("order", self.order, 0, 8)
        for name, value, low, high in (("discount", self.discount, 0, 1), ("weight", self.weight, 1e-3, 1e6)):
            if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
                raise ParameterError(f"{name}: expected a number from {low:g} to {high:g}, got {value!r}")
        check_boolean("exclusion", self.exclusion)
        check_boolean("adapt", self.adapt)

    @property
    def tags(self) -> CoderTags:
        return CoderTags(priming="native", portable=True, slack_bits=64.0)

    def versions(self) -> dict[str, str]:
        return {}

    def fitted(self, items: Any) -> Self:
        """Return this coder with the order, discount and weight that minimise the code length of a held-out fifth.

        Parameters
        ----------
        items : collection of str or bytes
            Training items. At most a megabyte is used; the selection does not depend on their order.

        Returns
        -------
        Ngram
        """
        from kolmo._core.items import as_items

        by_digest = sorted(set(as_items(items)), key=lambda item: hashlib.sha256(item).digest())
        size, chosen = 0, []
        for item in by_digest:
            if size < _MAX_FITTED_BYTES:
                chosen.append(item)
                size += len(item)
        if len(chosen) < 5:
            return self
        context, held_out = b"\n".join(chosen[len(chosen) // 5 :]), chosen[: len(chosen) // 5]
        settings = [(o, d, m) for o in _ORDERS for d in _DISCOUNTS for m in _WEIGHTS]

        def bits(setting: tuple[int, float, float]) -> float:
            order, discount, weight = setting
            candidate = self.replace(order=order, discount=discount, weight=weight)
            cursor = candidate._cursor(context)
            return sum(map(cursor.trial, held_out))

        order, discount, weight = min(settings, key=bits)
        return self.replace(order=order, discount=discount, weight=weight)

    def _cursor(self, context: bytes) -> _NgramCursor:
        cursor = _NgramCursor(self)
        cursor.read(context, learn=True)
        return cursor

    def _meter(self, context: bytes) -> Meter:
        cursor = cast(_NgramCursor, new_cursor(self, context))
        return lambda data: stream_bits(data, cursor.trial(data))


class _NgramCursor(Cursor):
    """Cursor with the n-gram counts of the bytes read so far."""

    def __init__(self, coder: Ngram) -> None:
        import numpy as np

        self.coder, self.last = coder, 0
        self.table, self.zero = np.zeros(2 * _INITIAL_ENTRIES, np.uint64), np.zeros(259, np.int64)

    def surprisals(self, data: bytes) -> NDArray[np.float64]:
        return self.read(data, learn=self.coder.adapt)

    def copy(self) -> Self:
        duplicate = copy.copy(self)
        if self.coder.adapt:
            duplicate.table, duplicate.zero = self.table.copy(), self.zero.copy()
        return duplicate

    def trial(self, data: bytes) -> float:
        """Return the code length of `data` in bits, and restore the counts."""
        return float(self.trial_surprisals(data).sum())

    def trial_surprisals(self, data: bytes) -> NDArray[np.float64]:
        import numpy as np

        from kolmo.coders.ngram import kernels as ngram_kernels

        if not self.coder.adapt or len(data) > _MAX_TRIAL_BYTES:
            return self.copy().surprisals(data)
        journal = np.empty((2 * self.coder.order * len(data) + 1, 3), np.int64)
        journal[0] = 1  # the first row holds the number of entries
        zero, last = self.zero.copy(), self.last
        self._make_room(2 * self.coder.order * (len(data) + 1))
        try:
            return self.read(data, learn=True, journal=journal)
        finally:  # also after a keyboard interrupt
            ngram_kernels.undo(journal, self.table)
            self.zero, self.last = zero, last

    def read(self, data: bytes, *, learn: bool, journal: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
        import numpy as np

        from kolmo.coders.entropy.binary import MEASURE

        bits = np.empty(len(data))
        self._run(MEASURE, _array(data), learn=learn, bits=bits, journal=journal)
        return bits

    def encode(self, data: bytes) -> bytes:
        from kolmo.coders.entropy import binary as binary_code

        rest = _array(data)

        def code(stream: NDArray[np.uint8], cursor: NDArray[np.int64]) -> bool:
            nonlocal rest
            rest = rest[self._run(binary_code.ENCODE, rest, stream=stream, cursor=cursor) :]
            return not len(rest)

        return binary_code.encode(code, len(data))

    def decode(self, payload: bytes, size: int) -> bytes:
        import numpy as np

        from kolmo.coders.entropy import binary as binary_code

        pieces: list[bytes] = []

        def code(asked: int, stream: NDArray[np.uint8], cursor: NDArray[np.int64]) -> int:
            piece = np.empty(asked, np.uint8)
            done = self._run(binary_code.DECODE, piece, stream=stream, cursor=cursor)
            pieces.append(piece.tobytes())
            return done

        binary_code.decode(code, payload, size)
        return b"".join(pieces)

    def distribution(self) -> NDArray[np.float64]:
        import numpy as np

        from kolmo.coders.ngram import kernels as ngram_kernels

        coder, tree = self.coder, np.empty(512)
        setting = coder.order, float(coder.discount), float(coder.weight)
        ngram_kernels.predict(np.uint64(self.last), *setting, self.table, self.zero, np.zeros(9, np.int64), tree)
        return tree[256:]

    def _run(
        self,
        mode: int,
        data: NDArray[np.uint8],
        *,
        learn: bool | None = None,
        bits: NDArray[np.float64] | None = None,
        stream: NDArray[np.uint8] | None = None,
        cursor: NDArray[np.int64] | None = None,
        journal: NDArray[np.int64] | None = None,
    ) -> int:
        """Measure, encode or decode the data; return the number of bytes done, fewer only if the stream is stuck."""
        import numpy as np

        from kolmo.coders.ngram import kernels as ngram_kernels

        coder, done = self.coder, 0
        bits = np.empty(0) if bits is None else bits
        stream = np.empty(0, np.uint8) if stream is None else stream
        cursor = np.zeros(4, np.int64) if cursor is None else cursor
        journal = np.empty((0, 3), np.int64) if journal is None else journal
        while True:
            reached: int = ngram_kernels.run(
                mode,
                data[done:],
                np.uint64(self.last),
                coder.order,
                float(coder.discount),
                float(coder.weight),
                coder.adapt if learn is None else learn,
                coder.exclusion,
                self.table,
                self.zero,
                bits[done:],
                stream,
                cursor,
                journal,
                np.zeros(9, np.int64),
                np.empty(512),
            )
            read = data[done : done + reached]
            self.last = int.from_bytes((self.last.to_bytes(8, "big") + read[-8:].tobytes())[-8:], "big")
            done += reached
            if done == len(data) or not self._make_room(0):
                return done

    def _make_room(self, entries: int) -> bool:
        """Enlarge the table if it is too small for `entries` more; return whether it was."""
        import numpy as np

        from kolmo.coders.ngram import kernels as ngram_kernels

        wanted = 2 * (int(self.zero[ngram_kernels.ENTRIES]) + entries + 2 * self.coder.order)
        if wanted <= len(self.table) // 2:
            return False
        table = np.zeros(4 << wanted.bit_length(), np.uint64)  # fourfold, for fewer collisions and moves
        ngram_kernels.move(self.table, table)
        self.table = table
        return True


def _array(data: bytes) -> NDArray[np.uint8]:
    """Return a writable array, as the kernels are compiled for."""
    import numpy as np

    return np.frombuffer(data, np.uint8).copy()
