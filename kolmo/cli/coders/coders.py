"""``kolmo coders``: the coders, their capabilities, and the compilation of their kernels."""

from __future__ import annotations

import dataclasses
from typing import Any

import click

from kolmo.cli.options import Command, json_option, verbose_option
from kolmo.cli.output import print_json, print_tables
from kolmo.coders.base import Coder
from kolmo.errors import KolmoError, MissingDependencyError


@click.command(cls=Command)
@click.option(
    "--compile", "compile_kernels", is_flag=True, help="Compile the kernels of all coders now, instead of at first use."
)
@verbose_option
@json_option
def command(compile_kernels: bool, verbose: bool, as_json: bool) -> None:
    """List the coders and what they can do.

    Overhead is the code length of the empty string. Decodable coders write a stream that can be decompressed; the
    others compute code lengths only. Streams of portable coders have a published and fixed format. Priming: native
    coders start from a context; the others compute L(y|x) as the difference L(xy) - L(x).
    """
    if compile_kernels:
        _compile(as_json=as_json)
        return
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
            *([Column("library versions")] if verbose else []),
        ],
        footers=["Parameters follow the name: zstd:level=19"],
    )
    for fact in facts:
        if "error" in fact:
            reason = "Needs a parameter" if fact["installed"] else "Not installed"
            table.footers.append(f"{reason}: {fact['name']}; {fact['error']}")
            continue
        versions = ", ".join(f"{library} {version}" for library, version in fact["versions"].items()) or "-"
        table.add(
            fact["name"],
            f"{fact['overhead_bits']:g}",
            "unlimited" if fact["window"] is None else f"{fact['window']:,}",
            "yes" if fact["decodable"] else "no",
            "yes" if fact["portable"] else "no",
            fact["priming"] or "no",
            fact["parallel"],
            *([versions] if verbose else []),
        )
    print_tables([table])


def _compile(*, as_json: bool) -> None:
    from kolmo._core.progress import progress
    from kolmo._core.tables import Column, Table
    from kolmo.coders.warmup import warm_up

    times: dict[str, float] = {}
    with progress(None, label="compiling kernels", unit="coders") as bar:
        for name, seconds in warm_up():
            times[name] = seconds
            bar.update()
            bar.describe(f"compiling kernels, last: {name}")
    if as_json:
        print_json({"compiled": [{"coder": name, "seconds": seconds} for name, seconds in times.items()]})
        return
    table = Table("Kernels compiled, or loaded from the cache", [Column("coder"), Column("seconds", numeric=True)])
    for name, seconds in times.items():
        table.add(name, f"{seconds:.2f}")
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
