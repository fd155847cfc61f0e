"""What belongs together is read together, or it is said what is alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kolmo.data.pairs import read_pairs
from kolmo.errors import DataError, ParameterError


def lines(path: Path, *texts: str) -> Path:
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return path


def test_lines_go_together(tmp_path: Path) -> None:
    x = lines(tmp_path / "x", "one", "", "three ", "four")
    y = lines(tmp_path / "y", "eins", "zwei", "drei", "")
    (tmp_path / "z").write_bytes(b"eins\r\nzwei\r\ndrei\r\nvier")  # no end of line at the end
    pairs = read_pairs(x, y)
    assert (pairs.first, pairs.second) == ([b"one", b"three"], [b"eins", b"drei"])
    assert (pairs.names, pairs.left_out, pairs.n_all) == (["1", "3"], 2, 2)
    assert read_pairs(x, tmp_path / "z").second == [b"eins", b"drei", b"vier"]
    assert read_pairs(x, tmp_path / "z", limit=2).second == [b"ei", b"dr", b"vi"]


def test_files_go_together_by_name(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image", reason="the extra image is not installed")
    for name in ("b", "a", "deep/c.d"):
        for folder, ending in (("captions", ".txt"), ("pictures", ".png")):
            (tmp_path / folder / name).parent.mkdir(parents=True, exist_ok=True)
            file = tmp_path / folder / f"{name}{ending}"
            if ending == ".txt":
                file.write_text(f"caption of {name}")
            else:
                image.fromarray(np.full((32, 64), ord(name[0]), np.uint8)).save(file)
    (tmp_path / "captions" / ".hidden").write_text("no caption")
    pairs = read_pairs(tmp_path / "captions", tmp_path / "pictures")
    assert pairs.names == ["a", "b", str(Path("deep/c.d"))]
    assert pairs.first[0] == b"caption of a"
    assert pairs.second[1] == b"b" * 2048
    assert pairs.modalities == ("text", "image")


def test_some_are_drawn(tmp_path: Path) -> None:
    x = lines(tmp_path / "x", *map(str, range(100)))
    y = lines(tmp_path / "y", *map(str, range(100)))
    some = read_pairs(x, y, most=10, random_state=1)
    assert (len(some), some.n_all) == (10, 100)
    assert some.first == some.second == sorted(some.first, key=int)
    assert read_pairs(x, y, most=10, random_state=1).first == some.first
    assert read_pairs(x, y, most=10, random_state=2).first != some.first


def test_what_is_alone_is_named(tmp_path: Path) -> None:
    x, y = lines(tmp_path / "x", "one", "two"), lines(tmp_path / "y", "eins")
    with pytest.raises(DataError, match=r"got 2 in .*x and 1 in .*y"):
        read_pairs(x, y)
    for folder, names in (("f", "abcdefg"), ("g", "az")):
        (tmp_path / folder).mkdir()
        for name in names:
            lines(tmp_path / folder / f"{name}.txt", name)
    with pytest.raises(DataError, match=r"only in .*f: b, c, d and 3 more; only in .*g: z"):
        read_pairs(tmp_path / "f", tmp_path / "g")
    lines(tmp_path / "g" / "a.md", "again")
    with pytest.raises(DataError, match=r"a.md and .*a.txt have the same name"):
        read_pairs(tmp_path / "f", tmp_path / "g")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="empty holds no files"):
        read_pairs(tmp_path / "empty", tmp_path / "f")


def test_what_cannot_be_paired_is_refused(tmp_path: Path) -> None:
    x = lines(tmp_path / "x", "one")
    for one, other in ((x, tmp_path), (tmp_path, x)):
        with pytest.raises(
            ParameterError, match=r"expected two files or two folders, got the folder .* and the file .*x"
        ):
            read_pairs(one, other)
    (tmp_path / "binary").write_bytes(b"one\nt\0wo\n")
    with pytest.raises(DataError, match="binary: expected lines of UTF-8 text, got a zero byte in line 2"):
        read_pairs(x, tmp_path / "binary")
    with pytest.raises(DataError, match="there is no file"):
        read_pairs(x, tmp_path / "missing")
