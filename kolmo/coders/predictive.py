"""Coders that predict the next byte: probabilities, surprisals, arithmetic coding and sampling."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from kolmo._core.items import as_bytes
from kolmo._core.memory import cached
from kolmo.coders.base import Coder, Decode, Encode, Meter
from kolmo.coders.entropy.framing import check_ratio, code_bits, join_length, pad_code, split_length
from kolmo.coders.tags import CoderTags
from kolmo.errors import ParameterError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


BitChances = Callable[[int], "NDArray[np.float64]"]
"""See `Cursor.bit_chances`."""


class Cursor(ABC):
    """The state of a model at a position in a sequence of bytes. Most methods read bytes and advance the position."""

    @abstractmethod
    def surprisals(self, data: bytes) -> NDArray[np.float64]:
        """Read `data` and return the surprisal of each byte in bits, shape (n_bytes,)."""

    @abstractmethod
    def copy(self) -> Self:
        """Return an independent cursor at the same position with the same state."""

    def trial_surprisals(self, data: bytes) -> NDArray[np.float64]:
        """Return the surprisal of each byte in bits, as `surprisals` does, without advancing."""
        return self.copy().surprisals(data)

    def distribution(self) -> NDArray[np.float64]:
        """Return the probability of each value of the next byte, shape (256,), without advancing."""
        import numpy as np

        return np.exp2([-float(self.copy().surprisals(bytes([byte]))[0]) for byte in range(256)])

    def bit_chances(self) -> BitChances:
        """Return a function of the next byte: the probability that each of its bits is 1, given the bits before it.

        The function does not advance the cursor. The bits of a byte start with the most significant one, and a
        probability depends on the bits before it only.
        """
        below = [0.0, *self.distribution().cumsum().tolist()]

        def chances(byte: int) -> NDArray[np.float64]:
            import numpy as np

            found, start, stop = np.empty(8), 0, 256
            for place in range(8):
                middle = (start + stop) // 2
                whole = below[stop] - below[start]
                found[place] = (below[stop] - below[middle]) / whole if whole > 0 else 0.5
                start, stop = (middle, stop) if byte >> (7 - place) & 1 else (start, middle)
            return found

        return chances

    def encode(self, data: bytes) -> bytes:
        """Read `data` and return its arithmetic code."""
        from kolmo.coders.entropy.multisymbol import Encoder, frequencies

        encoder = Encoder()
        for place, byte in enumerate(data):
            encoder.encode(frequencies(self.distribution()), byte)
            self.surprisals(data[place : place + 1])
        return pad_code(encoder.finish(), len(data))

    def decode(self, payload: bytes, size: int) -> bytes:
        """Decode `size` bytes from their arithmetic code, read them, and return them.

        Raises
        ------
        DecodeError
            If the code is shorter or longer than these bytes need.
        """
        from kolmo.coders.entropy.multisymbol import Decoder, frequencies

        check_ratio(len(payload), size)
        decoder, data = Decoder(payload), bytearray()
        while len(data) < size:
            byte = decoder.decode(frequencies(self.distribution()))
            self.surprisals(bytes([byte]))
            data.append(byte)
        decoder.finish(size)
        return bytes(data)

    def sample(self, size: int, random: np.random.Generator, temperature: float = 1.0) -> bytes:
        """Draw `size` bytes from the model, read them, and return them."""
        import numpy as np

        drawn = bytearray()
        for _ in range(size):
            chances = self.distribution()
            if temperature != 1.0:
                chances = np.exp((np.log(chances) - np.log(chances.max())) / temperature)
            below = np.cumsum(chances)
            byte = min(int(np.searchsorted(below, random.random() * below[-1], side="right")), 255)
            self.surprisals(bytes([byte]))
            drawn.append(byte)
        return bytes(drawn)


@dataclass(frozen=True, kw_only=True)
class PredictiveCoder(Coder):
    """A coder with a probability for every next byte; the code length is the sum of the surprisals.

    A subclass defines `_cursor`, which provides code lengths, arithmetic coding, priming and sampling. Faster
    implementations, such as kernels that code many bytes at once, override methods of `Cursor`.

    The stream is the number of bytes (LEB128) and an arithmetic code that no other code starts with. The code length is
    that of the number, the sum of the surprisals, and 2 bits for the end; see `kolmo.coders.entropy.framing`.
    """

    stream_version: ClassVar[int] = 2

    @abstractmethod
    def _cursor(self, context: bytes) -> Cursor:
        """Return a new cursor that has read `context`."""

    @property
    def tags(self) -> CoderTags:
        return CoderTags(priming="native", slack_bits=64.0)

    def cursor(self, context: Any = b"") -> Cursor:
        """Return a cursor that has read `context`.

        Parameters
        ----------
        context : str or bytes-like

        Returns
        -------
        Cursor
            A new cursor, independent of all others.

        Examples
        --------
        >>> from kolmo import coder
        >>> cursor = coder("ngram").cursor("abracadabr")
        >>> chr(int(cursor.distribution().argmax()))
        'a'
        """
        return new_cursor(self, as_bytes(context))

    def surprisals(self, data: Any, *, context: Any = b"") -> NDArray[np.float64]:
        """Return the surprisal of every byte, -log2 of its probability given the bytes before it.

        Parameters
        ----------
        data : str or bytes-like
        context : str or bytes-like
            Data that are read first.

        Returns
        -------
        ndarray of shape (n_bytes,)
            Bits. Their sum is the code length, except for the few bytes that encode the size of the data.

        Examples
        --------
        >>> from kolmo import coder
        >>> bits = coder("ngram").surprisals("a rose is a rose is a rose")
        >>> bool(bits[:10].mean() > bits[10:].mean())
        True
        """
        return self.check_finite(self.cursor(context).surprisals(as_bytes(data)))

    def distribution(self, context: Any = b"") -> NDArray[np.float64]:
        """Return the probability of each value of the byte that follows `context`.

        Parameters
        ----------
        context : str or bytes-like

        Returns
        -------
        ndarray of shape (256,)
            Probabilities; their sum is 1 up to rounding.

        Examples
        --------
        >>> from kolmo import coder
        >>> coder("ngram").distribution("some text").shape
        (256,)
        """
        return self.cursor(context).distribution()

    def sample(
        self, size: int, *, context: Any = b"", random_state: int | None = None, temperature: float = 1.0
    ) -> bytes:
        """Draw a continuation of `context` from the predictive distribution.

        Parameters
        ----------
        size : int
            Number of bytes.
        context : str or bytes-like
            Data that the sample continues.
        random_state : int, optional
            Seed; equal seeds give equal bytes.
        temperature : float
            Probabilities are raised to the power of its inverse: values below 1 favour likely bytes.

        Returns
        -------
        bytes

        References
        ----------
        Delétang et al., "Language Modeling Is Compression", ICLR 2024.

        Examples
        --------
        >>> from kolmo import coder
        >>> coder("ngram").sample(12, context="to be or not " * 9, random_state=0, temperature=0.2)
        b'to be or not'
        """
        import numpy as np

        if isinstance(size, bool) or not isinstance(size, int) or size < 0:
            raise ParameterError(f"size: expected a number of bytes, 0 or more, got {size!r}")
        if not (isinstance(temperature, int | float) and 0 < temperature < math.inf):
            raise ParameterError(f"temperature: expected a number above 0, got {temperature!r}")
        return self.cursor(context).sample(size, np.random.default_rng(random_state), float(temperature))

    def _meter(self, context: bytes) -> Meter:
        return lambda data: stream_bits(data, float(new_cursor(self, context).surprisals(data).sum()))

    def _encoder(self, context: bytes) -> Encode:
        return lambda data: join_length(len(data), new_cursor(self, context).encode(data))

    def _decoder(self, context: bytes) -> Decode:
        def decode(payload: bytes, max_size: int) -> bytes:
            size, stream = split_length(payload, max_size)
            return new_cursor(self, context).decode(stream, size)

        return decode


def new_cursor(coder: PredictiveCoder, context: bytes) -> Cursor:
    """Return a cursor that has read `context`: a copy of a cached one, or a fresh one without a context."""
    return _primed_cursor(coder, model_digests(coder), context).copy() if context else coder._cursor(b"")


@cached()
def _primed_cursor(coder: PredictiveCoder, _digests: tuple[str, ...], context: bytes) -> Cursor:
    """Return the cached cursor for this context; callers copy it and never advance it."""
    return coder._cursor(context)


def model_digests(coder: Coder) -> tuple[str, ...]:
    """Return the hash of each model that a coder and its members read: a model that was replaced is read again."""
    own = (coder.model_digest,) if coder.loads else ()
    return own + tuple(digest for member in getattr(coder, "members", ()) for digest in model_digests(member))


def stream_bits(data: bytes, surprisal: float) -> float:
    """Return the stated length of a stream: the number of bytes, and a code of this many bits with its end."""
    return 8.0 * len(join_length(len(data), b"")) + code_bits(len(data), surprisal)
