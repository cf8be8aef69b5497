"""A reviewer's day: look at a product, find what is wrong with it, have it analysed again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from in_process import analysed
from playwright.sync_api import Locator, Page, expect
from serving import Running, running
from still import until_still
from waiting import WAIT
from workplace import Workplace

from sdcviz.analyses.outdated import outdated
from sdcviz.geo.projection import forward
from sdcviz.words import counted

LEVELS = [0, 20, 50, 100, 200, 300]
MONTHS = [[1, 2, 3], [4, 5, 6], [7, 8, 9], [10, 11, 12]]
BIAS = {"step": 2, "depth": 100, "east": 16, "value": 0.8}
"""Planted: too warm in the west, in summer, below 100 m."""

_SCREEN = """
([name, x, y]) => {
  const models = [...Bokeh.documents].flatMap((d) => [...d._all_models.values()])
  const plot = models.findLast((m) => m.name === name)
  const view = plot && Bokeh.index.find_one(plot)
  if (!view?.frame) return null
  const {left, top, width, height} = view.frame.bbox
  const part = (r, v) => (v - r.start) / (r.end - r.start)
  const box = view.el.getBoundingClientRect()
  const [across, up] = [part(plot.x_range, x), part(plot.y_range, y)]
  return [box.left + left + width * across, box.top + top + height * (1 - up)]
}
"""


def plant(path: Path) -> None:
    """Make the field too warm in a region and season, as a tool with a mistake would."""
    import netCDF4

    with netCDF4.Dataset(path, "r+") as file:
        file.set_auto_mask(False)
        depth, lat, lon = (file[n][:] for n in ("depth", "lat", "lon"))
        part = np.ix_(depth >= BIAS["depth"], lat > 0, lon < BIAS["east"])
        whole = file["Temperature"][BIAS["step"]]
        some = whole[part]
        whole[part] = np.where(some < 1e30, some + np.float32(BIAS["value"]), some)
        file["Temperature"][BIAS["step"]] = whole


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from sdcviz.demo import make_demo

    return make_demo(tmp_path_factory.mktemp("reviewer") / "demo", stations=1000)


@pytest.fixture(scope="module")
def served(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Serve the observations, a climatology of them with a mistake, and an earlier version."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "products").mkdir()
    made = {"levels": LEVELS, "time": {"years": [1991, 2020], "months": MONTHS}}
    about = {"title": "Temperature of a sea", "version": "1.0"}
    analysed(demo, folder / "products" / "sea.nc", **made, metadata=about)
    older = {"horizontal": "200 km", "vertical": "60 m"}
    before = about | {"title": "Temperature of a sea, draft", "version": "0.9"}
    analysed(demo, folder / "products" / "draft.nc", **made, lengths=older, metadata=before)
    plant(folder / "products" / "sea.nc")
    with running(folder, [demo]) as server:
        yield server


class Day:
    """What a reviewer does on a page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def button(self, name: str, **how: Any) -> Locator:
        return self.page.get_by_role("button", name=name, **{"exact": True} | how)

    def tab(self, name: str) -> Locator:
        """Find a block of the review."""
        blocks = self.page.get_by_role("tablist", name="Blocks of the review")
        return blocks.get_by_role("tab", name=name)

    def at(self, lon: float, lat: float) -> tuple[float, float]:
        """Tell where a place of the map is on the screen, once it rests."""
        until_still(self.page, "product-map")
        x, y = (float(a[0]) for a in forward("mercator", [lon], [lat]))
        self.page.wait_for_function(f"(given) => ({_SCREEN})(given)", arg=["product-map", x, y])
        found = self.page.evaluate(_SCREEN, ["product-map", x, y])
        return found[0], found[1]

    def tap(self, lon: float, lat: float) -> None:
        self.page.mouse.click(*self.at(lon, lat))

    def drawn(self, key: str) -> Locator:
        """Wait for a panel to be drawn."""
        panel = self.page.locator(f".panel[data-key={key}]")
        expect(panel).to_have_attribute("data-drawn", re.compile(r"\d"))
        return panel


