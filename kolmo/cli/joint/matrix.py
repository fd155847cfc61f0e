"""What ``kolmo joint`` does with several sets: the matrix of their gains, as tables, files and pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kolmo.cli.output import print_json, print_tables, write_text
from kolmo.coders.base import Coder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kolmo._core.tables import Table


def show_matrices(
    items: dict[str, bytes],
    facts: list[dict[str, Any]],
    coders: tuple[Coder, ...],
    jobs: int,
    checkpoint: Path | None,
    csv_file: Path | None,
    *,
    as_json: bool,
) -> dict[Coder, NDArray[Any]]:
    """Metric, print and write the matrix of each coder."""
    from kolmo.joint.caveats import diagnose_matrix
    from kolmo.joint.two_sets import joint_gains

    names = list(items)
    matrices = {coder: joint_gains(items, coder=coder, n_jobs=jobs, checkpoint=checkpoint) for coder in coders}
    warnings = {coder: diagnose_matrix(items, matrix, coder=coder) for coder, matrix in matrices.items()}
    if csv_file is not None:
        _write_csv(csv_file, names, matrices[coders[0]])
    if as_json:
        found: list[dict[str, Any]] = [
            {
                "coder": str(coder),
                "fingerprint": coder.fingerprint,
                "shares": matrix.tolist(),
                "warnings": warnings[coder],
            }
            for coder, matrix in matrices.items()
        ]
        print_json({"sets": facts, "matrices": found})
    else:
        print_tables([_matrix_table(coder, names, matrix, warnings[coder]) for coder, matrix in matrices.items()])
    return matrices


def draw(
    names: list[str],
    shares: NDArray[Any],
    method: str,
    coder: str,
    files: dict[str, Path | None],
    *,
    beyond_all: bool,
) -> None:
    """Write the tree and the pictures that were asked for."""
    import numpy as np

    from kolmo.distances.matrices import double_centered, symmetric
    from kolmo.trees.cluster import linkage_tree, mds, neighbor_joining
    from kolmo.trees.quartets import quartet_tree

    apart = np.clip(1 - 2 * shares, 0, None)
    if beyond_all:
        apart = double_centered(apart)
    even = symmetric(apart)
    make = {"average": linkage_tree, "neighbors": neighbor_joining, "quartets": quartet_tree}[method]
    tree = make(even, names)
    if files["newick"] is not None:
        text = tree.newick() + "\n"
        write_text(files["newick"], lambda file: file.write(text))
    if files["tree"] is not None:
        from kolmo.show.trees import dendrogram

        what = "What is not shared, less the means of both" if beyond_all else "What is not shared"
        dendrogram(tree, files["tree"], title=f"{what}, by {coder}")
    if files["heat_map"] is not None or files["map"] is not None:
        from kolmo.show import maps

        title = f"1 - 2 x the share that one code by {coder} saves"
        if beyond_all:
            title = f"What is not shared, less the means of both, by {coder}"
        if files["heat_map"] is not None:
            maps.heat_map(apart, names, files["heat_map"], order=tree, title=title)
        if files["map"] is not None:
            maps.scatter_map(mds(even), names, None, files["map"])


def _matrix_table(coder: Coder, names: list[str], matrix: NDArray[Any], warnings: list[str]) -> Table:
    from kolmo._core.tables import Column, Table

    table = Table(
        f"What one code by {coder} saves over two, % of both",
        [Column("set"), *(Column(name, True) for name in names)],
        footers=["on the diagonal: each set with itself", *warnings, coder.fingerprint],
    )
    for name, row in zip(names, matrix, strict=True):
        table.add(name, *(f"{100 * share:.2f}" for share in row))
    return table


def _write_csv(path: Path, names: list[str], matrix: NDArray[Any]) -> None:
    import csv

    def write(file: Any) -> None:
        writer = csv.writer(file)
        writer.writerow(["set", *names])
        writer.writerows([name, *row] for name, row in zip(names, matrix.tolist(), strict=True))

    write_text(path, write)
