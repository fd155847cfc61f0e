"""Spatial frequencies: the transform is reversible, and noise is found where it was put."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from numpy.typing import NDArray

from kolmo import bit_planes, spatial_frequencies
from kolmo.errors import DataError
from kolmo.profile.frequencies import octaves_of
from kolmo.profile.samples import middles


def joined(means: NDArray[Any], difference: NDArray[Any], axis: int) -> NDArray[Any]:
    """Undo one lifting step."""
    half = (difference.view(f"i{means.dtype.itemsize}") >> 1).view(means.dtype)
    first = means - half
    pairs = np.stack([first, first + difference], axis=axis + 1)
    return pairs.reshape([2 * size if place == axis else size for place, size in enumerate(means.shape)])


def picture_of(octaves: list[NDArray[Any]]) -> NDArray[Any]:
    means = octaves[-1]
    for found in octaves[-2::-1]:
        of_across, down, both = np.split(found, 3, axis=2)
        means = joined(joined(means, down, 0), joined(of_across, both, 0), 1)
    return means


@given(st.integers(0, 2**32 - 1), st.sampled_from([np.uint8, np.int8, np.uint16]), st.integers(1, 3), st.integers(1, 3))
def test_a_picture_can_be_recovered(seed: int, kind: Any, octaves: int, channels: int) -> None:
    ends = np.iinfo(kind)
    shape = (2**octaves * 3, 2**octaves * 2, channels)
    picture = np.random.default_rng(seed).integers(ends.min, ends.max, shape, kind, endpoint=True)
    found = octaves_of(picture, octaves)
    assert len(found) == octaves + 1
    assert sum(each.size for each in found) == picture.size
    assert (picture_of(found).view(kind) == picture).all()


def test_white_noise_is_noise_and_waves_are_not() -> None:
    random = np.random.default_rng(0)
    white = random.integers(0, 256, (3, 64, 64), np.uint8)
    found = spatial_frequencies(white, coder="ngram", n_jobs=1)
    assert found.noise[:2] == (0.25, 0.125)
    waves = np.tile((60 * np.sin(np.arange(128) / 6) + 100).astype(np.uint8), (4, 64, 1))
    assert spatial_frequencies(waves, coder="ngram", n_jobs=1).noise == ()
    both = spatial_frequencies(waves + random.integers(0, 8, waves.shape, np.uint8), coder="ngram", n_jobs=1)
    assert both.noise[0] == 0.25
    assert both.octaves[-1].lowest == 0
    assert 0.03125 not in both.noise
    assert len(str(both).splitlines()) > len(both.octaves)


def test_the_middle_of_many_pictures_is_measured() -> None:
    pictures = [np.full((400, 300, 3), number, np.uint8) for number in range(200)]
    found = middles(pictures, 2**18, multiple=8)
    assert sum(each.nbytes for each in found) <= 2**18
    assert len(found) == 32
    assert all(side % 8 == 0 for each in found for side in each.shape[:2])
    assert found[0][0, 0, 0] == 0
    assert found[-1][0, 0, 0] == 199
    sound = np.arange(10**6, dtype=np.int16)
    (part,) = middles([sound], 1000)
    assert len(part) == 500
    assert abs(int(part[250]) - int(sound[500_000])) <= 1


def test_small_pictures_and_sounds_are_refused() -> None:
    with pytest.raises(DataError, match="8 x 8"):
        spatial_frequencies([np.zeros((4, 100), np.uint8)])
    with pytest.raises(DataError, match="8 x 8"):
        spatial_frequencies([np.zeros(100, np.uint8)])
    with pytest.raises(DataError, match="8 or 16 bits"):
        spatial_frequencies([np.zeros((20, 20))])


@pytest.mark.realdata
@pytest.mark.slow
def test_photographs_have_noise_in_low_planes_and_high_frequencies(data_dir: Path) -> None:
    """Noise that is added to photographs is found."""
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed (extra image)")
    picture = np.asarray(image.open(data_dir / "images" / "kodak" / "03.png"))[:128, :128]
    random = np.random.default_rng(0)
    noisy = np.clip(picture + random.normal(0, 12, picture.shape), 0, 255).astype(np.uint8)
    plain, found = (spatial_frequencies([each], coder="mix:level=1", n_jobs=1) for each in (picture, noisy))
    assert found.octaves[0].bits > plain.octaves[0].bits + 1
    assert 0.25 in found.noise
    planes = bit_planes([noisy], coder="mix:level=1", n_jobs=1)
    assert {0, 1, 2} <= set(planes.noise)
    assert 7 not in planes.noise
