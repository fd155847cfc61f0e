"""``kolmo joint``, a group whose default command is ``gain``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest

from kolmo.cli.joint import group
from kolmo.cli.trees import tree

COMMANDS = [*(group.command.get_command(click.Context(group.command), name) for name in group.COMMANDS), tree.command]


def test_two_sets_without_a_command_are_measured_by_gain(kolmo: Any, files: list[str]) -> None:
    expected = kolmo("joint", "gain", *files[:2], "-c", "ngram", "--json").stdout
    for arguments in (
        (*files[:2], "-c", "ngram", "--json"),
        ("-c", "ngram", *files[:2], "--json"),
        ("--json", "-c", "ngram", "--", *files[:2]),
    ):
        assert kolmo("joint", *arguments).stdout == expected


def test_a_file_with_the_name_of_a_command_is_reached_by_its_path(
    kolmo: Any, refused: Any, files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(files[0]).parent)
    Path("cats.txt").rename("matrix")
    assert "matrix" in kolmo("joint", "./matrix", "dogs.txt", "-c", "order0").stdout
    assert "at least two data sets, got 1" in refused("joint", "matrix", "dogs.txt", code=2)


def test_what_to_use_for_more_sets_is_said(refused: Any, files: list[str]) -> None:
    assert "expected two data sets, got 3; for several sets use: kolmo joint matrix" in refused("joint", *files, code=2)
    assert "expected two data sets, got 1" in refused("joint", files[0], code=2)
    assert "did you mean 'growth'" in refused("joint", "grwoth", *files[:2], code=2)


def test_its_help_lists_the_commands(kolmo: Any) -> None:
    for arguments in (("joint",), ("joint", "-h"), ("joint", "--help")):
        shown = kolmo(*arguments).stdout
        for name, line in group.COMMANDS.items():
            assert name in shown
            assert line in " ".join(shown.split())
    for name in group.COMMANDS:
        assert f"kolmo joint {name}" in kolmo("joint", name, "-h").stdout


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: str(command.name))
def test_no_command_has_more_than_fourteen_options(command: click.Command) -> None:
    own = [each for each in command.params if isinstance(each, click.Option) and not getattr(each, "group", None)]
    assert len(own) <= 14


def test_the_names_of_commands_are_completed(start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("_KOLMO_COMPLETE", "bash_complete"), ("COMP_WORDS", "kolmo joint gro"), ("COMP_CWORD", "2")):
        monkeypatch.setenv(name, value)
    assert b"growth" in start().stdout
