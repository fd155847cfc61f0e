"""Same source or not, by saved bits among impostors, beside the cosine of character 4-grams: AUC, accuracy, c@1, time.

    python benchmarks/same_source.py --data-dir DATA -p works -p unseen-works -p newsgroups -o results/same_source.jsonl
    python benchmarks/same_source.py --data-dir DATA --picture docs/same_source.png

DATA has the corpora `silesia` and `canterbury`, and `20news-bydate`, as published. *works*: passages of 2 kB and 10 kB
of dickens, alice29, asyoulik, lcet10 and plrabn12; a model is fitted to pairs of one half of the passages, and asked
about pairs of the other half. The author equals the genre there; *prose* leaves out the play and the poem.
*unseen-works*: fitted to three of the works, asked about the two others; mean over all ten ways. *newsgroups*: passages
of 2 kB from different posts of 80 authors, without headers, quotations and signatures; fitted to pairs of half of the
authors, and asked about the others; mean of three draws.

The cosine is that of sublinear TF-IDF, fitted to the texts of the pairs that are labelled. "Among impostors" treats it
as the saved bits are treated.
"""

from __future__ import annotations

import itertools
import re
import tarfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
import records
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import roc_auc_score

from kolmo import SameSourceVerifier
from kolmo.find import source_pairs

Pairs = list[tuple[bytes, bytes]]
N_JOBS = 2
WORKS = (
    "silesia/dickens",
    "canterbury/alice29.txt",
    "canterbury/asyoulik.txt",
    "canterbury/lcet10.txt",
    "canterbury/plrabn12.txt",
)
PROSE = ("dickens", "alice29", "lcet10")
N_FIT, N_ASKED = 100, 200


class Task(NamedTuple):
    """Texts with their sources, to fit to and to ask about."""

    name: str
    fit: list[tuple[str, bytes]]
    asked: list[tuple[str, bytes]]


