"""Nearest neighbours by compression distance: accuracy and speed."""

from __future__ import annotations

from recorded_tables import Cell, Row, Table, of, value

PUBLISHED = (
    'python benchmarks/text_classification.py --data-dir DATA --set "R8=r8:train,r8:test" '
    '--set "AG News=DATA/train10k.tsv,ag_news:test" --limit-test 2000 -c gzip -c zstd -c lz4 -c brotli:quality=5 '
    "-c ppmd -c bz2 -c lz77 -o benchmarks/results/text_classification.jsonl"
)
FAST = (
    'python benchmarks/neighbours.py --data-dir DATA --set "AG News=DATA/train10k.tsv,ag_news:test,2000" '
    '--set "R8=r8:train,r8:test" --set "20 Newsgroups=DATA/20news-bydate-train,DATA/20news-bydate-test,500" '
    "--long DATA/dickens -o benchmarks/results/neighbours.jsonl"
)


def titled(row: Row) -> Row:
    """Cut the title of a record into the data and what is measured."""
    data, _, measured = row["table"].partition(": ")
    return {"data": data, "measured": measured}


def speed(rows: list[Row]) -> str:
    µs = rows[-1]["µs"]
    digits = 3 if µs < 0.1 else 2 if µs < 10 else 1 if µs < 100 else 0
    return f"{µs:,.{digits}f} ({rows[-1]['times faster than zlib.compress']:,g}x)"


def recall(rows: list[Row]) -> str:
    return f"{rows[-1]['recall of the nearest']:.3f}"


def by_k(form: str) -> dict[int, Cell]:
    return {k: of(form, neighbours=k) for k in (1, 2, 3)}


TABLES = {
    "neighbours": Table(
        record="text_classification",
        command=PUBLISHED,
        run=("set", "train", "test", "method", "k"),
        derive=lambda row: {
            "title": f"{row['set']}, {row['train']:,} train / {row['test']:,} test",
            "neighbours": row["k"] or 1,
        },
        split="title",
        rows={"{title}": "{method}"},
        columns={
            **{f"k={k}": cell for k, cell in by_k("{accuracy:.3f}").items()},
            "k=1, by tie break": of("{worst:.3f} to {best:.3f}", neighbours=1),
            **{f"paper's rule: k={k}": cell for k, cell in by_k("{published_rule:.3f}").items()},
        },
    ),
    "neighbours-speed": Table(
        record="neighbours",
        command=FAST,
        run=("table", "way"),
        derive=lambda row: titled(row) | {"speed": "µs" in row},
        where={"measured": "microseconds a pair, one thread"},
        rows={"µs a pair, one thread": "{way}"},
        across="data",
        spread={"{data}": speed},
    ),
    "neighbours-growth": Table(
        record="neighbours",
        command=FAST,
        run=("table", "way"),
        where={"table": "Milliseconds a query by training size, one thread, pieces of 240 bytes"},
        rows={"ms a query, one thread": "{way}"},
        columns={f"{size} texts": value(size, ",.2f") for size in ("1,000", "10,000", "40,000")},
    ),
    "neighbours-accuracy": Table(
        record="neighbours",
        command=FAST,
        run=("table", "way"),
        derive=titled,
        where={"measured": "accuracy and recall"},
        rows={"top-1 accuracy": "{way}"},
        across="data",
        spread={"{data}: k=1, 3, 10": "{k=1:.3f}, {k=3:.3f}, {k=10:.3f}", "recall": recall},
    ),
    "deflate-lengths": Table(
        record="deflate_lengths",
        command="python benchmarks/deflate_lengths.py --pairs 1000000 -o benchmarks/results/deflate_lengths.jsonl",
        run=("kind",),
        derive=lambda row: {"checked": "pairs" in row},
        where={"checked": True},
        rows={"strings": "{kind}"},
        columns={
            "pairs": "{pairs:,}",
            "left to zlib": "{left to zlib:,}",
            "other lengths than zlib's": "{mismatches}",
            "bounds above the length": "{bounds broken}",
        },
    ),
}
