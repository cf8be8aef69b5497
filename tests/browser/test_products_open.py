"""Products are opened in the page: what they are, what hangs, map servers over them."""

from __future__ import annotations

import json
import threading
import zlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import made_files
import numpy as np
import pytest
from netCDF4 import Dataset
from playwright.sync_api import Page, expect
from serving import Running, running
from waiting import until


def _png() -> bytes:
    def part(kind: bytes, data: bytes) -> bytes:
        whole = kind + data
        return len(data).to_bytes(4, "big") + whole + zlib.crc32(whole).to_bytes(4, "big")

    head = (1).to_bytes(4, "big") * 2 + bytes([8, 6, 0, 0, 0])
    pixel = zlib.compress(bytes([0, 200, 30, 30, 128]))
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", pixel) + part(b"IEND", b"")


class _Elsewhere(BaseHTTPRequestHandler):
    """A map server at /wms; a server that never answers everywhere else."""

    asked: list[str] = []  # noqa: RUF012
    released = threading.Event()

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if not self.path.startswith("/wms"):
            self.released.wait(60)
            return
        self.send_response(200)
        self.send_header("content-type", "image/png")
        self.send_header("access-control-allow-origin", "*")
        self.end_headers()
        self.wfile.write(_png())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Elsewhere)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    _Elsewhere.released.set()
    server.shutdown()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    attrs = {"title": "First <b>light</b>", "product_version": "2.1"}
    made_files.write(folder / "first.nc", more=lambda f: f.setncatts(attrs))
    with Dataset(folder / "nameless.nc", "w") as file:
        for name, n in (("a", 3), ("b", 2)):
            file.createDimension(name, n)
            file.createVariable(name, "f4", (name,))[:] = np.arange(n) + 40
        file.createVariable("temp", "f4", ("b", "a"))[:] = np.arange(6).reshape(2, 3)
    return folder


@pytest.fixture(scope="module")
def bare(elsewhere: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Serve no collection, with a map server."""
    layer = {"title": "Sea marks", "url": f"{elsewhere}/wms", "layers": "marks"}
    with running(tmp_path_factory.mktemp("bare"), wms_layers=json.dumps([layer])) as address:
        yield address


def test_products_without_a_collection(
    bare: Running, elsewhere: str, files: Path, open_page: Callable[..., Page]
) -> None:
    page = open_page(bare.address)
    page.get_by_role("button", name="Look at products").click()

    def opened(path: Path | str, pane: str = "Path on this machine") -> None:
        if not page.get_by_role("dialog").is_visible():
            page.get_by_role("button", name="Open …").click()
        page.get_by_label(pane).fill(str(path))
        page.get_by_label(pane).press("Enter")

    # A file: its card, its copies, a link that names no path.
    opened(files / "first.nc")
    expect(page.locator(".title b")).to_have_text("First <b>light</b>")
    expect(page.locator(".version")).to_have_text("v2.1")
    expect(page.locator(".copies")).to_contain_text("Prepared")
    page.wait_for_url("**product=*")
    assert "first" not in page.url
    # A file that does not say what is what.
    opened(files / "nameless.nc")
    page.get_by_role("button", name="Say what its dimensions are").click()
    page.get_by_label("Dimension a is").select_option("lon")
    page.get_by_label("Dimension b is").select_option("lat")
    page.get_by_role("button", name="Open it so").click()
    expect(page.get_by_text("3 x 2 points")).to_be_visible()
    # A server that never answers stops nothing.
    page.get_by_role("button", name="Open …").click()
    page.get_by_role("tab", name="Address").click()
    opened(f"{elsewhere}/never", "OPeNDAP address")
    until(lambda: any("never" in path for path in _Elsewhere.asked))
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("alert").filter(has_text="Cancelled")).to_be_visible()
    # The shelf knows both files, and finds them by their words.
    page.get_by_role("tab", name="On the shelf").click()
    page.get_by_label("Search products").fill("light v2.1")
    expect(page.get_by_text("1 of 2 products")).to_be_visible()
    page.locator(".row").first.click()
    expect(page.locator(".version")).to_have_text("v2.1")
    expect(page.get_by_role("dialog")).to_have_count(0)
    # What was sent for the dialog did not come back.
    assert "already known" not in (bare.data_dir / "server.log").read_text()
    # A map server is asked once it is switched on, and not before.
    assert not any("wms" in path for path in _Elsewhere.asked)
    page.get_by_label("Sea marks").check()
    path = until(lambda: next((p for p in _Elsewhere.asked if "wms" in p), ""))
    asked = parse_qs(urlsplit(path).query)
    assert asked["REQUEST"] == ["GetMap"] and asked["SRS"] == ["EPSG:3857"]
    west, south, east, north = (float(v) for v in asked["BBOX"][0].split(","))
    assert west < east and south < north and east - west == pytest.approx(north - south)
