"""Downloads from hostile servers on this machine: each ends within its limits, with one line that names the cause."""

from __future__ import annotations

import hashlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from kolmo.data import DataFile, catalog, downloads
from kolmo.data.downloads import check_address, download
from kolmo.errors import DataError

CONTENT = b"ham\tsee you at noon\n"
OK = b"HTTP/1.1 200 OK\r\n"
Send = Callable[[bytes], None]


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[Send], None]], str]]:
    """Return a function that starts a server with a given answer, and returns its address; ended after 20 seconds."""
    sockets: list[socket.socket] = []

    def start(answer: Callable[[Send], None]) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        sockets.append(listener)

        def run() -> None:
            begin = time.monotonic()
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return

                def send(data: bytes, connection: socket.socket = connection) -> None:
                    if time.monotonic() - begin > 20:
                        raise OSError("the test is over")
                    connection.sendall(data)

                try:
                    connection.recv(65536)
                    answer(send)
                except OSError:
                    pass
                connection.close()

        threading.Thread(target=run, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for listener in sockets:
        listener.close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "PATIENCE_SECONDS", 1.0)
    monkeypatch.setattr(downloads, "MAX_SECONDS", 5.0)


def _refused(url: str, target: Path, **known: object) -> str:
    start = time.monotonic()
    with pytest.raises(DataError) as caught:
        download(url, target, **known)  # type: ignore[arg-type]
    assert time.monotonic() - start < 10
    assert list(target.parent.iterdir()) == []
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_file_is_written_when_it_is_verified(serve: object, tmp_path: Path) -> None:
    url = serve(lambda send: send(OK + b"\r\n" + CONTENT))  # type: ignore[operator]
    download(url, tmp_path / "a", size=len(CONTENT), sha256=hashlib.sha256(CONTENT).hexdigest())
    assert (tmp_path / "a").read_bytes() == CONTENT
    (tmp_path / "a").unlink()
    assert "expected 21 bytes, got 20" in _refused(url, tmp_path / "a", size=21)
    assert f"SHA-256 expected {'0' * 64}, got {hashlib.sha256(CONTENT).hexdigest()}" in _refused(
        url, tmp_path / "a", sha256="0" * 64
    )


def test_reading_stops_at_one_byte_more_than_expected(serve: object, tmp_path: Path) -> None:
    sent: list[int] = []

    def endless(send: Send) -> None:
        send(OK + b"\r\n")
        while True:
            send(bytes(2**16))
            sent.append(2**16)

    assert "more bytes than the catalogue states: 5" in _refused(serve(endless), tmp_path / "a", size=5)  # type: ignore[operator]
    assert sum(sent) < 2**25


def _headers(send: Send) -> None:
    send(OK)
    for number in range(10**6):
        send(b"X-%d: y\r\n" % number)
        time.sleep(0.05)


def _bytes(send: Send) -> None:
    send(OK + b"\r\n")
    while True:
        send(b"x")
        time.sleep(0.05)


def _silent(send: Send) -> None:
    time.sleep(20)


def _half_silent(send: Send) -> None:
    send(OK)
    time.sleep(20)


@pytest.mark.parametrize("answer", [_headers, _bytes, _silent, _half_silent])
def test_slow_servers_are_given_up(answer: object, serve: object, tmp_path: Path) -> None:
    shown = _refused(serve(answer), tmp_path / "a")  # type: ignore[operator]
    assert "less than 1,000 bytes per second" in shown or "timed out" in shown or "100 headers" in shown


