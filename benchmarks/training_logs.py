"""Structure and noise of one training log by Kolmo, and by the package `epiplexity` from PyPI.

    pip install --ignore-requires-python epiplexity
    kolmo train corpus.txt -o model --bytes SIZE --checkpoints 40
    python benchmarks/training_logs.py model -o results/training_logs.jsonl

The package integrates the losses of the log by the trapezoid rule, and its level is the last loss. Kolmo's log has the
mean loss of all bytes between two points, which is their code length, and its level is that which the curve tends to.
The log must be of one pass over the data: `--bytes` at most the size of the corpus. Both use the training loss.
"""

from __future__ import annotations

import json
from pathlib import Path

import click
import records
from epiplexity.estimators import PrequentialEstimator

from kolmo.coders.neural.training.loop import read_curve
from kolmo.profile import PrequentialCurve


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True))
@click.option("-o", "--output", type=click.Path(path_type=Path))
def main(folder: Path, output: Path | None) -> None:
    """Compare both on the log in FOLDER, and print and append the rows."""
    points = read_curve(folder)
    n_bytes, losses = [point.n_bytes for point in points], [point.training_bits for point in points]
    curve = PrequentialCurve.from_log(n_bytes, losses)
    other = PrequentialEstimator.estimate(n_bytes, losses, loss_unit="bits")
    last = PrequentialEstimator.estimate(n_bytes, losses, loss_unit="bits", final_loss=curve.noise_bits_per_byte)
    facts = {"model": json.loads((folder / "config.json").read_text())["model"], "n_bytes": n_bytes[-1]}
    rows = [
        {
            "package": "kolmo",
            "noise": round(curve.noise_bits_per_byte, 4),
            "noise_interval": [round(end, 4) for end in curve.noise_interval],
            "level": curve.level,
            "structure_bits": round(curve.structure_bits),
            "structure_interval": [round(end) for end in curve.structure_interval],
            "code_bits": round(curve.code_bits),
        },
        *(
            {
                "package": name,
                "noise": round(found.data_bits / n_bytes[-1], 4),
                "structure_bits": round(found.model_bits),
                "code_bits": round(found.total_bits),
            }
            for name, found in (("epiplexity", other), ("epiplexity, level of kolmo", last))
        ),
    ]
    for row in rows:
        print(row, flush=True)
        records.append(output, row | facts)


if __name__ == "__main__":
    main()
