"""The block decomposition against pybdm, whose data file holds the published table of the coding theorem method."""

from __future__ import annotations

import gzip
import importlib.util
import pickle
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kolmo.coders.program.machine import Machine
from kolmo.complexity import CodingTheoremTable, block_complexity

IRREGULAR = "0100101010110100010110100101110001010110001111"
THUE_MORSE = "".join(str(number.bit_count() & 1) for number in range(32))


@pytest.fixture(scope="module")
def published() -> CodingTheoremTable:
    """Return the published complexities, with those of complements, as a table of ours."""
    package = importlib.util.find_spec("pybdm")
    if package is None or package.origin is None:
        pytest.skip("the package pybdm is not installed: its data file holds the published table")
    with gzip.open(Path(package.origin).parent / "ctmdata" / "ctm-b2-d12.pkl.gz") as file:
        table: dict[Any, dict[str, float]] = pickle.load(file)
    sums = []
    for length in range(1, 13):
        bits = np.zeros(2**length)
        for string, complexity in table[length,].items():
            bits[[int(string, 2), 2**length - 1 - int(string, 2)]] = complexity
        sums.append(2.0 ** (len(Machine(2).length_code.write(length)) - bits))
    return CodingTheoremTable(2, sums)


@pytest.mark.parametrize(
    ("string", "bits"),
    [("001" * 15, 29.26870), (IRREGULAR, 96.99915), (THUE_MORSE, 65.80534), ("0010111" * 26, 244.77006)],
)
def test_the_same_table_gives_the_same_values_where_no_rest_is_dropped(
    published: CodingTheoremTable, string: str, bits: float
) -> None:
    """pybdm drops the last symbols that do not fill a block; we do not."""
    whole = len(string) // 12 * 12
    assert block_complexity(string[:whole], table=published).bits == pytest.approx(bits, abs=1e-4)
    assert block_complexity(string, table=published).bits > bits


def test_random_strings_agree_with_pybdm(published: CodingTheoremTable) -> None:
    try:
        from pybdm import BDM
    except ImportError as error:
        pytest.skip(f"pybdm does not run here ({error}): it needs setuptools below 81")
    other, drawn = BDM(ndim=1), random.Random(0)
    for size in (12, 24, 60, 120):
        bits = [drawn.randrange(2) for _ in range(size)]
        assert block_complexity(bits, table=published).bits == pytest.approx(other.bdm(np.array(bits)))
