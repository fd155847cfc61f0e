"""`report_html`: any result as one HTML page."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import Any

from kolmo._core.files import check_output, write_bytes
from kolmo._core.reports.charts import Chart, LineChart
from kolmo._core.results import Result
from kolmo._core.tables import Table
from kolmo._version import __version__
from kolmo.errors import ParameterError
from kolmo.show.report.drawing import drawn
from kolmo.show.report.excerpts import Excerpts
from kolmo.show.report.page import page_of, trusted
from kolmo.show.report.rows import sheet_of

_ENDINGS = (".html", ".htm")
_MOST_TABLES, _MOST_CHARTS = 40, 12
_WARNING = "warning:"


def report_html(
    result: Result | Sequence[Result] | Mapping[str, Result | Sequence[Result]],
    path: str | os.PathLike[str] | None = None,
    *,
    items: Any = None,
    positions: Sequence[int] | None = None,
    force: bool = False,
    command: str = "",
    tables: Sequence[Table] = (),
    labels: Mapping[str, str] | None = None,
) -> str:
    """Return results as one self-contained HTML page, and write it to a file.

    The page has the question and its answer in a sentence, charts, tables that can be sorted, how sure the answer is,
    how to reproduce it, and excerpts of the items that the tables name. It loads nothing and holds no raw data but
    these excerpts, at most 200 of at most 300 characters, and the passages of at most 100 leaks or duplicates. A table
    shows at most 100 rows, and says how many are left out.

    Parameters
    ----------
    result : Result, sequence of Result, or mapping of str to either
        What functions such as `kolmo.joint_gain` and `kolmo.find_leaks` return. Several results of one type, such as
        the gains by several coders, stand in common tables. The keys of a mapping name its parts, such as data sets.
    path : path-like, optional
        The file, ending with ``.html`` or ``.htm``; by default none is written.
    items : collection of items or Corpus, or mapping of str to such, optional
        The items that were measured, for the excerpts; of leaks ``{"training": train, "test": test}``.
    positions : sequence of int, optional
        Position of each item in the file that it was drawn from, which the page shows.
    force : bool
        Whether an existing file may be replaced.
    command : str
        The command that made the results, for the section on how to reproduce them.
    tables : sequence of Table
        Further tables, placed first, such as one of the data sets.
    labels : mapping of str to str, optional
        Quantities and units of axes, such as ``{"size": "tokens", "loss": "loss, nats/token"}`` for a law.

    Returns
    -------
    str
        The page.

    Raises
    ------
    ParameterError
        If it is no result, the path has another ending, or the file exists and `force` is false.
    OutputError
        If the file cannot be written.

    Examples
    --------
    >>> import kolmo
    >>> page = report_html(kolmo.compression_rate("to be or not to be, " * 50, "gzip"))
    >>> page.startswith("<!DOCTYPE html>"), len(page) < 40_000
    (True, True)
    """

    def content() -> dict[str, Any]:
        excerpts = Excerpts(items, positions)
        return page_content(result, excerpts=excerpts, command=command, tables=tables, labels=labels or {})

    return written("report.html.j2", content, path, force=force)


def written(
    template: str, content: Callable[[], dict[str, Any]], path: str | os.PathLike[str] | None, *, force: bool
) -> str:
    """Return a page; write it to a file if one is named, which is checked first."""
    if path is not None:
        if Path(path).suffix.lower() not in _ENDINGS:
            raise ParameterError(f"expected a path that ends with .html or .htm, got {os.fspath(path)!r}")
        check_output(path, force=force)
    page = page_of(template, **content())
    if path is not None:
        write_bytes(path, page.encode("utf-8"))
    return page


@dataclass
class _Part:
    """Results of one type, and the name of what they are of."""

    name: str
    results: list[Result] = field(default_factory=list)

    @property
    def kind(self) -> type[Result]:
        return type(self.results[0])

    def titled(self, title: str) -> str:
        return f"{title}: {self.name}" if self.name and self.name not in title else title


def _parts(result: Any) -> list[_Part]:
    """Return results in groups of one name and type."""
    named = result if isinstance(result, Mapping) else {"": result}
    parts = []
    for name, value in named.items():
        results = [value] if isinstance(value, Result) else list(value) if isinstance(value, Sequence) else [value]
        for each in results:
            if not isinstance(each, Result):
                raise ParameterError(
                    f"expected results, such as those of kolmo.joint_gain, got {type(each).__name__}; pass one, a "
                    "list, or a dict of them"
                )
        parts += [_Part(str(name), list(group)) for _, group in groupby(results, type)]
    if not parts:
        raise ParameterError("expected at least one result, got none")
    return parts


def page_content(
    result: Any,
    *,
    excerpts: Excerpts | None = None,
    command: str = "",
    tables: Sequence[Table] = (),
    labels: Mapping[str, str] = MappingProxyType({}),
    fingerprints: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the variables of the template for results; see `report_html`."""
    parts, excerpts = _parts(result), excerpts or Excerpts()
    charts = [(part, _labelled(chart, labels)) for part in parts for chart in part.kind.charts_of(part.results)]
    sheets = [sheet_of(table, excerpts) for table in tables]
    for part in parts:
        found = part.kind.report_tables_of(part.results)
        sheets += [sheet_of(table, excerpts, title=part.titled(table.title)) for table in found]
    notes = [note for sheet in sheets for note in sheet.notes if note.lower().startswith(_WARNING)]
    warnings = dict.fromkeys([*(note[len(_WARNING) :].strip() for note in notes), *_warnings(parts)])
    for sheet in sheets:
        sheet.notes[:] = [note for note in sheet.notes if note not in notes]
    answers = [(part.name, line) for part in parts for line in part.kind.answer_of(part.results).splitlines()]
    names = [name for name, _ in answers]
    evidence = (each for part in parts for each in part.kind.evidence_of(part.results))
    return {
        "question": _question(parts, sheets[0].title if sheets else ""),
        "answers": [(name if names.count("") < len(names) else "", answer) for name, answer in answers],
        "charts": [_chart(part, chart) for part, chart in charts[:_MOST_CHARTS]],
        "charts_left_out": max(len(charts) - _MOST_CHARTS, 0),
        "sheets": sheets[:_MOST_TABLES],
        "sheets_left_out": max(len(sheets) - _MOST_TABLES, 0),
        "warnings": list(warnings),
        "evidence": [each for each in dict.fromkeys(evidence) if each not in warnings],
        "excerpts": excerpts.found,
        "facts": facts_of(command),
        "fingerprints": list(dict.fromkeys([*fingerprints, *_attributes(parts, "fingerprint")])),
        "citations": list(dict.fromkeys(each for part in parts for each in getattr(part.kind, "citations", ()))),
    }


