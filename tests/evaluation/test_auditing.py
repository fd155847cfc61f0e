"""The audit passes what is a normal compressor, and finds where real ones stop being one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import given, strategies as st

from kolmo import Coder, CoderTags, audit, coder, diagnose
from kolmo._core.units import format_size
from kolmo.coders.base import Meter
from kolmo.errors import DataError, ParameterError
from kolmo.evaluation import AXIOMS, SizeRange
from kolmo.evaluation.samples import KINDS, pairs, sample_of, substitute_letters

QUICK = ("records", "random")
ENGLISH = (
    "There was no possibility of taking a walk that day. We had been wandering, indeed, in the leafless shrubbery an "
    "hour in the morning; but since dinner the cold winter wind had brought with it clouds so sombre, and a rain so "
    "penetrating, that further outdoor exercise was now out of the question."
)


@dataclass(frozen=True, kw_only=True)
class Blocks(Coder):
    """Eight bytes for every block that is new: as near to a normal compressor as one gets."""

    name: ClassVar[str] = "blocks"

    @property
    def tags(self) -> CoderTags:
        return CoderTags(decodable=False, priming=None)

    def versions(self) -> dict[str, str]:
        return {}

    def _meter(self, context: bytes) -> Meter:
        return lambda data: 64.0 * len({data[start : start + 8] for start in range(0, len(data), 8)})


@dataclass(frozen=True, kw_only=True)
class Odd(Blocks):
    """Breaks what the others keep: the last byte is in the code three times over, and much data take next to none."""

    name: ClassVar[str] = "odd"

    def _meter(self, context: bytes) -> Meter:
        return lambda data: 8.0 * len(data) * (1 + data[-1] / 64 if len(data) < 350 else 0.1) if data else 64.0


def test_a_normal_compressor_passes() -> None:
    found = audit(Blocks(), sizes=(160, 1600), kinds=QUICK)
    assert found.verdicts == dict.fromkeys(AXIOMS, True)
    assert (found.overhead_bits, found.breaks_at, found.tested_to, found.caveats) == (0, None, 1600, [])
    assert found.use == "distances and near-duplicates of pieces up to 1.6 kB"
    for result in found.results:
        assert result.violations["idempotent"].max_bits == 0
        assert all(violation.bits <= violation.max_bits for violation in result.violations.values())


@pytest.mark.parametrize("spec", ["uniform", "order0"])
def test_what_sees_no_repeats_is_for_lengths_only(spec: str) -> None:
    found = audit(spec, sizes=(200, 2000), kinds=QUICK)
    assert not found.verdicts["idempotent"]
    assert found.idempotent is found.detects_copies is None
    assert found.breaks_at == 200
    assert found.self_distances[2000] > 0.9
    assert found.use.startswith("code lengths only")
    # neither cares for the order
    assert found.verdicts["symmetric"]
    assert all(abs(result.violations["symmetric"].max_bits) < 1e-6 for result in found.results)
    assert found.verdicts["monotone"]


def test_deflate_breaks_where_its_window_ends() -> None:
    found = audit("deflate", sizes=(8000, 64_000), kinds=["random"])
    assert found.idempotent is not None
    assert found.breaks_at == found.idempotent.fails_at
    assert 16_000 < found.idempotent.largest <= 2**15 < found.idempotent.fails_at < 41_000
    assert found.use == (
        f"distances and near-duplicates of pieces up to {found.idempotent.largest / 1000:.3g} kB; code lengths beyond"
    )
    assert found.self_distances[64_000] > 0.9


def test_a_kind_that_alone_breaks_is_named() -> None:
    repeated, noise = b"a rose is a rose, " * 400, sample_of("random")[:8000]
    found = audit(Blocks(), sizes=(160,), kinds={"rose": repeated, "noise": noise})
    assert [result.kind for result in found.results] == ["rose", "noise"]
    found = audit("ngram", sizes=(200, 20_000), kinds=["records", "random"])
    assert found.detects_copies is not None
    assert found.use.endswith("code lengths beyond for records")


def test_every_other_axiom_can_fail() -> None:
    found = audit(Odd(), sizes=(200,), kinds=QUICK)
    assert found.verdicts["idempotent"]
    assert not found.verdicts["monotone"]
    assert not found.verdicts["unrelated"]
    assert any("below C(x) at 200 B" in caveat for caveat in found.caveats)
    assert found.overhead_bits == 64


def test_violations_are_in_units_of_the_distance() -> None:
    from kolmo import ncd

    data = {"text": ENGLISH * 3}
    (result,) = audit("zstd", sizes=(300,), kinds=data, random_state=3).results
    drawn = pairs(data["text"].encode(), 300, result.draws, kind="text", random_state=3)
    zero = np.mean([ncd(x, x, coder="zstd") for x, _ in drawn])
    between = np.mean([ncd(x, y, coder="zstd") for x, y in drawn])
    assert result.violations["idempotent"].relative == pytest.approx(zero)
    assert result.distance == pytest.approx(between)


def test_numbers_do_not_depend_on_what_else_is_tested() -> None:
    once = audit("zstd", sizes=(200, 2000), kinds=QUICK)
    assert once == audit("zstd", sizes=[2000, 200, 200], kinds=QUICK)
    alone = audit("zstd", sizes=(2000,), kinds=["random"])
    assert alone.results[0] in once.results
    assert audit("zstd", sizes=(200,), kinds=QUICK, random_state=1).results != once.results[:2]


def test_the_time_bounds_the_size() -> None:
    found = audit("zstd", sizes=(200, 2000), kinds=["random"], seconds=1e-9)
    assert (found.tested_to, found.sizes) == (200, (200, 2000))
    assert {result.size for result in found.results} == {200}


def test_a_kind_is_left_out_where_it_ends() -> None:
    found = audit("deflate", sizes=(200, 60_000), kinds={"short": bytes(1000), "long": bytes(200_000)})
    assert [(result.kind, result.size) for result in found.results[:2]] == [("short", 200), ("long", 200)]
    assert {result.kind for result in found.results if result.size == 60_000} == {"long"}


def test_it_is_json() -> None:
    found = audit("deflate", sizes=(8000, 64_000), kinds=["random"])
    document = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert document["fingerprint"] == coder("deflate").fingerprint
    assert document["idempotent"]["fails_at"] == document["breaks_at"] == found.breaks_at
    assert set(document["verdicts"]) == set(document["failed_sizes"]) == set(AXIOMS)
    whole = next(result for result in document["results"] if result["distance"] is not None)
    assert set(whole["violations"]) == set(AXIOMS)
    assert set(whole["violations"]["symmetric"]) == {"bits", "relative", "max_bits", "max_relative"}


def test_it_is_a_table_and_a_frame() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed (extra frames)")
    found = audit("zstd", sizes=(200,), kinds=QUICK)
    assert str(found).startswith("Axioms of a normal compressor, by input size: zstd on records, random\n")
    assert found.fingerprint not in str(found)
    (table,) = type(found).tables_of([found, found], verbose=True)
    assert table.title.endswith("2 coders on records, random")
    assert [row[0] for row in table.rows] == ["zstd", "zstd"]
    assert table.footers.count(found.fingerprint) == 1
    assert "<table>" in found._repr_html_()
    frame = found.to_frame()
    assert isinstance(frame, pandas.DataFrame)
    assert set(frame.axiom) == set(AXIOMS)
    assert len(frame) == sum(len(result.violations) for result in found.results)


@given(st.integers(1, 10**7), st.integers(0, 10**7), st.booleans())
def test_a_range_of_sizes_says_where_it_ends(smallest: int, more: int, fails: bool) -> None:
    sizes = SizeRange(smallest=smallest, largest=smallest + more, fails_at=smallest + more + 1 if fails else None)
    assert sizes.short(smallest).endswith("+") != fails
    assert sizes.short(smallest).rstrip("+") == format_size(sizes.largest)
    assert sizes.short(smallest - 1).startswith(f"{format_size(smallest)} to ")
    assert str(sizes).startswith(format_size(smallest))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"sizes": ()}, "sizes is empty"),
        ({"sizes": (8,)}, "from 16"),
        ({"sizes": (200.0,)}, "expected an integer"),
        ({"kinds": ["prose"]}, "dna, random, records, sound, source, text"),
        ({"kinds": {}}, "kinds is empty"),
        ({"seconds": 0}, "positive"),
        ({"random_state": -1}, "random_state"),
    ],
)
def test_what_cannot_be_tested_is_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        audit("uniform", **{"kinds": ["random"], **wrong})


def test_too_little_data_are_refused() -> None:
    with pytest.raises(DataError, match="at most 50 bytes"):
        audit("uniform", kinds={"mine": bytes(100)})


def test_pieces_of_a_pair_do_not_overlap() -> None:
    data = bytes(range(200))
    for x, y in pairs(data, 40, 50, kind="mine", random_state=0):
        assert len(x) == len(y) == 40
        assert not set(x) & set(y)


def test_every_kind_is_there() -> None:
    assert {kind: len(sample_of(kind)) > 100_000 for kind in KINDS} == dict.fromkeys(KINDS, True)


def test_a_substitution_changes_letters_alone() -> None:
    text = b"Aa bB, 12\xff"
    other = substitute_letters(text)
    assert other != text
    assert other.lower()[:2] == other.lower()[:1] * 2
    assert (other[2:3], other[5:]) == (b" ", text[5:])
    assert len(set(substitute_letters(bytes(range(256))))) == 256


def test_a_built_in_dictionary_is_noticed() -> None:
    found = audit("brotli", sizes=(140,), kinds={"English": ENGLISH})
    assert any("prior knowledge" in caveat for caveat in found.caveats)
    assert not audit("deflate", sizes=(140,), kinds={"English": ENGLISH}).caveats
    assert any("prior knowledge" in warning for warning in diagnose("brotli", 200, sample=ENGLISH))


def test_warnings() -> None:
    assert diagnose("deflate", 2**15) == []
    (window,) = diagnose("deflate", 2**15 + 1)
    assert "window of 32.8 kB" in window
    assert diagnose("deflate", 1000, sample=ENGLISH) == []
    assert diagnose(Blocks(), 10**9, sample=ENGLISH[:256]) == []
    (copies,) = diagnose("uniform", 10, sample=ENGLISH)
    assert "needs 99% of the bits of a piece for its repetition" in copies
    assert diagnose("uniform", 10, sample="") == []
    with pytest.raises(ParameterError, match="size"):
        diagnose("deflate", -1)


def test_two_short_pieces_in_one_code() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Dictionary(Blocks):
        def _meter(self, context: bytes) -> Meter:
            return lambda data: 8.0 if len(data) <= 128 else 8.0 * len(data)

    assert any("together than separately" in warning for warning in diagnose(Dictionary(), 10, sample=ENGLISH))


def test_order_dependence_on_genomes_is_found() -> None:
    found = audit("xz", sizes=(45_000,), kinds=["dna", "text"])
    by_kind = {result.kind: result.violations["symmetric"].relative for result in found.results}
    assert by_kind["dna"] > 0.05 > by_kind["text"]
    assert not found.verdicts["symmetric"]


@pytest.mark.parametrize("kind", list(KINDS))
def test_each_kind_has_pieces_that_differ(kind: str) -> None:
    data = sample_of(kind)
    assert len(data) >= 100_000
    assert data[:20_000] != data[-20_000:]
    assert data == KINDS[kind]()
