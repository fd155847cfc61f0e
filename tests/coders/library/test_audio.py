from __future__ import annotations

import tarfile
import tracemalloc
import wave
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from kolmo import coder
from kolmo.coders.entropy.framing import join_length, split_length
from kolmo.errors import DecodeError, ParameterError

soundfile = pytest.importorskip("soundfile", reason="the extra audio is not installed")

SINE = (9000 * np.sin(np.arange(8000) / 7)).astype("<i2").tobytes()


def test_a_sine_costs_less_than_by_gzip() -> None:
    flac = coder("flac")
    assert flac.decompress(flac.compress(SINE)) == SINE
    assert flac.code_length(SINE) < 0.5 * coder("gzip").code_length(SINE)


@pytest.mark.parametrize(("width", "of"), [(1, "u1"), (2, "<i2"), (3, "<i4")])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_samples_are_taken_for_what_they_are(width: int, of: str, channels: int) -> None:
    rng = np.random.default_rng(0)
    times = np.arange(4000)[:, None] / 9 + np.arange(channels)
    peak = 2.0 ** (8 * width - 2)
    wide = (peak * np.sin(times) + rng.normal(0, peak / 200, times.shape) + (128 if width == 1 else 0)).astype(of)
    data = wide.view(np.uint8).reshape(-1, wide.itemsize)[:, :width].tobytes()
    flac = coder("flac", channels=channels, width=width)
    payload = flac.compress(data)
    assert flac.decompress(payload) == data
    file = split_length(split_length(payload, 2**20)[1], 2**20)[1]
    info = soundfile.info(BytesIO(file))
    assert (info.channels, info.frames) == (channels, 4000)
    noise = 8 * len(data) * (1 - 5 / (8 * width))  # about 5 of the bits of each sample are predicted
    assert len(payload) * 8 < noise
    assert len(payload) < len(coder("gzip").compress(data))


@pytest.mark.parametrize("width", [1, 2, 3])
@pytest.mark.parametrize("channels", [1, 2, 8])
def test_short_inputs_of_every_length_come_back(width: int, channels: int) -> None:
    flac = coder("flac", channels=channels, width=width)
    for size in range(51):
        for data in (bytes(size), np.random.default_rng(size).bytes(size)):
            assert flac.decompress(flac.compress(data)) == data


def test_what_is_less_than_a_frame_is_kept_as_it_is() -> None:
    assert coder("flac").compress(b"") == b"\0\0"
    assert coder("flac:channels=2").compress(b"abc") == b"\3\0abc"
    assert coder("flac").compress(SINE + b"!")[-1:] == b"!"


def test_every_level_can_be_chosen() -> None:
    data = (np.cumsum(np.random.default_rng(0).normal(0, 50, 20_000))).astype("<i2").tobytes()
    bits = [coder("flac", level=level).code_length(data) for level in (0, 5, 8)]
    assert bits[2] <= bits[1] < bits[0]


def parts_of(payload: bytes) -> tuple[int, bytes]:
    size, rest = split_length(payload, 2**20)
    return size, split_length(rest, 2**20)[1]


def test_another_header_is_refused_before_anything_is_read() -> None:
    size, file = parts_of(coder("flac").compress(SINE))
    wrong = {
        "channels": parts_of(coder("flac:channels=2").compress(SINE))[1],
        "width": parts_of(coder("flac:width=1").compress(SINE))[1],
        "frames": parts_of(coder("flac").compress(SINE + SINE))[1],
        "format": b"RIFF" + file[4:],
        "nothing": b"fLaC",
    }
    for other in wrong.values():
        with pytest.raises(DecodeError, match="expected the header of"):
            coder("flac").decompress(join_length(size, join_length(len(other), other)))
    claims = bytearray(file)
    claims[21:26] = (int.from_bytes(file[21:26], "big") & ~(2**36 - 1) | 2**29).to_bytes(5, "big")
    tracemalloc.start()
    with pytest.raises(DecodeError):
        coder("flac").decompress(join_length(size, join_length(len(claims), bytes(claims))))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2**20


def test_a_file_of_fewer_frames_than_its_header_claims_is_refused() -> None:
    _, file = parts_of(coder("flac").compress(SINE))
    claims = bytearray(file)
    claims[21:26] = (int.from_bytes(file[21:26], "big") & ~(2**36 - 1) | 9000).to_bytes(5, "big")
    with pytest.raises(DecodeError):
        coder("flac").decompress(join_length(18_000, join_length(len(claims), bytes(claims))))


def test_damaged_files_are_refused_or_decode_to_as_many_bytes() -> None:
    flac = coder("flac")
    size, file = parts_of(flac.compress(SINE))
    choose = np.random.default_rng(0)
    refused = 0
    for _ in range(300):
        damaged = bytearray(file)
        for at in choose.integers(0, len(file), 3):
            damaged[at] ^= 1 << choose.integers(8)
        try:
            assert len(flac.decompress(join_length(size, join_length(len(damaged), bytes(damaged))))) == size
        except DecodeError:
            refused += 1
    assert refused > 200


@pytest.mark.parametrize("spec", ["flac:channels=9", "flac:channels=0", "flac:width=4", "flac:level=9"])
def test_wrong_parameters_are_refused(spec: str) -> None:
    with pytest.raises(ParameterError, match="expected an integer"):
        coder(spec)


@pytest.mark.realdata
def test_speech_costs_less_than_by_gzip(data_dir: Path) -> None:
    spoken = []
    with tarfile.open(data_dir / "audio" / "fsdd" / "recordings.tar.gz") as archive:
        for member in archive:
            if member.name.endswith(".wav"):
                with wave.open(archive.extractfile(member)) as recording:
                    assert (recording.getsampwidth(), recording.getnchannels()) == (2, 1)
                    spoken.append(recording.readframes(recording.getnframes()))
            if len(spoken) == 50:
                break
    data = b"".join(spoken)
    flac = coder("flac")
    assert flac.code_length(data) < 0.95 * coder("gzip").code_length(data)
    assert flac.decompress(flac.compress(data)) == data
