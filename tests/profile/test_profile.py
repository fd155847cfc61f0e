"""Profiles: diversity, redundancy, copies, surprise, labels, resuming, and bad input."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from kolmo import Corpus, ReferenceBand, bit_planes, profile_data
from kolmo.cli import main
from kolmo.data.builtin import docstrings
from kolmo.errors import DataError, ParameterError
from kolmo.profile import DataProfile

QUICK = ("order0", "deflate", "ngram")
PROSE = b"\n".join(docstrings("train").items)


def passages(count: int, size: int = 600) -> list[bytes]:
    return [PROSE[start : start + size] for start in range(0, count * size, size)]


def profile(data: object, **settings: object) -> DataProfile:
    return profile_data(data, **{"coders": QUICK, "sample_bytes": 2**17, **settings})  # type: ignore[arg-type]


def test_diversity_sees_copies_and_not_their_order() -> None:
    different, half = passages(100), passages(50)
    far, near = [*half, *half], [each for each in half for _ in range(2)]
    of = [profile(data, coders=["xz"]).diversity for data in (different, far, near)]
    assert of[1] == of[2]
    assert of[1] < 0.65 * of[0]


def test_copies_are_counted() -> None:
    half = passages(40)
    found = profile([*half, *half])
    assert found.copies.exact == 0.5
    assert found.copies.exact_interval == (0.5, 0.5)
    assert profile(half).copies.exact == 0
    edited = [each[:300] + b" an edit " + each[305:] for each in half[:20]]
    assert profile([*half, *edited]).copies.near == pytest.approx(1 / 3, abs=0.05)


def test_redundancy_within_and_across_documents() -> None:
    random = np.random.default_rng(0)
    within = [random.bytes(50) * 12 for _ in range(40)]
    common = random.bytes(600)
    across = [common + random.bytes(60) for _ in range(40)]
    (own, _, of_within), (_, _, of_across) = profile(within).rates, profile(across).rates
    assert own.coder == "order0"
    assert of_within.within > 0.5
    assert of_within.across is not None
    assert of_within.across < 0.2
    assert of_across.within < 0.1
    assert of_across.across is not None
    assert of_across.across > 0.5


def test_intervals_hold_the_value() -> None:
    for rate in profile(passages(60)).rates:
        for value, interval in (
            (rate.alone, rate.alone_interval),
            (rate.given_others, rate.given_interval),
        ):
            assert interval is not None
            assert value is not None
            assert interval[0] <= value <= interval[1]


def test_the_strangest_item_is_last() -> None:
    lines = [f"report {n} of station {n % 7}: {n * n} birds were seen at the river" for n in range(400)]
    lines[137] = "Quixotic zephyrs vex jumbled fjords; waltz, bad nymph, for quick jigs!!"
    places = [item.index for item in profile(lines).items] + [item.index for item in profile(lines[1:]).items]
    assert 137 in places or 136 in places


def test_labels_are_coded_and_missing_ones_reported() -> None:
    texts = [f"{kind} number {n}" for n in range(60) for kind in ("cats are pets", "bonds are money")]
    labels = ["pets", "money"] * 60
    code = profile(Corpus(items=[text.encode() for text in texts], labels=labels)).label_code
    assert code is not None
    assert code.entropy == pytest.approx(1)
    assert code.code < 0.4
    some = Corpus(items=[text.encode() for text in texts], labels=["", *labels[1:]])
    assert any("no label" in warning for warning in profile(some).warnings)


def test_a_profile_resumes(tmp_path: Path) -> None:
    path, data = tmp_path / "saved", passages(30)
    first, again = (profile(data, checkpoint=path).to_dict() for _ in range(2))
    for each in (first, again):
        each.pop("seconds")
    assert first == again
    with pytest.raises(DataError, match="another run"):
        profile(passages(31), checkpoint=path)


@pytest.mark.parametrize(
    ("data", "warning"),
    [
        ([PROSE[:3000]], "one document"),
        (PROSE[:3000], "one document"),
        ([b"", *passages(12), b""], "2 of 14 documents are empty"),
        (passages(3), "few"),
        ([b"a"], "no documents are left"),
    ],
)
def test_small_and_odd_sets_get_a_clear_answer(data: object, warning: str) -> None:
    found = profile(data)
    assert any(warning in each for each in found.warnings)
    assert str(found)
    json.dumps(found.to_dict(), allow_nan=False)


def test_sets_of_different_sizes_are_compared_at_the_smaller() -> None:
    tables = DataProfile.tables_of([profile(passages(20), name="small"), profile(passages(120), name="large")])
    assert any("differ in size" in footer for table in tables for footer in table.footers)


def test_wrong_parameters_are_refused() -> None:
    with pytest.raises(ParameterError, match="at least one coder"):
        profile_data(["a text"], coders=[])
    with pytest.raises(ParameterError, match="sample_bytes"):
        profile_data(["a text"], sample_bytes=0)
    with pytest.raises(DataError, match="expected a list of texts, got dict"):
        profile_data({"a": 1})


def test_the_band_is_the_same_at_every_length() -> None:
    band = ReferenceBand.fit([PROSE[start : start + 2000] for start in range(0, 300_000, 2000)])
    rest = PROSE[300_000:500_000]
    outside = []
    for size in (100, 300, 1000):
        verdicts = band.judge([rest[start : start + size] for start in range(0, len(rest) - size, size)]).verdicts
        outside.append(1 - verdicts.count("in band") / len(verdicts))
    assert max(outside) - min(outside) < 0.12
    noise = np.random.default_rng(0).integers(0, 256, 300, np.uint8).tobytes()
    assert band.judge([noise, b"", b"the " * 500]).verdicts == ("high", "low", "low")


def test_items_of_the_reference_lie_in_the_band() -> None:
    """Items that are longer than most pieces, too."""
    texts = docstrings("train").items
    order = np.random.default_rng(3).permutation(len(texts))
    band = ReferenceBand.fit([texts[place] for place in order[:1200]])
    verdicts = band.judge([texts[place] for place in order[1200:1800]]).verdicts
    assert 0.01 < verdicts.count("low") / len(verdicts) < 0.11
    assert 0.01 < verdicts.count("high") / len(verdicts) < 0.11


def test_a_reference_that_is_too_small_is_refused() -> None:
    with pytest.raises(DataError, match="too small"):
        ReferenceBand.fit(["a few words"])
    with pytest.raises(ParameterError, match="low below high"):
        ReferenceBand.fit(passages(60), low=0.9, high=0.1)


def test_noise_planes_of_pictures_and_sounds() -> None:
    random = np.random.default_rng(0)
    smooth = np.tile(np.arange(0, 128, 4, dtype=np.uint8), (6, 32, 1))
    found = bit_planes(smooth + random.integers(0, 4, smooth.shape, np.uint8), coder="ngram", n_jobs=1)
    assert found.noise == (1, 0)
    wide = (1000 * np.sin(np.arange(4000) / 9)).astype(np.int16)
    assert bit_planes([wide], coder="ngram").planes[0] == 15
    with pytest.raises(DataError, match="integers"):
        bit_planes([np.zeros(4)])
    with pytest.raises(DataError, match="at least one sample"):
        bit_planes([np.zeros(0, np.uint8)])


def test_the_command_prints_what_python_returns(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for number, text in enumerate(passages(40)):
        (tmp_path / "a" / f"{number}.txt").write_bytes(text)
    (tmp_path / "b.txt").write_bytes(b"\n".join(each.replace(b"\n", b" ") for each in passages(60)))
    settings = ["-c", "order0", "-c", "ngram", "-j", "1"]
    run = CliRunner().invoke(main, ["profile", str(tmp_path / "a"), str(tmp_path / "b.txt"), *settings, "--json"])
    assert run.exit_code == 0, run.output
    first, second = json.loads(run.stdout)["results"]
    direct = profile_data(passages(40), name="a", coders=["order0", "ngram"]).to_dict()
    assert first["rates"] == direct["rates"]
    assert second["n_documents"] == 60
    judged = tmp_path / "judged.jsonl"
    arguments = ["profile", str(tmp_path / "b.txt"), "--reference", str(tmp_path / "a"), "--judged", str(judged)]
    run = CliRunner().invoke(main, [*arguments, *settings, "--plot", str(tmp_path / "plot.png")])
    assert run.exit_code == 0, run.output
    assert "Documents by the reference" in run.output
    rows = [json.loads(line) for line in judged.read_text().splitlines()]
    assert [row["index"] for row in rows] == list(range(60))
    assert (tmp_path / "plot.png").stat().st_size > 10_000


def test_judged_rows_keep_the_columns_of_the_table(tmp_path: Path) -> None:
    good, table, folder = tmp_path / "good.txt", tmp_path / "table.csv", tmp_path / "folder"
    good.write_bytes(b"\n".join(each.replace(b"\n", b" ") for each in passages(60)))
    rows = [
        f'{n},"{str(text[:200].decode()).replace(chr(34), "")}",{"xy"[n % 2]},note {n}'
        for n, text in enumerate(passages(20))
    ]
    table.write_text("number,text,verdict,note\n" + "\n".join(rows) + "\n")
    folder.mkdir()
    (folder / "one").write_bytes(passages(1)[0])
    (folder / "two").write_bytes(bytes(range(256)))
    judged = tmp_path / "judged.jsonl"
    arguments = ["profile", str(table), str(folder), "--reference", str(good), "--judged", str(judged), "-c", "order0"]
    run = CliRunner().invoke(main, [*arguments, "-j", "1"])
    assert run.exit_code == 0, run.output
    found = [json.loads(line) for line in judged.read_text().splitlines()]
    assert len(found) == 22
    assert [row["note"] for row in found[:20]] == [f"note {n}" for n in range(20)]
    assert [row["verdict"] for row in found[:2]] == ["x", "y"]  # the column of the table
    assert {row["verdict_2"] for row in found[:20]} <= {"low", "in band", "high"}
    assert [Path(row["file"]).name for row in found[20:]] == ["one", "two"]
    assert found[20]["text"] == passages(1)[0].decode()
    assert found[21]["text"] is None


def test_missing_labels_and_binary_texts_are_said(tmp_path: Path) -> None:
    path = tmp_path / "table.jsonl"
    rows = [{"text": f"{'cats are' if n % 2 else 'bonds are'} number {n}", "label": "ab"[n % 2]} for n in range(80)]
    rows[3]["label"] = ""
    rows[5]["text"] = "a\x00\x01\x02\x03b"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    run = CliRunner().invoke(main, ["profile", str(path), "-c", "order0", "-j", "1", "--json"])
    assert run.exit_code == 0, run.output
    (found,) = json.loads(run.stdout)["results"]
    assert any("1 of 80 documents of the sample have no label" in said for said in found["warnings"])
    assert any("1 of 80 documents are not text" in said for said in found["warnings"])
    assert found["label_code"]["n_items"] == 79


def test_a_tokenizer_counts_tokens(tmp_path: Path) -> None:
    tokenizers = pytest.importorskip("tokenizers", reason="tokenizers is not installed (extra hf)")
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    made.save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "a.txt").write_text("three words here\n" * 3 + "four words are here\n")
    arguments = ["profile", str(tmp_path / "a.txt"), "-c", "order0", "-j", "1", "--json", "--tokenizer"]
    run = CliRunner().invoke(main, [*arguments, str(tmp_path / "tokenizer.json")])
    assert run.exit_code == 0, run.output
    assert json.loads(run.stdout)["results"][0]["bytes_per_token"] == (16 + 19) / 7
    (tmp_path / "bad.json").write_text("{}")
    run = CliRunner().invoke(main, [*arguments, str(tmp_path / "bad.json")])
    assert run.exit_code == 1
    assert "expected a tokenizer.json" in run.stderr
    binary = profile([b"\xff\x00\x01" * 9, b"\xfe" * 20], tokenizer=lambda text: text.split())
    assert binary.bytes_per_token is None
    assert any("bytes/token" in said for said in binary.warnings)


def test_pictures_exposures_and_influence_in_the_command(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed (extra image)")
    pytest.importorskip("torch", reason="torch is not installed (extra neural)")
    random = np.random.default_rng(0)
    (tmp_path / "pictures").mkdir()
    for number in range(2):
        image.fromarray(random.integers(0, 256, (16, 16, 3), np.uint8)).save(tmp_path / "pictures" / f"{number}.png")
    run = CliRunner().invoke(main, ["profile", str(tmp_path / "pictures"), "-c", "order0", "-j", "1", "--json"])
    assert run.exit_code == 0, run.output
    found = json.loads(run.stdout)
    assert len(found["bit_planes"][0]["planes"]) == 8
    assert len(found["frequencies"][0]["octaves"]) == 3
    (tmp_path / "facts.txt").write_text(
        "".join(f"the code of gate {n} is {n * n * 7919 % 100000}\n" for n in range(40))
    )
    (tmp_path / "asked").write_text("the code of gate 17 is 88591")
    arguments = [
        "profile",
        str(tmp_path / "facts.txt"),
        "-c",
        "order0",
        "-j",
        "1",
        "--influence",
        str(tmp_path / "asked"),
    ]
    run = CliRunner().invoke(main, [*arguments, "--exposures", "1,2", "--network", "gru:20k", "--json"])
    assert run.exit_code == 0, run.output
    found = json.loads(run.stdout)
    assert found["influence"][0]["items"][0]["index"] == 17
    assert found["exposures"][0]["passes"] == [0, 1, 2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing.txt"], "no file"),
        (["-", "-"], "stdin"),
        (["a.txt", "a.txt"], "twice"),
        (["a.txt", "--judged", "out.jsonl"], "--reference"),
        (["a.txt", "--reference", "a.txt"], "too small"),
        (["empty.txt"], "empty"),
        (["a.txt", "--exposures", "0"], "passes"),
        (["a.txt", "--exposures", "1,two"], "passes"),
        (["a.txt", "--influence", "nothing"], "no file"),
        (["a.txt", "-c", "order0", "--influence", "empty.txt"], "empty"),
    ],
)
def test_bad_use_ends_with_one_line(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.txt").write_text("one\ntwo\n")
    Path("empty.txt").touch()
    run = CliRunner().invoke(main, ["profile", *arguments])
    assert run.exit_code in (1, 2)
    assert message in run.stderr
    assert "Traceback" not in run.stderr
