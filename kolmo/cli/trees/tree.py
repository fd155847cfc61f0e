"""``kolmo tree``: the tree of several data sets by their normalized joint gains."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kolmo.cli.inputs import content_options
from kolmo.cli.joint.sets import limit_option, permutations_option, read_sets, sets_document, sets_table
from kolmo.cli.options import (
    Command,
    checkpoint_option,
    coder_option,
    jobs_option,
    json_option,
    picture_option,
    verbose_option,
)
from kolmo.cli.output import STDOUT, OutputFile, print_json, print_tables, say, write_text
from kolmo.coders.base import Coder
from kolmo.errors import DataError, ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kolmo._core.tables import Table
    from kolmo.joint.gain_matrix_results import GainMatrix
    from kolmo.trees.tree import Tree

_METHODS = {"average": "average linkage", "neighbors": "neighbour joining", "quartets": "quartet method"}
_CITATIONS = {
    "average": [
        'Sokal and Michener, "A statistical method for evaluating systematic relationships", University of Kansas '
        "Science Bulletin, 1958"
    ],
    "neighbors": ['Saitou and Nei, "The neighbor-joining method", Molecular Biology and Evolution, 1987'],
    "quartets": [
        'Cilibrasi and Vitanyi, "A fast quartet tree heuristic for hierarchical clustering", Pattern Recognition, 2011'
    ],
}


@click.command(cls=Command, no_args_is_help=False)
@click.argument("data", nargs=-1, required=True, metavar="DATA...")
@coder_option("mix", multiple=False)
@limit_option
@content_options()
@click.option(
    "--method",
    type=click.Choice(list(_METHODS)),
    default="average",
    show_default=True,
    help="Average linkage (UPGMA), neighbour joining, or the quartet method.",
)
@click.option(
    "--double-centered",
    is_flag=True,
    help="Subtract each set's mean distance (hubness correction): short sets have small distances to everything.",
)
@click.option(
    "--newick",
    type=OutputFile(stdout=True),
    metavar="FILE",
    help="Write the tree to FILE in Newick format; - prints it instead of the drawing.",
)
@picture_option("--plot", content="the tree")
@picture_option("--map", "map_file", content="the sets as points in the plane (multidimensional scaling)")
@picture_option("--heat-map", content="the distances, in the order of the tree")
@click.option(
    "--resamples",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="N",
    help="Also draw the tree of N half-samples of the sets, for the support of each group.",
)
@permutations_option(1)
@checkpoint_option
@jobs_option
@verbose_option
@json_option
def command(
    data: tuple[str, ...],
    coder: Coder,
    limit: int,
    reading: dict[str, Any],
    method: str,
    double_centered: bool,
    newick: Path | None,
    plot: Path | None,
    map_file: Path | None,
    heat_map: Path | None,
    resamples: int,
    n_permutations: int,
    checkpoint: Path | None,
    jobs: int,
    verbose: bool,
    as_json: bool,
) -> None:
    """Draw the tree of several data sets by their normalized distances, 1 - 2 x relative joint gain.

    DATA are files or folders. Pictures are read as pixels, sounds as samples, FASTA as bases, all other files as bytes.
    The gains are those of kolmo joint matrix. If no pair has an excess gain above the noise floor, the command says so
    instead, and draws nothing; --permutations 0 draws in any case. A fast first look: -c xz.

    \b
    kolmo tree languages/*.txt --double-centered --plot tree.png
    kolmo tree genomes/*.fa -c zstd:level=19 --method quartets --newick tree.nwk
    """
    from kolmo._core.terminal import visible, write_lines
    from kolmo.joint.estimates import remarks
    from kolmo.joint.many_sets import gain_matrix, resampled_matrices

    if len(data) < 3:
        raise ParameterError(f"expected at least three data sets, got {len(data)}")
    if resamples and len(data) < 4:
        raise ParameterError(
            f"--resamples: expected at least four data sets, all trees of three are alike, got {len(data)}"
        )
    if newick == STDOUT and as_json:
        raise ParameterError("expected either --json or --newick -, got both; the JSON document holds the tree")
    sets = read_sets(data, limit, reading)
    items = {each.name: each.data for each in sets}
    matrix = gain_matrix(
        items,
        coder=coder,
        n_permutations=n_permutations,
        n_jobs=jobs,
        checkpoint=checkpoint,
    )
    distances, tree = _tree(matrix, method, centered=double_centered)
    rates = {matrix.coder: (matrix.code_lengths / matrix.sizes).tolist()}
    drawn = matrix.has_common_structure is not False
    support = None
    if resamples and drawn:
        halves = resampled_matrices(items, coder=coder, n_resamples=resamples, n_jobs=jobs)
        support = tree.support([_tree(each, method, centered=double_centered)[1] for each in halves])
    title = f"Normalized distance 1 - 2 x gain ({matrix.coder}){', double-centred' if double_centered else ''}"
    if drawn:
        if newick is not None and newick != STDOUT:
            write_text(newick, lambda file: file.write(tree.newick(support) + "\n"))
        _draw(distances, tree, title, _METHODS[method], plot=plot, map_file=map_file, heat_map=heat_map)
    else:
        for path in (newick, plot, map_file, heat_map):
            if path is not None and path != STDOUT:
                say(str(path), ["not written, since no two sets have an excess gain above the noise floor"])
    if as_json:
        document = {
            "sets": sets_document(sets, rates),
            "method": method,
            "double_centered": double_centered,
            "newick": tree.newick(support) if drawn else None,
            "support": None if support is None else _support_rows(support),
            "distances": distances.tolist(),
            "gains": matrix.to_dict(),
            "citations": list(_CITATIONS[method]),
        }
        print_json(document)
    elif newick == STDOUT and drawn:
        write_lines([tree.newick(support)])
    elif newick == STDOUT:
        raise DataError(_nothing_shared(matrix))
    else:
        print_tables([sets_table(sets, rates)])
        shown = [f"{title}, {_METHODS[method]}", "", *str(tree).splitlines()] if drawn else [_nothing_shared(matrix)]
        write_lines(["", *shown])
        if support is not None:
            sys.stdout.write("\n")
            print_tables([_support_table(support, resamples)])
        notes = remarks([matrix], verbose=verbose) + (_CITATIONS[method] if verbose else [])
        if notes:
            sys.stdout.write("\n" + "".join(f"{visible(note)}\n" for note in notes))


def _nothing_shared(matrix: GainMatrix) -> str:
    return (
        f"No two sets have an excess gain above the noise floor, {100 * matrix.noise_floor:.2f}%: they have nothing "
        f"in common that {matrix.coder} finds, and a tree would show noise. To draw it in any case: --permutations 0"
    )


def _support_rows(support: dict[frozenset[str], float]) -> list[dict[str, Any]]:
    return [{"leaves": sorted(split), "support": share} for split, share in support.items()]


def _support_table(support: dict[frozenset[str], float], resamples: int) -> Table:
    from kolmo._core.tables import Column, Table

    table = Table(f"Support by {resamples} half-samples", [Column("group"), Column("trees, %", True)])
    for split, share in sorted(support.items(), key=lambda each: (-each[1], sorted(each[0]))):
        table.add(", ".join(sorted(split)), f"{100 * share:.0f}")
    table.footers = ["a group, or all others, as one side of a branch; below 70% it depends on the sample"]
    return table


def _tree(matrix: GainMatrix, method: str, *, centered: bool) -> tuple[NDArray[Any], Tree]:
    """Return the distances of the sets and their tree."""
    from kolmo.distances.matrices import double_centered, symmetric
    from kolmo.trees.cluster import linkage_tree, neighbor_joining
    from kolmo.trees.quartets import quartet_tree

    distances = double_centered(matrix.distances()) if centered else matrix.distances()
    make = {"average": linkage_tree, "neighbors": neighbor_joining, "quartets": quartet_tree}[method]
    return distances, make(symmetric(distances), matrix.names)


def _draw(
    distances: NDArray[Any],
    tree: Tree,
    title: str,
    method: str,
    *,
    plot: Path | None,
    map_file: Path | None,
    heat_map: Path | None,
) -> None:
    """Draw the pictures that have a file."""
    from kolmo.distances.matrices import symmetric

    if plot is not None:
        from kolmo.show.trees import dendrogram

        dendrogram(tree, plot, title=f"{title}, {method}")
    if map_file is not None:
        from kolmo.show.maps import scatter_map
        from kolmo.trees.cluster import mds

        scatter_map(mds(symmetric(distances)), tree.leaves, None, map_file, title=title)
    if heat_map is not None:
        from kolmo.show import maps

        maps.heat_map(distances, tree.leaves, heat_map, order=tree, title=title)
