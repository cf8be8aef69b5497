"""A real OPeNDAP server, and servers that are slow, fail, or send what is no data."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import hand_made
import numpy as np
import pytest
from conftest import need
from ports import free_port

from sdcviz.errors import SourceUnavailable
from sdcviz.products import open_product
from sdcviz.products.dap import DapSource
from sdcviz.products.product import Product

pytestmark = pytest.mark.service
SERVER = Path(__file__).with_name("opendap_server.py")


@pytest.fixture(scope="module")
def product_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hand_made.product(tmp_path_factory.mktemp("dap") / "p.nc")


@pytest.fixture(scope="module")
def address(product_file: Path) -> Iterator[str]:
    """Give the address of a product on a real server."""
    try:
        import xpublish  # noqa: F401
    except ImportError:
        need(False, "xpublish is missing: pip install 'sdcviz[test]'")
    port = free_port()
    process = subprocess.Popen([sys.executable, str(SERVER), str(product_file), str(port)])
    url = f"http://127.0.0.1:{port}/datasets/p/opendap"
    try:
        _until(lambda: _answers(f"{url}.dds"), process)
        yield url
    finally:
        process.kill()
        process.wait()


def _until(condition: Callable[[], bool], process: subprocess.Popen) -> None:
    limit = time.monotonic() + 60
    while not condition():
        assert process.poll() is None and time.monotonic() < limit, "the server does not start"
        time.sleep(0.05)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_a_product_on_a_server_is_as_the_file(address: str, product_file: Path) -> None:
    remote, local = open_product(address), open_product(product_file)
    assert remote.name == "p" and remote.roles.fields["Temperature"].error == "Temperature_relerr"
    for read in (
        lambda p: p.profile(5.2, 41.3, "2000-01-16"),
        lambda p: p.timeseries(5.2, 41.3, 7, mask="L1"),
        lambda p: p.hovmoller(5.2, 41.3),
        lambda p: p.section("4,41 8,43", 1, points=9),
    ):
        a, b = read(remote), read(local)
        np.testing.assert_array_equal(a.value, b.value)
        np.testing.assert_array_equal(a.error, b.error)
    np.testing.assert_array_equal(remote.layer(10, 2), local.layer(10, 2))
    # A mirror of it is like that of a file.
    assert open_product(address).prepare().prepared
    mirrored = open_product(address)
    np.testing.assert_array_equal(
        mirrored.section("4,41 8,43", 1).value, local.section("4,41 8,43", 1).value
    )
    remote.close()


# ---- servers that go wrong -------------------------------------------------------
class Proxy(BaseHTTPRequestHandler):
    """Passes on what the real server says, and spoils some of it."""

    target = ""
    spoil: Callable[[str, bytes], tuple[int, bytes]]
    asked = 0

    def do_GET(self) -> None:
        kind = type(self)
        try:
            with urllib.request.urlopen(kind.target + self.path, timeout=60) as answer:
                status, body = answer.status, answer.read()
                headers = dict(answer.headers)
        except urllib.error.HTTPError as error:
            status, body, headers = error.code, error.read(), {}
        if ".dods" in self.path and "Temperature" in self.path:
            kind.asked += 1
            status, body = kind.spoil(self.path, body)
        self.send_response(status)
        for name in ("content-type", "content-description", "xdods-server"):
            if name in {h.lower() for h in headers}:
                self.send_header(name, {h.lower(): v for h, v in headers.items()}[name])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Stay quiet."""


@contextmanager
def spoiling(address: str, spoil: Callable[[str, bytes], tuple[int, bytes]]) -> Iterator[Any]:
    host = address.partition("/datasets")[0]
    kind = type("Spoiling", (Proxy,), {"target": host, "spoil": staticmethod(spoil), "asked": 0})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/datasets/p/opendap"
        yield Product(DapSource(url, timeout=60, tries=2)), kind
    finally:
        server.shutdown()
        server.server_close()


def test_a_server_that_recovers_is_asked_again(address: str, product_file: Path) -> None:
    state = {"failed": 0}

    def once(path: str, body: bytes) -> tuple[int, bytes]:
        state["failed"] += 1
        return (500, b"") if state["failed"] == 1 else (200, body)

    with spoiling(address, once) as (product, _):
        found = product.profile(5.2, 41.3, 0)
        expected = open_product(product_file).profile(5.2, 41.3, 0)
        np.testing.assert_array_equal(found.value, expected.value)
        assert state["failed"] > 1
        product.close()


@pytest.mark.parametrize("how", ["status 500", "a page", "cut off", "other values"])
def test_a_server_that_fails_is_told_in_a_sentence(address: str, how: str) -> None:
    random = np.random.default_rng(1)

    def spoil(path: str, body: bytes) -> tuple[int, bytes]:
        if how == "status 500":
            return 500, b"<html>down</html>"
        if how == "a page":
            return 200, b"<html>Please sign on</html>"
        # The array follows its length, twice.
        start = body.index(b"Data:\n") + 14
        size = 4 * int.from_bytes(body[start - 4 : start], "big")
        if how == "cut off":
            return 200, body[: start + size // 2]
        return 200, body[:start] + random.bytes(size) + body[start + size :]

    with spoiling(address, spoil) as (product, _):
        with pytest.raises(SourceUnavailable, match=r"does not give this product .*tried 2 times"):
            product.layer(10, 1)
        product.close()


def test_what_was_read_is_not_asked_again(address: str) -> None:
    with spoiling(address, lambda path, body: (200, body)) as (product, kind):
        first = product.profile(5.2, 41.3, 0)
        asked = kind.asked
        again = product.profile(5.2, 41.3, 0)
        np.testing.assert_array_equal(first.value, again.value)
        assert asked > 0 and kind.asked == asked
        product.close()


@pytest.mark.parametrize("says", [b"", b"<html>nothing here</html>"])
def test_what_is_no_server(says: bytes) -> None:
    """Nobody listens, or a server of something else."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        if says:
            listening.listen()

            def answer() -> None:
                while True:
                    try:
                        connection, _ = listening.accept()
                    except OSError:
                        return
                    with connection:
                        connection.recv(4096)
                        connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + says)

            threading.Thread(target=answer, daemon=True).start()
        with pytest.raises(SourceUnavailable, match="Try again later, or download the file"):
            DapSource(f"http://127.0.0.1:{port}/thing", timeout=60, tries=1)


def test_a_server_that_hangs_is_given_up() -> None:
    with socket.socket() as listening:  # it accepts and never says a word
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        url = f"http://user:secret@127.0.0.1:{listening.getsockname()[1]}/thing"
        with pytest.raises(SourceUnavailable, match=r"no answer within 2 s; tried 2 times") as told:
            DapSource(url, timeout=2, tries=2)
        assert "secret" not in str(told.value)
