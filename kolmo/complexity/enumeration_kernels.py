"""Kernels of the enumeration: what programs of one cost and one size print, from what smaller programs print.

A string of bits is a 64-bit word, first symbol highest, with a 1 in front of it as a key. Strings that cost no less
than their literal are never stored. The opcodes are those of `kolmo.coders.program.machine` for bits without a context.
"""

# Numba types these functions; mypy cannot follow the changes of integer types.
# mypy: disable-error-code="assignment"
from __future__ import annotations

from typing import Any

from kolmo._core.jit import i64, inline, jit, u64

OPCODE, PATCH_BITS, SUBSTITUTE_BITS, UNARY_BITS = 3, 4, 4, 5
NONE = 255
"""Cost of a string that is not stored."""
MAX_SIZE = 63


@inline
def _place(keys: Any, key: Any) -> Any:
    """Return the place of a key in the table, or that of the empty slot where it belongs."""
    mask = u64(keys.size - 1)
    at = (key * u64(0x9E3779B97F4A7C15)) >> u64(20) & mask
    while keys[at] != u64(0) and keys[at] != key:
        at = (at + u64(1)) & mask
    return at


@inline
def literal_bits(size: Any) -> Any:
    """Return the cost of a literal."""
    return size + OPCODE if size > 1 else size


@jit
def cost_of(keys: Any, costs: Any, word: Any, size: Any) -> Any:
    """Return the least cost of a string: that stored, or its literal's."""
    key = (u64(1) << u64(size)) | word
    at = _place(keys, key)
    return i64(costs[at]) if keys[at] == key else literal_bits(size)


@inline
def _store(keys: Any, costs: Any, words: Any, state: Any, word: Any, size: Any, cost: Any) -> Any:
    """Store a string that was not seen before; `state` holds the number of strings, and 1 after the memory is full."""
    key = (u64(1) << u64(size)) | word
    at = _place(keys, key)
    if keys[at] == u64(0):
        if state[0] == words.size:
            state[1] = 1
        else:
            keys[at], costs[at] = key, cost
            words[state[0]] = word
            state[0] += 1


@inline
def reversed_word(word: Any, size: Any) -> Any:
    """Return a string backwards."""
    result = u64(0)
    for _ in range(size):
        result = (result << u64(1)) | (word & u64(1))
        word >>= u64(1)
    return result


@inline
def scanned(word: Any) -> Any:
    """Return the prefix sums modulo 2."""
    for shift in (1, 2, 4, 8, 16, 32):
        word ^= word >> u64(shift)
    return word


@inline
def interleaved(even: Any, odd: Any, size: Any) -> Any:
    """Return two strings symbol by symbol."""
    word = u64(0)
    left, right = (size + 1) // 2, size // 2
    for place in range(size):
        if place & 1:
            right -= 1
            bit = odd >> u64(right)
        else:
            left -= 1
            bit = even >> u64(left)
        word = (word << u64(1)) | (bit & u64(1))
    return word


@inline
def repeated(word: Any, period: Any, size: Any) -> Any:
    """Return the first `size` symbols of a string over and over."""
    result, done = u64(0), 0
    while done + period <= size:
        result = (result << u64(period)) | word
        done += period
    rest = size - done
    return (result << u64(rest)) | (word >> u64(period - rest)) if rest else result


@inline
def every_mask(every: Any, size: Any) -> Any:
    """Return a word with ones at every `every`-th place."""
    mask = u64(0)
    for place in range(every - 1, size, every):
        mask |= u64(1) << u64(size - 1 - place)
    return mask


@inline
def uniform_bits(count: Any, index: Any) -> Any:
    """Return the bits of `index` in the truncated binary code of `count` values."""
    width = 0
    while count >> (width + 1):
        width += 1
    return width + (index >= (2 << width) - count)


@inline
def every_bits(every: Any) -> Any:
    """Return the bits of the distance of a substitution; see `codes.Every`."""
    if every < 10:
        return 4
    return 1 + gamma_bits(every - 9)


@inline
def gamma_bits(value: Any) -> Any:
    """Return the bits of the Elias gamma code."""
    bits = 1
    while value > 1:
        value >>= 1
        bits += 2
    return bits


