"""``kolmo profile``: how compressible, how redundant and how learnable data sets are."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from kolmo._core.extras import check_extra
from kolmo.cli import options
from kolmo.cli.inputs import check_one_stdin, content_of, read_item, reading_options
from kolmo.cli.output import CheckpointFile, OutputFile, print_json, print_tables, say, write_report, write_text
from kolmo.cli.rows import RowWriter
from kolmo.cli.sets import read_set
from kolmo.coders.base import Coder
from kolmo.data.lines import MAX_ITEM_BYTES, STDIN
from kolmo.errors import ParameterError
from kolmo.profile.default_coders import LADDER

if TYPE_CHECKING:
    from kolmo._core.results import Result
    from kolmo._core.tables import Table
    from kolmo.profile.reference import ReferenceBand
    from kolmo.profile.results import DataProfile


class _Passes(click.ParamType):  # type: ignore[type-arg]
    """Numbers of passes over the data, separated by commas."""

    name = "passes"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        parts = str(value).split(",")
        if not all(part.strip().isascii() and part.strip().isdecimal() and 0 < int(part[:9]) < 10**6 for part in parts):
            self.fail(f"expected numbers of passes from 1, such as 1,2,5,10, got {value!r}", param, ctx)
        return tuple(int(part) for part in parts)


@click.command(cls=options.Command, no_args_is_help=False)
@click.argument("data", nargs=-1, required=True, metavar="DATA...")
@options.coder_option(*LADDER)
@click.option(
    "--sample",
    "sample_bytes",
    type=options.Size(),
    default="2MiB",
    show_default=True,
    metavar="SIZE",
    help="Bytes of different documents that are measured; sizes and counts are of all data.",
)
@click.option(
    "--reference",
    type=options.InputFile(),
    metavar="GOOD",
    help="Judge each document by a reference: low, in band or high bits/byte at its length.",
)
@click.option(
    "--judged",
    type=OutputFile(".jsonl"),
    metavar="FILE",
    help="With --reference: write each document with its columns and its verdict to FILE, as JSON lines.",
)
@click.option(
    "--tokenizer",
    type=options.InputFile(),
    metavar="FILE",
    help="A tokenizer.json of Hugging Face tokenizers: also state the bytes of a token.",
)
@click.option(
    "--planes/--no-planes",
    default=True,
    show_default=True,
    help="Measure each bit of pictures and sounds given the higher bits, and each octave of spatial frequency.",
)
@click.option(
    "--exposures",
    type=_Passes(),
    metavar="PASSES",
    help="Train a network, and measure documents after these numbers of passes, such as 1,2,5,10 (extra neural).",
)
@click.option(
    "--network",
    default="gru:200k",
    show_default=True,
    metavar="MODEL",
    help="With --exposures: the network, as in kolmo train --model.",
)
@click.option(
    "--influence",
    "target",
    type=options.InputFile(),
    metavar="FILE",
    help="Tell which documents explain the prediction of FILE: its code length without each of them.",
)
@options.picture_option("--plot", content="bits/byte by coder, and by data seen")
@click.option("--checkpoint", type=CheckpointFile(), metavar="FILE", help="Save progress to FILE and resume from it.")
@options.jobs_option
@options.verbose_option
@options.html_option
@options.json_option
@reading_options
@options.data_dir_option
def command(
    data: tuple[str, ...],
    coders: tuple[Coder, ...],
    sample_bytes: int,
    reference: str | None,
    judged: Path | None,
    tokenizer: str | None,
    planes: bool,
    exposures: tuple[int, ...] | None,
    network: str,
    target: str | None,
    plot: Path | None,
    checkpoint: Path | None,
    jobs: int,
    verbose: bool,
    html: Path | None,
    as_json: bool,
    reading: dict[str, Any],
    data_dir: str | None,
) -> None:
    """Profile data sets: how compressible, how redundant, what is structure and what is noise.

    DATA are files (CSV, TSV, JSONL, Parquet, lines, DNA, or any one document), folders of files, - for stdin, or data
    sets by name; several stand side by side. Sizes and counts are of all data, the rest is measured on a sample that
    does not depend on the order of the documents.

    \b
    kolmo profile corpus/
    kolmo profile code/ prose/ noise.txt --plot sets.png
    kolmo profile new.jsonl --reference good.jsonl --judged judged.jsonl
    kolmo profile corpus/ --exposures 1,2,5,10
    """
    from kolmo.profile.frequencies import is_large, spatial_frequencies
    from kolmo.profile.influence import training_influence
    from kolmo.profile.memorization import exposure_curve
    from kolmo.profile.planes import bit_planes
    from kolmo.profile.profiling import profile_data
    from kolmo.profile.results import DataProfile
    from kolmo.profile.sampling import sample_of

    check_one_stdin([*data, *(each for each in (reference, target) if each)])
    _check_use(data, reference, judged)
    if "ppmd" not in LADDER and click.get_current_context().get_parameter_source("coders") is ParameterSource.DEFAULT:
        say("the coders", ["ppmd is left out; to add it, run in the project's folder: pip install '.[ppmd]'"])
    if exposures is not None:
        check_extra("torch", extra="neural", purpose="the option --exposures")
    tokens = None if tokenizer is None else _tokenizer(tokenizer)
    wanted = None if target is None else read_item(target, MAX_ITEM_BYTES, content_of(reading))
    band = None if reference is None else _band(reference, reading, data_dir, jobs)
    profiles: list[DataProfile] = []
    more: dict[str, list[Result]] = {"bit_planes": [], "frequencies": [], "exposures": [], "influence": []}
    for path, name in zip(data, _names(data), strict=True):
        documents, stream = _documents(path, reading, data_dir)
        sample = sample_of(documents, name=name, max_bytes=sample_bytes)
        if stream is not None:
            say(path, stream.remarks)
        profiles.append(
            profile_data(
                sample,
                name=name,
                coders=coders,
                sample_bytes=sample_bytes,
                reference=band,
                tokenizer=tokens,
                checkpoint=checkpoint,
                n_jobs=jobs,
            )
        )
        if planes and stream is not None and (arrays := _arrays(stream.contents)):
            more["bit_planes"].append(bit_planes(arrays, name=name, n_jobs=jobs))
            if is_large(arrays):
                more["frequencies"].append(spatial_frequencies(arrays, name=name, n_jobs=jobs))
        if exposures is not None:
            more["exposures"].append(exposure_curve(sample, model=network, passes=exposures, name=name))
        if wanted is not None:
            more["influence"].append(training_influence(sample, wanted, name=name, n_jobs=jobs))
    if judged is not None and band is not None:
        _write_judged(judged, band, data, reading, data_dir, jobs)
    if plot is not None:
        from kolmo.show.profiles import profile_plot

        profile_plot(profiles, plot)
    write_report(html, [*profiles, *(result for each in more.values() for result in each)])
    if as_json:
        found = {kind: [each.to_dict() for each in results] for kind, results in more.items()}
        print_json({"data": data, "results": [each.to_dict() for each in profiles], **found})
        return
    tables = DataProfile.tables_of(profiles, verbose=verbose)
    print_tables([*tables, *(table for each in more.values() for result in each for table in _tables(result, verbose))])


def _tables(result: Result, verbose: bool) -> list[Table]:
    return type(result).tables_of([result], verbose=verbose)


def _check_use(data: Sequence[str], reference: str | None, judged: Path | None) -> None:
    if len(set(data)) < len(data):
        twice = next(name for name in data if data.count(name) > 1)
        raise ParameterError(f"{twice!r} is given twice; give each data set once")
    if judged is not None and reference is None:
        raise ParameterError("--judged has an effect only with --reference; add it, or leave out --judged")
    if judged is not None and STDIN in data:
        raise ParameterError("--judged reads the data twice, which stdin does not allow; write it to a file first")


def _names(data: Sequence[str]) -> list[str]:
    """Return short names of the sets, or their paths if two are equal."""
    short = ["standard input" if name == STDIN else Path(name).name or name for name in data]
    return short if len(set(short)) == len(short) else list(data)


def _documents(path: str, reading: dict[str, Any], data_dir: str | None) -> tuple[Any, Any]:
    """Return the documents of a set one at a time, and their stream; a set of the catalogue as a corpus."""
    from kolmo.data.streams import Stream

    if path == STDIN or os.path.lexists(path):
        stream = Stream(path, reading)
        return iter(stream), stream
    return read_set(path, split="train", data_dir=data_dir, **reading), None


def _band(reference: str, reading: dict[str, Any], data_dir: str | None, jobs: int) -> ReferenceBand:
    from kolmo.profile.reference import SAMPLE_BYTES, ReferenceBand
    from kolmo.profile.sampling import sample_of

    documents, _ = _documents(reference, reading, data_dir)
    sample = sample_of(documents, name=repr(reference), max_bytes=SAMPLE_BYTES)
    return ReferenceBand.fit(sample, n_jobs=jobs)


def _write_judged(
    path: Path, band: ReferenceBand, data: Sequence[str], reading: dict[str, Any], data_dir: str | None, jobs: int
) -> None:
    """Write a line for each document of each set: its columns, its position and its verdict."""
    from kolmo._core.progress import progress

    def write(file: IO[str]) -> None:
        with progress(None, label="judging", unit="documents") as bar:
            for name in data:
                rows = _rows(name, reading, data_dir)
                for index, ((names, cells), row) in enumerate(band.judge_stream(rows, n_jobs=jobs)):
                    writer = RowWriter("jsonl", names, ["set", "index", *row])
                    file.write(writer.row(cells, [name, index, *row.values()]) + "\n")
                    bar.update()

    write_text(path, write)


def _rows(
    path: str, reading: dict[str, Any], data_dir: str | None
) -> Iterator[tuple[bytes, tuple[Sequence[str] | None, Sequence[Any]]]]:
    """Yield each document with the names of its columns and its cells; without a table, its file, label and text."""
    from kolmo._core.kinds import is_text
    from kolmo.data.streams import Document
    from kolmo.profile.sampling import documents_of

    documents, stream = _documents(path, reading, data_dir)
    found = (Document(*each) for each in documents_of(documents)[0]) if stream is None else stream.documents()
    for each in found:
        if each.cells is not None:
            yield each.data, (stream.names, each.cells)
            continue
        text = each.data.decode("utf-8", "backslashreplace") if is_text(each.data, control_share=1.0) else None
        columns = {"file": each.file, "label": each.label}
        known = {name: value for name, value in columns.items() if value is not None} | {"text": text}
        yield each.data, (list(known), list(known.values()))


def _tokenizer(path: str) -> Callable[[str], Sequence[Any]]:
    from kolmo._core.extras import import_extra
    from kolmo.errors import DataError

    tokenizers = import_extra("tokenizers", extra="hf", purpose="the option --tokenizer")
    try:
        made = tokenizers.Tokenizer.from_file(path)
    except Exception as error:  # the library raises Exception itself
        raise DataError(f"expected a tokenizer.json in {path!r}, which cannot be read: {error}") from error
    return lambda text: made.encode(text, add_special_tokens=False).ids


def _arrays(contents: Sequence[Any]) -> list[Any]:
    """Return the samples of pictures or sounds of 8 or 16 bits; none if they are of several depths."""
    import numpy as np

    arrays = []
    for content in contents:
        if content.picture is not None:
            is_wide = content.picture.description.startswith("16-bit")
            samples = np.ascontiguousarray(content.picture.samples)
            arrays.append(samples.view("<u2") if is_wide else samples)
        elif content.sound is not None and content.sound.sample_bytes in (1, 2):
            kind = np.uint8 if content.sound.sample_bytes == 1 else np.dtype("<i2")
            arrays.append(np.frombuffer(content.sound.data, kind))
    return arrays if len({array.dtype for array in arrays}) == 1 else []
