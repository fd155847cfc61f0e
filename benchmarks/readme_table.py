"""Print the table of text classification in docs/results.md from the recorded results.

python benchmarks/readme_table.py benchmarks/results/text_classification.jsonl
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

NEIGHBORS = (1, 2, 3)
HEADER = """\
| {name}, {train:,} train / {test:,} test | k=1 | k=2 | k=3 | k=1, by tie break | paper's rule: k=1 | k=2 | k=3 |
|---|---|---|---|---|---|---|---|"""


@click.command(help=__doc__.partition("\n")[0] if __doc__ else None)
@click.argument("results", type=click.Path(exists=True, path_type=Path))
def main(results: Path) -> None:
    rows = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
    tables: dict[tuple[str, int, int], dict[str, dict[int, dict[str, Any]]]] = {}
    for row in rows:
        table = tables.setdefault((row["set"], row["train"], row["test"]), {})
        table.setdefault(row["method"], {})[row["k"] or 1] = row
    for number, ((name, train, test), methods) in enumerate(tables.items()):
        click.echo(("\n" if number else "") + HEADER.format(name=name, train=train, test=test))
        for method, by_k in methods.items():
            click.echo(_line(method, by_k))


def _line(method: str, by_k: dict[int, dict[str, Any]]) -> str:
    accuracies = [_share(by_k, k, "accuracy") for k in NEIGHBORS]
    ties = f"{by_k[1]['worst']:.3f} to {by_k[1]['best']:.3f}" if "worst" in by_k[1] else ""
    return (
        "| " + " | ".join([method, *accuracies, ties, *(_share(by_k, k, "published_rule") for k in NEIGHBORS)]) + " |"
    )


def _share(by_k: dict[int, dict[str, Any]], k: int, key: str) -> str:
    return f"{by_k[k][key]:.3f}" if key in by_k.get(k, {}) else ""


if __name__ == "__main__":
    main()
