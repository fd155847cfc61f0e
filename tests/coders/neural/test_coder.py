"""The coder `neural`: streams decode, stated lengths hold, damaged models and streams are refused."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from kolmo import CodeLengthClassifier, coder, gain_matrix, joint_gain
from kolmo.coders import mixture
from kolmo.coders.neural.coder import NeuralCoder
from kolmo.errors import DataError, DecodeError, KolmoError, ParameterError
from kolmo.testing import check_coder

DATA = b"the 7 cats sat on the rug, and 49 dogs, \x00\xff, lay on the mat; " * 6


def test_it_keeps_the_contract(one_folder: Path) -> None:
    check_coder(NeuralCoder(str(one_folder), piece=300), examples=2, large=False)


@pytest.mark.slow
def test_every_architecture_keeps_the_contract(every_folder: Path) -> None:
    check_coder(NeuralCoder(str(every_folder), piece=300), examples=4, large=False)


def test_the_model_predicts_text_like_its_corpus(every_folder: Path) -> None:
    like = b"the 77 cats sat on the mat, and 5929 dogs lay on the rug; " * 3
    assert NeuralCoder(str(every_folder)).code_length(like) < 4 * len(like) < coder("uniform").code_length(like)


@pytest.mark.parametrize(
    ("model", "stride", "piece"),
    [
        ("gru", None, 50),
        ("gru", None, 2**15),
        ("lstm", None, 50),
        ("learned", None, 2**15),
        ("rotary", None, 50),
        ("rotary", 1, 2**15),
        ("rotary", 31, 50),  # the largest stride: a window keeps nothing of the one before
    ],
)
def test_the_code_is_as_long_as_stated(folder_of: Any, model: str, stride: int | None, piece: int) -> None:
    neural = NeuralCoder(str(folder_of(model)), stride=stride, piece=piece)
    stream = neural.compress(DATA)
    assert neural.decompress(stream) == DATA
    stated = neural.code_length(DATA)
    assert abs(8 * len(stream) - stated) <= 0.001 * stated + 64


@pytest.mark.parametrize("model", ["gru", "learned"])
@pytest.mark.parametrize("data", [b"\r\n" * 400, bytes(range(128, 256)) * 4, "ÄÖß, 漢字\r\n".encode() * 40])
def test_the_code_of_bytes_that_training_did_not_contain_is_as_long_as_stated(
    folder_of: Any, model: str, data: bytes
) -> None:
    neural = NeuralCoder(str(folder_of(model)), piece=100)
    stated = neural.code_length(data)
    assert abs(8 * len(neural.compress(data)) - stated) <= 0.001 * stated + 64
    assert neural.surprisals(data).max() <= 24


def test_a_stride_beyond_the_context_length_is_the_largest_one(folder_of: Any) -> None:
    folder = str(folder_of("rotary"))
    beyond, largest = (NeuralCoder(folder, stride=stride).surprisals(DATA) for stride in (4000, 31))
    np.testing.assert_array_equal(beyond, largest)


@pytest.mark.parametrize(
    ("model", "stride"),
    [("gru", None), ("lstm", None), ("learned", None), ("rotary", None), ("rotary", 3), ("rotary", 31)],
)
def test_surprisals_do_not_depend_on_the_sizes_of_reads(folder_of: Any, model: str, stride: int | None) -> None:
    neural = NeuralCoder(str(folder_of(model)), stride=stride)
    cursor, parts, place = neural.cursor(), [], 0
    for size in (1, 3, 40, 1, 0, 90, 31, 32, 33, 4, 5, 61):
        parts.append(cursor.surprisals(DATA[place : place + size]))
        place += size
    np.testing.assert_allclose(np.concatenate(parts), neural.surprisals(DATA)[:place], atol=1e-4)
    next_byte = cursor.distribution()
    assert next_byte.sum() == pytest.approx(1)
    assert -np.log2(next_byte[DATA[place]]) == pytest.approx(neural.surprisals(DATA)[place], abs=1e-4)


def test_a_batch_has_the_lengths_of_its_items(folder: Path, text: bytes) -> None:
    primed = NeuralCoder(str(folder), piece=60).prime(text[:500])
    items = [b"", DATA[:1], DATA, DATA[40:60], DATA[::-1]]
    np.testing.assert_allclose(primed._batch(items), [primed.code_length(item) for item in items], atol=1e-2)


def test_fine_tuning_on_a_context_shortens_its_repetition(folder: Path) -> None:
    unseen = bytes(np.random.default_rng(0).integers(97, 123, 2000, dtype=np.uint8)) * 2
    tuned = NeuralCoder(str(folder), passes=8)
    assert tuned.prime(b"zzzzyyyy" * 100).code_length(b"zzzzyyyy" * 10) < tuned.code_length(b"zzzzyyyy" * 10)
    primed = tuned.prime(unseen)
    assert primed.decompress(primed.compress(DATA)) == DATA


def test_fewer_bits_per_weight_make_a_smaller_model(folder: Path) -> None:
    sizes = [NeuralCoder(str(folder), bits=bits).model_bits for bits in (32, 8, 4)]
    assert sizes[0] == 32 * NeuralCoder(str(folder)).saved.config.n_parameters
    assert sizes[0] > 3 * sizes[1] > 3 * sizes[2]
    whole, rounded = (NeuralCoder(str(folder), bits=bits).code_length(DATA) for bits in (32, 8))
    assert abs(whole - rounded) < 0.05 * whole


def test_a_mixture_can_hold_it(folder: Path) -> None:
    mixed = mixture([NeuralCoder(str(folder)), "ngram"])
    own = min(NeuralCoder(str(folder)).surprisals(DATA).sum(), coder("ngram").surprisals(DATA).sum())
    assert mixed.surprisals(DATA).sum() <= own + 1.01
    assert mixed.decompress(mixed.compress(DATA[:60])) == DATA[:60]


def test_a_classifier_can_use_it(one_folder: Path) -> None:
    texts = [f"{animal} {n} " * 12 for n in range(6) for animal in ("the cats sat", "QXZ JKV WQX")]
    classifier = CodeLengthClassifier(NeuralCoder(str(one_folder), passes=4)).fit(texts, ["a", "b"] * 6)
    assert classifier.predict(["the cats sat 9 " * 8, "QXZ JKV WQX 9 " * 8]).tolist() == ["a", "b"]


def test_joint_gain_can_use_it(one_folder: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, 400, np.uint8).tobytes()
    tuned = f"neural:model={one_folder},passes=6"
    gain = joint_gain(DATA, DATA[:200], coder=tuned, n_permutations=2, n_resamples=2)
    assert gain == joint_gain(DATA, DATA[:200], coder=tuned, n_permutations=2, n_resamples=2, n_jobs=2)
    assert gain.joint_upper_bound <= gain.length_x + gain.length_y + 1
    assert gain.length_y_given_x == pytest.approx(coder(tuned).prime(DATA).code_length(DATA[:200]))
    assert gain.relative_gain > gain.random_gain
    shares = gain_matrix({"x": DATA, "y": DATA[:200], "noise": noise}, coder=tuned, n_permutations=0).relative_gain
    assert shares[0, 1] == pytest.approx(gain.relative_gain, abs=2e-3)
    assert shares[0, 1] > max(shares[0, 2], shares[1, 2])


def test_joint_gain_warns_of_a_model_without_fine_tuning(one_folder: Path, text: bytes) -> None:
    gain = joint_gain(text[:3000], text[3000:6000], coder=NeuralCoder(str(one_folder)), n_permutations=0, n_resamples=0)
    assert abs(gain.relative_gain) < 0.1
    assert any("passes=8" in doubt for doubt in gain.warnings)


def test_damaged_streams_are_refused(folder: Path) -> None:
    neural = NeuralCoder(str(folder))
    stream = neural.compress(DATA)
    for broken in (stream[:-1], stream[:20], stream[:7], stream + b"x", b"\xff" * 9 + stream):
        with pytest.raises(DecodeError):
            neural.decompress(broken)
    for place in range(2, len(stream), 17):
        flipped = bytearray(stream)
        flipped[place] ^= 4
        try:
            assert neural.decompress(bytes(flipped)) != DATA
        except DecodeError:
            continue


def test_a_stream_of_another_setting_is_refused(one_folder: Path) -> None:
    stream = NeuralCoder(str(one_folder)).compress(DATA)
    with pytest.raises(DecodeError, match="another model or setting"):
        NeuralCoder(str(one_folder), bits=8).decompress(stream)


def test_a_copy_of_the_folder_decodes_the_stream(one_folder: Path, tmp_path: Path) -> None:
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_bytes((one_folder / name).read_bytes())
    assert NeuralCoder(str(tmp_path)).decompress(NeuralCoder(str(one_folder)).compress(DATA)) == DATA


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("model.safetensors", lambda raw: raw[:-1000], "truncated"),
        ("model.safetensors", lambda raw: raw[:8] + b"[" + raw[9:], "safetensors"),
        ("model.safetensors", lambda raw: raw[:-4] + b"\x00\x00\xc0\x7f", "not finite"),
        ("model.safetensors", lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]), "not the file that"),
        ("config.json", lambda raw: raw[:50], "not the configuration"),
        ("config.json", lambda raw: raw.replace(b'"format": 1', b'"format": 2'), r"expected format 1 .* got format 2"),
        ("config.json", lambda raw: json.dumps(json.loads(raw) | {"model": {"architecture": "x"}}).encode(), "damaged"),
        ("config.json", lambda raw: json.dumps(json.loads(raw) | {"model": 3}).encode(), "damaged"),
        ("config.json", lambda raw: b"[" * 100_000, "not the configuration"),
    ],
)
def test_damaged_models_are_refused(one_folder: Path, tmp_path: Path, name: str, change, message: str) -> None:  # type: ignore[no-untyped-def]
    for file in ("config.json", "model.safetensors"):
        raw = (one_folder / file).read_bytes()
        (tmp_path / file).write_bytes(change(raw) if file == name else raw)
    with pytest.raises(DataError, match=message):
        NeuralCoder(str(tmp_path)).code_length(b"abc")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_damage_to_a_model_folder_is_refused_or_harmless(
    one_folder: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """A changed folder gives an error in one line, or the lengths of the original, and never another length."""
    folder = tmp_path_factory.mktemp("damaged")
    files = {name: bytearray((one_folder / name).read_bytes()) for name in ("config.json", "model.safetensors")}
    kind = data.draw(st.sampled_from(["flip", "flip", "cut", "field"]))
    name = data.draw(st.sampled_from(sorted(files)))
    if kind == "field":
        values = json.loads(files["config.json"])
        place = values if data.draw(st.booleans()) else values["model"]
        place[data.draw(st.sampled_from(sorted(place)))] = data.draw(JSON)
        files["config.json"] = bytearray(json.dumps(values).encode())
    elif kind == "cut":
        del files[name][data.draw(st.integers(0, len(files[name]) - 1)) :]
    else:
        files[name][data.draw(st.integers(0, len(files[name]) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    for each, raw in files.items():
        (folder / each).write_bytes(raw)
    try:
        length = NeuralCoder(str(folder)).code_length(b"abc")
    except KolmoError as error:
        assert "\n" not in str(error)  # noqa: PT017
    else:
        assert length == NeuralCoder(str(one_folder)).code_length(b"abc")
    shutil.rmtree(folder)


def test_weights_of_equal_size_and_time_are_noticed(one_folder: Path, tmp_path: Path) -> None:
    """A loaded model is not used for weights that were damaged later, even if their time was set back."""
    folder = tmp_path / "model"
    shutil.copytree(one_folder, folder)
    NeuralCoder(str(folder)).code_length(b"abc")
    weights = folder / "model.safetensors"
    found = weights.stat()
    raw = bytearray(weights.read_bytes())
    raw[-3] ^= 64
    weights.write_bytes(raw)
    os.utime(weights, ns=(found.st_atime_ns, found.st_mtime_ns))
    with pytest.raises(DataError, match="is not the file that config"):
        NeuralCoder(str(folder)).code_length(b"abc")


def test_weights_that_are_too_large_are_refused(one_folder: Path, tmp_path: Path) -> None:
    """All digests are right, as a forger would write them."""
    from safetensors.torch import load_file

    from kolmo.coders.neural.folder import load_language_model, save_model

    model, saved = load_language_model(one_folder)
    for name, weight in load_file(one_folder / "model.safetensors").items():
        for factor in (1e30, -3e38):
            changed = {key: value.clone() for key, value in model.state_dict().items()}
            changed[name] = weight * factor
            broken = saved.config.build()
            broken.load_state_dict(changed)
            save_model(tmp_path, broken, saved.config, saved.training)
            neural = NeuralCoder(str(tmp_path))
            for call in (neural.code_length, neural.surprisals, neural.compress, neural.distribution):
                try:
                    result = call(b"abc")
                except DataError:
                    continue
                if not isinstance(result, bytes):
                    assert np.isfinite(result).all()
            with contextlib.suppress(DataError):
                assert np.isfinite(NeuralCoder(str(tmp_path), bits=4).code_length(b"abc"))


def test_weights_damaged_while_the_process_runs_are_not_used(one_folder: Path, tmp_path: Path) -> None:
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_bytes((one_folder / name).read_bytes())
    neural = NeuralCoder(str(tmp_path))
    neural.code_length(b"abc")
    raw = bytearray((tmp_path / "model.safetensors").read_bytes())
    raw[-2] ^= 1
    (tmp_path / "model.safetensors").write_bytes(raw)
    with pytest.raises(DataError, match="not the file that"):
        neural.code_length(b"abd")


def test_parameters_are_checked() -> None:
    for wrong in ({}, {"bits": 16}, {"stride": 0}, {"piece": 1}, {"passes": -1}):
        with pytest.raises(ParameterError):
            NeuralCoder(**({"model": "x"} | wrong if wrong else {}))
    with pytest.raises(DataError, match="kolmo train"):
        NeuralCoder("no-such-folder").code_length(b"abc")
    with pytest.raises(ParameterError, match="cannot be used"):
        NeuralCoder("no-such-folder", device="nonsense").compress(b"abc")


def test_a_model_that_was_replaced_is_read_again_by_every_method(folder_of: Any, tmp_path: Path) -> None:
    """A mixture once stated the hash of the new weights and coded with those before."""
    model = tmp_path / "model"
    shutil.copytree(folder_of("gru"), model)
    found = [NeuralCoder(str(model)), mixture([f"neural:model={model}", "ngram"])]
    before = [each.distribution(b"the ") for each in found]
    lengths = [each.cursor(b"the ").surprisals(DATA[:20]).sum() for each in found]
    shutil.rmtree(model)
    shutil.copytree(folder_of("rotary"), model)
    for each, old, length in zip(found, before, lengths, strict=True):
        assert not np.allclose(each.distribution(b"the "), old)
        assert each.cursor(b"the ").surprisals(DATA[:20]).sum() != length
        assert each.decompress(each.compress(b"the cats")) == b"the cats"
    shutil.rmtree(model)
    for each in found:
        with pytest.raises(DataError):
            each.distribution(b"the ")
