"""Surprisal of each byte as coloured text, for the terminal and as an HTML page."""

from __future__ import annotations

import html
import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from kolmo._core.terminal import is_visible, visible

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BOUNDS = (0.5, 1.0, 2.0, 4.0, 6.0, 8.0)
"""Bits per byte at which the colour changes."""
COLORS = ("#ffffff", "#fdf0d5", "#fddca5", "#fcb97d", "#f58f5b", "#e05a47", "#b3263f")
"""From low to high surprisal."""


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
    character are shown as dots.

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
        place += size
        own = shade(cost / size)
        if own != color and piece:
            yield piece, color, total
            piece, total = "", 0.0
        color = own
        piece += character if character in "\n\t" or is_visible(character) else "·"
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


def running_bits(bits: NDArray[np.float64], points: int) -> list[tuple[int, float, float]]:
    """Return positions, the mean bits per byte up to each, and the mean since the previous one.

    Examples
    --------
    >>> import numpy as np
    >>> running_bits(np.array([4.0, 2.0, 1.0, 1.0]), 2)
    [(2, 3.0, 3.0), (4, 2.0, 1.0)]
    """
    import numpy as np

    ends = sorted({round(len(bits) * (number + 1) / points) for number in range(points)} - {0})
    totals = np.concatenate([[0.0], np.cumsum(bits)])
    starts = [0, *ends][: len(ends)]
    return [
        (end, float(totals[end] / end), float((totals[end] - totals[start]) / (end - start)))
        for start, end in zip(starts, ends, strict=True)
    ]


def page(title: str, subtitle: str, data: bytes, bits: NDArray[np.float64]) -> str:
    """Return a self-contained HTML page: the coloured text, a legend, and the mean surprisal along the file."""
    legend = "".join(
        f'<span class="s{number}">{html.escape(label)}</span>' for number, label in enumerate(legend_labels())
    )
    text = "".join(
        f'<span class="s{color}" title="{total:.1f} bits">{html.escape(piece)}</span>'
        for piece, color, total in runs(data, bits)
    )
    styles = "".join(f"span.s{number}{{background:{color};color:{ink(number)}}}" for number, color in enumerate(COLORS))
    return _PAGE.format(
        title=html.escape(visible(title)),
        subtitle=html.escape(visible(subtitle)),
        legend=legend,
        text=text,
        styles=styles,
        curve=_curve(running_bits(bits, 200)),
    )


_WIDTH, _HEIGHT, _LEFT, _BELOW = 900, 220, 46, 26


def _curve(points: Sequence[tuple[int, float, float]]) -> str:
    """Return an SVG plot of bits per byte along the file: the mean so far (dark) and of each part (pale)."""
    if not points:
        return ""
    size, highest = points[-1][0], max(1.0, *(max(mean, part) for _, mean, part in points))
    wide, high = _WIDTH - _LEFT - 10, _HEIGHT - _BELOW - 10

    def line(column: int, style: str) -> str:
        places = " ".join(
            f"{_LEFT + wide * point[0] / size:.1f},{10 + high * (1 - point[column] / highest):.1f}" for point in points
        )
        return f'<polyline points="{places}" fill="none" {style}/>'

    ticks = "".join(
        f'<text x="{_LEFT - 6}" y="{14 + high * (1 - share):.1f}" text-anchor="end">{highest * share:.1f}</text>'
        f'<line x1="{_LEFT}" x2="{_WIDTH - 10}" y1="{10 + high * (1 - share):.1f}" y2="{10 + high * (1 - share):.1f}" '
        'stroke="#ddd"/>'
        for share in (0, 0.25, 0.5, 0.75, 1)
    )
    ends = (
        f'<text x="{_LEFT}" y="{_HEIGHT - 6}">byte 0</text><text x="{_WIDTH - 10}" y="{_HEIGHT - 6}" text-anchor="end">'
    )
    pale, dark = line(2, 'stroke="#f5b89a" stroke-width="1"'), line(1, 'stroke="#b3263f" stroke-width="2"')
    picture = f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="bits per byte along the file">'
    return f"{picture}{ticks}{ends}byte {size:,}</text>{pale}{dark}</svg>"


_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body{{font:16px/1.5 system-ui,sans-serif;color:#202020;background:#fff;
max-width:60rem;margin:2rem auto;padding:0 1rem}}
h1{{font-size:1.4rem;margin-bottom:0}} p{{margin-top:.2rem;color:#555}}
pre{{white-space:pre-wrap;overflow-wrap:anywhere;font:14px/1.6 ui-monospace,monospace;
border:1px solid #ddd;padding:1rem}}
.legend span{{padding:.1rem .5rem;font-size:.85rem;border:1px solid #eee}}
svg{{width:100%;font:12px system-ui,sans-serif;fill:#555}}
{styles}
</style></head><body>
<h1>{title}</h1><p>{subtitle}</p>
<p class="legend">Surprisal in bits/byte: {legend}</p>
{curve}
<p>Bits/byte by position in the file: mean so far (dark) and mean of each part (pale).</p>
<pre>{text}</pre>
</body></html>
"""
