"""The Interpolate tab as a scientist uses it: from a form to a product."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import netCDF4
import pytest
from playwright.sync_api import Locator, Page, expect
from serving import Running, running
from workplace import drag

_FRAME = """
() => {
  const documents = [...(globalThis.Bokeh?.documents ?? [])]
  const models = documents.flatMap((d) => [...d._all_models.values()])
  const model = models.findLast((m) => m.name === "domain" && m.type === "Plot")
  const plot = model && Bokeh.index.find_one(model)
  const frame = model?.center.find((r) => r.type === "BoxAnnotation")
  if (!plot || !frame?.visible) return null
  const box = plot.el.getBoundingClientRect(), area = plot.frame.bbox
  const at = (range, value) => (value - range.start) / (range.end - range.start)
  const x = (v) => box.left + area.left + area.width * at(model.x_range, v)
  const y = (v) => box.top + area.top + area.height * (1 - at(model.y_range, v))
  return {left: x(frame.left), right: x(frame.right), top: y(frame.top), bottom: y(frame.bottom)}
}
"""

# The colour bar with a title has its box, and no other is shown.
_COLOURS = """
(title) => {
  const documents = [...(globalThis.Bokeh?.documents ?? [])]
  const models = documents.flatMap((d) => [...d._all_models.values()])
  const map = models.findLast((m) => m.name === "domain" && m.type === "Plot")
  const bars = map.center.filter((r) => r.type === "ColorBar" && r.visible)
  const box = bars.length === 1 && Bokeh.index.find_one(bars[0]).bbox
  return bars[0]?.title === title && box?.width > 200
}
"""


_RESTS = f"""
async () => {{
  const look = {_FRAME}
  for (let before = "", same = 0; ; ) {{
    const now = look()
    same = now && JSON.stringify(now) === before ? same + 1 : 0
    if (same >= 10) return now
    before = JSON.stringify(now)
    await new Promise(requestAnimationFrame)
  }}
}}
"""


def drag_east(page: Page) -> None:
    """Drag the eastern side of the frame to the west.

    It can be gripped on five pixels: who misses it, since the map has moved meanwhile, grips again.
    """
    for _ in range(3):
        place = page.evaluate(_RESTS)
        middle = (place["top"] + place["bottom"]) / 2
        drag(page, [(place["right"] - to, middle) for to in (0, 60, 90)])
        if page.evaluate(_RESTS)["right"] < place["right"] - 50:
            return
    raise AssertionError("The frame does not move.")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Serve a small demo."""
    from sdcviz.demo import make_demo

    demo = make_demo(tmp_path_factory.mktemp("demo") / "demo", stations=600)
    with running(tmp_path_factory.mktemp("interpolate"), [demo]) as server:
        yield server


