"""Small models, trained once; torch is imported by the fixtures, so that collection does not load it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

TEXT = b"".join(b"the %d cats sat on the mat, and %d dogs lay on the rug; " % (n, n * n) for n in range(400))
MODELS = {
    "gru": "gru:20k,n_grams=2,hash_bits=6",
    "lstm": "lstm:20k",
    "rotary": "transformer:20k,context_length=32",
    "learned": "transformer:20k,context_length=32,positions=learned,mlp=gelu,n_grams=1,hash_bits=6",
}


@pytest.fixture(scope="session")
def torch() -> Any:
    """Torch on one thread: models this small gain nothing from more."""
    module = pytest.importorskip("torch", reason="torch is not installed (extra neural)")
    module.set_num_threads(1)
    return module


@pytest.fixture(scope="session", autouse=True)
def torch_on_one_thread(torch: Any) -> None:
    """Skip all tests of this folder if torch is not installed."""


@pytest.fixture(scope="session")
def text() -> bytes:
    """The corpus that the models are trained on."""
    return TEXT


@pytest.fixture(scope="session")
def folder_of(text: bytes, torch: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return the folder of a trained model by name; each is trained once."""
    from kolmo.coders.neural.architecture.config import ModelConfig
    from kolmo.coders.neural.training.loop import split_corpus, train
    from kolmo.coders.neural.training.plan import TrainingPlan

    trained: dict[str, Path] = {}

    def find(name: str) -> Path:
        if name not in trained:
            folder = tmp_path_factory.mktemp(name)
            plan = TrainingPlan(n_bytes=60_000, batch_size=8, sequence_length=32, checkpoints=3)
            config = ModelConfig.parse(MODELS[name])
            train(config, plan, *split_corpus(text), folder, device=torch.device("cpu"))
            trained[name] = folder
        return trained[name]

    return find


@pytest.fixture(params=MODELS.values(), ids=MODELS)
def model(request: pytest.FixtureRequest) -> str:
    """The name of each small model."""
    return str(request.param)


@pytest.fixture(params=MODELS)
def every_folder(request: pytest.FixtureRequest, folder_of: Any) -> Path:
    """The folder of each trained model: for tests in which the architectures differ."""
    found: Path = folder_of(request.param)
    return found


@pytest.fixture(params=["gru", "rotary"])
def folder(request: pytest.FixtureRequest, folder_of: Any) -> Path:
    """The folder of a recurrent model and of a windowed one: the two code paths of inference."""
    found: Path = folder_of(request.param)
    return found


@pytest.fixture
def one_folder(folder_of: Any) -> Path:
    """The folder of one model, for tests that depend on no architecture."""
    found: Path = folder_of("gru")
    return found
