"""A real Chromium on a real server; any complaint of the page fails the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect
from serving import Running, running
from waiting import WAIT

LOCAL = {"localhost", "127.0.0.1"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder as one for the browser."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session", autouse=True)
def _patience() -> None:
    """Let what is expected of a page come late: a busy machine is no defect."""
    expect.set_options(timeout=WAIT)


@pytest.fixture(scope="session")
def collection(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Import a few small real files once."""
    from sdcviz.observations import import_files

    folder = tmp_path_factory.mktemp("collections") / "profiles"
    files = ["ODV_vertical_profiles_ctd.txt", "BlackSea_2profiles.txt"]
    import_files([data / "odv" / file for file in files], folder, name="Profiles")
    return folder


@pytest.fixture(scope="session")
def server(collection: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Serve that collection, in a process of its own."""
    with running(tmp_path_factory.mktemp("server"), [collection]) as address:
        yield address


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Give a function that opens an address; in the end the pages must have no complaint."""
    complaints: list[str] = []
    contexts = []

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(f"console: {message.text}")

    def asked(request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme not in {"data", "blob"} and url.hostname not in LOCAL:
            complaints.append(f"a request left the machine: {request.url}")

    def opened(address: str, width: int = 1366, height: int = 768) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height}, accept_downloads=True
        )
        contexts.append(context)
        context.set_default_timeout(WAIT)
        page = context.new_page()
        page.on("console", heard)
        page.on("pageerror", lambda error: complaints.append(f"script: {error.stack or error}"))
        page.on("request", asked)
        page.goto(address)
        page.locator(".MuiAppBar-root").wait_for()
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def page(open_page: Callable[..., Page], server: Running) -> Page:
    """Open the page as a first visitor does."""
    return open_page(server.address)
