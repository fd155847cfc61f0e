"""How long deflate's level 9 makes x + y, in plain Python: what the fast kernels compute, written to be read.

zlib looks for matches lazily: a match is written only if the next position does not start a longer one. Nothing that
it decides within x depends on y, until a match reaches the end of x. So x is parsed once, up to there, and that parse
is taken up again for each y. All symbols then form one block, and its size follows from how often each of them occurs.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from kolmo.coders.deflate.tables import (
    DISTANCE_SYMBOL,
    END_OF_BLOCK,
    EXTRA_BITS,
    FARTHEST_SHORTEST_MATCH,
    FIXED_BITS,
    LEAST_CUT,
    LENGTH_LENGTH_ORDER,
    LENGTH_SYMBOL,
    LONGEST_CODE,
    LONGEST_LENGTH_CODE,
    LONGEST_MATCH,
    N_LENGTH_LENGTHS,
    N_LITERAL_CODES,
    N_SYMBOLS,
    REPEAT_LENGTH,
    REPEAT_ZERO,
    REPEAT_ZERO_LONG,
    SHORTEST_MATCH,
)

NO_MATCH = SHORTEST_MATCH - 1
Chains = dict[bytes, list[int]]


@dataclass
class LazyParse:
    """Where a lazy parse stands.

    Parameters
    ----------
    position : int
        The byte to look at next.
    length, start : int
        The match found at the byte before; a length of 2 stands for none.
    pending : bool
        The byte before is not written yet: it becomes a literal if this one starts a longer match.
    """

    position: int = 0
    length: int = NO_MATCH
    start: int = 0
    pending: bool = False


class Prefix:
    """A prefix, parsed up to the first decision that hangs on what follows it.

    Parameters
    ----------
    prefix : bytes
        What comes first, any separator included.

    Examples
    --------
    >>> import zlib
    >>> x, y = b"the cat sat on the mat; ", b"the cat sat on the hat"
    >>> Prefix(x).joint_size(y) == len(zlib.compress(x + y, 9, -15))
    True
    """

    def __init__(self, prefix: bytes) -> None:
        self._prefix = prefix
        self._chains: Chains = {}
        _index(prefix, range(len(prefix) - 2), self._chains)
        self._parse = LazyParse()
        self._tallies = [0] * N_SYMBOLS
        self._tallies[END_OF_BLOCK] = 1
        while self._parse.position < len(prefix) - 2:
            length, start, decided = self._search(prefix, {}, self._parse)
            if not decided:
                break
            _advance(prefix, self._parse, length, start, self._tallies)

    def joint_size(self, item: bytes) -> int:
        """Return the bytes of the raw stream of prefix + item."""
        return block_size(self.tallies(item), len(self._prefix) + len(item))

    def tallies(self, item: bytes) -> list[int]:
        """Return how often each symbol occurs in the stream of prefix + item."""
        text = self._prefix + item
        later: Chains = {}
        _index(text, range(max(len(self._prefix) - 2, 0), len(text) - 2), later)
        tallies, parse = list(self._tallies), replace(self._parse)
        while parse.position < len(text):
            length, start, _ = self._search(text, later, parse)
            _advance(text, parse, length, start, tallies)
        if parse.pending:
            tallies[text[parse.position - 1]] += 1
        return tallies

    def _search(self, text: bytes, later: Chains, parse: LazyParse) -> tuple[int, int, bool]:
        """Return length and start of the latest longest match, and whether bytes after the text could change it."""
        position, best, start = parse.position, parse.length, 0
        farthest = min(len(text) - position, LONGEST_MATCH)
        if farthest < SHORTEST_MATCH or parse.length >= LONGEST_MATCH:
            return NO_MATCH, 0, True
        for candidate in self._candidates(text[position : position + 3], later, position):
            length = _common(text, candidate, position, farthest)
            if length > best:
                best, start = length, candidate
            if length == farthest:
                return best, start, farthest == LONGEST_MATCH
        if best == parse.length or (best == SHORTEST_MATCH and position - start > FARTHEST_SHORTEST_MATCH):
            return NO_MATCH, 0, True
        return best, start, True

    def _candidates(self, trigram: bytes, later: Chains, position: int) -> Iterator[int]:
        """Yield the earlier positions of three bytes, the latest first; zlib takes position 0 for the chain's end."""
        for chains in (later, self._chains):
            for candidate in reversed(chains.get(trigram, ())):
                if 0 < candidate < position:
                    yield candidate


def _index(text: bytes, positions: range, chains: Chains) -> None:
    for position in positions:
        chains.setdefault(text[position : position + 3], []).append(position)


