"""Transfer gain: known answers, controls, equal results for equal seeds."""

from __future__ import annotations

import dataclasses
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kolmo import coder
from kolmo.errors import DataError, MissingDependencyError, ParameterError
from kolmo.joint.transfer import TrainingRun, TransferGain, _permuted, _split, _warnings, transfer_gain

SMALL: dict[str, Any] = {
    "model": "gru:20k",
    "batch_size": 8,
    "sequence_length": 32,
    "learning_rate": 1e-2,
    "device": "cpu",
}
STEPS = 30


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
    """The transfer gain of two sets of the same kind."""
    return transfer_gain(CATS, MORE_CATS, steps=STEPS, n_seeds=2, **SMALL)


def test_similar_sets_gain_and_random_bytes_do_not(halves: TransferGain) -> None:
    for on in (0, 1):
        assert halves.estimates["transfer"][on].value > 0
        assert halves.estimates["random"][on].value < 0
        assert halves.estimates["both"][on].value > halves.estimates["random"][on].value
    # more data of the same kind are worth as much as the set itself
    assert abs(halves.gain_x) < 0.1 < halves.estimates["transfer"][0].value
    assert all("still falls" in warning for warning in halves.warnings)
    for run in halves.runs.values():
        assert len(run.bits_x_by_seed) == len(run.bits_y_by_seed) == halves.n_seeds == 2
        assert run.bits_x == pytest.approx(np.mean(run.bits_x_by_seed))
        assert len(set(run.bits_x_by_seed)) == 2
        assert [point.step for point in run.curve] == [run.steps * part // 5 for part in range(1, 6)]
        assert run.curve[0].bits_x > run.curve[-1].bits_x


@pytest.mark.slow
def test_a_model_predicts_its_training_data_best() -> None:
    gain = transfer_gain(CATS, DIGITS, steps=STEPS, controls=False, n_seeds=1, **SMALL)
    x, y, both = (gain.runs[name] for name in ("x", "y", "both"))
    assert x.bits_x < both.bits_x < y.bits_x
    assert y.bits_y < both.bits_y < x.bits_y
    assert gain.gain_x < 0
    assert set(gain.runs) == {"x", "y", "both"}
    assert set(gain.estimates) == {"both"}


def test_estimates_are_differences_of_losses(halves: TransferGain) -> None:
    runs = halves.runs
    compared = {"both": ("x", "both"), "random": ("x", "x_random"), "double_compute": ("x_double", "double_compute")}
    for name, (before, after) in compared.items():
        estimate = halves.estimates[name][0]
        assert estimate.value == pytest.approx(runs[before].bits_x - runs[after].bits_x)
        assert estimate.low < estimate.value < estimate.high
    assert halves.estimates["transfer"][1].value == pytest.approx(runs["y_permuted"].bits_y - runs["both"].bits_y)
    assert {name: run.steps for name, run in runs.items() if run.steps != STEPS} == dict.fromkeys(
        ("x_double", "y_double", "double_compute"), 2 * STEPS
    )
    assert halves.passes[0] == pytest.approx(STEPS * 8 * 32 / halves.sizes[0])


def test_the_result_is_a_document_a_frame_and_tables(halves: TransferGain) -> None:
    found = json.loads(json.dumps(halves.to_dict(), allow_nan=False))
    assert found["runs"]["x"]["bits_x"] == halves.runs["x"].bits_x
    assert found["gain_x"] == found["estimates"]["both"][0]["value"]
    assert found["passes"] == list(halves.passes)
    assert [tuple(row) for row in halves.records()] == [("estimate", "set", "value", "low", "high")] * 8
    assert halves.records()[1]["value"] == halves.gain_y
    shown = str(halves)
    assert shown.count("X and Y with permuted bytes") == 1
    assert f"{halves.gain_x:+.4f}" in shown
    assert halves.fingerprint not in shown
    verbose = TransferGain.tables_of([halves, halves], verbose=True)
    assert [halves.fingerprint in table.footers for table in verbose] == [False, True] * 2
    warned = dataclasses.replace(halves, warnings=["overfitting"])
    assert "warning: overfitting" in str(warned)
    assert "<table>" in halves._repr_html_()


@pytest.mark.parametrize(
    "model",
    ["gru:20k", pytest.param("transformer:20k,context_length=16,n_grams=1,hash_bits=6", marks=pytest.mark.slow)],
)
def test_equal_seeds_give_equal_numbers(model: str) -> None:
    options = SMALL | {"model": model, "steps": 10, "controls": False, "n_seeds": 1}
    found = transfer_gain(CATS, DIGITS, **options)
    assert transfer_gain(CATS, DIGITS, **options) == found
    assert found.step_bytes == 8 * (16 if "context" in model else 32)
    other = transfer_gain(CATS, DIGITS, random_state=1, **options)
    assert other.runs["x"].bits_x != found.runs["x"].bits_x
    # the training on one set does not depend on the other set
    again = transfer_gain(CATS, CATS, **options).runs["x"]
    assert (again.training_bits, again.bits_x) == (found.runs["x"].training_bits, found.runs["x"].bits_x)


def test_documents_are_held_out_whole_and_equal_ones_together() -> None:
    documents = [b"document %d" % (n % 70) * 9 for n in range(400)]
    kept, held = _split(documents, "X", 0.2, b"\n", np.random.default_rng(0))
    learned, measured = kept.split(b"\n"), held.split(b"\n")
    assert sorted(learned + measured) == sorted(documents)
    assert not set(learned) & set(measured)
    assert 0.1 < len(held) / len(kept + held) < 0.3


def test_a_byte_permutation_changes_the_bytes_and_keeps_the_entropy() -> None:
    x, y = "".join(CATS).encode(), "".join(DIGITS).encode()
    permuted = _permuted(x, y)
    assert not set(permuted) & set(y)
    assert coder("order0").code_length(permuted) == pytest.approx(coder("order0").code_length(x))
    full = bytes(range(256)) * 4
    assert sorted(_permuted(full, x)) == sorted(full)


def test_the_end_of_a_long_string_is_held_out() -> None:
    text = "; ".join(CATS)
    kept, held = _split(text, "X", 0.25, b"\n", np.random.default_rng(0))
    assert (kept + held).decode() == text
    assert len(held) == len(text) // 4


def test_losses_that_mislead_are_warnings() -> None:
    def run(training: float, bits: float) -> TrainingRun:
        return TrainingRun(
            steps=9,
            training_bits=training,
            bits_x=bits,
            bits_y=bits,
            bits_x_by_seed=(bits,),
            bits_y_by_seed=(bits,),
            curve=(),
        )

    assert _warnings({"x": run(2, 2.1), "y": run(2, 2.1)}, 3) == []
    (overfitting,) = _warnings({"x": run(0.5, 4), "y": run(2, 2.1)}, 3)
    assert overfitting.startswith("overfitting on X alone")
    (seed,) = _warnings({"x": run(2, 2), "y": run(2, 2)}, 1)
    assert seed.startswith("one seed")
    done = {"x": run(2, 2), "y": run(2, 2), "y_double": run(2, 2)}
    (falls,) = _warnings(done | {"x_double": run(2, 1)}, 3)
    assert falls.startswith("the held-out loss on X still falls: twice the steps")
    assert _warnings(done | {"x_double": run(2, 2)}, 3) == []


@pytest.mark.slow
def test_overfitting_is_a_warning() -> None:
    noise = random.Random(0)
    few = ["".join(noise.choices("abcdefgh", k=40)) for _ in range(30)]
    options = SMALL | {"model": "gru:20k,n_grams=5,hash_bits=12", "controls": False, "n_seeds": 1}
    gain = transfer_gain(few, CATS, steps=150, **options)
    assert gain.passes[0] > 20
    warning, seed = gain.warnings
    assert warning.startswith("overfitting on X alone")
    assert seed.startswith("one seed")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"model": "rnn:9k"}, "no model"),
        ({"steps": 0}, "steps"),
        ({"batch_size": 7}, "even number"),
        ({"held_out": 1.0}, "fraction"),
        ({"held_out": float("nan")}, "fraction"),
        ({"held_out": "x"}, "fraction"),
        ({"steps": 10**30}, "steps"),
        ({"batch_size": 10**8}, "batch_size"),
        ({"sequence_length": 10**9}, "sequence_length"),
        ({"steps": 10**8, "batch_size": 2**16, "sequence_length": 2**20}, "batch_size times sequence_length"),
        ({"learning_rate": 1e30}, "learning_rate"),
        ({"n_resamples": 0}, "n_resamples"),
        ({"n_seeds": 0}, "n_seeds"),
        ({"device": "nonsense"}, "cannot be used"),
        ({"random_state": -1}, "random_state"),
    ],
)
def test_bad_parameters_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        transfer_gain(CATS, DIGITS, **(SMALL | wrong))


