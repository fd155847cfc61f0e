"""
Leaks: copies of the training set, edited or not
================================================

A test text that repeats a training text makes a score too good. Exact copies are found by equality, and copies that
keep thirteen words in a row by the rule of published language models. Compression finds others too: a test text leaks
if copying from a training text saves bits over a code that has read the background.

Training and test texts are from the documentation of NumPy, SciPy and scikit-learn. Edited training texts are
put among the test texts, so that the answer is known for these.
"""

import random

import matplotlib.pyplot as plt
import numpy as np

from kolmo import find_leaks, load_dataset

train = [text for text in load_dataset("docstrings", "train").texts() if 300 <= len(text) <= 900][:500]
clean = [text for text in load_dataset("docstrings", "test").texts() if 300 <= len(text) <= 900][:120]
words = " ".join(train).split()
SHARES = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]


def edited(text: str, share: float, generator: random.Random) -> str:
    """Replace a share of the words by words of other texts."""
    return " ".join(generator.choice(words) if generator.random() < share else word for word in text.split())


def repeats_13_words(text: str, other: str) -> bool:
    runs = [text.lower().split()[start : start + 13] for start in range(len(text.split()) - 12)]
    return any(" ".join(run) in " ".join(other.lower().split()) for run in runs)


# %%
# For each share of replaced words, forty training texts are edited and put among test texts as they are.
bits, found, found_by_rule = [], [], []
for share in SHARES:
    generator = random.Random(f"edits {share}")
    sources = generator.sample(range(len(train)), 40)
    planted = [edited(train[source], share, generator) for source in sources]
    report = find_leaks(train, [*planted, *clean], min_bits=20)
    best = [0.0] * (len(planted) + len(clean))
    for leak in report.leaks:
        if leak.test_index >= len(planted) or leak.train_index == sources[leak.test_index]:
            best[leak.test_index] = max(best[leak.test_index], leak.bits_saved)
    bits.append(best)
    found.append(np.mean(np.array(best[: len(planted)]) >= 100))
    pairs = zip(planted, sources, strict=True)
    found_by_rule.append(np.mean([repeats_13_words(text, train[source]) for text, source in pairs]))
    print(f"{share:.0%} of words replaced: found {found[-1]:.2f}, by a run of 13 words {found_by_rule[-1]:.2f}")

# %%
# Left, the bits that a copy saves on each edited text, and on the test texts as they were: many of these
# repeat training texts too, since functions of a family share paragraphs. Right, the share of edited texts that
# are found at the default threshold of 100 bits, beside the rule of 13 equal words in a row.
figure, (left, right) = plt.subplots(1, 2, figsize=(9.6, 4.4))
jitter = np.random.default_rng(0)
for share, best in zip(SHARES, bits, strict=True):
    spots = share + jitter.uniform(-0.025, 0.025, 40)
    left.plot(spots, np.maximum(best[:40], 20), ".", color="C0", label="edited copy" if share == 0 else None)
others = np.maximum(np.ravel([best[40:] for best in bits[:1]]), 20)
left.plot(0.85 + jitter.uniform(-0.025, 0.025, len(others)), others, ".", color="C1", label="test text as it was")
left.axhline(100, color="black", linestyle="--", linewidth=1.2, label="threshold")
left.set_yscale("log")
left.set_xticks([*SHARES, 0.85], [*(f"{share:.0%}" for share in SHARES), "none"])
left.set(xlabel="words replaced", ylabel="bits saved by a copy (below 20 shown as 20)", ylim=(15, 9_000))
left.set_title("Bits saved by copying from a training text")
left.legend(loc="upper right")
right.plot(SHARES, found, marker="o", label="100 bits saved")
right.plot(SHARES, found_by_rule, marker="s", label="13 equal words in a row")
right.set_xticks(SHARES, [f"{share:.0%}" for share in SHARES])
right.set(xlabel="words replaced", ylabel="share of edited copies found", ylim=(-0.03, 1.05))
right.set_title("Share of edited copies found")
right.legend(loc="lower left")
plt.show()
