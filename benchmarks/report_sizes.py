"""Sizes of HTML reports of few and of many texts, real results of generated lines.

python benchmarks/report_sizes.py -o benchmarks/results/report_sizes.jsonl
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np
import records

import kolmo
from kolmo.learn import baseline_classifiers, evaluate


def lines(count: int, seed: int) -> tuple[list[str], list[str]]:
    """Return texts of about 80 bytes with their classes; one in ten is of the other class's words."""
    rng = np.random.default_rng(seed)
    words = np.array(["".join(rng.choice(list("abcdefghijklmnop"), 5)) for _ in range(3000)])
    classes = rng.integers(0, 4, count)
    used = np.where(rng.random(count) < 0.1, (classes + 1) % 4, classes)
    places = rng.integers(0, 750, (count, 13)) * 4 + used[:, None]
    return [" ".join(row) for row in words[places]], [f"class {each}" for each in classes]


def outliers(texts: list[str], _: list[str]) -> str:
    normal = lines(400, 1)[0]
    return kolmo.report_html(kolmo.CodeLengthOutlier("ngram", n_jobs=1).fit(normal).report(texts), items=texts)


def profile(texts: list[str], _: list[str]) -> str:
    return kolmo.report_html(
        kolmo.profile_data(texts, coders=["gzip", "ngram"], sample_bytes=2**16, n_jobs=1), items={"data": texts}
    )


def classification(texts: list[str], labels: list[str]) -> str:
    train = lines(400, 2)
    made = baseline_classifiers()
    reports = [evaluate(made[name], train, (texts, labels), name=name) for name in made]
    return kolmo.report_html(reports, items=texts)


def leaks(texts: list[str], _: list[str]) -> str:
    train = [*lines(200, 3)[0], *texts[:200]]
    report = kolmo.find_leaks(train, texts, n_jobs=1)
    return kolmo.report_html(report, items={"training": train, "test": texts})


PAGES: dict[str, Callable[[list[str], list[str]], str]] = {
    "outliers": outliers,
    "profile": profile,
    "classification": classification,
    "leaks": leaks,
}


@click.command(help=__doc__.partition("\n")[0] if __doc__ else None)
@click.option("--count", "counts", type=int, multiple=True, default=(1000, 100_000), show_default=True)
@click.option("--page", "pages", type=click.Choice(list(PAGES)), multiple=True, default=tuple(PAGES))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="JSON-lines file to append to.")
def main(counts: tuple[int, ...], pages: tuple[str, ...], output: Path | None) -> None:
    """Measure each page at each number of texts."""
    for page in pages:
        for count in counts:
            texts, labels = lines(count, 0)
            start = time.process_time()
            size = len(PAGES[page](texts, labels).encode())
            row: dict[str, Any] = {
                "page": page,
                "texts": count,
                "text_bytes": sum(map(len, texts)),
                "page_bytes": size,
                "cpu_seconds": round(time.process_time() - start, 1),
            }
            print(row, flush=True)
            records.append(output, row)


if __name__ == "__main__":
    main()
