"""True pairs have more in common than random pairs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kolmo import coder, paired_gain
from kolmo.errors import DataError, WindowWarning
from kolmo.joint import paired_sets

WORDS = [f"{a}{b}{a}{b}x" for a in ("kel", "mor", "tin", "sul") for b in ("ba", "ru", "fo", "ni")]
QUESTIONS, ANSWERS = [f"where is the {word}?" for word in WORDS], [f"the {word} is there" for word in WORDS]


def test_true_pairs_gain_more_than_random_ones() -> None:
    true = paired_gain(QUESTIONS, ANSWERS)
    assert true.gain_bits > 5
    assert true.p_value <= 0.01
    assert true.retrieval_accuracy > 0.9
    other = paired_gain(QUESTIONS, ANSWERS[7:] + ANSWERS[:7])
    assert other.gain_bits < 1
    assert other.p_value > 0.05
    assert other.retrieval_accuracy < 0.1
    assert 0 < true.relative_gain < 1
    assert true.n_pairs == len(WORDS)
    assert paired_gain(QUESTIONS, ANSWERS, n_jobs=2).to_dict() == true.to_dict()


@pytest.mark.parametrize("spec", ["ngram", "mix", "deflate", "xz"])
def test_the_bits_are_those_of_the_coder(spec: str) -> None:
    made, xs, ys = coder(spec), QUESTIONS[:3], ANSWERS[:3]
    given = [[made.prime(x).code_length(y) for x in xs] for y in ys]
    own = sum(given[n][n] for n in range(3)) / 3
    others = (sum(map(sum, given)) / 3 - own) / 2
    found = paired_gain(xs, ys, coder=spec)
    assert found.gain_bits == pytest.approx(others - own)
    assert found.relative_gain == pytest.approx((others - own) / (sum(map(made.code_length, ys)) / 3))


def test_equal_contexts_retrieve_nothing() -> None:
    found = paired_gain(["same"] * 8, ANSWERS[:8])
    assert (found.gain_bits, found.p_value, found.retrieval_accuracy) == (pytest.approx(0), 1, 0)


def test_warnings() -> None:
    assert any("only 3 pairs" in warning for warning in paired_gain(QUESTIONS[:3], ANSWERS[:3]).warnings)
    assert paired_gain(QUESTIONS, ANSWERS, coder="zstd").warnings == []
    with pytest.warns(WindowWarning):
        long = paired_gain(["a" * 40_000, "b"], ["a", "b"], coder="deflate")
    assert any("window of 32.8 kB" in warning for warning in long.warnings)


def not_called(*arguments: object) -> None:
    raise AssertionError("everything is in the checkpoint")


def test_it_resumes_from_a_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = paired_gain(QUESTIONS, ANSWERS, checkpoint=tmp_path / "run")
    monkeypatch.setattr(paired_sets, "_conditional_lengths", not_called)
    assert paired_gain(QUESTIONS, ANSWERS, checkpoint=tmp_path / "run") == found
    with pytest.raises(DataError, match="first items"):
        paired_gain(ANSWERS, ANSWERS, checkpoint=tmp_path / "run")


def test_as_a_table() -> None:
    found = paired_gain(QUESTIONS, ANSWERS)
    assert str(found).startswith("Paired gain of 16 pairs: L(y | x of another pair) - L(y | x)\n")
    assert "6.2% by chance" in str(found)
    (table,) = type(found).tables_of([found], verbose=True)
    assert table.rows[0][0] == "ngram"
    assert found.fingerprint in table.footers
    assert found.length_y == pytest.approx(coder("ngram").code_lengths(ANSWERS).mean())
    assert found.length_x == pytest.approx(coder("ngram").code_lengths(QUESTIONS).mean())
    assert found.to_dict()["retrieval_accuracy"] == found.retrieval_accuracy


def test_bad_input_is_refused() -> None:
    for xs, ys in ((["a", "b"], ["a"]), (["a"], ["a"]), ([], [])):
        with pytest.raises(DataError, match="pairs"):
            paired_gain(xs, ys)


def articles(path: Path) -> list[str]:
    """Return the articles of the declaration, each in a line."""
    found: list[list[str]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if re.fullmatch(rf"\D*{len(found) + 1}\D{{0,15}}", line.strip()):
            found.append([])
        elif found:
            found[-1].append(line)
    return [" ".join(lines) for lines in found]


@pytest.mark.realdata
def test_translations_into_near_languages_are_paired(data_dir: Path) -> None:
    languages = ("eng", "sco", "hun", "nob", "nno")
    texts = {name: articles(data_dir / "text" / "udhr_latin" / "txt" / f"{name}.txt") for name in languages}
    assert {len(text) for text in texts.values()} == {30}
    for one, other in (("eng", "sco"), ("nob", "nno")):
        near = paired_gain(texts[one], texts[other])
        assert near.relative_gain > 0.2
        assert near.retrieval_accuracy > 0.9
        assert near.p_value <= 0.001
    far = paired_gain(texts["eng"], texts["hun"])
    assert abs(far.relative_gain) < 0.01, "no byte of the one tells of the other"
    assert far.p_value > 0.05
