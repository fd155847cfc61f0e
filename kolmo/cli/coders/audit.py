"""``kolmo audit``: the axioms of a normal compressor, and the uses that each coder is suitable for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kolmo._core.progress import progress
from kolmo.cli.inputs import content_options
from kolmo.cli.joint.sets import limit_option, read_sets
from kolmo.cli.options import (
    CoderSpec,
    Command,
    Size,
    jobs_option,
    json_option,
    once_each,
    seed_option,
    verbose_option,
)
from kolmo.cli.output import print_json, print_tables
from kolmo.coders.base import Coder
from kolmo.errors import KolmoError

if TYPE_CHECKING:
    from kolmo.evaluation.audit_results import Audit

_ALL = "all"
_CODERS = ("gzip", "bz2", "xz", "zstd", "brotli", "ngram")


class _CoderOrAll(CoderSpec):
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return _ALL if value == _ALL else super().convert(value, param, ctx)


@click.command(cls=Command, no_args_is_help=False)
@click.argument("data", nargs=-1, metavar="[DATA...]")
@click.option(
    "-c",
    "--coder",
    "coders",
    type=_CoderOrAll(),
    multiple=True,
    default=_CODERS,
    callback=once_each,
    metavar="CODER",
    help=f"A coder; repeat it for several; {_ALL} for all coders without required parameters. See: kolmo coders"
    f"  [default: {', '.join(_CODERS)}]",
)
@click.option(
    "--largest", type=Size(), default="200kB", show_default=True, metavar="SIZE", help="Bytes of the largest pieces."
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=20.0,
    show_default=True,
    metavar="N",
    help="Time limit for each coder; larger sizes that would exceed it are not tested.",
)
@limit_option
@content_options()
@seed_option
@jobs_option
@verbose_option
@json_option
def command(
    data: tuple[str, ...],
    coders: tuple[Coder | str, ...],
    largest: int,
    seconds: float,
    limit: int,
    reading: dict[str, Any],
    seed: int,
    jobs: int,
    verbose: bool,
    as_json: bool,
) -> None:
    """Check coders against the axioms of a normal compressor, by input size.

    Distances by compression assume that C(xx) = C(x), C(xy) = C(yx), C(xy) >= C(x) and C(xy) <= C(x) + C(y). Real
    coders satisfy this approximately, up to some size and on some data. It is tested on DATA, files or folders, or
    without any on prose, source code, small pictures, simulated DNA and sound, and random bytes, from 200 bytes up, and
    the size at which a coder fails is found by bisection.

    \b
    kolmo audit -c all
    kolmo audit -c gzip -c zstd:level=19 --largest 1MB --seconds 60
    kolmo audit genomes/ recordings/ -c gzip -c xz
    """
    from kolmo._core.parallel import map_blocks
    from kolmo.evaluation.audit_results import Audit
    from kolmo.evaluation.auditing import sizes_to

    chosen, left_out = _chosen(coders)
    found: list[Audit] = []
    sets = read_sets(data, limit, reading)
    own = {each.name: each.data for each in sets} or None
    sizes = sizes_to(largest)
    for name, data_set in (own or {}).items():
        if len(data_set) < 2 * sizes[0]:
            left_out[name] = f"it holds {len(data_set):,} bytes, fewer than two pieces of {sizes[0]:,}"
    work = [(each, sizes, own, seed, seconds) for each in chosen]
    with progress(len(work), label="audit", unit="coder") as bar:
        results = map_blocks(_attempt, work, n_jobs=jobs, prefer="processes")
        for each, result in zip(chosen, results, strict=True):
            bar.update()
            if not isinstance(result, KolmoError):
                found.append(result)
            elif _ALL in coders and len(chosen) > 1:
                left_out[str(each)] = str(result)
            else:
                raise result
    if as_json:
        print_json(_document(found, left_out, largest, seconds))
        return
    tables = Audit.tables_of(found, verbose=verbose)
    tables[-1].footers += [f"not tested: {name}; {reason}" for name, reason in left_out.items()]
    print_tables(tables)


def _chosen(coders: tuple[Coder | str, ...]) -> tuple[list[Coder], dict[str, str]]:
    """Return the coders to test, and the reasons why others cannot be tested."""
    from kolmo.coders.registry import all_coders

    chosen = {each: None for each in coders if isinstance(each, Coder)}
    left_out = {}
    for name, each in all_coders() if _ALL in coders else ():
        if isinstance(each, KolmoError):
            left_out[name] = str(each)
        else:
            chosen[each] = None
    return list(chosen), left_out


def _attempt(
    coder: Coder, sizes: tuple[int, ...], own: dict[str, bytes] | None, seed: int, seconds: float
) -> Audit | KolmoError:
    from kolmo.evaluation.auditing import audit

    try:
        return audit(coder, sizes=sizes, kinds=own, random_state=seed, seconds=seconds)
    except KolmoError as error:
        return error


def _document(found: list[Audit], left_out: dict[str, str], largest: int, seconds: float) -> dict[str, Any]:
    from kolmo.evaluation import axioms
    from kolmo.evaluation.audit_results import Audit

    names = ("IDEMPOTENCE_THRESHOLD", "COPY_THRESHOLD", "AXIOM_TOLERANCE", "PRIOR_THRESHOLD", "LOG_FACTOR")
    return {
        "largest": largest,
        "seconds": seconds,
        "axioms": axioms.AXIOMS,
        "thresholds": {name.lower(): getattr(axioms, name) for name in names},
        "coders": [each.to_dict() for each in found],
        "left_out": left_out,
        "citations": list(Audit.citations),
    }
