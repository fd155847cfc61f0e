"""Writes the golden streams and their manifest anew: ``python tests/golden/write.py``.

Do so only to add streams, or when a format changes on purpose. It names every file that is new, changed or gone; where
one by a coder of our own changed, so did its format.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from inputs import INPUTS, MANIFEST, PROGRAM_BITS, STREAMS, pack, unpack

import kolmo
from kolmo.coders.program.machine import Machine, run_node, write_program
from kolmo.coders.program.text import parse_program

Entry = tuple[str, str] | tuple[str, str, str]
"""A coder, an input, and perhaps the input that primes the coder."""

_LAYOUTS = [
    ("plain", "text"),
    ("records-1x13", "records"),
    ("image-1x32", "image"),
    ("image-3x48", "image-rgb"),
    ("signal-2", "sound"),
    ("signal-4", "sound-stereo"),
    ("bases", "bases"),
]

_BEST = "best:coders=ngram+mix:level=2+uniform"

OWN: list[Entry] = [
    *(("ngram", name) for name in ("empty", "byte", "zeros", "noise", "text", "bases", "records")),
    ("ngram:order=0", "text"),
    ("ngram:order=8", "markup"),
    ("ngram:order=3,discount=0.5,weight=8.0,exclusion=false", "text"),
    ("ngram", "line", "context"),
    ("ngram:order=4,adapt=false", "line", "context"),
    *((f"mix:level={level},layout={layout}", name) for layout, name in _LAYOUTS for level in range(1, 7)),
    *(("mix", name) for name in ("empty", "byte", "zeros", "noise", "text", "markup", "bases")),
    *(("mix:level=6", name) for name in ("empty", "zeros", "noise", "markup")),
    *(("mix:level=2", name) for name in ("long-image", "long-records", "long-sound")),
    *((f"mix:level={level}", "line", "context") for level in range(1, 7)),
    ("mix:level=4,layout=image-3x48", "image-cut", "image"),
    ("mix:level=3,layout=signal-4", "sound-cut", "sound"),
    ("mix:level=5,layout=records-1x13", "records", "sound"),
    ("mix:level=3", "bases", "bases"),
    ("mix:level=2", "long-sound", "context"),
    ("mix:level=2", "long-image", "image"),
    *(("gru", name) for name in ("empty", "byte", "zeros", "noise", "text", "bases")),
    ("gru:hidden=16,seed=7", "text"),
    ("gru:hidden=128", "markup"),
    ("gru", "line", "context"),
    ("gru:hidden=16,seed=7", "line", "context"),
    ("mixture", "text"),
    ("mixture", "empty"),
    ("mixture:kind=switch", "line"),
    ("mixture:coders=ngram:order=2;discount=0.7+mix+gru:hidden=16,kind=switch,rate=0.1", "word"),
    ("mixture", "line", "context"),
    (_BEST, "line"),
    (_BEST, "text"),
    (_BEST, "noise"),
    (_BEST, "line", "context"),
    ("uniform", "noise"),
    ("uniform", "empty"),
    ("uniform", "line", "context"),
]
"""Coders that are our own to the last byte."""

MEASURED: list[Entry] = [
    *(("order0", name) for name in ("empty", "zeros", "text", "bases")),
    ("order0:alpha=0.01", "text"),
    ("order0", "line", "context"),
    *(("lz77", name) for name in ("empty", "zeros", "text", "image")),
    ("lz77", "line", "context"),
]
"""Coders of our own that state lengths only."""

LIBRARY: list[Entry] = [
    *((name, "text") for name in ("deflate", "zlib", "gzip", "bz2", "lzma", "xz", "zstd", "brotli", "lz4", "ppmd")),
    *((name, "empty") for name in ("deflate", "zlib", "gzip", "bz2", "lzma", "xz", "zstd", "brotli", "lz4", "ppmd")),
    ("deflate:level=1", "records"),
    ("zlib:level=0", "line"),
    ("bz2:level=1", "zeros"),
    ("lzma:preset=9,extreme=true", "markup"),
    ("xz:preset=0", "noise"),
    ("zstd:level=19", "image"),
    ("zstd:magicless=false,window_log=20", "text"),
    ("brotli:quality=5,window_log=16", "markup"),
    ("lz4:level=9", "records"),
    ("ppmd:order=2,memory=4096", "bases"),
    *((name, "line", "context") for name in ("deflate", "zlib", "zstd", "zstd:level=19", "lz4")),
    ("png:width=32", "image"),
    ("png:width=16,channels=3,level=6", "image-cut"),
    ("png", "empty"),
    ("webp:width=32", "image"),
    ("webp:width=16,channels=3,method=0", "image-cut"),
    ("webp", "empty"),
    ("jxl:width=32", "image"),
    ("jxl:width=16,channels=3,effort=1", "image-cut"),
    ("jxl", "empty"),
    ("flac", "sound"),
    ("flac:channels=2", "sound-cut"),
    ("flac:channels=2,width=1", "noise"),
    ("flac:channels=1,width=3,level=2", "sound-stereo"),
    ("flac", "empty"),
    ("best", "text"),
    ("best:coders=bz2+zstd:level=19+deflate", "image"),
]
"""Coders that a library writes for: another version of it may write other bytes, but reads these."""

SEARCHED: list[Entry] = [
    *(
        ("program", name)
        for name in ("empty", "byte", "word", "zeros", "noise", "line", "period", "thue-morse", "range")
    ),
    ("program:effort=0", "records"),
    ("program", "word", "line"),
    ("program", "period", "thue-morse"),
]
"""Our coder of shortest programs: a better search writes shorter ones, but reads these."""

PROGRAMS: list[tuple[int, str, str]] = [
    (2, "", '"0010"'),
    (2, "", '"1"*200'),
    (2, "", '"001"*15 + take("01101"*4, 17)'),
    (2, "", 'morphism("01", "10", 32)'),
    (2, "", 'patch(reverse("0011101"*3), 4)'),
    (2, "", 'complement(scan(interleave("00110", "1011")))'),
    (2, "", 'substitute("0110100"*4, 12, 1)'),
    (2, "0110100110", "substitute(copy(3, 12), 2, 0)"),
    (26, "", "[0, 25, 3]*4 + range(3, 9, 8)"),
    (10, "", "recurrence(3, 7, 1, 20)"),
    (10, "31415926", "complement(copy(2, 6))"),
    (256, "", "range(3, 4, 90) + range(200, 250, 5) + range(9, 77, 300)"),
    (256, "", "scan(mod(add(range(7, 255, 40), 31), 99))"),
    (256, "", "substitute(interleave([5, 200, 7], [9, 9]), 3, 255)"),
    (256, "", "reverse(step(complement([1, 2, 3, 4, 5, 6, 7]), 3))"),
    (256, "", "patch(recurrence(7, 77, 35, 60), 33, 0)"),
    (256, "", "morphism([0, 1], [2], [0], 40)"),
    (256, "00ff10", "reverse(complement(copy(1, 7)))"),
]
"""Programs that hold every operator: number of symbols, context (hexadecimal beyond ten symbols), text."""

_WHOLE = 2**24

CONTAINERS: list[tuple[Entry, int, bool]] = [
    (("ngram", "text"), _WHOLE, True),
    (("ngram", "empty"), _WHOLE, True),
    (("mix:level=3,layout=records-1x13", "records"), 300, True),
    (("gru:hidden=16", "line"), 64, True),
    (("ngram", "line", "context"), _WHOLE, True),
    (("mix:level=2", "text", "context"), 500, True),
    (("uniform", "noise"), 100, True),
    (("deflate", "text"), _WHOLE, False),
    (("zstd:level=19", "text"), 400, False),
    (("zstd", "line", "context"), 64, False),
]
"""Whole .kolmo files: what is in them, bytes a block, and whether the coder is our own."""


def main() -> None:
    """Write everything, and say what is not as it was."""
    before = {path.name: path.read_bytes() for path in STREAMS.glob("*")}
    streams: dict[str, bytes] = {}
    entries = [
        *(written(entry, streams, own=True) for entry in OWN),
        *(written(entry, None, own=True) for entry in MEASURED),
        *(written(entry, streams, own=False) for entry in (*LIBRARY, *SEARCHED)),
        *(packed(entry, block_size, streams, own=own) for entry, block_size, own in CONTAINERS),
    ]
    STREAMS.mkdir(exist_ok=True)
    for name in sorted({*before, *streams}):
        if name not in streams:
            print(f"gone: {name}")
            (STREAMS / name).unlink()
        elif streams[name] != before.get(name):
            print(f"{'changed' if name in before else 'new'}: {name}")
            (STREAMS / name).write_bytes(streams[name])
    for path, rows in ((MANIFEST, entries), (PROGRAM_BITS, [described_program(*each) for each in PROGRAMS])):
        lines = ",\n".join(json.dumps(row, sort_keys=True) for row in rows)
        path.write_text(f"[\n{lines}\n]\n", encoding="ascii")
    print(f"{len(streams)} streams, {sum(map(len, streams.values())):,} bytes")


def written(entry: Entry, streams: dict[str, bytes] | None, *, own: bool) -> dict[str, Any]:
    """Return the manifest's line for a stream, which goes to `streams`, or for a length alone."""
    found, data, line = described(entry, own=own)
    if own:
        line["code_length"] = found.code_length(data)
    if streams is not None:
        stream = found.compress(data)
        assert found.decompress(stream, max_size=len(data)) == data
        add(streams, line, stream, "bin")
    return line


