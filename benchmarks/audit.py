"""The axioms of a normal compressor by input size, for all coders: a table of `docs/results.md`.

    python benchmarks/audit.py run -o benchmarks/results/audit.jsonl
    python benchmarks/audit.py table benchmarks/results/audit.jsonl

*run* audits every coder without required parameters on prose, source code, small pictures and random bytes; *table*
prints the results.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from joblib import Parallel, delayed
from records import append

import kolmo
from kolmo._core.units import format_size
from kolmo.coders.registry import all_coders
from kolmo.errors import KolmoError
from kolmo.evaluation.audit_results import SizeRange
from kolmo.evaluation.auditing import sizes_to

KINDS = ("text", "source", "records", "random")
HEADER = """\
| coder | tested to | idempotent to | detects copies to | NCD(x,x) | asymmetry | suitable for |
|---|---|---|---|---|---|---|"""


@click.group(help=__doc__.partition("\n")[0] if __doc__ else None)
def main() -> None:
    pass


@main.command()
@click.option("-c", "--coder", "coders", multiple=True, help="A coder.  [default: all without required parameters]")
@click.option("--largest", default=1_000_000, show_default=True, help="Bytes of the largest pieces.")
@click.option("--seconds", default=120.0, show_default=True, help="Time limit for each coder.")
@click.option("-j", "--jobs", default=2, show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="JSON-lines file to append to.")
def run(coders: Sequence[str], largest: int, seconds: float, jobs: int, output: Path | None) -> None:
    """Audit coders, two at a time."""
    chosen = coders or [str(each) for _, each in all_coders() if not isinstance(each, KolmoError)]
    work = (delayed(audited)(spec, largest, seconds) for spec in chosen)
    for row in Parallel(n_jobs=jobs, return_as="generator")(work):
        append(output, row)
        click.echo(line(row) if "tested_to" in row else f"{row['coder']}: {row['refused']}")


@main.command()
@click.argument("results", type=click.Path(exists=True, path_type=Path))
def table(results: Path) -> None:
    """Print the table."""
    rows = [json.loads(text) for text in results.read_text(encoding="utf-8").splitlines()]
    click.echo("\n".join([HEADER, *(line(row) for row in rows if "tested_to" in row)]))


def audited(spec: str, largest: int, seconds: float) -> dict[str, Any]:
    """Return the record of an audit, or the reason why there is none."""
    start = time.perf_counter()
    try:
        found = kolmo.audit(spec, sizes=sizes_to(largest), kinds=KINDS, seconds=seconds)
    except KolmoError as error:
        return {"coder": spec, "refused": str(error)}
    asymmetry = found.worst("symmetric")
    return {
        "coder": spec,
        "tested_to": found.tested_to,
        "idempotent": _bounds(found.idempotent),
        "seen": _bounds(found.detects_copies),
        "smallest": found.results[0].size,
        "self_distances": found.self_distances,
        "asymmetry": None if asymmetry is None else asymmetry.relative,
        "fails": {axiom: found.failed_sizes[axiom] for axiom in ("monotone", "distributive", "subadditive")},
        "use": found.use,
        "caveats": found.caveats,
        "seconds": time.perf_counter() - start,
        "fingerprint": found.fingerprint,
    }


def line(row: dict[str, Any]) -> str:
    """Return a row of the table."""
    distances = row["self_distances"].values()
    cells = [
        f"`{row['coder']}`",
        format_size(row["tested_to"]),
        *(_range(row[name], row["smallest"]) for name in ("idempotent", "seen")),
        f"{min(distances):.2f} to {max(distances):.2f}",
        "" if row["asymmetry"] is None else f"{row['asymmetry']:.3f}",
        "; ".join([row["use"], *row["caveats"]]),
    ]
    return "| " + " | ".join(cells) + " |"


def _bounds(sizes: SizeRange | None) -> list[int | None] | None:
    """Return a range of sizes as the records hold it."""
    return None if sizes is None else [sizes.smallest, sizes.largest, sizes.fails_at]


def _range(bounds: list[int | None] | None, least: int) -> str:
    if bounds is None:
        return "never"
    smallest, largest, fails_at = bounds
    return SizeRange(smallest=smallest, largest=largest, fails_at=fails_at).short(least)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
