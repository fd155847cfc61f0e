"""Leaks of a training set into a test set: planted copies, what is no copy, and unusable input."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import kolmo
from kolmo import Corpus, find_leaks
from kolmo.data.builtin import docstrings
from kolmo.errors import DataError, ParameterError

TEXTS = [text for text in docstrings("train").sample(800, seed=0).items if 150 < len(text) < 600]
TRAIN, TEST, OTHER = TEXTS[:150], TEXTS[150:210], TEXTS[210:250]
ALPHABET = b"abcdefghijklmnopqrstuvwxyz "


def edited(text: bytes, rate: float, seed: int) -> bytes:
    """Return a text with a share of its characters replaced, removed or followed by another."""
    draw = random.Random(seed)
    out = bytearray()
    for byte in text:
        kind = draw.randrange(3) if draw.random() < rate else 3
        letter = bytes([draw.choice(ALPHABET)])
        out += (letter, b"", bytes([byte]) + letter, bytes([byte]))[kind]
    return bytes(out)


def halves_exchanged(text: bytes) -> bytes:
    return text[len(text) // 2 :] + b" " + text[: len(text) // 2]


PLANTED: dict[str, Callable[[bytes, int], bytes]] = {
    "exact": lambda text, _: text,
    "upper case": lambda text, _: text.upper(),
    "one in ten characters edited": lambda text, seed: edited(text, 0.1, seed),
    "inside another": lambda text, seed: OTHER[seed % 40] + b" " + text + b" " + OTHER[(seed + 7) % 40],
    "halves exchanged": lambda text, _: halves_exchanged(text),
}


@pytest.mark.parametrize("kind", PLANTED)
def test_planted_copies_are_found(kind: str) -> None:
    test = list(TEST)
    for place in range(20):
        test[3 * place] = PLANTED[kind](TRAIN[7 * place], place)
    report = find_leaks(TRAIN, test)
    found = {(leak.test_index, leak.train_index) for leak in report.leaks}
    assert sum((3 * place, 7 * place) in found for place in range(20)) >= 19
    for leak in report.leaks:
        start, stop = leak.test_span
        assert 0 <= start < stop <= len(test[leak.test_index])
        assert leak.bits_saved >= 100
        assert leak.identical == (test[leak.test_index].lower() == TRAIN[leak.train_index].lower())


def test_spans_name_the_passage() -> None:
    test = [*TEST, OTHER[0] + b"\n" + TRAIN[5][20:140] + b"\n" + OTHER[1]]
    leak = next(leak for leak in find_leaks(TRAIN, test).leaks if (leak.test_index, leak.train_index) == (60, 5))
    start, stop = leak.train_span
    assert start < 30
    assert stop > 130
    start, stop = leak.test_span
    assert TRAIN[5][40:120] in test[60][start:stop]


def test_candidates_of_both_kinds_find_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kolmo.find.pairs._EXACT_BYTES", 0)
    test = [*TEST[:20], TRAIN[3], TRAIN[8].upper(), edited(TRAIN[9], 0.05, 1)]
    everything = find_leaks(TRAIN, test)
    for candidates in ("char-tfidf", "sketch"):
        report = find_leaks(TRAIN, test, candidates=candidates, n_candidates=5)
        assert report.n_compared <= 5 * len(test)
        assert set(report.flagged_test) >= {20, 21, 22}
    assert everything.flagged_test == find_leaks(TRAIN, test, n_candidates=150).flagged_test


def test_what_all_items_share_is_no_leak() -> None:
    """Lines of a log file share a template, which saves no bits over the background."""
    draw = random.Random(0)
    lines = [
        f"2031-04-{draw.randrange(1, 29):02} 12:{draw.randrange(60):02}:{draw.randrange(60):02} INFO server "
        f"worker-{draw.randrange(40)} accepted connection from 10.0.{draw.randrange(256)}.{draw.randrange(256)} port "
        f"{draw.randrange(65536)}, waiting for the request to arrive"
        for _ in range(600)
    ]
    report = find_leaks(lines[:500], lines[500:])
    assert report.n_flagged == 0
    assert report.control.n_flagged == 0
    assert report.control.interval[1] < 0.05


def test_an_ignored_text_does_not_count() -> None:
    licence = (
        b"Permission is granted to any person to read this file, and to nobody to print, sell or eat any of it, ever."
    )
    train, test = [*TRAIN, OTHER[2] + licence], [*TEST, OTHER[3] + licence.upper()]
    assert 60 in find_leaks(train, test).flagged_test
    assert 60 not in find_leaks(train, test, ignore=licence).flagged_test
    assert 60 not in find_leaks(train, test, ignore=["something else", licence]).flagged_test


def test_case_can_matter() -> None:
    test = [*TEST, TRAIN[3].upper()]
    assert 60 in find_leaks(TRAIN, test).flagged_test
    assert 60 not in find_leaks(TRAIN, test, fold_case=False).flagged_test


def test_labels_are_compared() -> None:
    train = Corpus(items=TRAIN, labels=["a"] * 150)
    report = find_leaks(train, [TRAIN[4], TRAIN[5]], test_labels=["a", "b"])
    assert [leak.same_label for leak in report.leaks if leak.identical] == [True, False]
    assert report.n_label_conflicts >= 1  # type: ignore[operator]
    assert "have different labels" in str(report)
    assert find_leaks(train, [TRAIN[4]]).leaks[0].same_label is None


def test_equal_items_are_leaks_however_short() -> None:
    report = find_leaks([*TRAIN[:20], b"yes", b"", b"no"], [b"no", b"", b"maybe"])
    assert [(leak.test_index, leak.train_index, leak.identical) for leak in report.leaks] == [(0, 22, True)]
    assert report.warnings == ["1 empty training items were left out", "1 empty test items were left out"]


def test_the_report_is_data_and_a_table() -> None:
    report = find_leaks(TRAIN, [*TEST[:3], TRAIN[9]])
    row = report.to_dict()["leaks"][-1]
    assert {"test_index", "train_index", "test_span", "train_span", "bits_saved"} <= set(row)
    assert row["test_index"] in report.to_dict()["flagged_test"]
    assert len(report.records()) == len(report.leaks)
    assert "random pairs flagged: 0 of" in str(report)
    assert "pairs would take" not in str(report)  # all were compared
    assert "all pairs would take" in str(replace(report, n_compared=10))


def test_workers_and_a_checkpoint_change_nothing(tmp_path: Path) -> None:
    test = [*TEST[:20], *TRAIN[:5]]
    once = find_leaks(TRAIN, test)
    for _ in range(2):
        assert find_leaks(TRAIN, test, checkpoint=tmp_path / "run", n_jobs=2).leaks == once.leaks
    with pytest.raises(DataError, match="items differ"):
        find_leaks(TRAIN, TEST, checkpoint=tmp_path / "run")


@pytest.mark.parametrize(
    ("train", "test", "options", "message"),
    [
        (TRAIN, TRAIN, {}, "hold the same items"),
        (TRAIN, [], {}, "test holds no items"),
        ([b"", b""], TEST, {}, "train holds only empty items"),
        (TRAIN, "text", {}, "expected a collection of texts, got a single str"),
        (TRAIN, TEST, {"test_labels": ["a"]}, "one label for each item, got 1 labels for 60 items"),
        (TRAIN, TEST, {"coder": "gzip"}, "expected a predictive coder"),
        (TRAIN, TEST, {"min_bits": -1}, "min_bits: expected a finite number of at least 0"),
        (TRAIN, TEST, {"candidates": "words"}, "candidates: expected 'char-tfidf' or 'sketch', got 'words'"),
        (TRAIN, TEST, {"n_candidates": 0}, "n_candidates: expected an integer of at least 1, got 0"),
    ],
)
def test_unusable_input(train: object, test: object, options: dict[str, object], message: str) -> None:
    with pytest.raises((DataError, ParameterError), match=message):
        find_leaks(train, test, **options)  # type: ignore[arg-type]


def test_an_item_that_would_exhaust_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kolmo.find.pairs._LARGEST_ITEM", 1000)
    with pytest.raises(DataError, match=r"item 60 holds 1,001 bytes, expected at most 1,000; cut it into parts"):
        find_leaks(TRAIN, [*TEST, b"a" * 1001])


def planted_news(folder: Path) -> tuple[list[bytes], list[bytes]]:
    items = list(kolmo.read(folder / "text/ag_news/train10k.tsv").items)
    random.Random(3).shuffle(items)
    return items[:2000], items[2000:2300]


@pytest.mark.realdata
@pytest.mark.slow
def test_news_with_edits(data_dir: Path) -> None:
    train, test = planted_news(data_dir)
    for place in range(75):
        test[4 * place] = edited(train[20 * place], 0.2, place)
    report = find_leaks(train, test)
    found = {(leak.test_index, leak.train_index) for leak in report.leaks}
    assert sum((4 * place, 20 * place) in found for place in range(75)) >= 74
    assert report.control.n_flagged <= 1
