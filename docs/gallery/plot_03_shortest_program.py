"""
The shortest program of a short string
======================================

gzip cannot rank short strings: its header alone takes 18 bytes. For strings of a few dozen symbols one can search the
programs of a small machine instead. The shortest one that was found is an upper bound of K, with the program as its
proof; and for bits, running all shorter programs gives a lower bound.

The two strings of the lecture that Kolmo grew from: one has a rule, the other has none that anybody knows.
"""

import matplotlib.pyplot as plt
import numpy as np

from kolmo import code_length, shortest_program
from kolmo.complexity import local_complexity, string_randomness

regular = "001" * 15
irregular = "0100101010110100010110100101110001010110001111"
thue_morse = "".join(str(n.bit_count() % 2) for n in range(32))
strings = {
    "001 repeated 15 times": regular,
    "the same with one error": regular[:22] + "1" + regular[23:],
    "Thue-Morse sequence": thue_morse,
    "irregular": irregular,
}
found = {name: shortest_program(string, exhaustive_bits=30) for name, string in strings.items()}
for name, result in found.items():
    low, high = result.interval
    print(f"{name}: {result.symbols} symbols, {low} to {high} bits, {result.program}")

# %%
# Each program was run and prints its string; anybody can run its text again. gzip's lengths of the first string and of
# the irregular one differ by a factor of 1.5, those of the programs by almost three. For the irregular string nothing
# shorter than the string itself was found, and no program of at most 30 bits prints it; its complexity is in between.
assert found["001 repeated 15 times"].run() == regular
for name, string in strings.items():
    print(f"{name}: gzip {code_length(string, coder='gzip'):.0f} bits, program {found[name].bits} bits")

# %%
# Complexity is no probability. Two sequences of twelve tosses of a coin are equally probable, and yet one of them
# looks made. The coding theorem says why: a machine that runs random programs prints it more often.
for tosses in ("111111111111", "100110101110"):
    result = string_randomness(tosses)
    print(f"{tosses}: random with probability {result.probability_random:.2f}, rank {result.rank:.0f} of {result.of}")

# %%
# In a window that slides over a longer string, the same measure shows where the rule starts and ends.
long_string = irregular[:30] + "001" * 12 + irregular[10:40]
window = 12
complexity = local_complexity(long_string, window=window)

figure, (upper, lower) = plt.subplots(2, 1, figsize=(7.6, 6.4), layout="constrained", height_ratios=(3, 2))
rows, results = np.arange(len(strings))[::-1], list(found.values())
bits, least = [each.bits for each in results], [each.interval[0] for each in results]
gzip_bits = [code_length(string, coder="gzip") for string in strings.values()]
upper.hlines(rows, least, bits, color="#0072B2", linewidth=3, label="where the shortest may lie")
upper.plot(bits, rows, "o", color="#0072B2", label="shortest program found")
upper.plot([each.symbols for each in results], rows, "|", color="black", markersize=16, label="the string itself")
upper.plot(gzip_bits, rows, "s", color="#D55E00", label="gzip")
upper.set_yticks(rows, strings)
upper.set(xlabel="bits", xlim=(0, 330), ylim=(-0.6, len(strings) - 0.4))
upper.set_title("Lengths of four short strings, in bits")
upper.legend(loc="center", bbox_to_anchor=(0.42, 0.5))
lower.axvspan(30, 65, color="#dddddd", label="where 001 repeats")
lower.plot(np.arange(len(complexity)) + (window - 1) / 2, complexity, color="#0072B2")
lower.set(xlabel="middle of the window (symbol)", ylabel="complexity (bits)")
lower.set_title("Complexity of each window of 12 symbols, in bits")
lower.legend(loc="lower left")
plt.show()
