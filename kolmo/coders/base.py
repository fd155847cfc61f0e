"""The interface of all coders: code lengths in bits, alone or given a context, and streams."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from kolmo._core.items import as_bytes, as_items, blocks_of_items
from kolmo._version import __version__
from kolmo.coders.hooks import (
    BLOCK_BYTES,
    CoderHooks,
    Decode as Decode,
    Encode as Encode,
    LowerBounds as LowerBounds,
    Meter as Meter,
)
from kolmo.coders.limits import MAX_DECODED_BYTES
from kolmo.coders.tags import CoderTags
from kolmo.errors import DecodeError, KolmoError, NotDecodableError, PrimingError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Coder(CoderHooks):
    """A lossless code for byte strings; its code length is an upper bound on Kolmogorov complexity K.

    The bound holds up to the size of the decoder, which does not depend on the data. A coder is immutable, hashable,
    picklable, and equal to every coder of the same type and parameters. Handles of a library are created on use.

    A subclass is a frozen dataclass of its parameters that defines the methods of `kolmo.coders.hooks.CoderHooks`.
    """

    def code_length(self, data: Any) -> float:
        """Return the code length L(data) in bits.

        Parameters
        ----------
        data : str or bytes-like
            Text is encoded as UTF-8.

        Returns
        -------
        float
            Bits.

        Examples
        --------
        >>> from kolmo import coder
        >>> coder("uniform").code_length("naïve")
        56.0
        """
        return self.check_finite(self._meter(b"")(as_bytes(data)))

    def code_lengths(self, items: Any, *, n_jobs: int | None = None) -> NDArray[np.float64]:
        """Return the code length L(y) in bits of every item y.

        Parameters
        ----------
        items : collection of str or bytes, or 2-D array of numbers
            See `kolmo.as_items`.
        n_jobs : int, optional
            Number of joblib workers, threads or processes according to ``tags.parallel``; an active
            `joblib.parallel_config` overrides this.

        Returns
        -------
        ndarray of shape (n_items,)
            Bits.

        Examples
        --------
        >>> from kolmo import coder
        >>> coder("uniform").code_lengths(["", "abc"])
        array([ 8., 32.])
        """
        import numpy as np

        from kolmo._core.parallel import map_blocks
        from kolmo._core.progress import progress

        everything = as_items(items)
        blocks = ((block,) for block in blocks_of_items(everything, BLOCK_BYTES))
        lengths = [np.empty(0)]
        with progress(len(everything), label=f"code lengths by {self}", unit="items") as bar:
            for part in map_blocks(self._batch, blocks, n_jobs=n_jobs, prefer=self.tags.parallel):
                lengths.append(self.check_finite(part))
                bar.update(len(part))
        return np.concatenate(lengths)

    def prime(self, context: Any) -> Coder:
        """Return a coder whose code length of y is the conditional code length L(y | context).

        With ``tags.priming == "native"`` the primed coder also compresses and decompresses. Otherwise its code length
        is the difference L(context + y) - L(context), which may be slightly negative, and it has no stream.

        Parameters
        ----------
        context : str or bytes-like
            The data that are read first.

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
        PrimingWarning
            If the context is too short for the coder to use it, see ``tags.min_context``.

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
                f"the coder {self.name!r} cannot be primed; choose one with tags.priming, such as 'deflate'"
            )
        if not read:
            return self
        self.warn_about_context(len(read))
        return PrimedCoder(coder=self, context=read)

    def fitted(self, items: Any) -> Self:
        """Return a copy of the coder fitted to a collection; coders without fitted parameters return themselves.

        Estimators fit the coder to their training set. Unlike priming, fitting does not depend on the order of items.

        Parameters
        ----------
        items : collection of str or bytes

        Returns
        -------
        Coder
            Of the same type.
        """
        return self

    def joint_code_length(self, x: Any, y: Any) -> float:
        """Return the joint code length L(xy) in bits.

        Parameters
        ----------
        x, y : str or bytes-like
            Data to be concatenated.

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
        return self.check_finite(float(self._joint_batch([first], [second])[0, 0]))

    def joint_code_lengths(self, xs: Any, ys: Any) -> NDArray[np.float64]:
        """Return the joint code length L(xy) in bits for every x (row) and every y (column).

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
        array([[16., 40.],
               [24., 48.]])
        """
        firsts = as_items(xs)
        self.warn_beyond_window(max(map(len, firsts), default=0))
        return self.check_finite(self._joint_batch(firsts, as_items(ys)))

    def compress(self, data: Any) -> bytes:
        """Return the compressed stream of `data`.

        Parameters
        ----------
        data : str or bytes-like
            Text is encoded as UTF-8.

        Returns
        -------
        bytes

        Raises
        ------
        NotDecodableError
            If this coder only computes code lengths.
        """
        return self._encoder(b"")(as_bytes(data))

    def decompress(self, payload: Any, *, max_size: int = MAX_DECODED_BYTES) -> bytes:
        """Return the data that `compress` was given.

        Parameters
        ----------
        payload : bytes-like
            One complete stream; it is not trusted.
        max_size : int
            Largest number of bytes to return; a larger stream is rejected before it fills the memory.

        Returns
        -------
        bytes

        Raises
        ------
        DecodeError
            If the payload is corrupt, truncated, followed by other bytes, or holds more than `max_size` bytes.
        NotDecodableError
            If this coder only computes code lengths.

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
        except Exception as error:  # libraries raise various errors on corrupt input
            raise DecodeError(
                f"expected a complete stream of {self}, got {len(stream):,} bytes that cannot be decoded: {error}; "
                "they are corrupt, truncated, or of another coder"
            ) from error

    @property
    def overhead_bits(self) -> float:
        """Code length of the empty string in bits: the cost of the format itself."""
        return self.code_length(b"")

    @property
    def model_bits(self) -> float:
        """Size in bits of the trained model that a decoder needs; 0 for coders without one."""
        return 0.0

    @property
    def config(self) -> dict[str, Any]:
        """The name as ``id`` and all parameters, as JSON values; `kolmo.coder` accepts it."""
        return {"id": self.name} | {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    @property
    def fingerprint(self) -> str:
        """The coder, its parameters, and the versions of the libraries that determine its code lengths."""
        parameters = {key: value for key, value in self.config.items() if key != "id"}
        versions = {**self.versions(), "kolmo": __version__}
        return f"{spelled(self.name, parameters)} [{', '.join(f'{key} {value}' for key, value in versions.items())}]"

    def replace(self, **changes: Any) -> Self:
        """Return a copy of this coder with some parameters changed."""
        return dataclasses.replace(self, **changes)

    def __str__(self) -> str:
        """Return the coder as `kolmo.coder` and the commands accept it, without defaults: ``zstd:level=19``."""
        changed = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if getattr(self, field.name) != field.default
        }
        return spelled(self.name, changed)

    def __sklearn_clone__(self) -> Self:
        return self


