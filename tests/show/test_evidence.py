from __future__ import annotations

import numpy as np
from hypothesis import given, strategies

from kolmo._core.terminal import is_visible
from kolmo.show.evidence import AGAINST, FOR, evidence_legend, evidence_text


@given(strategies.binary(max_size=40))
def test_every_character_is_shown_and_none_controls_the_terminal(item: bytes) -> None:
    text = evidence_text(item, np.linspace(-1, 1, len(item)))
    assert len(text.plain) == len(item.decode("utf-8", "surrogateescape"))
    assert all(is_visible(character) or character in "\n\t" for character in text.plain)


def test_colours_tell_the_side() -> None:
    text = evidence_text(b"abc", np.array([1.0, 0.0, -1.0]))
    assert [str(span.style).rpartition(" ")[2] for span in text.spans] == [FOR[-1], FOR[0], AGAINST[-1]]
    assert "for pets" in evidence_legend("pets", "money").plain
