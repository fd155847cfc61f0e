"""The bits that the parts of a text move between two labels."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from kolmo._core.results import Result
from kolmo.learn.label_code import ngram_kernels as kernels
from kolmo.learn.label_code.counts_kernels import N_LEVELS, level_of
from kolmo.learn.label_code.members import Members
from kolmo.learn.label_code.ngrams import NAMES, Texts

if TYPE_CHECKING:
    from kolmo._core.tables import Table

_SHOWN = 20
_MASK = 2**64 - 1
_ODD, _MIXER = 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of the evidence.

    Parameters
    ----------
    member : str
        The predictor.
    kind : str
        The kind of n-gram, the name of a coder, or "prior".
    text : str
        The n-gram, with escapes for bytes that are not UTF-8; empty for the other kinds.
    bits : float
        What it saves on the first label compared with the second.
    """

    member: str
    kind: str
    text: str
    bits: float


@dataclass(frozen=True, kw_only=True)
class Explanation(Result):
    """Why one label of a text has a shorter code than another.

    Parameters
    ----------
    label, against : label
    bits : float
        The code length of `against` less that of `label`.
    parts : tuple of Part
        By falling size; their bits sum to `bits`.
    """

    label: Any
    against: Any
    bits: float
    parts: tuple[Part, ...]

    def records(self) -> list[dict[str, Any]]:
        """Return a row for each part."""
        return [{"label": self.label, "against": self.against, **dataclasses.asdict(part)} for part in self.parts]

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return a table for each explanation: the largest 20 parts, or all if `verbose`."""
        from kolmo._core.tables import Column, Table

        tables = []
        for result in results:
            title = f"Bits that {result.label} saves compared with {result.against}: {result.bits:.2f}"
            table = Table(title, [Column("bits", numeric=True), Column("member"), Column("kind"), Column("text")])
            for part in result.parts if verbose else result.parts[:_SHOWN]:
                table.add(f"{part.bits:+.3f}", part.member, part.kind, part.text)
            tables.append(table)
        return tables


def parts_of(members: Members, item: bytes, first: int, second: int) -> tuple[Part, ...]:
    """Return the evidence for one class compared with another, by falling size."""
    found: list[Part] = []
    for name, exponent in zip(members.names, members.exponents.tolist(), strict=True):
        parts = {"counts": _of_counts, "weights": _of_weights, "coders": _of_coders}[name](members, item, first, second)
        scale = exponent / np.log(2)
        found += [
            Part(member=name, kind=kind, text=text.decode("utf-8", "backslashreplace"), bits=float(bits * scale))
            for kind, text, bits in parts
            if bits
        ]
    return tuple(sorted(found, key=lambda part: -abs(part.bits)))


def _of_counts(members: Members, item: bytes, first: int, second: int) -> Iterator[tuple[str, bytes, float]]:
    predictor = members.counts
    counts = predictor.counts
    yield "prior", b"", float(predictor.biases[first] - predictor.biases[second])
    rows, names, known = _named_rows(members, item)
    most = counts._most(False)
    for kind in range(kernels.N_KINDS):
        places = [
            place
            for place in range(rows.pointers[kind], rows.pointers[kind + 1])
            if counts.least <= counts.frequencies[rows.indices[place]] <= most
        ]
        for place in places:
            column = int(rows.indices[place])
            weight = predictor.weights[kind * N_LEVELS + level_of(int(counts.frequencies[column]))] / len(places)
            savings = {first: 0.0, second: 0.0}
            for entry in range(counts.starts[column], counts.starts[column + 1]):
                if counts.classes[entry] in savings:
                    savings[int(counts.classes[entry])] = float(predictor._entries[entry])
            yield (
                NAMES[kind],
                names[known[kind][place - rows.pointers[kind]]],
                weight * (savings[first] - savings[second]),
            )


def _of_weights(members: Members, item: bytes, first: int, second: int) -> Iterator[tuple[str, bytes, float]]:
    model = members.model
    yield "prior", b"", float(model.biases[first] - model.biases[second])
    rows, names, known = _named_rows(members, item)
    weighted = members.weights.rows(rows, n_threads=1)
    values: dict[tuple[str, bytes], float] = defaultdict(float)
    place = 0
    for kind in range(kernels.N_KINDS):
        for offset, column in enumerate(rows.indices[rows.pointers[kind] : rows.pointers[kind + 1]]):
            feature = members.weights.features[column]
            if feature < 0 or place >= len(weighted.features) or weighted.features[place] != feature:
                continue
            difference = model.weights[feature, first] - model.weights[feature, second]
            values[NAMES[kind], names[known[kind][offset]]] += float(weighted.values[place] * difference)
            place += 1
    for (kind_name, text), bits in values.items():
        yield kind_name, text, bits


def _of_coders(members: Members, item: bytes, first: int, second: int) -> Iterator[tuple[str, bytes, float]]:
    predictor = members.coders
    pooling = predictor.pooling
    yield "prior", b"", float(pooling.biases[first] - pooling.biases[second])
    savings, sizes = predictor.models.savings([item])[0], predictor.models.sizes([item])[0]
    factors = pooling.weights[0] / np.sqrt(sizes) + pooling.weights[1] / sizes
    for name, factor, saving in zip(predictor.models.names, factors, savings, strict=True):
        yield name, b"", float(factor * (saving[first] - saving[second]))


def _named_rows(members: Members, item: bytes) -> tuple[Any, dict[int, bytes], list[list[int]]]:
    """Return the row of a text, the n-gram of each bucket, and the buckets of its entries by kind."""
    texts = Texts.of([item], normalize=members.normalize)
    rows = members.ngrams.rows(texts)
    text = texts.bytes_of(0)
    names: dict[int, bytes] = {}
    known: list[list[int]] = []
    for kind, found in enumerate(_ngrams(text, members.ngrams.hash_bits)):
        buckets = []
        if members.kinds[kind]:
            for bucket, ngram in found:
                names.setdefault(bucket, ngram)
                buckets.append(bucket)
        known.append([bucket for bucket in dict.fromkeys(buckets) if members.ngrams.has(bucket)])
    return rows, names, known


def _mixed(value: int) -> int:
    value = ((value ^ (value >> 32)) * _MIXER) & _MASK
    value = ((value ^ (value >> 32)) * _MIXER) & _MASK
    return value ^ (value >> 32)


def _ngrams(text: bytes, hash_bits: int) -> Iterator[list[tuple[int, bytes]]]:
    """Yield the buckets and the bytes of the n-grams of each kind, in the order of `find_ngrams`."""
    shift = 64 - hash_bits
    for order in range(1, kernels.BYTE_ORDERS + 1):
        found = []
        for start in range(len(text) - order + 1):
            value = 0
            for byte in text[start : start + order]:
                value = ((value + byte + 1) * _ODD) & _MASK
            found.append((_mixed(value ^ order) >> shift, text[start : start + order]))
        yield found
    words = _words(text)
    for order in range(1, kernels.WORD_ORDERS + 1):
        found = []
        for start in range(order == 1, len(words) - order + 1):
            value = 0
            for word, _ in words[start : start + order]:
                value = ((value + word) * _ODD) & _MASK
            found.append(
                (_mixed(value ^ (100 + order)) >> shift, b" ".join(name for _, name in words[start : start + order]))
            )
        yield found
    found = []
    for start in range(len(words)):
        for distance in range(2, kernels.LARGEST_DISTANCE + 1):
            if start + distance < len(words):
                (one, name), (two, other) = words[start], words[start + distance]
                value = ((one * _ODD + two) * _ODD) & _MASK
                found.append((_mixed(value ^ 200) >> shift, name + b" .. " + other))
    yield found
    found = []
    for word, name in words[2:] if len(words) > 2 else []:
        value = ((words[1][0] * _ODD + word) * _ODD) & _MASK
        found.append((_mixed(value ^ 300) >> shift, words[1][1] + b" ... " + name))
    yield found


def _words(text: bytes) -> list[tuple[int, bytes]]:
    words, place = [(777, b"^")], 0
    while place < len(text):
        byte, start = text[place], place
        place += 1
        if byte in (32, 2):
            continue
        word = _mixed((byte + _ODD) & _MASK)
        if _is_of_word(byte):
            while place < len(text) and _is_of_word(text[place]):
                word = _mixed((word + text[place] + 1) & _MASK)
                place += 1
        words.append((word, text[start:place]))
    return [*words, (999, b"$")]


def _is_of_word(byte: int) -> bool:
    return (chr(byte).isascii() and (chr(byte).isalnum() or byte == 95)) or byte >= 128