def _common(text: bytes, first: int, second: int, limit: int) -> int:
    length = SHORTEST_MATCH
    while length < limit and text[first + length] == text[second + length]:
        length += 1
    return length


def _advance(text: bytes, parse: LazyParse, length: int, start: int, tallies: list[int]) -> None:
    """Write what the match found at this position decides about the byte before it, and move on."""
    if parse.length >= SHORTEST_MATCH and length <= parse.length:
        tallies[LENGTH_SYMBOL[parse.length]] += 1
        tallies[DISTANCE_SYMBOL[parse.position - 1 - parse.start]] += 1
        parse.position += parse.length - 1
        parse.length, parse.pending = NO_MATCH, False
        return
    if parse.pending:
        tallies[text[parse.position - 1]] += 1
    parse.position += 1
    parse.length, parse.start, parse.pending = length, start, True


def block_size(tallies: Sequence[int], stored_size: int) -> int:
    """Return the bytes of a stream of one block: stored, with the fixed code, or with a code of its own.

    Parameters
    ----------
    tallies : sequence of int
        How often each symbol occurs: literals and lengths, then distances.
    stored_size : int
        How many bytes the block stands for.

    Returns
    -------
    int
    """
    header = 3
    own = _bytes_of(header + own_code_bits(tallies))
    fixed = _bytes_of(header + sum(count * int(bits) for count, bits in zip(tallies, FIXED_BITS, strict=True)))
    smaller = min(own, fixed)
    # zlib leaves one of the five bytes of a stored block's header out of this comparison
    return stored_size + 5 if stored_size + 4 <= smaller else smaller


def least_block_size(tallies: Sequence[int], stored_size: int) -> int:
    """Return bytes that `block_size` cannot fall below, without building a code.

    A code's bits are no fewer than the entropy of the symbols that it writes. Of its description, all zeros are known,
    and the fewest symbols that could write down the rest; and the header lists the third code at least as far as the
    shortest code's length.

    Parameters
    ----------
    tallies : sequence of int
        How often each symbol occurs: literals and lengths, then distances.
    stored_size : int
        How many bytes the block stands for.

    Returns
    -------
    int
    """
    description = [0] * N_LENGTH_LENGTHS
    bits, listed, others = 0.0, 4, 0
    for counts in (tallies[:N_LITERAL_CODES], tallies[N_LITERAL_CODES:]):
        used = [symbol for symbol, count in enumerate(counts) if count]
        shortest = 1
        if len(used) < 2:  # zlib adds symbols that do not occur
            others += 2
        else:
            bits += _entropy(counts)
            runs = [(bool(count), len(list(run))) for count, run in itertools.groupby(counts[: used[-1] + 1], bool)]
            for occurs, run in runs:
                if occurs:  # a length, and symbols that repeat it six times each
                    others += run if run < 4 else 1 + math.ceil((run - 1) / 6)
                else:
                    _tally_lengths([0] * run, description)
            total, largest = sum(counts), max(counts)
            while shortest < LONGEST_CODE and (total >= LEAST_CUT or largest << shortest <= total):
                shortest += 1
        listed = max(listed, min(LENGTH_LENGTH_ORDER.index(length) + 1 for length in range(1, shortest + 1)))
    zeros = [description[0], description[REPEAT_ZERO], description[REPEAT_ZERO_LONG]]
    bits += _entropy([*zeros, others]) + 3 * zeros[1] + 7 * zeros[2] + 3 + 5 + 5 + 4 + 3 * listed
    bits += sum(count * int(extra) for count, extra in zip(tallies, EXTRA_BITS, strict=True))
    fixed = 3 + sum(count * int(bits) for count, bits in zip(tallies, FIXED_BITS, strict=True))
    return min(math.ceil((min(bits, fixed) - 1e-6) / 8), stored_size + 5)


def _entropy(counts: Sequence[int]) -> float:
    total = sum(counts)
    return sum(count * math.log2(total / count) for count in counts if count)


def _bytes_of(bits: int) -> int:
    return (bits + 7) // 8


def own_code_bits(tallies: Sequence[int]) -> int:
    """Return the bits of a block with its own Huffman code, the description of the code included."""
    literals, distances = tallies[:N_LITERAL_CODES], tallies[N_LITERAL_CODES:]
    lengths = [huffman_lengths(literals, LONGEST_CODE), huffman_lengths(distances, LONGEST_CODE)]
    length_tallies = [0] * N_LENGTH_LENGTHS
    for code in lengths:
        _tally_lengths(code, length_tallies)
    length_lengths = huffman_lengths(length_tallies, LONGEST_LENGTH_CODE)
    length_lengths += [0] * (N_LENGTH_LENGTHS - len(length_lengths))
    n_listed = max(rank for rank, symbol in enumerate(LENGTH_LENGTH_ORDER) if length_lengths[symbol] or rank < 4) + 1
    repeats = {REPEAT_LENGTH: 2, REPEAT_ZERO: 3, REPEAT_ZERO_LONG: 7}
    description = 5 + 5 + 4 + 3 * n_listed + _cost(length_tallies, length_lengths)
    description += sum(length_tallies[symbol] * bits for symbol, bits in repeats.items())
    extra = sum(count * int(bits) for count, bits in zip(tallies, EXTRA_BITS, strict=True))
    return description + _cost(literals, lengths[0]) + _cost(distances, lengths[1]) + extra


