from __future__ import annotations

import json
from typing import Any

import pytest

from kolmo.complexity import all_string_lengths, block_complexity, lambda_terms, local_complexity, string_randomness


def test_each_command_prints_what_python_computes(kolmo: Any) -> None:
    strings = ("111111111111", "100110101110")

    def results(*arguments: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(kolmo("complexity", *arguments, "--json").stdout)["results"]
        return found

    assert results("randomness", *strings, "--prior", 0.2) == [
        string_randomness(each, prior=0.2).to_dict() for each in strings
    ]
    assert results("blocks", "001" * 15, "--block", 6) == [block_complexity("001" * 15, block=6).to_dict()]
    assert results("counting", 4, "-c", "gzip") == [each.to_dict() for each in all_string_lengths(4, coders=["gzip"])]
    assert results("terms", 14, "--programs") == [each.to_dict() for each in lambda_terms(14, programs=True)]
    local = json.loads(kolmo("complexity", "local", "0000001101", "--window", 4, "--json").stdout)
    assert local["complexity_bits"] == local_complexity("0000001101", window=4).tolist()
    table = kolmo("complexity", "local", "012012", "--window", 4, "--alphabet", 3).stdout
    assert "1201" in table
    assert "any coder" in kolmo("complexity", "counting", 3, "-c", "gzip").stdout


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["randomness", "01" * 7], 1, "at most 12 symbols"),
        (["randomness", ""], 1, "empty"),
        (["randomness", "01", "--prior", "2"], 2, "prior"),
        (["randomness", "012", "--alphabet", "2"], 1, "also has"),
        (["blocks", "xyz"], 1, "expected at most 9 symbols"),
        (["blocks", "01", "--block", "13"], 2, "13"),
        (["blocks", "01", "--alphabet", "runes"], 1, "alphabet"),
        (["local", "01", "--window", "6"], 1, "at most the string's 2 symbols"),
        (["counting", "15"], 2, "15"),
        (["terms", "41"], 2, "41"),
        (["term"], 2, "did you mean 'terms'?"),
        (["zzz"], 2, "known: randomness"),
    ],
)
def test_wrong_arguments_end_with_one_line(refused: Any, arguments: list[str], code: int, message: str) -> None:
    assert message in refused("complexity", *arguments, code=code)
