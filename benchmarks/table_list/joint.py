"""Joint gains: known groups, calibration, known mutual information, kinds of data, and rankings for a target."""

from __future__ import annotations

from recorded_tables import Cell, Row, Table, of, percent

KNOWN = "python benchmarks/known_answers.py"
TO_KNOWN = "--data-dir DATA -o benchmarks/results/known_answers.jsonl"
CALIBRATION = "python benchmarks/calibration.py --data-dir DATA -o benchmarks/results/calibration.jsonl"
INFORMATION = (
    "python benchmarks/mutual_information.py --data-dir DATA --size 20000 "
    "-o benchmarks/results/mutual_information.jsonl"
)
MODALITIES = "python benchmarks/modalities.py --data-dir DATA --size 10000 -o benchmarks/results/modalities.jsonl"


def trees(data: str) -> Table:
    """Return the table of the trees of languages or of genomes."""
    return Table(
        record="known_answers",
        command=f"{KNOWN} trees {TO_KNOWN}",
        run=("data", "coder"),
        where={"kind": "trees", "data": data},
        rows={data: "{coder}"},
        columns={
            "nearest in its group": "{accuracy:.3f}",
            "double-centred": "{accuracy_centered:.3f}",
            "of {groups} groups, by joining": "{joined}",
            "average": "{average}",
            "same, double-centred": "{average_centered}",
            "seconds": "{seconds:.0f}",
        },
    )


def with_null(rows: list[Row]) -> str:
    """Return the gain of a recoding and what is left of it after the null gain, in percent."""
    row = rows[-1]
    return f"{100 * row['relative_gain']:.1f} / {100 * (row['relative_gain'] - row['null_gain']):.1f}"


def case(row: Row) -> Row:
    kind = {"copied": "copied", "shared": "equal contexts"}.get(row["task"], "")
    return {"case": f"{kind} {row['share']:.0%}: {row['true_bits']:,}"} if kind else {}


def at(form: Cell, copied: float) -> Cell:
    return of(form, copied=copied)


TABLES = {
    "trees-languages": trees("languages"),
    "trees-genomes": trees("genomes"),
    "halves": Table(
        record="known_answers",
        command=f"{KNOWN} modalities {TO_KNOWN}` and `{KNOWN} digits {TO_KNOWN}",
        run=("data", "coder"),
        where={"kind": "gains"},
        rows={"sets in halves": "{data}", "halves": "{judged}"},
        across="coder",
        spread={"{coder}": "{gain_most_from_their_own}, {gain_most_from_their_own_centered}"},
    ),
    "multisets": Table(
        record="known_answers",
        command=f"{KNOWN} multisets {TO_KNOWN}",
        run=("data", "coder", "rule"),
        where={"kind": "multisets"},
        derive=lambda row: {"rule": row.get("rule", "").replace("growth", "increase")},
        rows={"coder": "{coder}"},
        across="rule",
        spread={"{rule}": "{accuracy:.3f}"},
    ),
    "calibration-null": Table(
        record="calibration",
        command=f"{CALIBRATION} --full --task null --task power",
        run=("task", "coder", "copied"),
        where={"task": ("null", "power")},
        rows={"coder": "{coder}"},
        columns={
            "mean gain, %": at(percent("mean_gain", 2), 0.0),
            "mean excess, %": at(percent("mean_excess", 3), 0.0),
            "largest excess, %": at(percent("largest_excess", 2), 0.0),
            "p <= 0.05": at("{share_p_05:.3f}", 0.0),
            "power at 1% copied": at("{share_p_05:.3f}", 0.01),
            "at 3%": at("{share_p_05:.3f}", 0.03),
        },
    ),
    "calibration-coverage": Table(
        record="calibration",
        command=f"{CALIBRATION} --full --task coverage",
        run=("source", "coder"),
        where={"task": "coverage"},
        rows={"source": "{source}"},
        across="coder",
        spread={"coverage, {coder}, {n_draws} draws": "{coverage:.2f}", "half-width": "{half_width_ratio:.1f}"},
    ),
    "mutual-information": Table(
        record="mutual_information",
        command=INFORMATION,
        run=("task", "share", "coder", "size"),
        where={"task": ("copied", "shared"), "size": 20_000},
        derive=case,
        rows={"gain / excess, bits": "{coder}"},
        across="case",
        spread={"{case}": "{gain_bits:,} / {excess_bits:,}"},
    ),
    "recodings": Table(
        record="mutual_information",
        command=INFORMATION,
        run=("recoding", "coder", "size"),
        where={"task": "recoding", "size": 10_000},
        rows={"gain / excess, %": "{recoding}"},
        across="coder",
        spread={"{coder}": with_null},
    ),
    "same-content": Table(
        record="modalities",
        command=f"{MODALITIES} --task same",
        run=("sets", "coder", "layout"),
        where={"task": "same content"},
        rows={"X and Y": "{sets}", "coder": "`{coder}`", "layout": "{layout}"},
        columns={
            "gain, %": percent("relative_gain", 2),
            "excess, %": percent("excess_gain", 2),
            "p": "{p_value:.3f}",
        },
    ),
    "pairs": Table(
        record="modalities",
        command=f"{MODALITIES} --task pairs",
        run=("sets", "coder", "n_pairs"),
        where={"task": "pairs"},
        rows={"items": "{sets}", "pairs": "{n_pairs}", "coder": "`{coder}`"},
        columns={
            "bits of an item of Y": "{bits_of_y:,.0f}",
            "saved by its partner": "{paired_bits:.1f}",
            "p": "{paired_p:.3f}",
            "own partner found": "{retrieval:.0%}",
            "bits a pair learned": "{learned_bits:.2f}",
            "t": "{learned_t:.1f}",
        },
    ),
    "training": Table(
        record="modalities",
        command=f"{MODALITIES} --task training",
        run=("other", "model", "steps", "seeds"),
        where={"task": "training"},
        rows={"half of each batch from": "{other}", "model": "`{model}`", "steps": "{steps}", "seeds": "{seeds}"},
        columns={
            "prose alone, bits/byte": "{prose_alone:.3f}",
            "gain on prose, bits/byte": "{gain_on_prose:+.3f}",
            "95% interval": "{low:+.3f} to {high:+.3f}",
        },
    ),
    "targets": Table(
        record="targets",
        command="python benchmarks/targets.py --data-dir DATA -o benchmarks/results/targets.jsonl",
        run=("coder", "target", "size", "model", "steps", "seeds"),
        rows={"target": "{target}"},
        across="coder",
        spread={
            "{coder}": "{spearman_all:.2f}",
            "{coder}, others": "{spearman_without_own:.2f}",
        },
        columns={
            "frequencies of bytes": "{spearman_all_bytes:.2f}",
            "frequencies, others": "{spearman_without_own_bytes:.2f}",
        },
        caption=(
            "The order of the corpora by saving at equal bytes, beside the loss of a small network trained on each: "
            "Spearman's rank correlation over the ten corpora, and over the others without the target's own source. "
            "The baseline orders them by the Kullback-Leibler divergence of their frequencies of bytes."
        ),
    ),
}
