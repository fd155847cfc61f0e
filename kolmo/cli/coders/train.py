"""``kolmo train``: a corpus becomes a language model, and so a coder."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kolmo._core.extras import import_extra
from kolmo._core.progress import progress
from kolmo.cli.inputs import check_one_stdin, max_size_option, read_whole
from kolmo.cli.options import Command, Size, data_dir_option, json_option, reading_options
from kolmo.cli.output import print_json, print_tables
from kolmo.cli.sets import read_set
from kolmo.errors import DataError, ParameterError

if TYPE_CHECKING:
    from kolmo.coders.neural.folder import SavedModel
    from kolmo.coders.neural.training.loop import Milestone, Training

_BITS_OF_A_WEIGHT = (32, 8, 4)


@click.command(cls=Command, no_args_is_help=False)
@click.argument("corpora", nargs=-1, required=True, metavar="CORPUS...")
@click.option("-o", "--output", required=True, metavar="DIR", help="The folder of the model.")
@click.option(
    "--model",
    default="gru:200k,n_grams=5",
    show_default=True,
    metavar="MODEL",
    help="gru, lstm or transformer, then a size of 20k, 200k, 800k or 3.2m, then options: "
    "transformer:800k,context=2048 or lstm:200k,n_grams=0.",
)
@click.option(
    "--bytes", "n_bytes", type=Size(), metavar="SIZE", help="How much to read in all, over and over.  [16MiB]"
)
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), help="How long to train, instead.")
@click.option("--held-out", metavar="FILE", help="What to measure on.  [default: the last fiftieth of the corpus]")
@click.option("--lanes", type=click.IntRange(min=1), default=32, show_default=True, help="Places read side by side.")
@click.option("--length", type=click.IntRange(min=2), default=128, show_default=True, help="Bytes a lane reads a step.")
@click.option("--learning-rate", type=click.FloatRange(min=0, min_open=True), default=3e-3, show_default=True)
@click.option("--intervals", type=click.IntRange(min=1), default=20, show_default=True, help="Checkpoints in all.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, cuda:1, ...; auto takes a GPU if any.")
@click.option("--separator", default="\\n", show_default=True, help="Stands between texts; \\n is a line end.")
@reading_options
@data_dir_option
@max_size_option
@json_option
def command(
    corpora: tuple[str, ...],
    output: str,
    model: str,
    n_bytes: int | None,
    seconds: float | None,
    held_out: str | None,
    device: str,
    separator: str,
    text_columns: tuple[str, ...],
    label_column: str | None,
    text_separator: str,
    file_format: str | None,
    encoding: str,
    data_dir: str | None,
    max_size: int,
    as_json: bool,
    **plan_options: Any,
) -> None:
    """Train a language model on a corpus, and leave it in a folder that the coder 'neural' takes.

    A CORPUS is a file, a folder, or a known set such as r8:train; several are joined. The folder comes to hold the
    weights under which the held-out bytes were shortest, and the curve. The same command goes on where a killed one
    had its last checkpoint. With a number of bytes, the same seed gives the same curve. Several GPUs: torchrun
    --nproc-per-node=4 --no-python kolmo train ...

    \b
    kolmo train book.txt -o model/ --seconds 600
    kolmo train corpus.jsonl --model transformer:800k,context=2048 --bytes 100MB -o model/
    kolmo length other.txt -c neural:model=model/
    """
    if n_bytes is not None and seconds is not None:
        raise ParameterError("--bytes and --seconds both say how long to train; give one")
    import_extra("torch", extra="neural", purpose="the command 'train'")
    import_extra("safetensors", extra="neural", purpose="the command 'train'")
    from kolmo.coders.neural.architecture.config import ModelConfig
    from kolmo.coders.neural.training.loop import best_device, split_corpus, train
    from kolmo.coders.neural.training.plan import TrainingPlan

    check_one_stdin([*corpora, *([held_out] if held_out else [])])
    config, chosen = ModelConfig.parse(model), best_device(device)
    n_bytes = 2**24 if n_bytes is None and seconds is None else n_bytes
    plan = TrainingPlan(n_bytes=n_bytes, seconds=seconds, **plan_options)
    between = separator.encode().decode("unicode_escape").encode()
    reading = {
        "text_columns": list(text_columns) or None,
        "label_column": label_column,
        "separator": text_separator,
        "format": file_format,
        "encoding": encoding,
    }
    items = [item for name in corpora for item in read_set(name, split="train", data_dir=data_dir, **reading).items]
    data, kept = split_corpus(between.join(items), None if held_out is None else read_whole(held_out, max_size))
    folder, first = Path(output), int(os.environ.get("RANK", "0")) == 0
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{output!r} is a file; name a folder for the model")
    rows: list[Milestone] = []
    with progress(100, label=f"training {config}", unit="%") as bar:

        def on_step(training: Training, row: Milestone | None) -> None:
            bar.update(100 * training.share - bar.done)
            if row is not None:
                rows.append(row)
                bar.describe(f"training {config}, held out: {row.held_out_bits:.3f} bits/byte")

        saved = train(config, plan, data, kept, folder, device=chosen, on_step=on_step)
    if first:
        _print(saved, folder, kept, rows, len(data), as_json=as_json)


def _print(
    saved: SavedModel, folder: Path, held_out: bytes, rows: list[Milestone], size: int, *, as_json: bool
) -> None:
    from kolmo._core.tables import Column, Table
    from kolmo.coders.neural.coder import NeuralCoder

    sizes = []
    for bits in _BITS_OF_A_WEIGHT:
        coder = NeuralCoder(str(folder), device="cpu", bits=bits)
        rate = float(coder.surprisals(held_out).mean())
        sizes.append({"bits_a_weight": bits, "model_bits": coder.model_bits, "held_out_bits_per_byte": rate})
    if as_json:
        curve = [dataclasses.asdict(row) for row in rows]
        print_json({"model": str(folder), "training": saved.training, "curve": curve, "sizes": sizes})
        return
    curve_table = Table(
        f"{saved.config}, {saved.config.n_parameters:,} weights, trained on {size:,} bytes",
        [Column(name, True) for name in ("bytes read", "seconds", "training bits/byte", "held-out bits/byte")],
    )
    for row in rows:
        curve_table.add(
            f"{row.n_bytes:,}", f"{row.seconds:,.0f}", f"{row.training_bits:.4f}", f"{row.held_out_bits:.4f}"
        )
    best = saved.training
    curve_table.footers.append(f"kept in {folder}: the weights after {best['n_bytes']:,} bytes")
    table = Table(
        f"What the model costs; held out are {len(held_out):,} bytes",
        [Column(name, True) for name in ("bits a weight", "bytes of the model", "held-out bits/byte")],
    )
    for row_of_sizes in sizes:
        table.add(
            str(row_of_sizes["bits_a_weight"]),
            f"{row_of_sizes['model_bits'] / 8:,.0f}",
            f"{row_of_sizes['held_out_bits_per_byte']:.4f}",
        )
    print_tables([curve_table, table])