def passages(folder: Path, size: int, count: int) -> dict[str, list[bytes]]:
    """Return evenly spaced, disjoint passages of each work."""
    found = {}
    for name in WORKS:
        whole = (folder / "corpora" / name).read_bytes()
        starts = np.linspace(0, len(whole) - size, min(count, len(whole) // size) + 2).astype(int)[1:-1]
        found[Path(name).stem] = [whole[start : start + size] for start in starts]
    return found


def works(folder: Path) -> Iterator[Task]:
    for size, count in ((2000, 24), (10_000, 10)):
        found = passages(folder, size, count)
        for kind, names in (("all works", list(found)), ("prose", PROSE)):
            halves = [[(name, text) for name in names for text in found[name][half::2]] for half in (0, 1)]
            yield Task(f"{kind}, {size:,} bytes", *halves)


def unseen_works(folder: Path) -> Iterator[Task]:
    found = passages(folder, 2000, 16)
    labelled = [(name, text) for name in found for text in found[name]]
    for asked in itertools.combinations(found, 2):
        parts = [[each for each in labelled if (each[0] in asked) == is_asked] for is_asked in (False, True)]
        yield Task("unseen works, 2,000 bytes", *parts)


def newsgroups(folder: Path) -> Iterator[Task]:
    by_author = {name: found for name, posts in posts_of(folder).items() if (found := passages_of(posts, 2000, 3))}
    names = sorted(by_author)
    for seed in range(3):
        drawn = np.random.default_rng(seed).permutation(names)[:80].tolist()
        halves = [[(name, text) for name in half for text in by_author[name]] for half in (drawn[:40], drawn[40:])]
        yield Task("newsgroup authors, unseen, 2,000 bytes", *halves)


def posts_of(folder: Path) -> dict[str, list[str]]:
    """Return the distinct posts of each author, without headers, quotations, signatures and the author's name."""
    from sklearn.datasets import _twenty_newsgroups as groups

    found: dict[str, dict[str, None]] = defaultdict(dict)
    with tarfile.open(folder / "text" / "20news-bydate" / "20news-bydate.tar.gz") as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file is None:
                continue
            text = file.read().decode("latin-1")
            address = re.search(r"^From:.*?([\w.\-+]+)@[\w.\-]+", text, re.MULTILINE)
            if address is None:
                continue
            body = groups.strip_newsgroup_quoting(groups.strip_newsgroup_header(text))
            lines = groups.strip_newsgroup_footer(body).strip().split("\n")
            kept = [line for line in lines if not re.match(r"\s*[|:>]", line) and address[1] not in line]
            if len(body := "\n".join(kept)) > 200:
                found[address[0].rpartition(" ")[2].lower()][body] = None
    return {name: list(posts) for name, posts in found.items()}


def passages_of(posts: Sequence[str], size: int, count: int) -> list[bytes]:
    """Return passages without a common post, or none if there are too few posts."""
    parts: list[list[str]] = [[] for _ in range(count)]
    for post in sorted(posts, key=len, reverse=True):
        min(parts, key=lambda part: sum(map(len, part))).append(post)
    joined = ["\n".join(part).encode()[:size] for part in parts]
    return joined if min(map(len, joined)) == size else []


PARTS: dict[str, Callable[[Path], Iterator[Task]]] = {
    "works": works,
    "unseen-works": unseen_works,
    "newsgroups": newsgroups,
}


def measured(task: Task, coder: str) -> dict[str, dict[str, float]]:
    """Return the scores of the verifier and of cosines on the pairs that are asked about."""
    pairs, same = _pairs(task.fit, N_FIT)
    asked, truth = _pairs(task.asked, N_ASKED)
    start = time.perf_counter()
    verifier = SameSourceVerifier(coder, n_jobs=N_JOBS).fit(pairs, same)
    fitted = time.perf_counter()
    report = verifier.report(asked, truth)
    stop = time.perf_counter()
    rows = {
        f"saved bits among impostors, {coder}": {
            "auc": report.auc or np.nan,
            "accuracy": report.accuracy or 0.0,
            "c_at_1": report.c_at_1 or 0.0,
            "brier": report.brier_score or 0.0,
            "fit_seconds": fitted - start,
            "milliseconds_per_pair": 1e3 * (stop - fitted) / len(asked),
        }
    }
    start = time.perf_counter()
    plain, centred = cosines(pairs, asked, verifier.impostors_)
    seconds = 1e3 * (time.perf_counter() - start) / len(asked)
    for name, scores in (("cosine of character 4-grams", plain), ("cosine, among impostors", centred)):
        rows[name] = {"auc": float(roc_auc_score(truth, scores)), "milliseconds_per_pair": seconds}
    return rows


def cosines(pairs: Pairs, asked: Pairs, impostors: list[bytes]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the cosine of each pair, and its mean z-score among the cosines with impostors."""
    vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(4, 4), sublinear_tf=True, decode_error="replace")
    vectorizer.fit([text for pair in pairs for text in pair])
    sides = [vectorizer.transform([pair[side] for pair in asked]) for side in (0, 1)]
    plain = np.asarray(sides[0].multiply(sides[1]).sum(axis=1)).ravel()
    rows = [(side @ vectorizer.transform(impostors).T).toarray() for side in sides]
    return plain, np.mean([(plain - row.mean(axis=1)) / row.std(axis=1) for row in rows], axis=0)


def _pairs(texts: list[tuple[str, bytes]], count: int) -> tuple[Pairs, NDArray[np.bool_]]:
    return source_pairs([text for _, text in texts], [name for name, _ in texts], n_pairs=count)


@click.command(help=__doc__.partition("\n")[0] if __doc__ else None)
@click.option("--data-dir", type=click.Path(exists=True, path_type=Path), required=True)
@click.option("-p", "--part", "parts", multiple=True, type=click.Choice(list(PARTS)))
@click.option("-c", "--coder", "coders", multiple=True, default=["ngram", "deflate"], show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="JSON-lines file to append to.")
@click.option("--picture", type=click.Path(path_type=Path), help="Draw the scores of pairs of the works to this file.")
def main(
    data_dir: Path, parts: Sequence[str], coders: Sequence[str], output: Path | None, picture: Path | None
) -> None:
    """Print the mean of each method on each task, and append each task to a JSON-lines file."""
    if picture is not None:
        draw(next(newsgroups(data_dir)), picture)
    for part in parts:
        found: dict[tuple[str, str], list[dict[str, float]]] = {}
        for task in PARTS[part](data_dir):
            for coder in coders:
                for method, row in measured(task, coder).items():
                    if "cosine" not in method or coder == coders[0]:
                        found.setdefault((task.name, method), []).append(row)
                        records.append(output, {"task": task.name, "method": method, **row})
        for (name, method), rows in found.items():
            mean = {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}
            print(f"{name:40} {method:40}", *(f"{key} {value:.4f}" for key, value in mean.items()), flush=True)


def draw(task: Task, path: Path) -> None:
    """Draw how the scores of pairs of both kinds are distributed, and the range without an answer."""
    from kolmo.show.figures import COLORS, checked_path, new_figure, save, write_title

    target = checked_path(path)
    verifier = SameSourceVerifier("deflate", n_jobs=N_JOBS).fit(*_pairs(task.fit, N_FIT))
    asked, truth = _pairs(task.asked, N_ASKED)
    scores = np.clip(verifier.report(asked, truth).scores, -3, 10)
    figure = new_figure(8, 3.8)
    axes = figure.subplots()
    bins = np.linspace(scores.min(), scores.max(), 40).tolist()
    for kind, color, label in ((False, COLORS[1], "different authors"), (True, COLORS[0], "same author")):
        axes.hist(scores[truth == kind], bins=bins, alpha=0.6, color=color, label=label)
    odds = np.log((0.5 + verifier.margin_) / (0.5 - verifier.margin_))
    ends = [(sign * odds - verifier.bias_) / verifier.weight_ for sign in (-1, 1)]
    axes.axvspan(*ends, color="#bbbbbb", alpha=0.5, label="cannot tell")
    axes.set_xlabel("z-score of the saved bits among those with impostors (10 stands for 10 and more)")
    axes.set_ylabel("number of pairs")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    write_title(figure, "Pairs of 2,000 bytes by newsgroup authors who were not in fit, with deflate")
    save(figure, target)


if __name__ == "__main__":
    main()