@inline
def grown(zero: Any, zero_size: Any, one: Any, one_size: Any, size: Any) -> Any:
    """Return the first `size` symbols of the first word of that size that a morphism makes from 0."""
    word, length, pauses = u64(0), 1, 0
    while length < size and pauses < 2:
        result, made = u64(0), 0
        for place in range(length - 1, -1, -1):
            image, image_size = (one, one_size) if word >> u64(place) & u64(1) else (zero, zero_size)
            if made + image_size >= size:  # the first `size` symbols of each word determine those of the next
                keep = size - made
                result = (result << u64(keep)) | (image >> u64(image_size - keep))
                made = size
                break
            result = (result << u64(image_size)) | image
            made += image_size
        pauses = pauses + 1 if made == length else 0
        word, length = result, made
    return word if length == size else repeated(word, length, size)


@jit
def grow(
    cost: Any, size: Any, first: Any, last: Any, periods: Any, words: Any, keys: Any, costs: Any, state: Any
) -> Any:
    """Store what expressions of this cost print in `size` symbols, unless cheaper ones or a literal do.

    Parameters
    ----------
    cost, size : int
        The cost in bits, and the symbols printed.
    first, last : ndarray of int64, of shape (costs, sizes)
        Where in `words` the strings of each cost and size begin and end; all lower costs are complete.
    periods : ndarray
        See `kernels.fill_periods`.
    words, keys : ndarrays of uint64
        The strings in order of storing, and the hash table of keys.
    costs : ndarray of uint8
        The cost of each key.
    state : ndarray of int64, of shape (2,)
        The number of strings, and whether the memory is full.
    """
    if cost >= literal_bits(size):
        return
    whole = (u64(1) << u64(size)) - u64(1)
    if cost == OPCODE:
        _store(keys, costs, words, state, u64(0), size, cost)
        _store(keys, costs, words, state, whole, size, cost)
    inner = cost - UNARY_BITS
    if inner > 0:
        for index in range(first[inner, size], last[inner, size]):
            word = words[index]
            _store(keys, costs, words, state, reversed_word(word, size), size, cost)
            _store(keys, costs, words, state, word ^ whole, size, cost)
            _store(keys, costs, words, state, scanned(word), size, cost)
        _interleave(cost, size, first, last, words, keys, costs, state)
    for every in range(2, size + 1):
        inner = cost - SUBSTITUTE_BITS - every_bits(every) - 1
        if inner > 0:
            mask = every_mask(every, size)
            for index in range(first[inner, size], last[inner, size]):
                _store(keys, costs, words, state, words[index] | mask, size, cost)
                _store(keys, costs, words, state, words[index] & ~mask, size, cost)
    for place in range(size):
        inner = cost - PATCH_BITS - uniform_bits(size, place)
        if inner > 0:
            flip = u64(1) << u64(size - 1 - place)
            for index in range(first[inner, size], last[inner, size]):
                _store(keys, costs, words, state, words[index] ^ flip, size, cost)
    for period in range(1, size):
        inner = cost - OPCODE - periods[size, period]
        if inner > 0:
            for index in range(first[inner, period], last[inner, period]):
                _store(keys, costs, words, state, repeated(words[index], period, size), size, cost)
            if inner == literal_bits(period):
                for word in range(1 << period):
                    _store(keys, costs, words, state, repeated(u64(word), period, size), size, cost)
    _concat(cost, size, first, last, words, keys, costs, state)
    _morphism(cost, size, words, keys, costs, state)


@inline
def _concat(cost: Any, size: Any, first: Any, last: Any, words: Any, keys: Any, costs: Any, state: Any) -> Any:
    for split in range(1, size):
        both = cost - OPCODE - uniform_bits(size - 1, split - 1)
        rest = size - split
        for left in range(1, both):
            right = both - left
            for index in range(first[left, split], last[left, split]):
                front = words[index] << u64(rest)
                for other in range(first[right, rest], last[right, rest]):
                    _store(keys, costs, words, state, front | words[other], size, cost)
                if right == literal_bits(rest):
                    for word in range(1 << rest):
                        _store(keys, costs, words, state, front | u64(word), size, cost)
            if left == literal_bits(split):
                for other in range(first[right, rest], last[right, rest]):
                    for word in range(1 << split):
                        _store(keys, costs, words, state, (u64(word) << u64(rest)) | words[other], size, cost)


