from __future__ import annotations

import csv
import json
import os
import re
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import f1_score

from kolmo import CodeLengthClassifier, NCDClassifier, coder, read
from kolmo.learn.baselines import ngram_svm

Topics = tuple[Path, Path]


def results(run: Any) -> dict[str, Any]:
    return {result["name"]: result for result in json.loads(run.stdout)["results"]}


def test_scores_are_those_of_the_classifier(kolmo: Any, topics: Topics) -> None:
    train, test = map(read, topics)
    found = results(kolmo("classify", *topics, "-c", "gzip", "-c", "zstd", "-k", "3", "--baseline", "--json"))
    assert list(found) == ["gzip", "zstd", "TF-IDF + LinearSVC", "majority class"]
    for spec in ("gzip", "zstd"):
        classifier = NCDClassifier(spec, n_neighbors=3).fit(train.items, train.labels)
        report = classifier.tie_report(test.items, test.labels)
        assert found[spec]["accuracy"] == report.accuracy == classifier.score(test.items, test.labels)
        assert found[spec]["macro_f1"] == f1_score(test.labels, report.predictions, average="macro")
        assert (found[spec]["worst"], found[spec]["best"]) == (report.worst, report.best)
        assert found[spec]["tied_share"] == report.tied_share
        assert found[spec]["fingerprint"] == coder(spec).fingerprint
        assert found[spec]["pairs"] == len(train) * len(test)
    assert found["TF-IDF + LinearSVC"]["accuracy"] == 1.0
    assert found["majority class"]["accuracy"] == pytest.approx(1 / 3)
    assert "scikit-learn" in found["majority class"]["fingerprint"]


def test_options_reach_the_classifier(kolmo: Any, topics: Topics) -> None:
    train, test = map(read, topics)
    options = {"weights": "class_mean", "metric": "conditional_cdm"}
    flags = [part for name, value in options.items() for part in (f"--{name.replace('_', '-')}", value)]
    document = json.loads(kolmo("classify", *topics, "-k", "4", *flags, "-j", "1", "--json").stdout)
    classifier = NCDClassifier("lz77", n_neighbors=4, **options).fit(train.items, train.labels)
    assert document["results"][0]["accuracy"] == classifier.score(test.items, test.labels)
    assert {name: document[name] for name in options} == options
    assert document["train"]["classes"] == {"food": 20, "money": 20, "pets": 20}


def test_the_table_states_what_was_done(kolmo: Any, topics: Topics) -> None:
    run = kolmo("classify", *topics, "-k", "2", "--limit-train", "40", "--limit-test", "9", "--baseline", "--confusion")
    assert "k = 2 by ncd: trained on 40 of 60 texts of train; tested on 9 of 18 texts of test (seed 0)" in run.stdout
    for name in ("lz77", "TF-IDF + LinearSVC", "majority class"):
        assert any(line.startswith(f"{name} ") for line in run.stdout.splitlines())
    fitted = coder("lz77").fitted(read(topics[0]).sample(40, seed=0).items)
    assert fitted.fingerprint not in " ".join(run.stdout.split())
    verbose = kolmo("classify", *topics, "-c", "lz77", "--limit-train", "40", "-v").stdout
    assert f"lz77: {fitted.fingerprint}" in " ".join(verbose.split())
    assert "lz77: true label (rows) by predicted label (columns)" in run.stdout
    assert run.stderr == ""


def test_the_label_code_is_the_default_without_a_coder_or_neighbours(kolmo: Any, topics: Topics) -> None:
    assert list(results(kolmo("classify", *topics, "--json"))) == ["label code"]
    assert list(results(kolmo("classify", *topics, "-c", "gzip", "--json"))) == ["gzip"]
    assert list(results(kolmo("classify", *topics, "-k", "3", "--json"))) == ["lz77"]


def test_confusion_counts_every_text_once(kolmo: Any, topics: Topics) -> None:
    found = results(kolmo("classify", *topics, "--confusion", "--json"))["label code"]
    counts = np.array(found["confusion"])
    assert counts.sum(axis=1).tolist() == [6, 6, 6]
    assert np.trace(counts) / counts.sum() == pytest.approx(found["accuracy"])
    assert found["classes"] == ["food", "money", "pets"]


