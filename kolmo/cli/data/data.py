"""``kolmo data``: public data sets by name."""

from __future__ import annotations

import dataclasses
import sys
from typing import Any

import click

from kolmo._core.terminal import visible, write_lines
from kolmo.cli.options import Group, data_dir_option, json_option
from kolmo.cli.output import print_json, print_tables


@click.group(cls=Group, invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """List, describe and fetch public data sets."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@command.command("list")
@json_option
def list_sets(as_json: bool) -> None:
    """List all data sets."""
    from kolmo.data.catalog import describe, list_datasets

    facts = [_facts(describe(name)) for name in list_datasets()]
    if as_json:
        print_json({"data_sets": facts})
        return
    from kolmo._core.tables import Column, Table

    table = Table(
        f"{len(facts)} data sets",
        [Column("name"), Column("title"), Column("kind"), Column("splits"), Column("licence")],
        footers=["For details: kolmo data show NAME"],
    )
    for fact in facts:
        cells = (fact.get(key) for key in ("name", "title", "modality", "splits", "licence"))
        table.add(*(_cell(cell) for cell in cells))
    print_tables([table])


@command.command("show", short_help="Show the description of a data set.")
@click.argument("name")
@json_option
def show_set(name: str, as_json: bool) -> None:
    """Show the description of a data set: its source, licence, citation and files."""
    from kolmo.data.catalog import describe

    fact = _facts(describe(name))
    if as_json:
        print_json(fact)
        return
    from kolmo._core.tables import Column, Table

    table = Table(str(fact.get("title") or name), [Column("fact"), Column("value")])
    for key, value in fact.items():
        if value and key not in ("title", "files"):
            table.add(key, _cell(value))
    for file in fact["files"]:
        size = f"{file['size']:,} bytes" if file["size"] else "unknown size"
        digest = f"sha256 {file['sha256']}" if file["sha256"] else "unknown hash"
        origin = f"from {file['url']}" if file["url"] else "ships with Kolmo"
        table.add("file", f"{file['name']}: {size}, {digest}, {origin}")
    print_tables([table])


@command.command("fetch")
@click.argument("name")
@data_dir_option
@json_option
def fetch_set(name: str, data_dir: str | None, as_json: bool) -> None:
    """Fetch a data set and print the paths of its files.

    Files in the local folder are used; missing ones are downloaded and verified by their hashes.
    """
    from kolmo.data.catalog import fetch

    paths = [str(path) for path in fetch(name, data_dir=data_dir)]
    if as_json:
        print_json({"name": name, "files": paths})
    elif not paths:
        sys.stderr.write(f"{visible(name)} is built from the installed libraries: there is nothing to fetch\n")
    else:
        write_lines(paths)


def _facts(data_set: Any) -> dict[str, Any]:
    facts: dict[str, Any] = dataclasses.asdict(data_set)
    return facts


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}={item!r}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_cell, value))
    return "-" if value is None else str(value)