def test_a_download_has_a_time_limit(serve: object, tmp_path: Path) -> None:
    def steady(send: Send) -> None:
        send(OK + b"\r\n")
        while True:
            send(bytes(1000))
            time.sleep(0.1)

    assert "has not sent the file in 5 seconds" in _refused(serve(steady), tmp_path / "a")  # type: ignore[operator]


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://127.0.0.1/a", "data:,x", "javascript:1", "FILE:/etc/passwd", "gopher://x"]
)
@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_redirects_lead_to_http_only(target: str, code: int, serve: object, tmp_path: Path) -> None:
    answer = b"HTTP/1.1 %d Moved\r\nLocation: %s\r\n\r\n" % (code, target.encode())
    shown = _refused(serve(lambda send: send(answer)), tmp_path / "a")  # type: ignore[operator]
    assert "redirects to" in shown
    assert "http" in shown


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"HTTP/1.1 302 Moved\r\nLocation: /again\r\n\r\n", "infinite loop"),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", "404"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + CONTENT, "closed the connection after 20 of 100"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "IncompleteRead|invalid"),
        (b"SSH-2.0-OpenSSH\r\n", "SSH"),
        (b"", "closed connection|reset"),
        (b"HTTP/1.1 200 OK\r\n" + b"X" * 10**6, "65536|reset"),
    ],
)
def test_faulty_answers_are_one_line(
    answer: bytes, message: str, serve: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "PATIENCE_SECONDS", 60.0)  # a busy machine may need a second for ten redirections
    monkeypatch.setattr(downloads, "MAX_SECONDS", 60.0)
    url = serve(lambda send: send(answer))  # type: ignore[operator]
    with pytest.raises(Exception, match=message) as caught:
        download(url, tmp_path / "a")
    assert list(tmp_path.iterdir()) == []
    assert not isinstance(caught.value, MemoryError)


@given(
    st.text(max_size=30) | st.sampled_from(["file:///etc/passwd", "http://", "http:///x", "ftp://x/y", "http://x:0/"])
)
def test_other_addresses_are_refused(url: str) -> None:
    if not url.lower().startswith(("http://", "https://")) or len(url) < 9 or "///" in url:
        with pytest.raises(DataError, match="expected an address"):
            check_address(url)


BAD_NAMES = [
    "", ".", "..", "../a", "a/b", "/etc/passwd", "a\\b", "..\\a", "C:\\a", "C:a", "a\0b", "a\nb", "\x1b[31ma", "a\x7f",
    "CON", "nul.txt", "com1", "LPT9.csv", "a.", "a ", ".hidden", "a" * 300, "a*b", "a?b", "\u202ea", 5, None, ["a"],
]  # fmt: skip


@pytest.mark.parametrize("name", BAD_NAMES)
def test_names_that_leave_the_cache_are_refused(name: object) -> None:
    with pytest.raises(DataError, match="expected a file name"):
        DataFile(name=name, url="http://x/a")  # type: ignore[arg-type]
    if isinstance(name, str) and name.isprintable() and name and "/" not in name and not {*"?#"} & {*name}:
        with pytest.raises(DataError, match="expected a"):
            DataFile(name="a", url=f"http://x/{name}", member="b")


@pytest.mark.parametrize(
    "entry",
    [
        'name = "../x"', 'name = "a/b"', "name = 3", "title = 3", 'folders = "x"', 'reader = "x"', "files = 3",
        "unknown = 3", "[[files]]\nname='..'\nurl='http://x/a'", "[[files]]\nname='a'\nurl='file:///a'",
        "[[files]]\nname='a'\nurl='http://x/a'\nsize=-1", "[[files]]\nname='a'\nurl='http://x/a'\nsha256='abc'",
        "[[files]]\nname='a'\nurl=3", "[[files]]\nname='a'\nurl='http://x/..'\nmember='b'", "\xff", "[" * 10**4,
    ],
)  # fmt: skip
def test_entries_of_the_catalogue_are_checked_when_they_are_parsed(entry: str, tmp_path: Path) -> None:
    facts = dict.fromkeys(("name", "title", "modality", "licence", "citation", "homepage"), '"made"')
    key = entry.partition(" = ")[0]
    lines = [f"{each} = {value}" for each, value in facts.items() if each != key]
    if not entry.startswith(("[[files]]", "files")):
        entry += "\nfiles = []"
    path = tmp_path / "made.toml"
    path.write_bytes("\n".join([*lines, entry]).encode("latin-1"))
    with pytest.raises(DataError, match=r"made\.toml of the catalogue cannot be read"):
        catalog._parse(path)
