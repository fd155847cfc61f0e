"""
Coin flips: a fair coin cannot be compressed
============================================

There are 2^n strings of n coin flips and fewer than 2^(n-k) descriptions that are k bits shorter, so
of a thousand strings hardly one can be shortened by ten bits. Flips of a biased coin can be: Shannon's entropy H(p) is
the number of bits per flip that the best code needs on average if heads come with probability p.

Here each flip is a byte, ``0`` or ``1``, and each coder has to find out by itself that no other bytes occur.
"""

import matplotlib.pyplot as plt
import numpy as np

from kolmo import code_length

random = np.random.default_rng(0)
n_flips = 50_000
probabilities = np.array([0.01, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5])
strings = [bytes(np.where(random.random(n_flips) < p, ord("1"), ord("0")).astype(np.uint8)) for p in probabilities]

# %%
# Four coders measure the same strings. ``order0`` counts how often each byte occurs and nothing else, which is all that
# there is to know about independent flips; gzip and xz look for repetitions, and ``ngram`` for what follows what.
rates = {
    name: [code_length(flips, coder=name) / n_flips for flips in strings] for name in ("gzip", "xz", "ngram", "order0")
}
for name, bits in rates.items():
    print(f"{name:7} fair coin {bits[-1]:.3f} bits per flip, 1% heads {bits[0]:.3f}")

# %%
# No coder gets below the entropy, and none can, on average. A fair coin costs at least one bit per flip, whatever the
# coder. gzip and xz pay more than the entropy everywhere, since repetitions are a poor description of chance.
p = np.linspace(0.001, 0.5, 200)
entropy = -(p * np.log2(p) + (1 - p) * np.log2(1 - p))
figure, axes = plt.subplots()
axes.plot(p, entropy, color="black", linewidth=3, alpha=0.35, label="entropy H(p)")
for (name, bits), mark in zip(rates.items(), "osD^", strict=True):
    axes.plot(probabilities, bits, marker=mark, markersize=5, linewidth=1.2, label=name)
axes.set(xlabel="probability of heads", ylabel="bits per flip", xlim=(0, 0.52), ylim=(0, 1.5))
axes.set_title("Code length of 50,000 coin flips: no coder is below the entropy")
axes.legend(loc="lower right")
plt.show()
