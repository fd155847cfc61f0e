"""What two data sets share: bounds, controls, and known answers."""

from __future__ import annotations

import math
import sysconfig
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kolmo import coder, gain_matrix, joint_gain
from kolmo.coders import Deflate
from kolmo.distances import engine as blocks
from kolmo.errors import DataError, ParameterError, WindowWarning
from kolmo.joint import random_control, two_sets as joint

CATS = [f"the cat number {n} sat on mat {n * n} and purred" for n in range(60)]
DOGS = [f"the dog number {n} lay on rug {n * n} and slept" for n in range(60)]
WORDS = [bytes(word).decode() for word in np.random.default_rng(1).integers(97, 123, (300, 6), np.uint8)]
TALES = [" ".join(np.random.default_rng([2, n]).choice(WORDS, 9)) for n in range(30)]
SONGS = [" ".join(np.random.default_rng([3, n]).choice(WORDS[100:], 9)) for n in range(30)]
"""Documents that are no near-duplicates, as those of CATS are."""
NOISE = np.random.default_rng(0).integers(0, 256, 3000, np.uint8).tobytes()
CODERS = ("ngram", "mix", "deflate", "xz", "order0")


@pytest.mark.parametrize("spec", CODERS)
def test_lengths_are_those_of_the_coder(spec: str) -> None:
    made, x, y = coder(spec), "; ".join(CATS), "; ".join(DOGS)
    gain = joint_gain(x, y, coder=made, n_resamples=0)
    assert gain.length_x == pytest.approx(made.code_length(x))
    assert gain.length_y == pytest.approx(made.code_length(y))
    assert gain.length_y_given_x == pytest.approx(made.prime(x).code_length(y))
    assert gain.length_xy == pytest.approx(made.joint_code_length(x, y), rel=0.01)  # one header or two
    assert gain.gain_bits == pytest.approx(gain.length_x + gain.length_y - (gain.length_xy + gain.length_yx) / 2)
    assert gain.information_distance == max(gain.length_x_given_y, gain.length_y_given_x)
    assert gain.interval is None


@pytest.mark.parametrize("spec", CODERS)
def test_one_code_is_never_worse_than_two_and_a_bit(spec: str) -> None:
    for x, y in (("; ".join(CATS), NOISE), (NOISE, NOISE[::-1]), (b"a", b"b")):
        gain = joint_gain(x, y, coder=spec, n_resamples=0)
        assert gain.joint_upper_bound <= gain.length_x + gain.length_y + 1


@pytest.mark.parametrize("spec", ["ngram", "mix", "xz", pytest.param("gru", marks=pytest.mark.slow)])
def test_similar_sets_gain_more_than_noise_and_less_than_themselves(spec: str) -> None:
    gain = joint_gain(CATS, DOGS, coder=spec, separator="; ")
    assert gain.self_gain > gain.relative_gain > gain.random_gain
    assert abs(gain.random_gain) < 0.03
    assert gain.self_gain < 0.51
    assert gain.interval is not None
    assert gain.interval[0] < gain.relative_gain < gain.interval[1]
    assert joint_gain(CATS, NOISE, coder=spec, n_resamples=0, n_permutations=0).relative_gain < 0.03


def test_it_is_symmetric_and_repeats_itself() -> None:
    forth, back = joint_gain(CATS, DOGS, coder="ngram"), joint_gain(DOGS, CATS, coder="ngram")
    assert forth.relative_gain == pytest.approx(back.relative_gain)
    assert (forth.length_xy, forth.length_y_given_x) == (back.length_yx, back.length_x_given_y)
    assert joint_gain(CATS, DOGS, coder="ngram") == forth
    assert joint_gain(CATS, DOGS, coder="ngram", n_jobs=2) == forth
    shuffled = joint_gain(CATS, DOGS, coder="ngram", order="shuffled")
    assert shuffled.sizes == forth.sizes
    assert shuffled.length_xy != forth.length_xy


