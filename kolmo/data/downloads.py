"""Downloads from servers that are not trusted: bounded in size and time, by http and https only."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import queue
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from kolmo._core.files import write_whole
from kolmo._core.progress import progress
from kolmo._version import __version__
from kolmo.errors import DataError

MAX_DOWNLOAD_BYTES = 2**32
"""Largest download if the catalogue does not state its size: 4 GiB."""
MAX_SECONDS = 6 * 3600.0
"""Longest download."""
MIN_BYTES_PER_SECOND, PATIENCE_SECONDS = 1000, 30.0
"""A server that sends less than this, on average over this time, is given up."""

SCHEMES = ("http", "https")
_CHUNK, _QUEUED, _POLL_SECONDS = 2**16, 64, 0.2


class UnwantedFileError(DataError):
    """The server sent another file than the catalogue describes."""


def download(url: str, target: Path, *, size: int | None = None, sha256: str | None = None) -> None:
    """Write the file at an address to `target`, which appears when it is complete and verified.

    Parameters
    ----------
    url : str
        An address by http or https; redirects are followed to such addresses.
    target : Path
        The file to write.
    size : int, optional
        Size in bytes if known; reading stops at one byte more.
    sha256 : str, optional
        SHA-256 if known.

    Raises
    ------
    UnwantedFileError
        If size or SHA-256 are not the expected ones.
    DataError
        If the server cannot be reached, sends too slowly, or redirects to another kind of address.
    """
    check_address(url)
    digest, total = hashlib.sha256(), 0
    limit = MAX_DOWNLOAD_BYTES if size is None else size

    def write(file: IO[bytes]) -> None:
        nonlocal total
        with progress(size, label=f"fetching {target.name}", unit="B") as bar:
            for chunk in _received(url, limit):
                total += len(chunk)
                if total > limit:
                    known = "the catalogue states" if size is not None else "Kolmo reads at most"
                    raise UnwantedFileError(f"the server sends more bytes than {known}: {limit:,}")
                digest.update(chunk)
                file.write(chunk)
                bar.update(len(chunk))
        if size is not None and total != size:
            raise UnwantedFileError(f"expected {size:,} bytes, got {total:,}")
        if sha256 is not None and digest.hexdigest() != sha256:
            raise UnwantedFileError(f"SHA-256 expected {sha256}, got {digest.hexdigest()}")

    write_whole(target, write)


def check_address(url: str) -> None:
    """Raise a DataError unless an address is one of http or https, with a host."""
    try:
        parts = urlsplit(url)
        is_valid = parts.scheme.lower() in SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_valid = False
    if not is_valid or any(ord(character) <= 32 or ord(character) == 127 for character in url):
        raise DataError(f"expected an address that starts with http:// or https://, got {url!r:.200}")


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Redirects to http and https only."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        try:
            check_address(newurl)
        except DataError as error:
            fp.close()
            raise DataError(f"the server redirects to another kind of address: {error}") from None
        return super().redirect_request(req, fp, code, msg, headers, newurl)

    def http_error_302(self, req: Any, fp: Any, code: int, msg: str, headers: Any) -> Any:
        target = headers.get("location") or headers.get("uri") or ""
        if urlsplit(target).scheme.lower() not in ("", *SCHEMES):  # the library's message names no cause
            fp.close()
            raise DataError(f"the server redirects to {target!r:.200}; expected an address of http or https")
        return super().http_error_302(req, fp, code, msg, headers)

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


def _received(url: str, limit: int) -> Iterator[bytes]:
    """Yield what the server sends; a thread waits for it, so that no server can delay more than is stated."""
    received: queue.Queue[bytes | Exception] = queue.Queue(_QUEUED)
    is_over = threading.Event()
    threading.Thread(target=_receive, args=(url, limit, received, is_over), daemon=True).start()
    begin = since = time.monotonic()
    recent = 0
    try:
        while True:
            now = time.monotonic()
            if now - begin > MAX_SECONDS:
                raise DataError(f"the server has not sent the file in {MAX_SECONDS:,.0f} seconds")
            if now - since > PATIENCE_SECONDS:
                if recent < MIN_BYTES_PER_SECOND * PATIENCE_SECONDS:
                    raise DataError(
                        f"the server sent less than {MIN_BYTES_PER_SECOND:,} bytes per second for "
                        f"{PATIENCE_SECONDS:,.0f} seconds"
                    )
                since, recent = now, 0
            try:
                part = received.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                continue
            if isinstance(part, Exception):
                raise part
            if not part:
                return
            recent += len(part)
            yield part
    finally:
        is_over.set()


def _receive(url: str, limit: int, received: queue.Queue[bytes | Exception], is_over: threading.Event) -> None:
    def put(part: bytes | Exception) -> None:
        while not is_over.is_set():
            try:
                received.put(part, timeout=_POLL_SECONDS)
            except queue.Full:
                continue
            return

    try:
        with _opener().open(_request(url), timeout=PATIENCE_SECONDS) as response:
            stated = response.headers.get("Content-Length")
            total = 0
            while not is_over.is_set() and total <= limit:
                part = response.read1(_CHUNK)
                if not part:
                    break
                total += len(part)
                put(part)
            if stated is not None and stated.isdecimal() and total < min(int(stated), limit + 1):
                raise DataError(f"the server closed the connection after {total:,} of {int(stated):,} bytes")
        put(b"")
    except urllib.error.HTTPError as error:
        error.close()
        put(error)
    except Exception as error:  # the library raises exceptions of many types
        put(error)


def _request(url: str) -> urllib.request.Request:
    headers = {"User-Agent": f"kolmo/{__version__}", "Accept-Encoding": "identity"}
    return urllib.request.Request(url, headers=headers)


def _opener() -> urllib.request.OpenerDirector:
    """Return an opener of http and https addresses, and of no others."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(context=_certificates()),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _Redirects(),
    ):
        opener.add_handler(handler)
    return opener


def _certificates() -> ssl.SSLContext:
    """Return the certificates of the system, and those of certifi if it is installed."""
    context = ssl.create_default_context()
    if "SSL_CERT_FILE" not in os.environ and importlib.util.find_spec("certifi"):
        import certifi

        context.load_verify_locations(certifi.where())
    return context
