"""Neural and classical coders compared: after reading the same text, and on text, pictures, sound and random bytes.

    kolmo train DATA/corpora/silesia/dickens --format file --model gru:800k,n_grams=5 --seconds 1800 \
        --sequence-length 128 --checkpoints 30 -o model/
    python benchmarks/neural.py primed --text DATA/corpora/silesia/dickens --model model/ -o results.jsonl
    python benchmarks/neural.py rates --data-dir DATA --model model/ -o results.jsonl
    python benchmarks/neural.py gain --data-dir DATA -o results.jsonl

*primed*: conditional code lengths of the last 2% of a text given the rest, on which the model was trained. *rates*:
raw and adjusted compression rates, in chunks of 2,048 bytes and whole; pictures are grey patches. *gain*: transfer gain
between English prose and other text, program source and DNA, in trainings of one size and length.
"""

from __future__ import annotations

import sysconfig
import tarfile
import tempfile
import time
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
import numpy as np
import records

import kolmo
from kolmo.coders.neural.coder import NeuralCoder
from kolmo.coders.neural.training.loop import split_corpus
from kolmo.data.decoding import Reading
from kolmo.data.symbols import Symbols, read_symbols
from kolmo.errors import WindowWarning
from kolmo.joint.transfer_results import TransferGain

PRIMED = ("gzip", "xz", "zstd:level=19", "ppmd:order=6,memory=268435456", "ngram", "gru", "mix")
RATES = ("gzip", "xz", "brotli", "ppmd", "ngram", "gru", "mix", "png", "webp", "jxl", "flac")
MODEL = "neural"
LIMIT = 10**6


def append(path: Path | None, row: dict[str, Any]) -> None:
    """Print a result, and record it."""
    print({key: value for key, value in row.items() if key != "fingerprint"}, flush=True)
    records.append(path, row)


