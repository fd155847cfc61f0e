"""``kolmo rates``: compression rates of neural, general and specialised coders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kolmo._core.progress import progress
from kolmo.cli.inputs import content_options
from kolmo.cli.options import (
    CoderSpec,
    Command,
    Size,
    html_option,
    json_option,
    once_each,
    picture_option,
    verbose_option,
)
from kolmo.cli.output import print_json, print_tables, say, write_report
from kolmo.coders.base import Coder
from kolmo.errors import MissingDependencyError, ParameterError

if TYPE_CHECKING:
    from kolmo.data.symbols import Symbols
    from kolmo.evaluation.compression_rates import CompressionRate, PositionCurve

_CODERS = ("gzip", "xz", "zstd:level=19", "brotli", "ppmd", "mix")
_SPECIALISED = {"image": ("png", "webp", "jxl"), "audio": ("flac",)}
_SHAPES = {"image": "channels={channels}", "audio": "channels={channels},width={sample_bytes}"}
"""The parameters of specialised coders that the shape of the data decides."""
_WHOLE = "whole"
_LEAST_RANDOM, _MOST_RANDOM = 2**15, 2**18
_POSITION_BYTES, _POSITION_CHUNK = 2**18, 2048
_PUBLISHED = (
    "published: Chinchilla 70B 43.4% on ImageNet patches and 16.4% on LibriSpeech, PNG 58.5% and FLAC 30.3% "
    "(Delétang et al. 2023, abstract; other data, raw rates)"
)


class _Chunk(Size):
    """A number of bytes, or ``whole``, which becomes 0."""

    name = "chunk"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        return 0 if value == _WHOLE else super().convert(value, param, ctx)


@click.command(cls=Command, no_args_is_help=False)
@click.argument("data", nargs=-1, metavar="[DATA]...")
@click.option(
    "-c",
    "--coder",
    "coders",
    type=CoderSpec(),
    multiple=True,
    callback=once_each,
    metavar="CODER",
    help=f"A coder; repeat it for several. See: kolmo coders  [default: {', '.join(_CODERS)}; also "
    f"{', '.join(_SPECIALISED['image'])} for pictures and {', '.join(_SPECIALISED['audio'])} for sound]",
)
@click.option(
    "--add",
    type=CoderSpec(),
    multiple=True,
    callback=once_each,
    metavar="CODER",
    help="A coder in addition to the default ones, such as neural:model=DIR.",
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
    help=f"Bytes of chunks that are coded independently, or {_WHOLE}; repeat it for several.",
)
@click.option("--limit", type=Size(), default="1MB", show_default=True, metavar="SIZE", help="Bytes of each DATA read.")
@content_options(pixels="grey", mono=True)
@click.option(
    "--random/--no-random", default=True, show_default=True, help="Also measure as many random bytes, as a control."
)
@picture_option("--positions", content="bits/byte by the position in a chunk")
@picture_option("--sizes", content="adjusted rates by the size of the model")
@verbose_option
@html_option
@json_option
def command(
    data: tuple[str, ...],
    coders: tuple[Coder, ...],
    add: tuple[Coder, ...],
    chunks: tuple[int, ...],
    limit: int,
    reading: dict[str, Any],
    random: bool,
    positions: Path | None,
    sizes: Path | None,
    verbose: bool,
    html: Path | None,
    as_json: bool,
) -> None:
    """Compare compression rates, raw and with model size, as in "Language Modeling Is Compression".

    DATA are files or folders. Pictures are read as grey patches of 64 x 32 pixels, sounds as 16-bit samples. Without
    DATA, texts of the installed libraries are measured. The raw rate is the compressed size in % of the raw size; the
    adjusted rate adds the size of the model, which is 0 for general coders and for coders that learn while they code.
    The speed is that of computing the code length.

    \b
    kolmo rates book.txt pictures/ speech.wav
    kolmo rates book.txt --add neural:model=model/ --positions learning.png
    kolmo rates book.txt -c neural:model=small/ -c neural:model=large/ --sizes scaling.png
    """
    from kolmo.evaluation.compression_rates import CompressionRate, compression_rate

    sets = _read(data, limit, reading, random=random)
    missing: dict[str, str] = {}
    chosen = {each.name: _chosen(each, coders, add, missing) for each in sets}
    _check_pictures(sets, chosen, chunks, positions=positions is not None, sizes=sizes is not None)
    rates: dict[str, list[CompressionRate]] = {each.name: [] for each in sets}
    work = [(each, coder, chunk) for each in sets for coder in chosen[each.name] for chunk in chunks]
    with progress(sum(len(each.data) for each, _, _ in work), label="rates", unit="B") as bar:
        for each, coder, chunk in work:
            bar.describe(f"{coder} on {each.name}")
            rates[each.name].append(compression_rate(each.data, coder, chunk=chunk or None))
            bar.update(len(each.data))
    curves = {} if positions is None else _draw_positions(sets, chosen, positions)
    if sizes is not None:
        _draw_sizes(sets, rates, sizes)
    write_report(html, {each.name: [*rates[each.name], *curves.get(each.name, ())] for each in sets})
    if as_json:
        documents = [
            {
                "name": each.name,
                "modality": each.modality,
                "size_bytes": len(each.data),
                "remarks": list(each.remarks),
                "rates": [rate.to_dict() for rate in rates[each.name]],
                "bits_by_position": [curve.to_dict() for curve in curves.get(each.name, ())],
            }
            for each in sets
        ]
        print_json({"sets": documents, "not_installed": missing, "citations": list(CompressionRate.citations)})
        return
    tables = [table for each in sets for table in CompressionRate.tables_of(rates[each.name])]
    for each, table in zip(sets, tables, strict=True):
        modality = "" if each.modality in ("bytes", "random") else f"{each.modality}, "
        table.title = f"Compression rates of {each.name} ({modality}{len(each.data):,} bytes)"
        table.footers = []
    everything = [rate for own in rates.values() for rate in own]
    tables[-1].footers = [
        *CompressionRate.tables_of(everything, verbose=verbose)[0].footers,
        _PUBLISHED,
        *(f"not installed: {name}; {reason}" for name, reason in missing.items()),
    ]
    print_tables(tables)


def _read(data: tuple[str, ...], limit: int, reading: dict[str, Any], *, random: bool) -> list[Symbols]:
    import numpy as np

    from kolmo.data.builtin import docstrings
    from kolmo.data.decoding import Reading
    from kolmo.data.symbols import MAX_DECODED_BYTES, Symbols, read_symbols

    sets = [
        read_symbols(path, limit=limit, reading=Reading(**reading, max_item_bytes=MAX_DECODED_BYTES)) for path in data
    ]
    for path, each in zip(data, sets, strict=True):
        say(path, each.remarks)
    if not data:
        text = b"\n".join(docstrings("train").items)[:limit]
        sets.append(Symbols(data=text, modality="text", name="docstrings"))
    if random:
        size = min(max(_LEAST_RANDOM, *(len(each.data) for each in sets)), limit, _MOST_RANDOM)
        noise = np.random.default_rng(0).integers(0, 256, size, np.uint8).tobytes()
        sets.append(Symbols(data=noise, modality="random", name="random bytes"))
    names = [each.name for each in sets]
    if len(set(names)) < len(names):
        raise ParameterError(f"expected data sets with different names, got {', '.join(names)}; rename one")
    return sets


def _chosen(each: Symbols, coders: tuple[Coder, ...], add: tuple[Coder, ...], missing: dict[str, str]) -> list[Coder]:
    """Return the coders for a set: the given ones, or the default ones that are installed."""
    from kolmo.coders.registry import coder

    if coders:
        return list(dict.fromkeys([*coders, *add]))
    found: list[Coder] = []
    for spec in (*_CODERS, *_specialised(each)):
        try:
            made = coder(spec)
            made.versions()
            found.append(made)
        except MissingDependencyError as error:
            missing[spec] = str(error)
    return list(dict.fromkeys([*found, *add]))


def _specialised(each: Symbols) -> list[str]:
    """Return the coders for the kind of data, none for samples that they cannot hold."""
    fits = {"image": each.sample_bytes == 1 and each.channels in (1, 3), "audio": each.sample_bytes <= 3}
    if not fits.get(each.modality):
        return []
    shape = _SHAPES[each.modality].format(channels=each.channels, sample_bytes=each.sample_bytes)
    is_default = shape in ("channels=1", "channels=1,width=2")
    return [name if is_default else f"{name}:{shape}" for name in _SPECIALISED[each.modality]]


def _check_pictures(
    sets: list[Symbols], chosen: dict[str, list[Coder]], chunks: tuple[int, ...], *, positions: bool, sizes: bool
) -> None:
    """Refuse pictures that the data or the coders do not allow, before any work starts."""
    for each in sets:
        if positions and len(each.data) < _POSITION_CHUNK:
            raise ParameterError(
                f"--positions: expected at least {_POSITION_CHUNK:,} bytes, got {len(each.data):,} of {each.name}"
            )
        n_models = sum(coder.model_bits > 0 for coder in chosen[each.name]) if sizes else 0
        if sizes and (n_models < 2 or 0 not in chunks):
            raise ParameterError(
                "--sizes: expected at least two coders with a model, such as neural:model=DIR, and --chunk whole, got "
                f"{n_models} of {len(chosen[each.name])} coders with a model"
            )


def _draw_positions(sets: list[Symbols], coders: dict[str, list[Coder]], path: Path) -> dict[str, list[PositionCurve]]:
    """Draw bits/byte by the position in a chunk, and return the curves."""
    from kolmo.evaluation.compression_rates import bits_by_position
    from kolmo.show.plots import line_plot

    curves = {
        each.name: [
            bits_by_position(each.data[:_POSITION_BYTES], coder, chunk=_POSITION_CHUNK) for coder in coders[each.name]
        ]
        for each in sets
    }
    panels = {
        name: {curve.coder: [(float(position), bits) for position, bits in curve] for curve in own}
        for name, own in curves.items()
    }
    line_plot(
        panels,
        path,
        x="position in the chunk, bytes",
        y="code length, bits/byte",
        title="Code length by position in the chunk",
        level=8.0,
    )
    return curves


def _draw_sizes(sets: list[Symbols], rates: dict[str, list[CompressionRate]], path: Path) -> None:
    """Draw adjusted rates by the size of the model, also for 10 and 100 times the data at the same raw rate."""
    from kolmo.show.plots import line_plot

    panels: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for each in sets:
        whole = [rate for rate in rates[each.name] if rate.model_bits > 0 and not rate.chunk]
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
        x="size of the model, bytes",
        y="adjusted rate, %",
        title="Adjusted rate by the size of the model, for data sets of several sizes at the measured raw rate",
        log_y=True,
    )
