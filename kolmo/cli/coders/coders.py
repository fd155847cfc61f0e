"""``kolmo coders``: what can be measured with, here and now."""

from __future__ import annotations

import dataclasses
from typing import Any

import click

from kolmo.cli.options import json_option
from kolmo.cli.output import print_json, print_tables
from kolmo.coders.base import Coder
from kolmo.errors import KolmoError, MissingDependencyError


@click.command()
@json_option
def command(as_json: bool) -> None:
    """List the coders and what they can do.

    Overhead is what the empty string takes, in bits. Decodable coders write a stream that can be read back; the others
    state code lengths only. Portable are streams of a published and fixed format: any machine and any version of the
    library reads them back. Primed natively, a coder starts from a context; by difference, L(y | x) is L(xy) - L(x).
    """
    from kolmo.coders.registry import all_coders

    facts = [_facts(name, found) for name, found in all_coders()]
    if as_json:
        print_json({"coders": facts})
        return
    from kolmo._core.tables import Column, Table

    table = Table(
        f"{sum('error' not in fact for fact in facts)} coders",
        [
            Column("coder"),
            Column("overhead, bits", numeric=True),
            Column("window, bytes", numeric=True),
            Column("decodable"),
            Column("portable"),
            Column("priming"),
            Column("runs on"),
            Column("versions"),
        ],
        footers=["Parameters are written after the name: zstd:level=19"],
    )
    for fact in facts:
        if "error" in fact:
            why = "Takes a parameter" if fact["installed"] else "Not installed"
            table.footers.append(f"{why}: {fact['name']}; {fact['error']}")
            continue
        table.add(
            fact["name"],
            f"{fact['overhead_bits']:g}",
            "unlimited" if fact["window"] is None else f"{fact['window']:,}",
            "yes" if fact["decodable"] else "no",
            "yes" if fact["portable"] else "no",
            fact["priming"] or "no",
            fact["parallel"],
            ", ".join(f"{library} {version}" for library, version in fact["versions"].items()) or "-",
        )
    print_tables([table])


def _facts(name: str, found: Coder | KolmoError) -> dict[str, Any]:
    if isinstance(found, KolmoError):
        return {"name": name, "installed": not isinstance(found, MissingDependencyError), "error": str(found)}
    return {
        "name": name,
        "installed": True,
        "overhead_bits": found.overhead_bits,
        **dataclasses.asdict(found.tags),
        "config": found.config,
        "versions": found.versions(),
        "fingerprint": found.fingerprint,
    }
