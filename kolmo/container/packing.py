"""Compression of headers: raw deflate, primed with text that headers have in common."""

from __future__ import annotations

import zlib

from kolmo.errors import DecodeError

_COMMON = (
    b'"block_size":16777216,"context":{"name":"","sha256":"","size":null}}{"coder":{"id":"uniform"},"size"'
    b':,"versions":" [kolmo 0.2.0]"}{"coder":{"id":"mixture","coders":"ngram:order=3+ngram","kind":"bayes"'
    b',"rate":0.01},"size":,"versions":" [kolmo 0.2.0]"}{"coder":{"id":"best","coders":"zstd:level=19+lzma'
    b'+bz2+mix"},"size":,"versions":" [libzstd 1.5.7, zstandard 0.25.0, python 3.11.7, kolmo 0.2.0]"}{"cod'
    b'er":{"id":"flac","channels":1,"width":2,"level":8},"size":,"versions":" [libsndfile 1.2.2, libFLAC 1'
    b'.4.3, kolmo 0.2.0]"}{"coder":{"id":"jxl","width":64,"channels":1,"effort":7},"size":,"versions":" [p'
    b'illow-jxl-plugin 1.3.8, kolmo 0.2.0]"}{"coder":{"id":"webp","width":64,"channels":1,"method":6,"qual'
    b'ity":80},"size":,"versions":" [Pillow 13.0.0, libwebp 1.6.0, kolmo 0.2.0]"}{"coder":{"id":"png","wid'
    b'th":64,"channels":1,"level":9},"size":,"versions":" [Pillow 13.0.0, zlib_ng 2.3.3, kolmo 0.2.0]"}{"c'
    b'oder":{"id":"gru","hidden":64,"seed":0},"size":,"versions":" [kolmo 0.2.0]"}{"coder":{"id":"ngram","'
    b'order":6,"discount":0.8,"weight":0.1,"exclusion":true,"adapt":true},"size":,"versions":" [kolmo 0.2.'
    b'0]"}{"coder":{"id":"mix","level":3,"layout":"auto"},"size":,"versions":" [kolmo 0.2.0]"}{"coder":{"i'
    b'd":"ppmd","order":6,"memory":16777216},"size":,"versions":" [pyppmd 1.3.1, kolmo 0.2.0]"}{"coder":{"'
    b'id":"lz4","level":0},"size":,"versions":" [liblz4 1.9.4, lz4 4.4.5, kolmo 0.2.0]"}{"coder":{"id":"br'
    b'otli","quality":11,"window_log":22},"size":,"versions":" [brotli 1.2.1, kolmo 0.2.0]"}{"coder":{"id"'
    b':"lzma","preset":6,"extreme":false},"size":,"versions":" [python 3.11.7, kolmo 0.2.0]"}{"coder":{"id'
    b'":"xz","preset":6,"extreme":false},"size":,"versions":" [python 3.11.7, kolmo 0.2.0]"}{"coder":{"id"'
    b':"bz2","level":9},"size":,"versions":" [python 3.11.7, kolmo 0.2.0]"}{"coder":{"id":"zlib","level":9'
    b'},"size":,"versions":" [zlib 1.3.1, kolmo 0.2.0]"}{"coder":{"id":"deflate","level":9},"size":,"versi'
    b'ons":" [zlib 1.3.1, kolmo 0.2.0]"}{"coder":{"id":"gzip","level":9},"size":,"versions":" [zlib 1.2.13'
    b', kolmo 0.2.0]"}{"coder":{"id":"zstd","level":3,"window_log":null,"magicless":true},"size":,"version'
    b's":" [libzstd 1.5.7, zstandard 0.25.0, kolmo 0.2.0]"}'
)
"""Configurations and versions that are frequent in headers. It is part of the format: a change needs a new version."""


def packed(text: bytes) -> bytes:
    """Return a header compressed.

    Examples
    --------
    >>> text = b'{"coder":{"id":"gzip","level":9},"size":18,"versions":" [zlib 1.2.13, kolmo 0.2.0]"}'
    >>> len(text), len(packed(text)), unpacked(packed(text), 1000) == text
    (84, 9, True)
    """
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zdict=_COMMON)
    return compressor.compress(text) + compressor.flush()


def unpacked(raw: bytes, max_size: int) -> bytes:
    """Return the header that `packed` compressed, of at most `max_size` bytes.

    Raises
    ------
    DecodeError
        If it is not one.
    """
    decompressor = zlib.decompressobj(-15, zdict=_COMMON)
    try:
        text = decompressor.decompress(raw, max_size + 1)
    except zlib.error as error:
        raise DecodeError(f"expected the header of a .kolmo file, got {raw[:60]!r} ({error}); it is forged") from None
    if len(text) > max_size or not decompressor.eof or decompressor.unused_data:
        raise DecodeError(f"expected one header of at most {max_size:,} bytes, got {raw[:60]!r}; it is forged")
    return text
