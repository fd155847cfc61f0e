"""What to find in data: leaks, duplicates, and items of one source or of none."""

from __future__ import annotations

from kolmo._core.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)
