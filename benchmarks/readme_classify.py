"""Print the tables of classifiers in docs/results.md from the recorded results.

python benchmarks/readme_classify.py benchmarks/results/classify.jsonl
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click

COLUMNS = {
    "accuracy": "{accuracy:.4f}",
    "macro-F1": "{macro_f1:.4f}",
    "bits a label": "{bits:.3f}",
    "ECE": "{ece:.3f}",
    "fit s": "{fit_seconds:.1f}",
    "predict s": "{predict_seconds:.1f}",
    "peak MB": "{peak_MB:.0f}",
}
FEW = "{accuracy:.3f} ± {half_interval:.3f}"


@click.command(help=__doc__.partition("\n")[0] if __doc__ else None)
@click.argument("results", type=click.Path(exists=True, path_type=Path))
def main(results: Path) -> None:
    click.echo("\n\n".join(tables([json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()])))


def tables(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield a table a set, and the accuracy by number of labels; repeated runs use the latest."""
    whole = {(row["set"], row["method"]): row for row in rows if row["part"] == "full"}
    for name in _seen(name for name, _ in whole):
        found = {method: row for (other, method), row in whole.items() if other == name}
        first = next(iter(found.values()))
        title = f"{name}, {first['train']:,} train / {first['test']:,} test"
        if first["splits"] > 1:
            title += f", mean of {first['splits']} folds"
        cells = ([method, *(_cell(row, form) for form in COLUMNS.values())] for method, row in found.items())
        yield _table([title, *COLUMNS], cells)
    few = {(row["set"], row["method"], row["shots"]): row for row in rows if row["part"] == "few"}
    shots = sorted({count for _, _, count in few})
    for name in _seen(name for name, _, _ in few):
        lines = []
        for method in _seen(method for other, method, _ in few if other == name):
            found_by_shots = [few.get((name, method, count)) for count in shots]
            lines.append([method, *(_cell(row, form) for form in (FEW, "{bits:.3f}") for row in found_by_shots)])
        header = [f"{name}, labels a class", *map(str, shots), *(f"bits at {count}" for count in shots)]
        yield _table(header, lines)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in (header, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(header), *lines[1:]])


def _cell(row: dict[str, Any] | None, form: str) -> str:
    try:
        return form.format(**(row or {}))
    except KeyError:
        return "-"


def _seen(values: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys(values))


if __name__ == "__main__":
    main()
