"""``kolmo train``: train a byte-level language model, which the coder `neural` uses."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kolmo._core.extras import check_extra
from kolmo._core.progress import progress
from kolmo.cli.inputs import check_one_stdin, content_of, max_size_option, read_item, reading_options
from kolmo.cli.options import Command, Size, data_dir_option, json_option, seed_option
from kolmo.cli.output import print_json, print_tables
from kolmo.cli.sets import read_set
from kolmo.coders.neural.training.plan import LIMITS, MAX_NUMBER, TrainingPlan
from kolmo.errors import ParameterError

if TYPE_CHECKING:
    from kolmo.coders.neural.folder import SavedNetwork
    from kolmo.coders.neural.training.state import EvalPoint, Training

_WEIGHT_BITS = (32, 8, 4)


class _OutputFolder(click.ParamType):  # type: ignore[type-arg]
    """A folder to write, checked before any work starts; it is made if it does not exist."""

    name = "folder"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        path = Path(value)
        there = next((each for each in (path, *Path(os.path.realpath(path)).parents) if each.exists()), path)
        if not there.is_dir():
            self.fail(f"expected a folder, got the file {str(there)!r}", param, ctx)
        if not os.access(there, os.W_OK):
            self.fail(f"cannot write {value!r}: permission denied", param, ctx)
        return path


def _plan_range(name: str, low: int = 1) -> click.IntRange:
    return click.IntRange(low, LIMITS[name])


@click.command(cls=Command, no_args_is_help=False)
@click.argument("corpora", nargs=-1, required=True, metavar="CORPUS...")
@click.option("-o", "--output", type=_OutputFolder(), required=True, metavar="DIR", help="Folder of the model.")
@click.option("-f", "--force", is_flag=True, help="Write to a folder with other files, and replace a model in it.")
@click.option(
    "--model",
    default="gru:200k,n_grams=5",
    show_default=True,
    metavar="MODEL",
    help="Architecture (gru, lstm, transformer), size (20k, 200k, 800k, 3.2m) and options, such as "
    "transformer:800k,context_length=2048 or lstm:200k,n_grams=0.",
)
@click.option(
    "--bytes",
    "n_bytes",
    type=Size(),
    metavar="SIZE",
    help="Number of bytes to read, in several passes if the corpus is smaller.  [default: 16MiB]",
)
@click.option(
    "--seconds", type=click.FloatRange(min=0, max=MAX_NUMBER, min_open=True), help="Training time, instead of --bytes."
)
@click.option("--held-out", metavar="FILE", help="Held-out data.  [default: the last 2% of the corpus]")
@click.option(
    "--batch-size", type=_plan_range("batch_size"), default=32, show_default=True, help="Sequences in a batch."
)
@click.option(
    "--sequence-length",
    type=_plan_range("sequence_length", 2),
    default=128,
    show_default=True,
    help="Bytes of a sequence.",
)
@click.option(
    "--learning-rate",
    type=click.FloatRange(min=0, max=MAX_NUMBER, min_open=True),
    default=3e-3,
    show_default=True,
    help="Learning rate after the warm-up.",
)
@click.option(
    "--checkpoints",
    type=_plan_range("checkpoints"),
    default=20,
    show_default=True,
    help="Number of evaluation points, each with a checkpoint.",
)
@seed_option
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, cuda:1, ...; auto uses a GPU if any.")
@click.option(
    "--separator", default="\\n", show_default=True, metavar="TEXT", help="Text placed between the texts of a corpus."
)
@reading_options
@data_dir_option
@max_size_option
@json_option
def command(
    corpora: tuple[str, ...],
    output: Path,
    force: bool,
    model: str,
    n_bytes: int | None,
    seconds: float | None,
    held_out: str | None,
    device: str,
    separator: str,
    reading: dict[str, Any],
    data_dir: str | None,
    max_size: int,
    as_json: bool,
    **plan_options: Any,
) -> None:
    """Train a neural byte-level language model for use as a coder.

    A CORPUS is a file, a folder, or a data set such as r8:train; several are joined. The model is saved in a folder,
    which the coder 'neural' reads: the weights with the smallest held-out loss, and the learning curve. The same
    command resumes an interrupted training from its last checkpoint. With --bytes, equal seeds give equal curves.
    Several GPUs: torchrun --nproc-per-node=4 --no-python kolmo train ...

    \b
    kolmo train book.txt -o model/ --seconds 600
    kolmo train corpus.jsonl --model transformer:800k,context_length=2048 --bytes 100MB -o model/
    kolmo length other.txt -c neural:model=model/
    """
    if n_bytes is not None and seconds is not None:
        raise ParameterError("expected --bytes or --seconds, got both; omit one")
    if n_bytes is not None and not 1 <= n_bytes <= LIMITS["n_bytes"]:
        raise ParameterError(f"--bytes: expected 1 to {LIMITS['n_bytes']:,} bytes, got {n_bytes:,}")
    for module in ("torch", "safetensors"):
        check_extra(module, extra="neural", purpose="the command 'train'")
    from kolmo.coders.neural.architecture.config import ModelConfig
    from kolmo.coders.neural.devices import best_device
    from kolmo.coders.neural.training.loop import check_folder, read_curve, split_corpus, train

    check_folder(output, force=force)
    check_one_stdin([*corpora, *([held_out] if held_out else [])])
    config, chosen = ModelConfig.parse(model), best_device(device)
    n_bytes = 2**24 if n_bytes is None and seconds is None else n_bytes
    plan = TrainingPlan(n_bytes=n_bytes, seconds=seconds, **plan_options)
    kept = None if held_out is None else read_item(held_out, max_size, content_of(reading))
    between = separator.encode().decode("unicode_escape").encode()
    items = [item for name in corpora for item in read_set(name, split="train", data_dir=data_dir, **reading).items]
    data, kept = split_corpus(between.join(items), kept)
    with progress(100, label=f"training {config}", unit="%") as bar:

        def on_step(training: Training, point: EvalPoint | None) -> None:
            bar.update(100 * training.completed - bar.done)
            if point is not None:
                bar.describe(f"training {config}, held out: {point.held_out_bits:.3f} bits/byte")

        saved = train(config, plan, data, kept, output, device=chosen, force=force, on_step=on_step)
    if int(os.environ.get("RANK", "0")) == 0:
        _print(saved, output, kept, read_curve(output), len(data), as_json=as_json)


def _print(
    saved: SavedNetwork, folder: Path, held_out: bytes, curve: list[EvalPoint], size: int, *, as_json: bool
) -> None:
    from kolmo._core.tables import Column, Table
    from kolmo.coders.neural.coder import NeuralCoder

    sizes = []
    for bits in _WEIGHT_BITS:
        coder = NeuralCoder(str(folder), device="cpu", bits=bits)
        rate = float(coder.surprisals(held_out).mean())
        sizes.append({"bits_per_weight": bits, "model_bits": coder.model_bits, "held_out_bits_per_byte": rate})
    if as_json:
        points = [dataclasses.asdict(point) for point in curve]
        print_json({"model": str(folder), "training": saved.training, "curve": points, "sizes": sizes})
        return
    curve_table = Table(
        f"Learning curve of {saved.config}, {saved.config.n_parameters:,} weights, on {size:,} bytes",
        [Column(name, True) for name in ("bytes read", "seconds", "training, bits/byte", "held out, bits/byte")],
    )
    for point in curve:
        curve_table.add(
            f"{point.n_bytes:,}", f"{point.seconds:,.0f}", f"{point.training_bits:.4f}", f"{point.held_out_bits:.4f}"
        )
    curve_table.footers.append(f"saved in {folder}: the weights after {saved.training['n_bytes']:,} bytes")
    sizes_table = Table(
        f"Size of the model by precision of its weights, and rate on {len(held_out):,} held-out bytes",
        [Column(name, True) for name in ("bits/weight", "model, bytes", "held out, bits/byte")],
    )
    for row in sizes:
        sizes_table.add(
            str(row["bits_per_weight"]), f"{row['model_bits'] / 8:,.0f}", f"{row['held_out_bits_per_byte']:.4f}"
        )
    print_tables([curve_table, sizes_table])
