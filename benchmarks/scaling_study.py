"""A small scaling study: two architectures and two coders on prose, pictures and sound, within an hour on two cores.

    python benchmarks/scaling_study.py --data-dir DATA --checkpoint s.sqlite --part data -o results/scaling_study.csv
    python benchmarks/scaling_study.py --data-dir DATA --checkpoint s.sqlite --part kinds -o results/scaling_kinds.csv
    python benchmarks/scaling_study.py --read results/scaling_study.csv --record results/scaling_study.jsonl
    python benchmarks/scaling_study.py --read results/scaling_kinds.csv --record results/scaling_study.jsonl

DATA has `corpora/silesia/dickens`, `images/kodak` and `audio/fsdd`. *data*: GRUs and transformers of five sizes on
three parts of 1 MB of prose, with the coders ngram and xz primed with the same parts. *kinds*: GRUs of five sizes on
400 kB of prose, grey pictures and sound. `--read` fits the laws: L(D) of the coders, L(N) by kind, and L(N, D).
"""

from __future__ import annotations

import csv
import io
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np
import records

from kolmo.data.decoding import Reading
from kolmo.data.symbols import read_symbols
from kolmo.errors import KolmoError
from kolmo.laws import Sweep, SweepRun, fit_law, run_sweep

SIZES = (5e3, 1.5e4, 4e4, 1e5, 2.5e5)


def sets(folder: Path, limit: int) -> dict[str, tuple[str, bytes]]:
    """Return kind and data of prose, grey pictures and sound."""
    with tempfile.TemporaryDirectory() as place:
        with tarfile.open(folder / "audio/fsdd/recordings.tar.gz") as archive:
            names = sorted(name for name in archive.getnames() if name.endswith(".wav"))[:200]
            archive.extractall(place, [archive.getmember(name) for name in names], filter="data")
        sound = read_symbols(place, limit=limit)
    pictures = read_symbols(folder / "images/kodak", limit=limit, reading=Reading(pixels="grey"))
    text = (folder / "corpora/silesia/dickens").read_bytes()[:limit]
    return {"prose": ("text", text), "pictures": ("image", pictures.data), "sound": ("audio", sound.data)}


def data_part(folder: Path, options: dict[str, Any]) -> Sweep:
    text = sets(folder, 1_000_000)["prose"][1]
    return run_sweep(
        {"prose": text},
        kinds={"prose": "text"},
        models=("gru", "transformer"),
        sizes=SIZES,
        fractions=(0.1, 0.3, 1.0),
        coders=("ngram", "xz"),
        **options,
    )


def kinds_part(folder: Path, options: dict[str, Any]) -> Sweep:
    named = sets(folder, 400_000)
    return run_sweep(
        {name: data for name, (_, data) in named.items()},
        kinds={name: kind for name, (kind, _) in named.items()},
        models=("gru",),
        sizes=SIZES,
        fractions=(1.0,),
        **options,
    )


PARTS = {"data": data_part, "kinds": kinds_part}


def read_sweep(path: Path) -> Sweep:
    """Return the runs of a file."""
    runs = []
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            values: dict[str, Any] = {}
            for name, field in SweepRun.__dataclass_fields__.items():
                kinds = str(field.type)
                text = row[name]
                if "str" in kinds:
                    values[name] = text
                else:
                    values[name] = None if not text else float(text) if "float" in kinds else int(text)
            runs.append(SweepRun(**values))
    return Sweep(runs=tuple(runs))


def readings(sweep: Sweep) -> Iterator[dict[str, Any]]:
    """Yield what the laws say."""
    for need in sweep.needs():
        yield {"law": "L(N)", **need.to_dict()}
    for model in dict.fromkeys(run.model for run in sweep.runs):
        prose = {"data": "prose", "model": model}
        n, d = sweep.column("parameters", **prose), sweep.column("bytes", **prose).astype(float)
        loss = sweep.column("held_out_bits_per_byte", **prose)
        try:
            if n[0] is not None and len(np.unique(d)) > 2:
                law = fit_law((n.astype(float), d), loss, form="chinchilla")
                yield {"law": "L(N, D)", "model": model, "params": law.params, "rms": law.rms_log_error} | {
                    "warnings": law.warnings
                }
            elif n[0] is None:
                power = fit_law(d, loss, form="power")
                yield {"law": "L(D)", "model": model, "params": power.params, "warnings": power.warnings}
        except KolmoError as error:
            yield {"law": "none", "model": model, "reason": str(error)}


@click.command(help=__doc__.partition("\n")[0] if __doc__ else None)
@click.option("--data-dir", type=click.Path(exists=True, path_type=Path))
@click.option("--part", "parts", multiple=True, type=click.Choice(list(PARTS)), default=list(PARTS), show_default=True)
@click.option("--checkpoint", type=click.Path(path_type=Path), help="Resume from this file.")
@click.option("--jobs", default=2, show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="CSV file of the runs.")
@click.option(
    "--read", "source", type=click.Path(exists=True, path_type=Path), help="Fit laws to the runs of this file."
)
@click.option("--record", type=click.Path(path_type=Path), help="JSON-lines file to append the laws to.")
def main(
    data_dir: Path | None,
    parts: tuple[str, ...],
    checkpoint: Path | None,
    jobs: int,
    output: Path | None,
    source: Path | None,
    record: Path | None,
) -> None:
    """Run the study, or read its laws."""
    if source is None:
        if data_dir is None:
            raise click.UsageError("expected --data-dir or --read")
        runs: list[SweepRun] = []
        for part in parts:
            own = None if checkpoint is None else checkpoint.with_suffix(f".{part}{checkpoint.suffix}")
            found = PARTS[part](data_dir, {"n_jobs": jobs, "device": "cpu", "checkpoint": own})
            print(found, flush=True)
            runs += found.runs
        sweep = Sweep(runs=tuple(runs))
        if output is not None:
            text = io.StringIO()
            sweep.write_csv(text)
            output.write_text(text.getvalue(), encoding="utf-8")
    else:
        sweep = read_sweep(source)
    for row in readings(sweep):
        print(row, flush=True)
        records.append(record, row)


if __name__ == "__main__":
    main()
