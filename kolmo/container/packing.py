"""Compression of headers: raw deflate, primed with text that headers have in common."""

from __future__ import annotations

import zlib

from kolmo.errors import DecodeError

_COMMON = (
    b'"block_size":16777216,"context":{"name":"","sha256":"","size":null},{"coder":{"id":"uniform"},"size"'
    b':,"versions":" [kolmo 0.2.0]"}{"coder":{"coders":"ngram:order=3+ngram","id":"mixture","kind":"bayes"'
    b',"rate":0.01},"size":,"versions":" [kolmo 0.2.0]"}{"coder":{"coders":"zstd:level=19+lzma+bz2+mix","i'
    b'd":"best"},"size":,"versions":" [libzstd 1.5.7, zstandard 0.25.0, python 3.11.7, kolmo 0.2.0]"}{"cod'
    b'er":{"channels":1,"id":"flac","level":8,"width":2},"size":,"versions":" [libsndfile 1.2.2, libFLAC 1'
    b'.4.3, kolmo 0.2.0]"}{"coder":{"channels":1,"effort":7,"id":"jxl","width":64},"size":,"versions":" [p'
    b'illow-jxl-plugin 1.3.8, kolmo 0.2.0]"}{"coder":{"channels":1,"id":"webp","method":6,"quality":80,"wi'
    b'dth":64},"size":,"versions":" [Pillow 13.0.0, libwebp 1.6.0, kolmo 0.2.0]"}{"coder":{"channels":1,"i'
    b'd":"png","level":9,"width":64},"size":,"versions":" [Pillow 13.0.0, zlib_ng 2.3.3, kolmo 0.2.0]"}{"h'
    b'idden":64,"id":"gru","seed":0},"size":{"adapt":true,"discount":0.8,"exclusion":true,"id":"ngram","or'
    b'der":6,"weight":0.1},"size":{"id":"mix","layout":"auto","level":3},"size":{"coder":{"id":"ppmd","mem'
    b'ory":16777216,"order":6},"size": [pyppmd 1.3.1, kolmo 0."}{"coder":{"id":"lz4","level":0},"size": [l'
    b'iblz4 1.9.4, lz4 4.4.5, kolmo 0."}{"coder":{"id":"brotli","quality":11,"window_log":22},"size": [bro'
    b'tli 1.2.1, kolmo 0."}{"coder":{"extreme":false,"id":"lzma","preset":6},"size":{"coder":{"extreme":fa'
    b'lse,"id":"xz","preset":6},"size":,"versions":" [python 3.11.7, kolmo 0.2.0]"}{"coder":{"id":"bz2","l'
    b'evel":9},"size":{"coder":{"id":"zlib","level":9},"size":{"coder":{"id":"deflate","level":9},"size":,'
    b'"versions":" [zlib 1.3.1, kolmo 0.2.0]"}{"coder":{"id":"gzip","level":9},"size":,"versions":" [zlib '
    b'1.2.13, kolmo 0.2.0]"}{"coder":{"id":"zstd","level":3,"magicless":true,"window_log":null},"size":,"v'
    b'ersions":" [libzstd 1.5.7, zstandard 0.25.0, kolmo 0.2.0]"}'
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
