"""``kolmo joint``."""

from __future__ import annotations

import csv
import json
import os
import wave
from pathlib import Path
from typing import Any

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


def test_two_sets_in_depth(kolmo: Any, files: list[str]) -> None:
    found = json.loads(kolmo("joint", *files[:2], "-c", "ngram", "-c", "xz", "--json").stdout)
    assert [each["name"] for each in found["sets"]] == ["cats.txt", "dogs.txt"]
    for gain in found["gains"]:
        assert gain["self_gain"] > gain["share"] > max(gain["random_gain"], 0)
        assert gain["interval"][0] < gain["share"] < gain["interval"][1]
    shown = kolmo("joint", *files[:2], "-c", "ngram").stdout
    assert "What one code saves over two" in shown
    assert "50 for all" in shown


def test_several_sets_as_a_matrix(kolmo: Any, files: list[str], tmp_path: Path) -> None:
    arguments = ("joint", *files, "-c", "ngram", "--csv", str(tmp_path / "gains.csv"))
    (matrix,) = json.loads(kolmo(*arguments, "--json").stdout)["matrices"]
    shares = matrix["shares"]
    assert shares[0][1] == pytest.approx(shares[1][0])
    assert shares[0][0] > shares[0][1] > shares[0][2]
    rows = list(csv.reader((tmp_path / "gains.csv").read_text().splitlines()))
    assert rows[0] == ["set", "cats.txt", "dogs.txt", "code.py"]
    assert [float(cell) for cell in rows[1][1:]] == shares[0]
    assert "on the diagonal" in kolmo("joint", *files, "-c", "ngram").stdout


@pytest.mark.parametrize("method", ["average", "neighbors", "quartets"])
def test_trees_and_pictures(kolmo: Any, files: list[str], tmp_path: Path, method: str) -> None:
    from kolmo import Tree

    (tmp_path / "more.py").write_text("".join(f"def g{n}(y):\n    return y - {n}\n" for n in range(80)))
    outputs = {name: tmp_path / f"{name}.png" for name in ("heat-map", "tree", "map")}
    options = [part for name, path in outputs.items() for part in (f"--{name}", str(path))]
    newick = tmp_path / "tree.nwk"
    sets = [*files, str(tmp_path / "more.py")]
    options += ["--centered"] if method == "average" else []
    kolmo("joint", *sets, "-c", "ngram", "--method", method, "--newick", str(newick), *options)
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in outputs.values())
    tree = Tree.from_newick(newick.read_text())
    assert frozenset({"code.py", "more.py"}) in tree.splits() or frozenset({"cats.txt", "dogs.txt"}) in tree.splits()


def test_wrong_usage_is_told(refused: Any, files: list[str], tmp_path: Path) -> None:
    assert "at least two sets" in refused("joint", files[0], code=2)
    assert "each once" in refused("joint", files[0], files[0], code=2)
    assert "no file" in refused("joint", files[0], tmp_path / "missing", code=1)
    assert "three sets" in refused("joint", *files[:2], "--tree", tmp_path / "t.png", code=2)
    assert "--growth: of two sets alone" in refused("joint", *files, "--growth", code=2)
    assert "--growth and --paired" in refused("joint", *files[:2], "--growth", "--paired", code=2)
    assert "without other measures, matrix" in refused("joint", *files[:2], "--paired", "--random", code=2)
    assert "add it" in refused("joint", *files[:2], "--plot", tmp_path / "p.png", code=2)
    assert "--centered is of trees" in refused("joint", *files, "--centered", code=2)
    assert "--order is of two sets" in refused("joint", *files, "--order", "interleaved", code=2)
    (tmp_path / "empty").write_bytes(b"")
    assert "holds no data" in refused("joint", files[0], tmp_path / "empty", code=1)


