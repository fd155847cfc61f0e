"""The coder `hf`: streams decode, stated lengths hold, damaged models and streams are refused."""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import kolmo
from kolmo import coder
from kolmo.coders.neural.huggingface import HuggingFaceCoder
from kolmo.coders.neural.inference.segments import cut
from kolmo.errors import DataError, DecodeError, KolmoError, MissingDependencyError, ParameterError
from kolmo.testing import check_coder

CONTEXT_LENGTH = 48
TOTAL = 2**24
CORPUS = [f"the {n} cats sat on the mat, and {n * n} dogs lay on the rug;\n" for n in range(300)]
TEXT = "the 7 cats sat on the rug, and 49 dogs, naïve ones, 猫も, lay on the mat;\n" * 4
LIGHT = settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module", autouse=True)
def libraries() -> None:
    """Skip without the libraries; they are imported here and in functions, so that collection does not load them."""
    for name in ("transformers", "tokenizers"):
        pytest.importorskip(name, reason=f"{name} is not installed (extra hf)")


def _byte_level() -> Any:
    import tokenizers

    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=["<s>", "</s>"],
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def _lossy() -> Any:
    """Return a tokenizer that converts to lower case, and has only the characters of the corpus."""
    import tokenizers

    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(unk_token="<unk>"))
    tokenizer.normalizer = tokenizers.normalizers.Lowercase()
    tokenizer.decoder = tokenizers.decoders.Fuse()
    trainer = tokenizers.trainers.BpeTrainer(vocab_size=120, special_tokens=["<unk>"], show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def _model(kind: str) -> Any:
    import torch
    import transformers

    torch.manual_seed(7)
    size = {"vocab_size": 310, "bos_token_id": None, "eos_token_id": None, "pad_token_id": None}
    if kind == "llama":
        shape = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
        config = transformers.LlamaConfig(
            **shape, **size, num_key_value_heads=2, max_position_embeddings=CONTEXT_LENGTH, initializer_range=0.3
        )
        return transformers.LlamaForCausalLM(config)
    shape = {"n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": CONTEXT_LENGTH, "initializer_range": 0.3}
    return transformers.GPT2LMHeadModel(transformers.GPT2Config(**shape, **size))


def _save(folder: Path, kind: str) -> Path:
    import transformers

    special = {"gpt2": {"eos_token": "</s>"}, "llama": {"bos_token": "<s>", "eos_token": "</s>"}}
    raw = _lossy() if kind == "lossy" else _byte_level()
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=raw, **special.get(kind, {}))
    tokenizer.save_pretrained(folder)
    _model(kind).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def folders(torch: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A GPT-2 with an end token only, a Llama, one without special tokens, and one with a lossy tokenizer."""
    parent = tmp_path_factory.mktemp("models")
    return {kind: _save(parent / kind, kind) for kind in ("gpt2", "llama", "bare", "lossy")}


@pytest.fixture(params=["gpt2", "llama", "bare"])
def folder(request: pytest.FixtureRequest, folders: dict[str, Path]) -> Path:
    """The folder of each model with a lossless tokenizer."""
    return folders[request.param]


def _plain_bits(folder: Path, text: str) -> tuple[list[int], np.ndarray]:
    """Return the tokens of a text and their surprisals, by one forward call of the library."""
    import torch
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder).float()
    tokens = tokenizer.encode(text, add_special_tokens=False)
    start = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id
    whole = torch.tensor([([] if start is None else [start]) + tokens])
    with torch.no_grad():
        logits = model(whole).logits[0, :-1, : len(tokenizer)].double()
    bits = -torch.log_softmax(logits, 1).gather(1, whole[0, 1:, None])[:, 0].numpy() / np.log(2)
    return tokens, bits if start is not None else np.append(np.log2(len(tokenizer)), bits)


@pytest.mark.slow
def test_it_keeps_the_contract(folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kolmo.coders.neural.inference.token_coding._BATCH_SIZE", 256)  # fewer steps
    check_coder(HuggingFaceCoder(str(folders["llama"]), piece=200), examples=1, large=False)


def test_the_length_is_that_of_one_forward_call(folder: Path) -> None:
    hf, text = HuggingFaceCoder(str(folder)), "the 7 cats sat, 猫"
    tokens, bits = _plain_bits(folder, text)
    assert 1 < len(tokens) < CONTEXT_LENGTH
    assert hf.code_length(text) == pytest.approx(8 * (4 + 2) + 2 + bits.sum(), abs=0.01)  # a stamp, no raw, n tokens
    sizes, own = hf.token_surprisals(text)
    assert len(sizes) == len(tokens)
    assert sizes.sum() == len(text.encode())
    np.testing.assert_allclose(own, -np.log2((1 + 2**-bits * (TOTAL - 300)) / TOTAL), atol=1e-3)


def test_the_first_token_is_charged(folder: Path, folders: dict[str, Path]) -> None:
    hf = HuggingFaceCoder(str(folder))
    sizes, bits = hf.token_surprisals("t")
    assert sizes.tolist() == [1]
    assert bits[0] == pytest.approx(hf.code_length("t") - hf.code_length("") - 2)
    assert bits[0] > 0.01
    if folder == folders["bare"]:
        assert bits[0] == pytest.approx(np.log2(300), abs=1e-3)


@pytest.mark.parametrize(
    ("kind", "stride", "context_length", "piece"),
    [
        ("gpt2", None, None, 40),
        ("gpt2", 7, 20, 2**13),
        ("llama", 1, 20, 2**13),
        ("llama", 4000, None, 40),  # the largest stride: a window keeps nothing of the one before
        ("bare", None, None, 40),
        ("bare", CONTEXT_LENGTH - 1, None, 2**13),
        ("bare", 1, 2, 100),  # the shortest window
    ],
)
def test_the_code_is_as_long_as_stated(
    folders: dict[str, Path], kind: str, stride: int | None, context_length: int | None, piece: int
) -> None:
    hf = HuggingFaceCoder(str(folders[kind]), stride=stride, context_length=context_length, piece=piece)
    for primed in (hf, hf.prime(TEXT)):
        stream, stated = primed.compress(TEXT[:150]), primed.code_length(TEXT[:150])
        assert primed.decompress(stream) == TEXT[:150].encode()
        assert abs(8 * len(stream) - stated) <= 0.001 * stated + 64


@pytest.mark.parametrize(("kind", "stride"), [("gpt2", None), ("llama", 1), ("bare", 1), ("bare", 30)])
def test_steps_predict_as_windows_do(folders: dict[str, Path], kind: str, stride: int | None) -> None:
    from kolmo.coders.neural.inference.token_inference import TokenState

    hf = HuggingFaceCoder(str(folders[kind]), stride=stride)
    inference = hf._inference(b"the cats")
    symbols = cut(hf._loaded().tokenizer, TEXT.encode()).symbols()[:150]
    (bits,) = inference.surprisals([symbols])
    batch = TokenState(inference, 2)
    for symbol, expected in zip(symbols, bits, strict=True):
        counts = batch.frequencies()
        assert (counts.sum(1) == TOTAL - 300).all()
        assert (1 + counts[1, symbol]) / TOTAL == pytest.approx(2**-expected, abs=3 / TOTAL, rel=1e-3)
        batch.step(np.array([symbol, symbol]))


def test_a_window_starts_with_the_end_of_the_one_before(folders: dict[str, Path], torch: Any) -> None:
    """A context length of 8 and a stride of 2: tokens 8 to 10 follow the start and tokens 3 to 7, and so on."""
    hf = HuggingFaceCoder(str(folders["llama"]), context_length=8, stride=2)
    loaded, found = hf._loaded(), hf.token_surprisals(TEXT)[1]
    tokens = cut(loaded.tokenizer, TEXT.encode()).symbols()
    for first, begin in ((8, 3), (9, 3), (10, 3), (11, 6)):
        inputs = torch.tensor([[loaded.start, *tokens[begin:first]]])
        with torch.no_grad():
            logits = loaded.model(inputs).logits[0, -1, :300].double()
        assert 2 ** -found[first] == pytest.approx(float(logits.softmax(0)[tokens[first]]), rel=1e-3, abs=1 / TOTAL)


def test_a_batch_has_the_lengths_of_its_items(folder: Path) -> None:
    primed = HuggingFaceCoder(str(folder), piece=60).prime(TEXT)
    items = [b"", TEXT.encode()[:1], TEXT.encode(), b"cats\xff\xfe" * 9, TEXT[::-1].encode()]
    np.testing.assert_allclose(primed._batch(items), [primed.code_length(item) for item in items], atol=1e-2)


def test_a_limit_on_the_logits_changes_no_length(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hf = HuggingFaceCoder(str(folder)).prime("the cats")
    before = hf.code_length(TEXT)
    monkeypatch.setattr("kolmo.coders.neural.inference.token_inference._LOGITS_AT_ONCE", 3000)
    assert hf.code_length(TEXT) == pytest.approx(before, abs=0.01)
    assert hf.decompress(hf.compress(TEXT)) == TEXT.encode()


@pytest.mark.parametrize("kind", ["gpt2", "lossy"])
def test_any_bytes_round_trip(folders: dict[str, Path], kind: str) -> None:
    hf = HuggingFaceCoder(str(folders[kind]))
    words = st.sampled_from([b"the cats sat on the mat", b"\xff", b"THE ", "ï猫".encode(), b"<unk>", b"</s>", b"\n"])

    @LIGHT
    @given(st.one_of(st.binary(max_size=60), st.text(max_size=40).map(str.encode), st.lists(words).map(b"".join)))
    def check(data: bytes) -> None:
        stream, stated = hf.compress(data), hf.code_length(data)
        assert hf.decompress(stream) == data
        assert abs(8 * len(stream) - stated) <= 0.001 * stated + 64
        sizes, bits = hf.token_surprisals(data)
        assert sizes.sum() == len(data)
        assert 0 < stated - bits.sum() <= 8 * (4 + 2 * (2 + len(data)))

    check()


def test_only_lost_bytes_are_raw(folders: dict[str, Path]) -> None:
    lossy = HuggingFaceCoder(str(folders["lossy"]))._loaded().tokenizer
    segments = cut(lossy, b"the 7 cats sat on the mat; Dogs lay on the rug, and \xf0 dogs lay on the mat")
    assert segments.raw == [b"D", b"\xf0"]
    assert lossy.text(segments.tokens[0]) == "the 7 cats sat on the mat; "
    whole = HuggingFaceCoder(str(folders["gpt2"]))._loaded().tokenizer
    assert cut(whole, TEXT.encode()).raw == []
    assert cut(whole, b"\xff short \xff").raw == [b"\xff short \xff"]


def test_the_end_of_a_context_counts(folders: dict[str, Path]) -> None:
    hf = HuggingFaceCoder(str(folders["llama"]))
    assert hf.prime(TEXT).code_length("cats") != hf.code_length("cats")
    assert hf.prime("x" * 500 + TEXT).code_length("cats") == hf.prime(TEXT).code_length("cats")


@pytest.mark.parametrize("dtype", ["bfloat16", "auto"])
def test_other_dtypes(folders: dict[str, Path], dtype: str) -> None:
    hf = HuggingFaceCoder(str(folders["llama"]), dtype=dtype)
    stream, stated = hf.compress(TEXT), hf.code_length(TEXT)
    assert hf.decompress(stream) == TEXT.encode()
    assert abs(8 * len(stream) - stated) <= hf.tags.tolerance * stated + 64
    assert stated == pytest.approx(hf.replace(dtype="float32").code_length(TEXT), rel=0.02)
    with pytest.raises(DecodeError, match="another model or setting"):
        hf.replace(dtype="float32").decompress(stream)


def test_model_bits_are_those_of_the_file(folders: dict[str, Path], tmp_path: Path, torch: Any) -> None:
    hf = HuggingFaceCoder(str(folders["llama"]))
    n_parameters = sum(weight.numel() for weight in hf._loaded().model.parameters())
    assert hf.model_bits == 32 * n_parameters
    shutil.copytree(folders["llama"], tmp_path, dirs_exist_ok=True)
    _model("llama").to(torch.bfloat16).save_pretrained(tmp_path)
    assert HuggingFaceCoder(str(tmp_path)).model_bits == 16 * n_parameters
    (tmp_path / "model.safetensors").unlink()
    _model("llama").save_pretrained(tmp_path, max_shard_size="50KB")
    sharded = HuggingFaceCoder(str(tmp_path))
    assert sharded.model_bits == 32 * n_parameters
    assert sharded.code_length(TEXT) == pytest.approx(hf.code_length(TEXT))


def test_a_copy_of_the_folder_decodes_the_stream(folders: dict[str, Path], tmp_path: Path) -> None:
    shutil.copytree(folders["gpt2"], tmp_path, dirs_exist_ok=True)
    stream = HuggingFaceCoder(str(folders["gpt2"])).compress(TEXT)
    assert HuggingFaceCoder(str(tmp_path)).decompress(stream) == TEXT.encode()
    with pytest.raises(DecodeError, match="another model or setting"):
        HuggingFaceCoder(str(folders["llama"])).decompress(stream)


def test_damaged_streams_are_refused(folders: dict[str, Path]) -> None:
    hf = HuggingFaceCoder(str(folders["llama"]))
    data = TEXT.encode()[:90] + b"\xff\xfe" + TEXT.encode()[:40]
    stream = hf.compress(data)
    for broken in (stream[:-1], stream[:20], stream[:7], stream[:4], stream + b"x", stream[:4] + b"\xff" * 9):
        with pytest.raises(DecodeError):
            hf.decompress(broken)
    for place in range(4, len(stream), 5):
        flipped = bytearray(stream)
        flipped[place] ^= 4
        try:
            assert hf.decompress(bytes(flipped)) != data
        except DecodeError:
            continue


def _pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def _truncated(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1000])


def _not_a_number(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-4] + b"\x00\x00\xc0\x7f")


def _no_head(folder: Path) -> None:
    model = _model("llama").model
    model.save_pretrained(folder)


def _looks_ahead(folder: Path) -> None:
    import transformers

    config = transformers.BertConfig(
        vocab_size=300, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64
    )
    transformers.BertForMaskedLM(config).save_pretrained(folder)


def _recurrent(folder: Path) -> None:
    import transformers

    config = transformers.MambaConfig(vocab_size=310, hidden_size=32, num_hidden_layers=1, state_size=8)
    transformers.MambaForCausalLM(config).save_pretrained(folder)


def _classifier(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "vit"}))


def _no_tokenizer(folder: Path) -> None:
    for path in folder.glob("tokenizer*"):
        path.unlink()


def _own_code(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    changed = config | {"model_type": "unheard-of", "auto_map": {"AutoModelForCausalLM": "code.Model"}}
    (folder / "config.json").write_text(json.dumps(changed))
    (folder / "code.py").write_text("raise SystemExit('code that came with a model was run')")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_pickled, "pickle"),
        (lambda folder: (folder / "model.safetensors").unlink(), "no model.safetensors"),
        (_truncated, "truncated or damaged"),
        (_not_a_number, "is not finite"),
        (_no_head, "lm_head"),
        (_looks_ahead, "not causal|are not those"),
        (_recurrent, "no key-value cache"),
        (_classifier, "no causal language model"),
        (_no_tokenizer, "tokenizer"),
        (_own_code, "needs code that Kolmo does not run"),
        (lambda folder: (folder / "config.json").unlink(), "no causal language model"),
    ],
)
def test_damaged_models_are_refused(folders: dict[str, Path], tmp_path: Path, damage: Any, message: str) -> None:
    shutil.copytree(folders["llama"], tmp_path, dirs_exist_ok=True)
    HuggingFaceCoder(str(tmp_path)).code_length("abc")  # a model that is already loaded does not hide the damage
    damage(tmp_path)
    with pytest.raises(DataError, match=message):
        HuggingFaceCoder(str(tmp_path)).code_length("abc")


def test_parameters_are_checked(folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in ({"dtype": "int8"}, {"stride": 0}, {"piece": 1}, {"context_length": 1}, {"device": 3}, {"model": ""}):
        with pytest.raises(ParameterError):
            HuggingFaceCoder(**({"model": "x"} | wrong))
    for revision in ("main", "a" * 39, "g" * 40, 7):
        with pytest.raises(ParameterError, match="40 hex"):
            HuggingFaceCoder("openai-community/gpt2", revision=revision)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="revision=HASH"):
        HuggingFaceCoder("openai-community/gpt2").code_length("abc")
    with pytest.raises(DataError, match="no folder"):
        HuggingFaceCoder("no-such-folder").compress("abc")
    with pytest.raises(ParameterError, match="cannot be used"):
        HuggingFaceCoder(str(folders["gpt2"]), device="nonsense").compress("abc")


def test_a_model_of_the_hub_is_read_from_its_folder(folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    from kolmo.coders.neural.pretrained import hub_folder

    def snapshot(name: str, revision: str, **_: Any) -> str:
        if name != "some/model":
            raise OSError("no connection")
        assert revision == "ab" * 20
        return str(folders["gpt2"])

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot)
    hub_folder.cache_clear()
    from_hub = coder(f"hf:model=some/model,revision={'ab' * 20}")
    assert from_hub.decompress(HuggingFaceCoder(str(folders["gpt2"])).compress(TEXT)) == TEXT.encode()
    with pytest.raises(DataError, match="no connection"):
        HuggingFaceCoder("other/model", revision="ab" * 20).code_length("abc")
    hub_folder.cache_clear()


def test_without_the_extra_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingDependencyError, match=r"pip install '\.\[hf\]'"):
        HuggingFaceCoder("no-such-folder").code_length("abc")


def test_the_stamp_of_a_stream_keeps_its_keys(folders: dict[str, Path]) -> None:
    """Streams start with a digest of these keys and values: they stay, whatever the parameters are called."""
    facts = HuggingFaceCoder(str(folders["bare"]), context_length=20, device="cpu")._environment()
    assert facts["coder"] == {"dtype": "float32", "stride": None, "context": 20, "piece": 8192}
    libraries = ["transformers", "tokenizers", "torch"]
    assert list(facts) == ["model", "coder", *libraries, "device", "threads", "lanes", "cpu"]
    assert (facts["threads"], facts["lanes"]) == (1, 64)


def test_a_file_is_read_with_the_model_that_has_the_recorded_hash(folders: dict[str, Path], tmp_path: Path) -> None:
    """The parameter `context_length` is not mistaken for a context that was read first."""
    hf = HuggingFaceCoder(str(folders["llama"]), context_length=20)
    packed = kolmo.compress(TEXT, coder=hf)
    with pytest.raises(DecodeError, match=f"model 'llama' of the coder 'hf', SHA-256 '{hf.model_digest}'.*--model-dir"):
        kolmo.decompress(packed)
    moved = tmp_path / "a" / "b" / "renamed"
    shutil.copytree(folders["llama"], moved)
    shutil.copytree(folders["gpt2"], tmp_path / "a" / "another")
    assert kolmo.decompress(packed, models=[tmp_path]) == TEXT.encode()
    config = json.loads((moved / "config.json").read_text())
    (moved / "config.json").write_text(json.dumps(config | {"rms_norm_eps": 1e-2}))
    with pytest.raises(DecodeError, match="it is not in"):
        kolmo.decompress(packed, models=[tmp_path])


def _set(name: str, **changes: Any) -> Any:
    def damage(folder: Path) -> None:
        values = json.loads((folder / name).read_text())
        (folder / name).write_text(json.dumps(values | changes))

    return damage


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_set("config.json", num_hidden_layers=10**9), "num_hidden_layers: expected at most"),
        (_set("config.json", num_attention_heads=10**9), "num_attention_heads: expected at most"),
        (_set("config.json", hidden_size=2**30), "describes a model of .* weights, and the files have"),
        (_set("config.json", vocab_size=2**31), "describes a model of .* weights, and the files have"),
        (_set("config.json", vocab_size=10**30), "vocab_size: expected at most"),
        (_set("config.json", model_type=[]), "model_type: expected text"),
        (_set("config.json", text_config={"n_layer": 10**9}), "n_layer: expected at most"),
        (_set("config.json", attn_implementation="some/kernel"), "attn_implementation: expected 'eager'"),
        (_set("config.json", quantization_config={"quant_method": "gptq"}), "needs code"),
        (_set("tokenizer_config.json", model_max_length="x"), "model_max_length: expected a number"),
        (_set("tokenizer_config.json", model_max_length=[]), "model_max_length: expected a number"),
        (_set("tokenizer_config.json", model_max_length={}), "model_max_length: expected a number"),
        (_set("tokenizer_config.json", eos_token=7), "eos_token: expected a token"),
        (_set("tokenizer_config.json", clean_up_tokenization_spaces="x"), "true or false"),
        (lambda folder: (folder / "tokenizer_config.json").write_text("[" * 10**5), "damaged"),
        (lambda folder: (folder / "adapter_config.json").write_text("{}"), "names another model"),
    ],
)
def test_folders_are_checked_before_a_model_is_built(
    folders: dict[str, Path], tmp_path: Path, damage: Any, message: str
) -> None:
    shutil.copytree(folders["llama"], tmp_path, dirs_exist_ok=True)
    damage(tmp_path)
    start = time.monotonic()
    with pytest.raises(DataError, match=message) as caught:
        HuggingFaceCoder(str(tmp_path)).code_length("abc")
    assert time.monotonic() - start < 5
    assert "\n" not in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


def _is_sound(hf: HuggingFaceCoder) -> bool:
    """Return whether the coder computes a finite length, or raises an error of one line."""
    try:
        return bool(np.isfinite(hf.code_length("the 7 cats sat" * 5)))
    except KolmoError as error:
        return "\n" not in str(error)


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json", "generation_config.json"])
@LIGHT
@given(data=st.data())
def test_any_value_of_any_field_is_read_or_refused(
    name: str, folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """A changed folder gives finite lengths, or an error of Kolmo in one line."""
    folder = tmp_path_factory.mktemp("fuzz")
    shutil.copytree(folders["bare"], folder, dirs_exist_ok=True)
    values = json.loads((folder / name).read_text())
    known = ["model_max_length", "padding_side", "n_inner", "rope_scaling", "layer_types", "bos_token_id"]
    key = data.draw(st.sampled_from([*values, *known]))
    (folder / name).write_text(json.dumps(values | {key: data.draw(JSON)}))
    assert _is_sound(HuggingFaceCoder(str(folder)))
    shutil.rmtree(folder)


@LIGHT
@given(data=st.data())
def test_a_flipped_bit_of_the_weights_gives_finite_lengths_or_an_error(
    folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("flipped")
    shutil.copytree(folders["llama"], folder, dirs_exist_ok=True)
    before = HuggingFaceCoder(str(folder)).model_digest
    raw = bytearray((folder / "model.safetensors").read_bytes())
    place = data.draw(st.integers(0, len(raw) - 1) | st.integers(0, 2000))
    raw[place] ^= 1 << data.draw(st.integers(0, 7))
    (folder / "model.safetensors").write_bytes(raw)
    flipped = HuggingFaceCoder(str(folder))
    assert _is_sound(flipped)
    assert HuggingFaceCoder.digest_of_model(folder) != before
    shutil.rmtree(folder)


@LIGHT
@given(data=st.data())
def test_scaled_weights_give_finite_lengths_or_an_error(
    folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    from safetensors.torch import load_file, save_file

    folder = tmp_path_factory.mktemp("scaled")
    shutil.copytree(folders["bare"], folder, dirs_exist_ok=True)
    tensors = load_file(folder / "model.safetensors")
    tensors[data.draw(st.sampled_from(sorted(tensors)))] *= data.draw(st.sampled_from([1e10, 1e20, 1e30, -1e38]))
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    assert _is_sound(HuggingFaceCoder(str(folder)))
    shutil.rmtree(folder)


def test_predictions_that_are_not_finite_are_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    shutil.copytree(folders["bare"], tmp_path, dirs_exist_ok=True)
    tensors = load_file(tmp_path / "model.safetensors")
    tensors["transformer.h.0.ln_1.weight"] *= 1e38
    save_file(tensors, tmp_path / "model.safetensors", {"format": "pt"})
    with pytest.raises(DataError, match="logits that are not finite"):
        HuggingFaceCoder(str(tmp_path)).code_length("abc")


def test_models_are_loaded_once(folders: dict[str, Path], torch: Any) -> None:
    from kolmo.coders.neural.pretrained import load

    assert load(folders["gpt2"], torch.device("cpu"), "float32") is HuggingFaceCoder(str(folders["gpt2"]))._loaded()
