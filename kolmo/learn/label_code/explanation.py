"""The bits that the parts of a text move between two labels."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from kolmo._core.results import Result
from kolmo.learn.background.models import BackgroundModels
from kolmo.learn.background.pooling import Pooling
from kolmo.learn.label_code import ngram_kernels as kernels
from kolmo.learn.label_code.counts_kernels import N_LEVELS
from kolmo.learn.label_code.members import Members
from kolmo.learn.label_code.ngrams import NAMES, Rows, Texts

if TYPE_CHECKING:
    from kolmo._core.tables import Table

_SHOWN = 20
_MEMBERS = {
    "counts": "counts: how often the training texts with an n-gram have each label",
    "weights": "weights: logistic regression on n-grams",
    "coders": "coders: how well compressors that have read the texts of each label predict each byte or word of this "
    "text, alone or after those before it",
    "neighbors": "neighbors: the labels of the training texts that share most runs of 4 bytes with this text",
    "code length": "code length: the bits of a compressor that has read the texts of each label",
}
_KINDS = {
    "prior": "prior: what a member says of the label before it reads the text",
    "labels of the nearest texts": "labels of the nearest texts: one figure, since it is not a sum over n-grams",
    "2 words at a distance": "..: other words between",
}
"""What the names in a table of evidence mean."""
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
        The kind of n-gram, the name of a coder, "prior", or "labels of the nearest texts".
    text : str
        The n-gram, with escapes for bytes that are not UTF-8; empty for the other kinds.
    bits : float
        What it saves on the first label compared with the second.
    places : tuple of (int, int)
        Where its bytes are in the item, as start and stop.
    """

    member: str
    kind: str
    text: str
    bits: float
    places: tuple[tuple[int, int], ...] = ()


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
        return [
            parts_table(
                f"Bits that {result.label} saves compared with {result.against}: {result.bits:.2f}",
                result.parts,
                (result.label, result.against),
                verbose=verbose,
            )
            for result in results
        ]


def parts_table(title: str, parts: Sequence[Part], labels: tuple[Any, Any], *, verbose: bool) -> Table:
    """Return the table of the evidence for the first label compared with the second, and its legend.

    It has the largest 20 parts and the sum of the others, or all if `verbose`.
    """
    from kolmo._core.tables import Column, Table

    table = Table(title, [Column("bits", numeric=True), Column("member"), Column("kind"), Column("text")])
    shown = parts if verbose else parts[:_SHOWN]
    for part in shown:
        table.add(f"{part.bits:+.3f}", part.member, part.kind, part.text)
    if rest := parts[len(shown) :]:
        table.add(f"{sum(part.bits for part in rest):+.3f}", "", f"{len(rest):,} more parts", "")
    table.footers = [f"+ speaks for {labels[0]}, - for {labels[1]}"]
    table.footers += [meaning for name, meaning in _MEMBERS.items() if any(name == part.member for part in shown)]
    table.footers += [meaning for kind, meaning in _KINDS.items() if any(kind == part.kind for part in shown)]
    if any(end in part.text.split(" ") for part in shown for end in "^$"):
        table.footers.append("^ and $: start and end of the text")
    return table


def parts_of(members: Members, item: bytes, first: int, second: int) -> tuple[Part, ...]:
    """Return the evidence for one class compared with another, by falling size."""
    found: list[Part] = []
    named = NamedRow.of(members, item) if members.names != ["coders"] else None
    for name, exponent in zip(members.names, members.exponents.tolist(), strict=True):
        scale = exponent / np.log(2)
        if name == "coders" or named is None:
            found += of_coders(members.coders.models, members.coders.pooling, item, first, second, scale)
            continue
        of_member = {"counts": _of_counts, "weights": _of_weights, "neighbors": _of_neighbors}[name]
        parts = of_member(members, named, first, second)
        found += [
            Part(
                member=name,
                kind=kind,
                text=named.names.get(bucket, b"").decode("utf-8", "backslashreplace"),
                bits=float(bits * scale),
                places=named.places.get(bucket, ()),
            )
            for kind, bucket, bits in parts
            if bits
        ]
    return tuple(sorted(found, key=lambda part: -abs(part.bits)))


