"""Prefix codes of numbers. Each is complete: the sum of 2**-length over its values is 1 (Kraft)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from kolmo.errors import DecodeError


class BitReader:
    """Reads a string of ``0`` and ``1`` from the front."""

    def __init__(self, bits: str) -> None:
        self.bits, self.position = bits, 0

    def read(self, count: int) -> str:
        """Return the next `count` bits, or raise a DecodeError if there are fewer."""
        end = self.position + count
        if end > len(self.bits):
            raise DecodeError(f"expected a whole program, got {len(self.bits):,} bits that end within it: truncated")
        taken, self.position = self.bits[self.position : end], end
        return taken

    def number(self, count: int) -> int:
        """Return the next `count` bits as a number."""
        return int(self.read(count), 2) if count else 0


class Code(Protocol):
    """A prefix code of a set of integers."""

    def write(self, value: int) -> str:
        """Return the codeword of `value`."""

    def read(self, bits: BitReader) -> int:
        """Read a codeword and return its value."""


@dataclass(frozen=True, slots=True)
class Uniform:
    """Truncated binary code of `count` integers from `first` on: each has floor or ceil of log2(count) bits."""

    count: int
    first: int = 0

    def write(self, value: int) -> str:
        index, width = value - self.first, self.count.bit_length() - 1
        short = (2 << width) - self.count
        if index < short:
            return format(index, f"0{width}b") if width else ""
        return format(index + short, f"0{width + 1}b")

    def read(self, bits: BitReader) -> int:
        width = self.count.bit_length() - 1
        short = (2 << width) - self.count
        index = bits.number(width)
        if index >= short:
            index = 2 * index + bits.number(1) - short
        return index + self.first


class Gamma:
    """Elias gamma code of the integers from 1 on: the number of further digits in unary, then the digits."""

    def write(self, value: int) -> str:
        digits = format(value, "b")
        return "0" * (len(digits) - 1) + digits

    def read(self, bits: BitReader) -> int:
        width = 0
        while bits.read(1) == "0":
            width += 1
        return 1 << width | bits.number(width)


class Delta:
    """Elias delta code of the integers from 1 on: the number of digits by gamma, then the digits."""

    def write(self, value: int) -> str:
        digits = format(value, "b")
        return Gamma().write(len(digits)) + digits[1:]

    def read(self, bits: BitReader) -> int:
        width = Gamma().read(bits) - 1
        if width > 64:
            raise DecodeError(f"expected a number of at most 65 bits, got one of {width + 1:,}: corrupt")
        return 1 << width | bits.number(width)


class Count:
    """Class code of lengths from 0 on: 7 bits up to 63, 10 bits up to 319, delta above."""

    def write(self, value: int) -> str:
        if value < 64:
            return "0" + format(value, "06b")
        return "10" + format(value - 64, "08b") if value < 320 else "11" + Delta().write(value - 319)

    def read(self, bits: BitReader) -> int:
        if bits.read(1) == "0":
            return bits.number(6)
        return 64 + bits.number(8) if bits.read(1) == "0" else 319 + Delta().read(bits)


class Shifted:
    """Delta code of the integers from 0 on."""

    def write(self, value: int) -> str:
        return Delta().write(value + 1)

    def read(self, bits: BitReader) -> int:
        return Delta().read(bits) - 1


@dataclass(frozen=True, slots=True)
class Period:
    """Code of a period from 1 to size - 1: one bit tells whether it divides the size, then its rank among its kind."""

    size: int

    def write(self, value: int) -> str:
        divides = divisors(self.size)
        others = self.size - 1 - len(divides)
        if self.size % value:
            rank = value - 1 - sum(each < value for each in divides)
            return "1" + Uniform(others).write(rank)
        return ("0" if others else "") + Uniform(len(divides)).write(divides.index(value))

    def read(self, bits: BitReader) -> int:
        divides = divisors(self.size)
        others = self.size - 1 - len(divides)
        if not others or bits.read(1) == "0":
            return divides[Uniform(len(divides)).read(bits)]
        value = Uniform(others).read(bits) + 1
        for each in divides:
            value += each <= value
        return value


def divisors(size: int) -> list[int]:
    """Return the divisors of `size` below it, in order.

    Examples
    --------
    >>> divisors(45)
    [1, 3, 5, 9, 15]
    """
    low = [each for each in range(1, int(size**0.5) + 1) if size % each == 0]
    return sorted({*low, *(size // each for each in low)} - {size})


@dataclass(frozen=True, slots=True)
class Step:
    """Code of the step of a range modulo `symbols`: 1 to 16 upward in 5 bits, downward in 6, any other in 10."""

    symbols: int

    def write(self, value: int) -> str:
        if self.symbols <= 32:
            return Uniform(self.symbols).write(value)
        if 1 <= value <= 16:
            return "0" + format(value - 1, "04b")
        if 1 <= self.symbols - value <= 16:
            return "10" + format(self.symbols - value - 1, "04b")
        return "11" + Uniform(self.symbols - 32).write(value - 16 if value else 0)

    def read(self, bits: BitReader) -> int:
        if self.symbols <= 32:
            return Uniform(self.symbols).read(bits)
        if bits.read(1) == "0":
            return 1 + bits.number(4)
        if bits.read(1) == "0":
            return self.symbols - 1 - bits.number(4)
        value = Uniform(self.symbols - 32).read(bits)
        return value + 16 if value else 0


class Every:
    """Code of the distance between regular places, from 2 on: 4 bits up to 9, gamma above."""

    def write(self, value: int) -> str:
        return "0" + format(value - 2, "03b") if value < 10 else "1" + Gamma().write(value - 9)

    def read(self, bits: BitReader) -> int:
        return 2 + bits.number(3) if bits.read(1) == "0" else 9 + Gamma().read(bits)


BLOCK = 256
"""Symbols of a literal that are coded as one number, so that long literals are written in linear time."""


@dataclass(frozen=True, slots=True)
class Literal:
    """Code of `size` symbols as one number in the fewest bits, for each block of them."""

    size: int
    symbols: int

    def write(self, value: bytes) -> str:
        if self.symbols == 2:
            return value.translate(_DIGITS).decode("ascii")
        if self.symbols == 256:
            return format(int.from_bytes(value, "big"), f"0{8 * self.size}b") if value else ""
        return "".join(self._write_block(value[at : at + BLOCK]) for at in range(0, self.size, BLOCK))

    def _write_block(self, value: bytes) -> str:
        number = 0
        for symbol in value:
            number = number * self.symbols + symbol
        return format(number, f"0{literal_width(len(value), self.symbols)}b")

    def read(self, bits: BitReader) -> bytes:
        text = bits.read(literal_width(self.size, self.symbols))
        if self.symbols == 2:
            return text.encode("ascii").translate(_SYMBOLS)
        if self.symbols == 256:
            return int(text, 2).to_bytes(self.size, "big") if text else b""
        step, value = literal_width(BLOCK, self.symbols), b""
        for at in range(0, self.size, BLOCK):
            block = text[at // BLOCK * step :][:step]
            value += self._read_block(int(block, 2), min(BLOCK, self.size - at))
        return value

    def _read_block(self, number: int, size: int) -> bytes:
        value = bytearray()
        for _ in range(size):
            number, symbol = divmod(number, self.symbols)
            value.append(symbol)
        if number:
            raise DecodeError("expected a literal of the alphabet, got a number beyond it: corrupt")
        return bytes(value[::-1])


_DIGITS, _SYMBOLS = bytes([48, 49]) + bytes(254), bytes(48) + bytes([0, 1]) + bytes(206)


@lru_cache(2**12)
def literal_width(size: int, symbols: int) -> int:
    """Return the bits of a literal: size * log2(symbols), rounded up for each block.

    Examples
    --------
    >>> literal_width(45, 2), literal_width(10, 26)
    (45, 48)
    """
    if not symbols & symbols - 1:
        return size * (symbols.bit_length() - 1)
    whole, rest = divmod(size, BLOCK)
    return whole * int(symbols**BLOCK - 1).bit_length() + int(symbols**rest - 1).bit_length()


@dataclass(frozen=True, slots=True)
class Images:
    """Code of the images of a morphism: how many (bits have two), then the length and the symbols of each."""

    symbols: int

    def write(self, value: tuple[bytes, ...]) -> str:
        head = "" if self.symbols == 2 else Uniform(self.symbols - 1, 2).write(len(value))
        return head + "".join(Gamma().write(len(each)) + Literal(len(each), self.symbols).write(each) for each in value)

    def read(self, bits: BitReader) -> tuple[bytes, ...]:
        count = 2 if self.symbols == 2 else Uniform(self.symbols - 1, 2).read(bits)
        return tuple(self._image(bits) for _ in range(count))

    def _image(self, bits: BitReader) -> bytes:
        size = Gamma().read(bits)
        if size > len(bits.bits):
            raise DecodeError(f"expected a whole program, got one with an image of {size:,} symbols: truncated")
        return Literal(size, self.symbols).read(bits)