class Tab:
    """The tab on a page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def field(self, name: str) -> Locator:
        return self.page.locator(f"[data-field={name}]")

    def enter(self, name: str, text: str) -> None:
        self.field(name).fill(text)
        self.field(name).press("Enter")

    def complaint(self, name: str) -> Locator:
        return self.page.locator(f"[data-name={name}] .said.wrong")

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def shows(self, text: str) -> None:
        expect(self.page.locator(".told")).to_contain_text(text)

    def is_job(self, state: str) -> None:
        expect(self.page.locator(f".run .job[data-state={state}]")).to_be_visible()


def test_a_climatology_from_the_form_to_the_product(
    open_page: Callable[..., Page], served: Running, tmp_path: Path
) -> None:
    page = open_page(served.address)
    tab = Tab(page)
    page.get_by_role("tab", name="Interpolate", exact=True).click()
    tab.shows("preview on")

    # A wrong entry is told where it was made, and nothing can be started with it.
    tab.enter("horizontal", "200")
    expect(tab.complaint("horizontal")).to_have_text("200 has no unit; write '200 m' or '200 km'.")
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_disabled()
    tab.enter("horizontal", "200 km")
    expect(tab.complaint("horizontal")).to_be_hidden()

    # The frame on the map is the domain of the form.
    tab.enter("resolution", "0.5")
    east = tab.field("box-e").input_value()
    drag_east(page)
    expect(tab.field("box-e")).not_to_have_value(east)
    tab.enter("box-e", "36.5")
    tab.enter("depths", "0, 10, 20, 30, 50, 75, 100, 150, 200, 300, 500, 800, 1200")
    # What is being typed is not lost where an answer to an earlier entry comes meanwhile.
    expect(page.locator("[data-name=depths]")).to_contain_text("13 levels, 0 to 1200 m.")
    tab.press("2 x level distance")

    # The preview follows the sliders.
    page.get_by_label("Time after").click()
    tab.shows("February at 0 m")
    for _ in range(4):
        page.get_by_label("Level after").click()
    tab.shows("February at 50 m")
    expect(page.locator(".before")).to_contain_text("12 times")
    expect(page.locator(".before:not(.weighing)")).to_be_visible()

    tab.press("Start")
    tab.is_job("running")
    tab.press("Pause")
    tab.is_job("paused")
    page.reload()
    tab.is_job("paused")
    expect(tab.field("box-e")).to_have_value("36.5")
    tab.shows("February at 50 m")
    tab.press("Resume")
    tab.is_job("done")
    expect(page.locator(".run .job")).to_contain_text("observations used")

    tab.press("Show product")
    tab.shows("February at 50 m: product")
    tab.press("NetCDF")
    with page.expect_download() as fetched:
        page.get_by_role("link", name="Download NetCDF").click()
    fetched.value.save_as(tmp_path / "product.nc")
    with netCDF4.Dataset(tmp_path / "product.nc") as product:
        assert product["Temperature"].shape[:2] == (12, 13)

    # The queue of another tab leads back to it.
    page.get_by_role("tab", name="Explore", exact=True).click()
    page.get_by_role("button", name=re.compile("^Jobs")).click()
    card = page.locator("[role=list] .job")
    expect(card).to_have_count(1)
    to_notebook = card.get_by_role("link", name="Open in Jupyter")
    expect(to_notebook).to_have_attribute("href", re.compile("^notebooks/[0-9a-f]{32}/$"))
    page.get_by_role("tab", name="Use by month").click()
    expect(page.locator(".use")).to_contain_text(["Processor of the job that had an estimate", ""])
    page.get_by_role("tab", name="Jobs", exact=True).click()
    card.get_by_role("button", name="Log", exact=True).click()
    expect(card.locator(".log")).to_contain_text("February")
    card.get_by_role("button", name="Recipe", exact=True).click()
    expect(tab.field("box-e")).to_have_value("36.5")


def test_lengths_and_noise_are_chosen_by_sight(
    open_page: Callable[..., Page], served: Running
) -> None:
    page = open_page(f"{served.address}?tab=interpolate")
    tab = Tab(page)
    tab.shows("January at 0 m")
    for preview, title in (("Stations", "Stations"), ("Error", "Relative error")):
        tab.press(preview)
        page.wait_for_function(_COLOURS, arg=title)
    tab.press("Field")
    page.get_by_label("Time", exact=True).fill("7")
    tab.shows("August at 0 m")
    page.get_by_role("button", name="Fit from data").first.click()
    expect(page.locator(".levels tbody tr").first).to_be_visible()
    page.get_by_role("button", name=re.compile("^Use .* everywhere$")).click()
    expect(tab.field("horizontal")).to_have_value(re.compile(r"^[\d.]+ km$"))

    tab.press("Parameter study")
    best = page.locator(".cell.best")
    expect(best).to_have_count(1)
    expect(page.locator(".cell")).to_have_count(20)
    best.click()
    expect(page.get_by_role("dialog")).to_have_count(0)

    tab.press("Save")
    page.get_by_label("Name of the recipe").fill("August, best")
    page.get_by_role("dialog").get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("Saved as “August, best”.")
    page.get_by_role("dialog").get_by_label("close").click()
    expect(page).to_have_url(re.compile("recipe=August"))
    tab.enter("epsilon2", "0.123")
    expect(page.locator(".name")).to_contain_text("changed")
    tab.press("Recipes")
    page.get_by_role("tab", name="Compare").click()
    expect(page.get_by_role("dialog").locator("td.key")).to_have_text(["epsilon2"])
