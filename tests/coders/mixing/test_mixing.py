"""Context mixing: exact undo, portable streams, found layouts, and how small it makes public data."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import mixing_reference
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from kolmo import coder
from kolmo.coders.entropy.framing import join_length
from kolmo.coders.mixing import tables as mixing_tables
from kolmo.coders.mixing.detect import find_layout
from kolmo.coders.mixing.layout import BASES, IMAGE, Layout
from kolmo.coders.mixing.model import Model
from kolmo.errors import DecodeError, ParameterError

TEXT = b"It is a truth universally acknowledged, that a single man in possession of a good fortune, must be in want. "


def raster(width: int, height: int, channels: int) -> bytes:
    """A smooth picture with a little noise."""
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(channels), indexing="ij")
    noise = np.random.default_rng(0).integers(0, 4, y.shape)
    return (100 + 60 * np.sin(x / 9 + c) + 40 * np.cos(y / 7) + noise).astype(np.uint8).tobytes()


LAYOUTS = ["plain", "records-1x13", "image-3x30", "signal-2", "records-4x5", "bases"]


@pytest.mark.parametrize(
    ("level", "layout"),
    # levels 1 to 4 run the same code with other tables, so each layout is coded by one of them
    [*((level, layout) for level in (3, 5, 6) for layout in LAYOUTS), (1, "plain"), (2, "image-3x30"), (4, "plain")],
)
def test_every_level_and_layout_decodes(level: int, layout: str) -> None:
    mix = coder("mix", level=level, layout=layout)
    data = TEXT * 8 + raster(10, 30, 3) + bytes(range(256)) + TEXT
    stream = mix.compress(data)
    assert mix.decompress(stream) == data
    assert abs(8 * len(stream) - mix.code_length(data)) <= mix.tags.slack_bits


@pytest.mark.parametrize(
    ("level", "layout"), [(4, Layout()), (6, Layout()), (6, Layout(IMAGE, 3, 30)), (3, Layout(BASES))]
)
@given(context=st.binary(max_size=400), data=st.binary(max_size=200))
@settings(max_examples=20, deadline=None)
def test_a_trial_leaves_the_model_as_it_was(level: int, layout: Layout, context: bytes, data: bytes) -> None:
    model = Model(level, layout, 600)
    model.measure(context)
    before = model.copy()
    bits = float(model.trial(data).sum())
    for name in ("table", "index", "refine", "maps", "weights", "final_weights", "network", "registers"):
        assert np.array_equal(getattr(model, name), getattr(before, name)), name
    assert bits == pytest.approx(before.measure(data).sum(), abs=1e-9)


def test_surprisals_add_up_to_the_code_length() -> None:
    mix = coder("mix")
    data, context = TEXT * 3, TEXT[:50]
    header = 8 * (len(join_length(len(data), b"")) + 1)
    assert mix.surprisals(data).sum() + header + 2 == pytest.approx(mix.code_length(data))
    primed = mix.surprisals(data, context=context).sum() + header - 8 + 2
    assert primed == pytest.approx(mix.prime(context).code_length(data))


@pytest.mark.slow
@pytest.mark.parametrize("setting", [{"NUMBA_CPU_NAME": "generic"}, {"NUMBA_DISABLE_JIT": "1"}])
def test_streams_are_the_same_for_another_processor_and_in_plain_python(
    setting: dict[str, str], tmp_path: Path
) -> None:
    """Few bytes a setting, as a byte takes up to half a second in plain Python; each repeats a part to match."""
    samples = {
        "mix": b"so it is, so it is \xfe\0",
        "mix:level=6": b"<b>[[L (x)]]\n<b>[[\xc3\xa9 12",
        "mix:level=6,layout=image-3x6": bytes(range(200, 208)) + bytes(range(201, 207)),
        "mix:level=6,layout=signal-2": bytes(range(90, 98)) + bytes(range(90, 97)),
        "mix:layout=bases": b"ACGTTGCAACGTTGCAaN",
    }
    code = (
        "import sys, warnings; warnings.simplefilter('ignore', RuntimeWarning); from kolmo import coder\n"
        f"for spec, data in {samples}.items():\n"
        "    print(coder(spec).compress(data).hex())\n"
    )
    environment = os.environ | setting | {"NUMBA_CACHE_DIR": str(tmp_path)}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment, check=True)
    assert run.stdout.decode().split() == [coder(spec).compress(data).hex() for spec, data in samples.items()]


@pytest.mark.parametrize("level", [1, 2, 3, 4])
@pytest.mark.parametrize("data", [b"", TEXT * 2 + b"\nIt is a truth\n" + TEXT[::-1], bytes(range(256)) * 2 + bytes(60)])
def test_the_kernel_writes_what_a_plain_reference_writes(level: int, data: bytes) -> None:
    assert Model(level, Layout(), len(data)).encode(data) == mixing_reference.code(level, data)


def dna(size: int, seed: int = 0) -> bytes:
    return np.random.default_rng(seed).choice(np.frombuffer(b"ACGT", np.uint8), size).tobytes()


def mutated(bases: bytes, rate: float) -> bytes:
    changed = np.random.default_rng(9).random(len(bases)) < rate
    return bytes(np.where(changed, np.frombuffer(dna(len(bases), 5), np.uint8), np.frombuffer(bases, np.uint8)))


def other_strand(bases: bytes) -> bytes:
    return bases.translate(bytes.maketrans(b"ACGT", b"TGCA"))[::-1]


@pytest.mark.parametrize("level", [1, 3, 4])
@pytest.mark.parametrize("ending", [mutated(dna(300), 0.2), other_strand(dna(300)), TEXT[:90] + dna(60)[::-1]])
def test_the_kernel_writes_what_a_plain_reference_writes_of_dna(level: int, ending: bytes) -> None:
    data = dna(300) + ending
    assert Model(level, Layout(BASES), len(data)).encode(data) == mixing_reference.code(level, data, BASES)


def test_dna_is_found_and_mutants_and_the_other_strand_are_known_again() -> None:
    bases = dna(4000)
    assert find_layout(bases) == find_layout(bases[:40].lower()) == Layout(BASES)
    assert find_layout(b"a cat sat at a gate and a tag " * 5) == Layout()
    aware, plain = coder("mix"), coder("mix", layout="plain")
    assert aware.prime(bases).code_length(other_strand(bases)) < 0.05 * aware.code_length(bases)
    assert plain.prime(bases).code_length(other_strand(bases)) > 0.9 * plain.code_length(bases)
    mutant = mutated(bases, 0.2)
    assert aware.prime(bases).code_length(mutant) < 0.85 * plain.prime(bases).code_length(mutant)
    # what is to be said of each base: whether it was drawn anew, a fifth of the time, and which it then is
    assert aware.prime(bases).code_length(mutant) / len(mutant) < 1.25


def test_what_is_of_another_kind_than_the_context_is_no_longer_for_it() -> None:
    mix = coder("mix")
    english = " ".join(f"{n * n} sheep and {n % 7} dogs" for n in range(260)).encode()
    genes, picture = dna(6000), raster(40, 60, 3)
    for context, data in [(genes, english), (english, genes), (picture, english), (english, picture)]:
        primed = mix.prime(context)
        stream = primed.compress(data)
        assert primed.decompress(stream) == data
        assert abs(8 * len(stream) - primed.code_length(data)) <= mix.tags.slack_bits
        assert primed.code_length(data) <= mix.code_length(data) + 1
        assert mix.surprisals(data, context=context).sum() <= mix.surprisals(data).sum()
        with pytest.raises(DecodeError):
            primed.decompress(stream[:-9])
    # nor is anything lost where the context helps, or the data are too few to tell
    related = mix.prime(english[:4000])
    assert related.code_length(english[4000:]) < 0.9 * mix.code_length(english[4000:])
    assert mix.prime(genes).decompress(mix.prime(genes).compress(english[:300])) == english[:300]


@pytest.mark.parametrize("size", [4095, 4096, 4097, 10_240])
def test_a_length_is_said_with_whether_the_context_counts(size: int) -> None:
    mix, data = coder("mix").prime(TEXT), TEXT * (size // len(TEXT) + 1)
    stream = mix.compress(data[:size])
    assert mix.decompress(stream) == data[:size]
    with pytest.raises(DecodeError, match=r"larger|allowed|more than"):
        mix.decompress(stream, max_size=size - 1)


def test_the_fixed_tables_are_these() -> None:
    """They belong to the format: another value is another format."""
    import hashlib

    step, chances = mixing_tables.histories()
    digest = hashlib.sha256(step.tobytes() + chances.tobytes() + mixing_tables.constants().tobytes())
    assert digest.hexdigest()[:16] == "6a74e39a800b64a5"


def test_a_claimed_length_allocates_nothing() -> None:
    mix = coder("mix")
    payload = join_length(2**29, b"\0" + bytes([200, 3, 77, 12]))
    mix.compress(TEXT)
    tracemalloc.start()
    with pytest.raises(DecodeError, match="truncated or corrupt"):
        mix.decompress(payload)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2**20


@pytest.mark.parametrize("change", [lambda s: s + b"\0", lambda s: s + b"x", lambda s: s[:-1], lambda s: s[:-3]])
def test_another_end_is_refused(change) -> None:  # type: ignore[no-untyped-def]
    mix = coder("mix")
    with pytest.raises(DecodeError):
        mix.decompress(change(mix.compress(TEXT * 4)))


def test_layouts_are_found() -> None:
    assert find_layout(TEXT * 100) == Layout()
    assert find_layout("Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι. ".encode()[1:-3] * 60) == Layout()
    picture = find_layout(raster(50, 60, 3))
    assert (picture.kind, picture.row) == (IMAGE, 150)
    records = b"".join(bytes([7, 0, i % 251, 0, (i * i) % 256, 9, 1]) + b"ab%05d" % (i * 3) for i in range(900))
    assert find_layout(records).row % 14 == 0
    assert coder("mix").code_length(records) < 0.9 * coder("mix", layout="plain").code_length(records)
    wave = (9000 * np.sin(np.arange(9000) / 11) + 200 * np.random.default_rng(1).normal(size=9000)).astype("<i2")
    assert find_layout(wave.tobytes()) != Layout()
    signal, plain = (coder("mix", layout=layout).code_length(wave.tobytes()) for layout in ("signal-2", "plain"))
    assert coder("mix").code_length(wave.tobytes()) <= 1.02 * signal < 0.9 * plain


@pytest.mark.parametrize(
    "layout", ["", "text", "image", "image-3", "image-3x3", "image-0x9", "signal-3", "records-1x1048576", "plain-1", 3]
)
def test_layouts_that_there_are_not_are_refused(layout: object) -> None:
    with pytest.raises(ParameterError, match="layout: expected 'auto', 'plain'"):
        coder("mix", layout=layout)


def test_threads_share_a_primed_coder() -> None:
    primed = coder("mix").prime(TEXT * 20)
    items = [TEXT[i : i + 30] for i in range(60)]
    assert np.array_equal(primed.code_lengths(items, n_jobs=2), [primed.code_length(item) for item in items])


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("file", "bits_per_byte"),
    [
        ("corpora/enwik/enwik6", 1.79),
        pytest.param("corpora/silesia/dickens", 1.77, marks=pytest.mark.slow),
        pytest.param("dna/ecoli/ecoli_k12_acgt", 1.93, marks=pytest.mark.slow),
    ],
)
def test_public_data_are_as_small_as_claimed(data_dir: Path, file: str, bits_per_byte: float) -> None:
    data = (data_dir / file).read_bytes()[: 10**6]
    assert coder("mix").code_length(data) / len(data) <= bits_per_byte


@pytest.mark.realdata
@pytest.mark.slow
def test_the_highest_level_is_as_small_as_claimed(data_dir: Path) -> None:
    data = (data_dir / "corpora/enwik/enwik6").read_bytes()
    assert coder("mix", level=6).code_length(data) / len(data) <= 1.65


@pytest.mark.realdata
def test_a_photograph_is_found_to_be_one(data_dir: Path) -> None:
    image = pytest.importorskip("PIL.Image", reason="the extra image is not installed")
    photo = image.open(data_dir / "images/kodak/05.png").convert("RGB")
    data, row = photo.tobytes(), 3 * photo.size[0]
    assert find_layout(data) == Layout(IMAGE, 3, row)
    assert coder("mix").code_length(data) / len(data) <= 3.45
