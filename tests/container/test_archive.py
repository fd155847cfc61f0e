from __future__ import annotations

import dataclasses
import io
import json
import os
import threading
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from kolmo import Coder, coder
from kolmo.coders import all_coders, registry
from kolmo.coders.base import Decode, Encode
from kolmo.coders.entropy.checksums import Output
from kolmo.coders.entropy.framing import join_length
from kolmo.coders.tags import CoderTags
from kolmo.container import (
    ContainerHeader,
    ContainerReport,
    archive as container,
    read_container,
    read_header,
    write_container,
)
from kolmo.container.packing import packed, unpacked
from kolmo.errors import DataError, DecodeError, KolmoError, MissingDependencyError, NotDecodableError, ParameterError

TEXT = b"all happy families are alike; each unhappy family is unhappy in its own way. " * 5
MAGIC = b"\x89KLM"
DECODABLE = [found for _, found in all_coders() if isinstance(found, Coder) and found.tags.decodable]
QUICK = [
    "deflate",
    "zlib:level=0",
    "gzip",
    "bz2",
    "lzma:preset=0",
    "zstd:level=19",
    "brotli:quality=2",
    "lz4",
    "uniform",
]


def pack(data: bytes, found: Coder | str = "deflate", **options: object) -> bytes:
    file = io.BytesIO()
    report = write_container(io.BytesIO(data), file, coder(found), **options)  # type: ignore[arg-type]
    assert report.stored_size == len(file.getvalue())
    assert report.size == len(data)
    return file.getvalue()


def unpack(archive: bytes, **options: object) -> bytes:
    file = io.BytesIO()
    report = read_container(io.BytesIO(archive), file, **options)  # type: ignore[arg-type]
    assert (report.size, report.stored_size) == (len(file.getvalue()), len(archive))
    return file.getvalue()


class Forge:
    """A container that is sound in its checksums, whatever it claims."""

    def __init__(self, **changes: object) -> None:
        header = ContainerHeader.of(coder("uniform"), block_size=100, size=None)
        raw = dataclasses.replace(header, **changes).to_bytes()  # type: ignore[arg-type]
        self.file = io.BytesIO()
        self.output = Output(self.file)
        self.output.front(MAGIC + b"\2" + join_length(len(raw), raw))
        self.config = changes.get("config", {"id": "uniform"})

    def block(self, length: int, payload_length: int, payload: bytes, block: bytes | None = None) -> Forge:
        """Append a block; the payload of `uniform` is framed here."""
        total = crc32(payload if block is None else block).to_bytes(4, "little")
        stream = join_length(len(payload), payload) if self.config == {"id": "uniform"} else payload
        payload_length += len(stream) - len(payload)
        self.output.front(join_length(length, join_length(payload_length, total + stream)))
        return self

    @property
    def bytes(self) -> bytes:
        return self.file.getvalue()


@given(
    data=st.one_of(
        st.binary(max_size=400), st.builds(lambda part, times: part * times, st.binary(), st.integers(0, 99))
    ),
    spec=st.sampled_from(QUICK),
    block_size=st.integers(1, 600),
    context=st.binary(max_size=100),
)
def test_what_is_read_is_what_was_written(data: bytes, spec: str, block_size: int, context: bytes) -> None:
    found = coder(spec)
    if found.tags.priming != "native":
        context = b""
    archive = pack(data, found.prime(context), block_size=block_size)
    assert unpack(archive, context=context, max_size=len(data)) == data
    header = read_header(io.BytesIO(archive))
    assert coder(header.config) == found
    assert header.block_size == max(1, min(block_size, len(data))) or header.size is None
    assert header.size in (None, len(data))


@pytest.mark.parametrize("found", DECODABLE, ids=str)
@pytest.mark.parametrize("data", [b"", b"\0", TEXT, np.random.default_rng(1).bytes(3000)], ids=len)
def test_every_coder_that_writes_a_stream(found: Coder, data: bytes) -> None:
    assert unpack(pack(data, found, block_size=1000)) == data


def test_a_block_is_coded_by_the_coder_and_nothing_else() -> None:
    archive = pack(TEXT, "bz2")
    assert coder("bz2").compress(TEXT) in archive
    assert archive.startswith(MAGIC)
    assert len(archive) < len(coder("bz2").compress(TEXT)) + 60


def test_equal_input_gives_equal_files() -> None:
    assert pack(TEXT, block_size=50) == pack(TEXT, block_size=50)