CONTEXT_KEY = "@context"
"""Key of the context in `Coder.config`; no parameter of a coder can have this name."""


@dataclass(frozen=True, kw_only=True, repr=False)
class PrimedCoder(Coder):
    """A coder that has read a context; see `Coder.prime`.

    Parameters
    ----------
    coder : Coder
        The coder without the context.
    context : bytes
        The context.
    """

    coder: Coder
    context: bytes

    @property
    def name(self) -> str:  # type: ignore[override]
        return self.coder.name

    @property
    def stream_version(self) -> int:  # type: ignore[override]
        return self.coder.stream_version

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
                f"the primed coder {self.name!r} computes the difference L(xy) - L(x) and writes no stream; choose "
                "one that starts from a context, such as deflate, zlib, zstd or lz4"
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
        return self.coder.config | {CONTEXT_KEY: base64.b64encode(self.context).decode("ascii")}

    @property
    def fingerprint(self) -> str:
        digest = hashlib.sha256(self.context).hexdigest()
        return f"{self.coder.fingerprint} primed with {len(self.context)} bytes, sha256 {digest}"

    def __str__(self) -> str:
        return f"{self.coder} primed with {len(self.context)} bytes"

    def __repr__(self) -> str:
        return f"{self.coder!r}.prime({self.context!r})"


def spelled(name: str, parameters: dict[str, Any]) -> str:
    """Return a coder as text, such as ``zstd:level=19``."""
    values = ",".join(f"{key}={json.dumps(value).strip(chr(34))}" for key, value in parameters.items())
    return f"{name}:{values}" if values else name
