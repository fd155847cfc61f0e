"""
Compression classifies
======================

A text belongs to the class whose texts help most to compress it. This idea needs no features and no tokens, and it
works with gzip. How well it works beside methods that were made for texts is a question of measurement.

The texts are paragraphs from the documentation of NumPy, SciPy and scikit-learn, which are installed with Kolmo. The
question is which of the three libraries a paragraph is from.
"""

import matplotlib.pyplot as plt
import numpy as np

from kolmo import LabelCodeClassifier, NCDClassifier, load_dataset
from kolmo.learn import baseline_classifiers, evaluate

train = load_dataset("docstrings", "train")
test = load_dataset("docstrings", "test").sample(300, seed=1)
print(train, train.items[0][:100], train.labels[0], sep="\n")

# %%
# Four classifiers learn from 50 to 800 texts: nearest neighbours by compression distance, as in the paper that made
# gzip famous; the same with ``lz77``, which counts the bits of gzip's matches more finely; the label code; and the
# baseline that a comparison of text classifiers must contain, a linear SVM on TF-IDF.
classifiers = {
    "gzip, nearest neighbour": NCDClassifier("gzip", n_neighbors=1),
    "lz77, nearest neighbour": NCDClassifier("lz77", n_neighbors=1),
    "label code": LabelCodeClassifier(),
    "TF-IDF + LinearSVC (baseline)": baseline_classifiers()["TF-IDF + LinearSVC"],
}
sizes = [50, 100, 200, 400, 800]
accuracy = {
    name: [
        evaluate(classifier, (part.items, part.labels), (test.items, test.labels)).accuracy
        for part in (train.sample(size, seed=1) for size in sizes)
    ]
    for name, classifier in classifiers.items()
}
for name, values in accuracy.items():
    print(f"{name:30}", *(f"{value:.3f}" for value in values))

# %%
# gzip is far above chance from 50 texts on, though nothing in it was made for classification. The methods that weigh
# words and n-grams need fewer texts for the same accuracy. The bars are 95% intervals for 300 test texts.
figure, axes = plt.subplots(figsize=(7.6, 4.6))
for shift, (name, values), mark in zip((0.97, 0.99, 1.01, 1.03), accuracy.items(), "osD^", strict=True):
    spread = 1.96 * np.sqrt(np.multiply(values, np.subtract(1, values)) / len(test))
    axes.errorbar(np.multiply(sizes, shift), values, spread, marker=mark, markersize=5, capsize=2, label=name)
chance = max(map(test.labels.count, test.classes)) / len(test)
axes.axhline(chance, color="#999999", linestyle="--", linewidth=1.2, label="always the most frequent library")
axes.set_xscale("log")
axes.set_xticks(sizes, map(str, sizes))
axes.minorticks_off()
axes.set(xlabel="training texts (logarithmic scale)", ylabel="share of correct labels", ylim=(0.35, 1))
axes.set_title("Which library is this paragraph from? Accuracy by number of training texts")
figure.legend(loc="outside lower center", ncols=2)
plt.show()
