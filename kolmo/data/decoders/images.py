"""Pictures as the bytes of their pixels, with the depth and the colours of the file."""

from __future__ import annotations

import sys
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kolmo._core.extras import import_extra, library_errors, silent_library
from kolmo._core.kinds import JPEG_XL, JPEG_XL_CONTAINER, jpeg_xl_codestream, jpeg_xl_size
from kolmo.data.decoding import Pixels
from kolmo.data.lines import NamedBytes
from kolmo.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PATCH_WIDTH, PATCH_HEIGHT = 64, 32
MAX_PIXELS = 2**27

_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
"""The formats that Pillow may decode: it hands some others, such as EPS, to programs."""
_OPAQUE = 255


@dataclass(frozen=True)
class Picture:
    """The pixels of a picture.

    Parameters
    ----------
    samples : ndarray of uint8, shape (height, width, bytes of a pixel)
        The channels of a pixel side by side, those of 16 bits as two bytes, the lower first.
    description : str
        Depth and colours, and how they were changed.
    """

    samples: NDArray[np.uint8]
    description: str

    def rows(self) -> bytes:
        """Return the pixels row by row."""
        return self.samples.tobytes()

    def patches(self) -> bytes:
        """Return the pixels of complete patches of 64 x 32, one after another; those of a smaller picture by rows."""
        height, width, size = self.samples.shape
        down, across = height // PATCH_HEIGHT, width // PATCH_WIDTH
        if not down or not across:
            return self.rows()
        cut = self.samples[: down * PATCH_HEIGHT, : across * PATCH_WIDTH]
        return cut.reshape(down, PATCH_HEIGHT, across, PATCH_WIDTH, size).swapaxes(1, 2).tobytes()


