"""Small models, trained once."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (extra neural)")

from kolmo.coders.neural.architecture.config import ModelConfig  # noqa: E402
from kolmo.coders.neural.training.loop import split_corpus, train  # noqa: E402
from kolmo.coders.neural.training.plan import TrainingPlan  # noqa: E402

torch.set_num_threads(1)  # models this small gain nothing from more, which wait for each other where cores are busy

TEXT = b"".join(b"the %d cats sat on the mat, and %d dogs lay on the rug; " % (n, n * n) for n in range(400))
MODELS = {
    "gru": "gru:20k,n_grams=2,hash_bits=6",
    "lstm": "lstm:20k",
    "rotary": "transformer:20k,context=32",
    "learned": "transformer:20k,context=32,positions=learned,mlp=gelu,n_grams=1,hash_bits=6",
}


@pytest.fixture(scope="session")
def text() -> bytes:
    """What the models are trained on."""
    return TEXT


@pytest.fixture(scope="session", params=MODELS.values(), ids=MODELS)
def model(request: pytest.FixtureRequest) -> str:
    """A small model of each kind."""
    return str(request.param)


@pytest.fixture(scope="session")
def folder(model: str, text: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, trained."""
    folder = tmp_path_factory.mktemp("model")
    plan = TrainingPlan(n_bytes=60_000, lanes=8, length=32, intervals=3)
    train(ModelConfig.parse(model), plan, *split_corpus(text), folder, device=torch.device("cpu"))
    return folder
