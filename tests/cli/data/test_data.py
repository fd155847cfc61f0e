from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kolmo.data import describe, list_datasets


def test_every_data_set_is_listed(kolmo: Any) -> None:
    listed = json.loads(kolmo("data", "list", "--json").stdout)["data_sets"]
    assert [fact["name"] for fact in listed] == list_datasets()
    table = kolmo("data", "list").stdout
    assert all(name in table for name in list_datasets())
    assert kolmo("data").stdout == kolmo("data", "--help").stdout


def test_a_data_set_is_described_with_its_licence_and_hashes(kolmo: Any) -> None:
    facts = describe("r8")
    table = kolmo("data", "show", "R8").stdout
    for file in facts.files:
        assert file.url in table
        assert (file.sha256 or "hash not known") in table
    assert facts.licence in table
    assert facts.citation in table
    assert json.loads(kolmo("data", "show", "r8", "--json").stdout)["files"][0]["sha256"] == facts.files[0].sha256


def test_a_set_made_from_libraries_needs_no_fetching(kolmo: Any) -> None:
    run = kolmo("data", "fetch", "digits")
    assert run.stdout == ""
    assert "nothing to fetch" in run.stderr
    assert json.loads(kolmo("data", "fetch", "digits", "--json").stdout)["files"] == []


@pytest.mark.parametrize("command", ["show", "fetch"])
def test_an_unknown_set_is_one_line(refused: Any, command: str) -> None:
    assert "did you mean 'ag_news'" in refused("data", command, "agnews2", code=2)


def test_a_file_of_another_content_is_refused(refused: Any) -> None:
    Path("data/r8").mkdir(parents=True)
    for name in ("train.txt", "test.txt"):
        Path("data/r8", name).write_text("earn\tshort text\n")
    assert "train.txt" in refused("data", "fetch", "r8", "--data-dir", "data", code=1)


@pytest.mark.realdata
def test_a_local_set_is_found_and_checked(kolmo: Any, data_dir: Path) -> None:
    paths = kolmo("data", "fetch", "r8", "--data-dir", data_dir).stdout.splitlines()
    assert [Path(path).name for path in paths] == ["train.txt", "test.txt"]
    assert all(Path(path).is_file() for path in paths)
