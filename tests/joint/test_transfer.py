"""What training on both of two sets gives on each: known answers, controls, equal numbers for equal seeds."""

from __future__ import annotations

import dataclasses
import json
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kolmo import coder
from kolmo.errors import DataError, MissingDependencyError, ParameterError
from kolmo.joint.transfer import TransferGain, _disguised, _split, transfer_gain

SMALL: dict[str, Any] = {"model": "gru:20k", "lanes": 8, "length": 32, "learning_rate": 1e-2, "device": "cpu"}
STEPS = 60


def _sentences(animal: str, seed: int) -> list[str]:
    draw = random.Random(seed)
    places, deeds = ("mat", "rug", "sofa", "chair"), ("slept", "purred", "ate", "sang")
    return [
        f"the {animal} number {draw.randrange(1000)} sat on the {draw.choice(places)} and {draw.choice(deeds)}"
        for _ in range(300)
    ]


CATS, MORE_CATS = _sentences("cat", 0), _sentences("cat", 1)
DIGITS = [str(random.Random(n).randrange(10**50)) for n in range(300)]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed (extra neural)")
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def halves() -> TransferGain:
    """Of a set and the like of it."""
    return transfer_gain(CATS, MORE_CATS, steps=STEPS, **SMALL)


def test_like_sets_gain_and_random_bytes_do_not(halves: TransferGain) -> None:
    for on in (0, 1):
        assert halves.savings["shared"][on].low > 0
        assert halves.savings["random"][on].high < 0
        assert halves.savings["both"][on].bits > halves.savings["random"][on].bits
        assert halves.savings["twice"][on].bits > halves.savings["both"][on].bits
    # what is more of the same is worth as much as the set itself
    assert abs(halves.gain_x) < 0.1 < halves.savings["shared"][0].bits
    assert halves.warnings == []


def test_what_was_read_is_known_best() -> None:
    gain = transfer_gain(CATS, DIGITS, steps=STEPS, controls=False, **SMALL)
    x, y, both = (gain.rows[name] for name in ("x", "y", "both"))
    assert x.bits_x < both.bits_x < y.bits_x
    assert y.bits_y < both.bits_y < x.bits_y
    assert gain.gain_x < 0
    assert set(gain.rows) == {"x", "y", "both"}
    assert set(gain.savings) == {"both"}


def test_savings_are_differences_of_the_rows(halves: TransferGain) -> None:
    rows = halves.rows
    for name, (before, after) in {"both": ("x", "both"), "random": ("x", "x_random"), "twice": ("x", "twice")}.items():
        saving = halves.savings[name][0]
        assert saving.bits == pytest.approx(rows[before].bits_x - rows[after].bits_x)
        assert saving.low < saving.bits < saving.high
    assert halves.savings["shared"][1].bits == pytest.approx(rows["y_disguised"].bits_y - rows["both"].bits_y)
    assert {name: row.steps for name, row in rows.items() if row.steps != STEPS} == {"twice": 2 * STEPS}
    assert halves.passes[0] == pytest.approx(STEPS * 8 * 32 / halves.sizes[0])
    found = json.loads(json.dumps(halves.to_dict(), allow_nan=False))
    assert found["rows"]["x"]["bits_x"] == rows["x"].bits_x
    assert found["gain_x"] == found["savings"]["both"][0]["bits"]


@pytest.mark.parametrize("model", ["gru:20k", "transformer:20k,context=16,n_grams=1,hash_bits=6"])
def test_equal_seeds_give_equal_numbers(model: str) -> None:
    options = SMALL | {"model": model, "steps": 10, "controls": False}
    found = transfer_gain(CATS, DIGITS, **options)
    assert transfer_gain(CATS, DIGITS, **options) == found
    assert found.step_bytes == 8 * (16 if "context" in model else 32)
    other = transfer_gain(CATS, DIGITS, random_state=1, **options)
    assert other.rows["x"].bits_x != found.rows["x"].bits_x
    # the set alone does not depend on what the other one is
    assert transfer_gain(CATS, CATS, **options).rows["x"] == dataclasses.replace(
        found.rows["x"], bits_y=transfer_gain(CATS, CATS, **options).rows["x"].bits_y
    )