def _cost(tallies: Sequence[int], lengths: Sequence[int]) -> int:
    return sum(count * length for count, length in zip(tallies, lengths, strict=False))


def _tally_lengths(lengths: Sequence[int], tallies: list[int]) -> None:
    """Count the symbols that write down code lengths; a run is cut as zlib cuts it."""
    at = 0
    while at < len(lengths):
        value, run = lengths[at], 1
        while at + run < len(lengths) and lengths[at + run] == value:
            run += 1
        at += run
        if value:
            tallies[value] += 1
            run -= 1
        longest, shortest = (6, 3) if value else (138, 3)
        while run >= shortest:
            part = min(run, longest)
            repeat_zero = REPEAT_ZERO if part <= 10 else REPEAT_ZERO_LONG
            tallies[REPEAT_LENGTH if value else repeat_zero] += 1
            run -= part
        tallies[value] += run


def huffman_lengths(tallies: Sequence[int], longest: int) -> list[int]:
    """Return the code length of each symbol up to the last one in use, as zlib's trees come out.

    Many trees are equally good for the symbols, but not equally cheap to describe: among equal counts the order in
    zlib's heap decides.

    Parameters
    ----------
    tallies : sequence of int
        How often each symbol occurs.
    longest : int
        The most bits that a code may have.

    Returns
    -------
    list of int
        At least two of them are not zero: zlib adds symbols that do not occur.
    """
    counts = dict(_with_two_symbols(tallies))
    n_leaves = len(tallies)
    heap = [(count, 0, symbol) for symbol, count in counts.items()]
    for root in range(len(heap) // 2 - 1, -1, -1):
        _sift_down(heap, root)
    parent: dict[int, int] = {}
    order: list[int] = []
    node = n_leaves
    while len(heap) > 1:
        first, last = heap[0], heap.pop()
        heap[0] = last
        _sift_down(heap, 0)
        second = heap[0]
        order += [first[2], second[2]]
        parent[first[2]] = parent[second[2]] = node
        heap[0] = (first[0] + second[0], max(first[1], second[1]) + 1, node)
        _sift_down(heap, 0)
        node += 1
    depth = {node - 1: 0}
    overflow = 0
    for member in reversed(order):
        depth[member] = depth[parent[member]] + 1
        if depth[member] > longest:
            depth[member] = longest
            overflow += 1
    leaves = [member for member in order if member < n_leaves]
    if overflow:
        _shorten(depth, leaves, longest, overflow)
    return [depth.get(symbol, 0) for symbol in range(max(counts) + 1)]


def _with_two_symbols(tallies: Sequence[int]) -> list[tuple[int, int]]:
    used = [(symbol, count) for symbol, count in enumerate(tallies) if count]
    while len(used) < 2:
        last = used[-1][0] if used else -1
        used = sorted([*used, (last + 1 if last < 2 else 0, 1)])
    return used


def _sift_down(heap: list[tuple[int, int, int]], at: int) -> None:
    """Restore the heap below one place; nodes are ordered by count, then by depth, and equal ones keep their place."""
    moved = heap[at]
    while (child := 2 * at + 1) < len(heap):
        if child + 1 < len(heap) and heap[child + 1][:2] <= heap[child][:2]:
            child += 1
        if moved[:2] <= heap[child][:2]:
            break
        heap[at] = heap[child]
        at = child
    heap[at] = moved


def _shorten(depth: dict[int, int], leaves: list[int], longest: int, overflow: int) -> None:
    """Bound the codes: move leaves down elsewhere in the tree, and give the rarest the longest codes."""
    count = [0] * (longest + 1)
    for leaf in leaves:
        count[depth[leaf]] += 1
    while overflow > 0:
        bits = longest - 1
        while count[bits] == 0:
            bits -= 1
        count[bits] -= 1
        count[bits + 1] += 2
        count[longest] -= 1
        overflow -= 2
    rarest_first = iter(leaves)
    for bits in range(longest, 0, -1):
        for _ in range(count[bits]):
            depth[next(rarest_first)] = bits
