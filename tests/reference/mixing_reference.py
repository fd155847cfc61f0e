"""The coder ``mix`` for plain data and DNA in ordinary Python: slow, and as close to its description as can be.

It shares the fixed tables and the contexts with the kernel, and nothing else: numbers are Python's own, tables are
dictionaries that hold what was changed.
"""

from __future__ import annotations

from collections import defaultdict

from kolmo.coders.mixing import tables as mixing_tables
from kolmo.coders.mixing.layout import BASES, PLAIN
from kolmo.coders.mixing.lookup import BEFORE, LAST, LINE, WORD, WORD1, WORD2
from kolmo.coders.mixing.presets import preset

M64 = 2**64 - 1
ODD, ODD2, WORD_ODD = 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93, 0x2F0B4C474D4A35A7
CONSTANTS = [int(value) for value in mixing_tables.constants()]
STRETCH, SQUASH, RECIPROCALS, QUICK = (
    CONSTANTS[:4096],
    CONSTANTS[4096:8192],
    CONSTANTS[8192:9216],
    CONSTANTS[9216:9232],
)
STEP, FIRST_CHANCES = ([int(value) for value in table] for table in mixing_tables.histories())
BINS = [SQUASH[min(128 * number, 4095)] for number in range(33)]


def clipped(value: int) -> int:
    return max(-2047, min(2047, value))


class Learned:
    """A probability of 22 bits that moves by one over how often it was used."""

    def __init__(self, chance: int) -> None:
        self.chance, self.count = chance << 6, 0

    def inputs(self) -> list[int]:
        chance = self.chance >> 10
        return [STRETCH[chance], (chance - 2048) * 18 >> 4]

    def learn(self, bit: int) -> None:
        self.chance += (bit * (2**22 - 1) - self.chance) * RECIPROCALS[self.count] >> 16
        self.count = min(self.count + 1, 1023)


class History:
    """The bits that followed a context: a direct estimate of 16 bits, how often it was made, and a state."""

    def __init__(self) -> None:
        self.chance, self.count, self.state = 32768, 0, 0

    def learn(self, bit: int) -> None:
        self.chance += (bit * 65535 - self.chance) * QUICK[self.count] >> 16
        self.count = min(self.count + 1, 14)
        self.state = STEP[2 * self.state + bit]


class Bucket:
    """The histories within half a byte, and which context they belong to."""

    def __init__(self, check: int = 0) -> None:
        self.check, self.histories = check, defaultdict(History)


class Context:
    """One context: its buckets, and what the states of its histories have meant."""

    def __init__(self, n_buckets: int) -> None:
        self.n_buckets, self.buckets = n_buckets, defaultdict(Bucket)
        self.maps = [Learned(chance) for chance in FIRST_CHANCES]

    def look_up(self, code: int) -> None:
        place, check = (code >> 20) % self.n_buckets, code >> 48
        places = [place, place ^ 1, place ^ 2]
        for place in places:
            if self.buckets[place].check == check:
                self.bucket = self.buckets[place]
                return
        # the one whose first bit was seen the least gives way; the earlier of two
        least = min(places, key=lambda place: self.buckets[place].histories[1].count)
        self.bucket = self.buckets[least] = Bucket(check)


def common(first: bytes, second: bytes, most: int) -> int:
    """Return how long the ends of two strings are the same."""
    length = 0
    while length < min(most, len(first), len(second)) and first[-1 - length] == second[-1 - length]:
        length += 1
    return length


class Match:
    """Where the last bytes were seen before, and which byte came then."""

    def __init__(self, classes: list[int]) -> None:
        self.index: dict[int, int] = defaultdict(int)
        self.maps = {(size, guess): Learned(abs(65536 * (1 - guess) - right)) for size, right in enumerate(classes)
                     for guess in (0, 1)}  # fmt: skip
        self.pointer = self.length = self.expected = 0
        self.missed = False

    def size(self) -> int:
        return min(self.length >> 2, 31)

    def weight_class(self) -> int:
        return 1 if self.length < 8 else 3 if self.length < 16 else 5 if self.length < 32 else 7

    def advance(self, text: bytearray, key: int | None) -> None:
        self.length = self.length + 1 if self.length and not self.missed else 0
        self.pointer, self.missed = self.pointer + 1, False
        if key is None:
            return
        if not self.length:
            self.pointer = self.index[key]
            self.length = common(text[: self.pointer], text, 400)
        self.index[key] = len(text)
        if self.length:
            self.expected = text[self.pointer]


