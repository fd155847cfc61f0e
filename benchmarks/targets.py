"""Does the ranking of corpora for a target agree with training? Rank correlation over several targets.

    python benchmarks/targets.py --data-dir DATA -o results/targets.jsonl

A small network is trained on each corpus, at equal bytes and equal steps, and its mean loss over seeds is measured on
each target, which no network has read. It is compared with the saving in bits of `kolmo.rank_for_target` at equal
bytes, by Spearman's rank correlation. A coder reads a corpus once; the network reads it several times. Beside it stands
the simplest baseline: the similarity of the frequencies of bytes (Kullback-Leibler divergence).

DATA has `corpora/silesia`, `corpora/enwik`, `text/ag_news`, `text/sms_spam`, `text/masakhanews` and `dna/ecoli`.
"""

from __future__ import annotations

import sysconfig
from pathlib import Path

import click
import numpy as np
import records
import torch
from numpy.typing import NDArray
from scipy import stats

import kolmo
from kolmo.coders.neural.architecture.config import ModelConfig
from kolmo.coders.neural.training.loop import held_out_bits
from kolmo.coders.neural.training.plan import TrainingPlan
from kolmo.coders.neural.training.state import Training

BATCH, LENGTH = 16, 64


def halves(data: bytes) -> tuple[bytes, bytes]:
    """Return the first and the second half of the data."""
    return data[: len(data) // 2], data[len(data) // 2 :]


def sets(folder: Path, size: int, target_size: int) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Return corpora and targets, from separate files or separate halves of a file."""
    corpus, text = folder / "corpora", folder / "text"
    modules = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
    pairs = {
        "English novel": halves((corpus / "silesia/dickens").read_bytes()),
        "Polish novel": halves((corpus / "silesia/reymont").read_bytes()),
        "wiki pages": halves((corpus / "enwik/enwik6").read_bytes()),
        "messages": halves((text / "sms_spam/SMSSpamCollection").read_bytes()),
        "news": ((text / "ag_news/train10k.tsv").read_bytes(), (text / "ag_news/test.csv").read_bytes()),
        "Lingala news": (
            (text / "masakhanews/lin_train.tsv").read_bytes(),
            (text / "masakhanews/lin_test.tsv").read_bytes(),
        ),
        "Luganda news": (
            (text / "masakhanews/lug_train.tsv").read_bytes(),
            (text / "masakhanews/lug_test.tsv").read_bytes(),
        ),
        "Python": tuple(b"".join(path.read_bytes() for path in modules[part::2]) for part in (0, 1)),
        "DNA": halves((folder / "dna/ecoli/ecoli_k12_acgt").read_bytes()),
    }
    corpora = {name: read[:size] for name, (read, _) in pairs.items()}
    corpora["random"] = np.random.default_rng(0).integers(0, 256, size, np.uint8).tobytes()
    return corpora, {name: unread[:target_size] for name, (_, unread) in pairs.items() if name != "DNA"}


def trained_bits(corpus: bytes, targets: dict[str, bytes], model: str, steps: int, seed: int) -> dict[str, float]:
    """Return the bits a byte on each target of a network trained on a corpus."""
    plan = TrainingPlan(n_bytes=steps * BATCH * LENGTH, batch_size=BATCH, sequence_length=LENGTH, seed=seed)
    training = Training(ModelConfig.parse(model), plan, [corpus], torch.device("cpu"))
    while training.completed < 1.0:
        training.step()
    return {
        name: float(held_out_bits(training.model, target, torch.device("cpu")).mean())
        for name, target in targets.items()
    }


def divergence(target: bytes, corpus: bytes) -> float:
    """Return the bits a byte that the byte frequencies of the corpus cost on the target beyond its own."""
    p, q = (np.bincount(np.frombuffer(each, np.uint8), minlength=256) + 0.5 for each in (target, corpus))
    p, q = p / p.sum(), q / q.sum()
    return float(np.sum(p * np.log2(p / q)))


def correlation(xs: NDArray[np.float64], ys: NDArray[np.float64]) -> float:
    return round(float(stats.spearmanr(xs, ys).statistic), 3)


@click.command(help=__doc__.partition("\n")[0] if __doc__ else None)
@click.option("--data-dir", required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--size", default=60_000, show_default=True, help="Bytes of a corpus.")
@click.option("--target-size", default=20_000, show_default=True, help="Bytes of a target.")
@click.option("--model", default="gru:200k", show_default=True)
@click.option("--steps", default=400, show_default=True)
@click.option("--seeds", default=3, show_default=True)
@click.option("-c", "--coder", "coders", multiple=True, default=("mix:level=1", "ngram", "xz"), show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="JSON-lines file to append results to.")
def main(
    data_dir: Path,
    size: int,
    target_size: int,
    model: str,
    steps: int,
    seeds: int,
    coders: tuple[str, ...],
    output: Path | None,
) -> None:
    """Train, rank, and print a row a target and a coder."""
    corpora, targets = sets(data_dir, size, target_size)
    losses = {
        name: [trained_bits(corpus, targets, model, steps, seed) for seed in range(seeds)]
        for name, corpus in corpora.items()
    }
    for coder in coders:
        for target, data in targets.items():
            others = {name: corpus for name, corpus in corpora.items() if name != target}
            ranking = {each.name: each for each in kolmo.rank_for_target(data, corpora, coder=coder, greedy=False)}
            loss = {name: float(np.mean([each[target] for each in losses[name]])) for name in corpora}
            row = {
                "claim": "ranking against training",
                "coder": coder,
                "target": target,
                "first": next(iter(ranking)),
                "least_loss": min(loss, key=lambda name: loss[name]),
            }
            for which, names in (("all", list(corpora)), ("without_own", list(others))):
                saved = np.array([ranking[name].equal_saving for name in names])
                bits = np.array([loss[name] for name in names])
                far = np.array([divergence(data, corpora[name]) for name in names])
                row |= {f"spearman_{which}": correlation(saved, -bits)}
                row |= {f"spearman_{which}_bytes": correlation(-far, -bits)}
            row |= {"corpora": len(corpora), "size": size, "model": model, "steps": steps, "seeds": seeds}
            print(row, flush=True)
            records.append(output, row | {"loss": {name: round(bits, 4) for name, bits in loss.items()}})


if __name__ == "__main__":
    main()
