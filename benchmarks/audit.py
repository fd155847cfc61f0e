"""The axioms of a normal compressor by input size, for every coder without required parameters.

    python benchmarks/audit.py -o benchmarks/results/audit.jsonl

The data are prose, source code, small pictures and random bytes.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from joblib import Parallel, delayed
from records import append

import kolmo
from kolmo.coders.registry import all_coders
from kolmo.errors import KolmoError
from kolmo.evaluation.audit_results import SizeRange
from kolmo.evaluation.auditing import sizes_to

KINDS = ("text", "source", "records", "random")


@click.command(help=__doc__.partition("\n")[0] if __doc__ else None)
@click.option("-c", "--coder", "coders", multiple=True, help="A coder.  [default: all without required parameters]")
@click.option("--largest", default=1_000_000, show_default=True, help="Bytes of the largest pieces.")
@click.option("--seconds", default=120.0, show_default=True, help="Time limit for each coder.")
@click.option("-j", "--jobs", default=2, show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="JSON-lines file to append to.")
def main(coders: Sequence[str], largest: int, seconds: float, jobs: int, output: Path | None) -> None:
    """Audit coders, two at a time."""
    chosen = coders or [str(each) for _, each in all_coders() if not isinstance(each, KolmoError)]
    work = (delayed(audited)(spec, largest, seconds) for spec in chosen)
    for row in Parallel(n_jobs=jobs, return_as="generator")(work):
        append(output, row)
        click.echo(f"{row['coder']}: {row.get('use') or row['refused']}")


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


def _bounds(sizes: SizeRange | None) -> list[int | None] | None:
    """Return a range of sizes as the records hold it."""
    return None if sizes is None else [sizes.smallest, sizes.largest, sizes.fails_at]


if __name__ == "__main__":
    main()
