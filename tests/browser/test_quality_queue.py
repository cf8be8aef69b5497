"""Queue, table of samples and statistics of the Quality tab, in Chromium."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from held import hold_messages
from playwright.sync_api import Locator, Page, expect
from serving import Running, running
from still import box_of
from waiting import WAIT

from sdcviz.demo import make_demo
from sdcviz.formats.model import Batch, Coded, Column, Parameter, Stations
from sdcviz.observations import Collection, build_collection, open_collection
from sdcviz.qc import Edits, Findings
from sdcviz.qc.store import load_run, save_findings

EVIL = "<img src=x onerror='window.evil=1'>"

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    return open_collection(make_demo(tmp_path_factory.mktemp("made") / "demo", stations=120))


@pytest.fixture(scope="module")
def evil(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    """Make a collection in which every text is an attack."""
    stations = Stations.blank(2, 0)
    stations.lon, stations.lat = np.array([5.0, 5.1]), np.array([42.0, 42.1])
    stations.time = np.array(["2020-05-01", "2020-05-02"], "M8[ms]")
    stations.cruise = Coded.of([f"<script>window.evil=1</script>{EVIL}"] * 2)
    stations.station = Coded.of(["=cmd|' /C calc'!A0", EVIL])
    good = np.full(12, ord("1"), np.uint8)
    columns = [
        Column(Parameter(f"Chlorophyll {EVIL}", "mg/m3"), np.arange(12.0), good),
        Column(Parameter("Species", kind="text"), Coded.of([EVIL] * 12), good),
    ]
    offsets, depth = np.array([0, 6, 12]), np.tile(np.arange(6.0) * 10, 2)
    batch = Batch(stations, offsets, columns, depth, good, np.arange(12))
    path = tmp_path_factory.mktemp("made") / "evil"
    build_collection([(f"{EVIL}.txt", "ab" * 32, [batch])], path, name=f"Evil {EVIL}")
    c = open_collection(path)
    key = next(p.key for p in c.parameters if p.kind == "number")
    found = Findings.of("spike", key, [0, 1], [2, 3], "4", 9.0, 6.0, {0: EVIL, 1: EVIL})
    save_findings(c, found, checks=["spike"], user=EVIL)
    edits = Edits.of(key, 0, 2, "1", "4", [EVIL])
    c.journal.write(c, edits, user=EVIL, reason=EVIL)
    return c


@pytest.fixture(scope="module")
def place(
    demo: Collection, evil: Collection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("place"), [demo.path, evil.path]) as server:
        yield server


class Desk:
    """The Quality tab on a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.rows = page.locator(".list .row")
        self.left = page.locator(".head .counts")
        self.cells = page.locator(".tabulator-row")
        self.rows.first.wait_for()
        self.cells.first.wait_for()

    def cell(self, sample: int, field: str) -> Locator:
        """Return a cell of the table by the number of the sample, from 1."""
        exactly = re.compile(rf"^{sample}$")
        row = self.cells.filter(
            has=self.page.locator('[tabulator-field="sample"]', has_text=exactly)
        )
        return row.locator(f'[tabulator-field="{field}"]')

    def column(self, title: str) -> str:
        """Return the field of the flags of a parameter."""
        head = self.page.locator(".tabulator-col", has_text=title).first
        return "f" + (head.get_attribute("tabulator-field") or "")[1:]

    def badge(self, title: str) -> Locator:
        return self.page.locator(".checks .badge", has_text=title)

    def looks_at(self, row: int) -> None:
        """Wait until the station with this row number is the one in view."""
        expect(self.page.locator(f'.row[data-row="{row}"]')).to_have_attribute(
            "aria-current", "true"
        )


@pytest.fixture
def desk(open_page: Open, place: Running, demo: Collection) -> Desk:
    return Desk(open_page(f"{place.address}?c={demo.id}&tab=quality"))


def test_a_table_that_is_being_built_misses_nothing(desk: Desk) -> None:
    # Columns, data and a patch arrive between the view and its table: a busy browser does that.
    desk.page.evaluate(
        """() => {
          const models = [...Bokeh.documents].flatMap((d) => [...d._all_models.values()])
          const model = models.find((m) => m.type === "panel.models.tabulator.DataTabulator")
          const view = Bokeh.index.find_one(model)
          view.render()
          model.columns = model.columns.filter((c) => ["sample", "depth"].includes(c.field))
          const data = Object.fromEntries(Object.entries({...model.source.data}).map(
            ([name, column]) => [name, [...column].slice(0, 2)]))
          model.source.data = {...data, sample: ["7", "8"]}
          model.source.patch(new Map([["sample", [[1, "9"]]]]))
        }"""
    )
    expect(desk.page.locator(".tabulator-cell[tabulator-field=sample]")).to_have_text(["7", "9"])


