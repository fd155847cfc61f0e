"""Things that belong together tell of each other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kolmo import coder, paired_gain
from kolmo.errors import DataError, WindowWarning
from kolmo.joint import paired_sets as paired

WORDS = [f"{a}{b}{a}{b}x" for a in ("kel", "mor", "tin", "sul") for b in ("ba", "ru", "fo", "ni")]
QUESTIONS, ANSWERS = [f"where is the {word}?" for word in WORDS], [f"the {word} is there" for word in WORDS]


def test_pairs_tell_of_each_other() -> None:
    true = paired_gain(QUESTIONS, ANSWERS)
    assert true.bits > 5
    assert true.p_value <= 0.01
    assert true.found > 0.9
    other = paired_gain(QUESTIONS, ANSWERS[7:] + ANSWERS[:7])
    assert other.bits < 1
    assert other.p_value > 0.05
    assert other.found < 0.1
    assert 0 < true.share < 1
    assert true.n_pairs == len(WORDS)
    assert paired_gain(QUESTIONS, ANSWERS, n_jobs=2).to_dict() == true.to_dict()


@pytest.mark.parametrize("spec", ["ngram", "mix", "deflate", "xz"])
def test_the_bits_are_those_of_the_coder(spec: str) -> None:
    made, xs, ys = coder(spec), QUESTIONS[:3], ANSWERS[:3]
    given = [[made.prime(x).code_length(y) for x in xs] for y in ys]
    own = sum(given[n][n] for n in range(3)) / 3
    others = (sum(map(sum, given)) / 3 - own) / 2
    found = paired_gain(xs, ys, coder=spec)
    assert found.bits == pytest.approx(others - own)
    assert found.share == pytest.approx((others - own) / (sum(map(made.code_length, ys)) / 3))


def test_what_cannot_be_told_apart_is_not_found() -> None:
    found = paired_gain(["same"] * 8, ANSWERS[:8])
    assert (found.bits, found.p_value, found.found) == (pytest.approx(0), 1, 0)


def test_doubts() -> None:
    assert any("only 3 pairs" in doubt for doubt in paired_gain(QUESTIONS[:3], ANSWERS[:3]).warnings)
    assert paired_gain(QUESTIONS, ANSWERS, coder="zstd").warnings == []
    with pytest.warns(WindowWarning):
        long = paired_gain(["a" * 40_000, "b"], ["a", "b"], coder="deflate")
    assert any("sees 32.8 kB back" in doubt for doubt in long.warnings)


def test_it_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = paired_gain(QUESTIONS, ANSWERS, checkpoint=tmp_path / "run")
    monkeypatch.setattr(paired, "_given", None)
    assert paired_gain(QUESTIONS, ANSWERS, checkpoint=tmp_path / "run") == found
    with pytest.raises(DataError, match="first items"):
        paired_gain(ANSWERS, ANSWERS, checkpoint=tmp_path / "run")


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
        assert near.share > 0.2
        assert near.found > 0.9
        assert near.p_value <= 0.001
    far = paired_gain(texts["eng"], texts["hun"])
    assert abs(far.share) < 0.01, "no byte of the one tells of the other"
    assert far.p_value > 0.05
