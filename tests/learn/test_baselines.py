from __future__ import annotations

import pytest

from kolmo.errors import DataError
from kolmo.learn import baseline_classifiers, evaluate

TRAIN = [b"cats purr", b"cats and kittens purr", b"stocks fall", b"stocks and bonds fall", b"bonds"]
LABELS = ["pets", "pets", "money", "money", "money"]


def test_one_baseline_reads_the_words_and_one_does_not() -> None:
    test = ([b"a cat: cats purr", b"\xff bonds"], None)
    reports = {
        name: evaluate(found, (TRAIN, LABELS), test, name=name) for name, found in baseline_classifiers().items()
    }
    assert reports["TF-IDF + LinearSVC"].predictions.tolist() == ["pets", "money"]
    assert reports["majority class"].predictions.tolist() == ["money", "money"]


@pytest.mark.parametrize(("train", "labels"), [([b"!", b"?"], ["a", "b"]), ([b"a word", b"or two"], ["a", "a"])])
def test_items_to_learn_nothing_from_are_refused(train: list[bytes], labels: list[str]) -> None:
    name, classifier = next(iter(baseline_classifiers().items()))
    with pytest.raises(DataError, match=r"TF-IDF \+ LinearSVC cannot be fitted to these items: "):
        evaluate(classifier, (train, labels), ([b"x"], None), name=name)