def test_one_file_under_two_names_is_refused(refused: Any, kolmo: Any, files: list[str], tmp_path: Path) -> None:
    cats, dogs = files[:2]
    (tmp_path / "symbolic").symlink_to(cats)
    os.link(cats, tmp_path / "hard")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "cats").write_text(Path(cats).read_text())
    for other in (tmp_path / "symbolic", tmp_path / "hard", os.path.relpath(cats)):
        told = refused("joint", cats, dogs, other, code=2)
        assert f"'{cats}' and '{other}' are one and the same" in told
    folder = str(tmp_path / "folder")
    assert "one and the same" in refused("joint", folder, f"{folder}/", code=2)
    assert "one and the same" in refused("joint", cats, tmp_path / "hard", "--paired", code=2)
    assert "X and Y hold the same bytes" in kolmo("joint", cats, folder, "-c", "ngram").stdout
    found = json.loads(kolmo("joint", cats, folder, dogs, "-c", "ngram", "--json").stdout)
    assert any("'cats.txt' and 'folder' hold the same bytes" in doubt for doubt in found["matrices"][0]["warnings"])


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    image = pytest.importorskip("PIL.Image", reason="the extra image is not installed")
    random = np.random.default_rng(0)
    (tmp_path / "pictures").mkdir()
    for name in "abcd":
        grey = np.full((64, 128), 40 * ord(name) % 256, np.uint8) + random.integers(0, 4, (64, 128), np.uint8)
        image.fromarray(grey).save(tmp_path / "pictures" / f"{name}.png")
    return tmp_path / "pictures"


def sound(path: Path, samples: bytes) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(samples)
    return path


