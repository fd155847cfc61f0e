"""Joint gains of data whose mutual information is known: true bits, the estimate of each coder, and their ratio.

    python benchmarks/mutual_information.py --data-dir DATA -o results/mutual_information.jsonl

*Copied blocks*: X and Y are letters of an order-2 Markov chain each, with independent tables; 0, 10, 30 or 60% of Y is
replaced by blocks of 200 bytes of X at random places. True: the information of the blocks under the chain of X, less
log2 of the number of places for each. *Shared contexts*: the tables of X and Y are drawn from a Dirichlet distribution;
0, 30, 60 or 100% of the contexts have the same row in both. True: log2 P(x, y) - log2 P(x) - log2 P(y), exact, with
the rows integrated out (Dirichlet-multinomial). *Recodings*: Y holds the text X in another encoding, so that the true
gain is 50%, less a few bytes. DATA has `corpora/canterbury`.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np
import records
from calibration import chain, table
from scipy.special import gammaln

from kolmo import joint_gain

CODERS = ("mix", "mix:level=1", "ngram", "ppmd", "bz2", "xz", "zstd:level=19", "zstd", "brotli", "deflate")
BLOCK, ALPHA, LETTERS = 200, 0.1, 16


def information(chances: np.ndarray, text: bytes) -> np.ndarray:
    """Return the surprisal of each letter under an order-2 chain, in bits; the first two are uniform."""
    letters = np.frombuffer(text, np.uint8).astype(int) - ord("a")
    rows = np.diff(chances, axis=-1, prepend=0.0)
    bits = -np.log2(rows[letters[:-2], letters[1:-1], letters[2:]])
    return np.concatenate([np.full(2, np.log2(LETTERS)), bits])


def copied(share: float, size: int, seed: int) -> tuple[bytes, bytes, float]:
    """Return X, Y and their mutual information: Y has blocks of X in a share of its places."""
    random = np.random.default_rng([1, seed])
    chances, others = table(random), table(random)
    x, y = chain(chances, size, random), bytearray(chain(others, size, random))
    bits = information(chances, x)
    true = 0.0
    targets = random.permutation(size // BLOCK)[: round(share * size / BLOCK)]
    sources = random.permutation(size // BLOCK)[: len(targets)]  # no block twice
    for source, target in zip(sources * BLOCK, targets * BLOCK, strict=True):
        y[target : target + BLOCK] = x[source : source + BLOCK]
        true += float(bits[source : source + BLOCK].sum()) - np.log2(size)
    return x, bytes(y), true


def counts(text: bytes) -> np.ndarray:
    letters = np.frombuffer(text, np.uint8).astype(int) - ord("a")
    found = np.zeros((LETTERS, LETTERS, LETTERS))
    np.add.at(found, (letters[:-2], letters[1:-1], letters[2:]), 1)
    return found


def log_probability(found: np.ndarray) -> np.ndarray:
    """Return log2 of the Dirichlet-multinomial probability of the letters after each context."""
    total = found.sum(-1)
    logs = gammaln(ALPHA * LETTERS) - gammaln(ALPHA * LETTERS + total)
    return (logs + (gammaln(ALPHA + found) - gammaln(ALPHA)).sum(-1)) / np.log(2)


def shared(share: float, size: int, seed: int) -> tuple[bytes, bytes, float]:
    """Return X, Y and their mutual information: a share of the contexts has the same distribution in both."""
    random = np.random.default_rng([2, seed])
    first, second = table(random), table(random)
    same = random.random(first.shape[:2]) < share
    second[same] = first[same]
    x, y = chain(first, size, random), chain(second, size, random)
    apart = log_probability(counts(x)) + log_probability(counts(y))
    together = log_probability(counts(x) + counts(y))
    return x, y, float((together - apart)[same].sum())


def recodings(text: bytes) -> Iterator[tuple[str, bytes]]:
    yield "the same text", text
    yield "UTF-16", text.decode("latin-1").encode("utf-16-le")
    yield "hexadecimal digits", text.hex().encode()
    yield "base64", base64.b64encode(text)
    yield "inverted bits", bytes(255 - byte for byte in text)
    yield "reversed", text[::-1]
    yield (
        "bytes replaced (a cipher)",
        text.translate(bytes(np.random.default_rng(0).permutation(256).astype(np.uint8))),
    )


def measured(coder: str, x: bytes, y: bytes, **facts: Any) -> dict[str, Any]:
    start = time.process_time()
    gain = joint_gain(x, y, coder=coder, n_resamples=0, n_permutations=2)
    return facts | {
        "coder": coder,
        "size": len(x),
        "gain_bits": round(gain.gain_bits),
        "relative_gain": gain.relative_gain,
        "null_gain": gain.null_gain,
        "excess_bits": round(gain.excess_gain * (gain.length_x + gain.length_y)),
        "cpu_seconds": round(time.process_time() - start, 2),
    }


def rows(folder: Path, size: int, coders: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for name, make, shares in (("copied", copied, (0, 0.1, 0.3, 0.6)), ("shared", shared, (0, 0.3, 0.6, 1.0))):
        for share in shares:
            x, y, true = make(share, size, 0)
            for coder in coders:
                row = measured(coder, x, y, task=name, share=share, true_bits=round(true))
                for kind in ("gain", "excess"):
                    row[f"{kind}_ratio"] = row[f"{kind}_bits"] / true if true else None
                yield row
    text = (folder / "corpora/canterbury/lcet10.txt").read_bytes()[: size // 2]
    for name, y in recodings(text):
        for coder in coders:
            yield measured(coder, text, y, task="recoding", recoding=name)


@click.command()
@click.option("--data-dir", "folder", type=click.Path(exists=True, path_type=Path), required=True)
@click.option("-c", "--coder", "coders", multiple=True, default=CODERS)
@click.option("--size", default=100_000, show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path))
def main(folder: Path, coders: tuple[str, ...], size: int, output: Path | None) -> None:
    for row in rows(folder, size, coders):
        click.echo(row)
        records.append(output, row)


if __name__ == "__main__":
    main()
