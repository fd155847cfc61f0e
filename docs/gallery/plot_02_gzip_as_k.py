"""
gzip as K: an upper bound, and how far it can be off
====================================================

K(x) is the length of the shortest program that prints x. It cannot be computed, but every compressed file bounds it
from above: the decompressor and the file together are a program that prints x. The bound is as good as the compressor.

These six strings have 20,000 bytes each. Four of them come with a bound of their own: the Python expression that makes
them.
"""

import hashlib
import random

import matplotlib.pyplot as plt
import numpy as np

from kolmo import code_length, load_dataset

SIZE = 20_000
EXPRESSIONS = {
    "one byte, repeated": "b'a' * SIZE",
    "parity of the bits of n": "bytes(48 + n.bit_count() % 2 for n in range(SIZE))",
    "the squares, as text": "''.join(f'{n * n} ' for n in range(SIZE)).encode()[:SIZE]",
    "SHA-256 of 0, 1, 2, ...": "b''.join(hashlib.sha256(b'%d' % n).digest() for n in range(625))",
}
strings = {name: eval(expression, {"SIZE": SIZE, "hashlib": hashlib}) for name, expression in EXPRESSIONS.items()}
strings["English prose"] = b"\n".join(load_dataset("docstrings", "train").items)[:SIZE]
strings["random bytes"] = random.Random(0).randbytes(SIZE)

# %%
# Three compressors, from the one that everybody has to one that takes two hundred times as long.
coders = ("gzip", "xz", "mix")
bits = {coder: [code_length(string, coder=coder) for string in strings.values()] for coder in coders}
programs = [8 * len(EXPRESSIONS[name]) if name in EXPRESSIONS else np.nan for name in strings]
for row, name in enumerate(strings):
    measured = ", ".join(f"{coder} {bits[coder][row]:9,.0f}" for coder in coders)
    print(f"{name:36} {measured} bits; expression {programs[row]:,.0f}")

# %%
# Which compressor gives the lowest bound depends on the string; on prose it is the best model. All are far above the
# expression where the rule is arithmetic. None finds out that the hashes have a program of 64 bytes: to a compressor
# they look exactly as random as the random bytes do. An upper bound is all that a compressor can give,
# and "it does not compress" never proves that there is nothing to find.
rows = np.arange(len(strings))[::-1]
figure, axes = plt.subplots(figsize=(7.6, 4.4))
for coder, mark, shift in zip(coders, "osD", (0.2, 0, -0.2), strict=True):
    axes.plot(bits[coder], rows + shift, mark, markersize=7, label=f"compressed by {coder}")
axes.plot(programs, rows, "|", color="black", markersize=16, markeredgewidth=3, label="Python expression")
axes.axvline(8 * SIZE, color="#999999", linestyle="--", linewidth=1.2, label="the string itself")
axes.set_xscale("log")
axes.set_yticks(rows, strings)
axes.set(xlabel="bits (logarithmic scale)", xlim=(40, 400_000), ylim=(-0.6, len(strings) - 0.4))
axes.set_title("Upper bounds of K for six strings of 20,000 bytes")
figure.legend(loc="outside lower center", ncols=3)
plt.show()
