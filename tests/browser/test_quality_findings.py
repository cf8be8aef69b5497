"""The list of findings beside the plots: one entry for each check and parameter."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from serving import Running, running

from sdcviz.demo import make_demo
from sdcviz.observations import Collection, open_collection
from sdcviz.qc.model import POSITION, Findings
from sdcviz.qc.store import save_findings

ROW = 30
SAMPLES = [3, 4, 7]
CHECKS = ["global_range", "spike", "on_land"]


def save(c: Collection, *more: Findings) -> None:
    found = [
        Findings.of("global_range", "temperature", ROW, SAMPLES, "4", [60.0, 70.0, 65.0], 40.0),
        Findings.of("spike", "salinity", ROW, [5], "4", 9.0, 0.9),
        Findings.of("on_land", POSITION, ROW, -1, "3", 2, 1),
    ]
    save_findings(c, Findings.join([*found, *more]), checks=CHECKS, user="Ann")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    c = open_collection(make_demo(tmp_path_factory.mktemp("found") / "demo", stations=60))
    save(c)
    return c


@pytest.fixture(scope="module")
def place(demo: Collection, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("place"), [demo.path]) as server:
        yield server


@pytest.fixture
def desk(open_page: Callable[..., Page], place: Running) -> Page:
    page = open_page(f"{place.address}?tab=quality&p=temperature")
    page.wait_for_function("() => globalThis.sdcvizDesk?.state?.view")
    page.locator(".tabulator-row").first.wait_for()
    page.evaluate("(row) => sdcvizDesk.state.show(row)", ROW)
    page.wait_for_function("(row) => sdcvizDesk.state.view?.row === row", arg=ROW)
    return page


def picked(page: Page, samples: list[int]) -> None:
    """Wait until these samples are picked."""
    page.wait_for_function(
        "(wanted) => String(sdcvizDesk.state.picked) === wanted",
        arg=",".join(map(str, samples)),
    )


def test_one_entry_for_a_check_and_a_parameter(desk: Page) -> None:
    entries = desk.locator(".finding")
    expect(entries).to_have_count(3)
    expect(desk.locator(".findings h4")).to_have_text("5 findings")
    first = entries.filter(has_text="Global range · Temperature")
    expect(first).to_contain_text("worst 70 °C (limit 40)")
    expect(first).to_contain_text("3 samples, ")
    expect(entries.filter(has_text="Position on land")).to_contain_text("on land")
    first.click()
    picked(desk, SAMPLES)
    expect(first).to_have_attribute("aria-pressed", "true")
    # The key goes through them one by one, and through those of other parameters.
    desk.keyboard.press("Escape")
    for sample in sorted([*SAMPLES, 5]):
        desk.keyboard.press("f")
        picked(desk, [sample])


def test_what_is_taken_from_the_list_is_what_the_keys_flag(desk: Page) -> None:
    desk.locator(".finding").filter(has_text="Spike · Salinity").click()
    picked(desk, [5])
    expect(desk.get_by_label("Parameter to flag")).to_have_value("salinity")
    desk.wait_for_function(
        "() => sdcvizDesk.state.view && sdcvizDesk.state.shown.target === 'salinity'"
    )
    assert desk.evaluate("() => sdcvizDesk.state.picked") == [5]
    desk.locator(".finding").filter(has_text="Position on land").click()
    expect(desk.get_by_label("Parameter to flag")).to_have_value(POSITION)


def test_a_station_without_the_parameter_shows_another(desk: Page, demo: Collection) -> None:
    row = int(np.flatnonzero(~demo.has("oxygen_umol_kg"))[0])
    target = desk.get_by_label("Parameter to flag")
    target.select_option("oxygen_umol_kg")
    desk.evaluate("(row) => sdcvizDesk.state.show(row)", row)
    desk.wait_for_function("(row) => sdcvizDesk.state.view?.row === row", arg=row)
    expect(target).to_have_value("salinity")
    expect(desk.locator(".caption")).to_contain_text("No dissolved oxygen in this station")
    desk.keyboard.press("ArrowDown")
    picked(desk, [0])
    other = int(np.flatnonzero(demo.has("oxygen_umol_kg"))[0])
    desk.evaluate("(row) => sdcvizDesk.state.show(row)", other)
    expect(target).to_have_value("oxygen_umol_kg")


def test_what_another_process_finds_appears_by_itself(desk: Page, demo: Collection) -> None:
    save(demo, Findings.of("spike", "temperature", ROW, [1, 2], "4", [5.0, 6.0], 2.0))
    expect(desk.locator(".finding").filter(has_text="Spike · Temperature")).to_be_visible()
    expect(desk.locator(".findings h4")).to_have_text("7 findings")
    assert desk.evaluate("() => sdcvizDesk.state.view.row") == ROW