def read_picture(data: bytes, name: str, pixels: Pixels = "auto", *, max_bytes: int = 2**30) -> Picture:
    """Return the pixels of a picture file.

    Parameters
    ----------
    data : bytes
        The file.
    name : str
        Its name, for messages.
    pixels : {"auto", "rgb", "grey"}
        ``"auto"`` keeps 8-bit and 16-bit samples, grey or RGB, and a channel of transparency unless it is opaque
        everywhere; palettes become their colours, CMYK becomes RGB, and integers of 32 bits and floats become 16 bits.
        ``"rgb"`` and ``"grey"`` make 8-bit samples of all pictures, without transparency.
    max_bytes : int
        Largest number of bytes of all pixels.

    Returns
    -------
    Picture

    Raises
    ------
    DataError
        If the file is no picture, is damaged, or has too many pixels.
    MissingDependencyError
        If the extra ``image`` is not installed.
    """
    image = import_extra("PIL.Image", extra="image", purpose=f"reading the picture {name!r}")
    import numpy as np

    formats = [*_FORMATS]
    if data.startswith((JPEG_XL, JPEG_XL_CONTAINER)):
        import_extra("pillow_jxl", extra="image", purpose=f"reading the picture {name!r}")
        formats = ["JXL"]
        size = jpeg_xl_size(jpeg_xl_codestream(data))  # the library decodes before it returns the size
        if size is None:
            raise DataError(f"the picture {name} cannot be read: its JPEG XL header is damaged")
        _check_size(size[0], size[1], 1, max_bytes, name)
    with library_errors(f"the picture {name} cannot be read"), silent_library(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about its size, which is checked here
        with image.open(NamedBytes(data, name), formats=formats) as picture:
            _check_size(picture.width, picture.height, len(picture.getbands()), max_bytes, name)
            n_frames = getattr(picture, "n_frames", 1)
            is_deep = _is_deep(picture)
            low = _low_bytes(image.open(NamedBytes(data, name), formats=formats)) if is_deep else None
            picture.load()
            if low is not None and pixels == "auto":
                samples, description = _interleaved(np.asarray(picture), low)
            else:
                samples, description = _samples(picture, pixels, ", scaled from 16 bits" if is_deep else "")
    if n_frames > 1:
        description += f", the first of {n_frames:,} frames"
    return Picture(samples, description)


def _check_size(width: int, height: int, channels: int, max_bytes: int, name: str) -> None:
    most = min(MAX_PIXELS, max_bytes // channels)
    if width * height > most:
        raise DataError(f"{name}: expected at most {most:,} pixels, got {width} x {height}")


def _samples(picture: Any, pixels: Pixels, said: str) -> tuple[NDArray[np.uint8], str]:
    """Return the bytes of the pixels and their description, to which `said` is added."""
    import numpy as np

    mode = picture.mode
    if mode.startswith(("I", "F")):
        values, said = _sixteen_bits(np.asarray(picture), mode if picture.format != "PPM" else "I;16")
        if pixels == "auto":
            height, width = values.shape
            return values.astype("<u2").view(np.uint8).reshape(height, width, 2), f"16-bit grey{said}"
        eight = ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)[:, :, None]
        described = f"8-bit {pixels}, scaled from 16 bits{said}"
        return (np.repeat(eight, 3, axis=2) if pixels == "rgb" else eight), described
    if mode == "P":
        said += ", from a palette"
    elif mode == "1":
        said += ", from 1 bit"
    elif mode not in ("L", "LA", "RGB", "RGBA"):
        said += f", from {mode}"
    transparent = _has_transparency(picture)
    if pixels != "auto":
        target = {"rgb": "RGB", "grey": "L"}[pixels]
        if mode == "P":
            picture = picture.convert("RGBA" if transparent else "RGB")
        array = _three_axes(np.asarray(picture.convert(target)))
        return array, f"8-bit {pixels}{said}{', without transparency' if transparent else ''}"
    is_grey = mode in ("1", "L", "LA") or (mode == "P" and _is_grey(picture))
    target = ("L" if is_grey else "RGB") + ("A" if transparent else "")
    if mode == "P" and transparent:
        picture = picture.convert("RGBA")
    array = _three_axes(np.asarray(picture.convert(target)))
    if transparent and bool((array[:, :, -1] == _OPAQUE).all()):
        array, transparent, said = np.ascontiguousarray(array[:, :, :-1]), False, f"{said}, opaque"
    return array, f"8-bit {'grey' if is_grey else 'rgb'}{' with transparency' if transparent else ''}{said}"


def _sixteen_bits(values: NDArray[Any], mode: str) -> tuple[NDArray[np.uint16], str]:
    """Return samples of more than 8 bits at 16 bits, and how they were changed.

    Integers from 0 to 65,535 are kept, floats from 0 to 1 are multiplied by 65,535, and others are scaled so that the
    smallest becomes 0 and the largest 65,535.
    """
    import numpy as np

    if mode.startswith("I") and values.size and values.min() >= 0 and values.max() <= 65535:
        return values.astype(np.uint16), "" if mode.startswith("I;16") else ", from 32 bits"
    finite = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    n_lost = int((~np.isfinite(values.astype(np.float64))).sum())
    lost = f", {n_lost:,} values that are not finite as 0" if n_lost else ""
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    kind = "floats" if mode.startswith("F") else "32 bits"
    if mode.startswith("F") and low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    scale = high - low or 1.0
    scaled = np.rint((finite - low) / scale * 65535).astype(np.uint16)
    return scaled, f", scaled from {kind} of {low:g} to {high:g}{lost}"


def _has_transparency(picture: Any) -> bool:
    return picture.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in picture.info


def _is_grey(picture: Any) -> bool:
    """Return whether all colours of a palette are grey."""
    import numpy as np

    palette = np.asarray(picture.getpalette("RGB") or [], dtype=np.uint8).reshape(-1, 3)
    used = np.flatnonzero(picture.histogram()[: len(palette)])
    return bool((palette[used] == palette[used, :1]).all())


def _three_axes(array: NDArray[Any]) -> NDArray[np.uint8]:
    return array[:, :, None] if array.ndim == 2 else array


def _raw_mode(picture: Any) -> str:
    """Return how Pillow names the samples of the file, such as ``RGB;16B``."""
    arguments = picture.tile[0][3] if picture.tile else ""
    first = arguments[0] if isinstance(arguments, tuple) and arguments else arguments
    return first if isinstance(first, str) else ""


def _is_deep(picture: Any) -> bool:
    """Return whether the file has colours of 16 bits, of which Pillow keeps the upper 8."""
    maximum = picture.tile[0][3][-1] if picture.tile and isinstance(picture.tile[0][3], tuple) else 0
    deep = picture.format == "PPM" and isinstance(maximum, int) and maximum > 255
    return picture.mode in ("RGB", "RGBA") and (deep or ";16" in _raw_mode(picture))


def _low_bytes(picture: Any) -> NDArray[np.uint8] | None:
    """Return the lower bytes of samples of 16 bits, which are decoded by naming the other order of bytes.

    None if Pillow cannot decode them so.
    """
    import numpy as np

    name, _, order = _raw_mode(picture).partition(";16")
    if name not in ("RGB", "RGBA") or order not in ("B", "L", "N"):
        return None
    order = {"little": "L", "big": "B"}[sys.byteorder] if order == "N" else order
    raw = f"{name};16{'L' if order == 'B' else 'B'}"
    picture.tile = [
        tile._replace(args=(raw, *tile.args[1:]) if isinstance(tile.args, tuple) else raw) for tile in picture.tile
    ]
    with picture:
        picture.load()
        return np.asarray(picture)


def _interleaved(high: NDArray[np.uint8], low: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], str]:
    """Return samples of 16 bits, the lower byte first, and their description."""
    import numpy as np

    transparent, said = high.shape[2] == 4, ""
    if transparent and bool((high[:, :, 3] == _OPAQUE).all() and (low[:, :, 3] == _OPAQUE).all()):
        high, low, transparent, said = high[:, :, :3], low[:, :, :3], False, ", opaque"
    both = np.stack([low, high], axis=-1).reshape(*high.shape[:2], -1)
    return both, f"16-bit rgb{' with transparency' if transparent else ''}{said}"