def _question(parts: list[_Part], title: str) -> str:
    return next((part.kind.question for part in parts if part.kind.question), title)


def _labelled(chart: Chart, labels: Mapping[str, str]) -> Chart:
    """Return a chart whose axes have other labels."""
    if not isinstance(chart, LineChart):
        return chart
    names = {name: labels.get(name, name) for name in (chart.x_label, chart.y_label)}
    return replace(chart, x_label=names[chart.x_label], y_label=names[chart.y_label])


def _chart(part: _Part, chart: Chart) -> tuple[str, Any]:
    return part.titled(chart.title), trusted(drawn(chart))


def _warnings(parts: list[_Part]) -> list[str]:
    return [
        str(warning)
        for part in parts
        for result in part.results
        if isinstance(found := getattr(result, "warnings", ()), list | tuple)
        for warning in found
    ]


def _attributes(parts: list[_Part], name: str) -> list[str]:
    """Return an attribute of results, and of the results that they hold."""
    found = []
    for part in parts:
        for result in part.results:
            inner = [each for value in vars(result).values() if isinstance(value, tuple | list) for each in value]
            for each in (result, *inner):
                value = getattr(each, name, "") if isinstance(each, Result) else ""
                found += [value] if value else []
    return found


def facts_of(command: str) -> dict[str, Any]:
    """Return what reproduces a page: the command, the date and the versions."""
    return {
        "command": command,
        "date": datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z"),
        "kolmo": __version__,
        "python": f"{platform.python_version()} on {platform.system()} {platform.machine()}",
    }