def test_sub_samples_go_by_the_seed_and_keep_their_positions(kolmo: Any, topics: Topics) -> None:
    def drawn(seed: int) -> list[dict[str, str]]:
        kolmo("classify", *topics, "--limit-test", "5", "--seed", seed, "-o", "out.csv", "--force")
        with open("out.csv", newline="") as file:
            return list(csv.DictReader(file))

    first = drawn(1)
    whole = read(topics[1])
    assert first == drawn(1) != drawn(2)
    assert [row["label"] for row in first] == [whole.labels[int(row["item"])] for row in first]  # type: ignore[index]
    sample = whole.sample(5, seed=1)
    assert [row["label"] for row in first] == list(sample.labels or [])


def test_predictions_are_written_for_every_model(kolmo: Any, topics: Topics) -> None:
    kolmo("classify", *topics, "-c", "gzip", "-c", "bz2", "--baseline", "-o", "out.csv")
    with open("out.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    train, test = map(read, topics)
    expected = NCDClassifier("bz2").fit(train.items, train.labels).predict(test.items)
    assert [row["bz2"] for row in rows] == expected.tolist()
    assert list(rows[0]) == ["item", "label", "gzip", "bz2", "TF-IDF + LinearSVC", "majority class"]


def test_texts_without_labels_are_labelled_one_a_line(kolmo: Any, topics: Topics) -> None:
    Path("new.txt").write_text("the kitten purrs, the puppy barks, paws and whiskers\nstocks and bonds, the market\n")
    assert kolmo("classify", topics[0], "new.txt").stdout == "pets\nmoney\n"
    assert kolmo("classify", topics[0], "-", stdin=Path("new.txt").read_bytes()).stdout == "pets\nmoney\n"
    kolmo("classify", topics[0], "new.txt", "-c", "gzip", "-c", "zstd", "-o", "out.csv")
    assert Path("out.csv").read_text().splitlines()[0] == "item,gzip,zstd"
    found = results(kolmo("classify", topics[0], "new.txt", "-c", "gzip", "-c", "zstd", "--json"))
    assert found["zstd"]["predictions"] == ["pets", "money"]
    assert found["zstd"]["accuracy"] is None


def test_a_test_table_without_the_label_column_is_labelled_too(kolmo: Any, topics: Topics, refused: Any) -> None:
    Path("new.csv").write_text("text\nthe kitten purrs and the puppy barks with paws and fur\n")
    columns = ["--text-column", "text", "--label-column", "label"]
    assert kolmo("classify", topics[0], "new.csv", *columns, "--no-labels").stdout == "pets\n"
    assert "label" in refused("classify", topics[0], "new.csv", *columns, code=UNKNOWN_COLUMN)


def test_a_path_that_exists_wins_over_a_name(kolmo: Any, topics: Topics) -> None:
    topics[0].rename("digits")
    found = json.loads(kolmo("classify", "digits", topics[1], "--format", "csv", "--json").stdout)
    assert found["train"]["items"] == 60


def test_sets_of_the_catalogue_are_taken_by_name_and_split(kolmo: Any) -> None:
    options = ["--limit-train", "80", "--limit-test", "20", "--json"]
    by_split = json.loads(kolmo("classify", "digits:train", "digits:test", *options).stdout)
    by_position = json.loads(kolmo("classify", "digits", "Digits", *options).stdout)
    assert by_split["results"][0]["accuracy"] == by_position["results"][0]["accuracy"]
    assert by_split["train"]["items"] == 80


def test_labels_unknown_to_the_training_set_are_warned_of(kolmo: Any, topics: Topics) -> None:
    Path("test.csv").write_text(topics[1].read_text() + "sports,the goal and the match\n")
    run = kolmo("classify", *topics)
    assert run.stderr.startswith("Warning: 1 of 19 texts have labels that the training set lacks ('sports')")
    assert run.stderr.count("\n") == 1


def test_a_test_set_that_was_trained_on_is_warned_of(kolmo: Any, topics: Topics) -> None:
    run = kolmo("classify", topics[0], topics[0])
    assert run.stderr.startswith("Warning: 60 of 60 test texts are in the training set too")


UNKNOWN_COLUMN = 2
ONE_CLASS = "label,text\n" + "a,some text here\n" * 5
HOLES = "label,text\na,one text\n,another\nb,third\n,fourth\n"


@pytest.mark.parametrize(
    ("train", "options", "code", "message"),
    [
        (None, [], 1, "bad.csv"),
        ("", [], 1, "empty"),
        ("label,text\n", [], 1, "no rows"),
        (ONE_CLASS, [], 1, "have only one class"),
        (ONE_CLASS, ["--baseline"], 1, "only one class"),
        (HOLES, [], 1, "label is missing in 2 of 4 rows, the first at line 3"),
        ("text\none\ntwo\n", [], 1, "no labels"),
        ("label,text\na,caf\xe9 and bread\nb,x\n", ["--encoding", "utf-8"], 1, "latin-1"),
        ("label,text\na,one\nb,two\n", ["--label-column", "lable"], UNKNOWN_COLUMN, "did you mean 'label'"),
        ("label,text\na,one\nb,two\n", ["--text-column", "body"], UNKNOWN_COLUMN, "--text-column"),
        ("label,text\na,one\nb,two\n", ["-k", "3"], 2, "n_neighbors is 3, but there are only 2 training items"),
        ("label,text\na,one\nb,two\n", ["-k", "0"], 2, "0 is not in the range"),
        ("label,text\na,one\nb,two\n", ["-c", "gzp"], 2, "did you mean 'gzip'"),
        ("label,text\na,one\nb,two\n", ["--format", "xls"], 2, "no format 'xls'"),
        ("label,text\na,one\nb,two\n", ["--encoding", "klingon"], 2, "klingon"),
        ("label,text\na,one\nb,two\n", ["--limit-test", "0"], 2, "--limit-test"),
        ("label,text\na,one\nb,two\n", ["--data-dir", "absent"], 2, "--data-dir"),
        ("label,text\na,!\nb,?\n", ["--baseline"], 1, "leave out --baseline"),
    ],
)
def test_bad_input_is_one_line(
    refused: Any, topics: Topics, train: str | None, options: list[str], code: int, message: str
) -> None:
    if train is not None:
        Path("bad.csv").write_text(train, encoding="latin-1")
    assert message in refused("classify", "bad.csv", topics[1], *options, code=code)


def test_a_directory_without_classes_is_one_line(refused: Any, topics: Topics) -> None:
    Path("folder").mkdir()
    assert "folder" in refused("classify", "folder", topics[1], code=1)
    assert "directory" in refused("classify", "folder", topics[1], "--format", "csv", code=1)


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("r9:train", 1, "there is no file 'r9:train', and there is no data set named 'r9'; did you mean 'r8'?"),
        ("absent.csv", 1, "absent.csv"),
        ("digits:trian", 2, "split of digits: expected train or test, got 'trian'"),
    ],
)
def test_a_set_that_is_not_there_is_one_line(refused: Any, topics: Topics, name: str, code: int, message: str) -> None:
    assert message in refused("classify", name, topics[1], code=code)


