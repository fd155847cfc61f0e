from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from sklearn.datasets import load_digits

from kolmo import load_dataset


def test_docstrings_are_thousands_of_texts_in_two_parts() -> None:
    train, test = load_dataset("docstrings", "train"), load_dataset("docstrings", "test")
    assert train.classes == test.classes == ["numpy", "scipy", "sklearn"]
    assert len(train) + len(test) > 2000
    assert 0.15 < len(test) / (len(train) + len(test)) < 0.35
    assert min(Counter(test.labels).values()) > 100
    assert not set(train.items) & set(test.items)
    assert len(set(train.items)) == len(train)
    assert "scikit-learn" in train.source
    assert load_dataset("docstrings", "test") == test


def test_docstrings_are_prose() -> None:
    corpus = load_dataset("docstrings", "train")
    for text in corpus.texts():
        assert len(text.encode()) >= 80
        assert "\n" not in text
        assert "Parameters ---" not in text
        assert "Returns ---" not in text
        assert ".. versionadded" not in text
    joined = " ".join(corpus.texts()).split()
    assert joined.count("the") / len(joined) > 0.03


def test_digits_are_scikit_learns() -> None:
    train, test = load_dataset("digits", "train"), load_dataset("digits", "test")
    assert len(train) + len(test) == 1797
    assert set(map(len, train.items)) == {64}
    images, targets = load_digits(return_X_y=True)
    known = {row.astype(np.uint8).tobytes(): str(target) for row, target in zip(images, targets, strict=True)}
    assert all(known[item] == label for item, label in zip(test.items, test.labels or [], strict=True))


def test_photos_are_raw_pixels() -> None:
    pytest.importorskip("PIL", reason="the extra image is not installed")
    photos = load_dataset("photos")
    assert photos.labels == ["china", "flower"]
    assert [len(item) for item in photos.items] == [427 * 640 * 3] * 2
    assert photos.modality == "image"
