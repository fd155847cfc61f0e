"""Time and memory of `kolmo profile` at default settings, by the size of the corpus and the format of its file.

    python benchmarks/profile_cost.py --data-dir DATA --size 20MB --size 100MB -o results/profile_cost.jsonl

The corpora are drawn from a word-level Markov chain of order 1 of the novel `dickens` of the Silesia corpus in DATA:
each word follows the one before as often as in the first four megabytes. Documents end at the first word that makes
them 2,000 bytes or more. A file has one document a line (`lines`), or is a table with a number and the text in each row
(`csv`, `jsonl`). The command runs in a process of its own on two workers; its peak memory is that of this process.
"""

from __future__ import annotations

import csv
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
import records

from kolmo._core.units import parse_size

DOCUMENT_BYTES, SOURCE_BYTES, BLOCK = 2000, 4_000_000, 1000
FORMATS = ("lines", "csv", "jsonl")


def documents(source: bytes, size: int, seed: int = 0) -> Iterator[str]:
    """Yield documents of about 2,000 bytes from the chain, `size` bytes in all."""
    words = source.decode("latin-1").split()
    names, codes = np.unique(words, return_inverse=True)
    order = np.argsort(codes[:-1], kind="stable")
    following = codes[1:][order]
    counts = np.bincount(codes[:-1], minlength=len(names))
    starts = np.cumsum(counts) - counts
    lengths = np.array([len(name) + 1 for name in names])
    random = np.random.default_rng(seed)
    while size > 0:
        word = random.choice(codes, BLOCK)
        rows, total = [word], lengths[word]
        while (total < DOCUMENT_BYTES).any():
            known = counts[word] > 0
            drawn = starts[word] + (random.random(BLOCK) * counts[word]).astype(np.int64)
            word = np.where(known, following[np.minimum(drawn, len(following) - 1)], random.choice(codes, BLOCK))
            rows.append(word)
            total = total + lengths[word]
        table = np.array(rows)
        ends = np.argmax(np.cumsum(lengths[table], axis=0) >= DOCUMENT_BYTES, axis=0)
        for column, end in enumerate(ends.tolist()):
            text = " ".join(names[table[: end + 1, column]].tolist())
            size -= len(text)
            yield text
            if size <= 0:
                return


def write(path: Path, form: str, texts: Iterator[str]) -> int:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        if form == "csv":
            table.writerow(["number", "text"])
        for number, text in enumerate(texts):
            if form == "csv":
                table.writerow([number, text])
            else:
                file.write((text if form == "lines" else json.dumps({"number": number, "text": text})) + "\n")
    return path.stat().st_size


@click.command()
@click.option("--data-dir", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--size", "sizes", multiple=True, default=["20MB"])
@click.option("--format", "formats", type=click.Choice(FORMATS), multiple=True, default=["lines"])
@click.option("-o", "--output", type=click.Path(path_type=Path))
def main(data_dir: Path, sizes: tuple[str, ...], formats: tuple[str, ...], output: Path | None) -> None:
    """Profile corpora of several sizes, and print and append the rows."""
    source = (data_dir / "corpora" / "silesia" / "dickens").read_bytes()[:SOURCE_BYTES]
    with tempfile.TemporaryDirectory() as folder:
        for size in map(parse_size, sizes):
            for form in formats:
                path = Path(folder) / ("corpus.txt" if form == "lines" else f"corpus.{form}")
                file_bytes = write(path, form, documents(source, size))
                before = resource.getrusage(resource.RUSAGE_CHILDREN)
                start = time.perf_counter()
                command = [sys.executable, "-c", PROGRAM, "profile", str(path), "-j", "2", "--json"]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
                found = json.loads(done.stdout)["results"][0]
                row = {
                    "size_bytes": found["size_bytes"],
                    "file_bytes": file_bytes,
                    "format": form,
                    "n_documents": found["n_documents"],
                    "sampled": round(found["sampled"], 5),
                    "seconds": round(time.perf_counter() - start, 1),
                    "cpu_seconds": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1),
                    "peak_memory_mb": round(int(done.stderr.split()[-1]) / 1000),
                }
                print(row, flush=True)
                records.append(output, row)
                path.unlink()


PROGRAM = """
import resource, sys
from kolmo.cli import main
try:
    main(sys.argv[1:], standalone_mode=False)
finally:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""
"""Runs the command line, and prints the peak memory of the process in kB."""


if __name__ == "__main__":
    main()
