"""A flag that is changed anywhere shows in all open browsers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from journalled import first_good, flag, make_collection
from playwright.sync_api import Page, expect
from serving import Running, running

from sdcviz.observations import Collection, open_collection

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_collection(tmp_path_factory.mktemp("live") / "c")


@pytest.fixture(scope="module")
def place(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("live-server"), [folder]) as server:
        yield server


@pytest.fixture
def c(folder: Path) -> Collection:
    return open_collection(folder)


def stations_with(c: Collection, code: str) -> int:
    """Return how many stations have a temperature with this flag."""
    return c.where(parameter="temperature", flags=(code,)).n_stations


def counted(c: Collection, code: str, more: int = 0) -> str:
    return f"{stations_with(c, code) + more} of {c.n_stations} stations"


def test_a_flag_set_in_one_browser_shows_in_another(open_page: Open, place: Running, c):
    other = open_page(f"{place.address}?c={c.id}&p=temperature&f=7")
    one = open_page(f"{place.address}?c={c.id}&p=temperature&f=7")
    for page in (one, other):
        expect(page.get_by_text(counted(c, "7")).first).to_be_visible()
    row, sample = first_good(c)
    edit = {"station": c.station_id(row), "sample": sample, "parameter": "temperature"}
    body = {"token": uuid4().hex, "user": "Ann", "edits": [{**edit, "old": "1", "new": "7"}]}
    status = one.evaluate(
        """async ([url, body]) => (await fetch(url, {method: "POST", body: JSON.stringify(body),
        headers: {"content-type": "application/json"}})).status""",
        [f"{place.address}api/qc/{c.id}/batches", body],
    )
    assert status == 200
    for page in (one, other):
        expect(page.get_by_text(counted(c, "7", 1)).first).to_be_visible()
    c.catch_up()
    assert stations_with(c, "7") == 1


def test_a_flag_set_by_another_process_shows_in_the_table(open_page: Open, place: Running, c):
    row, sample = first_good(c, nth=3)
    page = open_page(f"{place.address}?c={c.id}&p=temperature&tab=quality&s={row}")
    cells = page.locator('[tabulator-field="f0"]:not(.tabulator-col)')
    expect(cells.nth(sample)).to_contain_text("1")
    flag(c, row, sample, "4")
    expect(cells.nth(sample)).to_contain_text("4")
    c.journal.undo(c, "Ann")
    expect(cells.nth(sample)).to_contain_text("1")
