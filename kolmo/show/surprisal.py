"""Surprisal of each byte as coloured text, for the terminal and as an HTML page."""

from __future__ import annotations

import html
import itertools
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from rich.text import Text

from kolmo._core.results import Result
from kolmo._core.terminal import is_visible, visible

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kolmo._core.reports.charts import Chart
    from kolmo._core.tables import Table

BOUNDS = (0.5, 1.0, 2.0, 4.0, 6.0, 8.0)
"""Bits per byte at which the colour changes."""
COLORS = ("#ffffff", "#fdf0d5", "#fddca5", "#fcb97d", "#f58f5b", "#e05a47", "#b3263f")
"""From low to high surprisal, in a terminal; the style sheet of the page has its own."""
_PARTS, _ROWS = 200, 10
"""Parts of a file in the chart of the page, and in its table."""


@dataclass(frozen=True, kw_only=True)
class Part(Result):
    """The surprisal of one part of a file.

    Parameters
    ----------
    bytes : int
        End of the part.
    bits_per_byte : float
        Mean from the start of the file to the end of the part.
    bits_per_byte_of_part : float
        Mean of the part.
    """

    question: ClassVar[str] = "Which parts of the file are surprising?"

    bytes: int
    bits_per_byte: float
    bits_per_byte_of_part: float

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        from kolmo._core.tables import Column, Table

        names = ("bytes", "bits/byte so far", "bits/byte in this part")
        table = Table("Mean surprisal along the file", [Column(name, numeric=True) for name in names])
        for part in results:
            table.add(f"{part.bytes:,}", f"{part.bits_per_byte:.3f}", f"{part.bits_per_byte_of_part:.3f}")
        return [table]

    @classmethod
    def report_tables_of(cls, results: Sequence[Self]) -> list[Table]:
        return []  # the page has the table of fewer parts

    @classmethod
    def charts_of(cls, results: Sequence[Self]) -> list[Chart]:
        from kolmo._core.reports.charts import Curve, LineChart

        ends = [part.bytes for part in results]
        return [
            LineChart(
                title="Surprisal along the file",
                x_label="position in the file, bytes",
                y_label="bits/byte",
                curves=[
                    Curve(name="mean so far", x=ends, y=[part.bits_per_byte for part in results]),
                    Curve(name="mean of each part", x=ends, y=[part.bits_per_byte_of_part for part in results]),
                ],
            )
        ]

    @classmethod
    def evidence_of(cls, results: Sequence[Self]) -> list[str]:
        return [
            "The surprisal of a byte is -log2 of its probability given all bytes before it; the sum is the code "
            "length, which is exact for this coder.",
            "A byte is surprising for this coder and these bytes before it; a stronger coder is surprised less.",
        ]


def shade(bits: float) -> int:
    """Return the number of the colour for a surprisal in bits.

    Examples
    --------
    >>> shade(0.1), shade(3.0), shade(12.0)
    (0, 3, 6)
    """
    return sum(bits >= bound for bound in BOUNDS)


def ink(color: int) -> str:
    """Return a text colour that is readable on a background colour."""
    return "#ffffff" if color >= 5 else "#202020"


def runs(data: bytes, bits: NDArray[np.float64]) -> Iterator[tuple[str, int, float]]:
    """Yield runs of text of one colour, with the number of the colour and the bits of the run.

    Text is decoded as UTF-8; the colour of a character is that of the mean over its bytes. Bytes that are not part of a
    character, and characters that cannot be seen, are shown as escapes.

    Examples
    --------
    >>> import numpy as np
    >>> list(runs("aé".encode(), np.array([0.0, 9.0, 7.0])))
    [('a', 0, 0.0), ('é', 6, 16.0)]
    """
    place, piece, color, total = 0, "", -1, 0.0
    for character in data.decode("utf-8", errors="surrogateescape"):
        size = len(character.encode("utf-8", errors="surrogateescape"))
        cost = float(bits[place : place + size].sum())
        own = shade(cost / size)
        if own != color and piece:
            yield piece, color, total
            piece, total = "", 0.0
        color = own
        if "\udc80" <= character <= "\udcff":
            piece += f"\\x{data[place]:02x}"
        else:
            piece += character if character in "\n\t" or is_visible(character) else visible(character)
        place += size
        total += cost
    if piece:
        yield piece, color, total