def test_predictions_of_several_models_need_a_file_or_json(refused: Any, topics: Topics) -> None:
    Path("new.txt").write_text("some text\n")
    assert "-o FILE, or --json" in refused("classify", topics[0], "new.txt", "-c", "gzip", "-c", "bz2", code=2)
    assert "stdin can be read only once" in refused("classify", "-", "-", code=2)


def test_a_line_of_two_gigabytes_is_refused_quickly(refused: Any, topics: Topics) -> None:
    with open("sparse.csv", "wb") as file:
        file.write(b"label,text\na,")
        os.truncate(file.fileno(), 2**31)
    begin = time.perf_counter()
    assert "sparse.csv" in refused("classify", "sparse.csv", topics[1], code=1)
    assert time.perf_counter() - begin < 20


PLUGIN = """
import zlib
from dataclasses import dataclass
from typing import ClassVar
from kolmo.coders.base import Coder, CoderTags

@dataclass(frozen=True, kw_only=True)
class Unprimed(Coder):
    name: ClassVar[str] = "unprimed"

    @property
    def tags(self):
        return CoderTags(priming=None)

    def versions(self):
        return {}

    def _encoder(self, context):
        return zlib.compress

    def _decoder(self, context):
        return lambda payload, max_size: zlib.decompress(payload)
"""


