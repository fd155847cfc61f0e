"""The baselines of text classifiers: a linear SVM on TF-IDF of words and characters, and the majority class."""

from __future__ import annotations

from typing import Any


def baseline_classifiers() -> dict[str, Any]:
    """Return the name and the unfitted scikit-learn classifier of each baseline.

    TF-IDF is that of runs of one and two words and of 2 to 5 characters within words, with sublinear counts. The
    classifiers read texts as str, or as bytes in UTF-8; invalid bytes become the replacement character.

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
    from sklearn.pipeline import make_pipeline, make_union
    from sklearn.svm import LinearSVC

    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, decode_error="replace")
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, decode_error="replace")
    return {
        "TF-IDF + LinearSVC": make_pipeline(make_union(words, characters), LinearSVC(random_state=0)),
        "majority class": DummyClassifier(strategy="most_frequent"),
    }


def ngram_svm(*, n_jobs: int | None = None) -> Any:
    """Return an unfitted pipeline of `NGramVectorizer` and scikit-learn's LinearSVC.

    C is 0.5, since the features of a text have the squared norm 2: this equals C=1 for features of norm 1.

    Parameters
    ----------
    n_jobs : int, optional
        Number of threads that extract n-grams, as in joblib.

    Returns
    -------
    sklearn.pipeline.Pipeline

    Examples
    --------
    >>> texts = ["the cat sat on the mat", "a cat and a kitten sat", "stocks fell and bonds rose"]
    >>> classifier = ngram_svm().fit(texts, ["pets", "pets", "money"])
    >>> classifier.predict(["the kitten sat on the cat", "stocks rose"]).tolist()
    ['pets', 'money']
    """
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    from kolmo.learn.ngram.vectorizer import NGramVectorizer

    return make_pipeline(NGramVectorizer(n_jobs=n_jobs), LinearSVC(C=0.5, tol=1e-2, random_state=0))
