"""The one interface: a coder states how many bits it needs for y, alone or after it has read x."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from kolmo._core.items import as_bytes, as_items
from kolmo._version import __version__
from kolmo.coders.limits import MAX_DECODED_BYTES
from kolmo.coders.tags import CoderTags
from kolmo.errors import DecodeError, KolmoError, NotDecodableError, PrimingError, WindowWarning

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Encode = Callable[[bytes], bytes]
Decode = Callable[[bytes, int], bytes]
Meter = Callable[[bytes], float]

_BLOCK_BYTES, _BLOCK_OF_PAIRS_BYTES = 2**18, 2**23


@dataclass(frozen=True, kw_only=True)
class LowerBounds:
    """Joint lengths of one x with some y, from below for a start.

    Parameters
    ----------
    row : int
        Which x.
    columns : slice
        Which ys.
    lower_bits : ndarray of shape (n_columns,)
        What L(xy) cannot fall below.
    exact : callable
        Takes positions in `lower_bits`, and returns L(xy) of these in bits. Good until the next `LowerBounds` is made.
    """

    row: int
    columns: slice
    lower_bits: NDArray[np.float64]
    exact: Callable[[NDArray[np.intp]], NDArray[np.float64]]


@dataclass(frozen=True, kw_only=True)
class Coder(ABC):
    """A way to write down bytes, and so an upper bound on their Kolmogorov complexity.

    A coder is its configuration and nothing else: immutable, hashable, picklable, equal to any coder of the same
    type and parameters. Live handles of a compression library are made on use.

    A subclass is a frozen dataclass of its parameters that sets `name`, states its `tags` and gives `_encoder` and
    `_decoder`; one that has no real stream gives `_meter` instead. A subclass with ``priming="native"`` makes
    these start from the context that they are given; all others are only ever called with an empty one.
    """

    name: ClassVar[str]

    @property
    @abstractmethod
    def tags(self) -> CoderTags:
        """What this coder can do."""

    @abstractmethod
    def versions(self) -> dict[str, str]:
        """Return the libraries whose version can change a length, with their versions."""

    def _encoder(self, context: bytes) -> Encode:
        raise NotDecodableError(f"the coder {self.name!r} states code lengths only, it writes no stream")

    def _decoder(self, context: bytes) -> Decode:
        raise NotDecodableError(f"the coder {self.name!r} states code lengths only, it reads no stream")

    def _meter(self, context: bytes) -> Meter:
        encode = self._encoder(context)
        return lambda data: 8.0 * len(encode(data))

    def _lengths(self, context: bytes, items: Sequence[bytes]) -> NDArray[np.float64]:
        """Return L(y | context) in bits for every y; coders that gain from seeing many at once override this."""
        import numpy as np

        return np.fromiter(map(self._meter(context), items), dtype=np.float64, count=len(items))

    def code_length(self, data: Any) -> float:
        """Return L(data), the number of bits this coder needs for `data`.

        Parameters
        ----------
        data : str or bytes-like
            Text counts as its UTF-8 bytes.

        Returns
        -------
        float
            Bits.

        Examples
        --------
        >>> from kolmo import coder
        >>> coder("uniform").code_length("naïve")
        48.0
        """
        return self._meter(b"")(as_bytes(data))

    def code_lengths(self, items: Any, *, n_jobs: int | None = None) -> NDArray[np.float64]:
        """Return L(y) for every item y.

        Parameters
        ----------
        items : collection of str or bytes, or 2-D array of numbers
            See `kolmo.as_items`.
        n_jobs : int, optional
            Workers as joblib counts them. They are threads or processes, whichever this coder runs faster on,
            unless a `joblib.parallel_config` says otherwise.

        Returns
        -------
        ndarray of shape (n_items,)
            Bits.

        Examples
        --------
        >>> from kolmo import coder
        >>> coder("uniform").code_lengths(["", "abc"])
        array([ 0., 24.])
        """
        import numpy as np

        from kolmo._core.parallel import map_blocks
        from kolmo._core.progress import progress

        everything = as_items(items)
        blocks = ((block,) for block in _blocks(everything))
        lengths = [np.empty(0)]
        with progress(len(everything), label=f"lengths by {self}", unit="item") as bar:
            for part in map_blocks(self._batch, blocks, n_jobs=n_jobs, prefer=self.tags.parallel):
                lengths.append(part)
                bar.update(len(part))
        return np.concatenate(lengths)

    def prime(self, context: Any) -> Coder:
        """Return a coder that has read `context`: its code length of y is L(y | context).

        This coder stays as it was. Where the library can start from a context (``tags.priming == "native"``) the
        primed coder compresses and decompresses; otherwise its code length is the difference
        L(context + y) - L(context), which can come out negative by a few bytes and has no stream of its own.

        Parameters
        ----------
        context : str or bytes-like
            What is read first.

        Returns
        -------
        Coder

        Raises
        ------
        PrimingError
            If this coder cannot be primed.

        Warns
        -----
        WindowWarning
            If the context is longer than the coder's window.

        Examples
        --------
        >>> from kolmo import coder
        >>> plain = coder("deflate")
        >>> primed = plain.prime("a cat sat on a mat; the dog slept")
        >>> primed.code_length("the cat sat on the mat") < plain.code_length("the cat sat on the mat")
        True
        """
        read = as_bytes(context)
        if self.tags.priming is None:
            raise PrimingError(
                f"the coder {self.name!r} cannot be primed; pick one whose tags.priming is not None, such as 'deflate'"
            )
        if not read:
            return self
        self.warn_beyond_window(len(read))
        return PrimedCoder(coder=self, context=read)

    def fitted(self, items: Any) -> Self:
        """Return this coder with the parameters that it takes from a collection; most coders take none.

        Estimators call it with their training set. Unlike a primed coder, which continues a context, a learned one is
        fitted to the collection as a whole.

        Parameters
        ----------
        items : collection of str or bytes
            What to learn from.

        Returns
        -------
        Coder
            Of the same type.

        Examples
        --------
        >>> from kolmo import coder
        >>> coder("deflate").fitted(["some", "texts"]) == coder("deflate")
        True
        """
        return self

    def joint_code_length(self, x: Any, y: Any) -> float:
        """Return L(xy), the number of bits of one code for both.

        Parameters
        ----------
        x, y : str or bytes-like
            Read one after the other, with nothing in between.

        Returns
        -------
        float
            Bits.

        Warns
        -----
        WindowWarning
            If `x` is longer than the coder's window.

        Examples
        --------
        >>> from kolmo import coder
        >>> coder("order0").joint_code_length("ab", "ba") == coder("order0").code_length("abba")
        True
        """
        first, second = as_bytes(x), as_bytes(y)
        self.warn_beyond_window(len(first))
        return float(self._joint_batch([first], [second])[0, 0])

    def joint_code_lengths(self, xs: Any, ys: Any) -> NDArray[np.float64]:
        """Return L(xy) for every x (row) and every y (column).

        Parameters
        ----------
        xs, ys : collection of str or bytes
            See `kolmo.as_items`.

        Returns
        -------
        ndarray of shape (n_xs, n_ys)
            Bits.

        Examples
        --------
        >>> from kolmo import coder
        >>> coder("uniform").joint_code_lengths(["a", "ab"], ["", "abc"])
        array([[ 8., 32.],
               [16., 40.]])
        """
        firsts = as_items(xs)
        self.warn_beyond_window(max(map(len, firsts), default=0))
        return self._joint_batch(firsts, as_items(ys))

    def _joint_batch(self, xs: Sequence[bytes], ys: Sequence[bytes]) -> NDArray[np.float64]:
        """Return L(xy) in bits for every x (row) and every y (column), here and now.

        Coders that gain from seeing many pairs at once, such as by reading each x only once, override this.
        """
        import numpy as np

        table = np.empty((len(xs), len(ys)))
        for row, x in enumerate(xs):
            table[row] = self._batch([x + y for y in ys])
        return table

    def _pairs_batch(
        self, xs: Sequence[bytes], ys: Sequence[bytes], columns: Sequence[NDArray[np.intp]]
    ) -> list[NDArray[np.float64]]:
        """Return L(xy) in bits for every x with each of the ys that its columns name, here and now."""
        import numpy as np

        pairs = (x + ys[column] for x, chosen in zip(xs, columns, strict=True) for column in chosen)
        lengths = np.concatenate([np.empty(0), *map(self._batch, _blocks(pairs, _BLOCK_OF_PAIRS_BYTES))])
        return np.split(lengths, np.cumsum([len(chosen) for chosen in columns])[:-1])

    def _lower_bounds(self, xs: Sequence[bytes], ys: Sequence[bytes]) -> Iterator[LowerBounds] | None:
        """Yield lower bounds of L(xy), x for x and some ys at a time; None if they would save no work.

        Whoever looks for small lengths only asks for the exact ones where the bound leaves a doubt.
        """
        return None

    def _batch(self, items: Sequence[bytes]) -> NDArray[np.float64]:
        """Return L(y) in bits for every y, here and now: one handle of the library serves them all."""
        return self._lengths(b"", items)

    def compress(self, data: Any) -> bytes:
        """Return the real stream of `data`.

        Parameters
        ----------
        data : str or bytes-like
            Text counts as its UTF-8 bytes.

        Returns
        -------
        bytes

        Raises
        ------
        NotDecodableError
            If this coder only states code lengths.
        """
        return self._encoder(b"")(as_bytes(data))

    def decompress(self, payload: Any, *, max_size: int = MAX_DECODED_BYTES) -> bytes:
        """Return what `compress` was given.

        Parameters
        ----------
        payload : bytes-like
            One whole stream, which is not trusted.
        max_size : int
            The most bytes to return; a stream that holds more is refused before it fills the memory.

        Returns
        -------
        bytes

        Raises
        ------
        DecodeError
            If the payload is corrupt, truncated, followed by other bytes, or holds more than `max_size` bytes.
        NotDecodableError
            If this coder only states code lengths.

        Examples
        --------
        >>> from kolmo import coder
        >>> zstd = coder("zstd")
        >>> zstd.decompress(zstd.compress(b"to be or not to be"))
        b'to be or not to be'
        """
        decode, stream = self._decoder(b""), as_bytes(payload)
        try:
            return decode(stream, max_size)
        except KolmoError:
            raise
        except Exception as error:  # whatever a library raises on bytes that nobody vouches for
            raise DecodeError(
                f"these {len(stream):,} bytes are not a whole stream of {self}: {error}; "
                "they are corrupt, truncated, or of another coder"
            ) from error

    @property
    def overhead_bits(self) -> float:
        """L of the empty string, in bits: what the coder's framing costs before the first byte."""
        return self.code_length(b"")

    @property
    def model_bits(self) -> float:
        """What must be sent along with the code, in bits: the weights of a trained model, nothing for all others."""
        return 0.0

    @property
    def config(self) -> dict[str, Any]:
        """The coder as JSON: its name as ``id``, and every parameter. `kolmo.coder` takes it back."""
        return {"id": self.name} | {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    @property
    def fingerprint(self) -> str:
        """The coder, its parameters, and the versions of the libraries that decide its lengths."""
        parameters = {key: value for key, value in self.config.items() if key != "id"}
        versions = {**self.versions(), "kolmo": __version__}
        return f"{_spelled(self.name, parameters)} [{', '.join(f'{key} {value}' for key, value in versions.items())}]"

    def replace(self, **changes: Any) -> Self:
        """Return this coder with some parameters changed."""
        return dataclasses.replace(self, **changes)

    def warn_beyond_window(self, size: int, *, window: int | None = None) -> None:
        """Warn if `size` bytes are more than this coder can look back on: ``tags.window``, unless told otherwise."""
        window = self.tags.window if window is None else window
        if window is not None and size > window:
            warnings.warn(
                f"the coder {self.name!r} sees only the last {window:,} bytes, but {size:,} bytes were to be "
                "remembered: what lies further back does not count; take a coder with a longer window",
                WindowWarning,
                stacklevel=3,
            )

    def __str__(self) -> str:
        """Return the coder as `kolmo.coder` and the commands read it, defaults left out: ``zstd:level=19``."""
        changed = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if getattr(self, field.name) != field.default
        }
        return _spelled(self.name, changed)

    def __sklearn_clone__(self) -> Self:
        return self


