"""Pictures keep their depth and their colours, and it is said when they do not."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from kolmo import joint_gain
from kolmo.data.decoders.images import read_picture
from kolmo.errors import DataError

image = pytest.importorskip("PIL.Image", reason="the extra image is not installed")

GREY = np.random.default_rng(0).integers(0, 256, (40, 70), np.uint8)
RGB = np.random.default_rng(1).integers(0, 256, (40, 70, 3), np.uint8)
DEEP = np.random.default_rng(2).integers(0, 65536, (9, 8, 3), np.uint16)
RAMP = np.linspace(0, 65535, 64 * 64).astype(np.uint16).reshape(64, 64)


def saved(picture: Any, kind: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    (picture if hasattr(picture, "save") else image.fromarray(picture)).save(file, format=kind, **options)
    return file.getvalue()


def png(array: Any, color: int) -> bytes:
    """Return a PNG file of 16-bit samples in colour, which Pillow does not write."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    height, width = array.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in array)
    header = struct.pack(">IIBBBBB", width, height, 16, color, 0, 0, 0)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def tiff(array: Any, order: str) -> bytes:
    """Return a TIFF file of 16-bit RGB."""
    height, width = array.shape[:2]
    data = array.astype(f"{order}u2").tobytes()
    entries = {256: width, 257: height, 258: 0, 259: 1, 262: 2, 273: 0, 277: 3, 278: height, 279: len(data), 284: 1}
    place = 8 + 2 + 12 * len(entries) + 4
    entries |= {258: place, 273: place + 6}
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HIH", 42, 8, len(entries))
    fields = b"".join(
        struct.pack(f"{order}HHII", tag, 3 if tag == 258 else 4, 3 if tag == 258 else 1, value)
        for tag, value in entries.items()
    )
    return head + fields + bytes(4) + struct.pack(f"{order}HHH", 16, 16, 16) + data


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "PPM", "WEBP"])
def test_colours_of_8_bits_are_kept(kind: str) -> None:
    picture = read_picture(saved(RGB, kind, **({"lossless": True} if kind == "WEBP" else {})), "a")
    assert (picture.rows(), picture.description) == (RGB.tobytes(), "8-bit rgb")


def test_grey_is_one_byte_a_pixel() -> None:
    assert read_picture(saved(GREY), "a").rows() == GREY.tobytes()
    assert read_picture(saved(GREY), "a", "rgb").rows() == np.repeat(GREY, 3).tobytes()
    assert read_picture(saved(RGB), "a", "grey").rows() == np.asarray(image.fromarray(RGB).convert("L")).tobytes()


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM"])
def test_16_bits_of_grey_are_kept(kind: str) -> None:
    picture = read_picture(saved(RAMP, kind), "a")
    assert (picture.rows(), picture.description) == (RAMP.astype("<u2").tobytes(), "16-bit grey")
    grey = np.frombuffer(read_picture(saved(RAMP, kind), "a", "grey").rows(), np.uint8)
    assert np.abs(grey.astype(float) - RAMP.reshape(-1) / 257).max() <= 0.5
    assert np.bincount(grey).max() < len(grey) / 200  # an even ramp stays one


@pytest.mark.parametrize("order", ["<", ">"])
def test_16_bits_of_colour_are_kept(order: str) -> None:
    little = DEEP.astype("<u2").tobytes()
    for file in (png(DEEP, 2), tiff(DEEP, order)):
        picture = read_picture(file, "a")
        assert (picture.rows(), picture.description) == (little, "16-bit rgb")
        assert read_picture(file, "a", "rgb").rows() == (DEEP >> 8).astype(np.uint8).tobytes()
        assert read_picture(file, "a", "rgb").description == "8-bit rgb, scaled from 16 bits"
    with_alpha = np.dstack([DEEP, DEEP[:, :, :1]])
    picture = read_picture(png(with_alpha, 6), "a")
    assert (picture.rows(), picture.description) == (
        with_alpha.astype("<u2").tobytes(),
        "16-bit rgb with transparency",
    )
    with_alpha[:, :, 3] = 65535
    assert read_picture(png(with_alpha, 6), "a").rows() == little


