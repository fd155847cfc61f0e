"""What is told beside a gain: what the coder cannot see, and what was compared."""

from __future__ import annotations

import numpy as np
import pytest

from kolmo import diagnose, joint_gain, joint_gains
from kolmo.errors import WindowWarning
from kolmo.joint import diagnose_matrix

ENGLISH = (
    "The government of the people should be informed about the national interest of the world, because most countries "
    "have their own language, history and education. During the following years the population of the city was "
    "increasing, and the development of the industry had important effects on the environment of the region. "
) * 2
CATS = [f"the cat number {n} sat on mat {n * n} and purred" for n in range(60)]
DOGS = [f"the dog number {n} lay on rug {n * n} and slept" for n in range(60)]
NOISE = np.random.default_rng(0).integers(0, 256, 3000, np.uint8).tobytes()


def told(x: object, y: object, coder: str, **how: int) -> str:
    return "; ".join(joint_gain(x, y, coder=coder, **({"n_resamples": 0} | how)).warnings)


def test_what_is_as_it_should_be_raises_no_doubt() -> None:
    for coder in ("mix", "xz", "lzma"):
        assert not told(CATS, DOGS, coder, n_resamples=8)


def test_a_short_window() -> None:
    long = NOISE * 20
    with pytest.warns(WindowWarning):
        assert "sees 32.8 kB back, less than the 60 kB" in told(long, long, "deflate")


def test_what_was_known_beforehand() -> None:
    assert "beforehand" in told(ENGLISH, NOISE, "brotli")
    assert "beforehand" in told(NOISE, ENGLISH, "brotli"), "either set may be of what the dictionary knows"
    assert "beforehand" not in told(NOISE, NOISE[::-1], "brotli")


def test_pixels_are_no_words() -> None:
    pytest.importorskip("PIL", reason="the extra image is not installed")
    steps = np.random.default_rng(0).integers(-3, 4, 1024).cumsum()
    assert not diagnose(
        "png", 1000, sample=(110 + steps % 40).astype(np.uint8).tobytes()[:512] + bytes(range(128, 256))
    )
    assert any("beforehand" in doubt for doubt in diagnose("brotli", 10, sample=f"{ENGLISH[:1021]}\u20ac".encode()))


def test_of_several_samples_the_worst_counts() -> None:
    apart = [diagnose("brotli", 10, sample=sample) for sample in (NOISE, ENGLISH)]
    assert diagnose("brotli", 10, sample=[NOISE, ENGLISH, ""]) == [*apart[0], *apart[1]]
    (copies,) = diagnose("uniform", 10, sample=[ENGLISH, NOISE])
    assert "100%" in copies


def test_a_coder_that_remembers_little() -> None:
    assert "beside that of X with itself" in told(CATS, DOGS, "order0")
    halves = [np.random.default_rng(seed).integers(97, 123, 600_000, np.uint8).tobytes() for seed in (0, 1)]
    assert "of a second X 'bz2' saves" in told(*halves, "bz2"), "its blocks of 900 kB part what its window would hold"


def test_one_code_longer_than_two() -> None:
    letters = bytes(np.random.default_rng(1).integers(97, 101, 20_000, np.uint8))
    bits = bytes(np.random.default_rng(2).integers(48, 50, 20_000, np.uint8))
    assert "longer than two" in told(letters, bits, "order0")


def test_sets_of_very_different_sizes() -> None:
    gain = joint_gain(CATS * 9, CATS[:2], coder="xz", n_resamples=4)
    (sizes,) = (doubt for doubt in gain.warnings if "times as long" in doubt)
    assert sizes.startswith(f"X is {gain.sizes[0] / gain.sizes[1]:,.0f} times as long as Y: the share and its interval")
    assert f"where {gain.length_y / (gain.length_x + gain.length_y):.2%} is all of Y" in sizes
    assert "Y is only 2 blocks" in "; ".join(gain.warnings)
    assert "the share is of both" in told(CATS[:1], CATS * 9, "xz")


def test_identical_sets() -> None:
    assert "same bytes" in told(CATS, list(CATS), "ngram")
    assert "same bytes" not in told(CATS, CATS[::-1], "ngram")


@pytest.mark.filterwarnings("ignore::kolmo.errors.WindowWarning")
def test_of_many_sets() -> None:
    sets = {"cats": "; ".join(CATS), "dogs": "; ".join(DOGS), "noise": NOISE}

    def found(coder: str, **more: object) -> str:
        return "; ".join(diagnose_matrix(sets | more, joint_gains(sets | more, coder=coder), coder=coder))

    assert not found("xz")
    assert "'cats' and 'kittens' hold the same bytes" in found("xz", kittens=sets["cats"])
    assert "'few'" in found("xz", few="the cat")
    assert "times as long as 'few'" in found("xz", few="the cat")
    assert "sees 32.8 kB back" in found("deflate", long=NOISE * 12)
    assert "of a second 'cats' or 'dogs' or 'noise' 'order0' saves less than half" in found("order0")
    assert "of a second 'cats' or 'dogs' or 'noise' or 2 more" in found("order0", a=NOISE[::2], b=NOISE[::3])
    assert "longer than two" in found("order0", zeros=bytes(3000))
    assert "beforehand" in found("brotli", english=ENGLISH)
