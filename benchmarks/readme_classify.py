"""Print the tables of classifiers in docs/results.md from the recorded results.

python benchmarks/readme_classify.py benchmarks/results/classify.jsonl
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click

WHOLE, FEW = "full", "few"


@click.command(help=__doc__.partition("\n")[0] if __doc__ else None)
@click.argument("results", type=click.Path(exists=True, path_type=Path))
def main(results: Path) -> None:
    click.echo("\n\n".join(tables([json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()])))


def tables(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield accuracy and macro-F1, times, and accuracy by number of labels; repeated runs use the latest."""
    whole = {(row["set"], row["method"]): row for row in rows if row["part"] == WHOLE}
    names, methods = _seen(name for name, _ in whole), _seen(method for _, method in whole)
    forms = {
        "top-1 accuracy (macro-F1)": "{accuracy:.4f} ({macro_f1:.4f})",
        "seconds to fit, µs a text": "{fit_seconds:.1f}, {microseconds_per_text:,.0f}",
    }
    for title, form in forms.items():
        cells = ([method, *(_cell(whole.get((name, method)), form) for name in names)] for method in methods)
        yield _table([title, *names], cells)
    few = {(row["set"], row["method"], row["shots"]): row for row in rows if row["part"] == FEW}
    shots = sorted({count for _, _, count in few})
    form = "{accuracy:.3f} ± {half_interval:.3f}"
    pairs = sorted(_seen((name, method) for name, method, _ in few), key=lambda pair: names.index(pair[0]))
    cells = ([*pair, *(_cell(few.get((*pair, count)), form) for count in shots)] for pair in pairs)
    yield _table(["labels a class", "method", *map(str, shots)], cells)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in (header, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(header), *lines[1:]])


def _cell(row: dict[str, Any] | None, form: str) -> str:
    return "" if row is None else form.format(**row)


def _seen(values: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys(values))


if __name__ == "__main__":
    main()