@pytest.mark.parametrize(
    ("values", "expected", "said"),
    [
        (RAMP.astype(np.int32), RAMP, "16-bit grey, from 32 bits"),
        (RAMP.astype(np.int32) * 1000, RAMP, "16-bit grey, scaled from 32 bits of 0 to 6.5535e+07"),
        (RAMP.astype(np.int32) - 1000, RAMP, "16-bit grey, scaled from 32 bits of -1000 to 64535"),
        ((RAMP / 65535).astype(np.float32), RAMP, "16-bit grey, scaled from floats of 0 to 1"),
        ((RAMP / 65535 / 2).astype(np.float32), RAMP / 2, "16-bit grey, scaled from floats of 0 to 1"),
        ((RAMP / 100 - 300).astype(np.float32), RAMP, "16-bit grey, scaled from floats of -300 to 355.35"),
    ],
)
def test_deeper_samples_become_16_bits(values: Any, expected: Any, said: str) -> None:
    picture = read_picture(saved(values, "TIFF"), "a")
    found = np.frombuffer(picture.rows(), "<u2").astype(float)
    assert np.abs(found - expected.reshape(-1)).max() <= 1
    assert picture.description == said


def test_values_that_are_not_finite_are_said() -> None:
    values = (RAMP / 65535).astype(np.float32)
    values[0, :2] = np.nan, np.inf
    assert "2 values that are not finite as 0" in read_picture(saved(values, "TIFF"), "a").description


def test_transparency_is_kept_unless_all_is_opaque() -> None:
    alpha = np.dstack([RGB, GREY])
    picture = read_picture(saved(alpha), "a")
    assert (picture.rows(), picture.description) == (alpha.tobytes(), "8-bit rgb with transparency")
    assert read_picture(saved(alpha), "a", "rgb").rows() == RGB.tobytes()
    assert "without transparency" in read_picture(saved(alpha), "a", "rgb").description
    alpha[:, :, 3] = 255
    assert read_picture(saved(alpha), "a").rows() == RGB.tobytes()
    grey = image.merge("LA", [image.fromarray(GREY), image.fromarray(RGB[:, :, 0])])
    assert read_picture(saved(grey), "a").rows() == np.dstack([GREY, RGB[:, :, 0]]).tobytes()


def test_a_palette_becomes_its_colours() -> None:
    picture = image.fromarray(RGB).quantize(16)
    colours = np.asarray(picture.convert("RGB"))
    assert read_picture(saved(picture), "a").rows() == colours.tobytes()
    assert read_picture(saved(picture), "a").description == "8-bit rgb, from a palette"
    for transparency in (3, bytes(range(0, 160, 10))):
        found = read_picture(saved(picture, transparency=transparency), "a")
        assert found.samples.shape == (40, 70, 4)
        assert found.samples[:, :, :3].tobytes() == colours.tobytes()
    grey = image.fromarray(GREY).quantize(16)
    assert read_picture(saved(grey), "a").samples.shape == (40, 70, 1)


def test_other_colours_are_converted_and_said() -> None:
    for mode, kind in (("CMYK", "JPEG"), ("CMYK", "TIFF"), ("LAB", "TIFF"), ("1", "PNG"), ("1", "TIFF")):
        converted = image.fromarray(RGB).convert(mode)
        picture = read_picture(saved(converted, kind), "a")
        assert picture.samples.shape == (40, 70, 1 if mode == "1" else 3)
        assert f"from {'1 bit' if mode == '1' else mode}" in picture.description
    frames = [image.fromarray(RGB), image.fromarray(255 - RGB)]
    moving = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert read_picture(moving, "a").description.endswith("the first of 2 frames")


def test_patches_and_small_pictures() -> None:
    picture = read_picture(saved(np.dstack([np.arange(70 * 150, dtype=np.uint8).reshape(70, 150)] * 3)), "a")
    patches = picture.patches()
    assert len(patches) == 2 * 2 * 64 * 32 * 3
    assert patches[: 64 * 3] == picture.samples[0, :64].tobytes()
    small = read_picture(saved(GREY[:8, :8]), "a")
    assert small.patches() == small.rows() == GREY[:8, :8].tobytes()


