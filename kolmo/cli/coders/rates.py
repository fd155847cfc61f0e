"""``kolmo rates``: neural beside classical and specialised coders, on any data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kolmo._core.progress import progress
from kolmo.cli.options import CoderSpec, Size, json_option, once_each
from kolmo.cli.output import PictureFile, print_json, print_tables
from kolmo.coders.base import Coder
from kolmo.errors import KolmoError, MissingDependencyError, ParameterError

if TYPE_CHECKING:
    from kolmo._core.tables import Table
    from kolmo.data.symbols import Symbols
    from kolmo.evaluation.compression_rates import Rate

_CODERS = ("gzip", "xz", "zstd:level=19", "brotli", "ppmd", "mix")
_SPECIALISED = {"image": ("png", "webp", "jxl"), "audio": ("flac",)}
_WHOLE = "whole"
_MOST_RANDOM = 2**18
_PUBLISHED = (
    "published: Chinchilla 70B 43.4 % on ImageNet patches and 16.4 % on LibriSpeech, PNG 58.5 % and FLAC 30.3 % "
    "(Delétang et al. 2023, abstract; other data, raw rates)"
)


class _Chunk(Size):
    name = "chunk"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        return 0 if value == _WHOLE else super().convert(value, param, ctx)


@click.command(no_args_is_help=False)
@click.argument("data", nargs=-1, metavar="[DATA]...")
@click.option(
    "-c",
    "--coder",
    "coders",
    type=CoderSpec(),
    multiple=True,
    callback=once_each,
    metavar="CODER",
    help=f"A coder; repeat it for several. See: kolmo coders  [default: {', '.join(_CODERS)}, on pictures and sound "
    "those made for them too]",
)
@click.option(
    "--add",
    type=CoderSpec(),
    multiple=True,
    callback=once_each,
    metavar="CODER",
    help="A coder beside the default ones, such as neural:model=DIR.",
)
@click.option(
    "--chunk",
    "chunks",
    type=_Chunk(),
    multiple=True,
    callback=once_each,
    default=("2048", _WHOLE),
    show_default=True,
    metavar="SIZE",
    help=f"Bytes of pieces that are coded each alone, or {_WHOLE}; repeat it for several.",
)
@click.option("--limit", type=Size(), default="1MB", show_default=True, metavar="SIZE", help="Bytes of each DATA read.")
@click.option("--random/--no-random", default=True, show_default=True, help="Random bytes too, as a control.")
@click.option("--positions", type=PictureFile(), metavar="FILE", help="Draw bits a byte by the place in a chunk.")
@click.option("--sizes", type=PictureFile(), metavar="FILE", help="Draw adjusted rates by the size of the model.")
@json_option
def command(
    data: tuple[str, ...],
    coders: tuple[Coder, ...],
    add: tuple[Coder, ...],
    chunks: tuple[int, ...],
    limit: int,
    random: bool,
    positions: Path | None,
    sizes: Path | None,
    as_json: bool,
) -> None:
    """Compare coders on text, pictures, sound and noise, as "Language Modeling Is Compression" does.

    DATA are files or folders: pictures are read as grey patches of 64 x 32 pixels, sounds as samples of 16 bits.
    Without any, texts of the installed libraries. Rates are shares of the raw size: raw counts the code, adjusted
    also the model, which classical coders and those that learn as they go do not have. Speed is that of stating the
    code length.

    \b
    kolmo rates book.txt pictures/ speech.wav
    kolmo rates book.txt --add neural:model=model/ --positions learning.png
    kolmo rates book.txt -c neural:model=small/ -c neural:model=large/ --sizes scaling.png
    """
    from kolmo.evaluation.compression_rates import compression_rate

    sets = _read(data, limit, random=random)
    rates: dict[str, list[Rate]] = {each.name: [] for each in sets}
    curves: dict[str, Any] = {}
    missing: dict[str, str] = {}
    work = [
        (each, chosen, chunk) for each in sets for chosen in _chosen(each, coders, add, missing) for chunk in chunks
    ]
    with progress(sum(len(each.data) for each, _, _ in work), label="comparing", unit="B") as bar:
        for each, chosen, chunk in work:
            bar.describe(f"comparing: {chosen} on {each.name}")
            rates[each.name].append(compression_rate(each.data, chosen, chunk=chunk or None))
            bar.update(len(each.data))
    tables = [_table(each, rates[each.name]) for each in sets]
    if positions is not None:
        curves = _draw_positions(sets, {each.name: _chosen(each, coders, add, missing) for each in sets}, positions)
    if sizes is not None:
        _draw_sizes(sets, rates, sizes)
    if as_json:
        document = [
            {
                "data": each.name,
                "modality": each.modality,
                "size_bytes": len(each.data),
                "rates": [rate.to_dict() for rate in rates[each.name]],
                "bits_by_position": curves.get(each.name),
            }
            for each in sets
        ]
        print_json({"sets": document, "not_installed": missing})
        return
    fingerprints = list(dict.fromkeys(rate.fingerprint for own in rates.values() for rate in own))
    tables[-1].footers += ["raw, adjusted: % of the raw size, without and with the model", _PUBLISHED]
    tables[-1].footers += [f"{name}: {why}" for name, why in missing.items()] + fingerprints
    print_tables(tables)


def _read(data: tuple[str, ...], limit: int, *, random: bool) -> list[Symbols]:
    import numpy as np

    from kolmo.data.builtin import docstrings
    from kolmo.data.symbols import Symbols, read_symbols

    sets = [read_symbols(path, limit=limit) for path in data]
    if not data:
        text = b"\n".join(docstrings("train").items)[:limit]
        sets.append(Symbols(data=text, modality="text", name="docstrings"))
    if random:
        noise = np.random.default_rng(0).integers(0, 256, min(limit, _MOST_RANDOM), np.uint8).tobytes()
        sets.append(Symbols(data=noise, modality="random", name="random bytes"))
    names = [each.name for each in sets]
    if len(set(names)) < len(names):
        raise ParameterError(f"two sets have the same name: {', '.join(names)}; name each once, or rename one")
    return sets


def _chosen(each: Symbols, coders: tuple[Coder, ...], add: tuple[Coder, ...], missing: dict[str, str]) -> list[Coder]:
    """Return the coders for a set: those that were named, or the default ones that are installed."""
    from kolmo.coders.registry import coder

    if coders:
        return list(dict.fromkeys([*coders, *add]))
    found: list[Coder] = []
    for spec in (*_CODERS, *_SPECIALISED.get(each.modality, ())):
        try:
            made = coder(spec)
            made.versions()
            found.append(made)
        except MissingDependencyError as error:
            missing[spec] = str(error)
    return list(dict.fromkeys([*found, *add]))


def _table(each: Symbols, rates: list[Rate]) -> Table:
    from kolmo._core.tables import Column, Table, number_cell

    names = ("raw %", "adjusted %", "bits/byte", "MB/s", "MB of memory")
    table = Table(
        f"{each.name}: {len(each.data):,} bytes of {each.modality if each.modality != 'bytes' else 'no known kind'}",
        [Column("chunk", True), Column("coder"), *(Column(name, True) for name in names)],
    )
    for rate in sorted(rates, key=lambda rate: rate.chunk or 2**62):
        table.add(
            f"{rate.chunk:,}" if rate.chunk else _WHOLE,
            rate.coder,
            f"{100 * rate.raw:.1f}",
            f"{100 * rate.adjusted:.1f}",
            f"{rate.bits_per_byte:.3f}",
            number_cell(rate.megabytes_per_second, ".3g"),
            number_cell(None if rate.memory_bytes is None else rate.memory_bytes / 1e6, ".0f"),
        )
    return table


def _draw_positions(sets: list[Symbols], coders: dict[str, list[Coder]], path: Path) -> dict[str, Any]:
    """Draw what coders learn within a chunk, and return it."""
    from kolmo.evaluation.compression_rates import bits_by_position
    from kolmo.show.plots import line_plot

    curves: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for each in sets:
        part = each.data[: 2**18]  # some chunks are enough for a mean
        try:
            curves[each.name] = {str(coder): bits_by_position(part, coder) for coder in coders[each.name]}  # type: ignore[misc]
        except KolmoError as error:
            raise ParameterError(f"no picture of places in {each.name}: {error}") from error
    line_plot(curves, path, x="place in the chunk", y="bits a byte", title="What is learned within a chunk", level=8.0)
    return curves


def _draw_sizes(sets: list[Symbols], rates: dict[str, list[Rate]], path: Path) -> None:
    """Draw adjusted rates by the size of the model, also for ten and a hundred times the data at the same raw rate."""
    from kolmo.show.plots import line_plot

    panels: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for each in sets:
        whole = [rate for rate in rates[each.name] if rate.model_bits > 0 and not rate.chunk]
        if len(whole) < 2:
            raise ParameterError(
                "--sizes takes at least two coders with a model, coded whole, such as neural:model=DIR"
            )
        panels[each.name] = {
            f"{len(each.data) * times / 1e6:,.3g} MB": sorted(
                (rate.model_bits / 8, 100 * (rate.raw + rate.model_bits / (8 * rate.size_bytes * times)))
                for rate in whole
            )
            for times in (1, 10, 100)
        }
    line_plot(
        panels,
        path,
        x="bytes of the model",
        y="adjusted rate, %",
        title="Adjusted rate by the size of the model, for sets of several sizes at the raw rate measured",
        log_y=True,
    )
