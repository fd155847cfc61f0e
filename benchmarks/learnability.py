"""Is compressible data easy to learn? Bits per byte beside the accuracy of a classifier, as noise is added in steps.

    python benchmarks/learnability.py --data-dir DATA -o results/learnability.jsonl

DATA has the public sets `mnist` (test images) and `trec` as published. *Digits*: 1,500 images to train on, 500 to test,
with noise on the pixels, permuted pixels, means of blocks, single bit planes, and wrong labels. *Questions*: 1,500 to
train on, 500 to test, with noise on the characters, shuffled bytes, and wrong labels. Bits per byte are those of the
coder `mix` for the training items together (first 200 kB). Accuracy is that of logistic regression on pixels, and of a
linear SVM on TF-IDF of character n-grams, on test items that are changed in the same way; test labels are never wrong.
The label code is the prequential code of the first 500 training labels given their items. *Spearman*: the rank
correlation of bits per byte with accuracy and with the label code, with 95% intervals over variants, for added noise
alone, and for all variants.

The rows *random* and *code, prose* are the corollary: random labels of random bytes, and code beside prose, with
near-duplicates and without. Seeds are fixed; copies are left in except where the row says otherwise.
"""

from __future__ import annotations

import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np
import records
from numpy.typing import NDArray
from scipy.stats import spearmanr
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from kolmo import coder, find_duplicates, prequential_curve
from kolmo.data.builtin import docstrings
from kolmo.learn import LabelCodeClassifier

N_TRAIN, N_TEST, N_LABEL_CODE = 1500, 500, 500
CODED_BYTES = 200_000
STEPS = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8, 1.0)
Labels = NDArray[Any]


class Variant(NamedTuple):
    """Changed items to train and test on."""

    name: str
    kind: str
    train: list[bytes]
    test: list[bytes]
    labels: Labels
    test_labels: Labels


def mnist(folder: Path) -> tuple[NDArray[np.uint8], Labels]:
    images = np.fromfile(folder / "mnist" / "t10k-images-idx3-ubyte", np.uint8)[16:].reshape(-1, 28, 28)
    return images, np.fromfile(folder / "mnist" / "t10k-labels-idx1-ubyte", np.uint8)[8:]


def wrong(labels: Labels, share: float) -> Labels:
    random = np.random.default_rng(1)
    return np.where(random.random(len(labels)) < share, random.choice(np.unique(labels), len(labels)), labels)


def digits(folder: Path) -> Iterator[Variant]:
    images, labels = mnist(folder)
    order = np.random.default_rng(0).permutation(len(images))[: N_TRAIN + N_TEST]
    images, labels = images[order], labels[order]
    random = np.random.default_rng(2)

    def variant(name: str, kind: str, pixels: NDArray[np.uint8], own: Labels | None = None) -> Variant:
        items = [each.tobytes() for each in pixels]
        given = labels[:N_TRAIN] if own is None else own
        return Variant(name, kind, items[:N_TRAIN], items[N_TRAIN:], given, labels[N_TRAIN:])

    for share in STEPS:
        drawn = random.integers(0, 256, images.shape, np.uint8)
        noisy = np.where(random.random(images.shape) < share, drawn, images)
        yield variant(f"{share:.0%} of pixels random", "noise on items", noisy)
    permuted = images.reshape(len(images), -1)[:, random.permutation(784)]
    yield variant("pixels permuted", "other change", permuted)
    for size in (2, 4, 7, 14):
        means = images.reshape(-1, 28 // size, size, 28 // size, size).mean((2, 4)).astype(np.uint8)
        yield variant(f"means of {size}x{size} blocks", "other change", means)
    for plane in (7, 4, 0):
        yield variant(f"bit plane {plane}", "other change", np.packbits(images >> plane & 1, axis=2))
    for share in STEPS[2:]:
        yield variant(f"{share:.0%} of labels random", "noise on labels", images, wrong(labels[:N_TRAIN], share))


def questions(folder: Path) -> Iterator[Variant]:
    lines = (folder / "trec" / "train_5500.label").read_bytes().splitlines()
    order = np.random.default_rng(0).permutation(len(lines))[: N_TRAIN + N_TEST]
    labels = np.array([lines[place].partition(b":")[0].decode() for place in order])
    texts = [lines[place].partition(b" ")[2] for place in order]
    random = np.random.default_rng(3)
    letters = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz ", np.uint8)

    def variant(name: str, kind: str, items: list[bytes], own: Labels | None = None) -> Variant:
        given = labels[:N_TRAIN] if own is None else own
        return Variant(name, kind, items[:N_TRAIN], items[N_TRAIN:], given, labels[N_TRAIN:])

    def noisy(text: bytes, share: float) -> bytes:
        x = np.frombuffer(text, np.uint8)
        return np.where(random.random(len(x)) < share, random.choice(letters, len(x)), x).astype(np.uint8).tobytes()

    for share in STEPS:
        yield variant(f"{share:.0%} of characters random", "noise on items", [noisy(each, share) for each in texts])
    shuffled = [bytes(random.permutation(np.frombuffer(each, np.uint8)).tolist()) for each in texts]
    yield variant("bytes shuffled", "other change", shuffled)
    yield variant("sorted bytes", "other change", [bytes(sorted(each)) for each in texts])
    for share in STEPS[2:]:
        yield variant(f"{share:.0%} of labels random", "noise on labels", texts, wrong(labels[:N_TRAIN], share))


def pixels_model() -> tuple[Any, Callable[[list[bytes]], Any]]:
    def as_array(items: list[bytes]) -> NDArray[np.float64]:
        raw = np.stack([np.frombuffer(each, np.uint8) for each in items])
        return (np.unpackbits(raw, axis=1) if raw.shape[1] == 112 else raw).astype(float)

    return make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=60)), as_array


