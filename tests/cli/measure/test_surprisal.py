"""The command ``kolmo surprisal``."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner

from kolmo import coder
from kolmo.cli import main
from kolmo.coders.predictive import PredictiveCoder
from kolmo.errors import DataError
from kolmo.show.surprisal import legend_labels, parts_of, surprisal_html

TEXT = "It was the best of times, <b>it was</b> the worst of times & naïve.\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_bytes(TEXT.encode() + b"\xff\x00")
    return path


def test_json_holds_the_bits(file: Path) -> None:
    run = CliRunner().invoke(main, ["surprisal", str(file), "-c", "ngram", "--json"], catch_exceptions=False)
    document = json.loads(run.output)
    made = coder("ngram")
    assert isinstance(made, PredictiveCoder)
    assert document["bits"] == pytest.approx(made.surprisals(file.read_bytes()).sum())
    assert document["running"][-1]["bytes"] == document["size_bytes"] == len(file.read_bytes())


def test_given_makes_it_less_surprising(file: Path) -> None:
    arguments = ["surprisal", str(file), "-c", "ngram", "--json"]
    alone = json.loads(CliRunner().invoke(main, arguments).output)["bits"]
    given = json.loads(CliRunner().invoke(main, [*arguments, "--context", str(file)]).output)["bits"]
    assert given < alone / 3


def test_the_page_holds_all_of_the_text(file: Path, tmp_path: Path) -> None:
    class Reader(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.tags: list[str] = []
            self.inside, self.text = False, ""

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.tags.append(tag)
            self.inside |= tag == "pre" and ("class", "text") in attrs

        def handle_data(self, data: str) -> None:
            self.text += data if self.inside else ""

    page = tmp_path / "page.html"
    run = CliRunner().invoke(main, ["surprisal", str(file), "--html", str(page)], catch_exceptions=False)
    assert run.exit_code == 0
    reader = Reader()
    reader.feed(page.read_text(encoding="utf-8"))
    assert reader.text.startswith(TEXT + "\\xff\\x00")
    assert "b" not in reader.tags


def test_a_coder_that_does_not_predict_is_refused(file: Path) -> None:
    run = CliRunner().invoke(main, ["surprisal", str(file), "-c", "gzip"])
    assert run.exit_code == 2
    assert "expected a predictive coder" in run.output


def test_an_empty_file_has_no_bits(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_bytes(b"")
    arguments = ["surprisal", str(empty), "--html", str(tmp_path / "page.html")]
    run = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert run.exit_code == 0
    assert "0 bits for 0 bytes by mix" in run.output


def test_the_legend_has_a_label_for_every_color() -> None:
    assert len(legend_labels()) == 7
    import numpy as np

    assert parts_of(np.zeros(0), 10) == []


def test_bits_of_other_data_are_refused() -> None:
    import numpy as np

    with pytest.raises(DataError, match="one for each of the 4 bytes"):
        surprisal_html("text", np.zeros(3))