def test_red_and_green_noise_of_equal_grey_share_nothing() -> None:
    noise = np.random.default_rng(3)
    red, green = np.zeros((64, 64, 3), np.uint8), np.zeros((64, 64, 3), np.uint8)
    red[:, :, 0] = noise.integers(0, 256, (64, 64))
    green[:, :, 1] = np.rint(red[:, :, 0] * 0.299 / 0.587)
    files = [saved(red), saved(green)]
    greys = [read_picture(file, "a", "grey").samples.astype(int) for file in files]
    assert np.abs(greys[0] - greys[1]).max() <= 1
    x, y = (read_picture(file, "a").patches() for file in files)
    assert joint_gain(x, y, coder="zstd", n_resamples=0).relative_gain < 0.01


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "cannot identify image file 'a.png'"),
        (b"hello", "cannot identify image file 'a.png'"),
        (saved(RGB)[:2000], "image file is truncated"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n", "cannot identify image file"),
    ],
)
def test_what_is_no_picture_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=f"the picture a.png cannot be read: .*{message}"):
        read_picture(data, "a.png")


def test_large_pictures_are_refused_before_they_are_decoded() -> None:
    for side in (11_000, 60_000):
        file = bytearray(saved(GREY))
        file[16:24] = struct.pack(">II", side, side)
        file[29:33] = struct.pack(">I", zlib.crc32(file[12:29]))
        with pytest.raises(DataError, match=r"expected at most 10,000,000 pixels|exceeds limit"):
            read_picture(bytes(file), "a", max_bytes=10**7)


def test_jpeg_xl_is_refused_by_the_size_that_it_states() -> None:
    pytest.importorskip("pillow_jxl", reason="the extra image is not installed")
    file = saved(RGB, "JXL", lossless=True)
    assert read_picture(file, "a").rows() == RGB.tobytes()
    with pytest.raises(DataError, match="expected at most 1,000 pixels, got 70 x 40"):
        read_picture(file, "a", max_bytes=1000)
    wide = b"\xff\x0a" + (0 | 3 << 1 | (2**30 - 1) << 3 | 1 << 33).to_bytes(8, "little")  # a square of 2**30
    with pytest.raises(DataError, match="pixels, got 1073741824 x 1073741824"):
        read_picture(wide, "a")
    with pytest.raises(DataError, match="its JPEG XL header is damaged"):
        read_picture(b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(40), "a")


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_damaged_pictures_are_read_or_refused(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["PNG", "TIFF", "GIF", "JPEG", "BMP", "PPM", "deep"]))
    file = bytearray(png(DEEP, 2) if kind == "deep" else saved(RGB[:9, :9], kind))
    for _ in range(data.draw(st.integers(1, 4))):
        file[data.draw(st.integers(0, len(file) - 1))] = data.draw(st.integers(0, 255))
    try:
        read_picture(bytes(file), "a", max_bytes=10**6)
    except DataError as error:
        said = str(error)
        assert "\n" not in said


def test_a_picture_by_path(tmp_path: Path) -> None:
    from kolmo import read

    (tmp_path / "a.dat").write_bytes(saved(RGB))
    corpus = read(tmp_path / "a.dat")
    assert (list(corpus.items), corpus.modality, corpus.remarks) == ([RGB.tobytes()], "image", ("8-bit rgb",))


def test_what_a_library_says_of_a_damaged_picture_is_not_printed(capfd: pytest.CaptureFixture[str]) -> None:
    file = io.BytesIO()
    image.new("L", (16, 16)).save(file, "TIFF")
    entry = b"\x03\x01\x03\x00\x01\x00\x00\x00"  # tag 259, the compression, one short number
    damaged = file.getvalue().replace(entry + b"\x01", entry + b"\x03")  # Group 3, which needs 1 bit a sample
    assert damaged != file.getvalue()
    with pytest.raises(DataError, match="cannot be read"):
        read_picture(damaged, "x.tiff")
    assert capfd.readouterr().err == ""
