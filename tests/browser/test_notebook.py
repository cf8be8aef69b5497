"""From the map to a running cell: the notebook opens in a tab of its own, and its end is told."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from unittest import mock

import pytest
from conftest import need
from playwright.sync_api import Page, expect
from serving import Running, running
from waiting import until

from sdcviz import jobs, open_collection
from sdcviz.notifications.preferences import preferences_of
from sdcviz.settings import get_settings


@pytest.fixture
def place(collection: Path, tmp_path: Path) -> Iterator[Running]:
    need(find_spec("jupyterlab"), "JupyterLab is missing: pip install 'sdcviz[notebook]'")
    with (
        running(tmp_path / "server", [collection], jobs_at_stop="cancel") as server,
        mock.patch.dict(os.environ, {"SDCVIZ_DATA_DIR": str(server.data_dir)}),
    ):
        get_settings.cache_clear()
        yield server
    get_settings.cache_clear()


@pytest.mark.slow
def test_open_in_jupyter(open_page: Callable[..., Page], place: Running, collection: Path) -> None:
    complaints: list[str] = []
    page = open_page(f"{place.address}?c={open_collection(collection).id}&s=1")
    page.get_by_role("button", name="Export", exact=True).click()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Open in Jupyter").click()
    lab = opened.value
    lab.on("console", lambda m: complaints.append(m.text) if "Content Security" in m.text else None)
    lab.on("request", lambda r: _is_ours(r.url) or complaints.append(f"left: {r.url}"))
    assert re.search(r"/notebooks/[0-9a-f]{32}/", lab.url)
    assert lab.evaluate("window.opener") is None
    cell = lab.locator(".jp-CodeCell").first
    expect(cell).to_contain_text("sdcviz.open_collection")
    expect(lab.get_by_text(re.compile("Python 3.*Idle"))).to_be_visible()
    cell.locator(".cm-content").click()
    lab.keyboard.press("Shift+Enter")
    expect(cell.locator(".jp-OutputArea-output").first).to_contain_text("Profiles")
    assert "sdc_sid" not in lab.evaluate("document.cookie")
    assert not complaints, complaints

    expect(page.get_by_role("link", name="Open the notebook")).to_be_visible()
    (job,) = jobs.find(kind="notebook")
    jobs.cancel(job.id)
    page.keyboard.press("Escape")
    bell = page.get_by_role("button", name="Notices: 1 unread")
    bell.click()
    expect(page.get_by_role("dialog", name="Notices")).to_contain_text("was cancelled")
    page.get_by_label("Mail address").fill("ann@x.example")
    page.get_by_role("button", name="Save").click()
    until(lambda: preferences_of(jobs.get(job.id).spec.owner).mail == "ann@x.example")
    page.get_by_role("button", name="Mark all as read").click()
    expect(page.get_by_role("button", name="Notices", exact=True)).to_be_visible()


def _is_ours(url: str) -> bool:
    return url.startswith(("http://localhost", "http://127.0.0.1", "data:", "blob:"))
