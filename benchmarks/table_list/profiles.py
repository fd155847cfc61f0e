"""Profiles of data sets: diversity, structure and noise, cost; what is easy to learn; sizes of reports."""

from __future__ import annotations

from recorded_tables import Row, Table

LEARNABILITY = "python benchmarks/learnability.py --data-dir DATA -o benchmarks/results/learnability.jsonl"
TO = "-o benchmarks/results"
PASSES = (0, 1, 2, 5, 10, 20)
LOGS = "python benchmarks/training_logs.py --data-dir DATA -o benchmarks/results/training_logs.jsonl"


def structure(row: Row) -> Row:
    """Return the noise of a row with a mark if the level was not extrapolated."""
    mark = " =" if row["level"] == "last quarter" else ""
    low, high = row["noise_interval"]
    off = "" if row.get("off_percent") is None else f"{row['off_percent']:+.1f}"
    return {"marked": f"{row['noise']:.3f}{mark}", "interval": f"{low:.3f} to {high:.3f}", "off": off}


def exposures(row: Row) -> Row:
    """Return the bits/byte of what was read and of what was held out, by the number of passes."""
    if row.get("part") != "exposures":
        return {}
    pairs = zip(row["passes"], row["bits_per_byte"], row["held_out"], strict=True)
    return {f"after_{count}": f"{read:.2f} / {held:.2f}" for count, read, held in pairs}


TABLES: dict[str, Table] = {
    "profile-diversity": Table(
        record="profile_sets",
        command=f"python benchmarks/profile_sets.py --data-dir DATA --part diversity {TO}/profile_sets.jsonl",
        run=("coder", "order"),
        where={"part": "diversity"},
        rows={"coder": "{coder}"},
        across="order",
        spread={"{order}": "{in_order:.2f}", "`diversity`": "{diversity:.2f}"},
    ),
    "profile-band": Table(
        record="profile_sets",
        command=f"python benchmarks/profile_sets.py --data-dir DATA --part band {TO}/profile_sets.jsonl",
        run=("length",),
        where={"part": "band"},
        rows={"length, bytes": "{length:,}", "pieces": "{n_pieces:,}"},
        columns={"below the band, %": "{low:.1f}", "above, %": "{high:.1f}", "outside, %": "{outside:.1f}"},
    ),
    "profile-exposures": Table(
        record="profile_sets",
        command=f"python benchmarks/profile_sets.py --data-dir DATA --part exposures {TO}/profile_sets.jsonl",
        run=("kind",),
        where={"part": "exposures"},
        derive=exposures,
        rows={"documents": "{kind}", "number": "{n_items}"},
        columns={f"after {count}": f"{{after_{count}}}" for count in PASSES},
    ),
    "profile-structure": Table(
        record="structure",
        command="python benchmarks/structure.py -o benchmarks/results/structure.jsonl",
        run=("source", "seed"),
        derive=structure,
        rows={"source": "{source}", "seed": "{seed}", "bytes": "{size_bytes:,}"},
        columns={
            "entropy": "{entropy:.3f}",
            "last half": "{last_half:.3f}",
            "H_T": "{marked}",
            "95% interval": "{interval}",
            "H_T off, %": "{off}",
            "S_T, bits": "{structure_bits:,}",
        },
    ),
    "profile-logs": Table(
        record="training_logs",
        command=LOGS,
        run=("package",),
        rows={"package": "{package}"},
        columns={"noise, bits/byte": "{noise:.3f}", "S_T, bits": "{structure_bits:,}", "code, bits": "{code_bits:,}"},
    ),
    "report-sizes": Table(
        record="report_sizes",
        command=f"python benchmarks/report_sizes.py --count 1000 --count 10000 {TO}/report_sizes.jsonl",
        run=("page", "texts"),
        rows={"page": "{page}", "texts": "{texts:,}"},
        columns={"bytes of the texts": "{text_bytes:,}", "bytes of the page": "{page_bytes:,}"},
    ),
    "profile-cost": Table(
        record="profile_cost",
        command="python benchmarks/profile_cost.py --data-dir DATA -o benchmarks/results/profile_cost.jsonl",
        run=("size_bytes",),
        rows={"bytes": "{size_bytes:,}", "documents": "{n_documents:,}"},
        columns={"CPU seconds of one core": "{cpu_seconds:.0f}", "peak memory, MB": "{peak_memory_mb:,}"},
    ),
    "learnability-rank": Table(
        record="learnability",
        command=LEARNABILITY,
        run=("set", "variant", "with"),
        derive=lambda row: {
            "ranked": "rho" in row,
            "over": row["variant"].removeprefix("Spearman, "),
            "learned": {"label_code": "code of the labels"}.get(row.get("with", ""), row.get("with")),
        },
        where={"ranked": True},
        rows={"rank correlation over": "{set}, {over}", "variants": "{n_variants}"},
        across="learned",
        spread={"{learned}: Spearman's rho": "{rho:.2f}", "95% interval": "{low:.2f} to {high:.2f}"},
        caption="Of bits/byte with the accuracy, and with the code of the labels; - without variation.",
    ),
    "learnability": Table(
        record="learnability",
        command=LEARNABILITY,
        run=("set", "variant"),
        derive=lambda row: {"measured": "kind" in row and "accuracy" in row},
        where={"measured": True},
        split="set",
        rows={"{set}": "{variant}"},
        columns={
            "bits/byte": "{bits_per_byte:.3f}",
            "bits an item": "{bits_per_item:,.0f}",
            "accuracy": "{accuracy:.3f}",
            "code of the labels, bits": "{label_code:.2f}",
        },
        caption="Test items are changed as the training items are; test labels are never wrong.",
    ),
    "learnability-corollary": Table(
        record="learnability",
        command=LEARNABILITY,
        run=("variant",),
        where={"set": "corollary"},
        rows={"data": "{variant}"},
        columns={
            "bytes": "{size_bytes:,}",
            "bits/byte": "{bits_per_byte:.3f}",
            "last quarter": "{last_quarter:.3f}",
            "structure, bits": "{structure_bits:,}",
            "accuracy": "{accuracy:.3f}",
        },
        caption="Random labels of random bytes, and code and prose with near-duplicates and without.",
    ),
}