def legend_labels() -> list[str]:
    """Return the range of each colour in bits per byte."""
    inner = [f"{low:g} to {high:g}" for low, high in itertools.pairwise(BOUNDS)]
    return [f"below {BOUNDS[0]:g}", *inner, f"{BOUNDS[-1]:g} and more"]


def colored_text(data: bytes, bits: NDArray[np.float64]) -> Text:
    """Return the text for rich, with the background colour of its surprisal."""
    text = Text()
    for piece, color, _ in runs(data, bits):
        text.append(piece, style=f"{ink(color)} on {COLORS[color]}")
    return text


def colored_legend() -> Text:
    """Return the legend of the colours."""
    text = Text("bits/byte: ")
    for number, label in enumerate(legend_labels()):
        text.append(f" {label} ", style=f"{ink(number)} on {COLORS[number]}")
    return text


def parts_of(bits: NDArray[np.float64], count: int) -> list[Part]:
    """Return the mean bits per byte up to the end of each of `count` parts, and of the part.

    Examples
    --------
    >>> import numpy as np
    >>> [(part.bytes, part.bits_per_byte) for part in parts_of(np.array([4.0, 2.0, 1.0, 1.0]), 2)]
    [(2, 3.0), (4, 2.0)]
    """
    import numpy as np

    ends = sorted({round(len(bits) * (number + 1) / count) for number in range(count)} - {0})
    totals = np.concatenate([[0.0], np.cumsum(bits)])
    starts = [0, *ends][: len(ends)]
    return [
        Part(
            bytes=end,
            bits_per_byte=float(totals[end] / end),
            bits_per_byte_of_part=float((totals[end] - totals[start]) / (end - start)),
        )
        for start, end in zip(starts, ends, strict=True)
    ]


def surprisal_html(
    data: Any,
    bits: NDArray[np.float64],
    path: str | os.PathLike[str] | None = None,
    *,
    summary: str = "",
    fingerprint: str = "",
    force: bool = False,
    command: str = "",
) -> str:
    """Return an HTML page of a text that is coloured by its surprisal, and write it to a file.

    Unlike other reports it holds the whole text, which is its subject.

    Parameters
    ----------
    data : str or bytes-like
        The text.
    bits : ndarray of shape (n_bytes,)
        Its surprisals; see `kolmo.surprisals`.
    path : path-like, optional
        The file, ending with ``.html`` or ``.htm``; by default none is written.
    summary : str
        A sentence below the title; by default the size and the bits.
    fingerprint : str
        The coder with its parameters and library versions.
    force : bool
        Whether an existing file may be replaced.
    command : str
        The command that made it.

    Returns
    -------
    str
        The page.

    Raises
    ------
    DataError
        If there is not one surprisal for each byte.
    ParameterError
        If the path has another ending, or the file exists and `force` is false.

    Examples
    --------
    >>> import kolmo
    >>> page = surprisal_html("to be or not to be", kolmo.surprisals("to be or not to be", coder="ngram"))
    >>> page.startswith("<!DOCTYPE html>")
    True
    """
    from kolmo._core.items import as_bytes
    from kolmo.errors import DataError
    from kolmo.show.report.page import trusted
    from kolmo.show.report.writing import page_content, written

    raw = as_bytes(data)
    if len(bits) != len(raw):
        raise DataError(f"bits: expected one for each of the {len(raw):,} bytes of the data, got {len(bits):,}")
    parts = parts_of(bits, _PARTS) or [Part(bytes=0, bits_per_byte=0.0, bits_per_byte_of_part=0.0)]
    rate = f", {parts[-1].bits_per_byte:.3f} bits/byte" if raw else ""
    said = summary or f"{float(bits.sum()):,.1f} bits for {len(raw):,} bytes{rate}"
    facts: dict[str, Any] = {
        "command": command,
        "tables": Part.tables_of(parts_of(bits, _ROWS)),
        "fingerprints": [fingerprint] if fingerprint else [],
    }

    def content() -> dict[str, Any]:
        text = "".join(
            f'<span class="b{color}" title="{cost:.1f} bits">{html.escape(piece)}</span>'
            for piece, color, cost in runs(raw, bits)
        )
        return page_content(parts, **facts) | {
            "answers": [("", f"{said}.")],
            "legend": list(enumerate(legend_labels())),
            "text": trusted(text),
        }

    return written("surprisal.html.j2", content, path, force=force)
