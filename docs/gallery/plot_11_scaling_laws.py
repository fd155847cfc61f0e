"""
Scaling laws: what the published points say
===========================================

In 2022 a law was fitted to the losses of language models of many sizes: L(N, D) = E + A / N^alpha + B / D^beta for N
parameters and D tokens. The points of its figure 4 ship with Kolmo. Fitted again, they give other constants than the
paper, as Besiroglu et al. found in 2024; and they say how well each constant is known.
"""

import matplotlib.pyplot as plt
import numpy as np

from kolmo import fit_law, load_dataset

runs = load_dataset("chinchilla")
table = np.array(runs.rows.cells, dtype=float)
params, tokens, flop, loss, excluded = table[table[:, 4] == 0].T  # the five runs that the replication leaves out

# %%
# The fit with 95% intervals, by resampling of the runs.
law = fit_law((params, tokens), loss, form="chinchilla", n_resamples=100)
print(law)
published = {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28}
for name, value in published.items():
    low, high = law.intervals[name]
    print(f"{name}: {law.params[name]:.4g}, 95% interval {low:.4g} to {high:.4g}; in the paper {value}")

# %%
# The points and the law. A run is drawn at its number of tokens, in the colour of its number of parameters; the lines
# are the law at five sizes. The dashed lines are the law with the constants of the paper: they agree where the runs
# are, and differ at many tokens, where a plan for a larger model is made.
figure, axes = plt.subplots(figsize=(8, 4.8))
points = axes.scatter(tokens, loss, c=np.log10(params), s=14)
many = np.geomspace(1e8, 1e13, 100)
for size in (1e8, 3e8, 1e9, 3e9, 1e10):
    color = points.to_rgba(np.log10(size))
    axes.plot(many, law.predict((np.full_like(many, size), many)), color=color)
    known = published["E"] + published["A"] * size ** -published["alpha"] + published["B"] * many ** -published["beta"]
    axes.plot(many, known, color=color, linestyle="--", linewidth=1.2)
axes.plot([], [], color="#666666", label="fitted to the points")
axes.plot([], [], color="#666666", linestyle="--", linewidth=1.2, label="constants of the paper")
axes.set_xscale("log")
axes.set(xlabel="training tokens (logarithmic scale)", ylabel="loss, nats per token", xlim=(1e8, 1e13), ylim=(1.8, 4.6))
axes.set_title("Loss of 240 language models by training tokens, and two laws")
bar = figure.colorbar(points, ax=axes, label="parameters", ticks=[8, 9, 10])
bar.ax.set_yticklabels(["100 million", "1 billion", "10 billion"])
axes.legend(loc="upper right")
plt.show()
