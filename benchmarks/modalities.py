"""Which gains exist across kinds of data, at small sizes: known positives, pairs, and training at equal compute.

    python benchmarks/modalities.py --data-dir DATA -o results/modalities.jsonl

*Same content*: the samples of spoken digits as 16-bit PCM and as decimal numbers in text; a photograph as RGB bytes and
as PPM text: joint gain and excess, for `mix` with the layout of each set and with a shared one. *Pairs*: digit pictures
(MNIST) and spoken digits (FSDD) of the same digit, raw and quantised; captions and pictures made here; articles of the
UDHR and their translations. Two measures: the paired gain, by one pair at a time; and the learned gain, the bits per
pair by which all pairs in a row are shorter than with shuffled partners, mean over shuffles, with its t statistic.
*Training*: transfer gain for prose at equal compute from other kinds of data, over three seeds.

DATA has `images/mnist`, `images/kodak`, `audio/fsdd`, `text/udhr_latin`, `corpora/silesia` and `dna/ecoli`.
"""

from __future__ import annotations

import sysconfig
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
import records
from known_sets import grey, ink, spoken_digits, written_digits

import kolmo
from kolmo.data.symbols import read_symbols

N_SHUFFLES, N_PAIRED = 6, 24
CODERS = (("mix:level=1", "own"), ("mix:level=1", "shared"), ("ngram", "own"), ("xz", "own"))
COLORS, SHAPES, SIDES = ("red", "green", "blue", "grey"), ("square", "cross", "stripe", "frame"), ("left", "right")


def same_content(folder: Path, size: int) -> Iterator[tuple[str, bytes, bytes]]:
    """Yield pairs of sets with one content in two forms."""
    samples = b"".join(spoken_digits(folder).values())[:size]
    numbers = " ".join(map(str, np.frombuffer(samples, "<i2").tolist())).encode()
    yield "samples: PCM and decimal numbers", samples, numbers
    pixels = read_symbols(sorted((folder / "images/kodak").glob("*.png"))[0]).data[:size]
    ppm = b"P3\n64 32\n255\n" + " ".join(map(str, pixels)).encode()
    yield "pixels: RGB and PPM text", pixels, ppm
    yield "samples and pixels, unrelated", samples, pixels


def digits(folder: Path, count: int, *, quantised: bool) -> tuple[list[bytes], list[bytes]]:
    """Return pictures and sounds of the same digit, by one speaker."""
    pictures, labels = written_digits(folder)
    sounds = [(key.digit, sound) for key, sound in spoken_digits(folder).items() if key.speaker == "jackson"]
    by_digit = [[sound for digit, sound in sounds if digit == each] for each in range(10)]
    xs, ys = [], []
    for number in range(count):
        digit = int(labels[number])
        sound = np.frombuffer(by_digit[digit][number % len(by_digit[digit])], "<i2")
        xs.append(ink(pictures[number]) if quantised else grey(pictures[number]))
        ys.append(loudness(sound) if quantised else sound[:2000].astype("<i2").tobytes())
    return xs, ys


def loudness(sound: np.ndarray) -> bytes:
    """Return the loudness in 40 parts and their zero crossings, 8 levels each."""
    parts = np.array_split(sound.astype(float), 40)
    volume = np.digitize([np.log1p(np.abs(part).mean()) for part in parts], np.linspace(1, 8, 7))
    crossings = np.digitize([(np.diff(np.sign(part)) != 0).mean() for part in parts], np.linspace(0.02, 0.5, 7))
    return bytes((48 + 8 * volume + crossings).astype(np.uint8).tolist())


def captions(count: int) -> tuple[list[bytes], list[bytes]]:
    """Return captions and pictures of 8 x 8 letters that they describe."""
    random = np.random.default_rng(0)
    xs, ys = [], []
    for _ in range(count):
        color, shape, side = (int(random.integers(len(names))) for names in (COLORS, SHAPES, SIDES))
        picture = np.full((8, 8), ord("."))
        at = slice(0, 4) if side == 0 else slice(4, 8)
        part = np.zeros((8, 4), bool)
        part[(slice(2, 6), slice(3, 5), slice(0, 8, 2), slice(0, 8, 7))[shape]] = True
        picture[:, at][part] = ord("RGBW"[color])
        noise = random.random((8, 8)) < 0.05
        picture[noise] = random.choice(list(b".RGBW"), int(noise.sum()))
        xs.append(f"a {COLORS[color]} {SHAPES[shape]} on the {SIDES[side]}\n".encode())
        ys.append(bytes(picture.ravel().astype(np.uint8)) + b"\n")
    return xs, ys


