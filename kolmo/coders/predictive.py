"""Coders that predict: how likely each next byte is, byte after byte."""

from __future__ import annotations

import functools
import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from kolmo._core.items import as_bytes
from kolmo.coders.base import Coder, Decode, Encode, Meter
from kolmo.coders.entropy.framing import join_length, split_length
from kolmo.coders.tags import CoderTags
from kolmo.errors import ParameterError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_KEPT_CURSORS = 16


class Cursor(ABC):
    """A place in a sequence of bytes, and what a model has learned on the way to it."""

    @abstractmethod
    def surprisals(self, data: bytes) -> NDArray[np.float64]:
        """Read on past `data`, and return the bits of each of its bytes, shape (n_bytes,)."""

    @abstractmethod
    def copy(self) -> Self:
        """Return a cursor at the same place, which goes its own way from here."""

    def distribution(self) -> NDArray[np.float64]:
        """Return the probability of each value of the next byte, shape (256,), and stay."""
        import numpy as np

        return np.exp2([-float(self.copy().surprisals(bytes([byte]))[0]) for byte in range(256)])

    def encode(self, data: bytes) -> bytes:
        """Read on past `data`, and return its arithmetic code."""
        from kolmo.coders.entropy.multisymbol import Encoder, frequencies

        encoder = Encoder()
        for place, byte in enumerate(data):
            encoder.encode(frequencies(self.distribution()), byte)
            self.surprisals(data[place : place + 1])
        return encoder.finish()

    def decode(self, payload: bytes, size: int) -> bytes:
        """Read on past the `size` bytes whose arithmetic code this is, and return them.

        Raises
        ------
        DecodeError
            If the code ends before them, or after.
        """
        from kolmo.coders.entropy.multisymbol import Decoder, frequencies

        decoder, data = Decoder(payload), bytearray()
        while len(data) < size:
            byte = decoder.decode(frequencies(self.distribution()))
            self.surprisals(bytes([byte]))
            data.append(byte)
        decoder.finish()
        return bytes(data)

    def sample(self, size: int, random: np.random.Generator, temperature: float = 1.0) -> bytes:
        """Read on past `size` bytes drawn from the model, and return them."""
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
    """A coder that gives every next byte a probability: its code length is the sum of their surprisals.

    A subclass gives `_cursor`. All else follows: code lengths, arithmetic coding, priming that is paid once,
    and sampling. What has a faster way, such as a kernel that codes many bytes at once, overrides methods of its
    `Cursor`.

    The stream is the number of bytes (LEB128) and an arithmetic code. The stated length is that of the number, and
    the ideal length of the rest.
    """

    @abstractmethod
    def _cursor(self, context: bytes) -> Cursor:
        """Return a cursor of one's own that has read `context`."""

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
            Yours to move on; `Cursor.copy` makes another at the same place.

        Examples
        --------
        >>> from kolmo import coder
        >>> cursor = coder("ngram").cursor("abracadabr")
        >>> chr(int(cursor.distribution().argmax()))
        'a'
        """
        return primed_cursor(self, as_bytes(context)).copy()

    def surprisals(self, data: Any, *, context: Any = b"") -> NDArray[np.float64]:
        """Return the bits of every byte, each given all before it.

        Parameters
        ----------
        data : str or bytes-like
        context : str or bytes-like
            What is read first.

        Returns
        -------
        ndarray of shape (n_bytes,)
            Bits. Their sum is the code length, up to the few bytes that tell where the data end.

        Examples
        --------
        >>> from kolmo import coder
        >>> bits = coder("ngram").surprisals("a rose is a rose is a rose")
        >>> bool(bits[:10].mean() > bits[10:].mean())
        True
        """
        return self.cursor(context).surprisals(as_bytes(data))

    def distribution(self, context: Any = b"") -> NDArray[np.float64]:
        """Return the probability of each value of the byte that follows `context`.

        Parameters
        ----------
        context : str or bytes-like

        Returns
        -------
        ndarray of shape (256,)
            The sum is 1 up to rounding.

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
        """Draw a continuation: a coder that compresses also generates.

        Parameters
        ----------
        size : int
            How many bytes.
        context : str or bytes-like
            What they follow.
        random_state : int, optional
            Seed; equal seeds give equal bytes.
        temperature : float
            Below 1 the likely bytes become likelier, above 1 they become less so.

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
            raise ParameterError(f"size must be a number of bytes, 0 or more, but {size!r} came")
        if not (isinstance(temperature, int | float) and 0 < temperature < math.inf):
            raise ParameterError(f"temperature must be a number above 0, but {temperature!r} came")
        return self.cursor(context).sample(size, np.random.default_rng(random_state), float(temperature))

    def _meter(self, context: bytes) -> Meter:
        return lambda data: length_bits(data) + float(primed_cursor(self, context).copy().surprisals(data).sum())

    def _encoder(self, context: bytes) -> Encode:
        return lambda data: join_length(len(data), primed_cursor(self, context).copy().encode(data))

    def _decoder(self, context: bytes) -> Decode:
        def decode(payload: bytes, max_size: int) -> bytes:
            size, stream = split_length(payload, max_size)
            return primed_cursor(self, context).copy().decode(stream, size)

        return decode


@functools.lru_cache(_KEPT_CURSORS)
def primed_cursor(coder: PredictiveCoder, context: bytes) -> Cursor:
    """Return the cursor that all calls with this context copy; nobody moves it."""
    return coder._cursor(context)


def length_bits(data: bytes) -> float:
    """Return what it takes to say how many bytes there are."""
    return 8.0 * len(join_length(len(data), b""))
