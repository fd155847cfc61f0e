"""Data sets for the commands that compare them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    texts = {
        "cats.txt": "".join(f"the cat {n} sat on mat {n * n}; " for n in range(80)),
        "dogs.txt": "".join(f"the dog {n} sat on mat {n * n}; " for n in range(80)),
        "code.py": "".join(f"def f{n}(x):\n    return x ** {n}\n" for n in range(80)),
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    return [str(tmp_path / name) for name in texts]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    image = pytest.importorskip("PIL.Image", reason="the extra image is not installed")
    random = np.random.default_rng(0)
    (tmp_path / "pictures").mkdir()
    for name in "abcd":
        grey = np.full((64, 128), 40 * ord(name) % 256, np.uint8) + random.integers(0, 4, (64, 128), np.uint8)
        image.fromarray(grey).save(tmp_path / "pictures" / f"{name}.png")
    return tmp_path / "pictures"
