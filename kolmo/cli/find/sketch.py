"""``kolmo sketch``: a store of sketches, which is saved, queried, extended and merged."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kolmo._core.terminal import write_lines
from kolmo.cli.inputs import reading_options
from kolmo.cli.options import (
    Command,
    Group,
    InputFile,
    data_dir_option,
    jobs_option,
    json_option,
)
from kolmo.cli.output import print_json, print_results
from kolmo.errors import DataError, ParameterError

if TYPE_CHECKING:
    from kolmo.data.corpus import Corpus
    from kolmo.distances.sketch_store import SketchStore


@click.group(cls=Group)
def command() -> None:
    """Store sketches of items in a folder, and find the items that are most similar to others.

    A sketch is a digest of 128 hashes of the phrases that Lempel-Ziv parsing finds (LZJD, Raff and Nicholas 2017). The
    share of equal hashes estimates the similarity of two items, so millions of items can be searched.

    \b
    kolmo sketch save data.csv store/
    kolmo sketch append store/ more.csv
    kolmo sketch query store/ new.csv --top 5
    kolmo sketch merge store/ other/ -o both/
    """


_store_argument = click.argument("store", type=InputFile())


_force_flag = click.option("-f", "--force", is_flag=True, help="Replace an existing store.")


@command.command("save", cls=Command, no_args_is_help=False)
@click.argument("data")
@_store_argument
@click.option(
    "--size",
    type=click.IntRange(1, 65536),
    default=128,
    show_default=True,
    metavar="N",
    help="Hashes of a sketch: more are more precise.",
)
@click.option("--fold-case", is_flag=True, help="Ignore the case of ASCII letters.")
@_force_flag
@jobs_option
@json_option
@reading_options
@data_dir_option
def save(data: str, store: str, size: int, fold_case: bool, force: bool, jobs: int, as_json: bool, **rest: Any) -> None:
    """Save the sketches of the items of DATA to the folder STORE.

    DATA is a file (CSV, TSV, JSONL, Parquet, fastText, one text a line), a folder with one folder per class, - for
    stdin, or a data set by name.
    """
    from kolmo._core.files import check_output_folder
    from kolmo._core.models.saving import is_model
    from kolmo.distances.sketch_store import SketchStore

    check_output_folder(store, force=force, is_own=is_model)
    made = SketchStore(size=size, fold_case=fold_case).append(_read(data, rest).items, n_jobs=jobs)
    made.save(store, force=force)
    _print(store, made, as_json)


@command.command("append", cls=Command, no_args_is_help=False)
@_store_argument
@click.argument("data")
@jobs_option
@json_option
@reading_options
@data_dir_option
def append(store: str, data: str, jobs: int, as_json: bool, **rest: Any) -> None:
    """Add the sketches of the items of DATA to STORE."""
    made = _load(store).append(_read(data, rest).items, n_jobs=jobs)
    made.save(store, force=True)
    _print(store, made, as_json)


@command.command("merge", cls=Command, no_args_is_help=False)
@click.argument("stores", nargs=-1, required=True, metavar="STORE STORE...")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), metavar="OUT", help="The new store.")
@_force_flag
@json_option
def merge(stores: tuple[str, ...], output: Path, force: bool, as_json: bool) -> None:
    """Save the sketches of several stores to the folder OUT, in the order of the stores."""
    from kolmo._core.files import check_output_folder
    from kolmo._core.models.saving import is_model

    if len(stores) < 2:
        raise ParameterError(f"expected at least two stores, got {len(stores)}; name another")
    check_output_folder(output, force=force, is_own=is_model)
    first, *others = map(_load, stores)
    for other in others:
        first.merge(other)
    first.save(output, force=force)
    _print(str(output), first, as_json)


@command.command("query", cls=Command, no_args_is_help=False)
@_store_argument
@click.argument("data")
@click.option(
    "--top",
    "top_k",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    metavar="K",
    help="Number of similar items for each item of DATA.",
)
@click.option("--exact", is_flag=True, help="Compare all sketches, in a large store too.")
@json_option
@reading_options
@data_dir_option
def query(store: str, data: str, top_k: int, exact: bool, as_json: bool, **rest: Any) -> None:
    """Find the items of STORE that are most similar to each item of DATA, with their similarity from 0 to 1."""
    found = _load(store).query(_read(data, rest).items, top_k=top_k, exact=exact)
    print_results([found], as_json=as_json, store=store, data=data)


def _read(data: str, rest: dict[str, Any]) -> Corpus:
    from kolmo.cli.find.overlap_options import reading_settings
    from kolmo.cli.sets import read_set

    return read_set(data, split="train", **reading_settings(rest))


def _load(store: str) -> SketchStore:
    from kolmo._core.models.saving import load_model
    from kolmo.distances.sketch_store import SketchStore

    found = load_model(store)
    if not isinstance(found, SketchStore):
        raise DataError(f"expected a store of sketches in {store!r}, got a {type(found).__name__}; see: kolmo sketch")
    return found


def _print(path: str, store: SketchStore, as_json: bool) -> None:
    if as_json:
        print_json({"store": path, "n_items": len(store), "size": store.size, "fold_case": store.fold_case})
    else:
        write_lines([f"{path}: {len(store):,} sketches of size {store.size}"])
