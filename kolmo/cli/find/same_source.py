"""``kolmo same-source``: tell whether two texts have the same source, such as one author."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from kolmo._core.terminal import write_lines
from kolmo.cli import options
from kolmo.cli.inputs import check_one_stdin, content_arguments, max_size_option, read_item, reading_options
from kolmo.cli.output import ModelFolder, print_json, print_tables, write_report
from kolmo.cli.sets import read_set
from kolmo.coders.base import Coder
from kolmo.errors import DataError, ParameterError

if TYPE_CHECKING:
    from kolmo.find.same_source import SameSourceVerifier

_LARGEST_PASSAGE, _DEFAULT_PASSAGE = 10_000, 2_000
_UNUSED_WITH_MODEL = ("coder", "n_pairs", "size")


@click.command(cls=options.Command, no_args_is_help=False)
@click.argument("files", nargs=-1, metavar="[A B]")
@click.option(
    "--texts",
    type=options.InputFile(),
    metavar="TEXTS",
    help="Texts labelled by their source, to fit probabilities to: a folder with a folder for each source, or a table.",
)
@click.option(
    "--model", type=options.InputFile(), metavar="FOLDER", help="A model saved by --save, in place of --texts."
)
@click.option("--save", type=ModelFolder(), metavar="FOLDER", help="Save the fitted model to FOLDER.")
@options.coder_option("ngram", multiple=False)
@click.option(
    "--size",
    type=click.IntRange(min=100),
    metavar="BYTES",
    help="Cut TEXTS into passages of this size.  [default: that of the shorter of A and B, at most "
    f"{_LARGEST_PASSAGE:,}]",
)
@click.option(
    "--pairs",
    "n_pairs",
    type=click.IntRange(min=10),
    default=100,
    show_default=True,
    metavar="N",
    help="Number of pairs of passages of TEXTS to fit to.",
)
@options.seed_option
@options.jobs_option
@options.html_option
@options.json_option
@options.verbose_option
@reading_options
@options.data_dir_option
@max_size_option
@click.pass_context
def command(
    context: click.Context,
    /,
    files: tuple[str, ...],
    texts: str | None,
    model: str | None,
    save: Path | None,
    coder: Coder,
    size: int | None,
    n_pairs: int,
    seed: int,
    jobs: int,
    html: Path | None,
    as_json: bool,
    verbose: bool,
    data_dir: str | None,
    max_size: int,
    reading: dict[str, Any],
) -> None:
    """Tell whether the files A and B have the same source, such as one author: a probability, or "cannot tell".

    What A and B save on each other is compared with what each saves on texts of other sources. The probability is
    fitted to pairs of passages of TEXTS, which should be of the kind of A and B: texts of one topic or genre look alike
    among texts of others. A or B may be - for stdin. With --save, both may be left out.

    \b
    kolmo same-source letter.txt diary.txt --texts authors/
    kolmo same-source --texts authors.csv --label-column author --save model
    kolmo same-source letter.txt diary.txt --model model
    """
    _check_use(context, files, texts, model, save)
    if html is not None and not files:
        raise ParameterError("--html has an effect only with the files A and B; add them, or leave out --html")
    check_one_stdin([*files, *([texts] if texts else [])])
    asked = [_text_of(file, max_size, content_arguments(reading)) for file in files]
    if model is not None:
        verifier = _loaded(model).set_params(n_jobs=jobs)
    else:
        passage = size or (min(_LARGEST_PASSAGE, *map(len, asked)) if asked else _DEFAULT_PASSAGE)
        drawing = {"size": passage, "n_pairs": n_pairs, "random_state": seed}
        verifier = _fitted(str(texts), reading, coder, drawing, jobs=jobs, data_dir=data_dir)
    if save is not None:
        verifier.save(save, force=True)  # a folder that may not be replaced was refused before
    if not asked:
        described = f"fitted to {verifier.n_pairs_:,} pairs of {verifier.sizes_[1]:,} bytes a text"
        if as_json:
            print_json({"model": str(save), "pairs": verifier.n_pairs_, "sizes": verifier.sizes_})
        else:
            write_lines([f"saved to {save}; {described}"])
        return
    report = verifier.report([tuple(asked)])
    write_report(html, report)
    if as_json:
        facts = {"margin": report.margin, "seconds": report.seconds, "fingerprint": report.fingerprint}
        print_json({"files": files} | report.records()[0] | facts)
        return
    tables = type(report).tables_of([report], verbose=verbose)
    tables[0].title = f"Same source? {files[0]} and {files[1]}"
    print_tables(tables)


def _check_use(
    context: click.Context, files: tuple[str, ...], texts: str | None, model: str | None, save: Path | None
) -> None:
    """Refuse arguments that contradict each other, or have no effect."""
    if len(files) not in (0, 2):
        raise ParameterError(f"expected two files, A and B, got {len(files)}; join the texts of one source in one file")
    if (texts is None) == (model is None):
        raise ParameterError("expected either --texts TEXTS, to fit a model to, or --model FOLDER; name one of them")
    if save is not None and model is not None:
        raise ParameterError("--save has no effect with --model, which is saved; leave it out")
    if not files and save is None:
        raise ParameterError("there is nothing to do: name the files A and B, or save a model with --save")
    for parameter in context.command.params:
        named = context.get_parameter_source(str(parameter.name)) != ParameterSource.DEFAULT
        if model is not None and parameter.name in _UNUSED_WITH_MODEL and named:
            raise ParameterError(f"{parameter.opts[-1]} has no effect with --model, which is fitted; leave it out")


def _text_of(file: str, max_size: int, reading: dict[str, Any]) -> bytes:
    from kolmo.find.drawn_pairs import LEAST_BYTES

    text = read_item(file, max_size, reading)
    if len(text) < LEAST_BYTES:
        raise DataError(
            f"{file!r}: expected a text of at least {LEAST_BYTES} bytes, got {len(text)}; nothing can be told from so "
            "little"
        )
    return text


def _fitted(
    name: str,
    reading: dict[str, Any],
    coder: Coder,
    drawing: dict[str, int],
    *,
    jobs: int,
    data_dir: str | None,
) -> SameSourceVerifier:
    from kolmo.find.drawn_pairs import source_pairs
    from kolmo.find.same_source import SameSourceVerifier

    corpus = read_set(name, split="train", data_dir=data_dir, **reading)
    if corpus.labels is None:
        raise DataError(f"the texts {name!r} have no labels, which name their sources; see --label-column and --format")
    pairs, same = source_pairs(corpus.items, corpus.labels, **drawing)
    return SameSourceVerifier(coder, n_jobs=jobs).fit(pairs, same)


def _loaded(model: str) -> SameSourceVerifier:
    from kolmo._core.models.saving import load_model
    from kolmo.find.same_source import SameSourceVerifier

    found = load_model(model)
    if not isinstance(found, SameSourceVerifier):
        raise DataError(
            f"expected a model of kolmo same-source, got a {type(found).__name__} in {model!r}; make one with: kolmo "
            "same-source --texts TEXTS --save FOLDER"
        )
    return found
