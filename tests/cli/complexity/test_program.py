from __future__ import annotations

import json
from typing import Any


def test_programs_of_strings(kolmo: Any) -> None:
    found = json.loads(
        kolmo("program", "001" * 15, "0110", "--effort", "0.01", "--exhaustive-bits", "24", "--json").stdout
    )
    first, second = found["results"]
    assert (first["bits"], first["program"], first["interval"]) == (22, '"001"*15', [22, 22])
    assert second["bits"] == second["literal_bits"] == 12
    table = kolmo("program", "--hex", "03070b0f13171b1f", "--effort", "0.01", "-v").stdout
    assert "range(3, 4, 8)" in table
    assert "decoder takes" in table


def test_wrong_strings_end_with_one_line(kolmo: Any, refused: Any) -> None:
    for arguments in ([""], ["012", "--alphabet", "bits"], ["01", "--alphabet", "runes"], ["--hex", "0"]):
        assert "expected" in refused(
            "program", *arguments, "--effort", "0", code=2 if "runes" in arguments or "--hex" in arguments else 1
        )
    assert "\x1b" not in kolmo("program", "\x1b[31m", "--effort", "0").stdout


def test_options_out_of_reach_end_with_one_line(refused: Any) -> None:
    assert "alphabet: expected" in refused("program", "01", "--alphabet", "9" * 5000, "--effort", "0", code=2)
    assert "finite" in refused("program", "01", "--effort", "nan", code=2)
    assert "context: expected" in refused("program", "01", "--context", "abc", "--effort", "0", code=1)
    assert "context: expected" in refused("program", "01", "--context", "", "--effort", "0", code=1)


def test_a_program_as_text_is_run(kolmo: Any, refused: Any) -> None:
    assert kolmo("program", "--run", '"001"*15').stdout == "001" * 15 + "\n"
    assert kolmo("program", "--run", "--hex", "range(3, 4, 5)").stdout == "03070b0f13\n"
    assert kolmo("program", "--run", '"01"*3000').stdout == "01" * 3000 + "\n"
    found = json.loads(kolmo("program", "--run", "copy(1, 4)", "--context", "0110", "--json").stdout)
    assert found["results"] == [{"program": "copy(1, 4)", "printed": "1100"}]
    for text in ("import os", "__import__('os')", "", '"0"*99999999999', "range(1, 2, 3)"):
        assert "expected" in refused("program", "--run", text, code=2)
