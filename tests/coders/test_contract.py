"""Every registered coder, and further settings of it, under the contract suite that plug-in authors run."""

from __future__ import annotations

import pytest

from kolmo import coder, list_coders
from kolmo.testing import check_coder
from kolmo.testing.coders import check_container, check_ends

TRAINED = ("neural", "hf")
"""Coders that need a trained model; their own tests run the suite."""
SLOW = ("mixture",)
"""Coders whose parts are checked here one by one; their streams are also decoded by other tests."""
BUILT_PER_ITEM = ("ppmd", "ngram", "mixture", "mix", "gru", "program", "best")
"""Coders that start a process, build large tables or search for each item: they get fewer generated examples."""
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
    "program:effort=0.001",
    "best:coders=gzip+order0",
]
LARGE_BY_ANOTHER = ("mixture", "best", "gru", "ngram:", "mix", "ppmd")
"""A megabyte takes these too long here; a faster setting, which runs the same code, reads it where it is slow."""
LARGE_WHERE_SLOW = ("gru:hidden=16,seed=7", "mix:level=1", "ppmd:order=2,memory=4096")


def specs() -> list[object]:
    """Return each coder, and its further settings marked as slow."""
    names = [name for name in list_coders() if name not in (*TRAINED, *SLOW)]
    return [*names, *(pytest.param(spec, marks=pytest.mark.slow) for spec in (*SLOW, *SETTINGS))]


@pytest.mark.parametrize("spec", specs())
def test_coder_keeps_the_contract(spec: str) -> None:
    examples = 4 if spec.partition(":")[0] in BUILT_PER_ITEM else 60
    large = spec in LARGE_WHERE_SLOW or not spec.startswith(LARGE_BY_ANOTHER)
    check_coder(coder(spec), examples=examples, large=large)


@pytest.mark.parametrize("spec", [spec for spec in SETTINGS if not spec.startswith("ppmd")])
def test_streams_of_further_settings_end_where_they_say(spec: str) -> None:
    check_ends(coder(spec))
    check_container(coder(spec))
