"""The figures of docs/profile.md: sets side by side, diversity, the band of a reference, pictures, sounds, exposures.

    python benchmarks/profile_sets.py --data-dir DATA --picture docs/profile.png -o results/profile_sets.jsonl

*sets*: 120 pieces of the modules of Python's library, 120 of API docstrings, and the latter with the bytes of each
shuffled. *diversity*: 200 passages of 1 kB of the novel `dickens` of the Silesia corpus, and 100 of them twice, the
copies far apart and adjacent. *band*: the reference is every fifth block of 20 kB of `dickens`; 2,000 random pieces
of each length of the rest are judged. *pictures*: the photographs of the Kodak set as they are, and with Gaussian noise
of 12 levels. *sounds*: the first recordings of the spoken digits (FSDD). *exposures*: 60 facts that occur once, 60
docstrings, and 20 more that occur five times, read by a network of 200,000 weights.
"""

from __future__ import annotations

import io
import sysconfig
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np
import records

from kolmo import ReferenceBand, bit_planes, coder, exposure_curve, profile_data, spatial_frequencies
from kolmo.data.builtin import docstrings
from kolmo.data.decoders.audio import read_sound
from kolmo.data.decoders.images import read_picture
from kolmo.profile.sampling import sample_of
from kolmo.show.profiles import profile_plot

Row = dict[str, Any]


