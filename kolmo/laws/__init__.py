"""Scaling laws: formulas from sizes to losses, fitted with intervals, compared, and extrapolated."""

from __future__ import annotations

from kolmo._core.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)
