from __future__ import annotations

import pytest

from kolmo.errors import DataError
from kolmo.learn.baselines import baselines, predict

TRAIN = [b"cats purr", b"cats and kittens purr", b"stocks fall", b"stocks and bonds fall", b"bonds"]
LABELS = ["pets", "pets", "money", "money", "money"]


def test_one_baseline_reads_the_words_and_one_does_not() -> None:
    test = [b"a cat: cats purr", b"\xff bonds"]
    predictions = {name: predict(name, found, TRAIN, LABELS, test) for name, found in baselines()}
    assert predictions["TF-IDF + LinearSVC"].tolist() == ["pets", "money"]
    assert predictions["majority class"].tolist() == ["money", "money"]


@pytest.mark.parametrize(("train", "labels"), [([b"!", b"?"], ["a", "b"]), ([b"a word", b"or two"], ["a", "a"])])
def test_items_to_learn_nothing_from_are_refused(train: list[bytes], labels: list[str]) -> None:
    name, classifier = next(baselines())
    with pytest.raises(DataError, match="leave out --baseline"):
        predict(name, classifier, train, labels, [b"x"])
