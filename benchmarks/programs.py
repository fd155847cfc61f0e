"""Shortest programs: known strings, all short strings, periods, random strings, generated sequences, and the machines.

    python benchmarks/programs.py strings -o results.jsonl
    python benchmarks/programs.py ranks -o results.jsonl
    python benchmarks/programs.py blocks -o results.jsonl
    python benchmarks/programs.py depth -o results.jsonl
    python benchmarks/programs.py lambda -o results.jsonl
    python benchmarks/programs.py sequences --data-dir DATA --effort 0 --effort 0.2 -o results.jsonl
    python benchmarks/programs.py sequences --data-dir DATA --effort 2 --no-coders --rows 0:125 -o results.jsonl
    python benchmarks/programs.py sequences --drawn 11 --rows 0:200 -o results.jsonl
    python benchmarks/programs.py totals results.jsonl
    python benchmarks/programs.py counting -o results.jsonl --plot complexity.png

*strings*: known strings, periods 2 to 13, 300 random strings and kinds outside the language, beside gzip, the best
coder and the block decomposition method. *ranks*: the rank correlation with the published table of the coding theorem
method for all strings of length 8 and 12 (it reads the data file of the package pybdm, if that is installed).
*blocks*: the block decomposition method with that table and with ours, against the values of pybdm, which drops the
symbols that do not fill a block. *depth*: time and memory of the exhaustive search. *lambda*: the published values of
binary lambda calculus. *sequences*: 500 sequences made by a random generator of programs, or others that are drawn
here; a long run has parts, whose records *totals* adds up. *counting*: code lengths of all strings of 10 bits.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
import pickle
import random
import resource
import time
import zlib
from pathlib import Path
from typing import Any

import click
import generated_programs
import numpy as np
from records import append
from rich.console import Console
from rich.table import Table

from kolmo import coder, shortest_program
from kolmo.coders.program.machine import Machine, literal, read_program, run_node, write_program
from kolmo.coders.program.search import search_program
from kolmo.complexity import (
    CodingTheoremTable,
    ProgramTable,
    all_string_lengths,
    block_complexity,
    coding_theorem_table,
    lambda_terms,
)

IRREGULAR = "0100101010110100010110100101110001010110001111"
TERMS = {21: 22, 22: 24, 23: 26, 24: 30, 25: 42, 26: 52, 27: 44, 28: 58, 29: 223, 30: 160}
PROGRAMS = {23: 22, 24: 24, 25: 26, 26: 30, 27: 42, 28: 52, 29: 44, 30: 64, 31: 223, 32: 160}
NORMAL = (101, 134, 297, 431, 882, 1361, 2729, 4405, 8549, 14311, 27400, 47101, 89022, 156080, 293014)

PYBDM = {"001 x 15": 29.26870, "irregular": 96.99915, "Thue-Morse, 32": 65.80534, "0010111 x 26": 244.77006}
"""Values of pybdm 0.1.0 (with setuptools below 81)."""

output = click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path))


@click.group(help=__doc__.partition("\n")[0] if __doc__ else None)
def main() -> None:
    search_program(bytes(range(40)), Machine(256), effort=0.05)  # compiles the kernels
    ProgramTable(12, 20)


def show(rows: list[dict[str, Any]]) -> None:
    """Print rows of one kind as a table."""
    table = Table(*rows[0])
    for row in rows:
        table.add_row(*(f"{value:.4g}" if isinstance(value, float) else str(value) for value in row.values()))
    Console(width=200).print(table)


def known() -> dict[str, Any]:
    """Return the known strings by name."""
    first, second = "0", "01"
    while len(first) < 34:
        first, second = second, second + first
    value, generated = 7, bytearray()
    for _ in range(60):
        generated.append(value)
        value = (77 * value + 35) % 256
    primes = [number for number in range(2, 240) if all(number % each for each in range(2, number))][:45]
    return {
        "001 x 15": "001" * 15,
        "irregular": IRREGULAR,
        "Thue-Morse, 32": "".join(str(number.bit_count() & 1) for number in range(32)),
        "Fibonacci word, 34": first[:34],
        "001 x 15 with one error": "001" * 7 + "011" + "001" * 7,
        "0010111 x 26": "0010111" * 26,
        "linear congruential, 60 bytes": bytes(generated),
        "squares modulo 256, 45 bytes": bytes(number * number % 256 for number in range(45)),
        "primes, 45 bytes": bytes(primes),
    }


@main.command()
@output
def strings(output: Path | None) -> None:
    """Known strings, periods, random strings."""
    rows = []
    best = coder("best")
    for name, data in known().items():
        start = time.process_time()
        found = shortest_program(data, exhaustive_bits=40)
        seconds = time.process_time() - start
        row = {
            "string": name,
            "symbols": found.symbols,
            "literal": found.literal_bits,
            "program": found.bits,
            "interval": "{} to {}".format(*found.interval),
            "text": found.program if len(found.program) < 60 else "",
            "gzip": coder("gzip").code_length(data),
            "best": best.code_length(data),
            "blocks": block_complexity(data).bits if isinstance(data, str) else float("nan"),
            "seconds": seconds,
        }
        rows.append(row)
        append(
            output, {"task": "strings"} | row | {"blocks": row["blocks"] if row["blocks"] == row["blocks"] else None}
        )
    show(rows)
    drawn, periods = random.Random(0), []
    for period in range(2, 14):
        word = "".join(drawn.choice("01") for _ in range(period))
        lengths = {size: shortest_program((word * size)[:size], exhaustive_bits=0).bits for size in (45, 180)}
        periods.append({"period": period, "45 symbols": lengths[45], "180 symbols": lengths[180]})
        append(output, {"task": "periods", "period": period, "bits": lengths})
    show(periods)
    start = time.process_time()
    bits = [
        shortest_program("".join(drawn.choice("01") for _ in range(45)), effort=0.02, exhaustive_bits=0).bits
        for _ in range(300)
    ]
    literal_bits = 45 + 3 + 10
    row = {
        "random strings of 45 bits": 300,
        "shortest": min(bits),
        "mean": float(np.mean(bits)),
        "literal": literal_bits,
        "shorter than the literal": sum(each < literal_bits for each in bits),
        "seconds each": (time.process_time() - start) / 300,
    }
    append(output, {"task": "random"} | row)
    show([row])


@main.command()
@output
def ranks(output: Path | None) -> None:
    """Rank correlation with the published table."""
    from scipy.stats import spearmanr

    published = published_complexities()
    table, rows = coding_theorem_table(2), []
    for length in (8, 12):
        names, values = zip(*published[length,].items(), strict=True)
        symbols = [bytes(map(int, name)) for name in names]
        sums = [table.complexity(each) for each in symbols]
        both = [
            -np.log2(sum(2 ** -table.complexity(each) for each in (s, s[::-1], flip(s), flip(s)[::-1])))
            for s in symbols
        ]
        shortest = [len(write_program(search_program(each, Machine(2), effort=0.002), Machine(2))) for each in symbols]
        row = {
            "length": length,
            "strings": len(names),
            "sum over all programs": float(spearmanr(sums, values)[0]),
            "the same, symmetric": float(spearmanr(both, values)[0]),
            "shortest program": float(spearmanr(shortest, values)[0]),
            "zlib": float(spearmanr([len(zlib.compress(name.encode(), 9)) for name in names], values)[0]),
            "distinct values": len(set(np.round(sums, 9))),
        }
        rows.append(row)
        append(output, {"task": "ranks"} | row)
    show(rows)


def published_complexities() -> dict[tuple[int], dict[str, float]]:
    """Return the published table of the coding theorem method, which pybdm holds, by length and string."""
    package = importlib.util.find_spec("pybdm")
    if package is None or package.origin is None:
        raise click.ClickException(
            "expected the package pybdm, whose data file holds the published table: pip install it"
        )
    with gzip.open(Path(package.origin).parent / "ctmdata" / "ctm-b2-d12.pkl.gz") as file:
        table: dict[tuple[int], dict[str, float]] = pickle.load(file)  # trusted: installed by the person who runs this
    return table


def published_table() -> CodingTheoremTable:
    """Return the published complexities, with those of complements, as a table of ours."""
    sums, published = [], published_complexities()
    for length in range(1, 13):
        bits = np.zeros(2**length)
        for string, complexity in published[length,].items():
            bits[[int(string, 2), 2**length - 1 - int(string, 2)]] = complexity
        sums.append(2.0 ** (len(Machine(2).length_code.write(length)) - bits))
    return CodingTheoremTable(2, sums)


@main.command()
@output
def blocks(output: Path | None) -> None:
    """The block decomposition method against pybdm 0.1.0."""
    rows, published = [], published_table()
    for name, data in known().items():
        if name in PYBDM:
            whole = data[: len(data) // 12 * 12]
            row = {
                "string": name,
                "symbols": len(data),
                "pybdm": PYBDM[name],
                "its table, without the rest": block_complexity(whole, table=published).bits,
                "its table": block_complexity(data, table=published).bits,
                "our table": block_complexity(data).bits,
                "shortest program": shortest_program(data, exhaustive_bits=0).bits,
            }
            rows.append(row)
            append(output, {"task": "blocks"} | row)
    show(rows)


def flip(symbols: bytes) -> bytes:
    """Return the complement of bits."""
    return bytes(1 - each for each in symbols)


@main.command()
@output
def depth(output: Path | None) -> None:
    """Time and memory of the exhaustive search for 45 bits."""
    rows = []
    for bits in (24, 28, 32, 36, 40, 41):
        start = time.process_time()
        table = ProgramTable(45, bits, seconds=300)
        row = {
            "bits": bits,
            "complete": table.complete_bits,
            "strings stored": table.stored,
            "seconds": time.process_time() - start,
            "peak memory of the process, MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
        }
        rows.append(row)
        append(output, {"task": "depth"} | row)
    show(rows)


@main.command(name="lambda")
@click.option("--longest", default=30, show_default=True)
@output
def lambda_(longest: int, output: Path | None) -> None:
    """Binary lambda calculus against the published values."""
    rows = []
    for kind, programs, last, known in (("terms", False, longest, TERMS), ("programs", True, longest + 2, PROGRAMS)):
        start = time.process_time()
        levels = lambda_terms(last, programs=programs)
        seconds = time.process_time() - start
        for level in levels:
            if level.bits < 16:
                continue
            row = {
                "kind": kind,
                "bits": level.bits,
                "normal forms": level.normal,
                "published number": NORMAL[level.bits - 16] if not programs and level.bits <= 30 else "",
                "largest": level.largest,
                "published": known.get(level.bits, ""),
                "seconds to the last": seconds,
            }
            rows.append(row)
            append(output, {"task": "lambda"} | row)
    show(rows)


@main.command()
@click.option("--data-dir", type=click.Path(exists=True, file_okay=False, path_type=Path), envvar="KOLMO_DATA")
@click.option("--drawn", type=int, metavar="SEED", help="Draw programs with this seed; the data set is not read.")
@click.option("--nested", is_flag=True, help="Draw programs that are nested three or four deep.")
@click.option("--rows", default="0:500", show_default=True, help="Sequences to read, so that a long run has parts.")
@click.option("--effort", type=float, multiple=True, default=(0.0, 0.2), show_default=True)
@click.option("--coders/--no-coders", default=True, show_default=True)
@output
def sequences(
    data_dir: Path | None,
    drawn: int | None,
    nested: bool,
    rows: str,
    effort: tuple[float, ...],
    coders: bool,
    output: Path | None,
) -> None:
    """Sequences of bytes made by a random generator of programs."""
    first, last = map(int, rows.split(":"))
    if drawn is not None:
        own = generated_programs.drawn(drawn, last, least_depth=3 if nested else 0)
        data, own_bits = [generated_programs.printed(node) for node in own], None
        source = f"drawn, seed {drawn}" + (", nested" if nested else "")
    elif data_dir is not None:
        own, data, own_bits = generated_programs.read(data_dir)
        source = "data set"
    else:
        raise click.UsageError("expected --data-dir or --drawn")
    machine = Machine(256)
    own, data = own[first:last], data[first:last]
    raw = 8 * sum(map(len, data))
    generator = np.array([len(write_program(node, machine)) for node in own])
    found: list[dict[str, Any]] = []

    def add(method: str, bits: Any, seconds: float = 0.0) -> None:
        at_most = int(np.sum(np.asarray(bits) <= generator)) if len(bits) > 1 else None
        row = {"rows": len(data), "bits": float(np.sum(bits)), "raw bits": raw, "at most the generator's": at_most}
        found.append({"source": source, "method": method} | row | {"seconds": seconds})
        append(output, {"task": "sequences", "part": rows} | found[-1])

    if own_bits is not None and len(data) == 500:
        add("generator's programs, by their own cost", [own_bits])
    add("generator's programs on this machine", generator)
    for name in ("deflate", "ngram", "mix") if coders else ():
        start = time.process_time()
        add(name, [coder(name).code_length(each) for each in data], time.process_time() - start)
    for work in effort:
        start = time.process_time()
        codes = [write_program(search_program(each, machine, effort=work), machine) for each in data]
        seconds = time.process_time() - start
        for code, each in zip(codes, data, strict=True):
            assert run_node(read_program(code, machine)[0], machine).tobytes() == each
            assert len(code) <= len(write_program(literal(each), machine))
        add(f"search, effort {work:g}", [len(code) for code in codes], seconds)
    show_totals(found)


@main.command()
@click.argument("results", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def totals(results: Path) -> None:
    """Print the totals of recorded runs over sequences."""
    records = [json.loads(line) for line in results.read_text().splitlines()]
    show_totals([record for record in records if record["task"] == "sequences"])


def show_totals(parts: list[dict[str, Any]]) -> None:
    """Print the rates of the sequences; the parts of one run are added up."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for part in parts:
        total = rows.setdefault((part["source"], part["method"]), dict.fromkeys(SUMMED, 0))
        for name in SUMMED:
            total[name] += part[name] or 0
    show(
        [
            {
                "source": source,
                "method": method,
                "rows": row["rows"],
                "program bits / raw bits": row["bits"] / row["raw bits"],
                "at most the generator's": "" if "own cost" in method else row["at most the generator's"] / row["rows"],
                "seconds each": row["seconds"] / row["rows"],
            }
            for (source, method), row in rows.items()
        ]
    )


SUMMED = ("rows", "bits", "raw bits", "at most the generator's", "seconds")


@main.command()
@click.option("--plot", type=click.Path(dir_okay=False, path_type=Path))
@output
def counting(plot: Path | None, output: Path | None) -> None:
    """Code lengths of all strings of 10 bits, and a picture of all strings of 12."""
    found = all_string_lengths(10)
    for each in found:
        append(output, {"task": "counting"} | each.to_dict())
    click.echo("\n\n".join(table.plain() for table in type(found[0]).tables_of(found)))
    if plot is not None:
        import matplotlib as mpl

        mpl.use("Agg")
        from matplotlib import pyplot

        strings = [format(number, "012b") for number in range(2**12)]
        complexity = coding_theorem_table(2).complexities(12)
        figure, axes = pyplot.subplots(1, 2, figsize=(9, 4), sharex=True, layout="constrained")
        for axis, name in zip(axes, ("gzip", "mix"), strict=True):
            axis.plot(complexity, coder(name).code_lengths(strings), ".", markersize=2)
            axis.set(xlabel="complexity (bits)", ylabel=f"code length by {name} (bits)")
        figure.suptitle("All strings of 12 bits")
        figure.savefig(plot, dpi=120)


if __name__ == "__main__":
    main()
