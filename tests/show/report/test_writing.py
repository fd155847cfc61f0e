"""Reports: what stands in them, how large they are, and that nothing from data gets out of its place."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import example, given, strategies as st

import kolmo
from kolmo._core.reports.charts import BarChart, HeatMap, Histogram, LineChart
from kolmo._core.results import Result
from kolmo._core.tables import Column, ItemCell, Table
from kolmo.cli import main
from kolmo.errors import DataError, ParameterError
from kolmo.find.leaks import Leak, LeakReport
from kolmo.find.outlier_report import OutlierReport, Threshold
from kolmo.find.pairs import Control
from kolmo.find.passages import Passage
from kolmo.learn.evaluation.reports import ClassificationReport
from kolmo.show import report_html

NASTY = "</script><img src=x onerror=alert(1)> \x00\x1b[31m \u202e evil \ud800 &amp; ' \" `${7*7}` {{7*7}}"
VOID = {"meta", "link", "img", "br", "hr", "input"}


@dataclass(frozen=True, kw_only=True)
class Named(Result):
    """A result whose every text comes from data."""

    text: str
    warnings: list[str] = field(default_factory=list)
    fingerprint: str = ""
    citations: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def tables_of(cls, results: Any, *, verbose: bool = False) -> list[Table]:
        text = results[0].text
        table = Table(text, [Column(text), Column(text, numeric=True)], footers=[text])
        table.add(ItemCell(text, 0, source=text, excerpt=text), text)
        table.add("b", "1,024")
        return [table]

    @classmethod
    def answer_of(cls, results: Any) -> str:
        return str(results[0].text)

    @classmethod
    def evidence_of(cls, results: Any) -> list[str]:
        return [results[0].text]

    @classmethod
    def charts_of(cls, results: Any) -> list[Any]:
        text = results[0].text
        return [
            BarChart(title=text, label=text, names=[text], series={text: [1.0], f"{text}2": [-2.0]}),
            Histogram(title=text, x_label=text, values=[1.0, 2.0], marks={text: 1.5}, y_label=text),
            HeatMap(title=text, rows=[text], columns=[text], values=[[1.0]], row_label=text, column_label=text),
        ]


class Reader(HTMLParser):
    """The elements of a page, their attributes, and its visible text; elements must be nested properly."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.text += data


def result_of(text: str) -> Named:
    return Named(text=text, warnings=[text], fingerprint=text)


PLAIN = {tag for tag, _ in Reader(report_html({"plain": result_of("plain")}, command="kolmo")).tags} | {"title"}


class TestEscaping:
    @given(st.text(st.characters(), max_size=60))
    @example(NASTY)
    @example("<!--")
    @example("]]>")
    @example("\u2028\u200b\ufe0f")
    def test_text_from_data_adds_no_element_and_no_invisible_character(self, text: str) -> None:
        page = report_html({text: result_of(text)}, items={text: [text.encode("utf-8", "surrogatepass")]}, command=text)
        reader = Reader(page)
        assert not reader.open
        for tag, attributes in reader.tags:
            assert tag in PLAIN
            assert not any(name.startswith("on") or name in ("src", "style") for name in attributes)
        assert all(character.isprintable() or character == "\n" for character in page)
        page.encode("utf-8")

    def test_controls_and_overrides_are_shown(self) -> None:
        text = Reader(report_html(result_of("\x1b[31m\u202ered\x00"))).text
        assert "\\x1b[31m\\u202ered\\x00" in text

    def test_templates_do_not_read_data(self) -> None:
        assert "49" not in Reader(report_html(result_of("{{7*7}}"))).text.partition("Made by")[0]