@pytest.mark.parametrize("spec", ["uniform", "zstd", "deflate"])
def test_a_flipped_byte_anywhere_is_refused(spec: str) -> None:
    found = coder(spec).prime(TEXT[:50])
    archive = pack(TEXT[20:150], found, block_size=60, context_name="prime.txt")
    for place in range(len(archive)):
        for flip in (1, 0x80, 0xFF, 0x20):
            broken = archive[:place] + bytes([archive[place] ^ flip]) + archive[place + 1 :]
            with pytest.raises(DecodeError):
                unpack(broken, context=TEXT[:50])


@given(place=st.integers(0, 10**6), inserted=st.binary(max_size=3), removed=st.integers(0, 3))
def test_a_changed_file_never_gives_other_data(place: int, inserted: bytes, removed: int) -> None:
    archive = pack(TEXT[:150], "uniform", block_size=60)
    place %= len(archive)
    changed = archive[:place] + inserted + archive[place + removed :]
    try:
        assert unpack(changed) == TEXT[:150]
    except DecodeError:
        return
    assert changed == archive


def test_every_truncation_is_refused() -> None:
    archive = pack(TEXT[:130], "zstd", block_size=60)
    for size in range(len(archive)):
        with pytest.raises(DecodeError, match=r"truncated|expected a \.kolmo file"):
            unpack(archive[:size])


@pytest.mark.parametrize("trailing", [b"\0", b"\n", b"x" * 1000])
def test_bytes_behind_the_end_are_refused(trailing: bytes) -> None:
    with pytest.raises(DecodeError, match=r"expected the end of the file after .* got more"):
        unpack(pack(TEXT) + trailing)
    with pytest.raises(DecodeError, match=r"expected the end of the file after .* got more"):
        unpack(pack(TEXT) + pack(TEXT))


def test_blocks_cannot_be_exchanged_dropped_or_repeated() -> None:
    data = bytes(100) + b"\1" * 100 + b"\2" * 100
    archive = pack(data, "uniform", block_size=100)
    start = archive.index(bytes(100)) - 14
    size = 114
    blocks = [archive[start + size * index : start + size * (index + 1)] for index in range(3)]
    front, end = archive[:start], archive[start + 3 * size :]
    assert front + b"".join(blocks) + end == archive
    for order in ([1, 0, 2], [0, 1], [0, 2], [0, 0, 1, 2], [1, 2], []):
        with pytest.raises(DecodeError):
            unpack(front + b"".join(blocks[index] for index in order) + end)


@pytest.mark.parametrize(
    ("start", "message"),
    [
        (b"", "expected a .kolmo file, got 0 bytes"),
        (b"\x89KL", "expected a .kolmo file, got 3 bytes"),
        (b"PK\x03\x04 and more", "a file that starts with b'PK"),
        (b"\x1f\x8b\x08" + bytes(30), "expected a .kolmo file"),
        (b"a text, as texts are", "expected a .kolmo file"),
        (MAGIC + b"\n\x1a\n" + bytes(20), "in binary mode"),
        (MAGIC + b"\r\r\n\x1a\r\n" + bytes(20), "in binary mode"),
        (MAGIC + b"\3" + bytes(50), "expected format version 2, got 3: Kolmo .* cannot read it"),
        (MAGIC + b"\2" + b"\xff" * 20, "not a valid number"),
        (MAGIC + b"\2" + b"\x80\x80\x08" + bytes(20), "expected a header of at most 65,536 bytes, got 131,072"),
    ],
)
def test_a_foreign_file_is_refused_by_name(start: bytes, message: str) -> None:
    for read in (lambda: unpack(start), lambda: read_header(io.BytesIO(start))):
        with pytest.raises(DecodeError, match=message):
            read()


def forged_header(raw: bytes) -> bytes:
    file = io.BytesIO()
    Output(file).front(MAGIC + b"\2" + join_length(len(packed(raw)), packed(raw)))
    return file.getvalue()


SOUND = json.loads(unpacked(ContainerHeader.of(coder("deflate"), block_size=10, size=5).to_bytes(), 1000))


