"""Sounds keep the depth of their samples and their channels."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from kolmo.data.decoders.audio import read_sound
from kolmo.errors import DataError

soundfile = pytest.importorskip("soundfile", reason="the extra audio is not installed")

SINE = 0.5 * np.sin(np.arange(3000) / 20)


def saved(samples: Any, subtype: str, kind: str = "WAV") -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, 8000, subtype=subtype, format=kind)
    return file.getvalue()


@pytest.mark.parametrize(("subtype", "width"), [("PCM_U8", 1), ("PCM_16", 2), ("PCM_24", 3), ("PCM_32", 4)])
def test_integers_are_the_bytes_of_the_wav_file(subtype: str, width: int) -> None:
    file = saved(SINE, subtype)
    sound = read_sound(file, "a")
    assert (sound.sample_bytes, sound.channels, sound.description) == (width, 1, f"{8 * width}-bit samples")
    assert len(sound.data) == width * len(SINE)
    assert sound.data in file


@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
def test_floats_become_16_bits(subtype: str) -> None:
    sound = read_sound(saved(SINE, subtype), "a")
    assert sound.description == "16-bit samples, scaled from floats"
    assert np.abs(np.frombuffer(sound.data, "<i2") - SINE * 32768).max() <= 0.51
    exact = np.frombuffer(read_sound(saved(SINE, "PCM_16"), "a").data, "<i2")
    assert np.array_equal(np.frombuffer(read_sound(saved(exact / 32768, subtype), "a").data, "<i2"), exact)
    loud = read_sound(saved(SINE * 40000, subtype), "a")
    assert "scaled from floats of up to" in loud.description
    assert np.abs(np.frombuffer(loud.data, "<i2")).max() == 32767


def test_channels_stand_side_by_side_or_are_averaged() -> None:
    both = np.stack([SINE, -SINE], 1)
    sound = read_sound(saved(both, "PCM_16"), "a")
    pairs = np.frombuffer(sound.data, "<i2").reshape(-1, 2)
    assert (sound.channels, sound.description) == (2, "16-bit samples, 2 channels")
    assert np.abs(pairs.sum(1)).max() <= 1
    assert np.abs(pairs).max() > 10_000
    mono = read_sound(saved(both, "PCM_16"), "a", mono=True)
    assert (mono.channels, len(mono.data)) == (1, 2 * len(SINE))
    assert np.abs(np.frombuffer(mono.data, "<i2")).max() <= 1


@pytest.mark.parametrize(
    ("kind", "subtype"), [("FLAC", "PCM_24"), ("AIFF", "PCM_S8"), ("OGG", "VORBIS"), ("WAV", "ULAW")]
)
def test_other_formats(kind: str, subtype: str) -> None:
    sound = read_sound(saved(SINE, subtype, kind), "a")
    width = {"PCM_24": 3, "PCM_S8": 1}.get(subtype, 2)
    assert (sound.sample_bytes, sound.channels) == (width, 1)
    top = 256**width / 4
    values = np.frombuffer(sound.data, np.uint8).reshape(-1, width).astype(float) @ 256.0 ** np.arange(width)
    signed = values - 128 if width == 1 else np.where(values >= 2 * top, values - 4 * top, values)
    assert 0.8 * top < np.abs(signed).max() < 1.2 * top


def test_what_is_no_sound_or_too_long_is_refused() -> None:
    for data in (b"", b"hello", b"RIFFxxxxWAVE"):
        with pytest.raises(DataError, match=r"the sound a\.wav cannot be read: Error opening 'a\.wav'"):
            read_sound(data, "a.wav")
    with pytest.raises(DataError, match="expected samples of at most 1,000 bytes"):
        read_sound(saved(SINE, "PCM_16"), "a", max_bytes=1000)
    assert len(read_sound(saved(SINE, "PCM_16"), "a", max_bytes=1000, cut=True).data) == 1000
    assert "truncated: 1,000 of 6,0" in read_sound(saved(SINE, "PCM_16")[:1000], "a").description


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_damaged_sounds_are_read_or_refused(data: st.DataObject) -> None:
    kind, subtype = data.draw(
        st.sampled_from([("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("WAV", "FLOAT"), ("AIFF", "PCM_24")])
    )
    file = bytearray(saved(SINE[:300], subtype, kind))
    for _ in range(data.draw(st.integers(1, 4))):
        file[data.draw(st.integers(0, min(len(file) - 1, 120)))] = data.draw(st.integers(0, 255))
    try:
        sound = read_sound(bytes(file), "a", max_bytes=10**6)
    except DataError as error:
        said = str(error)
        assert "\n" not in said
    else:
        assert len(sound.data) <= 10**6
