"""Leaks, duplicates, sketches, outliers, and texts of the same source."""

from __future__ import annotations

from recorded_tables import Table, mean, of, value

OUTLIERS = (
    "python benchmarks/find_outliers.py --data-dir DATA -s sms -s udhr -s news "
    "-o benchmarks/results/find_outliers.jsonl"
)
SAME_SOURCE = (
    "python benchmarks/same_source.py --data-dir DATA -p works -p newsgroups -p unseen-works "
    "-o benchmarks/results/same_source.jsonl"
)


def copies(part: str) -> str:
    """Return the command that measures a part of the records of copies."""
    return f"python benchmarks/find_copies.py --data-dir DATA --part {part} -o benchmarks/results/find_copies.jsonl"


TABLES = {
    "leaks-recall": Table(
        record="find_copies",
        command=copies("news"),
        run=("copies", "seed"),
        where={"table": "AG News: recall of planted copies"},
        rows={"planted copy": "{copies}"},
        columns={
            "`kolmo leaks`": mean("kolmo leaks", ".2f"),
            "a run of 13 equal words": mean("13-gram rule", ".2f"),
        },
    ),
    "leaks-cost": Table(
        record="find_copies",
        command=copies("news"),
        run=("method", "seed"),
        where={"table": "AG News: other rows and cost"},
        rows={"rows that were not planted": "{method}"},
        columns={
            "flagged": "{other rows flagged} of {of}",
            "of them without a common run of 8 words": "{without a common run of 8 words}",
            "random pairs flagged": lambda rows: rows[-1]["random pairs flagged"] or "-",
            "CPU seconds": "{CPU seconds:.1f}",
        },
    ),
    "leaks-passages": Table(
        record="find_copies",
        command=copies("passages"),
        run=("licence ignored", "seed"),
        where={"table": "Forty passages of dickens: pairs that share a passage"},
        derive=lambda row: {"ignored": "yes" if row.get("licence ignored") else "no"},
        rows={"licence ignored": "{ignored}"},
        columns={
            "pairs": "{pairs}",
            "of them with the word Gutenberg": "{of them with the word Gutenberg}",
            "CPU seconds": "{CPU seconds:.0f}",
        },
    ),
    "leaks-many": Table(
        record="find_copies",
        command=copies("scale"),
        run=("test", "training", "seed"),
        where={"table": "Generated texts: 10,000 against 100,000"},
        rows={"test texts": "{test:,}", "training texts": "{training:,}"},
        columns={
            "planted": "{planted}",
            "found": "{found}",
            "others flagged": "{others flagged}",
            "CPU seconds": "{CPU seconds:.0f}",
            "peak MB": value("peak memory, MB"),
            "hours for all pairs, estimated": value("all pairs, estimated hours", ".0f"),
        },
    ),
    "sketch-store": Table(
        record="find_copies",
        command=copies("sketches"),
        run=("items", "seed"),
        where={"table": "A store of generated texts"},
        rows={"items": "{items:,}"},
        columns={
            "sketches, MB": value("memory of the sketches, MB"),
            "peak MB": value("peak memory, MB"),
            "to append, CPU s": value("appending, CPU seconds", ".0f"),
            "index, CPU s": value("index, CPU seconds", ".0f"),
            "a query, ms": value("query, ms", ".1f"),
            "with `--exact`, ms": value("query of all, ms", ".0f"),
            "same best match, of 20": value("same best match, of 20"),
        },
    ),
    "sketch-correlation": Table(
        record="find_copies",
        command=copies("sketches"),
        run=("data", "seed"),
        where={"table": "Sketches: rank correlation with NCD"},
        rows={"data": "{data}", "distance": "{exact}"},
        columns={
            "size 128": value("rank correlation, size 128", ".2f"),
            "size 1,024": value("rank correlation, size 1024", ".2f"),
        },
    ),
    "outliers": Table(
        record="find_outliers",
        command=OUTLIERS,
        run=("task", "method"),
        rows={"detector": "{method}"},
        columns={
            "SMS spam": of(mean("auc"), set="sms"),
            "languages": of(mean("auc"), set="udhr"),
            "newsgroups": of(mean("auc"), set="news"),
            "false alarms at 5%, newsgroups": of(mean("false_alarms", ".1%"), set="news"),
            "of the longest fifth": of(mean("false_alarms_of_longest", ".1%"), set="news"),
            "seconds a newsgroup": of(mean("seconds", ".0f"), set="news"),
        },
    ),
    "same-source": Table(
        record="same_source",
        command=SAME_SOURCE,
        run=("task", "method", "date"),
        rows={"pairs": "{task}", "method": "{method}"},
        columns={
            "AUC": mean("auc"),
            "accuracy": mean("accuracy"),
            "c@1": mean("c_at_1"),
            "Brier score": mean("brier"),
            "ms a pair": mean("milliseconds_per_pair", ".0f"),
        },
    ),
}
