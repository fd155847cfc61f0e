"""Warnings beside a gain: limits of the coder, and properties of the sets."""

from __future__ import annotations

import numpy as np
import pytest

from kolmo import diagnose, gain_matrix, joint_gain
from kolmo.errors import WindowWarning

ENGLISH = (
    "The government of the people should be informed about the national interest of the world, because most countries "
    "have their own language, history and education. During the following years the population of the city was "
    "increasing, and the development of the industry had important effects on the environment of the region. "
) * 2
CATS = [f"the cat number {n} sat on mat {n * n} and purred" for n in range(60)]
DOGS = [f"the dog number {n} lay on rug {n * n} and slept" for n in range(60)]
NOISE = np.random.default_rng(0).integers(0, 256, 3000, np.uint8).tobytes()


def warned(x: object, y: object, coder: str, **how: int) -> str:
    return "; ".join(joint_gain(x, y, coder=coder, **({"n_resamples": 0, "n_permutations": 0} | how)).warnings)


@pytest.mark.parametrize("coder", [pytest.param("mix:level=1", marks=pytest.mark.slow), "xz", "lzma"])
def test_there_is_no_warning_without_a_reason(coder: str) -> None:
    random = np.random.default_rng(1)
    words = [bytes(word).decode() for word in random.integers(97, 123, (300, 6), np.uint8)]
    tales, songs = ([" ".join(random.choice(words[first:], 60)) + "\n" for _ in range(40)] for first in (0, 100))
    warnings = joint_gain(tales, songs, coder=coder, n_permutations=2, n_resamples=2).warnings
    assert all(warning.startswith("the null gain is") for warning in warnings), warnings


def test_a_short_window() -> None:
    long = NOISE * 20
    with pytest.warns(WindowWarning):
        assert "a window of 32.8 kB, shorter than the context of 60 kB" in warned(long, long, "deflate")


def test_prior_knowledge() -> None:
    assert "prior knowledge" in warned(ENGLISH, NOISE, "brotli")
    assert "prior knowledge" in warned(NOISE, ENGLISH, "brotli"), "the dictionary may know either set"
    assert "prior knowledge" not in warned(NOISE, NOISE[::-1], "brotli")


def test_pixels_are_no_words() -> None:
    pytest.importorskip("PIL", reason="the extra image is not installed")
    steps = np.random.default_rng(0).integers(-3, 4, 1024).cumsum()
    assert not diagnose(
        "png", 1000, sample=(110 + steps % 40).astype(np.uint8).tobytes()[:512] + bytes(range(128, 256))
    )
    assert any(
        "prior knowledge" in warning for warning in diagnose("brotli", 10, sample=f"{ENGLISH[:1021]}\u20ac".encode())
    )


def test_of_several_samples_the_worst_counts() -> None:
    apart = [diagnose("brotli", 10, sample=sample) for sample in (NOISE, ENGLISH)]
    assert diagnose("brotli", 10, sample=[NOISE, ENGLISH, ""]) == [*apart[0], *apart[1]]
    (copies,) = diagnose("uniform", 10, sample=[ENGLISH, NOISE])
    assert "100%" in copies


def test_a_coder_that_remembers_little() -> None:
    assert "compare the gain with the 'self' column" in warned(CATS, DOGS, "order0")
    halves = [np.random.default_rng(seed).integers(97, 123, 600_000, np.uint8).tobytes() for seed in (0, 1)]
    assert "bz2 saves only" in warned(*halves, "bz2"), "a block of 900 kB holds a part of the repeated set"


def test_a_joint_code_longer_than_separate_codes() -> None:
    letters = bytes(np.random.default_rng(1).integers(97, 101, 20_000, np.uint8))
    bits = bytes(np.random.default_rng(2).integers(48, 50, 20_000, np.uint8))
    assert "jointly than separately" in warned(letters, bits, "order0")


def test_sets_of_very_different_sizes() -> None:
    gain = joint_gain(CATS * 9, CATS[:2], coder="xz", n_resamples=4)
    (sizes,) = (warning for warning in gain.warnings if "times as long" in warning)
    assert sizes.startswith(
        f"X is {gain.sizes[0] / gain.sizes[1]:,.0f} times as long as Y: the gain in % and its interval"
    )
    assert f"cannot exceed {100 * gain.length_y / (gain.length_x + gain.length_y):.2f}%" in sizes
    assert f"the gain is {100 * gain.gain_bits / gain.length_y:.1f}% of L(Y)" in sizes
    assert "the documents of Y are near-duplicates" in "; ".join(gain.warnings)
    assert "Y has only 88 bytes" in warned("; ".join(CATS), "a string of 80 bytes, " * 4, "xz", n_resamples=4)
    assert "the gain in % cannot exceed" in warned(CATS[:1], CATS * 9, "xz")


