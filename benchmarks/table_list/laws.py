"""Scaling laws: forms, bands, intervals, trends."""

from __future__ import annotations

from recorded_tables import Row, Table, of, percent

LAWS = "python benchmarks/laws.py"
TO_LAWS = "--data-dir DATA -o benchmarks/results/laws.jsonl"
STUDY = (
    "python benchmarks/scaling_study.py --read benchmarks/results/scaling_study.csv "
    "--record benchmarks/results/scaling_study.jsonl"
)
BANDS = {
    "residuals alone": "residuals alone",
    "and forms": "residuals and the spread of the forms",
    "and earlier extrapolations": "residuals and earlier extrapolations",
    "average": "all three (what is printed)",
    "best form": "all but the spread, of the best form alone",
}
NAMES = {"constant": "last value", "average by AICC": "average by AICc"}
FILES = {
    "epoch_db_2022-05-03.csv": "Epoch, May 2022",
    "epoch_db_2022-06-30.csv": "Epoch, June 2022",
    "notable_ai_models_2025-02-24_columns.csv": "Epoch, February 2025",
}


def doubling(rows: list[Row]) -> str:
    row = rows[-1]
    if row["doubling_months"] is None:
        return f"none, {row['points']} systems"
    low, high = row["interval"]
    return f"{row['doubling_months']:.1f} ({low:.1f} to {high:.1f}), {row['points']} systems"


def params(rows: list[Row]) -> str:
    return ", ".join(f"{name} {number:.4g}" for name, number in rows[-1]["params"].items())


def needs(rows: list[Row]) -> str:
    """Return the parameters that each share of the reducible bits needs."""
    found = rows[-1]["parameters"].items()
    return "; ".join(f"{float(share):.0%}: {'none reaches it' if n is None else f'{n:,.0f}'}" for share, n in found)


TABLES = {
    "law-curves": Table(
        record="laws",
        command=f"{LAWS} languages {TO_LAWS}",
        run=("method",),
        where={"part": "languages", "curves": 20},
        derive=lambda row: {"name": NAMES.get(row.get("method", ""), row.get("method"))},
        rows={"prediction": "{name}"},
        order=lambda _, rows: rows[-1]["mean_error"],
        columns={
            "all 20 curves": "{mean_error:.4f}",
            "15 with several held-out points": "{more_held_out_points:.4f}",
            "5 with one": "{one_held_out_point:.4f}",
        },
    ),
    "law-bands": Table(
        record="laws",
        command=f"{LAWS} bands {TO_LAWS}",
        run=("curves", "what"),
        where={"part": "bands", "what": tuple(BANDS)},
        derive=lambda row: {"band": BANDS.get(row.get("what", ""))},
        rows={"80% band from": "{band}"},
        order=lambda _, rows: [*BANDS].index(rows[-1]["what"]),
        across="curves",
        spread={"{curves}, {n} curves: share of points": "{by_point:.2f}", "mean over curves": "{by_curve:.2f}"},
    ),
    "law-fits": Table(
        record="laws",
        command=f"{LAWS} chinchilla --resamples 2000 {TO_LAWS}",
        run=("runs", "delta"),
        where={"part": "chinchilla", "resampled": None},
        rows={"runs": "{runs}", "delta": "{delta:g}"},
        columns={
            "E": "{E:.4f}",
            "A": "{A:.1f}",
            "B": "{B:.1f}",
            "alpha": "{alpha:.4f}",
            "beta": "{beta:.4f}",
            "exponent of N": "{a:.3f}",
        },
    ),
    "law-intervals": Table(
        record="laws",
        command=f"{LAWS} chinchilla --resamples 2000 {TO_LAWS}",
        run=("resampled",),
        where={"part": "chinchilla", "resampled": ("case", "model size", "nearest budget")},
        derive=lambda row: {
            "what": {"case": "runs", "model size": "model sizes", "nearest budget": "nearest of the nine budgets"}.get(
                row.get("resampled", ""), ""
            )
        },
        rows={"resampled": "{what}", "resamples": "{resamples}"},
        columns={
            "95% interval of the exponent": "{a_low:.3f} to {a_high:.3f}",
            "CPU ms a resample": lambda rows: f"{1000 * rows[-1]['cpu_seconds'] / rows[-1]['resamples']:.0f}",
        },
    ),
    "law-isoflop": Table(
        record="laws",
        command=f"{LAWS} isoflop {TO_LAWS}",
        run=("alpha", "beta", "width"),
        where={"part": "isoflop"},
        rows={"alpha": "{alpha:g}", "beta": "{beta:g}"},
        across="width",
        spread={"D at 1e24 FLOP, %, sizes to {width} times": lambda rows: f"{rows[-1]['bias_d_percent'] + 0.0:.1f}"},
    ),
    "law-trends": Table(
        record="laws",
        command=f"{LAWS} trends {TO_LAWS}",
        run=("file", "domain", "from"),
        where={"part": "trends", "domain": ("all", "Language")},
        derive=lambda row: {"name": FILES.get(row.get("file", ""), row.get("file"))},
        rows={"file": "{name}"},
        columns={
            "months, 2000 to 2016": of(doubling, domain="all", **{"from": 2000}),
            "from 2017": of(doubling, domain="all", **{"from": 2017}),
            "language, 2000 to 2016": of(doubling, domain="Language", **{"from": 2000}),
        },
    ),
    "law-addition": Table(
        record="laws",
        command=f"{LAWS} addition {TO_LAWS}",
        run=("form",),
        where={"part": "addition"},
        derive=lambda row: {"name": NAMES.get(row.get("form", ""), row.get("form"))},
        rows={"form": "{name}"},
        order=lambda _, rows: rows[-1]["held_out_error"],
        columns={
            "error on the three held-out points, %": percent("held_out_error", 1),
            "chosen": lambda rows: "yes" if rows[-1]["chosen"] else "no",
        },
    ),
    "law-package": Table(
        record="laws",
        command=f"{LAWS} package {TO_LAWS}",
        run=("package",),
        where={"part": "package"},
        rows={"package": "{package}"},
        columns={
            "objective": "{objective:.8f}",
            "E": "{E:.3f}",
            "A": "{A:.1f}",
            "B": "{B:.1f}",
            "alpha": "{alpha:.3f}",
            "beta": "{beta:.3f}",
            "seconds, on a busy machine": "{seconds:.1f}",
        },
    ),
    "scaling-study": Table(
        record="scaling_study",
        command=STUDY,
        run=("law", "model"),
        where={"law": ("L(D)", "L(N, D)")},
        rows={"law": "{law}", "model": "{model}"},
        columns={"constants": params},
        caption="The laws that a study on two cores found, in bits per byte of prose; see the script for its runs.",
    ),
    "scaling-needs": Table(
        record="scaling_study",
        command=STUDY,
        run=("kind", "model"),
        where={"law": "L(N)"},
        rows={"data": "{kind}", "model": "{model}"},
        columns={
            "floor, bits/byte": "{floor:.2f}",
            "frequencies of bytes": "{start:.2f}",
            "largest model trained": "{largest:,.0f}",
            "parameters for shares of the reducible bits": needs,
        },
        caption="Kinds of data: the parameters that models need for a share of the bits that can be learned.",
    ),
}