class TestPage:
    def test_nothing_is_loaded_and_only_its_own_script_may_run(self) -> None:
        page = report_html(result_of("plain"), command="kolmo leaks a b")
        reader = Reader(page)
        assert not {tag for tag, _ in reader.tags} & {"img", "link", "iframe", "object", "embed", "base", "form"}
        for _, attributes in reader.tags:
            assert not {"src", "srcset", "style", "action", "data", "xlink:href"} & attributes.keys()
            assert (attributes.get("href") or "#").startswith("#")
        assert "url(" not in page
        assert "@import" not in page
        assert not re.search(r"(https?:)?//\w", page)
        policies = [each["content"] for tag, each in reader.tags if each.get("http-equiv") == "Content-Security-Policy"]
        assert len(policies) == 1
        assert "default-src 'none'" in str(policies[0])
        assert "unsafe" not in str(policies[0])

    def test_the_parts_stand_in_order(self) -> None:
        page = report_html(result_of("plain"), command="kolmo leaks a b")
        places = [
            page.index(f'id="{name}"') for name in ("question", "charts", "tables", "sure", "reproduce", "excerpts")
        ]
        assert places == sorted(places)
        assert "kolmo leaks a b" in page
        assert kolmo.__version__ in page

    def test_every_link_has_its_target(self) -> None:
        reader = Reader(report_html(result_of("plain"), items={"plain": ["the whole item"]}))
        targets = {attributes["id"] for _, attributes in reader.tags if "id" in attributes}
        links = [str(attributes["href"])[1:] for tag, attributes in reader.tags if tag == "a"]
        assert set(links) <= targets
        assert "item-plain-0-0" in links
        assert "the whole item" in reader.text

    def test_identifiers_are_unique(self) -> None:
        reader = Reader(report_html([result_of("plain"), result_of("plain")]))
        found = [attributes["id"] for _, attributes in reader.tags if "id" in attributes]
        assert len(found) == len(set(found))

    def test_any_result_has_a_page(self) -> None:
        @dataclass(frozen=True, kw_only=True)
        class Bare(Result):
            @classmethod
            def tables_of(cls, results: Any, *, verbose: bool = False) -> list[Table]:
                return [Table("A title", [Column("number")], rows=[["12"]])]

        assert '<h1 id="question">A title</h1>' in report_html(Bare())

    def test_positions_are_shown_in_place_of_indexes(self) -> None:
        report = outliers(20)
        reader = Reader(report_html(report, positions=range(1000, 1020), items=[f"text {n}" for n in range(20)]))
        assert "item 1,019" in reader.text

    @pytest.mark.parametrize("wrong", [[], {}, "text", [1], 3.5, {"a": "b"}])
    def test_what_is_no_result_is_refused(self, wrong: Any) -> None:
        with pytest.raises(ParameterError, match="result"):
            report_html(wrong)

    def test_items_have_an_order(self) -> None:
        with pytest.raises(DataError, match="list"):
            report_html(result_of("plain"), items={"plain": {"a", "b"}})

    def test_charts_of_numbers_that_cannot_be_drawn(self) -> None:
        nothing = [float("nan"), float("inf"), -1.0, 0.0]

        @dataclass(frozen=True, kw_only=True)
        class Odd(Named):
            @classmethod
            def charts_of(cls, results: Any) -> list[Any]:
                from kolmo._core.reports.charts import Curve

                names = ["a", "b", "c", "d"]
                curve = Curve(name="c", x=nothing, y=nothing, low=nothing, high=nothing)
                return [
                    BarChart(title="t", label="l", names=names, series={"s": nothing}, intervals={"s": [(0, np.nan)]}),
                    BarChart(title="t", label="l", names=[], series={}),
                    LineChart(title="t", x_label="x", y_label="y", curves=[curve], log_x=True, log_y=True),
                    LineChart(title="t", x_label="x", y_label="y", curves=[]),
                    Histogram(title="t", x_label="x", values=nothing),
                    Histogram(title="t", x_label="x", values=[]),
                    HeatMap(title="t", rows=names, columns=names, values=[nothing] * 4, row_label="", column_label=""),
                ]

        page = report_html(Odd(text="odd"))
        assert "NaN" not in page.partition("<script>")[0]
        assert "nan" not in "".join(re.findall(r"<svg.*?</svg>", page))
        assert "inf" not in "".join(re.findall(r"<svg.*?</svg>", page))


def outliers(n_items: int, *, names: bool = False) -> OutlierReport:
    rng = np.random.default_rng(0)
    scores, held_out = rng.normal(size=n_items), np.sort(rng.normal(size=1000))
    return OutlierReport(
        scores=scores,
        bits=rng.uniform(100, 9000, n_items),
        expected_bits=rng.uniform(100, 9000, n_items),
        sizes=rng.integers(10, 5000, n_items),
        tail_shares=rng.uniform(size=n_items),
        excerpts=tuple(f"the start of item {number}" for number in range(n_items)),
        names=tuple(f"folder/file {number}.txt" for number in range(n_items)) if names else None,
        threshold=Threshold.of(held_out, 0.01),
        score="bits above the expected ones",
        n_longer=0,
        seconds=1.0,
        fingerprint="ngram",
    )


