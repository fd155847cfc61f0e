"""Shortest programs."""

from __future__ import annotations

from recorded_tables import Row, Table

PROGRAMS = "python benchmarks/programs.py"
TO_PROGRAMS = "-o benchmarks/results/programs.jsonl"


def shortest(row: Row) -> Row:
    """Return the interval of a program in words, and its text."""
    low, _, high = str(row.get("interval", "")).partition(" to ")
    interval = low if low == high else f"at most {high}" if low == "None" else f"{low} to {high}"
    literal = row.get("program") == row.get("literal")
    text = "literal" if literal else f"`{row['text']}`" if row.get("text") else "longer than 60 characters"
    return {"shortest": interval, "shown": text}


def blocks(rows: list[Row]) -> str:
    return f"{rows[-1]['blocks']:.0f}"


def published(rows: list[Row]) -> str:
    """Return the published number of normal forms, where there is one."""
    return format(rows[-1]["published number"] or "-", "," if rows[-1]["published number"] else "")


def sequences(row: Row) -> Row:
    """Return rates of a row of sequences."""
    if row.get("task") != "sequences":
        return {}
    best = row["at most the generator's"]
    share = "" if best is None else f"{best / row['rows']:.0%}"
    return {"rate": row["bits"] / row["raw bits"], "share": share, "each": row["seconds"] / row["rows"]}


TABLES = {
    "program-sequences": Table(
        record="programs",
        command=f"{PROGRAMS} sequences --data-dir DATA --effort 0.2 {TO_PROGRAMS}",
        run=("method", "rows"),
        where={"task": "sequences"},
        derive=sequences,
        rows={"method": "{method}", "rows": "{rows}"},
        columns={
            "program bits / raw bits": "{rate:.3f}",
            "at most the generator's program": "{share}",
            "CPU seconds each": "{each:.2g}",
        },
    ),
    "program-depth": Table(
        record="programs",
        command=f"{PROGRAMS} depth {TO_PROGRAMS}",
        run=("bits",),
        where={"task": "depth"},
        rows={"programs of at most": "{bits} bits"},
        columns={
            "strings stored": "{strings stored:,}",
            "CPU seconds": "{seconds:.2g}",
            "peak memory of the process, MB": lambda rows: f"{rows[-1]['peak memory of the process, MB']:,.0f}",
        },
    ),
    "program-lambda": Table(
        record="programs",
        command=f"{PROGRAMS} lambda {TO_PROGRAMS}",
        run=("kind", "bits"),
        where={"task": "lambda"},
        rows={"bits": "{bits}"},
        order=lambda names, _: int(names[0]),
        across="kind",
        spread={
            "{kind}: normal forms": "{normal forms:,}",
            "published": published,
            "largest": "{largest}",
            "published ": lambda rows: str(rows[-1]["published"]) or "-",
        },
    ),
    "program-ranks": Table(
        record="programs",
        command=f"{PROGRAMS} ranks {TO_PROGRAMS}",
        run=("length",),
        where={"task": "ranks"},
        rows={"length": "{length}", "strings": "{strings:,}"},
        columns={
            "sum over all programs": "{sum over all programs:.2f}",
            "the same, over reversals and complements too": "{the same, symmetric:.2f}",
            "shortest program found": "{shortest program:.2f}",
            "zlib of the text": "{zlib:.2f}",
        },
    ),
    "program-counting": Table(
        record="programs",
        command=f"{PROGRAMS} counting {TO_PROGRAMS}",
        run=("coder", "length"),
        where={"task": "counting"},
        rows={"all strings of {length} bits": "`{coder}`"},
        columns={
            "mean bits": "{mean_bits:.1f}",
            "shortest": "{shortest_bits:.1f}",
            "longest": "{longest_bits:.1f}",
            **{
                f"shortened by {k}": lambda rows, k=k: (
                    f"{rows[-1]['shortened_by'][k]:,} (any coder: < {rows[-1]['limit'][k]:,})"
                )
                for k in ("1", "2", "4", "8")
            },
        },
    ),
    "program-strings": Table(
        record="programs",
        command=f"{PROGRAMS} strings {TO_PROGRAMS}",
        run=("string",),
        where={"task": "strings"},
        derive=shortest,
        rows={"string": "{string}"},
        columns={
            "symbols": "{symbols}",
            "literal": "{literal}",
            "program, bits": "{program}",
            "shortest": "{shortest}",
            "program": "{shown}",
            "gzip": "{gzip:.0f}",
            "best coder": "{best:.0f}",
            "blocks": blocks,
            "CPU seconds": "{seconds:.2g}",
        },
    ),
    "program-periods": Table(
        record="programs",
        command=f"{PROGRAMS} strings {TO_PROGRAMS}",
        run=("period",),
        where={"task": "periods"},
        rows={"bits of the program": "of a random word, repeated"},
        across="period",
        spread={"period {period}": lambda rows: " / ".join(str(bits) for bits in rows[-1]["bits"].values())},
    ),
}
