"""Tests of one coder or one data set: the axioms of a normal compressor, compression rates, diagnostics."""

from __future__ import annotations

from kolmo._core.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)