def test_checks_run_from_the_page_and_their_flags_are_set_after_a_preview(
    desk: Desk, demo: Collection
) -> None:
    page = desk.page
    expect(desk.left).to_have_text(re.compile(rf"of {demo.n_stations} left"))
    # One run is broken off: nothing is found then.
    page.get_by_role("button", name="Run checks").click()
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.locator(".said").first).to_have_text("Cancelled.")
    page.get_by_role("button", name="Run checks").click()
    # A process of its own that may have to compile first.
    expect(page.get_by_role("button", name="Run checks again")).to_be_visible(timeout=2 * WAIT)
    expect(page.locator(".said").first).to_contain_text("findings at")
    first = int(desk.rows.first.get_attribute("data-row") or -1)
    desk.looks_at(first)

    # A badge restricts the queue to its check.
    copies = desk.badge("Duplicate stations")
    expect(copies).to_be_visible()
    copies.click()
    expect(copies).to_have_attribute("aria-pressed", "true")
    expect(desk.rows.first.locator(".badge").first).to_contain_text("Duplicate stations")
    copies.click()

    # The preview says what would be set; then it is.
    page.get_by_role("button", name=re.compile("^Apply")).click()
    button = page.get_by_role("button", name=re.compile(r"^Set \d"))
    expect(button).to_be_enabled()
    hold_messages(page)
    page.evaluate("holding.out()")
    page.get_by_label("Give flag 1").uncheck()
    assert button.is_disabled()  # it counts what is no longer meant
    page.evaluate("holding.go()")
    expect(button).to_be_enabled()
    expect(page.locator(".preview table")).to_contain_text("Temperature")
    n = int(re.sub(r"\D", "", button.inner_text()))
    button.click()
    expect(page.locator(".said").first).to_contain_text("set at")
    now = open_collection(demo.path)
    (batch,) = now.journal.batches(now)
    assert (batch.samples, batch.tool) == (n, "check")
    assert n > 0


def test_next_station_marks_the_last_one_done_and_the_marks_stay(
    desk: Desk, open_page: Open, place: Running, demo: Collection
) -> None:
    page = desk.page
    numbers = [int(desk.rows.nth(i).get_attribute("data-row") or -1) for i in range(4)]
    whole = int(re.findall(r"of (\d+) left", desk.left.inner_text())[0])
    expect(desk.left).to_have_text(f"{whole} of {whole} left")
    desk.looks_at(numbers[0])
    page.keyboard.press("n")
    desk.looks_at(numbers[1])
    page.keyboard.press("n")
    desk.looks_at(numbers[2])
    expect(desk.left).to_have_text(f"{whole - 2} of {whole} left")
    # The keys work on after a click in the queue.
    desk.rows.nth(1).click()
    desk.looks_at(numbers[1])
    page.keyboard.press("p")
    desk.looks_at(numbers[0])
    desk.rows.nth(2).click()
    desk.looks_at(numbers[2])
    expect(desk.rows.nth(0).locator(".mark")).to_have_attribute("aria-pressed", "true")
    # By hand, both ways.
    desk.rows.nth(3).locator(".mark").click()
    expect(desk.left).to_have_text(f"{whole - 3} of {whole} left")
    desk.rows.nth(0).locator(".mark").click()
    expect(desk.left).to_have_text(f"{whole - 2} of {whole} left")

    again = Desk(open_page(f"{place.address}?c={demo.id}&tab=quality"))
    expect(again.left).to_have_text(f"{whole - 2} of {whole} left")
    again.page.get_by_label("Hide done").check()
    expect(again.left).to_have_text(f"{whole - 2} of {whole - 2} left")
    expect(again.rows.first).to_have_attribute("data-row", str(numbers[0]))

    # A search finds a cruise; its stations are the queue then.
    cruise = desk.rows.nth(2).locator(".name span").inner_text()
    page.get_by_label("Search the queue").fill(cruise.lower())
    expect(desk.rows.first.locator(".name span")).to_have_text(cruise)
    expect(desk.left).not_to_have_text(f"{whole - 2} of {whole} left")


