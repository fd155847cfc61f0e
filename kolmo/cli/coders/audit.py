"""``kolmo audit``: what each coder may be used for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kolmo._core.progress import progress
from kolmo.cli.options import CoderSpec, Size, jobs_option, json_option, once_each
from kolmo.cli.output import print_json, print_tables
from kolmo.coders.base import Coder
from kolmo.errors import KolmoError

if TYPE_CHECKING:
    from kolmo._core.tables import Table
    from kolmo.evaluation.auditing import Audit, Span

_ALL = "all"
_CODERS = ("gzip", "bz2", "xz", "zstd", "brotli", "ngram")


class _CoderOrAll(CoderSpec):
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return _ALL if value == _ALL else super().convert(value, param, ctx)


@click.command()
@click.option(
    "-c",
    "--coder",
    "coders",
    type=_CoderOrAll(),
    multiple=True,
    default=_CODERS,
    callback=once_each,
    metavar="CODER",
    help=f"A coder; repeat it for several; {_ALL} for every one that needs no parameter. See: kolmo coders"
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
    help="Time for a coder: it is tested up to the size that this allows.",
)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Seed of the draws.")
@jobs_option
@json_option
def command(coders: tuple[Coder | str, ...], largest: int, seconds: float, seed: int, jobs: int, as_json: bool) -> None:
    """Test coders for the axioms of a normal compressor, which distances take for granted.

    A second x costs nothing, the order does not matter, more is not less, one code for two is never longer than two.
    Real coders come near, up to some size: tested on prose, source code, small pictures and random bytes from 200
    bytes up. The limits are searched for; the verdict follows from the numbers.

    \b
    kolmo audit -c all
    kolmo audit -c gzip -c zstd:level=19 --largest 1MB --seconds 60
    """
    from kolmo._core.parallel import map_blocks
    from kolmo.evaluation.auditing import sizes_to

    chosen, left_out = _chosen(coders)
    found: list[Audit] = []
    work = [(each, sizes_to(largest), seed, seconds) for each in chosen]
    with progress(len(work), label="auditing", unit="coder") as bar:
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
    print_tables([_table(found, left_out)])


def _chosen(coders: tuple[Coder | str, ...]) -> tuple[list[Coder], dict[str, str]]:
    """Return the coders to test, and why others cannot be."""
    from kolmo.coders.registry import all_coders

    chosen = {each: None for each in coders if isinstance(each, Coder)}
    left_out = {}
    for name, each in all_coders() if _ALL in coders else ():
        if isinstance(each, KolmoError):
            left_out[name] = str(each)
        else:
            chosen[each] = None
    return list(chosen), left_out


def _attempt(coder: Coder, sizes: tuple[int, ...], seed: int, seconds: float) -> Audit | KolmoError:
    from kolmo.evaluation.auditing import audit

    try:
        return audit(coder, sizes=sizes, random_state=seed, seconds=seconds)
    except KolmoError as error:
        return error


def _document(found: list[Audit], left_out: dict[str, str], largest: int, seconds: float) -> dict[str, Any]:
    from kolmo.evaluation import axioms

    thresholds = ("IDEMPOTENT", "SEEN", "OTHERS", "PRIOR", "LOGS")
    return {
        "largest": largest,
        "seconds": seconds,
        "axioms": axioms.AXIOMS,
        "thresholds": {name.lower(): getattr(axioms, name) for name in thresholds},
        "coders": [each.to_dict() for each in found],
        "left_out": left_out,
    }


def _table(found: list[Audit], left_out: dict[str, str]) -> Table:
    from kolmo._core.tables import Column, Table
    from kolmo._core.units import format_size
    from kolmo.evaluation.axioms import IDEMPOTENT, LOGS, OTHERS, SEEN
    from kolmo.evaluation.samples import KINDS

    numbers = ("tested to", "idempotent to", "sees a copy to", "NCD(x,x)", "asymmetry")
    words = ("monotone", "distributive", "joint <= separate", "verdict")
    table = Table(
        f"{len(found)} coders on {', '.join(KINDS)}: how near to normal compressors",
        [Column("coder"), *(Column(name, True) for name in numbers), *map(Column, words)],
    )
    for each in found:
        shares = each.self_distances.values()
        asymmetry = each.worst("symmetric")
        table.add(
            each.coder,
            format_size(each.tested_to),
            *("no" if span is None else _span_cell(span, each.cells[0].size) for span in (each.idempotent, each.seen)),
            f"{min(shares):.2f} to {max(shares):.2f}",
            "-" if asymmetry is None else f"{asymmetry.share:.3f}",
            *(_answer(each.failures(axiom)) for axiom in ("monotone", "distributive", "subadditive")),
            "; ".join([each.use, *each.caveats]),
        )
    table.footers += [
        f"idempotent: NCD(x,x) <= {IDEMPOTENT:g}; sees a copy: <= {SEEN:g}; other axioms: missed by <= {OTHERS:g} of "
        f"the larger code; each beside {LOGS} log2(n) bits, for all kinds of data, in the mean of 2 to 5 draws",
        "NCD(x,x): by size, from the best to the worst, each for the worst kind of data; asymmetry: the worst cell",
        "+: no larger size was tested; " + _pieces(found),
    ]
    table.footers += [f"not tested: {name}; {why}" for name, why in left_out.items()]
    table.footers += [each.fingerprint for each in found]
    return table


def _span_cell(span: Span, smallest: int) -> str:
    from kolmo._core.units import format_size

    least = "" if span.first == smallest else f"{format_size(span.first)} to "
    return least + format_size(span.last) + ("+" if span.broken is None else "")


def _pieces(found: list[Audit]) -> str:
    """Say up to which size there were pieces of each kind."""
    from kolmo._core.units import format_size

    largest: dict[str, int] = {}
    for cell in (cell for each in found for cell in each.cells):
        largest[cell.kind] = max(cell.size, largest.get(cell.kind, 0))
    kinds = {size: [kind for kind in largest if largest[kind] == size] for size in largest.values()}
    return "pieces: of " + "; of ".join(f"{', '.join(names)} to {format_size(size)}" for size, names in kinds.items())


def _answer(failures: tuple[int, ...]) -> str:
    from kolmo._core.units import format_size

    return "no, at " + ", ".join(map(format_size, failures)) if failures else "yes"
