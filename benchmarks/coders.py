"""Bits a byte, speed both ways and memory: every coder on text, source code, DNA, pictures, sound and noise.

    python benchmarks/coders.py --data-dir DATA -o results.jsonl
    python benchmarks/coders.py --built-in
    python benchmarks/coders.py --plot results.jsonl results.png

Each coder runs on each kind of data in a process of its own, after a small piece that compiles and loads what it needs.
Bits are those of the real stream where there is one; memory is how far the process grew. A row a run goes to a
JSON-lines file with the machine, the versions and the coder's fingerprint.
"""

from __future__ import annotations

import io
import json
import resource
import subprocess
import sys
import sysconfig
import tarfile
import time
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np
from records import append
from rich.console import Console
from rich.table import Table

import kolmo

SIZE = 10**6
OWN, OTHERS = "#D55E00", "#0072B2"
CODERS = (
    "gzip", "bz2", "xz", "zstd:level=19", "brotli", "lz4:level=12", "ppmd", "ngram", "gru",
    "mix:level=1", "mix:level=2", "mix", "mix:level=4", "mix:level=5", "mix:level=6",
)  # fmt: skip


def shared(folder: Path) -> dict[str, Callable[[], bytes]]:
    """Public data, a megabyte or so each."""
    corpora = folder / "corpora"
    return {
        "enwik6": lambda: (corpora / "enwik/enwik6").read_bytes(),
        "dickens": lambda: (corpora / "silesia/dickens").read_bytes()[:SIZE],
        "canterbury": lambda: b"",  # eleven files, each alone
        "source code": source_code,
        "E. coli": lambda: (folder / "dna/ecoli/ecoli_k12_acgt").read_bytes()[:SIZE],
        "Kodak 05, RGB": lambda: picture(folder / "images/kodak/05.png"),
        "digits, PCM": lambda: speech(folder / "audio/fsdd/recordings.tar.gz"),
        "random": noise,
    }


def built_in() -> dict[str, Callable[[], bytes]]:
    """Data that come with Python and the dependencies."""
    from sklearn.datasets import load_digits, load_sample_image

    return {
        "source code": source_code,
        "text": lambda: "".join(
            path.read_text(encoding="utf-8") for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.txt"))
        ).encode()[:SIZE],
        "photograph, RGB": lambda: load_sample_image("china.jpg").tobytes()[: 640 * 3 * 427],
        "digits, 8 x 8": lambda: load_digits().data.astype(np.uint8).tobytes(),
        "random": noise,
    }


def source_code() -> bytes:
    """Modules of Python's standard library."""
    modules = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
    return b"".join(module.read_bytes() for module in modules)[:SIZE]


def picture(path: Path) -> bytes:
    from PIL import Image

    return Image.open(path).convert("RGB").tobytes()


def speech(path: Path) -> bytes:
    """Samples of 16 bits from the first recordings, without their headers."""
    frames = []
    with tarfile.open(path) as archive:
        for member in sorted((m for m in archive if m.name.endswith(".wav")), key=lambda m: m.name):
            file = archive.extractfile(member)
            if file is not None:
                with wave.open(io.BytesIO(file.read())) as sound:
                    frames.append(sound.readframes(sound.getnframes()))
            if sum(map(len, frames)) >= SIZE:
                break
    return b"".join(frames)[:SIZE]