def described_program(symbols: int, context: str, text: str) -> dict[str, Any]:
    """Return a program with its bits and what it prints, in hexadecimal digits."""
    read = bytes.fromhex(context) if symbols > 10 else bytes(map(int, context))
    machine = Machine(symbols, read)
    node = parse_program(text, machine)
    return {
        "symbols": symbols,
        "context": read.hex(),
        "text": text,
        "bits": write_program(node, machine),
        "printed": run_node(node, machine).tobytes().hex(),
    }


def packed(entry: Entry, block_size: int, streams: dict[str, bytes], *, own: bool) -> dict[str, Any]:
    """Return the manifest's line for a container, which goes to `streams`."""
    found, data, line = described(entry, own=own)
    given_name = f"{line['context']}.txt" if line["context"] else ""
    file = pack(found, data, block_size, given_name)
    read, report = unpack(file, INPUTS[line["context"]]() if line["context"] else b"")
    assert read == data
    line["container"] = {"block_size": block_size, "given_name": given_name, "n_blocks": report.n_blocks}
    add(streams, line, file, "kolmo")
    return line


def described(entry: Entry, *, own: bool) -> tuple[kolmo.Coder, bytes, dict[str, Any]]:
    """Return an entry's coder, its data, and what the manifest says of any entry."""
    spec, name, *given = entry
    context = given[0] if given else None
    plain, data = kolmo.coder(spec), INPUTS[name]()
    found = plain if context is None else plain.prime(INPUTS[context]())
    line = {
        "coder": spec,
        "code_length": None,
        "config": plain.config,
        "container": None,
        "context": context,
        "file": None,
        "input": name,
        "own": own,
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    return found, data, line


def add(streams: dict[str, bytes], line: dict[str, Any], stream: bytes, ending: str) -> None:
    """Name a stream by its coder, input and context, and put it to the others."""
    parts = [line["coder"], line["input"], *([f"given-{line['context']}"] if line["context"] else [])]
    name = "_".join(parts).translate(str.maketrans(":;,+=", "-----"))
    line["file"] = f"{name}.{ending}"
    assert line["file"] not in streams, f"{line['file']} is there twice"
    streams[line["file"]] = stream


if __name__ == "__main__":
    main()
