"""Known answers of scaling laws: exact surfaces, isoFLOP bias, published fits, extrapolated curves, bands, growth.

    python benchmarks/laws.py curves --data-dir DATA -o results/law_curves.csv
    python benchmarks/laws.py surfaces isoflop languages addition bands trends --data-dir DATA -o results/laws.jsonl
    python benchmarks/laws.py chinchilla --data-dir DATA --resamples 2000 -o results/laws.jsonl
    python benchmarks/laws.py package --data-dir DATA

DATA has the folder `scaling`. *surfaces*: five parameters of surfaces without noise. *isoflop*: the bias of parabolas
on grids of four widths. *chinchilla*: the runs of figure 4 of Hoffmann et al. 2022, as Besiroglu et al. 2024 read
them off, with intervals by case, by model size and by budget. *languages*: the 20 language curves of Alabdulmohsin et
al. 2022, without copies, held out as their file says. *addition*: the curve of 4-digit addition of Caballero et al.
2023. *curves* makes curves of other kinds: the prequential rates of coders on text, DNA, programs and sound, and
learning curves of classifiers. *bands*: the share of held-out points in 80% bands, on those and on the language
curves. *trends*: doubling times of parameter counts. *package*: PyPI `chinchilla` on the same runs (pip install
chinchilla).
"""

from __future__ import annotations

import collections
import csv
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np
import records
from numpy.typing import NDArray

from kolmo.laws import FORMS, compare_laws, fit_isoflop, fit_law, fit_trend

EXPONENTS = ((0.34, 0.28), (0.31, 0.31), (0.465, 0.155))
WIDTHS = (2, 4, 8, 16)
FORMS_OF_CURVES = ("constant", "power", "power+offset", "shifted power+offset", "M3", "M4", "BNSL")
CRITERIA = ("aic", "aicc", "bic")
OTHER = Path(__file__).parent / "results" / "law_curves.csv"
FITTED = 0.6
"""Share of the points of the other curves that is fitted."""
Numbers = NDArray[np.float64]


class Curve(NamedTuple):
    """A curve with points to fit and held-out points."""

    name: str
    x: Numbers
    y: Numbers
    held_x: Numbers
    held_y: Numbers


