from __future__ import annotations

import warnings
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from kolmo import coder
from kolmo.coders.entropy.framing import join_length, split_length
from kolmo.coders.library import image as image_module
from kolmo.errors import DecodeError, ParameterError

Image = pytest.importorskip("PIL.Image", reason="the extra image is not installed")
pillow_jxl = pytest.importorskip("pillow_jxl", reason="the extra image is not installed")

FORMATS = ["png", "webp", "jxl"]


def gradient(height: int, width: int, channels: int) -> bytes:
    """A smooth slope in each direction, and some noise that keeps deflate from finding repeats."""
    rows, columns, shades = np.ogrid[:height, :width, :channels]
    noise = np.random.default_rng(0).integers(0, 2, (height, width, channels))
    return (2 * rows + 3 * columns + 40 * shades + noise).astype(np.uint8).tobytes()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", FORMATS)
def test_a_gradient_costs_far_less_than_by_deflate(name: str, channels: int) -> None:
    data = gradient(100, 80, channels)
    found = coder(name, width=80, channels=channels)
    assert found.decompress(found.compress(data)) == data
    assert found.code_length(data) < 0.55 * coder("deflate").code_length(data)
    assert found.code_length(data) < found.replace(width=77).code_length(data), "the width matters"


@pytest.mark.parametrize("name", FORMATS)
def test_the_stream_holds_a_file_that_pillow_reads(name: str) -> None:
    data = gradient(30, 20, 3)
    size, rest = split_length(coder(name, width=20, channels=3).compress(data), 2**20)
    length, file = split_length(rest, 2**20)
    picture = Image.open(BytesIO(file))
    assert (size, length, picture.size, picture.mode) == (len(data), len(file), (20, 30), "RGB")
    assert picture.tobytes() == data


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", FORMATS)
def test_rows_need_not_be_whole(name: str, channels: int) -> None:
    found = coder(name, width=5, channels=channels)
    for size in range(40):
        data = bytes(range(100, 100 + size))
        assert found.decompress(found.compress(data)) == data


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_costs_one_byte(name: str) -> None:
    assert coder(name).compress(b"") == b"\0"


@pytest.mark.parametrize("name", FORMATS)
def test_more_rows_than_a_format_holds_become_several_images(name: str) -> None:
    data = gradient(2 * 16_383 + 5, 2, 1)
    fast = {"png": {"level": 1}, "webp": {"method": 0}, "jxl": {"effort": 1}}[name]
    found = coder(name, width=2, **fast)
    payload = found.compress(data)
    assert found.decompress(payload) == data
    heights, stream = [], split_length(payload, 2**20)[1]
    while stream:
        length, stream = split_length(stream, 2**20)
        heights.append(Image.open(BytesIO(stream[:length])).height)
        stream = stream[length:]
    assert heights == [16_383, 16_383, 5]


@pytest.mark.parametrize("name", FORMATS)
def test_large_areas_become_several_images(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_module, "_LARGEST_AREA", 1000)
    data = gradient(70, 30, 3)
    found = coder(name, width=30, channels=3)
    assert found.decompress(found.compress(data)) == data
    assert list(found._heights(len(data))) == [33, 33, 4]  # type: ignore[attr-defined]


def file_of(name: str, size: tuple[int, int], mode: str = "L") -> bytes:
    file = BytesIO()
    options = {"png": {}, "webp": {"lossless": True, "exact": True}, "jxl": {"lossless": True}}[name]
    Image.new(mode, size).save(file, format=name.upper(), **options)
    return file.getvalue()


@pytest.mark.parametrize("name", FORMATS)
def test_an_image_of_another_size_mode_or_format_is_refused(name: str) -> None:
    found = coder(name, width=8)
    others = {"png": "webp", "webp": "jxl", "jxl": "png"}
    wrong = [file_of(name, (8, 5)), file_of(name, (5, 8)), file_of(name, (8, 4), "RGBA"), file_of(others[name], (8, 4))]
    if name != "webp":  # which knows no gray
        wrong.append(file_of(name, (8, 4), "RGB"))
    assert found.decompress(join_length(32, join_length(len(right := file_of(name, (8, 4))), right))) == bytes(32)
    for file in wrong:
        with pytest.raises(DecodeError):
            found.decompress(join_length(32, join_length(len(file), file)))


