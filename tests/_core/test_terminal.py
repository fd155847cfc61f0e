from __future__ import annotations

import io
import sys
import unicodedata

import pytest
from hypothesis import example, given, strategies as st

from kolmo._core.progress import _Display, progress
from kolmo._core.tables import Column, Table
from kolmo._core.terminal import EscapingStream, is_terminal, is_visible, one_line, unescaped, visible, write_lines

HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Categories of characters that control, reorder or show nothing."""


class Terminal(io.TextIOWrapper):
    def __init__(self, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding=encoding, errors="strict")

    def isatty(self) -> bool:
        return True

    @property
    def shown(self) -> str:
        self.flush()
        return self.buffer.getvalue().decode(self.encoding)  # type: ignore[attr-defined]


def is_safe(text: str) -> bool:
    return all(unicodedata.category(character) not in HIDDEN for character in text)


def test_no_character_that_is_visible_is_of_a_hidden_category() -> None:
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        if is_visible(character):
            assert unicodedata.category(character) not in HIDDEN
            assert character == " " or not character.isspace()
    for (
        character
    ) in "\x1b\x7f\x9b\u00ad\u061c\u180e\u200b\u200f\u202e\u2028\u2066\u2069\u3164\ufe0f\ufeff\U000e0041\udc80":
        assert not is_visible(character)


@given(st.text(st.characters()))
@example("\x1b]0;owned\x07")
@example("\udcff")
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii"])
def test_whatever_is_written_is_harmless(encoding: str, text: str) -> None:
    """Errors, tables, labels and third-party messages reach a terminal escaped, in any encoding."""
    for write in (
        lambda file: EscapingStream(file, name="x", escape=True).write(text),
        lambda file: write_lines([text], file),
        lambda file: EscapingStream(file, name="x", escape=True).write(one_line(text)),
    ):
        file = Terminal(encoding)
        if encoding != "utf-8":
            file.reconfigure(errors="backslashreplace")
        write(file)
        assert is_safe(file.shown.replace("\n", "").removeprefix("\r"))
    table = Table(text, [Column(text)], [[text]], [text])
    assert is_safe(table.plain().replace("\n", ""))
    assert is_safe(table.html())


@given(st.lists(st.text(st.characters(exclude_characters="\n"))))
def test_lines_that_are_piped_are_the_data(lines: list[str]) -> None:
    file = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="")
    try:
        expected = "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # surrogates that stand for no byte
        expected = None
    write_lines(lines, file)
    file.flush()
    written = file.buffer.getvalue()  # type: ignore[attr-defined]
    assert expected is None or written == expected


def test_errors_of_a_stream_name_it() -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left") as raised:
        EscapingStream(Full(), name="standard output", escape=False).write("a")
    assert raised.value.filename == "standard output"


def test_closed_streams_are_no_terminals() -> None:
    file = io.StringIO()
    file.close()
    assert not is_terminal(file)
    assert not is_terminal(None)


def test_progress_shows_labels_escaped_and_styles_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    below = Terminal()
    stream = EscapingStream(below, name="standard error", escape=True)
    assert unescaped(stream) is below
    monkeypatch.setattr(sys, "stderr", stream)
    display = _Display()
    bar = progress(3, label="reading \x1b]0;owned\x07", unit="files")
    bar._timer = object()  # type: ignore[assignment]
    display.add(bar)
    bar.label = "then \x9b2J"
    display.refresh(bar)
    display.remove(bar)
    assert "\x1b]0;" not in below.shown
    assert "\x9b" not in below.shown
    assert "\\x1b]0;owned\\x07" in below.shown
    assert visible("then \x9b2J") == "then \\x9b2J"
