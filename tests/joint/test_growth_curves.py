"""Gains of growing sets."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from kolmo import gain_curve, joint_gain
from kolmo.errors import DataError, ParameterError, WindowWarning

CATS = [f"the cat number {n} sat on mat {n * n} and purred" for n in range(300)]
DOGS = [f"the dog number {n} lay on rug {n * n} and slept" for n in range(200)]


@pytest.mark.parametrize("order", ["concatenated", "shuffled", "interleaved"])
@pytest.mark.parametrize("as_strings", [False, True])
def test_it_ends_with_the_gain_of_the_whole(order: str, as_strings: bool) -> None:
    x, y = ("; ".join(CATS), "; ".join(DOGS)) if as_strings else (CATS, DOGS)
    curve = gain_curve(x, y, coder="ngram", order=order)  # type: ignore[arg-type]
    whole = joint_gain(x, y, coder="ngram", order=order, n_resamples=0)  # type: ignore[arg-type]
    assert curve[-1].to_dict().items() <= whole.to_dict().items()
    assert (curve.order, curve.fingerprint, curve.coder) == (whole.order, whole.fingerprint, whole.coder)
    sizes = [gain.sizes for gain in curve]
    assert sizes == sorted(sizes)
    assert len(set(sizes)) == len(sizes) == 4
    for before, after in pairwise(sizes[:-1]):
        assert after[1] / before[1] == pytest.approx(2, rel=0.1)
        assert after[0] / after[1] == pytest.approx(sizes[-1][0] / sizes[-1][1], rel=0.1)


def test_sizes_are_those_asked_for() -> None:
    x, y = "; ".join(CATS), "; ".join(DOGS)
    assert [gain.sizes[1] for gain in gain_curve(x, y, coder="order0", sizes=[7, 500, 10**9])] == [7, 500, len(y)]
    assert [gain.sizes for gain in gain_curve("ab", "cde", coder="order0")] == [(2, 3)]
    (only,) = gain_curve(["whole"], ["documents"], coder="order0", sizes=[1, 2, 3])
    assert only.sizes == (5, 9)


def test_it_repeats_itself() -> None:
    curve = gain_curve(CATS, DOGS, coder="ngram")
    assert gain_curve(CATS, DOGS, coder="ngram", n_jobs=2) == curve
    other = gain_curve(CATS, DOGS, coder="ngram", random_state=1)
    assert other[-1] == curve[-1]
    assert other[0] != curve[0]


def not_called(*arguments: object) -> None:
    raise AssertionError("everything is in the checkpoint")


def test_it_resumes_from_a_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from kolmo.joint import growth_curves

    curve = gain_curve(CATS, DOGS, coder="ngram", checkpoint=tmp_path / "run")
    monkeypatch.setattr(growth_curves, "six_lengths", not_called)
    assert gain_curve(CATS, DOGS, coder="ngram", checkpoint=tmp_path / "run") == curve
    with pytest.raises(DataError, match="random_state was 0, now 1"):
        gain_curve(CATS, DOGS, coder="ngram", checkpoint=tmp_path / "run", random_state=1)


def test_bad_input_is_refused() -> None:
    for sizes in ([2, 1], [1, 1], [0], [1.5], ["2"]):
        with pytest.raises(ParameterError):
            gain_curve("abc", "abc", sizes=sizes)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="Y is empty"):
        gain_curve("abc", "")
    with pytest.raises(ParameterError, match="order: expected"):
        gain_curve("abc", "abc", order="sideways")  # type: ignore[arg-type]
    with pytest.warns(WindowWarning):
        gain_curve("abcdefgh" * 5000, "abc", coder="deflate", sizes=[2])


def test_as_a_table_and_a_frame() -> None:
    pytest.importorskip("pandas", reason="pandas is not installed (extra frames)")
    curve = gain_curve(CATS, DOGS, coder="brotli")
    frame = curve.to_frame()
    assert frame.gain_bits.tolist() == [gain.gain_bits for gain in curve]
    assert list(zip(frame.size_x, frame.size_y, strict=True)) == [gain.sizes for gain in curve.points]
    lines = str(curve).splitlines()
    assert lines[0] == "Joint coding gain by size (brotli)"
    assert len(lines) == 3 + len(curve) + 1 + 2
    assert "each gain includes 8 bits for one header instead of two" in lines
    (table,) = type(curve).tables_of([curve], verbose=True)
    assert curve.fingerprint in table.footers
    assert gain_curve(CATS, DOGS, coder="brotli", order="shuffled").to_dict()["order"] == "shuffled"


def test_sets_of_very_different_sizes_are_a_warning() -> None:
    (sizes,) = gain_curve("a cat sat here", "a dog lay there; " * 40, coder="deflate").warnings
    assert sizes.startswith("Y is 49 times as long as X: the gain in % cannot exceed")