def _of_counts(members: Members, named: NamedRow, first: int, second: int) -> Iterator[tuple[str, int, float]]:
    """Yield the kind, the bucket and the bits of each n-gram; bucket -1 is none."""
    predictor = members.counts
    counts, rows = predictor.counts, named.rows
    yield "prior", -1, float(predictor.biases[first] - predictor.biases[second])
    scales = counts.scales(counts.priors[0])
    for kind in range(kernels.N_KINDS):
        places = [
            place
            for place in range(rows.pointers[kind], rows.pointers[kind + 1])
            if counts.least <= counts.frequencies[rows.indices[place]] <= counts.most
        ]
        for place in places:
            column = int(rows.indices[place])
            level = min(int(counts.frequencies[column]).bit_length(), N_LEVELS) - 1  # as `counts_kernels.level_of`
            weight = predictor.weights[kind * N_LEVELS + level] / len(places)
            savings = {first: 0.0, second: 0.0}
            for entry in counts.entries[counts.starts[column] : counts.starts[column + 1]].tolist():
                label, n_texts = entry >> 32, entry & 2**32 - 1
                if label in savings:
                    savings[label] = float(np.log2(1 + n_texts * scales[label]))
            bucket = named.known[kind][place - rows.pointers[kind]]
            yield NAMES[kind], bucket, weight * (savings[first] - savings[second])


def _of_weights(members: Members, named: NamedRow, first: int, second: int) -> Iterator[tuple[str, int, float]]:
    model, rows = members.model, named.rows
    yield "prior", -1, float(model.biases[first] - model.biases[second])
    weighted = members.weights.rows(rows, n_threads=1)
    features, values = weighted.features, weighted.values
    found: dict[tuple[str, int], float] = defaultdict(float)
    place = 0
    for kind in range(kernels.N_KINDS):
        for offset, column in enumerate(rows.indices[rows.pointers[kind] : rows.pointers[kind + 1]]):
            feature = members.weights.features[column]
            if feature < 0 or place >= len(features) or features[place] != feature:
                continue
            difference = model.weights[feature, first] - model.weights[feature, second]
            found[NAMES[kind], named.known[kind][offset]] += float(values[place] * difference)
            place += 1
    for (kind_name, bucket), bits in found.items():
        yield kind_name, bucket, bits


def _of_neighbors(members: Members, named: NamedRow, first: int, second: int) -> Iterator[tuple[str, int, float]]:
    logs = members.neighbors.log_probabilities(named.rows, n_threads=1)[0]
    yield "labels of the nearest texts", -1, float(logs[first] - logs[second])


def of_coders(
    models: BackgroundModels, pooling: Pooling, item: bytes, first: int, second: int, scale: float
) -> Iterator[Part]:
    """Yield what each class model saves on one class compared with another, times a scale."""
    found = [("prior", float(pooling.biases[first] - pooling.biases[second]))]
    savings, sizes = models.savings([item])[0], models.sizes([item])[0]
    factors = pooling.weights[0] / np.sqrt(sizes) + pooling.weights[1] / sizes
    for name, factor, saving in zip(models.names, factors, savings, strict=True):
        found.append((name, float(factor * (saving[first] - saving[second]))))
    for kind, bits in found:
        if bits:
            yield Part(member="coders", kind=kind, text="", bits=float(bits * scale))


