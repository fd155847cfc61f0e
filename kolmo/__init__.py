"""Compression-based learning: code lengths, and everything that follows from them."""

from __future__ import annotations

from kolmo._lazy import attach
from kolmo._version import __version__ as __version__

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "kolmo._items": ["as_bytes", "as_items"],
        "kolmo.coders.base": ["Coder", "Tags"],
        "kolmo.coders.registry": ["coder", "coder_names"],
        "kolmo.data.catalog": ["load"],
        "kolmo.data.corpus": ["Corpus"],
        "kolmo.data.readers": ["read"],
        "kolmo.errors": ["KolmoError"],
        "kolmo.learn.neighbors": ["NCDClassifier"],
        "kolmo.measures.distance": ["cdm", "conditional_cdm", "conditional_ncd", "ncd", "pairwise"],
    },
)