@pytest.mark.parametrize(
    "changes",
    [
        {"block_size": 0},
        {"block_size": True},
        {"block_size": 2**30 + 1},
        {"block_size": 1.5},
        {"size": -1},
        {"size": 2**63},
        {"size": "5"},
        {"context": {"name": "x", "sha256": "short", "size": 1}},
        {"context": []},
        {"coder": {}},
        {"coder": {"id": 5}},
        {"coder": {"id": "deflate", "@context": "YQ=="}},
        {"coder": ["deflate"]},
        {"more": 1},
        {"coder": {"id": "no-such-coder"}},
        {"coder": {"id": "deflate", "speed": 1}},
        {"coder": {"id": "deflate", "level": 99}},
        {"coder": {"id": "deflate", "level": {}}},
        {"coder": {"id": "lz77"}},
    ],
)
def test_a_header_that_states_what_cannot_be_is_refused(changes: dict[str, object]) -> None:
    raw = json.dumps(SOUND | changes, separators=(",", ":")).encode()
    with pytest.raises(DecodeError):
        unpack(forged_header(raw))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"[" * 60_000,
        b"9" * 60_000,
        json.dumps(SOUND).encode(),
        json.dumps(SOUND, separators=(",", ":")).replace("{", '{"size":5,', 1).encode(),
    ],
    ids=["empty", "no text", "null", "deep", "long number", "spaces", "key twice"],
)
def test_a_header_that_is_no_canonical_json_is_refused(raw: bytes) -> None:
    with pytest.raises(DecodeError, match=r"expected the header of a \.kolmo file"):
        unpack(forged_header(raw))


def test_a_header_names_the_coder_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    header = SOUND | {"coder": {"id": "mine"}, "versions": " [mylib 7]"}
    archive = forged_header(json.dumps(header, separators=(",", ":")).encode())
    with pytest.raises(DecodeError, match=r"written by mine \[mylib 7\].* plug-in"):
        unpack(archive)
    assert read_header(io.BytesIO(archive)).fingerprint == "mine [mylib 7]", "it can be shown without the coder"
    stored = pack(TEXT, "lz4")
    monkeypatch.setattr("kolmo.coders.library.lz4.import_extra", missing)
    with pytest.raises(MissingDependencyError, match="lz4"):
        unpack(stored)


def missing(module: str, **_: object) -> None:
    raise MissingDependencyError(f"{module} is not installed")


def test_lengths_that_lie_are_refused_before_memory_is_taken() -> None:
    huge = 2**30
    roomy: dict[str, object] = {"block_size": huge}
    forged = {
        "no bytes behind": Forge(**roomy).block(huge, huge, b""),
        "twice the block": Forge(**roomy).block(huge, 2 * huge, b"x" * 10),
        "payload beyond the bound": Forge(**roomy).block(10, huge, b"x" * 10),
        "block beyond the header": Forge(block_size=100).block(huge, 10, b"x" * 10),
        "original beyond the header": Forge(block_size=huge, size=50).block(huge, 10, b"x" * 10),
        "fewer bytes than claimed": Forge(**roomy).block(huge, 10, b"x" * 10),
    }
    for what, forge in forged.items():
        tracemalloc.start()
        try:
            with pytest.raises(DecodeError):
                unpack(forge.bytes)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 4 * 2**20, what


def test_a_payload_that_holds_more_than_its_block_claims_is_refused() -> None:
    bomb = coder("deflate").compress(bytes(50_000_000))
    assert len(bomb) < 2**16
    forge = Forge(config=coder("deflate").config, block_size=1000).block(1000, len(bomb), bomb)
    tracemalloc.start()
    with pytest.raises(DecodeError, match=r"cannot be decoded: .*expected at most 1,000 decoded bytes"):
        unpack(forge.bytes)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * 2**20


def test_an_end_that_states_other_data_is_refused() -> None:
    import hashlib

    digest = hashlib.sha256(b"x" * 10).digest()[:8]
    sound = Forge().block(10, 10, b"x" * 10)
    sound.output.front(join_length(0, digest))
    assert unpack(sound.bytes) == b"x" * 10, "the forge is sound"
    for end, size in [(bytes(8), None), (digest, 11)]:
        forge = Forge(size=size).block(10, 10, b"x" * 10)
        forge.output.front(join_length(0, end))
        with pytest.raises(DecodeError, match="not those that were compressed"):
            unpack(forge.bytes)


def test_max_size_is_held_before_decoding() -> None:
    archive = pack(bytes(1000), "zstd", block_size=100, size=1000)
    assert unpack(archive, max_size=1000) == bytes(1000)
    for limit in (0, 1, 999):
        target = io.BytesIO()
        with pytest.raises(DecodeError, match=f"expected at most {limit} bytes"):
            read_container(io.BytesIO(archive), target, max_size=limit)
        assert target.getvalue() == b""
    unstated = io.BytesIO()
    forge = Forge().block(100, 100, bytes(100)).block(100, 100, bytes(100))
    with pytest.raises(DecodeError, match="expected at most 150 bytes"):
        read_container(io.BytesIO(forge.bytes), unstated, max_size=150)
    assert len(unstated.getvalue()) == 100


