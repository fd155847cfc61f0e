"""Finding items by code length: leaks, duplicates, outliers, texts of one source."""

from __future__ import annotations

from kolmo._core.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)