@dataclass(frozen=True)
class NamedRow:
    """The n-grams of a text, with their names and places.

    Parameters
    ----------
    rows : Rows
        The row of the text.
    known : list of list of int
        The bucket of each entry of the row, by kind.
    names : dict of int to bytes
        The n-gram of each bucket; the first of several.
    places : dict of int to tuple of (int, int)
        Where the n-grams of each bucket are in the item, as start and stop.
    """

    rows: Rows
    known: list[list[int]]
    names: dict[int, bytes]
    places: dict[int, tuple[tuple[int, int], ...]]

    @classmethod
    def of(cls, members: Members, item: bytes) -> Self:
        """Return the n-grams of a text that members know."""
        texts = Texts.of([item], normalize=members.normalize)
        sources = sources_of(item) if members.normalize else np.arange(len(item) + 1)
        names: dict[int, bytes] = {}
        places: dict[int, set[tuple[int, int]]] = defaultdict(set)
        known: list[list[int]] = []
        for kind, found in enumerate(_ngrams(texts.bytes_of(0), members.ngrams.hash_bits)):
            buckets = []
            for bucket, ngram, spans in found if members.kinds[kind] else []:
                names.setdefault(bucket, ngram)
                buckets.append(bucket)
                for start, stop in spans:
                    first, last = int(sources[start]), int(sources[stop])
                    if first < last:
                        places[bucket].add((first, last))
            known.append([bucket for bucket in dict.fromkeys(buckets) if members.ngrams.has(bucket)])
        spans_of = {bucket: tuple(sorted(spans)) for bucket, spans in places.items()}
        return cls(members.ngrams.rows(texts), known, names, spans_of)


def sources_of(item: bytes) -> NDArray[np.int64]:
    """Return the position in an item of each byte of its normalized text, and of the end.

    Examples
    --------
    >>> sources_of(b"a  b").tolist()  # of "\\x02 a b "
    [0, 0, 0, 1, 3, 4, 4]
    """
    found, after_space = [0, 0], True
    for place, byte in enumerate(item):
        is_space = byte == 32 or 9 <= byte <= 13
        if not (is_space and after_space):
            found.append(place)
        after_space = is_space
    if not after_space:
        found.append(len(item))
    return np.array([*found, len(item)], np.int64)


def _mixed(value: int) -> int:
    value = ((value ^ (value >> 32)) * _MIXER) & _MASK
    value = ((value ^ (value >> 32)) * _MIXER) & _MASK
    return value ^ (value >> 32)


_Spans = tuple[tuple[int, int], ...]


def _ngrams(text: bytes, hash_bits: int) -> Iterator[list[tuple[int, bytes, _Spans]]]:
    """Yield the buckets, the bytes and the places of the n-grams of each kind, in the order of `find_ngrams`."""
    shift = 64 - hash_bits
    for order in range(1, kernels.BYTE_ORDERS + 1):
        found: list[tuple[int, bytes, _Spans]] = []
        for start in range(len(text) - order + 1):
            value = 0
            for byte in text[start : start + order]:
                value = ((value + byte + 1) * _ODD) & _MASK
            end = start + order
            found.append((_mixed(value ^ order) >> shift, text[start:end], ((start, end),)))
        yield found
    words = _words(text)
    for order in range(1, kernels.WORD_ORDERS + 1):
        found = []
        for start in range(order == 1, len(words) - order + 1):
            value, chosen = 0, words[start : start + order]
            for word, _, _ in chosen:
                value = ((value + word) * _ODD) & _MASK
            name, span = b" ".join(name for _, name, _ in chosen), (chosen[0][2][0], chosen[-1][2][1])
            found.append((_mixed(value ^ (100 + order)) >> shift, name, (span,)))
        yield found
    found = []
    for start in range(len(words)):
        for distance in range(2, kernels.LARGEST_DISTANCE + 1):
            if start + distance < len(words):
                (one, name, here), (two, other, there) = words[start], words[start + distance]
                value = ((one * _ODD + two) * _ODD) & _MASK
                found.append((_mixed(value ^ 200) >> shift, name + b" .. " + other, (here, there)))
    yield found
    found = []
    for word, name, span in words[2:] if len(words) > 2 else []:
        value = ((words[1][0] * _ODD + word) * _ODD) & _MASK
        found.append((_mixed(value ^ 300) >> shift, words[1][1] + b" ... " + name, (words[1][2], span)))
    yield found


def _words(text: bytes) -> list[tuple[int, bytes, tuple[int, int]]]:
    """Return the hash, the bytes and the place of each word, marks of the start and the end included."""
    words, place = [(777, b"^", (0, 0))], 0
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
        words.append((word, text[start:place], (start, place)))
    return [*words, (999, b"$", (len(text), len(text)))]


def _is_of_word(byte: int) -> bool:
    return (chr(byte).isascii() and (chr(byte).isalnum() or byte == 95)) or byte >= 128
