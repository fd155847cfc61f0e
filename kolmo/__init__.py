"""Compression-based learning: code lengths, and everything that follows from them."""

from __future__ import annotations

from kolmo._core.lazy import attach
from kolmo._version import __version__ as __version__

__getattr__, __dir__, __all__ = attach(__name__, __file__)
