"""Size and loading time of saved models, beside the size of the training texts; and that the labels are the same.

python benchmarks/saved_models.py ag_news/train10k.tsv --size 500 --size 2000
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import click
import numpy as np
import records

import kolmo

ESTIMATORS: dict[str, Any] = {
    "LabelCodeClassifier": kolmo.LabelCodeClassifier(),
    "CodeLengthClassifier, zstd": kolmo.CodeLengthClassifier("zstd"),
    "CodeLengthClassifier, background": kolmo.CodeLengthClassifier(background=True),
    "NCDClassifier": kolmo.NCDClassifier(),
    "NGramVectorizer": kolmo.NGramVectorizer(),
}


def measured(name: str, estimator: Any, corpus: kolmo.Corpus, size: int) -> dict[str, Any]:
    """Return the size and the times of one estimator that is fitted to the first `size` items of a random order."""
    part = corpus.sample(size)
    start = time.perf_counter()
    estimator.fit(part.items, part.labels)
    fitted = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        estimator.save(f"{folder}/model")
        saved = time.perf_counter()
        loaded = kolmo.load_model(f"{folder}/model")
        done = time.perf_counter()
        size_bytes = kolmo.model_info(f"{folder}/model").size_bytes
    queries = corpus.items[:50]
    if hasattr(estimator, "predict_proba"):
        same = bool(np.array_equal(estimator.predict_proba(queries), loaded.predict_proba(queries)))
    else:
        same = (estimator.transform(queries) != loaded.transform(queries)).nnz == 0
    return {
        "model": name,
        "texts": size,
        "text_bytes": part.size_bytes,
        "model_bytes": size_bytes,
        "fit_seconds": round(fitted - start, 2),
        "save_seconds": round(saved - fitted, 2),
        "load_seconds": round(done - saved, 2),
        "same": same,
    }


@click.command(help=__doc__.partition("\n")[0] if __doc__ else None)
@click.argument("train", type=click.Path(exists=True, path_type=Path))
@click.option("--size", "sizes", type=int, multiple=True, default=(500, 2000), show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="JSON-lines file to append to.")
def main(train: Path, sizes: tuple[int, ...], output: Path | None) -> None:
    """Measure each estimator at each size."""
    corpus = kolmo.read(train)
    for size in sizes:
        for name, estimator in ESTIMATORS.items():
            row = measured(name, estimator, corpus, size)
            print(row, flush=True)
            records.append(output, {"set": corpus.name} | row)


if __name__ == "__main__":
    main()