class TestSize:
    def test_a_page_of_many_texts_is_as_large_as_one_of_few(self) -> None:
        sizes = []
        for count in (1000, 100_000):
            items = [b"<a> & 'text' of some length, " * 40 + b"%d" % number for number in range(count)]
            sizes.append(len(report_html(outliers(count), items=items).encode()))
        assert max(sizes) <= 500_000
        assert sizes[1] < 1.1 * sizes[0]

    def test_the_same_for_a_classification(self) -> None:
        sizes = []
        for count in (1000, 100_000):
            rng = np.random.default_rng(0)
            labels = np.array([f"class {number}" for number in range(20)])[rng.integers(0, 20, count)]
            predictions = np.where(rng.random(count) < 0.8, labels, "class 0")
            report = ClassificationReport(
                name="svm",
                fingerprint="scikit-learn",
                train="train",
                test="test",
                n_train=500,
                n_test=count,
                predictions=predictions,
                labels=labels,
                fit_seconds=1.0,
                predict_seconds=1.0,
            )
            sizes.append(len(report_html(report, items=[f"the words of text {number}" for number in range(count)])))
        assert max(sizes) <= 500_000
        assert sizes[1] < 1.1 * sizes[0]

    def test_the_same_for_leaks(self) -> None:
        sizes = []
        for count in (1000, 100_000):
            found = [
                Leak(
                    test_index=number,
                    train_index=number // 2,
                    test_span=(5, 90),
                    train_span=(0, 80),
                    test_passage=Passage(before="<&'" * 20, text="<&'" * 200, after="…"),
                    train_passage=Passage(before="<&'" * 20, text="<&'" * 200, after="…"),
                    bits_saved=100.0 + number,
                    copied=0.9,
                    identical=False,
                    same_label=None,
                )
                for number in range(count // 2)
            ]
            report = LeakReport(
                leaks=found,
                n_train=count,
                n_test=count,
                n_flagged=len(found),
                n_label_conflicts=None,
                min_bits=100.0,
                min_copied=0.5,
                control=Control(n_pairs=100, n_flagged=0, rate=0.0, interval=(0.0, 0.04)),
                n_compared=1000,
                seconds=1.0,
                exact_seconds=2.0,
                coder="ngram",
                fingerprint="ngram",
            )
            items = [f"some text of the number {number}, " * 20 for number in range(count)]
            sizes.append(len(report_html(report, items={"test": items, "training": items})))
        assert max(sizes) <= 500_000
        assert sizes[1] < 1.1 * sizes[0]

    def test_the_worst_texts_stay_within_the_limit(self) -> None:
        items = [("<&'\"\u202e" * 3000).encode() for _ in range(1000)]
        assert len(report_html(outliers(1000, names=True), items=items).encode()) <= 500_000

    def test_excerpts_are_short_and_few(self) -> None:
        reader = Reader(report_html([outliers(1000)], items=["word " * 1000] * 1000))
        excerpts = [attributes["id"] for tag, attributes in reader.tags if tag == "li" and "id" in attributes]
        assert 0 < len(excerpts) <= 200
        assert "word " * 61 not in reader.text

    def test_what_is_left_out_is_counted(self) -> None:
        @dataclass(frozen=True, kw_only=True)
        class Long(Named):
            @classmethod
            def tables_of(cls, results: Any, *, verbose: bool = False) -> list[Table]:
                table = Table("long", [Column("number", numeric=True)])
                for number in range(1234):
                    table.add(f"{number}")
                return [table]

        assert "1,134 of 1,234 rows are left out" in report_html(Long(text="long"))


class TestFile:
    def test_a_file_is_not_replaced_without_force(self, tmp_path: Path) -> None:
        path = tmp_path / "report.html"
        page = report_html(result_of("one"), path)
        assert path.read_text(encoding="utf-8") == page
        with pytest.raises(ParameterError, match="exists and was not changed"):
            report_html(result_of("two"), path)
        assert path.read_text(encoding="utf-8") == page
        report_html(result_of("two"), path, force=True)
        assert "two" in path.read_text(encoding="utf-8")

    @pytest.mark.parametrize("name", ["report.pdf", "report", "report.html.exe"])
    def test_other_endings_are_refused(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(ParameterError, match=r"\.html"):
            report_html(result_of("one"), tmp_path / name)

    def test_the_command_stands_in_the_page(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        from click.testing import CliRunner

        monkeypatch.chdir(tmp_path)
        Path("lines.txt").write_text("\n".join(f"a line about cats and dogs, {n * n}" for n in range(60)))
        arguments = ["rates", "lines.txt", "-c", "gzip", "--no-random", "--html", "a report.html"]
        assert CliRunner().invoke(main, arguments, catch_exceptions=False).exit_code == 0
        page = Path("a report.html").read_text(encoding="utf-8")
        assert "kolmo rates lines.txt -c gzip --no-random --html &#39;a report.html&#39;" in page
