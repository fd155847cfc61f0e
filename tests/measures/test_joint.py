"""What two data sets share: bounds, controls, and known answers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kolmo import coder, joint_gain, joint_gains, paired_gain
from kolmo.errors import DataError, ParameterError, WindowWarning

CATS = [f"the cat number {n} sat on mat {n * n} and purred" for n in range(60)]
DOGS = [f"the dog number {n} lay on rug {n * n} and slept" for n in range(60)]
NOISE = np.random.default_rng(0).integers(0, 256, 3000, np.uint8).tobytes()
CODERS = ("ngram", "mix", "deflate", "xz", "order0")


@pytest.mark.parametrize("spec", CODERS)
def test_lengths_are_those_of_the_coder(spec: str) -> None:
    made, x, y = coder(spec), "; ".join(CATS), "; ".join(DOGS)
    gain = joint_gain(x, y, coder=made, n_resamples=0)
    assert gain.length_x == pytest.approx(made.code_length(x))
    assert gain.length_y == pytest.approx(made.code_length(y))
    assert gain.length_y_given_x == pytest.approx(made.prime(x).code_length(y))
    assert gain.length_xy == pytest.approx(made.joint_length(x, y), rel=0.01)  # one header or two
    assert gain.bits == pytest.approx(gain.length_x + gain.length_y - (gain.length_xy + gain.length_yx) / 2)
    assert gain.information_distance == max(gain.length_x_given_y, gain.length_y_given_x)
    assert gain.interval is None


@pytest.mark.parametrize("spec", CODERS)
def test_one_code_is_never_worse_than_two_and_a_bit(spec: str) -> None:
    for x, y in (("; ".join(CATS), NOISE), (NOISE, NOISE[::-1]), (b"a", b"b")):
        gain = joint_gain(x, y, coder=spec, n_resamples=0)
        assert gain.bound <= gain.length_x + gain.length_y + 1


@pytest.mark.parametrize("spec", ["ngram", "mix", "xz", "gru"])
def test_like_sets_gain_more_than_noise_and_less_than_themselves(spec: str) -> None:
    gain = joint_gain(CATS, DOGS, coder=spec, separator="; ")
    assert gain.self_share > gain.share > gain.random_share
    assert abs(gain.random_share) < 0.03
    assert gain.self_share < 0.51
    assert gain.interval is not None
    assert gain.interval[0] < gain.share < gain.interval[1]
    assert joint_gain(CATS, NOISE, coder=spec, n_resamples=0).share < 0.03


def test_it_is_symmetric_and_repeats_itself() -> None:
    forth, back = joint_gain(CATS, DOGS, coder="ngram"), joint_gain(DOGS, CATS, coder="ngram")
    assert forth.share == pytest.approx(back.share)
    assert (forth.length_xy, forth.length_y_given_x) == (back.length_yx, back.length_x_given_y)
    assert joint_gain(CATS, DOGS, coder="ngram") == forth
    assert joint_gain(CATS, DOGS, coder="ngram", n_jobs=2) == forth
    shuffled = joint_gain(CATS, DOGS, coder="ngram", order="shuffled")
    assert shuffled.sizes == forth.sizes
    assert shuffled.length_xy != forth.length_xy


def test_doubts_are_told() -> None:
    long = NOISE * 20
    with pytest.warns(WindowWarning):
        gain = joint_gain(long, long, coder="deflate", n_resamples=0)
    assert any("sees only the last 32,768 bytes" in doubt for doubt in gain.doubts)
    assert any("twentyfold" in doubt for doubt in joint_gain(NOISE, "few", coder="ngram", n_resamples=0).doubts)
    forgetful = joint_gain(CATS, DOGS, coder="order0", n_resamples=0)
    assert any("beside that of X with itself" in doubt for doubt in forgetful.doubts)
    assert not joint_gain(CATS, DOGS, coder="mix", n_resamples=0).doubts


@pytest.mark.parametrize("spec", ["ngram", "xz"])
def test_the_matrix_holds_the_shares(spec: str) -> None:
    sets = {"cats": "; ".join(CATS), "dogs": "; ".join(DOGS), "noise": NOISE}
    gains = joint_gains(sets, coder=spec)
    for row, x in enumerate(sets.values()):
        for column, y in enumerate(sets.values()):
            expected = joint_gain(x, y, coder=spec, n_resamples=0).share
            assert gains[row, column] == pytest.approx(expected, abs=2e-3)
    assert gains.diagonal().min() > np.delete(gains.ravel(), [0, 4, 8]).max()


def test_pairs_tell_of_each_other() -> None:
    words = [f"{a}{b}{a}{b}x" for a in ("kel", "mor", "tin", "sul") for b in ("ba", "ru", "fo", "ni")]
    questions, answers = [f"where is the {w}?" for w in words], [f"the {w} is there" for w in words]
    true = paired_gain(questions, answers)
    assert true.bits > 5
    assert true.p_value <= 0.01
    other = paired_gain(questions, answers[7:] + answers[:7])
    assert other.bits < 1
    assert other.p_value > 0.05
    assert 0 < true.share < 1


def test_bad_input_is_refused() -> None:
    for wrong in ("", [], [""]):
        with pytest.raises((DataError, ParameterError)):
            joint_gain("abc", wrong)
    with pytest.raises(ParameterError, match="order"):
        joint_gain("abc", "abc", order="sideways")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="at least two"):
        joint_gains({"a": "abc"})
    with pytest.raises(DataError, match="'b' is empty"):
        joint_gains({"a": "abc", "b": ""})
    with pytest.raises(DataError, match="pairs"):
        paired_gain(["a", "b"], ["a"])


def test_as_json() -> None:
    found = joint_gain(CATS, DOGS, coder="order0", n_resamples=0).as_dict()
    assert found["share"] == pytest.approx(found["bits"] / (found["length_x"] + found["length_y"]))
    assert not any(isinstance(value, float) and math.isnan(value) for value in found.values())
