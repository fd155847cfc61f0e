"""Every registered coder, and some of its settings, under the contract suite that plug-in authors run."""

from __future__ import annotations

import pytest

from kolmo import coder, list_coders
from kolmo.testing import check_coder

TRAINED = ("neural", "hf")
"""Coders that are nothing without a trained model; their own tests run the suite."""
SETTINGS = [
    "deflate:level=1",
    "zlib:level=0",
    "gzip:level=6",
    "bz2:level=1",
    "lzma:preset=9,extreme=true",
    "xz:preset=0",
    "zstd:level=19",
    "zstd:magicless=false,window_log=20",
    "brotli:quality=5,window_log=16",
    "lz4:level=9",
    "ppmd:order=2,memory=4096",
    "order0:alpha=0.01",
    "ngram:order=0",
    "ngram:order=3,adapt=false,exclusion=false",
    "mix:level=1",
    "mix:level=5,layout=records-1x13",
    "mix:level=6",
    "png:width=7,channels=3",
    "webp:width=7,channels=3,method=0",
    "jxl:width=7,channels=3,effort=1",
    "flac:channels=2,width=1",
    "mixture:kind=switch",
    "gru:hidden=16,seed=7",
    "best:coders=gzip+order0",
]


@pytest.mark.parametrize("spec", [*(name for name in list_coders() if name not in TRAINED), *SETTINGS])
def test_coder_keeps_the_contract(spec: str) -> None:
    name = spec.partition(":")[0]
    slow = name in ("ppmd", "ngram", "mixture", "mix", "gru", "best")  # a process to decode in, or many models to build
    large = name not in ("mixture", "best") and spec != "mix:level=6"  # half a minute a megabyte
    check_coder(coder(spec), examples=15 if slow else 100, large=large)
