"""
Neural against classical, with the size of the model
====================================================

A language model is a compressor, and a good one. But a decoder needs the weights, so a fair comparison charges them:
the *adjusted* rate is the bits of the data and of the model, over the bits of the raw data. On a small file, the
weights of even a small network cost more than they save.

There is a way around it. A network that learns while it codes has no weights to send, since the decoder repeats the
learning: ``gru`` does that.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from kolmo import compression_rate, load_dataset
from kolmo.coders.neural.architecture.config import ModelConfig
from kolmo.coders.neural.training.loop import split_corpus, train
from kolmo.coders.neural.training.plan import TrainingPlan

training_text = b"\n".join(load_dataset("docstrings", "train").items)[:400_000]
test_text = b"\n".join(load_dataset("docstrings", "test").items)[:60_000]

# %%
# A recurrent network of 20,000 weights reads 500 kB, a little more than the training text once. ``kolmo train`` does
# the same.
folder = Path(tempfile.mkdtemp()) / "model"
network = train(
    ModelConfig.parse("gru:20k"),
    TrainingPlan(n_bytes=500_000, batch_size=8, sequence_length=128, checkpoints=2),
    *split_corpus(training_text),
    folder,
)

# %%
# All coders code the same text, which no coder has seen, from the first byte to the last.
coders = {
    "gzip": "gzip",
    "xz": "xz",
    "zstd, level 19": "zstd:level=19",
    "mix (context mixing)": "mix",
    "gru, learns while it codes": "gru",
    "trained network": f"neural:model={folder},bits=8",
}
rates = {name: compression_rate(test_text, coder) for name, coder in coders.items()}
for name, rate in rates.items():
    print(f"{name:34} raw {rate.raw:.3f}, adjusted {rate.adjusted:.3f}, {rate.seconds:.1f} s")

# %%
# The trained network has the advantage of 400 kB of similar text, and still needs more bits than the coders that start
# from nothing: it is tiny, and was trained for seconds. With its weights it is the worst of all.
rows = np.arange(len(rates))[::-1]
data = np.array([rate.raw for rate in rates.values()])
model = np.array([rate.adjusted for rate in rates.values()]) - data
figure, axes = plt.subplots(figsize=(7.6, 3.8))
axes.barh(rows, data, color="C0", label="code of the text")
axes.barh(rows, model, left=data, color="C1", label="weights of the network, 8 bits each")
for row, total in zip(rows, data + model, strict=True):
    axes.text(total + 0.01, row, f"{total:.3f}", va="center")
axes.set_yticks(rows, rates)
axes.grid(visible=False, axis="y")
axes.set(xlabel="bits of code per bit of text", xlim=(0, max(data + model) * 1.15))
axes.set_title("Compression rate of 60,000 bytes of documentation")
figure.legend(loc="outside lower center", ncols=2)
plt.show()