class ShortMatch(Match):
    """One whose length tells more by the byte."""

    def size(self) -> int:
        length = self.length
        return length if length < 16 else 16 + (length - 16 >> 3) if length < 128 else 30 if length < 400 else 31


class MutatedMatch(Match):
    """One between genomes, which goes on after a miss."""

    allowed, least, sure = 20, 12, 16

    def __init__(self, classes: list[int]) -> None:
        super().__init__(classes)
        self.guesses: list[bool] = []

    def size(self) -> int:
        many, length = sum(self.guesses), self.length
        if not many:
            return min(length >> 2, 11)
        return 12 + 4 * min(many - 1 >> 2, 4) + (length >= 4) + (length >= 8) + (length >= 16)

    def weight_class(self) -> int:
        many = sum(self.guesses)
        return 1 if many > 8 else 3 if many else super().weight_class()

    def after_guess(self) -> None:
        if self.length:
            self.guesses = [*self.guesses[-31:], self.missed]
            self.length = 1 if self.missed else self.length + 1
            if sum(self.guesses) > self.allowed:
                self.length = 0
        self.missed = False
        if not self.length:
            self.guesses = []

    def advance(self, text: bytearray, key: int | None) -> None:
        self.after_guess()
        self.pointer += 1
        if key is None:
            return
        other = self.index[key]
        if not self.length or (any(self.guesses) and self.length < self.sure):
            length = common(text[:other], text, 400)
            if length >= (self.sure if self.length else self.least):
                self.pointer, self.length, self.guesses = other, length, []
        self.index[key] = len(text)
        if self.length:
            self.expected = text[self.pointer]


class OppositeMatch(MutatedMatch):
    """One with the other strand, which runs backwards; it looks up what another match has noted."""

    pairs = bytes.maketrans(b"ACGTacgt", b"TGCAtgca")

    def find(self, text: bytearray, index: dict[int, int], key: int | None) -> None:
        self.after_guess()
        self.pointer -= 1
        if self.pointer < 0:
            self.length = 0
        if not self.length and key is not None:
            self.pointer = index[key] - self.least - 1
            if self.pointer >= 0:
                behind = text[self.pointer + 1 : self.pointer + 33]
                paired = text[-32:].translate(self.pairs)
                # the two run towards each other and may not overlap
                most = sum(self.pointer + 1 + length < len(text) - length for length in range(32))
                self.length = common(bytes(reversed(behind)), paired, most)
                self.length = self.length if self.length >= self.least else 0
        if self.length:
            self.expected = text[self.pointer : self.pointer + 1].translate(self.pairs)[0]


