"""Text for a terminal: control characters, bidirectional controls and invisible characters are escaped."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import IO, Any

_BLANK_LETTERS = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
_VARIATION_SELECTORS = [(0x180B, 0x180F), (0xFE00, 0xFE0F), (0xE0000, 0xE0FFF)]
_INVISIBLE = frozenset(_BLANK_LETTERS) | {
    chr(code) for first, last in _VARIATION_SELECTORS for code in range(first, last + 1)
}
"""Characters that `str.isprintable` accepts though they show nothing: those to ignore by default, and blanks."""


def is_visible(character: str) -> bool:
    """Return whether a character is shown as a glyph or a space, so neither controls nor hides other text.

    Examples
    --------
    >>> [is_visible(character) for character in ("a", " ", "\\x1b", "\\u202e", "\\ufe0f")]
    [True, True, False, False, False]
    """
    return character.isprintable() and character not in _INVISIBLE


def visible(text: str) -> str:
    """Return `text` in one line, with all characters escaped that control a terminal, are invisible or are invalid.

    These are the control characters of C0 and C1, format characters such as bidirectional overrides and zero-width
    spaces, line separators, characters without a glyph, and surrogates, which stand for invalid bytes. The function is
    idempotent.

    Examples
    --------
    >>> visible("tab\\there, byte " + b"\\xff".decode("utf-8", "surrogateescape"))
    'tab\\\\there, byte \\\\udcff'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(character if is_visible(character) else _escaped(character) for character in text)


def visible_lines(text: str) -> str:
    """Return `text` as `visible` does, but keep its line feeds.

    Examples
    --------
    >>> visible_lines("one\\ntwo\\x1b[2J")
    'one\\ntwo\\\\x1b[2J'
    """
    return "\n".join(map(visible, text.split("\n")))


def one_line(text: str, longest: int = 2000) -> str:
    """Return a message in one line: white space joined, other characters as in `visible`, the end cut if it is long.

    Examples
    --------
    >>> one_line("two\\n  lines\\x07")
    'two lines\\\\x07'
    """
    shown = visible(" ".join(text.split()))
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def is_terminal(file: IO[str] | None) -> bool:
    """Return whether a stream is open and a terminal."""
    try:
        return file is not None and file.isatty()
    except ValueError:  # it is closed
        return False


class EscapingStream:
    """A text stream that escapes what it writes, and names itself in its errors.

    Line feeds are kept, and so is a carriage return at the start of a write, with which progress bars replace their
    line.

    Parameters
    ----------
    stream : text stream
        The stream to write to.
    name : str
        Its name in errors.
    escape : bool
        Whether to escape; False only names the stream in errors.
    """

    def __init__(self, stream: IO[str], *, name: str, escape: bool) -> None:
        self.unescaped = stream
        self._name, self._escape = name, escape

    def write(self, text: str) -> int:
        """Write `text` and return its length."""
        if not isinstance(text, str):
            raise TypeError(f"expected str, got {type(text).__name__}")
        if self._escape:
            start = "\r" if text.startswith("\r") else ""
            shown = start + visible_lines(text[len(start) :])
        else:
            shown = text
        try:
            self.unescaped.write(shown)
        except OSError as error:
            raise self._named(error) from error
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write each line."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Write what is buffered."""
        try:
            self.unescaped.flush()
        except OSError as error:
            raise self._named(error) from error

    @property
    def buffer(self) -> Any:
        """The binary stream below, with the same name in errors."""
        return _NamedBinary(self.unescaped.buffer, self._name)  # type: ignore[attr-defined]

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self.unescaped, attribute)

    def _named(self, error: OSError) -> OSError:
        return OSError(error.errno, error.strerror, self._name)


class _NamedBinary:
    """A binary stream that names itself in its errors."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self._stream, self._name = stream, name

    def write(self, data: Any) -> int:
        try:
            return self._stream.write(data)
        except OSError as error:
            raise OSError(error.errno, error.strerror, self._name) from error

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            raise OSError(error.errno, error.strerror, self._name) from error

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._stream, attribute)


def unescaped(file: IO[str]) -> IO[str]:
    """Return the stream below an `EscapingStream`, for styled text whose content is escaped already."""
    return file.unescaped if isinstance(file, EscapingStream) else file


def write_lines(lines: Iterable[str], file: IO[str] | None = None) -> None:
    """Write lines of data, such as labels or paths, to `file`, by default stdout.

    On a terminal they are escaped. Elsewhere they are unchanged, and surrogates are written as the bytes they stand
    for.
    """
    target = file or sys.stdout
    if is_terminal(target):
        target.writelines(f"{visible(line)}\n" for line in lines)
        return
    binary = getattr(target, "buffer", None)
    for line in lines:
        try:
            target.write(f"{line}\n")
        except UnicodeEncodeError:
            encoding = getattr(target, "encoding", None) or "utf-8"
            if binary is None:
                target.write(f"{visible(line)}\n")
                continue
            target.flush()
            try:
                binary.write(f"{line}\n".encode(encoding, "surrogateescape"))
            except UnicodeEncodeError:
                binary.write(f"{line}\n".encode(encoding, "backslashreplace"))
            binary.flush()


def _escaped(character: str) -> str:
    return str(character.encode("unicode_escape"), "ascii")
