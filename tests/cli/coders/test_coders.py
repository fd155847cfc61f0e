from __future__ import annotations

import json
from typing import Any

import pytest

from kolmo import coder, list_coders


def test_every_coder_is_listed_with_what_it_can_do(kolmo: Any) -> None:
    facts = {fact["name"]: fact for fact in json.loads(kolmo("coders", "--json").stdout)["coders"]}
    assert list(facts) == list_coders()
    assert facts["gzip"]["overhead_bits"] == coder("gzip").overhead_bits
    assert facts["deflate"]["fingerprint"] == coder("deflate").fingerprint
    assert facts["deflate"]["window"] == 2**15
    assert facts["deflate"]["priming"] == "native"
    assert coder(facts["zstd"]["config"]) == coder("zstd")
    table = kolmo("coders").stdout
    rows = [line.partition(" ")[0] for line in table.splitlines()]
    assert [name for name in list_coders() if name not in rows] == ["neural", "hf"]
    assert "Needs a parameter: neural; " in table


def test_a_coder_that_is_not_installed_is_listed_with_the_line_that_installs_it(
    kolmo: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import importlib
    import sys

    for loaded in [key for key in sys.modules if key.partition(".")[0] == "pyppmd"]:
        monkeypatch.delitem(sys.modules, loaded)
    monkeypatch.setitem(sys.modules, "pyppmd", None)
    # the package keeps the module that other tests have imported
    monkeypatch.setattr("kolmo.coders.library.ppmd", importlib.import_module("kolmo.coders.library.ppmd"))
    monkeypatch.delitem(sys.modules, "kolmo.coders.library.ppmd")
    table = kolmo("coders").stdout
    assert "Not installed: ppmd" in table
    assert "pip install '.[ppmd]'" in table


def test_kernels_are_compiled_on_purpose_with_their_times(kolmo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kolmo.coders.warmup.warm_up", lambda: iter([("lz77", 1.25), ("mix", 10.0)]))
    compiled = json.loads(kolmo("coders", "--compile", "--json").stdout)["compiled"]
    assert compiled == [{"coder": "lz77", "seconds": 1.25}, {"coder": "mix", "seconds": 10.0}]
    rows = [line.split() for line in kolmo("coders", "--compile").stdout.splitlines()]
    assert ["coder", "seconds"] in rows
    assert ["mix", "10.00"] in rows
