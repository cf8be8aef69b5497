"""The HTTP front: addresses, errors, prefix, sessions that are given back."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import httpx
import pytest
from serving import Running, Visitor, running, sign_on
from waiting import until


def test_health_tells_the_version(server: Running) -> None:
    answer = httpx.get(f"{server.address}api/health").json()
    assert answer["status"] == "ok"
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", answer["version"])


def test_unknown_address_as_page_and_as_json(server: Running) -> None:
    page = httpx.get(f"{server.address}nowhere", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert "There is nothing at this address." in page.text
    assert "googleapis" not in page.text
    assert httpx.get(f"{server.address}api/nowhere").json() == {
        "detail": "There is nothing at this address."
    }


def test_all_that_the_page_needs_is_here(server: Running) -> None:
    page = httpx.get(server.address).text
    links = re.findall(r'<(?:script|link)[^>]+(?:src|href)="([^"]+)"', page)
    assert len(links) > 5
    for link in links:
        assert not link.startswith(("http:", "https:", "//")), link
        answer = httpx.get(httpx.URL(server.address).join(link))
        assert answer.status_code == 200, link


def test_a_closed_page_is_given_back(server: Running) -> None:
    visitor = Visitor(server)

    def pages() -> int:
        return httpx.get(f"{server.address}api/health").json()["pages"]

    until(lambda: pages() == 0, "pages of other tests are given back")
    with visitor.socket() as socket:
        socket.recv(timeout=180)
        assert pages() == 1
    until(lambda: pages() == 0, "the page is given back")


@pytest.fixture(scope="module")
def prefixed(tmp_path_factory: pytest.TempPathFactory):
    with running(tmp_path_factory.mktemp("prefixed"), root_path="/viz") as server:
        yield server


@pytest.mark.parametrize("prefix", ["/viz/", "/"], ids=["kept", "stripped by the proxy"])
def test_the_page_works_under_a_prefix(prefixed: Running, prefix: str) -> None:
    base = f"{prefixed.origin}{prefix}"
    page = httpx.get(base)
    assert page.status_code == 200
    assert "Path=/viz" in page.headers["set-cookie"]
    scripts = re.findall(r'<script[^>]+src="([^"]+)"', page.text)
    assert scripts
    for link in scripts:
        assert not link.startswith("/"), "an absolute address would miss the prefix"
        assert httpx.get(httpx.URL(base).join(link)).status_code == 200, link
    assert httpx.get(f"{base}api/health").json()["status"] == "ok"
    token = sign_on(prefixed, "jobs")
    wish = {"arguments": ["columns", "t"], "files": {"t": "x"}, "id": "ab" * 16}
    made = httpx.post(f"{base}api/jobs", headers=token, json=wish)
    assert made.headers["location"] == f"/viz/api/jobs/{wish['id']}"
    assert httpx.get(f"{base}api/jobs").status_code == 401
    assert httpx.options(f"{base}api/jobs").headers["allow"] == "GET, POST"
    assert httpx.post(f"{base}api/jobs", headers=token, content=b"x" * 5_000_000).status_code == 413
    with Visitor(Running(base, prefixed.data_dir, prefixed.pid)).socket() as socket:
        assert "ACK" in str(socket.recv(timeout=180))


def test_a_prefix_without_slash_is_completed(prefixed: Running) -> None:
    answer = httpx.get(f"{prefixed.origin}/viz?c=1")
    assert answer.status_code == 307
    assert answer.headers["location"] == "/viz/?c=1"


def test_it_stops_gracefully(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        visitor = Visitor(server)
        with visitor.socket() as socket:
            socket.recv(timeout=180)
            os.kill(server.pid, signal.SIGTERM)
            with pytest.raises(Exception, match=r"1012|1001|going away|service restart"):
                while True:
                    socket.recv(timeout=180)
    assert "Traceback" not in (tmp_path / "server.log").read_text()
