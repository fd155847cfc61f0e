"""``kolmo joint gain``: the mutual information of two data sets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kolmo.cli.inputs import content_options
from kolmo.cli.joint.sets import (
    check_different,
    given_null_options,
    layout_option,
    limit_option,
    null_options,
    order_option,
    pair_name,
    read_sets,
    sets_document,
    sets_table,
    two_of,
)
from kolmo.cli.options import (
    Command,
    InputFile,
    checkpoint_option,
    coder_option,
    html_option,
    jobs_option,
    json_option,
    seed_option,
    verbose_option,
)
from kolmo.cli.output import print_json, print_tables, write_report
from kolmo.coders.base import Coder
from kolmo.errors import ParameterError

if TYPE_CHECKING:
    from kolmo.joint.gain_results import Order


@click.command(cls=Command, no_args_is_help=False)
@click.argument("data", nargs=-1, required=True, metavar="X Y")
@coder_option("mix")
@limit_option
@content_options()
@click.option(
    "--resamples",
    type=click.IntRange(min=0),
    default=8,
    show_default=True,
    metavar="N",
    help="Number of half-samples of documents for the 95% confidence interval, at least 2; 0 for none.",
)
@null_options(8)
@click.option(
    "--null-set",
    "null_files",
    multiple=True,
    type=InputFile(),
    metavar="DATA",
    help="A set for the null gain instead of permutations, of the size of Y; repeat it for several.",
)
@layout_option
@order_option
@seed_option
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
    resamples: int,
    null: str,
    n_permutations: int,
    null_files: tuple[str, ...],
    layout: str,
    order: Order,
    seed: int,
    checkpoint: Path | None,
    jobs: int,
    verbose: bool,
    html: Path | None,
    as_json: bool,
) -> None:
    """Estimate the mutual information of two data sets by joint compression, with controls.

    X and Y are files or folders. Pictures are read as pixels, sounds as samples, FASTA as bases, all other files
    as bytes. L is the code length in bits; L(X,Y) is that of both sets together, the mean of the orders X,Y and Y,X.
    The gain is L(X) + L(Y) - L(X,Y). The null gain is that of X with Y under permutations of its byte values, and the
    excess gain is what the gain has beyond it. Two controls show the scale of the coder: X with random bytes, which
    have no information in common, and X with itself.

    \b
    kolmo joint gain english.txt french.txt
    kolmo joint gain english.txt french.txt -c mix -c xz --order interleaved
    kolmo joint gain photograph.png numbers.txt --layout shared
    """
    from kolmo.joint.gain_results import JointGain
    from kolmo.joint.two_sets import joint_gain

    two_of(data, "for several sets use: kolmo joint matrix")
    check_different([*data, *null_files])
    if null_files and (given := given_null_options()):
        raise ParameterError(f"expected --null-set without {' and '.join(given)}: given sets are not permuted")
    sets = read_sets(data, limit, reading)
    x, y = (each.documents(order) for each in sets)
    thirds = [each.documents(order) for each in read_sets(null_files, limit, reading)] if null_files else None
    gains = [
        joint_gain(
            x,
            y,
            coder=coder,
            layout=layout,
            order=order,
            null=thirds or null,
            n_permutations=n_permutations,
            n_resamples=resamples,
            random_state=seed,
            n_jobs=jobs,
            checkpoint=checkpoint,
        )
        for coder in coders
    ]
    rates = {gain.coder: (gain.length_x / gain.sizes[0], gain.length_y / gain.sizes[1]) for gain in gains}
    write_report(html, {pair_name(sets): gains}, tables=[sets_table(sets, rates, symbols="XY")])
    if as_json:
        documents = [gain.to_dict() for gain in gains]
        print_json({"sets": sets_document(sets, rates), "gains": documents, "citations": list(JointGain.citations)})
        return
    print_tables([sets_table(sets, rates, symbols="XY"), *JointGain.tables_of(gains, verbose=verbose)])
