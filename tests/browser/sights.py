"""What the browser tests do with the Explore tab, and what they read of it.

Positions on the map are given in degrees; what is drawn is read from the Bokeh
documents of the page, so that a test compares numbers and not pictures.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Locator, Page, expect
from still import until_still

from sdcviz.geo.projection import forward, inverse

_MODELS = """
const models = [...(globalThis.Bokeh?.documents ?? [])].flatMap((d) => [...d._all_models.values()])
const map = models.findLast((m) => m.name === "map" && m.type === "Plot")
const drawn = (name) => map.renderers.find((r) => r.name === name)?.data_source.data
const column = (data, name) => Array.from((data?.get?.(name) ?? data?.[name]) ?? [])
const label = (axes) => axes[0]?.axis_label
const plot = (x, y) => models.filter((m) => m.type === "Figure")
  .findLast((m) => label([...m.below, ...m.above].filter((a) => a.axis_label)) === x
                   && label(m.left) === y)
"""


def _asked(code: str) -> str:
    return f"(given) => {{ {_MODELS}; {code} }}"


class Sights:
    """The Explore tab on a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._tool = ""
        page.locator(".bk-tool-icon-lasso-select").first.wait_for()
        self.until("return map?.inner_width > 0 && column(drawn('dots'), 'x').length > 0")

    def until(self, code: str, given: Any = None) -> None:
        """Wait for the page to fulfil a condition, a function body of JavaScript."""
        self.page.wait_for_function(_asked(code), arg=given)

    def ask(self, code: str, given: Any = None) -> Any:
        return self.page.evaluate(_asked(code), given)

    # ---- the link ----------------------------------------------------------

    @property
    def link(self) -> dict[str, str]:
        """The query of the address."""
        return {k: v[0] for k, v in parse_qs(urlsplit(self.page.url).query).items()}

    def wait_link(self, key: str, pattern: str = "^$") -> str:
        """Wait for a part of the address to match; without a pattern, to be gone."""
        self.until(
            "const part = new URLSearchParams(location.search).get(given[0]) ?? '';"
            "return new RegExp(given[1]).test(part)",
            [key, pattern],
        )
        return self.link.get(key, "")

    # ---- the map -----------------------------------------------------------

    def at(self, lon: float, lat: float) -> tuple[float, float]:
        """Return where a position is on the screen."""
        m = self.ask(
            "return {x0: map.x_range.start, x1: map.x_range.end, y0: map.y_range.start,"
            " y1: map.y_range.end, w: map.inner_width, h: map.inner_height}"
        )
        box = self.page.locator(".bk-Plot").first.bounding_box()
        assert box
        x, y = (float(a[0]) for a in forward(self.link.get("proj", "mercator"), [lon], [lat]))
        return (
            box["x"] + m["w"] * (x - m["x0"]) / (m["x1"] - m["x0"]),
            box["y"] + m["h"] * (m["y1"] - y) / (m["y1"] - m["y0"]),
        )

    def dots(self, name: str = "dots") -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return longitude and latitude of the drawn stations, in the order of longitude."""
        x, y = self.ask("return ['x', 'y'].map((c) => column(drawn(given), c))", name)
        lon, lat = inverse(self.link.get("proj", "mercator"), np.array(x), np.array(y))
        order = np.lexsort((lat, lon))
        return lon[order], lat[order]

    def wait_dots(self, count: int, name: str = "dots") -> None:
        self.until("return column(drawn(given[0]), 'x').length === given[1]", [name, count])

    def ground(self) -> str:
        """Return the colour of the sea."""
        return self.ask("return map.background_fill_color.value ?? map.background_fill_color")

    def show_all(self) -> None:
        """Press the button that fits the map to the stations; they fill it then."""
        self.page.get_by_role("button", name="Show all stations").click()
        self.until(
            "const x = column(drawn('dots'), 'x'), y = column(drawn('dots'), 'y');"
            "const fill = (v, r) => (Math.max(...v) - Math.min(...v)) / (r.end - r.start);"
            "return x.length && Math.max(fill(x, map.x_range), fill(y, map.y_range)) > 0.8"
        )

    def drag(self, tool: str, corners: Sequence[tuple[float, float]], shift: bool = False) -> None:
        """Draw with a tool of the map through positions."""
        if tool != self._tool:  # a click on the active one would put it away
            self.page.locator(f".bk-tool-icon-{tool}-select").first.click()
            self._tool = tool
        until_still(self.page, "map")
        places = [self.at(*corner) for corner in corners]
        if shift:
            self.page.keyboard.down("Shift")
        self.page.mouse.move(*places[0])
        self.page.mouse.down()
        for place in places[1:]:
            self.page.mouse.move(*place, steps=4)
        self.page.mouse.move(*places[-1])
        self.page.mouse.up()
        if shift:
            self.page.keyboard.up("Shift")

    def tap(self, lon: float, lat: float) -> None:
        until_still(self.page, "map")
        self.page.mouse.click(*self.at(lon, lat))

    def wait_side(self) -> None:
        """Wait until the panel beside the map stands and the map has its new shape."""
        expect(self.page.get_by_role("tab", name="Plots", exact=True)).to_be_visible()
        self.until(
            "const x = map.x_range, y = map.y_range, box = document.body.clientWidth;"
            "const ratio = (x.end - x.start) / map.inner_width * map.inner_height"
            " / (y.end - y.start);"
            "return map.inner_width < 0.6 * box && Math.abs(ratio - 1) < 0.005"
        )

    # ---- beside the map ----------------------------------------------------

    def colour(self, by: str) -> None:
        self.page.get_by_label("Colour", exact=True).first.select_option(label=by)

    def choose(self, label: str, option: str) -> None:
        self.page.get_by_label(label, exact=True).first.click()
        self.page.get_by_role("menuitem", name=option, exact=True).click()

    def turn(self, tab: str) -> None:
        self.page.get_by_role("tab", name=tab, exact=True).click()

    def plotted(self, x: str, y: str, count: int) -> dict[str, NDArray[np.float64]]:
        """Wait for a plot with so many samples under its axes; return their columns."""
        found = (
            "const data = plot(given[0], given[1])?.renderers.map((r) => r.data_source.data)"
            ".find((d) => column(d, 'colour').length)"
        )
        self.until(f"{found}; return column(data, 'x').length === given[2]", [x, y, count])
        got = self.ask(f"{found}; return ['x', 'y'].map((c) => column(data, c))", [x, y])
        return {"x": np.array(got[0], float), "y": np.array(got[1], float)}

    @property
    def form(self) -> Locator:
        return self.page.locator("form:has([data-slider=time])")

    def says(self, text: str) -> None:
        """Wait for the counts over the filters."""
        expect(self.form.locator(".counts div").first).to_have_text(text)

    def fields(self) -> tuple[Locator, Locator]:
        return self.form.get_by_label("time from"), self.form.get_by_label("time to")

    def type_time(self, first: str, last: str) -> None:
        for field, text in zip(self.fields(), (first, last), strict=True):
            field.fill(text)
            field.press("Tab")


def open_files(page: Page, *files: Path) -> None:
    """Give files to the page, as a new collection."""
    page.locator(".MuiAppBar-root").get_by_role("button", name="Open files").click()
    page.locator("input.pick").set_input_files(list(files))
    expect(page.get_by_text("ready (")).to_be_visible()
    page.get_by_role("button", name="Open", exact=True).click()


def close_report(page: Page, stations: int) -> None:
    """Wait for the end of an import of so many stations; close what it tells."""
    told = page.get_by_text(re.compile(rf"Imported {stations}\s+stations"))
    expect(told.first).to_be_visible()
    # Without anything odd the dialog closes by itself, and a passing message tells.
    close = page.get_by_role("button", name="Close", exact=True)
    closed = page.locator("body:not(:has([role=dialog]))")
    expect(close.or_(closed).first).to_be_visible()
    if close.is_visible():
        close.click()
    expect(page.get_by_role("dialog")).to_have_count(0)