def test_flags_are_edited_in_the_table_one_by_one_and_many_at_once(
    desk: Desk, demo: Collection
) -> None:
    page = desk.page
    long = int(np.argmax(np.diff(demo.offsets)))
    name = demo.text("station").texts()[long]
    if load_run(demo):
        page.get_by_label("Stations", exact=True).select_option("1")
    cruise = demo.text("cruise").texts()[long]
    page.get_by_label("Search the queue").fill(cruise)
    row = page.locator(f'.row[data-row="{long}"]')
    row.click()
    desk.looks_at(long)
    n = int(demo.offsets[long + 1] - demo.offsets[long])
    expect(page.locator(".words")).to_have_text(f"{n} samples")
    assert name in row.inner_text()
    field = desk.column("Salinity")

    # One cell, far down: the list opens, the flag is saved, the table does not jump.
    deep = n - 2
    desk.page.locator(".tabulator-tableholder").evaluate("(e) => e.scrollTo(0, e.scrollHeight)")
    cell = desk.cell(deep, field)
    cell.scroll_into_view_if_needed()
    box_of(cell)
    before = page.locator(".tabulator-tableholder").evaluate("(e) => e.scrollTop")
    cell.click()
    page.locator(".tabulator-edit-list-item", has_text="3 probably bad").click()
    expect(cell).to_have_text("3")
    card = page.locator(".card")
    expect(card).to_contain_text("3 probably bad")
    expect(card).to_contain_text("in the table")
    after = page.locator(".tabulator-tableholder").evaluate("(e) => e.scrollTop")
    assert abs(after - before) < 3

    # A range of rows is picked in the plots, too, and flagged at once.
    desk.page.locator(".tabulator-tableholder").evaluate("(e) => e.scrollTo(0, 0)")
    desk.cell(2, "depth").click()
    expect(page.locator(".picked b")).to_have_text("1 sample picked")
    desk.cell(4, "depth").click(modifiers=["Shift"])
    expect(page.locator(".picked b")).to_have_text("3 samples picked")
    expect(card).to_contain_text("would change the mean here")
    page.get_by_label("Set flag").select_option("4")
    for sample in (2, 3, 4):
        expect(desk.cell(sample, field)).to_have_text("4")
    expect(desk.cell(1, field)).not_to_have_text("4")
    expect(card).to_contain_text("These 3 flags change the mean here")
    now = open_collection(demo.path)
    assert now.flag_at("salinity", [long] * 4, [1, 2, 3, deep - 1]).tobytes() == b"4443"

    # Undo shows in the table.
    page.keyboard.press("u")
    expect(desk.cell(3, field)).not_to_have_text("4")


def test_statistics_tell_who_changed_what_and_go_out_as_csv(
    open_page: Open, place: Running, evil: Collection, tmp_path: Path
) -> None:
    page = Desk(open_page(f"{place.address}?c={evil.id}&tab=quality")).page
    page.get_by_role("button", name="Statistics").click()
    expect(page.locator(".stack").first).to_be_visible()
    page.get_by_role("button", name="Changes", exact=True).click()
    expect(page.locator("table.wide")).to_contain_text(EVIL)
    with page.expect_download() as download:
        page.get_by_text("CSV", exact=True).click()
    file = tmp_path / "flags.csv"
    download.value.save_as(file)
    (row,) = csv.DictReader(file.open(encoding="utf-8"))
    assert (row["user"], row["changes"]) == (EVIL, "1")
    assert page.evaluate("window.evil") is None


def test_texts_of_files_and_people_are_shown_as_they_are(
    open_page: Open, place: Running, evil: Collection
) -> None:
    desk = Desk(open_page(f"{place.address}?c={evil.id}&tab=quality"))
    page = desk.page
    expect(desk.rows.first.locator(".name")).to_contain_text("<script>window.evil=1</script>")
    expect(page.locator(".said").first).to_contain_text(EVIL)
    row = page.locator('.row[data-row="0"]')
    row.locator(".badge").click()  # picks what the check found
    desk.looks_at(0)
    expect(page.locator(".picked b")).to_have_text("1 sample picked")
    expect(page.locator(".tabulator-col", has_text="Chlorophyll").first).to_contain_text(EVIL)
    expect(desk.cell(3, "v1")).to_contain_text(EVIL)
    card = page.locator(".card")
    expect(card.locator(".change")).to_contain_text(EVIL)
    page.get_by_label("Samples of").select_option("selection")
    expect(page.locator(".words")).to_have_text("12 samples at 2 stations")
    expect(desk.cells.first.locator('[tabulator-field="station"]')).to_contain_text("<script>")
    assert page.evaluate("window.evil") is None
