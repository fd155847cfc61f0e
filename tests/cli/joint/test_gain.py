"""``kolmo joint gain``."""

from __future__ import annotations

import inspect
import json
import os
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kolmo import joint_gain
from kolmo.cli.joint.gain import command


def sound(path: Path, samples: bytes) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(samples)
    return path


def test_two_sets_with_controls(kolmo: Any, files: list[str]) -> None:
    found = json.loads(kolmo("joint", "gain", *files[:2], "-c", "ngram", "-c", "xz", "--json").stdout)
    assert [each["name"] for each in found["sets"]] == ["cats.txt", "dogs.txt"]
    for gain in found["gains"]:
        assert gain["self_gain"] > gain["relative_gain"] > max(gain["random_gain"], 0)
        assert gain["interval"][0] < gain["relative_gain"] < gain["interval"][1]
        bits_per_byte = found["sets"][0]["bits_per_byte"][gain["coder"]]
        assert bits_per_byte * gain["sizes"][0] == pytest.approx(gain["length_x"])
        assert gain["fingerprint"].startswith(gain["coder"])
    assert any("The similarity metric" in citation for citation in found["citations"])


def test_the_sets_stand_first(kolmo: Any, files: list[str]) -> None:
    lines = kolmo("joint", "gain", *files[:2], "-c", "ngram", "-c", "xz").stdout.splitlines()
    assert lines[0] == "Data sets"
    assert lines[2].split("  ")[-2:] == ["bits/byte (ngram)", "bits/byte (xz)"]
    assert lines[3].split()[:4] == ["X", "cats.txt", "text", "2,184"]
    assert "Joint coding gain" in lines
    assert any(line.startswith("gain in % of L(X)+L(Y): 50 = identical") for line in lines)
    assert "null = mean gain of X with Y under permutations of its byte values (8); excess = gain - null" in lines


def test_fingerprints_and_citations_are_verbose(kolmo: Any, files: list[str]) -> None:
    shown = kolmo("joint", *files[:2], "-c", "xz").stdout
    verbose = kolmo("joint", *files[:2], "-c", "xz", "-v").stdout
    assert verbose.startswith(shown)
    for words in ("xz:preset=6", "Politis and Romano"):
        assert words not in shown
        assert words in verbose


def test_wrong_usage_is_told(refused: Any, files: list[str], tmp_path: Path) -> None:
    assert "are the same file" in refused("joint", "gain", files[0], files[0], code=2)
    assert "no file" in refused("joint", "gain", files[0], tmp_path / "missing", code=1)
    (tmp_path / "empty").write_bytes(b"")
    assert "empty" in refused("joint", "gain", files[0], tmp_path / "empty", code=1)
    assert "No such option" in refused("joint", "gain", *files[:2], "--pairs", "3", code=2)
    assert "are the same" in refused("joint", "gain", *files[:2], "--null-set", files[1], code=2)
    null = ("--null-set", files[2], "--null", "cipher", "--permutations", "3")
    assert "--null-set without --null and --permutations" in refused("joint", "gain", *files[:2], *null, code=2)
    missing = tmp_path / "no folder" / "run"
    assert "no directory" in refused("joint", "gain", *files[:2], "--checkpoint", missing, code=2)


def test_one_file_under_two_names_is_refused(refused: Any, kolmo: Any, files: list[str], tmp_path: Path) -> None:
    cats, dogs = files[:2]
    (tmp_path / "symbolic").symlink_to(cats)
    os.link(cats, tmp_path / "hard")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "cats").write_text(Path(cats).read_text())
    for other in (tmp_path / "symbolic", tmp_path / "hard", os.path.relpath(cats)):
        told = refused("joint", "matrix", cats, dogs, other, code=2)
        assert f"'{cats}' and '{other}' are the same file or folder" in told
    folder = str(tmp_path / "folder")
    assert "are the same" in refused("joint", folder, f"{folder}/", code=2)
    assert "are the same" in refused("joint", "paired", cats, tmp_path / "hard", code=2)
    assert "warning: X and Y are identical" in kolmo("joint", cats, folder, "-c", "ngram").stdout
    found = json.loads(kolmo("joint", "matrix", cats, folder, dogs, "-c", "ngram", "--json").stdout)
    assert any("'cats.txt' and 'folder' are identical" in warning for warning in found["matrices"][0]["warnings"])


def test_broken_pictures_are_named(refused: Any, kolmo: Any, pictures: Path, tmp_path: Path) -> None:
    whole = (pictures / "a.png").read_bytes()
    (tmp_path / "half.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "words.png").write_text("no picture but words")
    for name in ("half.png", "words.png"):
        told = refused("joint", tmp_path / name, pictures, code=1)
        assert "picture" in told
        assert str(tmp_path / name) in told
    kolmo("joint", pictures, pictures / "a.png", "-c", "order0")
    (pictures / "c.png").write_bytes(whole[:200])
    assert str(pictures / "c.png") in refused("joint", pictures, tmp_path, code=1)


def test_a_sound_without_samples_is_named(refused: Any, tmp_path: Path) -> None:
    pytest.importorskip("soundfile", reason="the extra audio is not installed")
    silent = sound(tmp_path / "silent.wav", b"")
    good = sound(tmp_path / "good.wav", np.arange(5000, dtype="<i2").tobytes())
    told = refused("joint", silent, good, code=1)
    assert str(silent) in told
    assert "samples" in told
    (tmp_path / "cut.wav").write_bytes(good.read_bytes()[:20])
    assert str(tmp_path / "cut.wav") in refused("joint", good, tmp_path / "cut.wav", code=1)


def test_sets_of_very_different_sizes_are_measured_with_a_warning(kolmo: Any, files: list[str], tmp_path: Path) -> None:
    (tmp_path / "few").write_text("the cat 7 sat on mat 49; ")
    shown = kolmo("joint", files[0], tmp_path / "few", "-c", "xz").stdout
    assert "times as long as Y: the gain in % and its interval cannot exceed" in shown
    assert "times as long as 'few'" in kolmo("joint", "matrix", *files, tmp_path / "few", "-c", "xz").stdout


def test_files_of_folders_are_interleaved(kolmo: Any, tmp_path: Path) -> None:
    for folder, animal in (("x", "cat"), ("y", "dog")):
        (tmp_path / folder).mkdir()
        for number in range(5):
            (tmp_path / folder / f"{number}.txt").write_text(f"<{animal} {number} sat on mat {number}>")
    arguments = ("joint", tmp_path / "x", tmp_path / "y", "-c", "order0", "--json")
    (gain,) = json.loads(kolmo(*arguments, "--order", "interleaved").stdout)["gains"]
    assert gain["order"] == "interleaved"
    assert any("near-duplicates of each other, and resampled as 4 parts" in warning for warning in gain["warnings"])
    assert ", documents interleaved" in kolmo(*arguments[:-1], "--order", "interleaved").stdout


@pytest.mark.parametrize("command", ["gain", "growth", "matrix"])
def test_it_resumes_from_a_checkpoint(kolmo: Any, files: list[str], tmp_path: Path, command: str) -> None:
    arguments = ("joint", command, *files[: 3 if command == "matrix" else 2], "-c", "ngram", "--json")
    found = kolmo(*arguments).stdout
    for _ in range(2):
        assert kolmo(*arguments, "--checkpoint", tmp_path / "run").stdout == found


def test_the_default_number_of_half_samples_is_that_of_the_function() -> None:
    option = next(each for each in command.params if each.name == "resamples")
    assert option.default == inspect.signature(joint_gain).parameters["n_resamples"].default
