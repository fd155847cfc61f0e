"""
Easier because compressible
===========================

Why can a few hundred examples be enough to learn a rule? Because the labels, given the texts, have a short code. If
the labels are drawn at random there is nothing to learn, and their code is as long as the labels themselves.

``label_code_length`` measures this directly. Sender and receiver both have the texts; the labels are sent in blocks,
and each block is coded by a classifier that both have trained on the labels before it. What this code saves is what
the classifier learns.
"""

import random

import matplotlib.pyplot as plt
import numpy as np

from kolmo import LabelCodeClassifier, load_dataset

train, test = load_dataset("docstrings", "train"), load_dataset("docstrings", "test")
train = train.subset(random.Random(2).sample(range(len(train)), 400))  # in random order, since labels are sent in order
test = test.sample(400, seed=2)

# %%
# The labels are the libraries that the texts are from. Then a growing share of the labels, in training and test set, is
# replaced by labels drawn at random. The texts stay the same, and so does the classifier.
NOISE = [0, 0.2, 0.4, 0.6, 0.8, 1.0]


def noisy(labels: list[str], share: float, seed: int) -> list[str]:
    generator = random.Random(seed)
    return [generator.choice(train.classes) if generator.random() < share else label for label in labels]


bits, accuracy = [], []
for share in NOISE:
    labels, truth = noisy(train.labels, share, 1), noisy(test.labels, share, 2)
    classifier = LabelCodeClassifier(members=["counts", "weights"])
    bits.append(classifier.label_code_length(train.items, labels) / len(train))
    predicted = classifier.fit(train.items, labels).predict(test.items)
    accuracy.append(float(np.mean([label == right for label, right in zip(predicted, truth, strict=True)])))
    print(f"{share:4.0%} random labels: {bits[-1]:.2f} bits per label, accuracy {accuracy[-1]:.3f}")

# %%
# The shorter the code of the training labels, the more labels of new texts are right. The vertical line is the length
# of a label that is drawn from three with equal chance, log2(3) = 1.58 bits. From 40% random labels on, the code of
# 400 labels is no shorter than this: what the classifier learns is used up by what it costs to learn it, and accuracy
# falls to that of guessing.
figure, axes = plt.subplots()
spread = 1.96 * np.sqrt(np.multiply(accuracy, np.subtract(1, accuracy)) / len(test))
axes.errorbar(bits, accuracy, spread, fmt="o", capsize=3, color="C0")
for share, x, y in zip(NOISE, bits, accuracy, strict=True):
    left = np.log2(3) - 0.25 < x < np.log2(3)  # so that no label crosses the line at log2(3)
    place = (-8 if left else 8, -12 if share == 1 else 6)
    axes.annotate(
        f"{share:.0%} random", (x, y), xytext=place, textcoords="offset points", ha="right" if left else "left"
    )
axes.axvline(np.log2(3), color="#999999", linestyle="--", linewidth=1.2)
axes.axhline(1 / 3, color="#999999", linestyle="--", linewidth=1.2)
axes.text(0.42, 1 / 3 + 0.012, "guessing", color="#666666")
axes.text(np.log2(3) - 0.02, 0.95, "labels drawn at random", color="#666666", ha="right")
axes.set(xlabel="code length of a training label, given the texts (bits)", ylabel="share of correct labels, new texts")
axes.set(xlim=(0.4, 2.0), ylim=(0.2, 1))
axes.set_title("Accuracy on new texts by the code length of 400 training labels")
plt.show()