def test_a_third_party_coder_works_here_and_says_what_it_cannot_do(start: Any, topics: Topics, tmp_path: Path) -> None:
    info = tmp_path / "plugin_without_priming-1.0.dist-info"
    info.mkdir()
    (tmp_path / "plugin_without_priming.py").write_text(PLUGIN)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plugin-without-priming\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[kolmo.coders]\nunprimed = plugin_without_priming:Unprimed\n")
    works = start("classify", *topics, "-c", "unprimed", "--json", path=tmp_path)
    assert works.returncode == 0, works.stderr
    assert json.loads(works.stdout)["results"][0]["accuracy"] > 0.8
    for arguments in (
        ["length", topics[1], "--context", topics[0], "-c", "unprimed"],
        ["distance", *topics, "-m", "conditional_ncd", "-c", "unprimed"],
    ):
        run = start(*arguments, path=tmp_path)
        assert run.returncode == 2
        assert run.stdout == b""
        assert run.stderr.startswith(b"Error: ")
        assert b"unprimed" in run.stderr
        assert run.stderr.count(b"\n") == 1


@pytest.mark.realdata
def test_reuters(kolmo: Any, data_dir: Path) -> None:
    options = ["--data-dir", data_dir, "--limit-train", "600", "--limit-test", "100", "--baseline", "--json"]
    document = json.loads(kolmo("classify", "r8:train", "r8:test", "-c", "gzip", *options).stdout)
    assert len(document["train"]["classes"]) == 8
    gzip, baseline, majority = document["results"]
    assert majority["accuracy"] + 0.2 < gzip["accuracy"] < baseline["accuracy"]
    assert gzip["worst"] <= gzip["accuracy"] <= gzip["best"]
    paths = [data_dir / "text" / "R8" / name for name in ("train.txt", "test.txt")]
    by_path = json.loads(kolmo("classify", *paths, "-c", "gzip", *options).stdout)
    assert by_path["results"][0]["accuracy"] == gzip["accuracy"]


@pytest.mark.realdata
def test_ag_news(kolmo: Any, data_dir: Path) -> None:
    folder = data_dir / "text" / "ag_news"
    options = ["--limit-train", "1000", "--limit-test", "100", "--baseline", "--json", "-c", "gzip"]
    document = json.loads(kolmo("classify", folder / "train10k.tsv", folder / "test.csv", *options).stdout)
    assert len(document["train"]["classes"]) == 4
    gzip, baseline, _ = document["results"]
    assert 0.5 < gzip["accuracy"] < baseline["accuracy"]


def test_the_loss_of_candidates_is_reported(kolmo: Any, topics: Topics) -> None:
    train, test = map(read, topics)
    few = ("--candidates", "7")
    found = results(kolmo("classify", *topics, "-c", "gzip", *few, "--json"))["gzip"]
    classifier = NCDClassifier("gzip", candidates="char-tfidf", n_candidates=7).fit(train.items, train.labels)
    assert found["accuracy"] == classifier.score(test.items, test.labels)
    assert found["candidates"] == classifier.candidate_report(test.items, test.labels).to_dict()
    shown = " ".join(kolmo("classify", *topics, "-c", "gzip", *few).stdout.split())
    assert "gzip: each text was compared with 7 candidates; on 18 texts their recall" in shown
    assert "with cosine similarity alone" in shown


def test_the_help_has_sections_and_few_options(kolmo: Any) -> None:
    sections = re.split(r"^(\w[\w ]*):$", kolmo("classify", "--help").stdout, flags=re.MULTILINE)
    section = dict(zip(sections[1::2], sections[2::2], strict=True))
    own, of_neighbours, reading = (
        section[name] for name in ("Options", "Options of nearest neighbours", "Reading options")
    )
    assert all(option in of_neighbours for option in ("-k", "--weights", "--metric", "--candidates"))
    shared = ("--format", "--encoding", "--text-column", "--label-column", "--no-labels", "--data-dir", "--limit-train")
    for option in shared:
        assert option in reading
        assert option not in own
    assert sum(line.startswith("  -") for line in own.splitlines()) <= 15, "14 and --help"


