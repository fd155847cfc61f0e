"""Coders: size, speed and memory; axioms; neural models beside classical coders."""

from __future__ import annotations

from recorded_tables import Cell, Row, Table, median, of

from kolmo._core.units import format_size
from kolmo.evaluation.audit_results import SizeRange

NEURAL = "python benchmarks/neural.py"
RATES = f"{NEURAL} rates --data-dir DATA --model model/ -o benchmarks/results/neural.jsonl"


def short(number: float) -> str:
    return f"{number:.0f}" if number >= 10 else f"{number:.2g}"


def sizes(record: str, source: str) -> Table:
    """Return the table of a file of `benchmarks/coders.py`."""
    return Table(
        record=record,
        command=f"python benchmarks/coders.py {source} -o benchmarks/results/{record}.jsonl",
        run=("coder", "data"),
        rows={"bits a byte": "{coder}"},
        across="data",
        spread={"{data}": "{bits_per_byte:.3f}"},
        columns={
            "MB/s to compress": median("compress_mb_s", short),
            "to decompress": median("decompress_mb_s", short),
            "MB of memory": median("memory_mb", "{:.0f}".format),
        },
    )


def bounds(name: str) -> Cell:
    """Return a cell with a range of sizes."""

    def cell(rows: list[Row]) -> str:
        row = rows[-1]
        if row[name] is None:
            return "never"
        smallest, largest, fails_at = row[name]
        return SizeRange(smallest=smallest, largest=largest, fails_at=fails_at).short(row["smallest"])

    return cell


def self_distances(rows: list[Row]) -> str:
    distances = rows[-1]["self_distances"].values()
    return f"{min(distances):.2f} to {max(distances):.2f}"


def rate(rows: list[Row]) -> str:
    adjusted = f", {100 * rows[-1]['adjusted']:,.0f}" if rows[-1]["model_bits"] else ""
    return f"{100 * rows[-1]['raw']:.1f}{adjusted}"


def model_size(rows: list[Row]) -> str:
    return f"{rows[-1]['model_bytes'] / 1e6:.1f}" if rows[-1]["model_bytes"] else "-"


def interval(name: str, which: int) -> Cell:
    def cell(rows: list[Row]) -> str:
        found = rows[-1]["savings"][name][which]
        return f"{found['bits']:+.3f} ({found['low']:+.3f} to {found['high']:+.3f})"

    return cell


TABLES = {
    "coders": sizes("coders", "--data-dir DATA"),
    "coders-built-in": sizes("coders-built-in", "--built-in"),
    "readme-coders": Table(
        record="coders",
        command="python benchmarks/coders.py --data-dir DATA -o benchmarks/results/coders.jsonl",
        run=("coder", "data"),
        rows={"bits a byte": "`{coder}`"},
        chosen=("`gzip`", "`xz`", "`zstd:level=19`", "`ppmd`", "`mix`"),
        columns={
            **{
                header: of("{bits_per_byte:.3f}", data=data)
                for header, data in {
                    "enwik6": "enwik6",
                    "source code": "source code",
                    "E. coli": "E. coli",
                    "photograph": "Kodak 05, RGB",
                    "random": "random",
                }.items()
            },
            "MB/s to compress": median("compress_mb_s", short),
            "to decompress": median("decompress_mb_s", short),
        },
    ),
    "axioms": Table(
        record="audit",
        command="python benchmarks/audit.py -o benchmarks/results/audit.jsonl",
        run=("coder",),
        derive=lambda row: {"audited": "tested_to" in row},
        where={"audited": True},
        rows={"coder": "`{coder}`"},
        columns={
            "tested to": lambda rows: format_size(rows[-1]["tested_to"]),
            "idempotent to": bounds("idempotent"),
            "detects copies to": bounds("seen"),
            "NCD(x,x)": self_distances,
            "asymmetry": "{asymmetry:.3f}",
            "suitable for": lambda rows: "; ".join([rows[-1]["use"], *rows[-1]["caveats"]]),
        },
    ),
    "primed": Table(
        record="neural",
        command=f"{NEURAL} primed --text DATA/dickens --model model/ -o benchmarks/results/neural.jsonl",
        run=("coder",),
        where={"kind": "primed"},
        rows={"coder, after the same text": "{coder}"},
        columns={
            "held out, bits/byte": "{bits_per_byte:.3f}",
            "seconds to read or train": "{seconds:,.0f}",
            "model, MB": model_size,
        },
    ),
    "rates": Table(
        record="neural",
        command=RATES,
        run=("coder", "chunk", "data"),
        where={"kind": "rates"},
        derive=lambda row: {"piece": row.get("chunk") or "whole"},
        rows={"chunk": "{piece}", "coder": "{coder}"},
        order=lambda names, _: names[0] == "whole",
        across="data",
        spread={"{data}: raw %, adjusted %": rate},
        columns={"MB/s": median("megabytes_per_second", "{:.2g}".format)},
    ),
    "trained-on-both": Table(
        record="neural",
        command=f"{NEURAL} gain --data-dir DATA -o benchmarks/results/neural.jsonl",
        run=("x", "y"),
        where={"kind": "gain"},
        rows={"X": "{x}", "Y": "{y}"},
        columns={
            "X, bits/byte: equal steps": interval("both", 0),
            "twice the steps": interval("twice", 0),
            "Y permuted": interval("shared", 0),
            "Y, bits/byte: equal steps": interval("both", 1),
            "twice the steps ": interval("twice", 1),
            "X permuted": interval("shared", 1),
        },
    ),
    "hostile-streams": Table(
        record="hostile_streams",
        command="python benchmarks/hostile_streams.py --archives 10000 -o benchmarks/results/hostile_streams.jsonl",
        run=("coder",),
        rows={"coder": "{coder}"},
        columns={
            "archives": "{archives:,}",
            "median ms": "{median_ms:.2g}",
            "99%": "{p99_ms:.3g}",
            "longest, ms": "{max_ms:,.0f}",
            "over 50 ms": "{over_50_ms}",
            "most memory, MB": "{max_MB:.0f}",
        },
    ),
}