def test_interleaved_sets() -> None:
    gain = joint_gain(CATS, DOGS[:20], coder="xz", separator="; ", order="interleaved", n_resamples=0)
    plain = joint_gain(CATS, DOGS[:20], coder="xz", separator="; ", n_resamples=0)
    assert gain.order == "interleaved"
    for name in ("sizes", "length_x", "length_y", "length_y_given_x", "length_x_given_y"):
        assert getattr(gain, name) == getattr(plain, name)
    interleaved = "; ".join(part for n in range(20) for part in (CATS[3 * n], DOGS[n], *CATS[3 * n + 1 : 3 * n + 3]))
    assert gain.length_xy == coder("xz").code_length(interleaved)
    back = joint_gain(DOGS[:20], CATS, coder="xz", separator="; ", order="interleaved", n_resamples=0)
    assert (gain.length_xy, gain.length_yx) == (back.length_yx, back.length_xy)
    for spec in CODERS:
        found = joint_gain(CATS, DOGS, coder=spec, separator="; ", order="interleaved", n_resamples=3)
        assert found.joint_upper_bound <= found.length_x + found.length_y + 1
        if spec != "order0":
            assert found.self_gain > found.relative_gain > found.random_gain


@pytest.mark.filterwarnings("ignore::kolmo.errors.WindowWarning")
def test_a_short_window_sees_neighbours_where_sets_are_interleaved() -> None:
    sources = [path.read_bytes() for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))]
    files = [source for source in sources if 2000 < len(source) < 24_000][:30]
    halves = [[file[: len(file) // 2] for file in files], [file[len(file) // 2 :] for file in files]]
    shares = {
        (spec, order): joint_gain(*halves, coder=spec, order=order, n_resamples=0, n_permutations=0).relative_gain
        for spec in ("gzip", "xz")
        for order in ("concatenated", "interleaved")
    }
    assert min(sum(map(len, half)) for half in halves) > 100_000
    assert shares["gzip", "concatenated"] < 0.01, "it forgot the first before it came to the second"
    assert shares["gzip", "interleaved"] > 0.03
    assert shares["xz", "concatenated"] > 0.04, "it sees all, in any order"
    assert shares["xz", "interleaved"] > 0.04


def test_strings_are_interleaved_in_pieces() -> None:
    x, y = (np.random.default_rng(seed).integers(0, 256, 40_000, np.uint8).tobytes() for seed in (1, 2))
    with pytest.warns(WindowWarning):
        apart, interleaved = (
            joint_gain(x, x[:20_000] + y[:20_000], coder="deflate", order=order, n_resamples=0)
            for order in ("concatenated", "interleaved")
        )
    assert apart.relative_gain < 0.12
    assert interleaved.relative_gain > 0.2, "each piece is beside its copy"


@pytest.mark.parametrize("order", ["concatenated", "shuffled", "interleaved"])
def test_it_resumes_from_a_checkpoint(order: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    how = {"coder": "deflate", "order": order, "separator": " ", "n_permutations": 2}
    expected = joint_gain(TALES, SONGS, n_resamples=6, **how)
    real, done = joint.six_lengths, []

    def stopping(*given: Any) -> Any:
        if len(done) == 4:
            raise KeyboardInterrupt
        done.append(1)
        return real(*given)

    monkeypatch.setattr(joint, "six_lengths", stopping)
    with pytest.raises(KeyboardInterrupt):
        joint_gain(TALES, SONGS, n_resamples=6, checkpoint=tmp_path / "run", **how)
    monkeypatch.setattr(joint, "six_lengths", lambda *given: done.append(1) or real(*given))
    assert joint_gain(TALES, SONGS, n_resamples=6, checkpoint=tmp_path / "run", **how) == expected
    assert len(done) in (11, 12), "at most the last before the stop is done again"
    assert joint_gain(TALES, SONGS, n_resamples=6, checkpoint=tmp_path / "run", **how) == expected
    done.clear()
    more = joint_gain(TALES, SONGS, n_resamples=8, checkpoint=tmp_path / "run", **how)
    assert len(done) == 2
    assert more == joint_gain(TALES, SONGS, n_resamples=8, **how)
    with pytest.raises(DataError, match="second items"):
        joint_gain(TALES, TALES, checkpoint=tmp_path / "run", **how)


def test_a_matrix_resumes_from_a_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sets = {str(n): "; ".join(CATS[n:] + DOGS[:n]) for n in range(0, 60, 10)}
    monkeypatch.setattr(blocks, "_SMALLEST_TILE_BYTES", 2**14)
    expected = gain_matrix(sets, coder="deflate", n_permutations=1).relative_gain
    real, done = Deflate._joint_batch, []

    def stopping(self: Deflate, *given: Any) -> Any:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(1)
        return real(self, *given)

    monkeypatch.setattr(Deflate, "_joint_batch", stopping)
    with pytest.raises(KeyboardInterrupt):
        gain_matrix(sets, coder="deflate", n_permutations=1, checkpoint=tmp_path / "run")
    done.clear()
    monkeypatch.setattr(Deflate, "_joint_batch", lambda self, *given: done.append(1) or real(self, *given))
    found = gain_matrix(sets, coder="deflate", n_permutations=1, checkpoint=tmp_path / "run")
    np.testing.assert_array_equal(found.relative_gain, expected)
    assert done
    done.clear()
    found = gain_matrix(sets, coder="deflate", n_permutations=1, checkpoint=tmp_path / "run")
    np.testing.assert_array_equal(found.relative_gain, expected)
    assert not done, "nothing is left to do"


def test_each_order_of_a_pair_is_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    real, pairs = Deflate._joint_batch, []
    monkeypatch.setattr(
        Deflate, "_joint_batch", lambda self, xs, ys: pairs.append(len(xs) * len(ys)) or real(self, xs, ys)
    )
    gain_matrix({str(n): text for n, text in enumerate(CATS[:7])}, coder="deflate", n_permutations=0)
    assert sum(pairs) == 7 * 7


@pytest.mark.parametrize("spec", ["mix", "xz"])
def test_nothing_gains_from_random_bytes(spec: str) -> None:
    sets = {"cats": "; ".join(CATS), "dogs": "; ".join(DOGS)}
    noise = random_control(sets, random_state=3)
    assert noise == random_control(sets, random_state=3) != random_control(sets, random_state=4)
    assert min(map(len, sets.values())) <= len(noise) <= max(map(len, sets.values()))
    gains = gain_matrix(sets | {"random": noise}, coder=spec).relative_gain
    assert gains[0, 1] > 0.1
    assert abs(gains[2, :2]).max() < 0.03
    assert gains[2, 2] > 0.4


@pytest.mark.parametrize("spec", ["ngram", "xz"])
def test_the_matrix_holds_the_relative_gains(spec: str) -> None:
    sets = {"cats": "; ".join(CATS), "dogs": "; ".join(DOGS), "noise": NOISE}
    gains = gain_matrix(sets, coder=spec).relative_gain
    for row, x in enumerate(sets.values()):
        for column, y in enumerate(sets.values()):
            expected = joint_gain(x, y, coder=spec, n_resamples=0).relative_gain
            assert gains[row, column] == pytest.approx(expected, abs=2e-3)
    assert gains.diagonal().min() > np.delete(gains.ravel(), [0, 4, 8]).max()


def test_bad_input_is_refused() -> None:
    for wrong in ("", [], [""]):
        with pytest.raises((DataError, ParameterError)):
            joint_gain("abc", wrong)
    with pytest.raises(ParameterError, match="order: expected"):
        joint_gain("abc", "abc", order="sideways")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="n_resamples: expected 0 for no interval, or at least 2"):
        joint_gain("abc", "abc", n_resamples=1)
    with pytest.raises(DataError, match="at least two"):
        gain_matrix({"a": "abc"})
    with pytest.raises(DataError, match="'b' is empty"):
        gain_matrix({"a": "abc", "b": ""})
    with pytest.raises(DataError, match="at least one data set"):
        random_control({})


def test_as_json() -> None:
    found = joint_gain(CATS, DOGS, coder="order0", n_resamples=0).to_dict()
    assert found["relative_gain"] == pytest.approx(found["gain_bits"] / (found["length_x"] + found["length_y"]))
    assert not any(isinstance(value, float) and math.isnan(value) for value in found.values())


def test_tables_of_two_sets() -> None:
    gains = [joint_gain(CATS, DOGS, coder=spec, n_resamples=2) for spec in ("order0", "xz")]
    lengths, table = type(gains[0]).tables_of(gains)
    assert lengths.title == "Code lengths in bits"
    assert [column.name for column in table.columns[1:]] == [
        "gain, bits", "gain, %", "95% interval", "null, %", "excess, %", "95% interval", "p-value", "random, %",
        "self, %", "K(X,Y) <= bits",
    ]  # fmt: skip
    assert [row[0] for row in table.rows] == ["order0", "xz"]
    assert sum(footer.startswith("warning: order0 saves only") for footer in table.footers) == 1
    assert not set(table.footers) & {gain.fingerprint for gain in gains}
    verbose = type(gains[0]).tables_of(gains, verbose=True)[1].footers
    assert {gain.fingerprint for gain in gains} < set(verbose)
    assert any("Li, Chen, Li, Ma and Vitanyi" in footer for footer in verbose)
    assert "documents interleaved" in str(joint_gain(CATS, DOGS, coder="order0", order="interleaved", n_resamples=0))


def test_a_matrix_says_what_it_is() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed (extra frames)")
    sets = {"cats": "; ".join(CATS), "dogs": "; ".join(DOGS), "noise": NOISE}
    matrix = gain_matrix(sets, coder="ngram")
    frame = matrix.to_frame()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.index) == list(frame.columns) == list(matrix.names) == list(sets)
    np.testing.assert_array_equal(frame.to_numpy(), matrix.relative_gain)
    assert frame.loc["cats", "dogs"] == matrix.relative_gain[0, 1]
    assert matrix.code_lengths.tolist() == coder("ngram").code_lengths(list(sets.values())).tolist()
    assert matrix.sizes == tuple(len(data) for data in sets.values())
    assert matrix.to_dict()["relative_gain"] == matrix.relative_gain.tolist()
    assert matrix.to_dict()["fingerprint"] == coder("ngram").fingerprint
    assert str(matrix).startswith("Joint gain matrix (ngram), %\n")
    assert matrix.fingerprint not in str(matrix)
    assert matrix.distances().min() >= 0
    np.testing.assert_allclose(matrix.distances()[0, 1], 1 - 2 * matrix.relative_gain[0, 1])
    assert matrix.records()[1]["set"] == "dogs"


def test_a_large_matrix_numbers_its_columns() -> None:
    matrix = gain_matrix({f"set {n}": text for n, text in enumerate(CATS[:13])}, coder="order0")
    table, *_ = type(matrix).tables_of([matrix])
    assert [column.name for column in table.columns] == ["", "set", *map(str, range(1, 14))]
    assert table.rows[12][:2] == ["13", "set 12"]


def test_a_matrix_has_a_null_and_directed_savings() -> None:
    sets = {"cats": "; ".join(CATS), "dogs": "; ".join(DOGS), "noise": NOISE}
    for spec in ("ngram", "xz"):
        matrix = gain_matrix(sets, coder=spec)
        assert matrix.excess_gain[0, 1] > matrix.noise_floor > abs(matrix.excess_gain[0, 2])
        assert matrix.p_value[0, 1] < 0.01
        assert matrix.has_common_structure
        np.testing.assert_allclose(matrix.null_gain, matrix.null_gain.T)
        pair = matrix.pairs()[0]
        alone = joint_gain(sets["cats"], sets["dogs"], coder=spec, n_resamples=0, n_permutations=0)
        for name in ("length_x", "length_y", "length_x_given_y", "length_y_given_x", "gain_bits"):
            assert pair[name] == pytest.approx(getattr(alone, name), abs=64)
        assert matrix.directed_saving[0, 1] == pytest.approx(1 - pair["length_y_given_x"] / pair["length_y"])
        assert [table.title.split(" (")[0] for table in type(matrix).tables_of([matrix])] == [
            "Joint gain matrix", "Excess gain", "Saving L(Y) - L(Y|X)",
        ]  # fmt: skip


def test_unrelated_sets_have_no_common_structure() -> None:
    letters = np.frombuffer(b"abcdefgh", np.uint8)
    random = np.random.default_rng(0)
    sets = {str(n): letters[random.choice(8, 3000, p=random.dirichlet(np.ones(8)))].tobytes() for n in range(4)}
    matrix = gain_matrix(sets, coder="deflate")
    assert matrix.has_common_structure is False
    assert "no pair has an excess gain above the noise floor" in str(matrix)
    without = gain_matrix(sets, coder="deflate", n_permutations=0)
    assert without.has_common_structure is None
    assert without.null == "none"
    np.testing.assert_array_equal(without.relative_gain, matrix.relative_gain)
    assert without.to_dict()["noise_floor"] is None
    assert "Excess gain" not in str(without)
