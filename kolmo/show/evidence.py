"""Text coloured by the evidence for one label against another, and with marked passages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from kolmo._core.terminal import is_visible

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BOUNDS = (0.01, 0.03, 0.1, 0.3)
"""Bits per byte, of either sign, at which the colour changes."""
FOR = ("#ffffff", "#e3f3e1", "#b9e0b4", "#7fc47a", "#3f9c46")
AGAINST = ("#ffffff", "#fdebd9", "#fbc99a", "#f0964f", "#cc5a1a")
"""From little to much evidence for the label, and for the runner-up."""


def shade(bits: float) -> int:
    """Return the number of the colour, negative for evidence against the label.

    Examples
    --------
    >>> shade(0.001), shade(0.05), shade(-2.0)
    (0, 2, -4)
    """
    number = sum(abs(bits) >= bound for bound in BOUNDS)
    return number if bits >= 0 else -number


def evidence_text(item: bytes, bits: NDArray[np.float64]) -> Text:
    """Return the text for rich: green where bytes save bits on the label, orange where they do on the runner-up."""
    text, place, piece, style = Text(), 0, "", ""
    for character in item.decode("utf-8", "surrogateescape"):
        size = len(character.encode("utf-8", "surrogateescape"))
        number = shade(float(bits[place : place + size].sum()) / size)
        place += size
        color = FOR[number] if number >= 0 else AGAINST[-number]
        own = f"#202020 on {color}"
        if own != style and piece:
            text.append(piece, style=style)
            piece = ""
        style = own
        piece += character if character in "\n\t" or is_visible(character) else "·"
    return text.append(piece, style=style)


def evidence_legend(label: str, runner_up: str) -> Text:
    """Return the legend of the colours."""
    text = Text("bits/byte: ")
    for number in range(len(BOUNDS), 0, -1):
        text.append(f" {BOUNDS[number - 1]:g} ", style=f"#202020 on {FOR[number]}")
    text.append(f" for {label}   ")
    for number in range(1, len(BOUNDS) + 1):
        text.append(f" {BOUNDS[number - 1]:g} ", style=f"#202020 on {AGAINST[number]}")
    text.append(f" for {runner_up}")
    return text
