from __future__ import annotations

import contextlib
import functools
import hashlib
import http.server
import io
import shutil
import tarfile
import threading
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from kolmo.data import DataFile, DataSet, catalog, describe, fetch, list_datasets, load_dataset
from kolmo.data.archives import extract_member, read_folders
from kolmo.errors import DataError, MissingDependencyError, ParameterError

pooch = pytest.importorskip("pooch", reason="the extra data is not installed")

SHIPPED = ["chinchilla", "mitochondria", "udhr"]
LARGEST_SHIPPED = 400_000
PUBLIC = [
    "20_newsgroups",
    "ag_news",
    "canterbury",
    "dbpedia",
    "enwik8",
    "enwik9",
    "imdb",
    "masakhanews_lin",
    "masakhanews_lug",
    "r52",
    "r8",
    "silesia",
    "sms_spam",
    "trec",
    "yahoo_answers",
]


def test_every_set_is_listed_and_described() -> None:
    assert list_datasets() == ["docstrings", "digits", "photos", *SHIPPED, *PUBLIC]
    for name in list_datasets():
        facts = describe(name)
        assert facts.name == name
        for fact in (facts.title, facts.modality, facts.licence, facts.citation, facts.homepage):
            assert fact
        for file in facts.files:
            assert file.url.startswith(("https://", "http://")) or name in SHIPPED
            for digest in (file.sha256, file.archive_sha256):
                assert digest is None or (len(digest) == 64 and int(digest, 16))


def test_shipped_sets_need_no_download_and_are_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOLMO_DATA", "/no/such/folder")
    folder = Path(catalog.__file__).with_name("shipped")
    assert sum(path.stat().st_size for path in folder.iterdir()) <= LARGEST_SHIPPED
    assert {path.name for path in folder.iterdir()} == {file.name for name in SHIPPED for file in describe(name).files}
    languages = load_dataset("udhr")
    assert len(set(languages.labels)) == len(languages) == 20
    assert all(text[0].isupper() for text in languages.texts())
    genomes = load_dataset("mitochondria")
    assert len(set(genomes.labels)) == len(genomes) == 12
    assert genomes.modality == "dna"
    assert all(set(genome) == set(b"ACGT") and 16_000 < len(genome) < 17_500 for genome in genomes.items)
    runs = load_dataset("chinchilla")
    assert runs.rows.names == ("params", "tokens", "flop", "loss", "excluded_by_besiroglu")
    assert len(runs) == 245


def test_a_changed_or_missing_shipped_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kolmo.data.fetching._SHIPPED", tmp_path)
    with pytest.raises(DataError, match="is missing, though it ships with Kolmo; install Kolmo again"):
        load_dataset("udhr")
    (tmp_path / "udhr.jsonl.xz").write_bytes(b"something else")
    with pytest.raises(DataError, match="install Kolmo again"):
        load_dataset("udhr")
    with pytest.raises(DataError, match="expected a url, or the sha256"):
        DataFile(name="a.csv")


def test_names_are_forgiving_and_errors_help() -> None:
    assert describe("AG News") is describe("ag-news") is describe("ag_news")
    assert describe("20 Newsgroups").name == "20_newsgroups"
    with pytest.raises(ParameterError, match="did you mean 'ag_news'"):
        describe("ag_newz")
    with pytest.raises(ParameterError, match="known: docstrings"):
        load_dataset("something else altogether")
    with pytest.raises(ParameterError, match="expected train or test, got 'dev'"):
        load_dataset("r8", "dev")
    with pytest.raises(ParameterError, match="expected train or test, got none"):
        load_dataset("digits")
    with pytest.raises(ParameterError, match="has no splits"):
        load_dataset("photos", "train")
    with pytest.raises(DataError, match="does not exist"):
        load_dataset("r8", "train", data_dir="/no/such/folder")


CONTENT = b"ham\tsee you at noon\nspam\twin a prize\n"


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A web server on this machine, and the folder that it serves."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None: ...

    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=web.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{web.server_port}", folder
    web.shutdown()
    web.server_close()
    thread.join()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(pooch, "os_cache", lambda name: tmp_path / "cache" / name)
    monkeypatch.delenv("KOLMO_DATA", raising=False)
    return tmp_path / "cache" / "kolmo"


def register(monkeypatch: pytest.MonkeyPatch, *files: DataFile, **reader: object) -> None:
    splits = tuple(file.split for file in files if file.split)
    facts = dict.fromkeys(("title", "modality", "licence", "citation", "homepage"), "x")
    made = DataSet(name="made", files=files, splits=splits, reader=reader, **facts)
    monkeypatch.setattr(catalog, "_public", lambda: {"made": made})


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file()) if folder.exists() else []


