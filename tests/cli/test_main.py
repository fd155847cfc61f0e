from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import click
import pytest

from kolmo import __version__, list_coders
from kolmo.cli import COMMANDS, SECTIONS, main
from kolmo.cli.options import OUTPUT, READING, SharedOption

MOST_OPTIONS = 14
HEAVY = {"numpy", "sklearn", "scipy", "torch", "numba", "matplotlib", "pandas", "pyarrow", "joblib", "rich"}


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], [], ["--version"], ["length", "--help"], ["data", "-h"]])
def test_help_loads_no_heavy_library(arguments: list[str]) -> None:
    program = (
        "import json, sys\nfrom kolmo.cli import main\n"
        f"try: main({arguments!r})\nexcept SystemExit as end: assert not end.code\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not set(json.loads(run.stdout.splitlines()[-1])) & HEAVY


def test_help_names_every_command_and_each_helps(kolmo: Any) -> None:
    listing = kolmo("--help").stdout
    assert kolmo().stdout == listing
    for command, (_, line) in COMMANDS.items():
        assert command in listing
        assert line.split()[0] in listing
        for flag in ("-h", "--help"):
            assert kolmo(command, flag).stdout.startswith(f"Usage: kolmo {command}")


def test_help_groups_the_commands_by_purpose(kolmo: Any) -> None:
    lines = kolmo("--help").stdout.splitlines()
    for heading, section in SECTIONS.items():
        start = lines.index(f"{heading}:")
        listed = [line.split()[0] for line in lines[start + 1 : start + 1 + len(section)]]
        assert listed == list(section)


def all_commands() -> Iterator[tuple[str, click.Command]]:
    """Yield every command and subcommand with its path."""
    context = click.Context(main)
    waiting = [(name, main.get_command(context, name)) for name in COMMANDS]
    while waiting:
        path, command = waiting.pop()
        assert command is not None
        yield path, command
        if isinstance(command, click.Group):
            names = command.list_commands(context)
            waiting += [(f"{path} {name}", command.get_command(context, name)) for name in names]


def test_no_command_has_more_options_than_a_person_reads() -> None:
    for path, command in all_commands():
        own = [each for each in command.params if isinstance(each, click.Option) and not isinstance(each, SharedOption)]
        assert len(own) <= MOST_OPTIONS, f"{path} has {len(own)} options: {[each.opts[-1] for each in own]}"


def test_shared_options_stand_under_their_heading(kolmo: Any) -> None:
    for path, command in all_commands():
        for heading in (READING, OUTPUT):
            shared = [each for each in command.params if isinstance(each, SharedOption) and each.group == heading]
            if shared:
                before, _, after = kolmo(*path.split(), "--help").stdout.partition(f"\n{heading}:\n")
                section = after.partition("\n\n")[0]
                for each in shared:
                    assert each.opts[-1] in section, f"{path} {each.opts[-1]}"
                    assert f"  {each.opts[-1]} " not in before


def completed(line: str, word: int) -> tuple[list[str], set[str]]:
    """Return what bash would offer for a word of a line, and the top-level modules loaded for it."""
    program = (
        "import json, sys\nfrom kolmo.cli import main\n"
        "try: main(prog_name='kolmo')\nexcept SystemExit as end: pass\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    asked = {"_KOLMO_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(word)}
    run = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | asked, capture_output=True, text=True, check=True
    )
    *offers, loaded = run.stdout.splitlines()
    return [offer.partition(",")[2] for offer in offers], set(json.loads(loaded))


def test_commands_options_and_coders_complete_without_heavy_libraries() -> None:
    for line, word, expected in [
        ("kolmo cla", 1, ["classify"]),
        ("kolmo com", 1, ["complexity", "compress", "completion"]),
        ("kolmo length file -c z", 4, [name for name in list_coders() if name.startswith("z")]),
        ("kolmo compress file --coder lz", 4, [name for name in list_coders() if name.startswith("lz")]),
        ("kolmo length --cont", 2, ["--context"]),
        ("kolmo data sh", 2, ["show"]),
        ("kolmo joint ma", 2, ["matrix"]),
        ("kolmo joint gain x y -c gzi", 6, ["gzip"]),
    ]:
        offers, loaded = completed(line, word)
        assert offers == expected
        assert not loaded & HEAVY


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script_names_the_command(kolmo: Any, shell: str) -> None:
    script = kolmo("completion", shell).stdout
    assert f"_KOLMO_COMPLETE={shell}_complete" in script
    assert "kolmo completion" in kolmo("--help").stdout


@pytest.mark.parametrize(
    "command",
    [
        ["surprisal", "absent", "--html", "nowhere/page.html"],
        ["surprisal", "absent", "--html", "page.txt"],
        ["rates", "absent", "--sizes", "a.gif"],
    ],
)
def test_an_output_that_cannot_be_written_is_refused_before_any_work(refused: Any, command: list[str]) -> None:
    assert command[-1] in refused(*command, code=2)


def test_a_missing_extra_is_reported_before_any_work(refused: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert "pip install '.[plot]'" in refused("rates", "absent.txt", "--sizes", "a.png", code=1)
    monkeypatch.setitem(sys.modules, "soundfile", None)
    assert "pip install '.[audio]'" in refused("length", "absent.txt", "-c", "flac", code=1)


def test_version_is_that_of_the_package(kolmo: Any) -> None:
    for flag in ("-V", "--version"):
        assert kolmo(flag).stdout == f"kolmo, version {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["lenght"], "did you mean 'length'?"),
        (["xyzzy"], "known: demo, classify"),
        (["--nonsense"], "--nonsense"),
        (["length"], "Missing argument"),
        (["length", "--nonsense", "file"], "kolmo length --help"),
        (["data", "shw"], "show"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_two(refused: Any, arguments: list[str], message: str) -> None:
    assert message in refused(*arguments, code=2)