def pieces(count: int, size: int) -> dict[str, list[bytes]]:
    random = np.random.default_rng(0)
    sources = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))[:40]
    source = b"".join(path.read_bytes() for path in sources)
    code = [source[start : start + size] for start in range(0, len(source), size)]
    prose = [text[:size] for text in docstrings("train").items if len(text) > size // 2]
    drawn = [[texts[place] for place in random.permutation(len(texts))[:count]] for texts in (code, prose)]
    shuffled = [bytes(random.permutation(np.frombuffer(text, np.uint8)).tolist()) for text in drawn[1]]
    return {"code": drawn[0], "prose": drawn[1], "prose, bytes shuffled": shuffled}


def sets(_data_dir: Path, picture: Path | None) -> Iterator[Row]:
    settings = {"coders": ["order0", "gzip", "ppmd", "mix"], "n_jobs": 1}
    profiles = [profile_data(items, name=name, **settings) for name, items in pieces(120, 600).items()]
    for profile in profiles:
        for rate in profile.rates:
            row = {"set": profile.name, "coder": rate.coder}
            yield row | {name: round(getattr(rate, name), 3) for name in ("alone", "given_others", "together")}
        assert profile.curve is not None
        yield {
            "set": profile.name,
            "noise": round(profile.curve.noise_bits_per_byte, 3),
            "structure_bits": round(profile.curve.structure_bits),
        }
    if picture is not None:
        profile_plot(profiles, picture)


def dickens(data_dir: Path) -> bytes:
    return (data_dir / "corpora" / "silesia" / "dickens").read_bytes()


def diversity(data_dir: Path, _picture: Path | None) -> Iterator[Row]:
    raw = dickens(data_dir)[100_000:300_000]
    different = [raw[start : start + 1000] for start in range(0, 200_000, 1000)]
    half = different[:100]
    orders = {
        "200 passages": different,
        "100 twice, copies 100 kB apart": half * 2,
        "100 twice, copies adjacent": [text for text in half for _ in range(2)],
    }
    for name in ("gzip", "xz", "mix"):
        made = coder(name)
        for order, items in orders.items():
            by_digest = sample_of(items, name=order, max_bytes=10**6).with_copies(10**6)
            rates = [made.code_length(b"\n".join(some)) / sum(map(len, some)) for some in (items, by_digest)]
            yield {"coder": name, "order": order, "in_order": round(rates[0], 3), "diversity": round(rates[1], 3)}


def band(data_dir: Path, _picture: Path | None) -> Iterator[Row]:
    raw = dickens(data_dir)
    blocks = [raw[start : start + 20_000] for start in range(0, len(raw), 20_000)]
    start = time.process_time()
    reference = ReferenceBand.fit(blocks[::5], n_jobs=1)
    seconds = time.process_time() - start
    rest = b"".join(block for place, block in enumerate(blocks) if place % 5)
    random = np.random.default_rng(1)
    for size in (200, 1000, 5000):
        starts = random.integers(0, len(rest) - size, 2000)
        start = time.process_time()
        verdicts = reference.judge([rest[each : each + size] for each in starts], n_jobs=1).verdicts
        shares = {name: round(100 * verdicts.count(name) / len(verdicts), 2) for name in ("low", "high")}
        yield {
            "length": size,
            "n_pieces": len(verdicts),
            **shares,
            "outside": round(sum(shares.values()), 2),
            "fit_cpu_seconds": round(seconds, 1),
            "judge_cpu_seconds": round(time.process_time() - start, 1),
        }


def pictures(data_dir: Path, _picture: Path | None) -> Iterator[Row]:
    found = [
        read_picture(path.read_bytes(), path.name).samples
        for path in sorted((data_dir / "images" / "kodak").glob("*.png"))
    ]
    random = np.random.default_rng(0)
    noisy = [np.clip(each + random.normal(0, 12, each.shape), 0, 255).astype(np.uint8) for each in found]
    for name, arrays in (("photographs", found), ("photographs with noise", noisy)):
        planes = bit_planes(arrays, n_jobs=1)
        yield {"set": name, "bits_of_planes_7_to_0": [round(bits, 3) for bits in planes.bits], "noise": planes.noise}
        octaves = spatial_frequencies(arrays, n_jobs=1)
        for each in octaves.octaves:
            yield {
                "set": name,
                "cycles_per_pixel": [each.lowest, each.highest],
                "bits": round(each.bits, 3),
                "shuffled_bits": round(each.shuffled_bits, 3),
                "is_noise": each.is_noise,
            }


def sounds(data_dir: Path, _picture: Path | None) -> Iterator[Row]:
    arrays = []
    with tarfile.open(data_dir / "audio" / "fsdd" / "recordings.tar.gz") as archive:
        for member in archive:
            if member.name.endswith(".wav") and len(arrays) < 200:
                file = archive.extractfile(member) or io.BytesIO()
                sound = read_sound(file.read(), member.name, mono=True, max_bytes=2**24)
                arrays.append(np.frombuffer(sound.data, "<i2"))
    planes = bit_planes(arrays, n_jobs=1)
    yield {"set": "spoken digits", "bits_of_planes_15_to_0": [round(b, 3) for b in planes.bits], "noise": planes.noise}


def exposures(_data_dir: Path, _picture: Path | None) -> Iterator[Row]:
    random = np.random.default_rng(0)
    facts = [f"the code of gate {number} is {random.integers(10**6):06}" for number in range(60)]
    texts = [text[:300] for text in docstrings("train").items if len(text) > 150][:80]
    items = [*facts, *texts[:60], *(texts[60:] * 5)]
    kinds = ["rare facts"] * 60 + ["texts"] * 60 + ["texts five times"] * 100
    start = time.process_time()
    found = exposure_curve(items, kinds=kinds, passes=[1, 2, 5, 10, 20])
    for each in found.kinds:
        yield {
            "kind": each.kind,
            "n_items": each.n_items,
            "passes": found.passes,
            "bits_per_byte": [round(bits, 3) for bits in each.bits_per_byte],
            "held_out": None if each.held_out is None else [round(bits, 3) for bits in each.held_out],
            "memorised_after": each.memorised_after,
            "training_bytes": found.training_bytes,
            "model": found.model,
            "cpu_seconds": round(time.process_time() - start, 1),
        }


PARTS: dict[str, Callable[[Path, Path | None], Iterator[Row]]] = {
    part.__name__: part for part in (sets, diversity, band, pictures, sounds, exposures)
}


@click.command()
@click.option("--data-dir", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--part", "parts", type=click.Choice(list(PARTS)), multiple=True, default=list(PARTS))
@click.option("--picture", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path))
def main(data_dir: Path, parts: tuple[str, ...], picture: Path | None, output: Path | None) -> None:
    """Measure all parts, and print and append the rows."""
    for name in parts:
        for row in PARTS[name](data_dir, picture):
            print({"part": name} | row, flush=True)
            records.append(output, {"part": name} | row)


if __name__ == "__main__":
    main()