HUGE = 16_000
HUGE_HEADERS = {  # where in a file of 8 x 4 pixels to write what
    "png": (16, HUGE.to_bytes(4, "big") * 2),
    "webp": (21, (HUGE - 1 | HUGE - 1 << 14).to_bytes(4, "little")),
    "jxl": (2, (2 << 1 | HUGE - 1 << 3 | 1 << 21).to_bytes(8, "little")),  # 18 bits of height, as wide as high
}


@pytest.mark.parametrize("name", FORMATS)
def test_a_header_that_claims_a_huge_image_is_refused_before_anything_is_read(name: str) -> None:
    file, (at, header) = bytearray(file_of(name, (8, 4))), HUGE_HEADERS[name]
    file[at : at + len(header)] = header
    assert name != "jxl" or image_module._jxl_size(bytes(file)) == (HUGE, HUGE)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DecodeError, match="expected the header of"):
            coder(name, width=8).decompress(join_length(32, join_length(len(file), bytes(file))))


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (256, 8), (7, 9), (40, 24), (640, 480), (1920, 1080), (9000, 3)])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_the_size_in_a_jpeg_xl_header_is_read(size: tuple[int, int], mode: str) -> None:
    assert image_module._jxl_size(file_of("jxl", size, mode)) == size


def test_jpeg_xl_of_more_channels_or_bits_or_in_a_container_is_refused() -> None:
    assert image_module._jxl_size(file_of("jxl", (5, 4), "RGBA")) is None
    assert image_module._jxl_size(file_of("jxl", (5, 4), "I;16")) is None
    boxed = BytesIO()
    Image.new("L", (5, 4)).save(boxed, format="JXL", lossless=True, use_container=True)
    assert image_module._jxl_size(boxed.getvalue()) is None
    assert image_module._jxl_size(b"") is None


@pytest.mark.parametrize("name", FORMATS)
def test_damaged_files_are_refused_or_decode_to_as_many_bytes(name: str) -> None:
    data = gradient(20, 16, 3)
    found = coder(name, width=16, channels=3)
    file = split_length(split_length(found.compress(data), 2**20)[1], 2**20)[1]
    choose = np.random.default_rng(0)
    refused = 0
    for _ in range(300):
        damaged = bytearray(file)
        for at in choose.integers(0, len(file), 3):
            damaged[at] ^= 1 << choose.integers(8)
        try:
            decoded = found.decompress(join_length(len(data), join_length(len(damaged), bytes(damaged))))
        except DecodeError:
            refused += 1
        else:
            assert len(decoded) == len(data)
    assert refused > 100


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("png:width=0", "width: expected an integer from 1 to 16383"),
        ("webp:width=16384", "from 1 to 16383"),
        ("jxl:channels=2", r"channels: expected 1 \(gray\) or 3 \(RGB\), got 2"),
        ("png:channels=true", "got True"),
        ("png:level=10", "level: expected"),
        ("webp:method=7", "method: expected"),
        ("webp:quality=101", "quality: expected"),
        ("jxl:effort=0", "effort: expected"),
    ],
)
def test_wrong_parameters_are_refused(spec: str, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        coder(spec)


@pytest.mark.realdata
def test_a_photograph_in_the_order_known_of_the_formats(data_dir: Path) -> None:
    with Image.open(data_dir / "images" / "kodak" / "05.png") as photograph:
        data = photograph.convert("RGB").tobytes()
    png, webp, jxl = (coder(name, width=768, channels=3) for name in FORMATS)
    bits = {found.name: found.code_length(data) for found in (png, webp, jxl)}
    assert bits["jxl"] < bits["webp"] < bits["png"] < 0.9 * coder("gzip").code_length(data)
    assert jxl.decompress(jxl.compress(data)) == data
