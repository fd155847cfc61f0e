"""
K(X,Y) across modalities: what sets of different kinds share
============================================================

The joint gain of two data sets, L(X) + L(Y) - L(X, Y), estimates their mutual information. Two halves of one kind of
data should share much, and prose and photographs should share nothing. Random bytes are the control: a gain there would
come from the coder and not from the data.

All sets have 16,000 bytes, since a ratio depends on the size: two texts, two programs, two pages of handwritten
digits, two genomes, two melodies and two strings of random bytes.
"""

import inspect
import random
import unittest.mock
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from kolmo import gain_matrix, load_dataset

SIZE = 16_000


def sound(seed: int) -> bytes:
    """Return a melody of six notes with noise, 8 bits a sample, 8 kHz."""
    generator = np.random.default_rng(seed)
    notes = 220 * 2 ** (generator.integers(0, 13, 6) / 12)
    phase = 2 * np.pi * np.cumsum(np.repeat(notes, SIZE // 6 + 1)[:SIZE]) / 8000
    samples = 128 + 60 * np.sin(phase) + 25 * np.sin(2 * phase) + generator.normal(0, 1.5, SIZE)
    return samples.round().clip(0, 255).astype(np.uint8).tobytes()


prose = b"\n".join(load_dataset("docstrings", "train").items)
programs = [Path(inspect.getfile(module)).read_bytes()[-SIZE:] for module in (inspect, unittest.mock)]
digits = b"".join(load_dataset("digits", "train").items)
genomes = load_dataset("mitochondria")
sets = {
    "prose 1": prose[:SIZE],
    "prose 2": prose[SIZE : 2 * SIZE],
    "program 1": programs[0],
    "program 2": programs[1],
    "digits 1": digits[:SIZE],
    "digits 2": digits[SIZE : 2 * SIZE],
    "human DNA": genomes.items[genomes.labels.index("human")][:SIZE],
    "cat DNA": genomes.items[genomes.labels.index("cat")][:SIZE],
    "sound 1": sound(1),
    "sound 2": sound(2),
    "random 1": random.Random(1).randbytes(SIZE),
    "random 2": random.Random(2).randbytes(SIZE),
}

# %%
# ``gain_matrix`` codes every pair both ways. A relative gain of 0% is two codes that do not help each other; the
# diagonal, a set beside itself, is the most that this coder can reach.
matrix = gain_matrix(sets, coder="ngram")
print(matrix)

# %%
# Every set but the random bytes shares most with the other set of its kind. Prose and programs share something too,
# since both hold English words. All other pairs lie a little below zero: this coder learns what comes next from both
# sets at once, and statistics that suit one do not suit the other. The joint gain is an estimate and no bound; the
# random bytes show how far below zero it can be where there is nothing to share.
gains = 100 * np.asarray(matrix.relative_gain)
names = list(sets)
figure, axes = plt.subplots(figsize=(8.2, 6.8))
picture = axes.imshow(gains, vmin=-5, vmax=50)
for row, column in np.ndindex(gains.shape):
    color = "white" if gains[row, column] < 28 else "black"
    axes.text(column, row, f"{gains[row, column]:.1f}", ha="center", va="center", fontsize=8, color=color)
axes.set_xticks(range(len(names)), names, rotation=90)
axes.set_yticks(range(len(names)), names)
axes.grid(visible=False)
axes.spines[:].set_visible(False)
axes.set_title("Relative joint gain of two sets of 16,000 bytes, in %")
figure.colorbar(picture, ax=axes, shrink=0.8, label="relative joint gain, %")
plt.show()
