"""The methods that a coder implements, and those that it overrides to be faster on many items."""

from __future__ import annotations

import math
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from kolmo._core.items import blocks_of_items
from kolmo.coders.tags import CoderTags
from kolmo.errors import DataError, NotDecodableError, PrimingWarning, WindowWarning

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Lengths = TypeVar("Lengths", "float", "NDArray[np.float64]")
Encode = Callable[[bytes], bytes]
"""Returns the stream of the data."""
Decode = Callable[[bytes, int], bytes]
"""Takes a stream and the largest size to return, and returns the data."""
Meter = Callable[[bytes], float]
"""Returns the code length of the data in bits."""

BLOCK_BYTES, BLOCK_OF_PAIRS_BYTES = 2**18, 2**23


@dataclass(frozen=True, kw_only=True)
class LowerBounds:
    """Lower bounds of the joint code lengths L(xy) of one x with several y.

    Parameters
    ----------
    row : int
        Position of x.
    columns : slice
        Positions of the ys.
    lower_bits : ndarray of shape (n_columns,)
        Lower bounds of L(xy) in bits.
    exact : callable
        Takes positions in `lower_bits` and returns L(xy) for these in bits. Valid until the next `LowerBounds` is
        made.
    """

    row: int
    columns: slice
    lower_bits: NDArray[np.float64]
    exact: Callable[[NDArray[np.intp]], NDArray[np.float64]]


class CoderHooks(ABC):
    """Base of `Coder`: the methods for implementers.

    A coder defines `name`, `tags`, `versions`, `_encoder` and `_decoder`; one without a stream defines `_meter` instead
    of the last two. With ``tags.priming == "native"`` these start from the context that they are given; otherwise they
    are only called with an empty context.
    """

    name: ClassVar[str]
    stream_version: ClassVar[int] = 1
    """Version of the format of its streams; raised when streams of an earlier version cannot be decoded."""
    loads: ClassVar[tuple[str, ...]] = ()
    """Parameters that name what the coder reads or downloads: first the model, a folder, and then details of it.

    A stored file has a label and a SHA-256 in place of the model, and none of the details, because a file must not
    choose what is read. A coder that declares parameters here defines `model_label`, `model_digest` and
    `digest_of_model`.
    """

    @property
    def model_label(self) -> str:
        """Name of the model, for information only."""
        raise NotImplementedError(f"{type(self).__name__} declares `loads` and has no model_label")

    @property
    def model_digest(self) -> str:
        """SHA-256 of the model in hexadecimal digits."""
        raise NotImplementedError(f"{type(self).__name__} declares `loads` and has no model_digest")

    @classmethod
    def digest_of_model(cls, folder: Path) -> str:
        """Return the SHA-256 of the model in a folder, or raise a KolmoError if there is none."""
        raise NotImplementedError(f"{cls.__name__} declares `loads` and has no digest_of_model")

    @property
    def members(self) -> tuple[Any, ...]:
        """The coders that this coder consists of; none for most coders."""
        return ()

    @property
    @abstractmethod
    def tags(self) -> CoderTags:
        """The capabilities of this coder."""

    @abstractmethod
    def versions(self) -> dict[str, str]:
        """Return the versions of the libraries that determine the code lengths."""

    def _encoder(self, context: bytes) -> Encode:
        """Return a function that compresses data given `context`."""
        raise NotDecodableError(f"the coder {self.name!r} computes code lengths only and writes no stream")

    def _decoder(self, context: bytes) -> Decode:
        """Return a function that decompresses streams given `context`."""
        raise NotDecodableError(f"the coder {self.name!r} computes code lengths only and reads no stream")

    def _meter(self, context: bytes) -> Meter:
        """Return a function that computes L(data | context) in bits."""
        encode = self._encoder(context)
        return lambda data: 8.0 * len(encode(data))

    def check_finite(self, lengths: Lengths) -> Lengths:
        """Return code lengths in bits, or raise a DataError if one of them is NaN or infinite."""
        if isinstance(lengths, float):
            finite = math.isfinite(lengths)
        else:
            import numpy as np

            finite = bool(np.isfinite(lengths).all())
        if not finite:
            raise DataError(
                f"the coder {self} computed a code length that is not finite (NaN or infinity); its model is damaged, "
                "or its implementation has a defect"
            )
        return lengths

    def _lengths(self, context: bytes, items: Sequence[bytes]) -> NDArray[np.float64]:
        """Return L(y | context) in bits for every y; overridden by coders that are faster on many items at once."""
        import numpy as np

        return np.fromiter(map(self._meter(context), items), dtype=np.float64, count=len(items))

    def _joint_batch(self, xs: Sequence[bytes], ys: Sequence[bytes]) -> NDArray[np.float64]:
        """Return L(xy) in bits for every x (row) and every y (column), in this thread.

        Overridden by coders that are faster on many pairs at once, for example because they read each x only once.
        """
        import numpy as np

        table = np.empty((len(xs), len(ys)))
        for row, x in enumerate(xs):
            table[row] = self._batch([x + y for y in ys])
        return table

    def _pairs_batch(
        self, xs: Sequence[bytes], ys: Sequence[bytes], columns: Sequence[NDArray[np.intp]]
    ) -> list[NDArray[np.float64]]:
        """Return L(xy) in bits for every x with the ys at the positions of its `columns`, in this thread."""
        import numpy as np

        pairs = (x + ys[column] for x, chosen in zip(xs, columns, strict=True) for column in chosen)
        blocks = blocks_of_items(pairs, BLOCK_OF_PAIRS_BYTES)
        lengths = np.concatenate([np.empty(0), *map(self._batch, blocks)])
        return np.split(lengths, np.cumsum([len(chosen) for chosen in columns])[:-1])

    def _lower_bounds(self, xs: Sequence[bytes], ys: Sequence[bytes]) -> Iterator[LowerBounds] | None:
        """Yield lower bounds of L(xy) for one x and some ys at a time; None if bounds would save no work.

        A search for small lengths computes the exact length only where the bound does not exclude the pair.
        """
        return None

    def _batch(self, items: Sequence[bytes]) -> NDArray[np.float64]:
        """Return L(y) in bits for every y, in this thread and with one library handle for all."""
        return self._lengths(b"", items)

    def warn_beyond_window(self, size: int, *, window: int | None = None, stacklevel: int = 3) -> None:
        """Warn if `size` bytes exceed the coder's window: `window`, by default ``tags.window``."""
        window = self.tags.window if window is None else window
        if window is not None and size > window:
            warnings.warn(
                f"the coder {self.name!r} sees only the last {window:,} bytes of {size:,} bytes of context; "
                "choose a coder with a larger window",
                WindowWarning,
                stacklevel=stacklevel,
            )

    def warn_about_context(self, shortest: int, longest: int | None = None) -> None:
        """Warn once if contexts exceed the coder's window, or are too short for priming to have an effect.

        Parameters
        ----------
        shortest : int
            Bytes of the shortest context that is not empty.
        longest : int, optional
            Bytes of the longest one; by default `shortest`.
        """
        size = shortest if longest is None else longest
        self.warn_beyond_window(size, window=self._priming_window, stacklevel=4)
        if 0 < shortest < self.tags.min_context:
            warnings.warn(
                f"the coder {self.name!r} finds no match in a context of {shortest} bytes, so priming has little or no "
                f"effect; pass at least {self.tags.min_context} bytes, or choose another coder, such as 'ngram'",
                PrimingWarning,
                stacklevel=3,
            )

    @property
    def _priming_window(self) -> int | None:
        """Bytes of a context that priming uses; None if there is no limit."""
        return self.tags.window
