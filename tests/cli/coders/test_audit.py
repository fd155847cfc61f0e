"""``kolmo audit``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def quick_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The two kinds that take no time to read."""
    from kolmo.evaluation import samples

    for kind in ("text", "source"):
        monkeypatch.delitem(samples.KINDS, kind)


def test_a_table(kolmo: Any) -> None:
    shown = kolmo("audit", "-c", "gzip", "-c", "uniform", "-c", "gzip", "--largest", "1kB", "-j", "1").stdout
    assert "2 coders on records, dna, sound," in shown
    heading = next(line for line in shown.splitlines() if line.startswith("coder "))
    for column in (
        "tested to",
        "idempotent to",
        "detects copies to",
        "NCD(x,x)",
        "asymmetry",
        "monotone",
        "distributive",
        "subadditive",
    ):
        assert column in heading
    rows = {line.split()[0]: line for line in reversed(shown.splitlines()) if line.startswith(("gzip ", "uniform "))}
    assert "1 kB+" in rows["gzip"]
    assert "near-duplicates" in rows["gzip"]
    assert "code lengths only" in rows["uniform"]
    assert "largest pieces: records, dna, sound, random 1 kB" in shown
    assert "gzip:level=9 [zlib" not in shown
    verbose = kolmo("audit", "-c", "gzip", "--largest", "200", "-j", "1", "-v").stdout
    assert "gzip:level=9 [zlib" in verbose
    assert "Cilibrasi and Vitanyi" in verbose


def test_json(kolmo: Any) -> None:
    arguments = ("audit", "-c", "zstd", "--largest", "200B", "--seed", "5", "-j", "1", "--json")
    found = json.loads(kolmo(*arguments).stdout)
    assert set(found) == {"largest", "seconds", "axioms", "thresholds", "coders", "left_out", "citations"}
    (zstd,) = found["coders"]
    assert (zstd["coder"], zstd["sizes"], zstd["random_state"]) == ("zstd", [200], 5)
    assert zstd["idempotent"] == {"smallest": 200, "largest": 200, "fails_at": None}
    assert found["thresholds"]["idempotence_threshold"] == 0.1
    assert json.loads(kolmo(*arguments).stdout) == found


def test_all_leaves_out_what_needs_a_parameter(kolmo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from kolmo.coders import registry

    few = {name: registry._BUILT_IN[name] for name in ("deflate", "neural", "uniform")}
    monkeypatch.setattr(registry, "_BUILT_IN", few)
    monkeypatch.setattr(registry, "_plugins", dict)
    arguments = ("audit", "-c", "all", "--largest", "200", "-j", "1")
    found = json.loads(kolmo(*arguments, "--json").stdout)
    assert [each["coder"] for each in found["coders"]] == ["deflate", "uniform"]
    assert list(found["left_out"]) == ["neural"]
    assert "not tested: neural; " in kolmo(*arguments).stdout


def test_wrong_usage_is_told(refused: Any) -> None:
    assert "no coder named" in refused("audit", "-c", "gzipp", code=2)
    assert "expected a size" in refused("audit", "--largest", "x", code=2)
    assert "seconds" in refused("audit", "--seconds", "0", code=2)
    assert "from 16" in refused("audit", "-c", "uniform", "--largest", "3", "-j", "1", code=2)


def test_own_data_are_audited(kolmo: Any, refused: Any, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    (tmp_path / "mine.txt").write_bytes(random.integers(97, 123, 20_000, np.uint8).tobytes())
    (tmp_path / "short.txt").write_text("short")
    arguments = ("audit", tmp_path / "mine.txt", "-c", "deflate", "-c", "order0", "--largest", "2kB", "--json")
    found = json.loads(kolmo(*arguments).stdout)["coders"]
    assert {result["kind"] for each in found for result in each["results"]} == {"mine.txt"}
    assert "expected data that hold two pieces" in refused("audit", tmp_path / "short.txt", "-c", "zstd", code=1)


def test_own_data_that_are_too_short_are_named(kolmo: Any) -> None:
    Path("long").write_bytes(np.random.default_rng(0).integers(0, 256, 900, np.uint8).tobytes())
    Path("short").write_bytes(b"few")
    shown = kolmo("audit", "long", "short", "-c", "zlib", "--largest", "400", "-j", "1").stdout
    assert "gzip" not in shown
    assert "not tested: short; it holds 3 bytes, fewer than two pieces of 200" in shown
