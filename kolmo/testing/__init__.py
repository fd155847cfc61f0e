"""Contract suites for coders and metrics, also for authors of plug-ins."""

from __future__ import annotations

from kolmo._core.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)
