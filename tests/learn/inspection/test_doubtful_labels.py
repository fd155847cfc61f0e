from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kolmo import Corpus, LabelCodeClassifier, read, report_html
from kolmo.errors import DataError
from kolmo.learn import mislabelled

WORDS = {"pets": ["cat", "dog", "kitten", "mat", "purrs"], "money": ["bond", "stock", "rate", "fell", "bank"]}


def texts_of(count: int) -> tuple[list[str], list[str]]:
    rng = np.random.default_rng(0)
    labels = [["pets", "money"][number % 2] for number in range(count)]
    return [" ".join(rng.choice(WORDS[label], 4)) + f" {number}" for number, label in enumerate(labels)], labels


@pytest.mark.parametrize("members", [["counts"], ["coders"], ["weights"], ["counts", "weights", "coders"]])
def test_changed_labels_come_first(members: list[str]) -> None:
    texts, labels = texts_of(60)
    for place in (10, 31):
        labels[place] = "money" if labels[place] == "pets" else "pets"
    found = mislabelled((texts, labels), classifier=LabelCodeClassifier(members=members, n_grams="runs"))
    assert {each.position for each in found.items[:2]} == {10, 31}
    assert set(found.order[:2].tolist()) == {10, 31}
    assert found.bits_per_label == pytest.approx(found.bits.mean())
    assert found.items[0].expected != found.items[0].label
    assert "Doubtful labels" in str(found)
    assert len(found.records()) == len(found.items)


def test_the_report_is_small_and_links_the_items() -> None:
    texts, labels = texts_of(60)
    labels[10] = "money" if labels[10] == "pets" else "pets"
    found = mislabelled((texts, labels), classifier=LabelCodeClassifier(members=["counts"], n_grams="runs"))
    page = report_html(found, items=texts)
    assert "Which labels are probably wrong?" in page
    assert 'href="#item-10"' in page
    assert texts[10] in page
    many = replace(found, items=found.items[:1] * 5000)
    assert "100 of 5,000 shown" in report_html(many)
    assert len(report_html(many, items=["<&" * 500] * 60)) < 200_000
    assert "0 of 60 items" in report_html(replace(found, items=()))


def test_a_copy_does_not_vouch_for_a_label() -> None:
    """A wrong label that the item's own copies share is not read off them: equal texts are left out together."""
    texts, labels = texts_of(40)
    texts += [texts[0]] * 3
    labels[0] = "money"
    labels += ["money"] * 3
    found = mislabelled((texts, labels), classifier=LabelCodeClassifier(n_grams="runs"))
    assert {each.position for each in found.items[:4]} == {0, 40, 41, 42}


def test_a_set_without_labels_is_refused() -> None:
    with pytest.raises(DataError, match="no labels"):
        mislabelled(Corpus(items=[b"a"]))
    with pytest.raises(DataError, match="two classes"):
        mislabelled((["a", "b"], ["x", "x"]))


@pytest.mark.realdata
@pytest.mark.slow
def test_changed_labels_of_news_are_found(data_dir: Path) -> None:
    """2% of the labels of 3,000 news texts are changed: most of the first 30 are among them."""
    path = next(data_dir.rglob("train10k.tsv"), None)
    if path is None:
        pytest.skip("AG News (train10k.tsv) is not there")
    corpus = read(path).sample(3000)
    labels = np.array(corpus.labels)
    rng = np.random.default_rng(0)
    chosen = rng.choice(len(labels), 60, replace=False)
    labels[chosen] = [str(int(label) % 4 + 1) for label in labels[chosen]]
    found = mislabelled((corpus.items, labels))
    assert np.isin(found.order[:30], chosen).mean() > 0.6