def surface(alpha: float, beta: float, width: float) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Return N, D, loss and compute of 15 sizes at each of five budgets."""
    flops = np.repeat(10.0 ** np.arange(17, 22), 15)
    scale = (alpha * 406.4 / (beta * 410.7)) ** (1 / (alpha + beta))
    best = scale * (flops / 6) ** (beta / (alpha + beta))
    n = best * np.tile(np.geomspace(1 / width, width, 15), 5)
    d = flops / (6 * n)
    return n, d, 1.69 + 406.4 * n**-alpha + 410.7 * d**-beta, flops


def surfaces(_: Path, __: int) -> Iterator[dict[str, Any]]:
    for alpha, beta in EXPONENTS:
        n, d, loss, _ = surface(alpha, beta, 8)
        start = time.process_time()
        law = fit_law((n, d), loss, form="chinchilla")
        true = {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": alpha, "beta": beta}
        worst = max(abs(law.params[name] / value - 1) for name, value in true.items())
        yield {"alpha": alpha, "beta": beta, "worst_percent": 100 * worst, "cpu_seconds": time.process_time() - start}


def isoflop(_: Path, __: int) -> Iterator[dict[str, Any]]:
    for alpha, beta in EXPONENTS:
        for width in WIDTHS:
            n, d, loss, flops = surface(alpha, beta, width)
            found = fit_isoflop(n, d, loss, budgets=flops, target_flops=1e24)
            yield {
                "alpha": alpha,
                "beta": beta,
                "width": width,
                "bias_d_percent": round(100 * found.bias_d, 3),
                "bias_n_percent": round(100 * found.bias_n, 3),
                "exponent_error": found.exponent_n - beta / (alpha + beta),
            }


def runs_of_chinchilla(folder: Path, *, whole: bool = False) -> tuple[Numbers, Numbers, Numbers]:
    path = folder / "scaling" / "chinchilla_fig4" / "chinchilla_ndl.csv"
    with path.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if whole or row["excluded_by_besiroglu"] != "1"]
    return tuple(np.array([float(row[name]) for row in rows]) for name in ("params", "tokens", "loss"))  # type: ignore[return-value]


def chinchilla(folder: Path, resamples: int) -> Iterator[dict[str, Any]]:
    for whole, delta in ((False, 1e-3), (True, 1e-3), (False, 1e-2)):
        n, d, loss = runs_of_chinchilla(folder, whole=whole)
        start = time.process_time()
        law = fit_law((n, d), loss, form="chinchilla", delta=delta)
        seconds = time.process_time() - start
        exponent = law.params["beta"] / (law.params["alpha"] + law.params["beta"])
        facts = {"runs": len(n), "delta": delta, "objective": law.objective, "a": exponent, "cpu_seconds": seconds}
        yield facts | law.params
    n, d, loss = runs_of_chinchilla(folder)
    nearest = 10 ** np.log10([6e18, 1e19, 3e19, 6e19, 1e20, 3e20, 6e20, 1e21, 3e21])
    budgets = nearest[np.abs(np.log(6 * n * d)[:, None] - np.log(nearest)).argmin(1)]
    for name, groups in (
        ("case", None),
        ("model size", n.round(-3)),
        ("nearest budget", budgets),
    ):
        start = time.process_time()
        law = fit_law((n, d), loss, form="chinchilla", n_resamples=resamples, groups=groups)
        draws = dict(zip(law.params, law._resamples.T, strict=True))  # type: ignore[union-attr]
        low, high = np.quantile(draws["beta"] / (draws["alpha"] + draws["beta"]), [0.025, 0.975])
        seconds = time.process_time() - start
        n_groups = None if groups is None else len(np.unique(groups))
        facts = {"resampled": name, "groups": n_groups, "resamples": resamples, "cpu_seconds": seconds}
        yield facts | {"a_low": low, "a_high": high}


def language_curves(folder: Path) -> list[Curve]:
    """Return the 20 language curves without copies of points."""
    with (folder / "scaling" / "nsl_benchmark" / "benchmark.lang.csv").open(encoding="utf-8") as file:
        rows = {tuple(row.items()) for row in csv.DictReader(file)}
    grouped = collections.defaultdict(list)
    for row in map(dict, rows):
        point = (float(row["Seen Examples"]), float(row["Loss"]), float(row["Training"]))
        grouped[row["Domain"], row["Task"], row["Model"]].append(point)
    found = []
    for key, listed in sorted(grouped.items()):
        points = np.array(sorted(listed))
        fitted = points[:, 2] == 1
        found.append(Curve(" ".join(key), *points[fitted, :2].T, *points[~fitted, :2].T))
    return found


def other_curves() -> list[Curve]:
    """Return the curves that *curves* made: the smallest points to fit, the others held out."""
    grouped = collections.defaultdict(list)
    with OTHER.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            grouped[row["curve"]].append((float(row["x"]), float(row["y"])))
    found = []
    for name, listed in grouped.items():
        points = np.array(sorted(listed))
        cut = round(FITTED * len(points))
        found.append(Curve(name, *points[:cut].T, *points[cut:].T))
    return found


def error(predicted: Numbers, curve: Curve) -> float:
    return float(np.sqrt(np.mean((np.log(predicted) - np.log(curve.held_y)) ** 2)))


def language_errors(folder: Path) -> tuple[dict[str, Numbers], NDArray[np.bool_]]:
    """Return the held-out error of each form and average on each language curve, and which have one held-out point."""
    errors = collections.defaultdict(list)
    curves = language_curves(folder)
    for curve in curves:
        laws = [fit_law(curve.x, curve.y, form=form, delta=1.0) for form in FORMS_OF_CURVES]
        logs = {law.form: np.log(np.maximum(law.predict(curve.held_x), 1e-300)) for law in laws}
        for form, predicted in logs.items():
            errors[form].append(error(np.exp(predicted), curve))
        searched = [law for law in laws if law.design is not None]
        for criterion in CRITERIA:
            scores = np.array([getattr(law, criterion) for law in searched])
            shares = np.exp(-(scores - scores.min()) / 2)
            mean = sum(share * logs[law.form] for share, law in zip(shares / shares.sum(), searched, strict=True))
            errors[f"average by {criterion.upper()}"].append(error(np.exp(mean), curve))
    one = np.array([len(curve.held_x) == 1 for curve in curves])
    return {name: np.array(values) for name, values in errors.items()}, one


def languages(folder: Path, _: int) -> Iterator[dict[str, Any]]:
    errors, one = language_errors(folder)
    for name, each in errors.items():
        yield {
            "method": name,
            "curves": len(each),
            "mean_error": each.mean(),
            "one_held_out_point": each[one].mean(),
            "more_held_out_points": each[~one].mean(),
        }
    gaps = errors["average by AIC"] - errors["M4"]
    draws = np.random.default_rng(0).choice(gaps, (10_000, len(gaps))).mean(1)
    low, high = np.quantile(draws, [0.025, 0.975])
    yield {"method": "average by AIC less M4", "mean_error": gaps.mean(), "low": low, "high": high}


def addition(folder: Path, _: int) -> Iterator[dict[str, Any]]:
    with (folder / "scaling" / "bnsl_4digit_addition" / "addition4.csv").open(encoding="utf-8") as file:
        rows = [[float(value) for value in row.values()] for row in csv.DictReader(file)]
    points = np.array(rows)
    fitted = points[:, 2] == 1
    curve = Curve("4-digit addition", *points[fitted, :2].T, *points[~fitted, :2].T)
    laws = compare_laws(curve.x, curve.y, forms=(*FORMS_OF_CURVES, "logistic"))
    for fit in laws.fits:
        yield {"form": fit.form, "chosen": fit is laws.best, "held_out_error": error(fit.predict(curve.held_x), curve)}


def bands(folder: Path, _: int) -> Iterator[dict[str, Any]]:
    for kind, curves in (("language", language_curves(folder)), ("others", other_curves())):
        rows = collections.defaultdict(list)
        for curve in curves:
            laws = compare_laws(curve.x, curve.y, forms=FORMS_OF_CURVES)
            for name, fit in (("average", laws), ("best form", laws.best)):
                band = fit.extrapolate(curve.held_x)
                rows[name].append((curve.held_y >= band.low) & (curve.held_y <= band.high))
            used = [fit for fit in laws.fits if laws.weights[fit.form] > 0.01]
            shares = np.array([laws.weights[fit.form] for fit in used])
            shares /= shares.sum()
            logs = np.log(laws.predict(curve.held_x))
            residual = shares @ np.array([fit.rms_log_error**2 for fit in used])
            earlier = shares @ np.stack([fit.log_variance(curve.held_x) for fit in used])
            gaps = np.stack([np.log(np.maximum(fit.predict(curve.held_x), 1e-300)) for fit in used]) - logs
            forms = residual + shares @ np.square(gaps)
            off = np.abs(logs - np.log(curve.held_y))
            variants = {"residuals alone": residual, "and earlier extrapolations": earlier, "and forms": forms}
            for name, variance in variants.items():
                rows[name].append(off <= 1.2816 * np.sqrt(variance) + np.zeros_like(off))
            rows["error of the average"].append(np.array([error(laws.predict(curve.held_x), curve)]))
            rows["error of the last value"].append(np.array([error(laws["constant"].predict(curve.held_x), curve)]))
        for name, found in rows.items():
            by_point = np.concatenate(found).mean()
            yield {
                "curves": kind,
                "n": len(found),
                "what": name,
                "by_curve": np.mean([each.mean() for each in found]),
                "by_point": by_point,
            }


def trends(folder: Path, _: int) -> Iterator[dict[str, Any]]:
    tables = {}
    for name, date in (
        ("epoch_db_2022-05-03.csv", "date_iso"),
        ("epoch_db_2022-06-30.csv", "date_iso"),
        ("notable_ai_models_2025-02-24_columns.csv", "Publication date"),
    ):
        rows = []
        with (folder / "scaling" / "epoch_parameters" / name).open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                try:
                    count = float(row["Parameters"].replace(",", ""))
                except ValueError:
                    continue
                if row[date] and count > 0:
                    rows.append((row[date], count, row["Domain"], row.get("System") or row.get("Model") or ""))
        tables[name] = rows
        language = [row for row in rows if "Language" in row[2]]
        for title, chosen, since, until in (
            ("all", rows, 2000, 2017),
            ("all", rows, 2017, None),
            ("Language", language, 2000, 2017),
        ):
            dates, counts, _, systems = zip(*chosen, strict=True)
            (trend,) = fit_trend(dates, counts, since=since, until=until, names=systems)
            yield {
                "file": name,
                "domain": title,
                "from": since,
                "points": trend.n_points,
                "doubling_months": trend.doubling_months,
                "interval": trend.doubling_interval,
                "slope_interval": trend.slope_interval,
                "influential": trend.influential,
                "least_squares_of_values": trend.naive_doubling_months,
            }
    first, second = (
        {(row[3], row[1]): row for row in tables[name] if "2000" <= row[0] < "2017"} for name in list(tables)[:2]
    )
    dates, counts, _, systems = zip(*second.values(), strict=True)
    (whole,) = fit_trend(dates, counts, since=2000, until=2017)
    moves = {}
    for key in second.keys() - first.keys():
        kept = [row for other, row in second.items() if other != key]
        (without,) = fit_trend([row[0] for row in kept], [row[1] for row in kept], since=2000, until=2017)
        moves[key[0]] = round(float(without.slope), 4)
    listed = sorted(moves.items(), key=lambda item: item[1])[:6]
    yield {"added_systems": len(moves), "slope": round(whole.slope, 4), "slope_without": listed}


def package(folder: Path, _: int) -> Iterator[dict[str, Any]]:
    """Fit the runs with PyPI `chinchilla`, as its documentation shows, and with kolmo."""
    import functools
    import importlib.metadata
    import tempfile

    from chinchilla import Chinchilla
    from chinchilla._metrics import log_huber

    n, d, loss = runs_of_chinchilla(folder)
    grid = {"E": [1.0, 2.0], "A": [100.0, 1000.0], "B": [100.0, 3000.0], "alpha": [0.2, 0.5], "beta": [0.2, 0.5]}
    with tempfile.TemporaryDirectory() as place, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loss_fn = functools.partial(log_huber, delta=1e-3)
        other = Chinchilla(place, param_grid=grid, loss_fn=loss_fn, log_level=50)
        for size, tokens, bits in zip(n.tolist(), d.tolist(), loss.tolist(), strict=True):
            other.database.append(N=size, D=tokens, C=6 * size * tokens, loss=bits)
        start = time.perf_counter()
        other.fit(parallel=True)
        seconds = time.perf_counter() - start
        found = {name: float(getattr(other, name)) for name in ("E", "A", "B", "alpha", "beta")}
    start = time.perf_counter()
    law = fit_law((n, d), loss, form="chinchilla")
    own = time.perf_counter() - start
    version = importlib.metadata.version("chinchilla")
    for name, values, took in ((f"chinchilla {version}", found, seconds), ("kolmo", law.params, own)):
        predicted = FORMS["chinchilla"].predict([n, d], values)
        gaps = np.abs(np.log(predicted) - np.log(loss))
        huber = np.where(gaps <= 1e-3, gaps**2 / 2, 1e-3 * (gaps - 5e-4)).sum()
        yield {"package": name, "objective": huber, "seconds": took} | values


PARTS: dict[str, Callable[[Path, int], Iterator[dict[str, Any]]]] = {
    "surfaces": surfaces,
    "isoflop": isoflop,
    "chinchilla": chinchilla,
    "languages": languages,
    "addition": addition,
    "bands": bands,
    "trends": trends,
    "package": package,
}


def make_curves(folder: Path) -> Iterator[tuple[str, float, float]]:
    """Yield the name, size and loss of points of curves of other kinds."""
    import tarfile

    from kolmo.laws.prequential import data_curve

    with tarfile.open(folder / "audio" / "fsdd" / "recordings.tar.gz") as archive:
        names = sorted(each for each in archive.getnames() if each.endswith(".wav"))[:200]
        sound = b"".join(archive.extractfile(each).read()[44:] for each in names)  # type: ignore[union-attr]
    sets = {
        "dickens": (folder / "corpora/silesia/dickens").read_bytes()[:2_000_000],
        "reymont": (folder / "corpora/silesia/reymont").read_bytes()[:2_000_000],
        "enwik6": (folder / "corpora/enwik/enwik6").read_bytes(),
        "ecoli": (folder / "dna/ecoli/ecoli_k12_acgt").read_bytes()[:1_000_000],
        "plrabn12": (folder / "corpora/canterbury/plrabn12.txt").read_bytes(),
        "lcet10": (folder / "corpora/canterbury/lcet10.txt").read_bytes(),
        "sound": sound[:1_000_000],
        "news": (folder / "text/ag_news/train10k.tsv").read_bytes()[:1_000_000],
    }
    for name, data in sets.items():
        for coder in ("ngram", "ngram:order=2", "xz"):
            curve = data_curve(data, coder=coder, n_points=24, n_orders=2)
            yield from ((f"{name}, {coder}", size, rate) for size, rate in zip(curve.sizes, curve.rates, strict=True))
    yield from _classifiers()


def _classifiers() -> Iterator[tuple[str, float, float]]:
    """Yield the held-out log loss of classifiers by the size of the training set, means of ten draws."""
    from sklearn.datasets import load_digits, make_classification
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import log_loss
    from sklearn.naive_bayes import GaussianNB

    made = make_classification(12_000, 40, n_informative=20, n_classes=4, flip_y=0.05, random_state=0)
    for source, (X, y), most in (("digits", load_digits(return_X_y=True), 1200), ("synthetic", made, 8000)):
        for model in (
            LogisticRegression(max_iter=300),
            GaussianNB(var_smoothing=0.1),
            RandomForestClassifier(100, random_state=0),
        ):
            for size in np.geomspace(60, most, 16).astype(int):
                losses = []
                for seed in range(10):
                    order = np.random.default_rng(seed).permutation(len(y))
                    train, test = order[:size], order[-500:]
                    model.fit(X[train], y[train])
                    chances = np.zeros((len(test), len(np.unique(y))))
                    chances[:, model.classes_] = model.predict_proba(X[test])
                    chances = 0.99 * chances + 0.01 / chances.shape[1]
                    losses.append(log_loss(y[test], chances, labels=np.unique(y)))
                yield f"{source}, {type(model).__name__}", float(size), float(np.mean(losses))


@click.command(help=__doc__.partition("\n")[0] if __doc__ else None)
@click.argument("parts", nargs=-1, required=True, type=click.Choice([*PARTS, "curves"]))
@click.option("--data-dir", type=click.Path(exists=True, path_type=Path), required=True)
@click.option("--resamples", default=200, show_default=True, help="Resamples of the intervals of chinchilla.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to append to: JSON lines; CSV for curves.")
def main(parts: Sequence[str], data_dir: Path, resamples: int, output: Path | None) -> None:
    """Print each result, and append it to a file."""
    for part in parts:
        if part == "curves":
            with (output or OTHER).open("w", encoding="utf-8") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(["curve", "x", "y"])
                for row in make_curves(data_dir):
                    writer.writerow([row[0], f"{row[1]:.6g}", f"{row[2]:.6g}"])
                    file.flush()
            continue
        start = time.process_time()
        for row in PARTS[part](data_dir, resamples):
            plain = {key: value.item() if isinstance(value, np.generic) else value for key, value in row.items()}
            print(
                part,
                *(
                    f"{key} {value:.6g}" if isinstance(value, float) else f"{key} {value}"
                    for key, value in plain.items()
                ),
                flush=True,
            )
            records.append(output, {"part": part} | plain)
        print(f"{part}: {time.process_time() - start:.0f} s of CPU", flush=True)


if __name__ == "__main__":
    main()