class Reference:
    """A model that has read `text`, and stands before bit `depth` of the next byte, whose bits so far are `partial`."""

    def __init__(self, level: int, size: int, kind: int = PLAIN) -> None:
        chosen = preset(level, kind)
        digits = max(size, 1).bit_length()
        self.index_bits, self.refine_size = max(8, min(22, digits)), 1 << max(6, min(16, digits - 4))
        self.match_length, self.long_length = chosen.match_length, chosen.long_match_length
        table_bits = max(min(digits, 14), min(digits - (3 if level < 4 else 2), 22))
        self.masks = chosen.contexts
        self.contexts = [Context(1 << table_bits) for _ in self.masks]
        by_length = [65536 - 65536 * 2 // (2 * length + 5) for length in range(32)]
        by_long_length = [65536 - 65536 // (4 * length + 6) for length in range(32)]
        self.match: Match = ShortMatch(by_length)
        self.long_match = Match(by_long_length)
        if kind == BASES:
            self.match, self.long_match = MutatedMatch(by_length), OppositeMatch(by_long_length)
        first = [11796, 0, 0] * len(self.masks) + [11796] + [0] * 4
        self.sets = [defaultdict(lambda: list(first)) for _ in range(chosen.n_sets)]
        self.last_sets = defaultdict(lambda: [65536 // chosen.n_sets] * chosen.n_sets)
        self.refinements = defaultdict(lambda: list(BINS))
        self.text = bytearray()
        self.word = self.word1 = self.word2 = self.letters = self.line = self.line_above = 0
        self.start_byte()

    def last(self, size: int) -> int:
        return int.from_bytes(self.text[-size:], "big") if size else 0

    def start_byte(self) -> None:
        self.depth, self.partial = 0, 1
        column = len(self.text) - self.line
        above = self.text[self.line_above + column] if self.line_above + column < self.line else 0
        before = int.from_bytes(self.text[-16:-8], "big")
        known = {LAST: self.last(8), BEFORE: before, WORD: self.word, WORD1: self.word1, WORD2: self.word2}
        known[LINE] = min(column, 255) | above << 8
        self.codes = []
        for number, masks in enumerate(self.masks):
            code = (number + 1) * ODD2 & M64
            for primitive, mask in sorted(masks.items()):
                code = (code ^ (known[primitive] & mask)) * ODD & M64
                code ^= code >> 32
            self.codes.append(code * ODD2 & M64)

    def chance(self) -> int:
        """Return the probability that the next bit is a one, in units of 2 to the power of -16."""
        if self.depth in (0, 4):
            for context, code in zip(self.contexts, self.codes, strict=True):
                if self.depth == 4:
                    code = (code + self.partial) * ODD & M64
                    code ^= code >> 29
                context.look_up(code)
        node = self.partial if self.depth < 4 else self.partial & (1 << self.depth - 4) - 1 | 1 << self.depth - 4
        self.histories = [context.bucket.histories[node] for context in self.contexts]
        self.used = []
        self.inputs = []
        hits = 0
        for context, history in zip(self.contexts, self.histories, strict=True):
            self.used.append(context.maps[history.state])
            if history.count:
                hits += 1
                self.inputs += [*self.used[-1].inputs(), STRETCH[history.chance >> 4]]
            else:
                self.inputs += [0, 0, 0]
        self.inputs += [*self.matched(self.match), 256, *self.matched(self.long_match)]
        return self.refined(self.mixed(hits))

    def matched(self, match: Match) -> list[int]:
        if not match.length or match.missed:
            return [0, 0]
        used = match.maps[match.size(), match.expected >> 7 - self.depth & 1]
        self.used.append(used)
        return used.inputs()

    def mixed(self, hits: int) -> int:
        """Return the stretched mix of the inputs."""
        depth, matched = self.depth, self.match.length and not self.match.missed
        previous, previous2, previous3 = (self.last(3) >> 8 * k & 255 for k in range(3))
        match_class = 0
        if matched:
            match_class = self.match.weight_class() + (self.match.expected >> 7 - depth & 1)
        letter = 4 if previous == 32 else 3 if self.letters else 2 if previous >= 64 else 1
        kinds = previous >> 5 << 5 | previous2 >> 5 << 2 | previous3 >> 6
        selectors = [
            self.partial,
            (match_class, depth),
            previous,
            (letter, depth),
            (hits, depth),
            (min(self.letters, 15), depth),
            (previous2, depth),
            (kinds, depth),
            self.match.expected if matched else 0,
        ]
        self.weights = [weights[selector] for weights, selector in zip(self.sets, selectors, strict=False)]
        self.last_weights = self.last_sets[self.partial]
        self.outputs = [clipped(sum(map(int.__mul__, self.inputs, weights)) >> 16) for weights in self.weights]
        self.total = clipped(sum(map(int.__mul__, self.outputs, self.last_weights)) >> 16)
        return self.total

    def refined(self, total: int) -> int:
        """Return the probability after the three maps from a probability in a context to a better one."""
        low, weight = divmod((total + 2048) << 5, 4096)
        last2 = (self.last(2) * WORD_ODD + self.partial * ODD & M64) >> 44
        in_word = ((self.word + self.last(1)) * WORD_ODD + self.partial * ODD & M64) >> 44
        rows = [
            self.refinements[0, self.partial],
            self.refinements[1, last2 % self.refine_size],
            self.refinements[2, in_word % self.refine_size],
        ]
        self.nearest = [(row, low + (weight >= 2048)) for row in rows]
        chance = SQUASH[total + 2048]
        chance += sum((row[low] * (4096 - weight) + row[low + 1] * weight) >> 12 for row in rows)
        return max(1, min(65535, chance + 2 >> 2))

    def learn(self, bit: int) -> None:
        """Read a bit; `chance` was asked before."""
        rate = max(30, 100 * 64 // (64 + (len(self.text) >> 5)))
        for row, place in self.nearest:
            row[place] += bit * 65535 - row[place] >> 6
        miss = (bit << 16) - SQUASH[self.total + 2048]
        for number, (weights, output) in enumerate(zip(self.weights, self.outputs, strict=True)):
            self.last_weights[number] += output * miss + 32768 >> 16
            push = ((bit << 16) - SQUASH[output + 2048] + miss >> 1) * rate >> 10
            if abs(push) > 3:
                for place, value in enumerate(self.inputs):
                    weights[place] += value * push + 8192 >> 14
        for used in self.used:
            used.learn(bit)
        for history in self.histories:
            history.learn(bit)
        for match in (self.match, self.long_match):
            match.missed |= match.expected >> 7 - self.depth & 1 != bit
        self.partial = 2 * self.partial + bit
        self.depth += 1
        if self.depth == 8:
            self.end_byte(self.partial & 255)

    def end_byte(self, symbol: int) -> None:
        self.text.append(symbol)
        lower = symbol + 32 if 65 <= symbol <= 90 else symbol
        if 97 <= lower <= 122 or symbol >= 128:
            self.letters += 1
            self.word = (self.word + lower + 1) * WORD_ODD & M64
        elif self.word:
            self.word, self.word1, self.word2, self.letters = 0, self.word, self.word1, 0
        if symbol == 10:
            self.line, self.line_above = len(self.text), self.line
        shift, size = 64 - self.index_bits, len(self.text)
        known = size >= self.match_length
        key = self.key(self.text[-self.match_length :], shift)
        self.match.advance(self.text, key if known else None)
        if isinstance(self.long_match, OppositeMatch):
            paired = self.text[-self.match_length :].translate(self.long_match.pairs)[::-1]
            self.long_match.find(self.text, self.match.index, self.key(paired, shift) if known else None)
        elif self.long_length:
            before = int.from_bytes(self.text[-self.long_length : -8], "big")
            key = ((self.last(8) * ODD + before) * ODD2 & M64) >> shift
            self.long_match.advance(self.text, key if size >= 16 else None)
        self.start_byte()

    @staticmethod
    def key(last: bytes, shift: int) -> int:
        near, far = int.from_bytes(last[-8:], "big"), int.from_bytes(last[:-8], "big")
        return (near * ODD + far * ODD2 & M64) >> shift


def code(level: int, data: bytes, kind: int = PLAIN) -> bytes:
    """Return the arithmetic code of `data`."""
    model, low, high, stream = Reference(level, len(data), kind), 0, 2**32 - 1, bytearray()
    for symbol in data:
        for depth in range(8):
            bit = symbol >> 7 - depth & 1
            middle = low + ((high - low) * model.chance() >> 16)
            low, high = (low, middle) if bit else (middle + 1, high)
            while low >> 24 == high >> 24:
                stream.append(low >> 24)
                low, high = low << 8 & 2**32 - 1, high << 8 & 2**32 - 1 | 255
            model.learn(bit)
    for size in range(5):  # the fewest bytes all of whose continuations lie between
        end = -(-low >> 32 - 8 * size)
        if (end + 1 << 32 - 8 * size) - 1 <= high:
            break
    return (bytes(stream) + end.to_bytes(size, "big")).ljust(len(data) // 1024, b"\0")
