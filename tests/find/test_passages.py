"""Passages of items as text, and two of them side by side."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, strategies as st

from kolmo._core.terminal import visible
from kolmo.data.builtin import docstrings
from kolmo.errors import ParameterError
from kolmo.find import find_duplicates, find_leaks
from kolmo.find.passages import Passage, side_by_side

TEXTS = [text for text in docstrings("train").sample(300, seed=1).items if 150 < len(text) < 400][:60]


def of(item: bytes, start: int = 0, stop: int | None = None) -> Passage:
    return Passage.of(item, (start, len(item) if stop is None else stop))


@given(st.binary(max_size=900), st.integers(0, 900), st.integers(0, 900))
def test_the_text_of_any_bytes_is_short_and_visible(item: bytes, one: int, other: int) -> None:
    start, stop = sorted((min(one, len(item)), min(other, len(item))))
    passage = of(item, start, stop)
    for text, most in ((passage.before, 64), (passage.text, 604), (passage.after, 64)):
        assert visible(text) == text
        assert len(passage.marked(40)) <= len(passage.before) + len(passage.after) + 40
        assert len(text) <= 10 * most  # an invisible character has an escape of up to ten characters


@given(st.text(max_size=300), st.integers(0, 300), st.integers(0, 300))
def test_characters_are_whole(text: str, one: int, other: int) -> None:
    item = text.encode()
    start, stop = sorted((min(one, len(item)), min(other, len(item))))
    shown = of(item, start, stop)
    whole = visible("".join(" " if character.isspace() else character for character in text))
    assert "\\x" not in shown.text.replace(r"\x", "", whole.count(r"\x"))


def test_the_passage_stands_in_its_text() -> None:
    passage = of(b"The harbour  master\ncounted nineteen ships.", 4, 20)
    assert passage == Passage(before="The ", text="harbour master", after=" counted nineteen ships.")
    assert passage.marked() == "The [harbour master] counted nineteen ships."
    cut = of("größer als alles andere".encode(), 3, 9)  # inside of ö
    assert cut.before + cut.text + cut.after == "größer als alles andere"


def test_of_a_huge_passage_only_the_ends_are_read() -> None:
    class Watched(bytes):
        read = 0

        def __getitem__(self, place: object) -> object:  # type: ignore[override]
            found = super().__getitem__(place)  # type: ignore[index]
            Watched.read += len(found) if isinstance(found, bytes) else 1
            return found

    item = Watched(b"start " + b"word " * 2_000_000 + b"end")
    passage = of(item, 0, len(item))
    assert passage.text.startswith("start word")
    assert passage.text.endswith("word end")
    assert len(passage.text) == 601
    assert 280 < len(passage.marked()) <= 300
    assert len(Passage(before="b " * 30, text="t" * 600, after=" a" * 30).marked()) <= 300
    assert Watched.read < 2000


def test_equal_words_are_opposite_each_other() -> None:
    one = of(b"He said: the ship left the old port in fog, and nobody saw it at noon.", 9, 59)
    other = of(b"The ship has left the port in fog, and nobody saw it, at least not before nine o'clock.", 0, 52)
    lines = side_by_side(one, other, 30)
    assert all(len(text) <= 30 for left, _, right in lines for text in (left, right))
    assert lines[:2] == [
        ("He said: [the ship left the", "|", "[The ship has left the"),
        ("old port in fog, and nobody", "|", "port in fog, and nobody"),
    ]
    assert side_by_side(one, one, 30)[0] == ("He said: [the ship left the", "", "He said: [the ship left the")
    assert {mark for _, mark, _ in lines} <= {"", "|", "<", ">"}
    for side, passage in ((0, one), (2, other)):
        joined = " ".join(line[side] for line in lines if line[side])
        assert joined == passage.marked()


def test_long_words_are_aligned_after_an_edit() -> None:
    import random

    draw = random.Random(0)
    dna = "".join(draw.choice("acgt") for _ in range(300)).encode()
    lines = side_by_side(of(dna), of(dna[:50] + b"ttt" + dna[50:]), 60)
    assert sum(mark == "" for _, mark, _ in lines) >= 3
    start = time.process_time()
    side_by_side(of(b"a " * 300), of(b"a b " * 150), 60)
    side_by_side(of(b"a" * 600), of(b"ab" * 300), 60)
    assert time.process_time() - start < 5


def test_reports_show_their_passages() -> None:
    copy = TEXTS[7].upper()[:-20] + b" \x1b[2J and more"
    report = find_leaks(TEXTS, [*(b"a line of its own %d" % n for n in range(20)), copy])
    leak = next(leak for leak in report.leaks if leak.train_index == 7)
    assert leak.test_passage == Passage.of(copy, leak.test_span)
    assert leak.train_passage == Passage.of(TEXTS[7], leak.train_span)
    table = str(report)
    assert leak.test_passage.text[:40] in table
    assert max(map(len, table.splitlines()[2 : 3 + len(report.leaks)])) < 160
    shown = report.side_by_side(width=100)
    assert max(map(len, shown.splitlines())) <= 100
    assert "training item 7, bytes" in shown
    assert "\x1b" not in shown
    assert report.side_by_side(1).count("bits saved") == 1
    assert report.records()[0]["test_passage"] == report.leaks[0].test_passage.text
    assert set(report.to_dict()["leaks"][0]["test_passage"]) == {"before", "text", "after"}
    with pytest.raises(ParameterError, match="width"):
        report.side_by_side(width=10)


def test_duplicates_show_their_passages_too() -> None:
    report = find_duplicates([*TEXTS, TEXTS[3], TEXTS[4]])
    assert "later item 60, bytes 0" in report.side_by_side()
    assert "earlier item 3, bytes 0" in report.side_by_side()
    assert report.side_by_side(1).count("bits saved") == 1
    assert len(report.passage_tables(None)) == len(report.pairs) > 1
    assert find_duplicates([b"one", b"two"]).side_by_side() == ""
