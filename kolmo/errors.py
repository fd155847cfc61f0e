"""Errors and warnings of Kolmo; each message says what was expected, what was found and what to do."""

from __future__ import annotations


class KolmoError(Exception):
    """Base of all errors raised by Kolmo."""


class ParameterError(KolmoError, ValueError):
    """An argument or option has an invalid value."""


class DataError(KolmoError, ValueError):
    """Data are unusable: a damaged file, a missing column, an empty data set."""


class DecodeError(KolmoError, ValueError):
    """A payload is truncated, corrupt, of another coder, or larger than allowed."""


class NotDecodableError(KolmoError, TypeError):
    """The coder computes code lengths only and has no stream."""


class PrimingError(KolmoError, TypeError):
    """The coder cannot be primed with a context."""


class MissingDependencyError(KolmoError, ImportError):
    """An optional library is not installed; the message contains the ``pip install`` command."""


class OutputError(KolmoError, OSError):
    """A file cannot be written: no space, no permission, or a file that exists and may not be replaced."""


class WindowWarning(UserWarning):
    """A context is larger than the window of the coder."""


class PrimingWarning(UserWarning):
    """A context is too short for the coder to use it."""


class FallbackWarning(UserWarning):
    """A fast implementation is not available; results are the same and take longer."""