def sets(folder: Path) -> list[Symbols]:
    """Return text, pictures, sound and random bytes."""
    with tempfile.TemporaryDirectory() as place:
        with tarfile.open(folder / "audio/fsdd/recordings.tar.gz") as archive:
            names = sorted(name for name in archive.getnames() if name.endswith(".wav"))[:150]
            archive.extractall(place, [archive.getmember(name) for name in names], filter="data")
        sound = read_symbols(place, limit=LIMIT)
    noise = np.random.default_rng(0).integers(0, 256, LIMIT // 4, np.uint8).tobytes()
    return [
        Symbols(data=read_symbols(folder / "corpora/enwik/enwik6", limit=LIMIT).data, modality="text", name="enwik6"),
        Symbols(data=pictures(folder / "images/kodak"), modality="image", name="Kodak, grey patches"),
        Symbols(data=sound.data, modality="audio", name="digits, PCM"),
        Symbols(data=noise, modality="random", name="random"),
    ]


def pictures(folder: Path) -> bytes:
    grey = Reading(pixels="grey")
    return b"".join(read_symbols(path, reading=grey).data for path in sorted(folder.glob("*.png")))[:LIMIT]


@click.group(help=__doc__.partition("\n")[0] if __doc__ else None)
def main() -> None:
    warnings.simplefilter("ignore", WindowWarning)


output = click.option("-o", "--output", type=click.Path(path_type=Path), help="JSON-lines file to append to.")
model_option = click.option("--model", type=click.Path(path_type=Path, exists=True), required=True)


@main.command()
@click.option("--text", type=click.Path(path_type=Path, exists=True), required=True)
@model_option
@output
def primed(text: Path, model: Path, output: Path | None) -> None:
    """Conditional code length of the end of a text given the rest."""
    context, held_out = split_corpus(text.read_bytes())
    about = {"kind": "primed", "text": text.name, "context_bytes": len(context), "held_out_bytes": len(held_out)}
    for spec in PRIMED:
        coder = kolmo.coder(spec)
        start = time.perf_counter()
        bits = coder.prime(context).code_length(held_out)
        row = {"coder": spec, "bits_per_byte": bits / len(held_out), "seconds": time.perf_counter() - start}
        append(output, about | row | {"model_bytes": 0, "fingerprint": coder.fingerprint})
    for weight_bits in (32, 8, 4):
        neural = NeuralCoder(str(model), bits=weight_bits)
        row = {
            "coder": f"{MODEL}, {neural.saved.config}, {weight_bits} bits/weight",
            "bits_per_byte": neural.code_length(held_out) / len(held_out),
            "seconds": neural.saved.training["seconds"],
            "model_bytes": neural.model_bits / 8,
        }
        append(output, about | row | {"fingerprint": neural.fingerprint})


@main.command()
@click.option("--data-dir", type=click.Path(path_type=Path, exists=True), required=True)
@model_option
@output
def rates(data_dir: Path, model: Path, output: Path | None) -> None:
    """Raw and adjusted compression rates on four kinds of data."""
    neural = NeuralCoder(str(model), bits=8)
    for each in sets(data_dir):
        for coder in (*map(kolmo.coder, RATES), neural):
            for chunk in (2048, None):
                rate = kolmo.compression_rate(each.data, coder, chunk=chunk).to_dict()
                name = f"{MODEL}, 8 bits/weight" if coder is neural else str(coder)
                append(output, {"kind": "rates", "data": each.name} | rate | {"coder": name})


@main.command()
@click.option("--data-dir", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--model", default="gru:200k", show_default=True)
@click.option("--steps", default=300, show_default=True)
@click.option("--limit", type=int, default=10**6, show_default=True, help="Largest number of bytes of each set.")
@click.option("--seed", default=0, show_default=True)
@click.option(
    "--with", "chosen", multiple=True, type=click.Choice(["news", "Polish, a PDF", "Python", "DNA"]), help="[all]"
)
@output
def gain(
    data_dir: Path, model: str, steps: int, limit: int, seed: int, chosen: tuple[str, ...], output: Path | None
) -> None:
    """Transfer gain between Dickens and other data sets."""
    news, library = kolmo.read(data_dir / "text/ag_news/train10k.tsv"), Path(sysconfig.get_path("stdlib"))
    others = {
        "news": first(news.items, limit),
        "Polish, a PDF": read_symbols(data_dir / "corpora/silesia/reymont", limit=limit).data,
        "Python": first((path.read_bytes() for path in sorted(library.glob("*.py"))), limit),
        "DNA": read_symbols(data_dir / "dna/ecoli/ecoli_k12_acgt", limit=limit).data,
    }
    dickens = read_symbols(data_dir / "corpora/silesia/dickens", limit=limit).data
    for name in chosen or others:
        found = kolmo.transfer_gain(dickens, others[name], model=model, steps=steps, random_state=seed)
        print(transfer_gain_table(found, "Dickens", name), flush=True)
        append(output, {"kind": "gain", "x": "Dickens", "y": name} | found.to_dict())


def first(documents: Iterable[bytes], limit: int) -> list[bytes]:
    """Return the first documents, until they have `limit` bytes together."""
    taken: list[bytes] = []
    for document in documents:
        if sum(map(len, taken)) >= limit:
            break
        taken.append(document)
    return taken


def transfer_gain_table(gain: TransferGain, x: str, y: str) -> str:
    lines = [f"| training | steps | held-out {x}, bits/byte | held-out {y}, bits/byte |", "|---" * 4 + "|"]
    for name, run in gain.runs.items():
        lines.append(f"| {name} | {run.steps:,} | {run.bits_x:.3f} | {run.bits_y:.3f} |")
    lines += ["", f"| estimate | {x}, bits/byte | 95% interval | {y}, bits/byte | 95% interval |", "|---" * 5 + "|"]
    for name, both in gain.estimates.items():
        cells = [f"{each.value:+.3f} | {each.low:+.3f} to {each.high:+.3f}" for each in both]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()
