"""Coders: everything that states how many bits some bytes take."""

from __future__ import annotations

from kolmo._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "kolmo.coders.base": ["MAX_DECODED_BYTES", "Coder", "PrimedCoder", "Tags"],
        "kolmo.coders.registry": ["all_coders", "coder", "coder_class", "coder_names"],
        "kolmo.coders.zlib": ["Deflate", "Gzip", "Zlib"],
        "kolmo.coders.bz2": ["Bz2"],
        "kolmo.coders.lzma": ["Lzma", "Xz"],
        "kolmo.coders.zstd": ["Zstd"],
        "kolmo.coders.brotli": ["Brotli"],
        "kolmo.coders.lz4": ["Lz4"],
        "kolmo.coders.ppmd": ["Ppmd"],
        "kolmo.coders.uniform": ["Uniform"],
        "kolmo.coders.order0": ["Order0"],
    },
)
