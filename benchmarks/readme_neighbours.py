"""Print the tables of nearest neighbours in docs/results.md from the recorded results.

python benchmarks/readme_neighbours.py benchmarks/results/neighbours.jsonl
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

Rows = list[dict[str, Any]]


@click.command(help=__doc__.partition("\n")[0] if __doc__ else None)
@click.argument("results", type=click.Path(exists=True, path_type=Path))
def main(results: Path) -> None:
    tables: dict[str, Rows] = {}
    for line in results.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        tables.setdefault(row["table"], []).append(row)
    speeds = {title.partition(":")[0]: rows for title, rows in tables.items() if "microseconds a pair" in title}
    click.echo(
        pivot("µs a pair, one thread", {name: {row["way"]: _speed(row) for row in speeds[name]} for name in speeds})
    )
    (growing,) = (rows for title, rows in tables.items() if title.startswith("Milliseconds a query"))
    sizes = [key for key in growing[0] if key.replace(",", "").isdigit()]
    by_size = {f"{size} texts": {row["way"]: f"{row[size]:,.2f}" for row in growing} for size in sizes}
    click.echo("\n" + pivot("ms a query, one thread", by_size))
    scores = {title.partition(":")[0]: rows for title, rows in tables.items() if "accuracy and recall" in title}
    by_set = {f"{name}: k=1, 3, 10": {row["way"]: _scores(row) for row in rows} for name, rows in scores.items()}
    recalls = {f"recall, {name}": {row["way"]: _recall(row) for row in rows} for name, rows in scores.items()}
    click.echo("\n" + pivot("top-1 accuracy", by_set | recalls))


def pivot(corner: str, columns: dict[str, dict[str, str]]) -> str:
    """Return a table with the methods as rows."""
    ways = dict.fromkeys(way for column in columns.values() for way in column)
    lines = [f"| {corner} | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    lines += [f"| {way} | {' | '.join(column.get(way, '') for column in columns.values())} |" for way in ways]
    return "\n".join(lines)


def _speed(row: dict[str, Any]) -> str:
    digits = 3 if row["µs"] < 0.1 else 2 if row["µs"] < 10 else 1 if row["µs"] < 100 else 0
    return f"{row['µs']:,.{digits}f} ({row['times faster than zlib.compress']:,g}x)"


def _scores(row: dict[str, Any]) -> str:
    return ", ".join(f"{row[f'k={k}']:.3f}" for k in (1, 3, 10))


def _recall(row: dict[str, Any]) -> str:
    return f"{row['recall of the nearest']:.3f}" if "recall of the nearest" in row else ""


if __name__ == "__main__":
    main()