def test_broken_pictures_are_named(refused: Any, kolmo: Any, pictures: Path, tmp_path: Path) -> None:
    whole = (pictures / "a.png").read_bytes()
    (tmp_path / "half.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "words.png").write_text("no picture but words")
    for name in ("half.png", "words.png"):
        told = refused("joint", tmp_path / name, pictures, code=1)
        assert f"the picture {tmp_path / name} cannot be read" in told
    kolmo("joint", pictures, pictures / "a.png", "-c", "order0")
    (pictures / "c.png").write_bytes(whole[:200])
    assert f"the picture {pictures / 'c.png'} cannot be read" in refused("joint", pictures, tmp_path, code=1)


def test_a_sound_without_samples_is_named(refused: Any, tmp_path: Path) -> None:
    pytest.importorskip("soundfile", reason="the extra audio is not installed")
    silent = sound(tmp_path / "silent.wav", b"")
    good = sound(tmp_path / "good.wav", np.arange(5000, dtype="<i2").tobytes())
    assert f"{silent} holds no data: no samples" in refused("joint", silent, good, code=1)
    (tmp_path / "cut.wav").write_bytes(good.read_bytes()[:20])
    assert f"the sound {tmp_path / 'cut.wav'} cannot be read" in refused("joint", good, tmp_path / "cut.wav", code=1)


def test_sets_of_very_different_sizes_are_measured_and_doubted(kolmo: Any, files: list[str], tmp_path: Path) -> None:
    (tmp_path / "few").write_text("the cat 7 sat on mat 49; ")
    shown = kolmo("joint", files[0], tmp_path / "few", "-c", "xz").stdout
    assert "times as long as Y: the share and its interval are of both" in shown
    assert "times as long as 'few'" in kolmo("joint", *files, tmp_path / "few", "-c", "xz").stdout


def test_growth(kolmo: Any, files: list[str], tmp_path: Path) -> None:
    arguments = ("joint", *files[:2], "--growth", "-c", "ngram", "-c", "brotli")
    found = json.loads(kolmo(*arguments, "--json").stdout)
    whole = json.loads(kolmo("joint", *files[:2], "-c", "ngram", "-c", "brotli", "--json").stdout)
    for curve, gain in zip(found["curves"], whole["gains"], strict=True):
        assert (curve["coder"], curve["points"][-1]["bits"]) == (gain["coder"], gain["bits"])
        assert curve["points"][0]["sizes"][0] == 1000
        assert "warnings" in curve
    shown = kolmo(*arguments, "--plot", tmp_path / "growth.png").stdout
    assert shown.count("as both sets grow") == 2
    assert "bits are those of a second header" in shown
    assert (tmp_path / "growth.png").read_bytes().startswith(b"\x89PNG")


def test_files_of_folders_come_by_turns(kolmo: Any, tmp_path: Path) -> None:
    for folder, animal in (("x", "cat"), ("y", "dog")):
        (tmp_path / folder).mkdir()
        for number in range(5):
            (tmp_path / folder / f"{number}.txt").write_text(f"<{animal} {number} sat on mat {number}>")
    arguments = ("joint", tmp_path / "x", tmp_path / "y", "-c", "order0", "--json")
    (gain,) = json.loads(kolmo(*arguments, "--order", "interleaved").stdout)["gains"]
    assert gain["order"] == "interleaved"
    assert any("5 blocks" in doubt for doubt in gain["warnings"])
    assert ", by turns" in kolmo(*arguments[:-1], "--order", "interleaved").stdout


def test_lines_in_pairs(kolmo: Any, refused: Any, tmp_path: Path) -> None:
    words = [f"{a}{b}{a}{b}x" for a in ("kel", "mor", "tin", "sul") for b in ("ba", "ru", "fo", "ni")]
    questions, answers, short = (tmp_path / name for name in ("questions.txt", "answers.txt", "short.txt"))
    questions.write_text("\n".join(f"where is the {word}?" for word in words) + "\n\n")
    answers.write_text("\n".join(f"the {word} is there" for word in words) + "\nno question\n")
    short.write_text("too few\n")
    arguments = ("joint", "--paired", questions, answers, "-c", "ngram", "-c", "deflate")
    found = json.loads(kolmo(*arguments, "--json", "--checkpoint", tmp_path / "run").stdout)
    assert (found["n_pairs"], found["n_all"], found["left_out"]) == (16, 16, 1)
    for gain in found["paired"]:
        assert gain["bits"] > 5
        assert gain["p_value"] < 0.01
        assert gain["found"] > 0.5
    assert json.loads(kolmo(*arguments, "--json", "--checkpoint", tmp_path / "run").stdout) == found
    shown = kolmo(*arguments, "--pairs", 10).stdout
    assert "10 of 16 pairs, x text of" in shown
    assert "lines left out, empty in one or both: 1" in shown
    assert "short.txt has 1" in refused("joint", "--paired", questions, short, code=1)


def test_captions_with_pictures(kolmo: Any, refused: Any, pictures: Path, tmp_path: Path) -> None:
    captions = tmp_path / "captions"
    captions.mkdir()
    for name in "abcd":
        (captions / f"{name}.txt").write_text(f"grey {name}")
    shown = kolmo("joint", "--paired", captions, pictures, "-c", "ngram").stdout
    assert "4 pairs, x text of" in shown
    assert "y image of" in shown
    assert "only 4 pairs" in shown
    (captions / "b.txt").rename(captions / "e.txt")
    told = refused("joint", "--paired", captions, pictures, code=1)
    assert f"only in {captions}: e; only in {pictures}: b" in told
    assert "is a folder" in refused("joint", "--paired", captions, pictures / "a.png", code=2)


def test_random_bytes_stand_beside(kolmo: Any, refused: Any, files: list[str], tmp_path: Path) -> None:
    arguments = ("joint", *files, "-c", "mix", "--random", "--json")
    found = json.loads(kolmo(*arguments, "--seed", 1).stdout)
    assert found["sets"][-1]["name"] == "random"
    shares = np.array(found["matrices"][0]["shares"])
    assert shares.shape == (4, 4)
    assert abs(shares[3, :3]).max() < 0.03
    assert shares[0, 1] > 0.1
    assert json.loads(kolmo(*arguments, "--seed", 1).stdout) == found
    assert "random" in kolmo("joint", *files[:2], "-c", "ngram", "--random").stdout
    (tmp_path / "random").write_text("not so random")
    assert "named 'random' already" in refused("joint", *files, tmp_path / "random", "--random", code=2)


def test_it_goes_on_where_it_was(kolmo: Any, files: list[str], tmp_path: Path) -> None:
    for sets, more in ((files[:2], ()), (files[:2], ("--growth",)), (files, ())):
        arguments = ("joint", *sets, *more, "-c", "ngram", "--json")
        found = kolmo(*arguments).stdout
        for _ in range(2):
            assert kolmo(*arguments, "--checkpoint", tmp_path / "one file for all").stdout == found