def texts_model() -> tuple[Any, Callable[[list[bytes]], Any]]:
    tfidf = TfidfVectorizer(analyzer="char", ngram_range=(2, 4), sublinear_tf=True, encoding="latin-1")
    return make_pipeline(tfidf, LinearSVC()), list


SETS = {"digits": (digits, "images", pixels_model), "questions": (questions, "text", texts_model)}


def measured(variant: Variant, make: Callable[[], Any], known: dict[bytes, float]) -> dict[str, Any]:
    model, features = make()
    model.fit(features(variant.train), variant.labels)
    accuracy = float((model.predict(features(variant.test)) == variant.test_labels).mean())
    joined = b"".join(variant.train)[:CODED_BYTES]
    if joined not in known:  # label noise leaves the items as they are
        known[joined] = coder("mix").code_length(joined) / len(joined)
    bits = known[joined]
    size = sum(map(len, variant.train)) / len(variant.train)
    labels = [str(label) for label in variant.labels[:N_LABEL_CODE]]
    return {
        "bits_per_byte": round(bits, 4),
        "bits_per_item": round(bits * size, 1),
        "accuracy": round(accuracy, 4),
        "label_code": round(
            LabelCodeClassifier().label_code_length(variant.train[: len(labels)], labels) / len(labels), 4
        ),
    }


def rank_correlation(rows: list[dict[str, Any]], learned: str) -> dict[str, Any]:
    """Return Spearman's rho of bits per byte and what was learned, with a 95% interval over variants."""
    x, y = (np.array([row[name] for row in rows]) for name in ("bits_per_byte", learned))
    random = np.random.default_rng(0)
    draws = [random.integers(0, len(x), len(x)) for _ in range(2000)]
    found = [spearmanr(x[d], y[d]).statistic for d in draws if len(set(x[d])) > 1 and len(set(y[d])) > 1]
    rho = float(spearmanr(x, y).statistic) if len(set(x.tolist())) > 1 else float("nan")
    low, high = np.quantile(found, [0.025, 0.975]) if found else (np.nan, np.nan)
    numbers = {"rho": rho, "low": float(low), "high": float(high)}
    return {name: round(value, 3) if np.isfinite(value) else None for name, value in numbers.items()} | {
        "n_variants": len(x)
    }


def corollary() -> Iterator[dict[str, Any]]:
    """Yield structure and noise of random bytes, and of code and prose with near-duplicates and without."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 1000)
    items = [random.bytes(64) for _ in labels]
    model, features = texts_model()
    model.fit(features(items[:750]), labels[:750])
    accuracy = float((model.predict(features(items[750:])) == labels[750:]).mean())
    curve = prequential_curve(b"".join(items))
    yield {"variant": "random bytes, random labels", "accuracy": accuracy} | facts_of(curve)
    sources = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
    code = [piece for path in sources for piece in pieces_of(path.read_bytes())]
    prose = list(docstrings("train").items)
    for name, found in (("code", code), ("prose", prose)):
        some = [found[place] for place in np.random.default_rng(0).permutation(len(found))]
        some = some[: int(np.searchsorted(np.cumsum(list(map(len, some))), CODED_BYTES))]
        report = find_duplicates(some, candidates="sketch")
        unique = [some[place] for place in report.unique]
        for said, kept in (("", some), (", without near-duplicates", unique)):
            yield {"variant": f"{name}{said}", "n_items": len(kept)} | facts_of(prequential_curve(kept))


def facts_of(curve: Any) -> dict[str, Any]:
    return {
        "bits_per_byte": round(curve.code_bits / curve.size_bytes, 4),
        "last_quarter": round(curve.noise_interval[1], 4),
        "structure_bits": round(curve.structure_bits),
        "size_bytes": curve.size_bytes,
    }


def pieces_of(source: bytes) -> list[bytes]:
    return [source[start : start + 1000] for start in range(0, len(source), 1000)]


@click.command()
@click.option("--data-dir", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--set", "sets", type=click.Choice([*SETS, "corollary"]), multiple=True, default=[*SETS, "corollary"])
@click.option("-o", "--output", type=click.Path(path_type=Path))
def main(data_dir: Path, sets: tuple[str, ...], output: Path | None) -> None:
    """Measure bits per byte and accuracy of all variants, and print and append the rows."""

    def tell(row: dict[str, Any]) -> None:
        print(row, flush=True)
        records.append(output, row)

    for name, (variants, folder, make) in SETS.items():
        if name not in sets:
            continue
        rows, known = [], {}
        for variant in variants(data_dir / folder):
            found = {"set": name, "variant": variant.name, "kind": variant.kind} | measured(variant, make, known)
            rows.append(found)
            tell(found)
        for kind in ("noise on items", "noise on labels", None):
            some = [row for row in rows if kind in (None, row["kind"])]
            for learned in ("accuracy", "label_code"):
                facts = {"set": name, "variant": f"Spearman, {kind or 'all variants'}", "with": learned}
                tell(facts | rank_correlation(some, learned))
    for row in corollary() if "corollary" in sets else ():
        tell({"set": "corollary"} | row)


if __name__ == "__main__":
    main()