def test_a_reviewers_day(open_page: Callable[..., Page], served: Running, demo: Path) -> None:
    from sdcviz_app.shelf import identity

    product = served.data_dir / "products" / "sea.nc"
    page = open_page(f"{served.address}?tab=products&product={identity(str(product))}")
    day = Day(page)

    # The climatology over its observations; another season, another depth.
    expect(page.get_by_text("Temperature of a sea").first).to_be_visible()
    expect(page.locator(".banner")).to_be_hidden()
    month, depth = page.get_by_role("slider", name="Time"), page.get_by_role("slider", name="Depth")
    month.fill("2")
    depth.fill("1")
    page.wait_for_function(
        "location.search.includes('step=2') && /z0=20(&|$)/.test(location.search)"
    )

    # A tap: profile, series and diagram, with the observations around.
    day.tap(6, 40)
    for key in ("place-profile", "place-series", "place-hovmoller"):
        day.drawn(key)
    expect(day.drawn("place-profile").locator(".note")).to_contain_text("observation")

    # A section, drawn on the map.
    day.button("Line").click()
    day.tap(3, 39)
    page.mouse.dblclick(*day.at(9, 41))
    expect(day.drawn("line-section")).to_be_visible()
    assert "line=" in page.url

    # What is uncertain is hidden, everywhere.
    page.get_by_role("slider", name="Greatest relative error").fill("0.6")
    page.wait_for_function("location.search.includes('mask=0.6')")

    # Beside the earlier version: the planted mistake is no difference of lengths.
    draft = identity(str(served.data_dir / "products" / "draft.nc"))
    day.button("Difference").click()
    page.get_by_label("Second product").select_option(draft)
    page.wait_for_function("d => location.search.includes(`with=${d}`)", arg=draft)
    expect(page.locator(".sums")).to_contain_text("°C")
    day.button("Off").click()

    # The review: what was planted stands among what to look at first.
    day.button("Review").first.click()
    page.locator(".starts .main").click()
    findings = page.get_by_role("list", name="Findings")
    expect(findings).to_be_visible(timeout=2 * WAIT)
    warm = re.compile(
        r"The product is 0\.[78]\d* °C higher than the observations in .* 16° E, "
        r"July to September, from 100 m down"
    )
    expect(findings.get_by_role("button").filter(has_text=warm).first).to_be_visible()
    day.tab("Opinion").click()
    with page.expect_download() as fetched:
        page.get_by_role("link", name="report.html").click()
    assert "Temperature of a sea" in Path(fetched.value.path()).read_text("utf-8")

    # From the worst cast to its flags: what is far off is flagged bad.
    day.tab("Worst casts").click()
    page.get_by_role("row").nth(1).click()
    day.button("Open in Quality").click()
    desk = Workplace(page)
    desk.sign("Ada Reviewer")
    row = desk.row
    desk.press("ArrowDown", *["Shift+ArrowDown"] * 60)
    desk.press("4")
    desk.wait_flag("temperature", 0, "4")
    desk.wait_saved()
    flags = desk.flags("temperature")
    changed = outdated(product, demo)
    assert set(changed.station.tolist()) == {row}
    assert 0 < len(changed) <= flags.count("4")

    # The product says so; its surroundings are analysed again, and the difference is shown.
    page.get_by_role("tab", name="Products", exact=True).click()
    page.get_by_title("Back to the map of the product").click()
    banner = page.locator(".banner")
    expect(banner).to_contain_text(f"{counted(len(changed), 'observation')} changed")
    day.button("Show them").click()
    expect(banner.locator("tr[tabindex]")).to_have_count(min(len(changed), 60))
    expect(banner.locator("tr[tabindex]").first).to_contain_text("4")
    day.button("Re-run here").click()
    day.button("Show the difference").click(timeout=2 * WAIT)
    page.wait_for_function("location.search.includes('cmp=difference')")
    expect(banner).to_be_hidden()
    expect(page.get_by_text("v1.0-r1")).to_be_visible()
    expect(page.locator(".sums")).to_contain_text("100 %")
    (new,) = served.data_dir.glob("products/*_again_*.nc")
    assert not outdated(new, demo)
    assert largest_change(product, new) > 0.05


def largest_change(old: Path, new: Path) -> float:
    import netCDF4

    with netCDF4.Dataset(old) as a, netCDF4.Dataset(new) as b:
        return float(np.ma.abs(b["Temperature"][:] - a["Temperature"][:]).max())
