"""Short strings and their alphabets, as the functions of this package accept them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kolmo._core.items import as_bytes
from kolmo.coders.program.coder import ALPHABETS, symbols_of
from kolmo.errors import DataError, ParameterError

_NAMED = dict(zip(("bytes", "bits", "letters", "digits"), ALPHABETS.values(), strict=True))
_DIGITS = b"0123456789"


@dataclass(frozen=True, slots=True)
class ShortString:
    """A string as symbols of an alphabet.

    Parameters
    ----------
    symbols : bytes
        A byte from 0 on for each symbol.
    alphabet : str
        ``"bits"``, ``"letters"``, ``"digits"``, ``"bytes"`` or ``"3 symbols"``.
    size : int
        Size of the alphabet.
    characters : bytes
        The character of each symbol.
    is_text : bool
        Whether it came as str.
    """

    symbols: bytes
    alphabet: str
    size: int
    characters: bytes
    is_text: bool

    def original(self, symbols: bytes) -> str | bytes:
        """Return symbols as data of the type that came: str or bytes."""
        table = self.characters.ljust(256, b"\0")
        data = symbols.translate(table)
        return data.decode("utf-8", "surrogateescape") if self.is_text else data


def short_string(data: Any, alphabet: str | int | None = None) -> ShortString:
    """Return data as symbols of an alphabet.

    Parameters
    ----------
    data : str, bytes, or sequence of int
        Text, bytes, or symbols from 0 on.
    alphabet : {"bits", "letters", "digits", "bytes"} or int, optional
        The alphabet, or its size. By default the smallest named one that holds all characters; for numbers, bits if
        they are 0 and 1, otherwise bytes.

    Raises
    ------
    DataError
        If the data are empty or have symbols of another alphabet.

    Examples
    --------
    >>> short_string("0110").alphabet, short_string([3, 7, 11]).alphabet, short_string("0121", 3).size
    ('bits', 'bytes', 3)
    """
    if not isinstance(data, str | bytes | bytearray | memoryview):
        return _of_numbers(data, alphabet)
    is_text = isinstance(data, str)
    raw = as_bytes(data)
    if not raw:
        raise DataError("expected a string of at least one symbol, got an empty one")
    if alphabet is None:
        named = ("bits", "digits", "letters", "bytes") if is_text else ("bytes",)
        alphabet = next(name for name in named if symbols_of(raw, _NAMED[name]) is not None)
    name, characters = _alphabet(alphabet)
    symbols = symbols_of(raw, characters)
    if symbols is None:
        wrong = bytes(sorted(set(raw.translate(None, characters))))[:8]
        raise DataError(
            f"expected a string over {name} ({_span(characters)}), got one that also has {wrong!r}; "
            "pass another alphabet"
        )
    return ShortString(symbols, name, len(characters), characters, is_text)


def _of_numbers(data: Any, alphabet: str | int | None) -> ShortString:
    numbers = data.tolist() if hasattr(data, "tolist") else data
    if not isinstance(numbers, Sequence) or not all(isinstance(each, int) for each in numbers):
        raise DataError(f"expected str, bytes or a sequence of integers, got {data!r:.60}")
    if not numbers:
        raise DataError("expected a string of at least one symbol, got an empty one")
    name, characters = _alphabet(("bits" if max(numbers) < 2 else "bytes") if alphabet is None else alphabet)
    if min(numbers) < 0 or max(numbers) >= len(characters):
        raise DataError(f"expected symbols from 0 to {len(characters) - 1}, got {min(numbers)} to {max(numbers)}")
    return ShortString(bytes(numbers), name, len(characters), bytes(range(len(characters))), False)


def _alphabet(alphabet: str | int) -> tuple[str, bytes]:
    if isinstance(alphabet, str) and alphabet in _NAMED:
        return alphabet, _NAMED[alphabet]
    if isinstance(alphabet, int) and not isinstance(alphabet, bool) and 2 <= alphabet <= 256:
        name = {2: "bits", 10: "digits", 256: "bytes"}.get(alphabet, f"{alphabet} symbols")
        return name, _DIGITS[:alphabet] if alphabet <= 10 else bytes(range(alphabet))
    raise ParameterError(
        f"alphabet: expected {', '.join(map(repr, _NAMED))} or a size from 2 to 256, got {alphabet!r:.40}"
    )


def _span(characters: bytes) -> str:
    return f"{bytes([characters[0]])!r} to {bytes([characters[-1]])!r}"