def noise() -> bytes:
    return np.random.default_rng(0).integers(0, 256, SIZE // 4, dtype=np.uint8).tobytes()


def parts(name: str, folder: Path | None) -> list[bytes]:
    if name == "canterbury" and folder is not None:
        return [p.read_bytes() for p in sorted((folder / "corpora/canterbury").iterdir()) if p.name != "SOURCE.txt"]
    return [(shared(folder) if folder else built_in())[name]()]


def measure(spec: str, name: str, folder: Path | None) -> dict[str, Any]:
    """Compress and decompress in this process."""
    coder, items = kolmo.coder(spec), parts(name, folder)
    size = sum(map(len, items))
    for warm in (items[0][:3000], b"abc" * 2000):
        coder.decompress(coder.compress(warm))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    streams = [coder.compress(item) for item in items]
    middle = time.perf_counter()
    back = [coder.decompress(stream) for stream in streams]
    end = time.perf_counter()
    if back != items:
        raise SystemExit(f"{spec} does not give back {name}")
    return {
        "coder": spec,
        "data": name,
        "size_bytes": size,
        "bits_per_byte": 8 * sum(map(len, streams)) / size,
        "compress_mb_s": size / 1e6 / (middle - start),
        "decompress_mb_s": size / 1e6 / (end - middle),
        "memory_mb": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024,
        "fingerprint": coder.fingerprint,
    }


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Return the last row of each coder and kind of data."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return list({(row["coder"], row["data"]): row for row in rows}.values())


def draw(rows: list[dict[str, Any]], path: Path, kind: str = "enwik6") -> None:
    """Draw size against speed."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    own = [row for row in rows if row["data"] == kind]
    figure, axes = plt.subplots(figsize=(8, 5), layout="constrained")
    for row in own:
        name, _, level = row["coder"].partition(":level=")
        color = OWN if name in ("mix", "ngram", "gru") else OTHERS
        place = (row["compress_mb_s"], row["bits_per_byte"])
        axes.scatter(*place, color=color, zorder=3)
        if name == "mix":  # points close together: the level alone, beside
            side = {"1": (10, 0), "2": (0, 9), "": (-2, -15)}.get(level, (0, -15))
            axes.annotate(level or "3", place, textcoords="offset points", xytext=side, ha="center", color=color)
        else:
            beside = (7, -14) if name == "xz" else (7, 5)  # xz lies close to zstd
            axes.annotate(row["coder"], place, textcoords="offset points", xytext=beside, color=color)
    slowest = min((row for row in own if row["coder"].startswith("mix")), key=lambda row: row["compress_mb_s"])
    place = (slowest["compress_mb_s"], slowest["bits_per_byte"])
    axes.annotate("mix, by level", place, textcoords="offset points", xytext=(8, -4), color=OWN)
    axes.set(xscale="log", xlabel="speed of compression, MB/s on one core", ylabel=f"bits a byte on {kind}")
    axes.set_xticks([0.03, 0.1, 0.3, 1, 3, 10, 30], ["0.03", "0.1", "0.3", "1", "3", "10", "30"])
    axes.minorticks_off()
    axes.set_title("Size and speed of coders: lower and further right is better", loc="left")
    axes.text(1, 0.02, "coders of Kolmo", color=OWN, ha="right", transform=axes.transAxes)
    axes.text(1, 0.07, "library coders", color=OTHERS, ha="right", transform=axes.transAxes)
    axes.grid(visible=True, color="#e5e5e5")
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.15, y=0.1)
    figure.savefig(path, dpi=120)


@click.command(help=__doc__.partition("\n")[0] if __doc__ else None)
@click.option("--data-dir", type=click.Path(path_type=Path, exists=True), help="Folder with the public data sets.")
@click.option("--built-in", "use_built_in", is_flag=True, help="Data that come with the installation.")
@click.option("-c", "--coder", "coders", multiple=True, default=CODERS)
@click.option("--data", "kinds", multiple=True, help="Only these kinds of data.")
@click.option("--worker", nargs=2, hidden=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="JSON-lines file to append to.")
@click.option(
    "--plot", nargs=2, type=click.Path(path_type=Path), help="Draw recorded rows to a picture; measure nothing."
)
def main(
    data_dir: Path | None,
    use_built_in: bool,
    coders: tuple[str, ...],
    kinds: tuple[str, ...],
    worker: tuple[str, str] | None,
    output: Path | None,
    plot: tuple[Path, Path] | None,
) -> None:
    if plot is not None:
        results, picture_path = plot
        draw(read_rows(results), picture_path)
        return
    if worker:
        print(json.dumps(measure(*worker, data_dir)))
        return
    if (data_dir is None) is not use_built_in:
        raise click.UsageError("give --data-dir, or --built-in")
    rows = []
    for kind in kinds or (shared(data_dir) if data_dir else built_in()):
        for spec in coders:
            where = ["--data-dir", str(data_dir)] if data_dir else []
            command = [sys.executable, __file__, "--worker", spec, kind, *where]
            row = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            rows.append(row)
            append(output, row)
    shown = Table("data", "coder", "bits a byte", "MB/s", "MB/s back", "MB")
    for row in rows:
        numbers = (row["bits_per_byte"], row["compress_mb_s"], row["decompress_mb_s"], row["memory_mb"])
        shown.add_row(row["data"], row["coder"], *(f"{number:.3f}" for number in numbers))
    Console().print(shown)


if __name__ == "__main__":
    main()