def test_a_file_is_fetched_once_and_checked(server, cache, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    url, folder = server
    (folder / "a.tsv").write_bytes(CONTENT)
    register(
        monkeypatch, DataFile(name="a.tsv", url=f"{url}/a.tsv", sha256=digest(CONTENT), size=len(CONTENT)), header=False
    )
    assert load_dataset("made").labels == ["ham", "spam"]
    assert files_in(cache) == ["a.tsv"]
    (folder / "a.tsv").unlink()
    assert fetch("made") == [cache / "made" / "a.tsv"]
    (cache / "made" / "a.tsv").write_bytes(CONTENT[:-3])
    with pytest.raises(DataError, match=f"truncated: .* expected {digest(CONTENT)}, got {digest(CONTENT[:-3])}"):
        load_dataset("made")


def test_a_wrong_hash_is_refused_with_both_printed_and_nothing_is_kept(server, cache, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    url, folder = server
    (folder / "a.tsv").write_bytes(CONTENT + b"!")
    register(monkeypatch, DataFile(name="a.tsv", url=f"{url}/a.tsv", sha256=digest(CONTENT)))
    with pytest.raises(DataError) as caught:
        load_dataset("made")
    assert digest(CONTENT) in str(caught.value)
    assert digest(CONTENT + b"!") in str(caught.value)
    assert "\n" not in str(caught.value)
    assert files_in(cache) == []


def test_an_unknown_hash_is_told_ready_to_paste(server, cache, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    url, folder = server
    (folder / "a.tsv").write_bytes(CONTENT)
    register(monkeypatch, DataFile(name="a.tsv", url=f"{url}/a.tsv"))
    with pytest.warns(UserWarning, match=f'sha256 = "{digest(CONTENT)}"'):
        fetch("made")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fetch("made")


def test_an_unreachable_address_is_one_line(cache, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    register(monkeypatch, DataFile(name="a.tsv", url="http://127.0.0.1:1/a.tsv"))
    with pytest.raises(DataError, match=r"cannot be fetched: .*--data-dir") as caught:
        load_dataset("made")
    assert "\n" not in str(caught.value)
    assert files_in(cache) == []


def test_a_missing_page_is_refused(server, cache, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    url, _ = server
    register(monkeypatch, DataFile(name="a.tsv", url=f"{url}/absent.tsv"))
    with pytest.raises(DataError, match="404"):
        load_dataset("made")
    assert files_in(cache) == []


@pytest.mark.parametrize("kind", ["zip", "tgz"])
def test_members_of_archives(kind: str, server, cache, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    url, folder = server
    path = folder / f"a.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as packed:
            packed.writestr("inner/a.tsv", CONTENT)
    else:
        with tarfile.open(path, "w:gz") as packed_tar:
            information = tarfile.TarInfo("inner/a.tsv")
            information.size = len(CONTENT)
            packed_tar.addfile(information, io.BytesIO(CONTENT))
    file = DataFile(
        name="a.tsv",
        url=f"{url}/{path.name}",
        member="inner/a.tsv",
        sha256=digest(CONTENT),
        archive_sha256=digest(path.read_bytes()),
    )
    register(monkeypatch, file, header=False)
    assert list(load_dataset("made").items) == [b"see you at noon", b"win a prize"]
    register(
        monkeypatch, DataFile(name="b.tsv", url=file.url, member="inner/b.tsv", archive_sha256=file.archive_sha256)
    )
    with pytest.raises(DataError, match=r"holds no file 'inner/b.tsv'"):
        load_dataset("made")


def test_folders_within_an_archive(server, cache, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    url, folder = server
    with tarfile.open(folder / "a.tgz", "w:gz") as packed:
        for name, data in (
            ("set/train/pos/2", b"two"),
            ("set/train/pos/1", b"one"),
            ("set/train/neg/1", b"no"),
            ("set/train/unsup/1", b"?"),
            ("set/train/words.txt", b"no item"),
            ("set/test/pos/1", b"test"),
            ("../../escape", b"out"),
        ):
            information = tarfile.TarInfo(name)
            information.size = len(data)
            packed.addfile(information, io.BytesIO(data))
    address = {"url": f"{url}/a.tgz", "archive_sha256": digest((folder / "a.tgz").read_bytes())}
    files = [DataFile(name="a.tgz", split=split, member=f"set/{split}/", **address) for split in ("train", "test")]
    register(monkeypatch, *files, format="folder", classes=["pos", "neg"])
    corpus = load_dataset("made", "train")
    assert (list(corpus.items), corpus.labels) == ([b"no", b"one", b"two"], ["neg", "pos", "pos"])
    assert list(load_dataset("made", "test").items) == [b"test"]
    assert files_in(cache.parent.parent / "cache") == ["a.tgz"]


def test_a_truncated_archive_is_refused(server, cache, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    url, folder = server
    shutil.make_archive(str(folder / "a"), "gztar", root_dir=folder)
    (folder / "a.tgz").write_bytes((folder / "a.tar.gz").read_bytes()[:60])
    register(monkeypatch, DataFile(name="a.tsv", url=f"{url}/a.tgz", member="a.tsv"))
    with (
        pytest.warns(UserWarning, match="is not in the catalogue"),
        pytest.raises(DataError, match="not a complete archive"),
    ):
        load_dataset("made")
    assert files_in(cache) == []


def test_a_member_with_a_known_hash_vouches_for_its_archive(server, cache, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    url, folder = server
    register(
        monkeypatch, DataFile(name="a.tsv", url=f"{url}/a.zip", member="a.tsv", sha256=digest(CONTENT)), header=False
    )
    for content in (CONTENT + b"other", CONTENT):
        with zipfile.ZipFile(folder / "a.zip", "w") as packed:
            packed.writestr("a.tsv", content)
        if content != CONTENT:
            with pytest.raises(DataError, match=f"expected {digest(CONTENT)}, got {digest(content)}; it was deleted"):
                load_dataset("made")
            assert files_in(cache) == []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load_dataset("made").labels == ["ham", "spam"]


@pytest.mark.parametrize("kind", ["zip", "gztar", "bztar", "xztar", "tar"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(flips=st.lists(st.tuples(st.integers(0, 10_000), st.integers(1, 255)), min_size=1, max_size=4))
def test_damaged_archives_are_read_or_refused_by_a_kolmo_error(
    kind: str, tmp_path: Path, flips: list[tuple[int, int]]
) -> None:
    source = tmp_path / "source"
    (source / "set" / "a").mkdir(parents=True, exist_ok=True)
    (source / "set" / "a" / "1").write_bytes(CONTENT * 20)
    path = Path(shutil.make_archive(str(tmp_path / "packed"), kind, root_dir=source))
    assert extract_member(path, "set/a/1") == CONTENT * 20  # tar calls it ./set/a/1
    damaged = bytearray(path.read_bytes())
    for position, flip in flips:
        damaged[position % len(damaged)] ^= flip
    path.write_bytes(damaged)
    for action in (lambda: extract_member(path, "set/a/1"), lambda: read_folders(path, "set")):
        with contextlib.suppress(DataError):
            action()


def test_local_folders_are_searched_two_levels_deep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, DataFile(name="a.tsv", url="http://127.0.0.1:1/a.tsv", sha256=digest(CONTENT)), header=False)
    for place in ("a.tsv", "Made/a.tsv", "text/made/a.tsv", "x/text/made/a.tsv"):
        root = tmp_path / place.replace("/", "_")
        (root / place).parent.mkdir(parents=True)
        (root / place).write_bytes(CONTENT)
        assert load_dataset("made", data_dir=root).labels == ["ham", "spam"], place
        monkeypatch.setenv("KOLMO_DATA", str(root))
        assert fetch("made") == [root / place]
        (root / place).write_bytes(CONTENT + b"x")
        with pytest.raises(DataError, match=f"expected {digest(CONTENT)}, got {digest(CONTENT + b'x')}"):
            load_dataset("made")


def test_without_pooch_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(
        MissingDependencyError, match=r"train.txt of r8, which is not under .* needs pooch.*pip install '\.\[data\]"
    ):
        load_dataset("r8", "train", data_dir=tmp_path)


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "split", "count", "classes"),
    [
        ("R8", "train", 5485, 8),
        ("R8", "test", 2189, 8),
        ("AG News", "test", 7600, 4),
        ("SMS Spam", None, 5574, 2),
        ("TREC", "train", 5452, 6),
        ("TREC", "test", 500, 6),
        ("Canterbury", None, 11, None),
    ],
)
def test_public_sets_from_a_local_folder(
    data_dir: Path, name: str, split: str | None, count: int, classes: int | None
) -> None:
    corpus = load_dataset(name, split, data_dir=data_dir)
    assert len(corpus) == count
    assert classes is None or len(corpus.classes or []) == classes


@pytest.mark.realdata
def test_a_repacked_archive_is_refused(data_dir: Path) -> None:
    with pytest.raises(DataError, match="another file: SHA-256 expected 8f1b2514"):
        load_dataset("20 Newsgroups", "test", data_dir=data_dir)