@pytest.mark.parametrize("found", [found for found in DECODABLE if found.tags.priming == "native"], ids=str)
def test_a_primed_file_needs_the_very_same_context(found: Coder) -> None:
    context = TEXT[:100]
    archive = pack(TEXT, found.prime(context), context_name="war.txt")
    assert context not in archive or found.name == "uniform"
    assert unpack(archive, context=context) == TEXT
    header = read_header(io.BytesIO(archive))
    assert header.context_file is not None
    assert (header.context_file.name, header.context_file.size) == ("war.txt", 100)
    for other, got in [(b"", "none"), (context + b"!", "101 bytes"), (context.upper(), "sha256")]:
        with pytest.raises(
            DecodeError, match=f"'war.txt' of 100 bytes with sha256 {header.context_file.sha256}, got .*{got}"
        ):
            unpack(archive, context=other)
    with pytest.raises(DecodeError, match="compressed without a context, got a context of 100 bytes"):
        unpack(pack(TEXT, found), context=context)


def test_priming_makes_the_file_smaller() -> None:
    text = np.random.default_rng(2).bytes(2000)
    assert len(pack(text, coder("zstd").prime(text))) < 600 < len(pack(text, "zstd"))


@pytest.mark.parametrize("spec", ["order0", "lz77"])
def test_a_coder_without_a_stream_is_refused_before_anything_is_written(spec: str) -> None:
    target = io.BytesIO()
    with pytest.raises(NotDecodableError, match="computes code lengths only"):
        write_container(io.BytesIO(TEXT), target, coder(spec))
    with pytest.raises(NotDecodableError, match=r"cannot write a stream that depends on a context.* such as zstd"):
        write_container(io.BytesIO(TEXT), target, coder("bz2").prime(TEXT))
    assert target.getvalue() == b""


@pytest.mark.parametrize("block_size", [0, -1, 2**30 + 1, 1.5, True])
def test_a_block_size_out_of_range_is_refused(block_size: object) -> None:
    with pytest.raises(ParameterError, match="block_size: expected an integer"):
        pack(TEXT, block_size=block_size)


@dataclass(frozen=True, kw_only=True)
class Odd(Coder):
    """Writes what no one reads back, if told to."""

    fault: str = "none"

    name: ClassVar[str] = "odd"

    @property
    def tags(self) -> CoderTags:
        return CoderTags(priming=None, portable=self.fault == "hidden")

    def versions(self) -> dict[str, str]:
        return {"oddlib": "1"}

    def _encoder(self, context: bytes) -> Encode:
        return lambda data: data * 10_000 if self.fault == "expands" else data

    def _decoder(self, context: bytes) -> Decode:
        def decode(payload: bytes, max_size: int) -> bytes:
            if self.fault == "raises":
                raise RuntimeError("out of luck")
            return {"wrong": payload[::-1], "hidden": payload[::-1], "short": payload[:-1]}.get(self.fault, payload)

        return decode


@pytest.fixture
def odd(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Odd]]:
    monkeypatch.setitem(registry._BUILT_IN, "odd", "odd_coder:Odd")
    import sys
    import types

    module = types.ModuleType("odd_coder")
    module.Odd = Odd  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "odd_coder", module)
    return Odd  # type: ignore[return-value]


@pytest.mark.parametrize("fault", ["wrong", "short", "raises"])
def test_what_is_not_read_back_is_never_finished(odd: type[Odd], fault: str) -> None:
    assert unpack(pack(TEXT, odd())) == TEXT
    with pytest.raises(KolmoError, match=r"does not decompress a block of 385 bytes.*oddlib 1"):
        pack(TEXT, odd(fault=fault))
    unverified = pack(TEXT, odd(fault=fault), verify=False)
    with pytest.raises(DecodeError, match=r"block 1.*written.* by odd:fault=\w+ \[oddlib 1"):
        unpack(unverified)


def test_a_portable_coder_is_verified_only_if_told_to(odd: type[Odd]) -> None:
    pack(TEXT, odd(fault="hidden"))
    with pytest.raises(KolmoError, match="does not decompress"):
        pack(TEXT, odd(fault="hidden"), verify=True)


