"""Complexity of short strings: shortest programs, algorithmic probability, and measures built on them."""

from __future__ import annotations

from kolmo._core.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)