def test_documents_are_held_out_whole_and_equal_ones_together() -> None:
    documents = [b"document %d" % (n % 70) * 9 for n in range(400)]
    kept, held = _split(documents, "X", 0.2, b"\n", np.random.default_rng(0))
    learned, measured = kept.split(b"\n"), held.split(b"\n")
    assert sorted(learned + measured) == sorted(documents)
    assert not set(learned) & set(measured)
    assert 0.1 < len(held) / len(kept + held) < 0.3


def test_a_disguise_hides_the_bytes_and_keeps_what_they_tell() -> None:
    x, y = "".join(CATS).encode(), "".join(DIGITS).encode()
    hidden = _disguised(x, y)
    assert not set(hidden) & set(y)
    assert coder("order0").code_length(hidden) == pytest.approx(coder("order0").code_length(x))
    full = bytes(range(256)) * 4
    assert sorted(_disguised(full, x)) == sorted(full)


def test_of_a_long_string_the_end_is_held_out() -> None:
    text = "; ".join(CATS)
    kept, held = _split(text, "X", 0.25, b"\n", np.random.default_rng(0))
    assert (kept + held).decode() == text
    assert len(held) == len(text) // 4


def test_what_is_learned_by_heart_is_doubted() -> None:
    noise = random.Random(0)
    few = ["".join(noise.choices("abcdefgh", k=40)) for _ in range(30)]
    options = SMALL | {"model": "gru:20k,n_grams=5,hash_bits=12", "controls": False}
    gain = transfer_gain(few, CATS, steps=150, **options)
    assert gain.passes[0] > 20
    (doubt,) = gain.warnings
    assert doubt.startswith("X alone was learned by heart")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"model": "rnn:9k"}, "no model"),
        ({"steps": 0}, "steps"),
        ({"lanes": 7}, "even number"),
        ({"held_out": 1.0}, "share"),
        ({"n_resamples": 0}, "n_resamples"),
        ({"device": "nonsense"}, "cannot be used"),
        ({"random_state": -1}, "random_state"),
    ],
)
def test_bad_parameters_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        transfer_gain(CATS, DIGITS, **(SMALL | wrong))


def test_too_little_data_is_refused() -> None:
    with pytest.raises(DataError, match="Y: 0 bytes to train on"):
        transfer_gain(CATS, ["the same thing"] * 300, **SMALL)
    with pytest.raises(DataError, match=r"X: .* too few"):
        transfer_gain("short", CATS, **SMALL)
    with pytest.raises(DataError, match="no number any more"):
        transfer_gain(CATS, DIGITS, steps=20, **(SMALL | {"learning_rate": 1e30}))


def test_without_torch_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingDependencyError, match=r"needs torch.*pip install '\.\[neural\]"):
        transfer_gain(CATS, DIGITS, **SMALL)


@pytest.mark.realdata
def test_prose_gains_more_from_news_than_from_dna(data_dir: Path) -> None:
    size = 150_000
    prose = (data_dir / "corpora/silesia/dickens").read_bytes()[:size]
    others = [data_dir / "text/ag_news/train10k.tsv", data_dir / "dna/ecoli/ecoli_k12_acgt"]
    options: dict[str, Any] = {"model": "gru:20k", "steps": 60, "controls": False, "device": "cpu"}
    news, dna = (transfer_gain(prose, path.read_bytes()[:size], **options) for path in others)
    assert news.savings["both"][0].low > dna.savings["both"][0].high
    assert dna.gain_x < 0
    assert news.rows["y"].bits_x < dna.rows["y"].bits_x - 2
