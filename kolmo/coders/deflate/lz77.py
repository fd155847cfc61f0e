"""The coder ``lz77``: deflate's matches with ideal adaptive code lengths, for finer and faster distances."""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from kolmo.coders.base import Coder, Meter
from kolmo.coders.tags import CoderTags
from kolmo.errors import ParameterError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_N_COUNTS = 316
_COUNTS = "<u2"
_UNIT = 16
_UNIFORM = 3
"""Pseudo-count per symbol in sixteenths: 54 in total over literals and lengths."""
_STRENGTH = 512
"""Total pseudo-count of a fitted prior over literals and lengths, and again over distances."""
_SAMPLED, _LONGEST_SAMPLED = 32, 4096
_BLOCK = 2**10


@dataclass(frozen=True, kw_only=True)
class Lz77(Coder):
    """Ideal code length of the literals and matches found by zlib's level 9, under adaptive probabilities.

    Deflate writes literals, match lengths and distances with Huffman codes of whole bits, preceded by a description of
    these codes. Here the same symbols have adaptive probabilities: after n symbols, of which c were equal to s, the
    next is s with probability (c + a(s)) / (n + sum of a). This is a proper code without a description and without
    rounding, and its length does not depend on the order of the symbols. The coder states the ideal length and writes
    no stream.

    The prior a is uniform, or `fitted` to a collection of items, for example a training set. A fitted prior makes
    symbols that are common in the whole collection cheap, so that distances depend more on what two items share.

    Parameters
    ----------
    prior : str
        Result of `fitted`: 316 pseudo-counts in sixteenths (286 literals and lengths, 30 distances), as 16-bit
        little-endian numbers in base64. Empty for the uniform prior. Code lengths do not include its size,
        `prior_bits`.

    References
    ----------
    Ziv and Lempel, "A universal algorithm for sequential data compression", IEEE Transactions on Information Theory,
    1977. Krichevsky and Trofimov, "The performance of universal encoding", IEEE Transactions on Information Theory,
    1981. RFC 1951.

    Examples
    --------
    >>> lz77 = Lz77()
    >>> round(lz77.code_length("abracadabra " * 20), 3)
    111.304
    >>> fitted = lz77.fitted(["the cat sat on the mat", "the dog sat on the rug"])
    >>> fitted.code_length("the rat sat on the log") < lz77.code_length("the rat sat on the log")
    True
    """

    prior: str = ""

    name: ClassVar[str] = "lz77"

    def __post_init__(self) -> None:
        if self.prior == "":
            return
        try:
            counts = memoryview(base64.b64decode(self.prior, validate=True)).cast("H")
            valid = len(counts) == _N_COUNTS and 0 not in counts
        except (TypeError, ValueError):
            valid = False
        if not valid:
            raise ParameterError(
                f"prior: expected an empty string or {_N_COUNTS} positive 16-bit numbers in base64, "
                f"got {self.prior!r:.60}; use the coder that `fitted` returns"
            )

    @property
    def tags(self) -> CoderTags:
        from kolmo.coders.deflate.tables import FARTHEST_MATCH

        return CoderTags(decodable=False, window=FARTHEST_MATCH)

    def versions(self) -> dict[str, str]:
        return {}

    @property
    def fingerprint(self) -> str:
        if not self.prior:
            return super().fingerprint
        digest = hashlib.sha256(self.prior.encode()).hexdigest()
        return f"{self.replace(prior='').fingerprint} with a prior learned from data, sha256 {digest}"

    @property
    def prior_bits(self) -> int:
        """Size of a fitted prior in bits, which code lengths do not include."""
        return 16 * _N_COUNTS if self.prior else 0

    def fitted(self, items: Any) -> Self:
        """Return this coder with a prior from the symbol frequencies in pairs of items.

        A coder that has a prior keeps it.

        Parameters
        ----------
        items : collection of str or bytes
            Training items. The selection does not depend on their order.

        Returns
        -------
        Lz77
        """
        import numpy as np

        from kolmo._core.items import as_items
        from kolmo.coders.deflate.tables import N_LITERAL_CODES, N_SYMBOLS

        if self.prior:
            return self
        by_digest = sorted(set(as_items(items)), key=lambda item: hashlib.sha256(item).digest())
        chosen = [item[:_LONGEST_SAMPLED] for item in by_digest[: 2 * _SAMPLED]]
        half = (len(chosen) + 1) // 2
        tallies = self._tallies([x + b" " + y for x in chosen[:half] for y in chosen[-half:]]).sum(axis=0)
        prior = np.empty(N_SYMBOLS)
        for part in (slice(0, N_LITERAL_CODES), slice(N_LITERAL_CODES, N_SYMBOLS)):
            seen = tallies[part] + 0.5
            prior[part] = _UNIT * _STRENGTH * seen / seen.sum()
        counts = np.maximum(np.round(prior), 1).astype(_COUNTS)
        return self.replace(prior=base64.b64encode(counts.tobytes()).decode("ascii"))

    def _batch(self, items: Sequence[bytes]) -> NDArray[np.float64]:
        import numpy as np

        from kolmo.coders.deflate import lz77_kernels
        from kolmo.coders.deflate.tables import N_LITERAL_CODES

        bits, alphabet = np.empty(len(items)), np.arange(N_LITERAL_CODES)
        prior, table = self._prior(), _log_gamma()
        for first in range(0, len(items), _BLOCK):
            tallies = self._tallies(items[first : first + _BLOCK])
            lz77_kernels.price(tallies, alphabet, prior, table, bits[first : first + _BLOCK])
        return bits

    def _joint_batch(self, xs: Sequence[bytes], ys: Sequence[bytes]) -> NDArray[np.float64]:
        import numpy as np

        rows = self._pairs_batch(xs, ys, [np.arange(len(ys))] * len(xs))
        return np.stack(rows) if rows else np.empty((0, len(ys)))

    def _pairs_batch(
        self, xs: Sequence[bytes], ys: Sequence[bytes], columns: Sequence[NDArray[np.intp]]
    ) -> list[NDArray[np.float64]]:
        import numpy as np

        from kolmo.coders.deflate import lz77_kernels, pairs as deflate_pairs
        from kolmo.coders.deflate.tables import N_LITERAL_CODES

        pairs, prior, rows = deflate_pairs.PairTallies(deflate_pairs.prepare(ys), xs), self._prior(), []
        table = _log_gamma()
        for x, chosen in zip(xs, columns, strict=True):
            bits = np.full(len(chosen), np.nan)
            for part, tallies, sizes in pairs.blocks(x, chosen):
                lz77_kernels.price(tallies, pairs.alphabet, prior, table, bits[part])
                bits[part][sizes == 0] = np.nan
            beyond = np.flatnonzero(np.isnan(bits))
            for first in range(0, len(beyond), _BLOCK):
                places = beyond[first : first + _BLOCK]
                resumed = self._resumed_tallies(x, [ys[chosen[place]] for place in places])
                found = np.empty(len(places))
                lz77_kernels.price(resumed, np.arange(N_LITERAL_CODES), prior, table, found)
                bits[places] = found
            rows.append(bits)
        return rows

    def _meter(self, context: bytes) -> Meter:
        return lambda data: float(self._batch([data])[0])

    def _tallies(self, items: Sequence[bytes]) -> NDArray[np.int64]:
        """Return the symbol counts in the parse of each item."""
        import numpy as np

        from kolmo.coders.deflate import lz77_kernels
        from kolmo.coders.deflate.tables import N_SYMBOLS

        tallies = np.zeros((len(items), N_SYMBOLS), np.int64)
        scratch = lz77_kernels.scratch()
        for item, counts in zip(items, tallies, strict=True):
            lz77_kernels.parse_whole(np.frombuffer(item, np.uint8), *scratch, counts)
        return tallies

    def _resumed_tallies(self, x: bytes, ys: Sequence[bytes]) -> NDArray[np.int64]:
        """Return the symbol counts in the parse of x + y for each y, parsing x once."""
        import numpy as np

        from kolmo.coders.deflate import lz77_kernels
        from kolmo.coders.deflate.tables import N_SYMBOLS

        longest = max((len(y) for y in ys if len(y) < lz77_kernels.LONGEST_REST), default=0)
        text, counts = np.zeros(len(x) + longest, np.uint8), np.zeros(N_SYMBOLS, np.int64)
        text[: len(x)] = np.frombuffer(x, np.uint8)
        scratch = lz77_kernels.scratch()
        lz77_kernels.parse_first(text, len(x), *scratch, counts)
        tallies, overwritten = np.tile(counts, (len(ys), 1)), np.zeros((2, lz77_kernels.RING), np.int32)
        for y, row in zip(ys, tallies, strict=True):
            size = len(x) + len(y)
            if size > len(text):
                row[:] = self._tallies([x + y])[0]
                continue
            text[len(x) : size] = np.frombuffer(y, np.uint8)
            lz77_kernels.parse_rest(text, size, *scratch, overwritten, row)
        return tallies

    def _prior(self) -> NDArray[np.int64]:
        import numpy as np

        from kolmo.coders.deflate.tables import N_SYMBOLS

        if not self.prior:
            return np.full(N_SYMBOLS, _UNIFORM)
        return np.frombuffer(base64.b64decode(self.prior), _COUNTS).astype(np.int64)


@functools.cache
def _log_gamma() -> NDArray[np.float64]:
    from kolmo.coders.deflate import lz77_kernels

    return lz77_kernels.log_gamma()
