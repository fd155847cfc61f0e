"""Baselines that every classifier is compared with: TF-IDF with a linear SVM, and the majority class."""

from __future__ import annotations

from typing import Any


def baseline_classifiers() -> dict[str, Any]:
    """Return the name and the unfitted scikit-learn classifier of each baseline.

    They read texts as str, or as bytes in UTF-8; invalid bytes become the replacement character.

    Returns
    -------
    dict of str to scikit-learn classifier

    Examples
    --------
    >>> list(baseline_classifiers())
    ['TF-IDF + LinearSVC', 'majority class']
    """
    from sklearn.dummy import DummyClassifier
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    words = TfidfVectorizer(sublinear_tf=True, decode_error="replace")
    return {
        "TF-IDF + LinearSVC": make_pipeline(words, LinearSVC(random_state=0)),
        "majority class": DummyClassifier(strategy="most_frequent"),
    }
