"""Lossless image formats for raw pixels: PNG and WebP by Pillow, JPEG XL by pillow-jxl-plugin."""

from __future__ import annotations

import dataclasses
import importlib.metadata
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, ClassVar

from kolmo._core.checks import check_integer
from kolmo._core.extras import import_extra
from kolmo._core.kinds import jpeg_xl_size
from kolmo.coders.base import Coder, Decode, Encode
from kolmo.coders.entropy.framing import join_length, split_length
from kolmo.coders.tags import CoderTags
from kolmo.errors import DecodeError, ParameterError

_MODES = {1: "L", 3: "RGB"}

_LARGEST_SIDE = 2**14 - 1
"""The limit of WebP; the other formats use it too, so that all cut the same data into the same images."""

_LARGEST_AREA = 2**24
"""Pixels of one image: encoders need many bytes for each, and Pillow warns above 89 million."""


@dataclass(frozen=True, kw_only=True)
class _ImageCoder(Coder):
    """Bytes as the samples of an image, row by row, with interleaved channels.

    The stream is the number of bytes (LEB128), then for each image the length of its file and the file. The height
    follows from the number of bytes; the last row is padded with copies of the last pixel, which cost few bits. Data
    of more than 16,383 rows or 2**24 pixels become several images, from top to bottom.
    """

    width: int = 64
    channels: int = 1

    _settings: ClassVar[dict[str, tuple[int, int]]]
    """Smallest and largest value of each parameter of the format."""

    def __post_init__(self) -> None:
        for name, (low, high) in ({"width": (1, _LARGEST_SIDE)} | self._settings).items():
            check_integer(name, getattr(self, name), low, high)
        if self.channels not in _MODES or isinstance(self.channels, bool):
            raise ParameterError(f"channels: expected 1 (gray) or 3 (RGB), got {self.channels!r}")
        _pillow("Image", self.name)

    @property
    def tags(self) -> CoderTags:
        return CoderTags(window=self._highest * self._row, portable=True)

    @abstractmethod
    def _options(self) -> dict[str, Any]:
        """Return the options with which Pillow saves the format."""

    @abstractmethod
    def _read(self, file: bytes, height: int) -> bytes:
        """Return the samples of an image file after checking that its header states this size."""

    @property
    def _mode(self) -> str:
        """Pillow's name of the kind of pixels."""
        return _MODES[self.channels]

    @property
    def _row(self) -> int:
        """Bytes in a row."""
        return self.width * self.channels

    @property
    def _highest(self) -> int:
        """Largest number of rows in an image."""
        return min(_LARGEST_SIDE, _LARGEST_AREA // self.width)

    def _encoder(self, context: bytes) -> Encode:
        row = self._row

        def encode(data: bytes) -> bytes:
            parts, start = [], 0
            for height in self._heights(len(data)):
                samples = data[start : start + row * height]
                start += len(samples)
                missing = row * height - len(samples)
                if missing:
                    samples += (data[-self.channels :] * missing)[:missing]
                file = self._write(samples, height)
                parts.append(join_length(len(file), file))
            return join_length(len(data), b"".join(parts))

        return encode

    def _decoder(self, context: bytes) -> Decode:
        def decode(payload: bytes, max_size: int) -> bytes:
            size, stream = split_length(payload, max_size)
            parts = []
            for height in self._heights(size):
                length, stream = split_length(stream, len(stream))
                if length > len(stream):
                    raise DecodeError(f"expected an image of {length:,} bytes, got {len(stream):,}: it is truncated")
                samples = self._read(stream[:length], height)
                if len(samples) != self._row * height:
                    raise DecodeError(f"expected {self.width} x {height} pixels, got {len(samples):,} samples")
                parts.append(samples)
                stream = stream[length:]
            if stream:
                raise DecodeError(f"{len(stream):,} bytes follow the last image; pass one complete stream")
            return b"".join(parts)[:size]

        return decode

    def _heights(self, size: int) -> Iterator[int]:
        """Yield the height of each image for `size` bytes."""
        rows = -(-size // self._row)
        for start in range(0, rows, self._highest):
            yield min(self._highest, rows - start)

    def _write(self, samples: bytes, height: int) -> bytes:
        image = _pillow("Image", self.name).frombytes(self._mode, (self.width, height), samples)
        file = BytesIO()
        image.save(file, format=self.name.upper(), **self._options())
        return file.getvalue()

    def _open(self, file: bytes, height: int, mode: str) -> Any:
        """Return the image; the caller has checked its size, since Pillow warns of large images."""
        image = _pillow("Image", self.name).open(BytesIO(file), formats=[self.name.upper()])
        if image.size != (self.width, height) or image.mode != mode:
            raise DecodeError(f"expected an image {mode} of {(self.width, height)}, got {image.mode} of {image.size}")
        return image


@dataclass(frozen=True, kw_only=True)
class Png(_ImageCoder):
    """Bytes as the pixels of PNG files: deflate after a filter for each row. Needs the extra ``image``.

    The stream is the number of bytes (LEB128), then the length of a file and the file; data of more than 16,383 rows
    or 2**24 pixels become several files. The last row is padded with copies of the last pixel.

    Parameters
    ----------
    width : int
        Pixels in a row, 1 to 16,383; the height follows from the number of bytes.
    channels : int
        Bytes in a pixel: 1 (gray) or 3 (red, green, blue).
    level : int
        0 (stored) to 9, which is Pillow's ``optimize``.

    References
    ----------
    W3C, "Portable Network Graphics (PNG) Specification", third edition, 2025.

    Examples
    --------
    >>> gradient = bytes(row + column for row in range(64) for column in range(64))
    >>> png = Png(width=64)
    >>> png.decompress(png.compress(gradient)) == gradient, png.code_length(gradient) < 0.05 * 8 * 64 * 64
    (True, True)
    """

    level: int = 9

    name: ClassVar[str] = "png"
    _settings: ClassVar[dict[str, tuple[int, int]]] = {"level": (0, 9)}

    @property
    def tags(self) -> CoderTags:
        # deflate refers to 32 KiB, the filter of a row to the row above
        return dataclasses.replace(super().tags, window=max(2**15, self._row))

    def versions(self) -> dict[str, str]:
        features = _pillow("features", self.name)
        deflate = "zlib_ng" if features.check("zlib_ng") else "zlib"
        return {"Pillow": _pillow_version(), deflate: str(features.version(deflate))}

    def _options(self) -> dict[str, Any]:
        return {"compress_level": self.level, "optimize": self.level == 9}

    def _read(self, file: bytes, height: int) -> bytes:
        color = {1: 0, 3: 2}[self.channels]
        header = b"IHDR" + b"".join(side.to_bytes(4, "big") for side in (self.width, height)) + bytes([8, color, 0, 0])
        if not file.startswith(b"\x89PNG\r\n\x1a\n\0\0\0\x0d" + header):
            raise _wrong_header(self, height)
        samples: bytes = self._open(file, height, self._mode).tobytes()
        return samples


@dataclass(frozen=True, kw_only=True)
class Webp(_ImageCoder):
    """Bytes as the pixels of lossless WebP files. Needs the extra ``image``.

    The stream is the number of bytes (LEB128), then the length of a file and the file; data of more than 16,383 rows
    or 2**24 pixels become several files. The last row is padded with copies of the last pixel. WebP has no gray
    images: gray data are stored as three equal channels, which costs a few bytes.

    Parameters
    ----------
    width : int
        Pixels in a row, 1 to 16,383; the height follows from the number of bytes.
    channels : int
        Bytes in a pixel: 1 (gray) or 3 (red, green, blue).
    method : int
        0 (fast) to 6 (small).
    quality : int
        Effort of the search, 0 to 100; the file is always lossless. 80 is Pillow's default.

    References
    ----------
    Zern, Massimino, Alakuijala, "WebP Image Format", RFC 9649, 2024.

    Examples
    --------
    >>> gradient = bytes(row + column for row in range(64) for column in range(64))
    >>> webp = Webp(width=64)
    >>> webp.decompress(webp.compress(gradient)) == gradient, webp.code_length(gradient) < 0.05 * 8 * 64 * 64
    (True, True)
    """

    method: int = 6
    quality: int = 80

    name: ClassVar[str] = "webp"
    _settings: ClassVar[dict[str, tuple[int, int]]] = {"method": (0, 6), "quality": (0, 100)}

    def versions(self) -> dict[str, str]:
        return {"Pillow": _pillow_version(), "libwebp": str(_pillow("features", self.name).version("webp"))}

    def _options(self) -> dict[str, Any]:
        return {"lossless": True, "exact": True, "method": self.method, "quality": self.quality}

    def _read(self, file: bytes, height: int) -> bytes:
        sides = self.width - 1 | height - 1 << 14  # 14 bits each; 4 more bits hold the alpha flag and the version
        header = file[:4] + file[8:16] + file[20:21]
        if header != b"RIFFWEBPVP8L\x2f" or int.from_bytes(file[21:25], "little") != sides:
            raise _wrong_header(self, height)
        image = self._open(file, height, "RGB")
        samples: bytes = image.tobytes() if self.channels == 3 else image.getchannel(0).tobytes()
        return samples


@dataclass(frozen=True, kw_only=True)
class Jxl(_ImageCoder):
    """Bytes as the pixels of lossless JPEG XL codestreams. Needs the extra ``image``.

    The stream is the number of bytes (LEB128), then the length of a codestream and the codestream; data of more than
    16,383 rows or 2**24 pixels become several. The last row is padded with copies of the last pixel.

    Parameters
    ----------
    width : int
        Pixels in a row, 1 to 16,383; the height follows from the number of bytes.
    channels : int
        Bytes in a pixel: 1 (gray) or 3 (red, green, blue).
    effort : int
        1 (fast) to 9 (small); 7 is the library's default.

    References
    ----------
    ISO/IEC 18181-1:2024, "JPEG XL image coding system, part 1: core coding system".

    Examples
    --------
    >>> gradient = bytes(row + column for row in range(64) for column in range(64))
    >>> jxl = Jxl(width=64)
    >>> jxl.decompress(jxl.compress(gradient)) == gradient, jxl.code_length(gradient) < 0.05 * 8 * 64 * 64
    (True, True)
    """

    effort: int = 7

    name: ClassVar[str] = "jxl"
    _settings: ClassVar[dict[str, tuple[int, int]]] = {"effort": (1, 9)}

    def __post_init__(self) -> None:
        super().__post_init__()
        _jxl()

    def versions(self) -> dict[str, str]:
        _jxl()
        return {"pillow-jxl-plugin": importlib.metadata.version("pillow-jxl-plugin")}

    def _options(self) -> dict[str, Any]:
        return {"lossless": True, "effort": self.effort, "num_threads": 0}

    def _read(self, file: bytes, height: int) -> bytes:
        if _jxl_size(file) != (self.width, height):
            raise _wrong_header(self, height)
        # not by Pillow, since its plug-in starts a thread for every core
        _, found, samples, *_ = _jxl().Decoder(num_threads=0)(file)
        if found.mode != self._mode:
            raise DecodeError(f"expected an image {self._mode}, got {found.mode}")
        return bytes(samples)


def _jxl_size(codestream: bytes) -> tuple[int, int] | None:
    """Return width and height from the header of a codestream; None unless it is a plain 8-bit image.

    The library decodes the whole image before it returns the size. This function reads the SizeHeader of
    ISO/IEC 18181-1 and the start of ImageMetadata: no orientation, preview or animation, 8-bit samples, no further
    channels.
    """
    found = jpeg_xl_size(codestream)
    if found is None:
        return None
    width, height, header = found

    def take(bits: int) -> int:
        nonlocal header
        value, header = header & (1 << bits) - 1, header >> bits
        return value

    all_default, extra_fields, floats, depth, _, further_channels = map(take, (1, 1, 1, 2, 1, 2))
    return None if all_default or extra_fields or floats or depth or further_channels else (width, height)


def _wrong_header(coder: _ImageCoder, height: int) -> DecodeError:
    return DecodeError(f"expected the header of a {coder.name} image of {coder.width} x {height} pixels, {coder._mode}")


def _pillow(module: str, name: str) -> Any:
    return import_extra(f"PIL.{module}", extra="image", purpose=f"the coder {name!r}")


def _pillow_version() -> str:
    return importlib.metadata.version("Pillow")


def _jxl() -> Any:
    return import_extra("pillow_jxl", extra="image", purpose="the coder 'jxl'")