def test_too_little_data_is_refused() -> None:
    with pytest.raises(DataError, match="Y: too few bytes"):
        transfer_gain(CATS, ["the same thing"] * 300, **SMALL)
    with pytest.raises(DataError, match="X: too few bytes"):
        transfer_gain("short", CATS, **SMALL)
    with pytest.raises(DataError, match="not finite"):
        transfer_gain(CATS, DIGITS, steps=20, **(SMALL | {"learning_rate": 1e9}))


def test_without_torch_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingDependencyError, match=r"needs torch.*pip install '\.\[neural\]"):
        transfer_gain(CATS, DIGITS, **SMALL)


@pytest.mark.slow
def test_torchrun_gives_the_numbers_of_one_process(tmp_path: Path) -> None:
    options = "model='gru:20k', steps=6, batch_size=8, sequence_length=32, n_seeds=1, controls=False, device='cpu'"
    program = tmp_path / "program.py"
    program.write_text(
        "import json, os, torch\nfrom kolmo import transfer_gain\ntorch.set_num_threads(1)\n"
        f"cats, digits = ({CATS!r}, {DIGITS!r})\n"
        f"found = transfer_gain(cats, digits, {options})\n"
        "if os.environ.get('RANK', '0') == '0':\n"
        f"    open({str(tmp_path / 'found')!r}, 'w').write(json.dumps(found.to_dict()))\n"
    )
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(program)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    alone = transfer_gain(CATS, DIGITS, steps=6, controls=False, n_seeds=1, **SMALL | {"learning_rate": 3e-3})
    found = json.loads((tmp_path / "found").read_text())
    assert found["runs"]["both"]["bits_x"] == pytest.approx(alone.runs["both"].bits_x, rel=0.05)


@pytest.mark.realdata
@pytest.mark.slow
def test_prose_gains_more_from_news_than_from_dna(data_dir: Path) -> None:
    size = 150_000
    prose = (data_dir / "corpora/silesia/dickens").read_bytes()[:size]
    others = [data_dir / "text/ag_news/train10k.tsv", data_dir / "dna/ecoli/ecoli_k12_acgt"]
    options: dict[str, Any] = {"model": "gru:20k", "steps": 60, "controls": False, "n_seeds": 2, "device": "cpu"}
    news, dna = (transfer_gain(prose, path.read_bytes()[:size], **options) for path in others)
    assert news.estimates["both"][0].low > dna.estimates["both"][0].high
    assert dna.gain_x < 0
    assert news.runs["y"].bits_x < dna.runs["y"].bits_x - 2