def test_a_coder_that_expands_beyond_the_bound_is_refused(odd: type[Odd]) -> None:
    with pytest.raises(KolmoError, match="expands a block"):
        pack(TEXT, odd(fault="expands"))


def test_a_coder_that_cannot_be_made_by_its_name_is_refused() -> None:
    with pytest.raises(ParameterError, match="no coder named 'odd'"):
        pack(TEXT, Odd())

    class Impostor(Odd):
        name: ClassVar[str] = "uniform"

        @property
        def config(self) -> dict[str, object]:
            return {"id": "uniform"}

    with pytest.raises(ParameterError, match="is registered for another coder"):
        pack(TEXT, Impostor())


def test_portable_are_the_published_formats_and_exact_arithmetic() -> None:
    portable = {found.name for found in DECODABLE if found.tags.portable}
    published = {"deflate", "zlib", "gzip", "bz2", "lzma", "xz", "zstd", "brotli", "lz4", "uniform"}
    published |= {"png", "webp", "jxl", "flac"}
    assert portable - {"best"} == published | {"mix", "ngram", "gru"}
    assert coder("zstd").prime(b"x").tags.portable


def test_the_size_is_stated_where_it_can_be_known() -> None:
    assert read_header(io.BytesIO(pack(TEXT))).size == len(TEXT), "the source ended within the first block"
    assert read_header(io.BytesIO(pack(TEXT, block_size=100))).size is None
    stated = pack(TEXT, block_size=100, size=len(TEXT))
    assert read_header(io.BytesIO(stated)).size == len(TEXT)
    assert unpack(stated) == TEXT


@pytest.mark.parametrize(("size", "block_size"), [(0, 100), (10, 100), (386, 100), (10**6, 1000), (384, 1000)])
def test_a_source_that_changes_while_it_is_read_is_refused(size: int, block_size: int) -> None:
    with pytest.raises(DataError, match="changed while it was read"):
        pack(TEXT, size=size, block_size=block_size)


def test_a_pipe_is_read_and_written() -> None:
    data = np.random.default_rng(3).bytes(300_000) + bytes(300_000)
    ends = [os.pipe(), os.pipe()]
    (from_us, to_writer), (from_writer, to_us) = ends

    def feed() -> None:
        with open(to_writer, "wb", buffering=0) as file:
            for start in range(0, len(data), 7001):
                file.write(data[start : start + 7001])

    def write() -> None:
        # unbuffered, so that reads are short
        with open(from_us, "rb", buffering=0) as source, open(to_us, "wb") as target:
            write_container(source, target, coder("zstd"), block_size=100_000)  # type: ignore[arg-type]

    threads = [threading.Thread(target=task) for task in (feed, write)]
    for thread in threads:
        thread.start()
    target = io.BytesIO()
    with open(from_writer, "rb", buffering=0) as source:
        report = read_container(source, target)  # type: ignore[arg-type]
    for thread in threads:
        thread.join()
    assert target.getvalue() == data
    assert (report.n_blocks, report.header.size) == (6, None)


class Zeros(io.RawIOBase):
    """So many zeros, made as they are read."""

    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int = -1) -> bytes:
        size = min(size, self.left)
        self.left -= size
        return bytes(size)


class Sink(io.RawIOBase):
    def write(self, data: object) -> int:
        return len(data)  # type: ignore[arg-type]


def test_only_a_block_is_held_in_memory() -> None:
    size, block_size, seen = 60 * 2**20, 2**20, []
    archive = io.BytesIO()
    tracemalloc.start()
    write_container(
        Zeros(size),  # type: ignore[arg-type]
        archive,
        coder("deflate:level=1"),
        size=size,
        block_size=block_size,
        on_progress=seen.append,
    )
    archive.seek(0)
    report = read_container(archive, Sink(), on_progress=seen.append)  # type: ignore[arg-type]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(report, ContainerReport)
    assert report.n_blocks == 60
    assert seen == [block_size] * 120
    assert peak < 8 * block_size


def test_the_default_block_is_large_enough_for_the_windows_of_the_common_coders() -> None:
    for spec in ("deflate", "bz2", "xz", "zstd:level=19", "brotli", "lz4"):
        assert (coder(spec).tags.window or 0) <= container.DEFAULT_BLOCK_BYTES


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_any_bytes_behind_a_good_front_are_refused(rest: bytes) -> None:
    with pytest.raises(DecodeError):
        unpack(Forge().bytes + rest)