def test_a_checkpoint_resumes_its_own_run_only(kolmo: Any, topics: Topics, refused: Any) -> None:
    arguments = ("classify", *topics, "-c", "gzip", "-c", "lz77", "--checkpoint", "run.progress", "--json")
    first, second = (results(kolmo(*arguments)) for _ in range(2))
    assert Path("run.progress").exists()
    for name in ("gzip", "lz77"):
        assert first[name]["accuracy"] == second[name]["accuracy"]
    error = refused(*arguments, "-k", "2", code=1)
    assert "holds another run of 'gzip'" in error
    assert "result was 'nearest 1', now 'nearest 2'" in error
    assert "there is no directory" in refused("classify", *topics, "--checkpoint", "nowhere/run", code=2)


def test_several_methods_are_compared(kolmo: Any, topics: Topics) -> None:
    train, test = map(read, topics)
    methods = ["--method", "neighbors", "--method", "code-length", "--method", "ngrams", "--method", "ngrams"]
    run = kolmo("classify", *topics, *methods, "-c", "zstd", "-c", "deflate", "--baseline", "--json")
    found = results(run)
    by_class = {spec: CodeLengthClassifier(spec).fit(train.items, train.labels) for spec in ("zstd", "deflate")}
    assert list(found)[:5] == [
        "zstd",
        "deflate",
        "zstd code length",
        "deflate code length",
        "NGramVectorizer + LinearSVC",
    ]
    assert json.loads(run.stdout)["methods"] == ["neighbors", "code-length", "ngrams"]
    for spec, classifier in by_class.items():
        assert found[f"{spec} code length"]["accuracy"] == classifier.score(test.items, test.labels)
        assert found[f"{spec} code length"]["fingerprint"] == coder(spec).fingerprint
        ties = classifier.tie_report(test.items, test.labels)
        shown = [found[f"{spec} code length"][name] for name in ("tied_share", "worst", "best")]
        assert shown == [ties.tied_share, ties.worst, ties.best]
    grams = ngram_svm().fit(train.items, train.labels)
    assert found["NGramVectorizer + LinearSVC"]["accuracy"] == grams.score(test.items, test.labels) == 1
    shown = kolmo("classify", *topics, "--method", "ngrams", "--confusion").stdout
    assert "Classification: trained on 60 texts of train" in shown
    assert "NGramVectorizer + LinearSVC: true label" in shown


def test_texts_without_labels_are_labelled_by_any_method(kolmo: Any, topics: Topics) -> None:
    Path("new.txt").write_text("the kitten purrs, the puppy barks, paws and whiskers\nstocks and bonds, the market\n")
    for options in (["--method", "ngrams"], ["--method", "code-length", "-c", "zstd"]):
        assert kolmo("classify", topics[0], "new.txt", *options).stdout == "pets\nmoney\n"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--method", "ngrams", "-c", "zstd"], "--coder has no effect with --method ngrams"),
        (["--method", "code-length", "-k", "3"], "--n-neighbors has no effect with --method code-length"),
        (["--method", "ngrams", "--method", "code-length", "--metric", "cdm"], "add --method neighbors"),
        (["--method", "gzip"], "'gzip' is not one of"),
    ],
)
def test_options_without_effect_are_refused(refused: Any, topics: Topics, options: list[str], message: str) -> None:
    assert message in refused("classify", *topics, *options, code=2)


def test_differences_from_the_best_have_p_values(kolmo: Any, topics: Topics) -> None:
    arguments = ("classify", *topics, "-c", "gzip", "--baseline")
    found = results(kolmo(*arguments, "--json"))
    best = max(found, key=lambda name: found[name]["accuracy"])
    assert found[best]["compared"] is None
    majority = found["majority class"]["compared"]
    assert majority["best"] == best
    assert majority["test"] == "McNemar"
    assert majority["only_best"] - majority["only_other"] == round(18 * (found[best]["accuracy"] - 1 / 3))
    shown = kolmo(*arguments).stdout
    assert "p vs best" in shown
    assert f"{majority['p_value']:.2g}" in shown
    assert "exact McNemar test" in shown
    folds = ("classify", topics[0], "--folds", "3", "-c", "gzip", "--baseline")
    assert "corrected resampled t-test over the folds" in kolmo(*folds).stdout
    assert results(kolmo(*folds, "--json"))["majority class"]["compared"]["test"] == "corrected t"
    assert "p vs best" not in kolmo("classify", *topics, "-c", "gzip").stdout
