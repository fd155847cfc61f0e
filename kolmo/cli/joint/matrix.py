"""``kolmo joint matrix``: the joint gains of all pairs of several data sets."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kolmo._core.terminal import is_terminal
from kolmo.cli.inputs import content_options
from kolmo.cli.joint.sets import (
    NamedSet,
    layout_option,
    limit_option,
    null_options,
    read_sets,
    sets_document,
    sets_table,
)
from kolmo.cli.options import (
    Command,
    checkpoint_option,
    coder_option,
    html_option,
    jobs_option,
    json_option,
    picture_option,
    seed_option,
    verbose_option,
)
from kolmo.cli.output import OutputFile, print_json, print_tables, write_report, write_text
from kolmo.coders.base import Coder
from kolmo.errors import DataError, ParameterError

if TYPE_CHECKING:
    from kolmo._core.tables import Table
    from kolmo.joint.gain_matrix_results import GainMatrix

_RANDOM = "random"
_FIRST_LOOK_BYTES = 10**7
"""Bytes that slow coders read, from which a first look by xz is shown; `mix` takes about 20 seconds for them."""
_FAST = ("gzip", "zlib", "deflate", "lz4", "zstd", "xz", "lzma", "bz2", "lz77")


@click.command(cls=Command, no_args_is_help=False)
@click.argument("data", nargs=-1, required=True, metavar="DATA...")
@coder_option("mix")
@limit_option
@content_options()
@click.option("--random", "with_random", is_flag=True, help="Add a set of random bytes, as a control.")
@null_options(2)
@layout_option
@seed_option
@click.option(
    "--csv", "csv_file", type=OutputFile(), metavar="FILE", help="Write the gains of the first coder to FILE, as CSV."
)
@click.option(
    "--pairs-csv",
    "pairs_file",
    type=OutputFile(),
    metavar="FILE",
    help="Write a row for each pair to FILE, as CSV: L(X), L(Y), L(X|Y), L(Y|X), savings, gain, null, excess, p-value.",
)
@picture_option("--heat-map", content="the excess gains of the first coder")
@checkpoint_option
@jobs_option
@verbose_option
@html_option
@json_option
def command(
    data: tuple[str, ...],
    coders: tuple[Coder, ...],
    limit: int,
    reading: dict[str, Any],
    with_random: bool,
    null: str,
    n_permutations: int,
    layout: str,
    seed: int,
    csv_file: Path | None,
    pairs_file: Path | None,
    heat_map: Path | None,
    checkpoint: Path | None,
    jobs: int,
    verbose: bool,
    html: Path | None,
    as_json: bool,
) -> None:
    """Measure the joint gains of all pairs of several data sets.

    DATA are files or folders. Pictures are read as pixels, sounds as samples, FASTA as bases, all other files as bytes.
    The diagonal holds the gain of each set with itself. The excess gain is that beyond the gain with permuted byte
    values. For large sets, which take mix minutes, the gains by xz are shown first on a terminal; they find copies and
    little else. For trees and maps: kolmo tree.

    \b
    kolmo joint matrix english.txt french.txt code.py photographs/ -c mix -c xz --random
    kolmo joint matrix genomes/*.fa --csv gains.csv
    """
    from kolmo.joint.gain_matrix_results import GainMatrix
    from kolmo.joint.many_sets import gain_matrix, random_control

    if len(data) < 2:
        raise ParameterError(f"expected at least two data sets, got {len(data)}")
    if heat_map is not None and not n_permutations:
        raise ParameterError("--heat-map draws excess gains, expected at least 1 permutation, got 0")
    sets = read_sets(data, limit, reading)
    items = {each.name: each.data for each in sets}
    if with_random:
        if _RANDOM in items:
            raise ParameterError(f"there is a set named {_RANDOM!r}; rename it, or omit --random")
        items[_RANDOM] = random_control(items, random_state=seed)
        sets.append(NamedSet(name=_RANDOM, modality=_RANDOM, data=items[_RANDOM]))
    if not as_json and is_terminal(sys.stderr) and _slow_bytes(items, coders, n_permutations) > _FIRST_LOOK_BYTES:
        print_tables(_first_look(items, seed, jobs), sys.stderr)
    matrices = [
        gain_matrix(
            items,
            coder=coder,
            layout=layout,
            null=null,
            n_permutations=n_permutations,
            random_state=seed,
            n_jobs=jobs,
            checkpoint=checkpoint,
        )
        for coder in coders
    ]
    if csv_file is not None:
        _write_csv(csv_file, matrices[0])
    if pairs_file is not None:
        _write_pairs(pairs_file, matrices[0])
    if heat_map is not None:
        _draw(matrices[0], heat_map)
    rates = {matrix.coder: (matrix.code_lengths / matrix.sizes).tolist() for matrix in matrices}
    write_report(html, matrices, tables=[sets_table(sets, rates)])
    if as_json:
        documents = [matrix.to_dict() for matrix in matrices]
        print_json({"sets": sets_document(sets, rates), "matrices": documents, "citations": list(GainMatrix.citations)})
        return
    print_tables([sets_table(sets, rates), *GainMatrix.tables_of(matrices, verbose=verbose)])


def _slow_bytes(items: Mapping[str, bytes], coders: Sequence[Coder], n_permutations: int) -> int:
    """Return the bytes that coders slower than xz read for all pairs."""
    slow = sum(not coder.name.startswith(_FAST) for coder in coders)
    return slow * len(items) * sum(map(len, items.values())) * (2 + n_permutations)


def _first_look(items: Mapping[str, bytes], seed: int, jobs: int) -> list[Table]:
    """Return the table of the gains by xz, with a note on what they are worth."""
    from kolmo.joint.gain_matrix_results import GainMatrix
    from kolmo.joint.many_sets import gain_matrix

    found = gain_matrix(items, coder="xz", n_permutations=0, random_state=seed, n_jobs=jobs)
    table = GainMatrix.tables_of([found])[0]
    table.title = f"A first look: {table.title}"
    table.footers = ["xz finds copies and little else; the table of the chosen coder follows on stdout"]
    return [table]


def _write_csv(path: Path, matrix: GainMatrix) -> None:
    import csv

    def write(file: Any) -> None:
        writer = csv.writer(file)
        writer.writerow(["set", *matrix.names])
        writer.writerows([name, *row] for name, row in zip(matrix.names, matrix.relative_gain.tolist(), strict=True))

    write_text(path, write)


def _write_pairs(path: Path, matrix: GainMatrix) -> None:
    import csv

    rows = matrix.pairs()

    def write(file: Any) -> None:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)

    write_text(path, write)


def _draw(matrix: GainMatrix, path: Path) -> None:
    from kolmo.show.maps import gain_map

    if matrix.null == "none":
        raise DataError("--heat-map draws excess gains, and there are none: the bytes of these sets cannot be permuted")
    title = f"Excess gain ({matrix.coder}), %; noise floor {100 * matrix.noise_floor:.2f}%"
    gain_map(100 * matrix.excess_gain, matrix.names, path, title=title, label="excess gain, %")
