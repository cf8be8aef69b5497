"""The app under a URL prefix behind Debian's nginx, with the configuration of docker/."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from conftest import ROOT, need
from playwright.sync_api import Page, Request, WebSocket
from ports import free_port
from serving import Running, running
from test_security import Visitor
from waiting import WAIT

pytestmark = pytest.mark.service

NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
# What Debian's packages put around our file, with every path in the test's own folder.
AROUND = """
worker_processes 1;
pid {folder}/nginx.pid;
events {{}}
http {{
    include /etc/nginx/mime.types;
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/sdcviz.conf;
}}
"""


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Start app and nginx; the address is nginx's."""
    need(NGINX, "nginx is missing: apt-get install nginx-light")
    folder = tmp_path_factory.mktemp("nginx")
    folder.chmod(0o755)
    with running(folder / "app", root_path="/viz") as app:
        port = free_port()
        ours = (ROOT / "docker" / "nginx.conf").read_text()
        ours = ours.replace("listen 8080;", f"listen 127.0.0.1:{port};")
        ours = ours.replace("server app:5006;", f"server {urlsplit(app.address).netloc};")
        (folder / "sdcviz.conf").write_text(ours)
        (folder / "nginx.conf").write_text(AROUND.format(folder=folder))
        # In one process and as the user of the tests, who owns the folder.
        command = [NGINX, "-p", folder, "-c", "nginx.conf", "-e", "stderr"]
        command += ["-g", "daemon off; master_process off;"]
        with (folder / "error.log").open("w") as errors:
            process = subprocess.Popen([str(word) for word in command], stderr=errors)
        try:
            address = f"http://localhost:{port}/viz/"
            transport = httpx.HTTPTransport(retries=8)  # until nginx listens
            with httpx.Client(transport=transport) as client:
                client.get(f"http://127.0.0.1:{port}/viz/api/health").raise_for_status()
            yield replace(app, address=address)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=180)
        assert "[emerg]" not in (folder / "error.log").read_text()


def test_page_and_all_that_it_links(proxied: Running) -> None:
    page = httpx.get(proxied.address)
    assert page.status_code == 200
    links = re.findall(r'<(?:script|link)[^>]+(?:src|href)="([^"]+)"', page.text)
    assert len(links) > 5
    for link in links:
        target = urljoin(proxied.address, link)
        assert target.startswith(proxied.address), link
        assert httpx.get(target).status_code == 200, link


def test_websocket_is_upgraded(proxied: Running) -> None:
    with Visitor(proxied).socket() as open_socket:
        assert json.loads(open_socket.recv(timeout=180))["msgtype"] == "ACK"


def test_foreign_origin_is_refused_also_here(proxied: Running) -> None:
    assert Visitor(proxied).refused(origin="http://evil.example")


def test_prefix_without_slash(proxied: Running) -> None:
    answer = httpx.get(proxied.address.rstrip("/") + "?tab=explore")
    assert (answer.status_code, answer.headers["location"]) == (301, "/viz/?tab=explore")


def test_long_address_arrives(proxied: Running) -> None:
    answer = httpx.get(f"{proxied.address}api/health", params={"view": "x" * 30_000})
    assert answer.status_code == 200


def test_scripts_are_compressed(proxied: Running) -> None:
    page = httpx.get(proxied.address).text
    found = re.search(r'src="([^"]*bokeh\.min\.js[^"]*)"', page)
    assert found
    answer = httpx.get(urljoin(proxied.address, found.group(1)))
    assert answer.headers["content-encoding"] == "gzip"


@pytest.mark.browser
def test_nothing_in_a_browser_leaves_the_prefix(proxied: Running, page: Page) -> None:
    asked: list[str] = []

    def on_request(request: Request) -> None:
        asked.append(request.url)

    def on_socket(opened: WebSocket) -> None:
        asked.append(opened.url.replace("ws", "http", 1))

    page.on("request", on_request)
    page.on("websocket", on_socket)
    page.context.set_default_timeout(WAIT)
    with page.expect_websocket():
        page.goto(proxied.address)
    page.get_by_text("sdcviz").first.wait_for()
    page.wait_for_load_state("networkidle")
    asked = [url for url in asked if not url.startswith(("blob:", "data:"))]
    assert f"{proxied.address}ws" in {url.split("?")[0] for url in asked}
    assert [url for url in asked if not url.startswith(proxied.address)] == []