def translations(folder: Path, one: str, other: str) -> tuple[list[bytes], list[bytes]]:
    """Return the paragraphs of two translations, as many as the shorter one has."""
    texts = [
        [line for line in (folder / f"text/udhr_latin/txt/{name}.txt").read_bytes().splitlines(True) if line.strip()]
        for name in (one, other)
    ]
    count = min(map(len, texts))
    return texts[0][:count], texts[1][:count]


def learned_gain(coder: kolmo.Coder, xs: Sequence[bytes], ys: Sequence[bytes]) -> tuple[float, float]:
    """Return the bits per pair that true partners save in one code of all pairs, and t over shuffles."""
    random = np.random.default_rng(0)

    def length(order: Sequence[int]) -> float:
        return coder.code_length(b"".join(x + ys[place] for x, place in zip(xs, order, strict=True)))

    true = length(range(len(ys)))
    shuffled = np.array([length(random.permutation(len(ys)).tolist()) for _ in range(N_SHUFFLES)])
    deviation = float(shuffled.std(ddof=1)) * np.sqrt(1 + 1 / N_SHUFFLES)
    return float(shuffled.mean() - true) / len(xs), float((shuffled.mean() - true) / max(deviation, 1e-9))


def rows(folder: Path, size: int, tasks: Sequence[str]) -> Iterator[dict[str, Any]]:
    if "same" in tasks:
        for name, x, y in same_content(folder, size):
            for coder, layout in CODERS:
                gain = kolmo.joint_gain(x, y, coder=coder, layout=layout, n_permutations=4, n_resamples=0)
                yield {
                    "task": "same content",
                    "sets": name,
                    "coder": gain.coder,
                    "layout": layout,
                    "sizes": gain.sizes,
                    "relative_gain": gain.relative_gain,
                    "excess_gain": gain.excess_gain,
                    "p_value": gain.p_value,
                    "saved_of_y": 1 - gain.length_y_given_x / gain.length_y,
                }
    if "pairs" in tasks:
        sets = {
            "digits, raw": digits(folder, 30, quantised=False),
            "digits, quantised": digits(folder, 300, quantised=True),
            "captions and pictures": captions(300),
            "UDHR, English and Norwegian": translations(folder, "eng", "nno"),
            "UDHR, English and German": translations(folder, "eng", "deu_1996"),
        }
        for name, (xs, ys) in sets.items():
            for spec in ("ngram", "mix:level=1,layout=plain"):
                coder = kolmo.coder(spec)
                paired = kolmo.paired_gain(xs[:N_PAIRED], ys[:N_PAIRED], coder=coder)
                bits, t = learned_gain(coder, xs, ys)
                yield {
                    "task": "pairs",
                    "sets": name,
                    "coder": spec,
                    "n_pairs": len(xs),
                    "paired_bits": paired.gain_bits,
                    "paired_p": paired.p_value,
                    "retrieval": paired.retrieval_accuracy,
                    "learned_bits": bits,
                    "learned_t": t,
                    "bits_of_y": paired.length_y,
                }
    if "training" in tasks:
        yield from trained(folder)


def trained(folder: Path) -> Iterator[dict[str, Any]]:
    size = 150_000
    prose = (folder / "corpora/silesia/dickens").read_bytes()
    modules = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
    others = {
        "more prose of the same author": prose[5_000_000 : 5_000_000 + size],
        "Python": b"".join(path.read_bytes() for path in modules)[:size],
        "random bytes": np.random.default_rng(0).integers(0, 256, size, np.uint8).tobytes(),
        "DNA": (folder / "dna/ecoli/ecoli_k12_acgt").read_bytes()[:size],
        "digit pictures": written_digits(folder)[0].tobytes()[:size],
        "speech": b"".join(spoken_digits(folder).values())[:size],
    }
    options = {"model": "gru:20k", "steps": 80, "batch_size": 16, "sequence_length": 64, "controls": False}
    for name, data in others.items():
        gain = kolmo.transfer_gain(prose[:size], data, device="cpu", n_seeds=3, **options)
        (on_prose, _) = gain.estimates["both"]
        yield {
            "task": "training",
            "other": name,
            "gain_on_prose": on_prose.value,
            "low": on_prose.low,
            "high": on_prose.high,
            "prose_alone": gain.runs["x"].bits_x,
            "model": options["model"],
            "steps": options["steps"],
            "seeds": 3,
        }


@click.command()
@click.option("--data-dir", "folder", type=click.Path(exists=True, path_type=Path), required=True)
@click.option("--task", "tasks", type=click.Choice(["same", "pairs", "training"]), multiple=True)
@click.option("--size", default=20_000, show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path))
def main(folder: Path, tasks: tuple[str, ...], size: int, output: Path | None) -> None:
    for row in rows(folder, size, tasks or ("same", "pairs", "training")):
        click.echo(row)
        records.append(output, row)


if __name__ == "__main__":
    main()
