"""Every error Kolmo raises on purpose is a `KolmoError`; each says what came, what was expected and what to do."""

from __future__ import annotations


class KolmoError(Exception):
    """Base of all errors raised by Kolmo."""


class ParameterError(KolmoError, ValueError):
    """An argument or option has a value that cannot be used."""


class DataError(KolmoError, ValueError):
    """Data that was read or passed in cannot be used: a broken file, a missing column, an empty set."""


class DecodeError(KolmoError, ValueError):
    """A payload is truncated, corrupt, of another coder, or larger than the caller allows."""


class NotDecodableError(KolmoError, TypeError):
    """The coder states code lengths only; it has no real stream to write or read."""


class PrimingError(KolmoError, TypeError):
    """The coder cannot be primed with a context."""


class MissingDependencyError(KolmoError, ImportError):
    """An optional library is not installed; the message holds the ``pip install`` line."""


class WindowWarning(UserWarning):
    """A coder was given more to remember than its window holds."""


class FallbackWarning(UserWarning):
    """A fast way cannot be taken here; results are the same, and take longer."""
