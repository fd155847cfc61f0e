"""Outputs of all commands: checked before the work, never an input, and complete or absent."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import click
import pytest

from kolmo._core.units import format_bits
from kolmo.cli import main
from kolmo.cli.options import Command
from kolmo.cli.output import CheckpointFile, ModelFolder, OutputFile, PictureFile, write_text

INPUTS = {
    "classify": ["one", "two"],
    "compress": ["one", "--context", "two"],
    "decompress": ["one", "--context", "two", "--model-dir", "folder"],
    "distance": ["one", "two", "folder"],
    "duplicates": ["one", "--ignore", "two"],
    "evaluate": ["model", "one"],
    "fit": ["one"],
    "joint gain": ["one", "two"],
    "joint growth": ["one", "two"],
    "joint matrix": ["one", "folder", "two"],
    "joint paired": ["one", "two"],
    "joint target": ["one", "two", "folder"],
    "joint transfer": ["one", "two"],
    "law emergence": ["one", "--metric", "text"],
    "law fit": ["one"],
    "law isoflop": ["one"],
    "law more": ["one"],
    "law optimum": ["one", "--budget", "1e20"],
    "law sweep": ["one", "two"],
    "law trend": ["one"],
    "leaks": ["one", "two"],
    "mislabelled": ["one"],
    "outliers": ["two", "--normal", "one"],
    "predict": ["model", "one"],
    "profile": ["one", "two"],
    "program": ["one"],
    "rates": ["one", "two", "folder"],
    "same-source": ["one", "two", "--texts", "folder"],
    "surprisal": ["one", "--context", "two"],
    "tree": ["one", "two", "folder", "three"],
}
"""Arguments of each command that has an output; `one`, `two` and `folder/inside` are inputs."""


def commands(group: click.Group, prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix}{name} ")
        elif command is not None:
            yield f"{prefix}{name}", command


COMMANDS = dict(commands(main))
OUTPUTS = [
    (name, parameter)
    for name, command in COMMANDS.items()
    for parameter in command.params
    if isinstance(parameter.type, OutputFile)
]
every_output = pytest.mark.parametrize(
    ("command", "parameter"), OUTPUTS, ids=[f"{name} {parameter.opts[-1]}" for name, parameter in OUTPUTS]
)


@pytest.fixture
def inputs() -> dict[Path, bytes]:
    """Make the input files; return their contents."""
    for folder in ("folder", "model"):
        Path(folder).mkdir()
    names = ("one", "two", "three", "folder/inside", "model/weights")
    for number, name in enumerate(names):
        Path(name).write_bytes(b"label,text\nx,some words %d\ny,other words\n" % number * 9)
    return {Path(name): Path(name).read_bytes() for name in names}


def ending(parameter: Any) -> str:
    return parameter.type.endings[0] if parameter.type.endings else ""


class TestEveryOutput:
    def test_every_command_with_an_output_is_here(self) -> None:
        assert {name for name, _ in OUTPUTS} == set(INPUTS)
        assert len(OUTPUTS) > 15

    def test_no_command_writes_otherwise(self) -> None:
        """Options that name an output are of the type that is checked, and their commands of the class that checks."""
        for name, command in COMMANDS.items():
            for parameter in command.params:
                if "--" in parameter.opts[-1] and (getattr(parameter, "help", "") or "").startswith(("Write", "Draw")):
                    is_folder = name == "train" or parameter.opts[-1] == "--force"
                    assert is_folder or isinstance(parameter.type, OutputFile), (name, parameter)
        for name, parameter in OUTPUTS:
            assert isinstance(COMMANDS[name], Command)
            has_force = any("--force" in each.opts for each in COMMANDS[name].params)
            assert has_force or isinstance(parameter.type, CheckpointFile)

    @every_output
    @pytest.mark.parametrize("source", ["one", "two", "folder/inside"])
    def test_an_input_is_never_written(
        self, refused: Any, inputs: dict[Path, bytes], command: str, parameter: Any, source: str
    ) -> None:
        if source.partition("/")[0] not in INPUTS[command]:
            source = "one"
        end = ending(parameter)
        os.symlink(source, f"symbolic{end}")
        os.symlink(f"symbolic{end}", f"chain{end}")
        os.link(source, f"hard{end}")
        os.symlink(os.path.abspath(os.path.dirname(source) or "."), "away")
        outputs = [f"symbolic{end}", f"./chain{end}", f"hard{end}", os.path.abspath(f"hard{end}")]
        if not end:
            outputs += [source, f"./{source}", f"away/{os.path.basename(source)}", f"folder/../{source}"]
        force = [] if isinstance(parameter.type, CheckpointFile) else ["--force"]
        for output in outputs:
            message = refused(*command.split(), *INPUTS[command], parameter.opts[-1], output, *force, code=2)
            assert "is also an input" in message
            assert parameter.opts[-1] in message
        assert {path: path.read_bytes() for path in inputs} == inputs

    @every_output
    def test_a_file_is_not_replaced_without_force(
        self, refused: Any, inputs: dict[Path, bytes], command: str, parameter: Any
    ) -> None:
        output = Path(f"precious{ending(parameter)}")
        output.write_bytes(b"the user's own notes")
        is_checkpoint = isinstance(parameter.type, CheckpointFile)
        message = refused(
            *command.split(), *INPUTS[command], parameter.opts[-1], output, code=1 if is_checkpoint else 2
        )
        assert ("expected a checkpoint of Kolmo" if is_checkpoint else "exists and was not changed") in message
        assert output.read_bytes() == b"the user's own notes"

    @every_output
    def test_places_that_cannot_be_written(
        self, refused: Any, inputs: dict[Path, bytes], command: str, parameter: Any
    ) -> None:
        end = ending(parameter)
        Path(f"directory{end}").mkdir()
        os.symlink(f"b{end}", f"a{end}")
        os.symlink(f"a{end}", f"b{end}")
        before = sorted(os.listdir())
        places = [
            (f"directory{end}", 2),
            (f"absent/x{end}", 2),
            (f"a{end}", 1),
            (f"one/x{end}", 1),
            (f"{'x' * 256}{end}", 1),
        ]
        if isinstance(parameter.type, ModelFolder):  # an empty folder is filled
            places = places[1:]
        for output, code in places:
            message = refused(*command.split(), *INPUTS[command], parameter.opts[-1], output, code=code)
            assert repr(output) in message
            assert sorted(os.listdir()) == before

    def test_two_outputs_are_two_files(self, refused: Any, inputs: dict[Path, bytes]) -> None:
        for name, command in COMMANDS.items():
            found = [each for each in command.params if isinstance(each.type, OutputFile)]
            pairs = [(one, two) for one in found for two in found if one is not two]
            for one, two in pairs:
                if ending(one) and ending(two) and ending(one) != ending(two):
                    continue
                output = f"out{ending(one) or ending(two)}"
                given = [one.opts[-1], output, two.opts[-1], os.path.abspath(output)]
                assert "name the same file" in refused(*name.split(), *INPUTS[name], *given, code=2)


def test_files_that_streams_name_are_inputs_too(inputs: dict[Path, bytes]) -> None:
    kolmo = f"{sys.executable} -m kolmo"
    for line in (
        "compress - -c zstd -o one -f < one",
        "compress one -c zstd -o /dev/stdin -f < one",
        "compress one -c zstd -o - >> one",
        "compress - -c zstd < one >> one",
        "compress one -c zstd -o /dev/fd/3 -f 3<> one",
        "distance - two -o one -f < one",
    ):
        run = subprocess.run(["bash", "-c", f"{kolmo} {line}"], capture_output=True, text=True, check=False)
        assert run.returncode == 2, line
        assert "is also an input" in run.stderr
        assert run.stderr.count("\n") == 1
        assert Path("one").read_bytes() == inputs[Path("one")]


def test_files_of_a_data_set_are_inputs_too(refused: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from kolmo.data.catalog import describe

    name = describe("r8").files[0].name
    Path("sets/r8").mkdir(parents=True)
    Path(f"sets/r8/{name}").write_bytes(b"x\ta b\ny\tc d\n")
    for options in (["--data-dir", "sets"], []):
        if not options:
            monkeypatch.setenv("KOLMO_DATA", "sets")
        message = refused("classify", "r8", "r8:test", *options, "-o", f"sets/r8/{name}", "--force", code=2)
        assert "is also an input" in message


def test_a_model_is_an_input_too(refused: Any, inputs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    neural = pytest.importorskip("kolmo.coders.neural.coder")
    monkeypatch.setattr(neural.NeuralCoder, "versions", lambda self: {})
    message = refused("distance", "one", "two", "-c", "neural:model=model", "-o", "model/weights", "--force", code=2)
    assert "is also an input" in message


def test_force_replaces_and_a_dash_in_a_folder_is_a_file(kolmo: Any, inputs: dict[Path, bytes]) -> None:
    Path("out.csv").write_text("old")
    os.chmod("out.csv", 0o640)
    kolmo("distance", "one", "two", "-o", "out.csv", "--force", "-c", "zstd")
    assert Path("out.csv").read_text().startswith(",one,two\n")
    assert stat.S_IMODE(os.stat("out.csv").st_mode) == 0o640
    kolmo("distance", "one", "two", "-o", "./-", "-c", "zstd")
    assert Path("-").read_text() == Path("out.csv").read_text()
    kolmo("tree", "one", "two", "three", "--newick", "./-", "-f", "-c", "zstd")
    assert Path("-").read_text().endswith(";\n")


def test_a_file_created_during_the_work_is_kept(refused: Any, inputs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from kolmo.joint import growth_curves
    from kolmo.show import plots

    real = growth_curves.gain_curve

    def slow(*arguments: Any, **options: Any) -> Any:
        Path("out.png").write_bytes(b"from elsewhere")
        return real(*arguments, **options)

    monkeypatch.setattr(growth_curves, "gain_curve", slow)
    assert plots
    for name in ("one", "two"):
        Path(name).write_bytes(os.urandom(3000))
    message = refused("joint", "growth", "one", "two", "-c", "zstd", "--plot", "out.png", code=1)
    assert "'out.png' exists and was not changed" in message
    assert Path("out.png").read_bytes() == b"from elsewhere"


def test_extras_and_formats_are_checked_before_the_work(
    refused: Any, inputs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, parameter in OUTPUTS:
        if parameter.type.endings:
            message = refused(*name.split(), *INPUTS[name], parameter.opts[-1], "x.foo", code=2)
            assert f"expected a file name ending in {' or '.join(parameter.type.endings)}, got 'x.foo'" in message
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for name, parameter in OUTPUTS:
        if isinstance(parameter.type, PictureFile):
            message = refused(*name.split(), *INPUTS[name], parameter.opts[-1], "x.png", code=1)
            assert "[plot]" in message


def test_two_processes_on_one_checkpoint(inputs: Any) -> None:
    for name in ("one", "two", "three"):
        Path(name).write_bytes(os.urandom(2000))
    program = [
        sys.executable,
        "-m",
        "kolmo",
        "joint",
        "matrix",
        "one",
        "two",
        "three",
        "-c",
        "zstd",
        "-j",
        "1",
        "--json",
    ]
    started = [
        subprocess.Popen([*program, "--checkpoint", "run", "--csv", f"{number}.csv"], stdout=subprocess.PIPE)
        for number in range(3)
    ]
    answers = [json.loads(process.communicate(timeout=120)[0])["matrices"] for process in started]
    assert [process.returncode for process in started] == [0, 0, 0]
    assert answers[0] == answers[1] == answers[2]
    assert Path("0.csv").read_bytes() == Path("1.csv").read_bytes() == Path("2.csv").read_bytes()
    subprocess.run([*program, "--checkpoint", "alone"], check=True, capture_output=True)
    counts = []
    for name in ("run", "alone"):
        with sqlite3.connect(name) as file:
            counts.append(file.execute("SELECT count(*) FROM runs").fetchone())
    assert counts[0] == counts[1] > (0,)


def writing(text: str):
    def write(file: IO[str]) -> None:
        file.write(text)

    return write


def test_a_file_appears_whole_with_the_permissions_of_any_new_file() -> None:
    write_text(Path("out.csv"), writing("a\udcff\n"))
    Path("other").write_text("")
    assert Path("out.csv").read_bytes() == b"a\xff\n"
    assert stat.S_IMODE(os.stat("out.csv").st_mode) == stat.S_IMODE(os.stat("other").st_mode)


def test_a_replaced_file_keeps_its_permissions_and_its_link() -> None:
    Path("real.csv").write_text("old")
    os.chmod("real.csv", 0o600)
    os.symlink("real.csv", "link.csv")
    write_text(Path("link.csv"), writing("new"))
    assert Path("real.csv").read_text() == "new"
    assert Path("link.csv").is_symlink()
    assert stat.S_IMODE(os.stat("real.csv").st_mode) == 0o600


def test_a_failure_leaves_the_old_file_and_nothing_else() -> None:
    Path("out.csv").write_text("old")

    def fail(file: IO[str]) -> None:
        file.write("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_text(Path("out.csv"), fail)
    assert Path("out.csv").read_text() == "old"
    assert os.listdir() == ["out.csv"]


def test_a_device_is_written_to_and_not_replaced() -> None:
    before = os.stat(os.devnull).st_mode
    write_text(Path(os.devnull), writing("gone"))
    assert os.stat(os.devnull).st_mode == before
    assert stat.S_ISCHR(before)


@pytest.mark.parametrize("output", ["-", ".", "nowhere/out.csv"])
def test_an_output_that_cannot_be_written_is_refused_before_any_work(refused: Any, topics: Any, output: str) -> None:
    assert "--output" in refused("classify", *topics, "-o", output, code=2)


def test_bits_are_whole_unless_the_coder_says_otherwise() -> None:
    assert (format_bits(1234567.0), format_bits(12.34)) == ("1,234,567", "12.3")