@dataclass(frozen=True, kw_only=True, repr=False)
class PrimedCoder(Coder):
    """A coder after it has read a context. Made by `Coder.prime`.

    Parameters
    ----------
    coder : Coder
        The coder as it was before.
    context : bytes
        What it has read.
    """

    coder: Coder
    context: bytes

    @property
    def name(self) -> str:  # type: ignore[override]
        return self.coder.name

    @property
    def tags(self) -> CoderTags:
        tags = self.coder.tags
        return dataclasses.replace(tags, decodable=tags.decodable and tags.priming == "native")

    def versions(self) -> dict[str, str]:
        return self.coder.versions()

    @property
    def model_bits(self) -> float:
        return self.coder.model_bits

    def prime(self, context: Any) -> Coder:
        return self.coder.prime(self.context + as_bytes(context))

    def _encoder(self, context: bytes) -> Encode:
        self._check_native()
        return self.coder._encoder(self.context)

    def _decoder(self, context: bytes) -> Decode:
        self._check_native()
        return self.coder._decoder(self.context)

    def _check_native(self) -> None:
        if self.coder.tags.priming != "native":
            raise NotDecodableError(
                f"{self.name!r} has no way to start from a context: once primed it states the difference "
                "L(xy) - L(x) and writes no stream; deflate, zlib, zstd and lz4 do"
            )

    def _meter(self, context: bytes) -> Meter:
        if self.coder.tags.priming == "native":
            return self.coder._meter(self.context)
        meter, read = self.coder._meter(b""), self.context
        alone = meter(read)
        return lambda data: meter(read + data) - alone

    def _batch(self, items: Sequence[bytes]) -> NDArray[np.float64]:
        if self.coder.tags.priming == "native":
            return self.coder._lengths(self.context, items)
        joint: NDArray[np.float64] = self.coder._joint_batch([self.context], items)[0]
        return joint - self.coder.code_length(self.context)

    @property
    def config(self) -> dict[str, Any]:
        return self.coder.config | {"context": base64.b64encode(self.context).decode("ascii")}

    @property
    def fingerprint(self) -> str:
        digest = hashlib.sha256(self.context).hexdigest()
        return f"{self.coder.fingerprint} primed with {len(self.context)} bytes, sha256 {digest}"

    def __str__(self) -> str:
        return f"{self.coder} primed with {len(self.context)} bytes"

    def __repr__(self) -> str:
        return f"{self.coder!r}.prime({self.context!r})"


def _blocks(items: Iterable[bytes], block_bytes: int = _BLOCK_BYTES) -> Iterable[list[bytes]]:
    block: list[bytes] = []
    size = 0
    for item in items:
        block.append(item)
        size += len(item) + 64
        if size >= block_bytes:
            yield block
            block, size = [], 0
    if block:
        yield block


def _spelled(name: str, parameters: dict[str, Any]) -> str:
    values = ",".join(f"{key}={json.dumps(value).strip(chr(34))}" for key, value in parameters.items())
    return f"{name}:{values}" if values else name
