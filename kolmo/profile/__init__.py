"""What data are like: how compressible, how learnable, what is structure and what is noise."""

from __future__ import annotations

from kolmo._core.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)