@inline
def _interleave(cost: Any, size: Any, first: Any, last: Any, words: Any, keys: Any, costs: Any, state: Any) -> Any:
    split, rest, both = (size + 1) // 2, size // 2, cost - UNARY_BITS
    for left in range(1, both):
        right = both - left
        for index in range(first[left, split], last[left, split]):
            for other in range(first[right, rest], last[right, rest]):
                _store(keys, costs, words, state, interleaved(words[index], words[other], size), size, cost)
            if right == literal_bits(rest):
                for word in range(1 << rest):
                    _store(keys, costs, words, state, interleaved(words[index], u64(word), size), size, cost)
        if left == literal_bits(split):
            for other in range(first[right, rest], last[right, rest]):
                for word in range(1 << split):
                    _store(keys, costs, words, state, interleaved(u64(word), words[other], size), size, cost)


@inline
def _morphism(cost: Any, size: Any, words: Any, keys: Any, costs: Any, state: Any) -> Any:
    images = cost - OPCODE
    for zero_size in range(1, images):
        one_bits = images - zero_size - gamma_bits(zero_size)
        for one_size in range(1, one_bits):
            if gamma_bits(one_size) + one_size == one_bits:
                for zero in range(1 << zero_size):
                    for one in range(1 << one_size):
                        word = grown(u64(zero), zero_size, u64(one), one_size, size)
                        _store(keys, costs, words, state, word, size, cost)


@jit
def find_morphism(cost: Any, word: Any, size: Any, images: Any) -> Any:
    """Return whether a morphism of this cost prints a string; fills in the images, each with its size."""
    both = cost - OPCODE
    for zero_size in range(1, both):
        one_bits = both - zero_size - gamma_bits(zero_size)
        for one_size in range(1, one_bits):
            if gamma_bits(one_size) + one_size == one_bits:
                for zero in range(1 << zero_size):
                    for one in range(1 << one_size):
                        if grown(u64(zero), zero_size, u64(one), one_size, size) == word:
                            images[0], images[1], images[2], images[3] = zero, zero_size, one, one_size
                            return True
    return False


@jit
def find_masked(word: Any, mask: Any, words: Any, start: Any, end: Any) -> Any:
    """Return the first stored string that equals `word` outside `mask`, or -1."""
    for index in range(start, end):
        if (words[index] ^ word) & ~mask == u64(0):
            return index
    return -1


@jit
def move(keys: Any, costs: Any, new_keys: Any, new_costs: Any) -> Any:
    """Copy a hash table into a larger one."""
    for index in range(keys.size):
        if keys[index] != u64(0):
            at = _place(new_keys, keys[index])
            new_keys[at], new_costs[at] = keys[index], costs[index]


@jit
def add_morphisms(size: Any, sums: Any, tails: Any) -> Any:
    """Add to `sums`, by output, the probability 2**-bits of every pair of images of a morphism.

    `tails[k]` is the probability that an image has at least k symbols. Longer images than the output print its start
    alone, so that all of them are added up at once.
    """
    for zero_size in range(1, size + 1):
        zero_bits = 2.0 ** -gamma_bits(zero_size) if zero_size < size else tails[size]
        for zero in range(1 << zero_size):
            chance = zero_bits * 2.0**-zero_size
            alone = grown(u64(zero), zero_size, u64(0), 1, size)
            if zero_size == size or zero == 0:  # the image of 1 is never used
                sums[alone] += chance
                continue
            for one_size in range(1, size + 1):
                one_bits = 2.0 ** -gamma_bits(one_size) if one_size < size else tails[size]
                for one in range(1 << one_size):
                    word = grown(u64(zero), zero_size, u64(one), one_size, size)
                    sums[word] += chance * one_bits * 2.0**-one_size