def test_a_gain_of_headers() -> None:
    assert "one header instead of two is 256 of the" in warned("a" * 3000, "b" * 3000, "xz")
    assert "one header" not in warned(CATS, DOGS, "xz")


def test_identical_sets() -> None:
    assert "X and Y are identical" in warned(CATS, list(CATS), "ngram")
    assert "X and Y are identical" not in warned(CATS, CATS[::-1], "ngram")


@pytest.mark.filterwarnings("ignore::kolmo.errors.WindowWarning")
def test_of_many_sets() -> None:
    sets = {"cats": "; ".join(CATS), "dogs": "; ".join(DOGS), "noise": NOISE}

    def found(coder: str, **more: object) -> str:
        return "; ".join(gain_matrix(sets | more, coder=coder, n_permutations=0).warnings)

    (null,) = gain_matrix(sets, coder="xz", n_permutations=1).warnings
    assert null.startswith("null gains are up to")
    assert not found("xz")
    assert "'cats' and 'kittens' are identical" in found("xz", kittens=sets["cats"])
    assert "'few'" in found("xz", few="the cat")
    assert "times as long as 'few'" in found("xz", few="the cat")
    assert "window of 32.8 kB" in found("deflate", long=NOISE * 12)
    assert "order0 saves less than half of a repeated 'cats' or 'dogs' or 'noise'" in found("order0")
    assert "of a repeated 'cats' or 'dogs' or 'noise' or 2 more" in found("order0", a=NOISE[::2], b=NOISE[::3])
    assert "jointly than separately" in found("order0", zeros=bytes(3000))
    steps = np.random.default_rng(0).integers(-3, 4, 9000).cumsum()
    sets_of_two_kinds = {"text": ENGLISH * 9, "steps": (110 + steps % 40).astype(np.uint8).tobytes()}
    many = gain_matrix(sets_of_two_kinds, coder="mix:level=1", n_permutations=0)
    assert "different layouts (plain: 'text';" in "; ".join(many.warnings)
    assert "prior knowledge" in found("brotli", english=ENGLISH)


def test_a_coder_that_is_blind_to_the_other_kind() -> None:
    steps = np.random.default_rng(0).integers(-3, 4, 6000).cumsum()
    samples = (1000 + steps).astype("<i2").tobytes()
    text, quick = ENGLISH * 10, {"coder": "mix:level=1", "n_permutations": 0, "n_resamples": 0}
    (blind,) = (warning for warning in joint_gain(text, samples, **quick).warnings if "construction" in warning)
    assert blind.startswith("mix:level=1 codes X as plain and Y as ")
    shared = joint_gain(text, samples, layout="shared", **quick)
    assert shared.coder.startswith("mix:level=1,layout=")
    assert "construction" not in "; ".join(shared.warnings)


def test_joint_and_conditional_codes_that_disagree() -> None:
    """zstd compresses a long string with other parameters than one after a dictionary."""
    random = np.random.default_rng(0)
    x, y = (bytearray(random.integers(97, 123, 100_000, np.uint8)) for _ in range(2))
    for start in range(0, 100_000, 2000):
        y[start : start + 200] = x[start : start + 200]
    assert "zstd saves" in warned(bytes(x), bytes(y), "zstd", n_permutations=0)


def test_a_document_unlike_the_rest() -> None:
    random = np.random.default_rng(1)
    words = [bytes(word).decode() for word in random.integers(97, 123, (300, 6), np.uint8)]
    tales = [" ".join(random.choice(words, 60)) for _ in range(40)]
    odd = [*tales[:20], "ab" * 200, *tales[20:]]
    assert "1 document of Y needs far more or fewer bits per byte" in warned(tales, odd, "xz")
    assert "number 20" in warned(tales, odd, "xz")
    assert "bits per byte than the rest" not in warned(tales, tales[::2], "xz")


def test_a_gain_below_its_null() -> None:
    """A prediction of the next letter that is right in X is always wrong in Y."""
    random = np.random.default_rng(0)
    letters = np.frombuffer(b"abcdefgh", np.uint8)
    x = letters[np.cumsum(random.choice([1, 2], 6000, p=[0.9, 0.1])) % 8].tobytes()
    y = letters[np.cumsum(random.choice([3, 5], 6000, p=[0.9, 0.1])) % 8].tobytes()
    gain = joint_gain(x, y, coder="ngram", n_resamples=0)
    if gain.excess_gain < 0 and gain.p_value > 0.98:
        assert "significantly below 0" in "; ".join(gain.warnings)
