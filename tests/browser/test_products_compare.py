"""Two layers of one map: swiped, blinking, side by side, subtracted; and formulas."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import made_files
import numpy as np
import pytest
from playwright.sync_api import Page, expect
from serving import Running
from still import box_of, until_still
from workplace import drag

from sdcviz.geo.projection import forward
from sdcviz.words import number

LON, LAT = np.arange(3.0, 7.1, 0.5), np.arange(40.0, 43.1, 0.5)
ABOVE = [0xFF, 0x3F, 0xD0]
"""What lies above the range of the colours."""
GREY = [0xB4, 0xBC, 0xC1]

_CANVAS = """
([name, x, y]) => {
  const models = [...Bokeh.documents].flatMap((d) => [...d._all_models.values()])
  const plot = models.findLast((m) => m.name === name)
  const view = plot && Bokeh.index.find_one(plot)
  if (!view?.frame) return null
  const {left, top, width, height} = view.frame.bbox
  const part = (r, v) => (v - r.start) / (r.end - r.start)
  const at = [left + width * part(plot.x_range, x), top + height * (1 - part(plot.y_range, y))]
  const canvas = view.canvas_view.primary.el
  const ratio = canvas.width / canvas.getBoundingClientRect().width
  const [x0, y0] = at.map((v) => Math.round(v * ratio))
  const [red, green, blue] = canvas.getContext("2d").getImageData(x0, y0, 1, 1).data
  const box = view.el.getBoundingClientRect()
  return {colour: [red, green, blue], screen: [box.left + at[0], box.top + at[1]]}
}
"""


_HEIGHT = """
() => {
  const models = [...Bokeh.documents].flatMap((d) => [...d._all_models.values()])
  const {y_range} = models.findLast((m) => m.name === "product-map")
  return [y_range.start, y_range.end]
}
"""


def product(path: Path, values: np.ndarray, error: float) -> None:
    """Write a field that is the same at all times and depths, with its error."""
    whole = np.broadcast_to(values.astype("f4"), (3, 3, *values.shape)).copy()

    def more(file: Any) -> None:
        v = file.createVariable("Temperature_relerr", "f4", ("time", "depth", "lat", "lon"))
        v.units, v.long_name, v[:] = "1", "Relative error variance of Temperature", error
        v = file.createVariable("Temperature_background_sd", "f4", ("time", "depth"))
        v.units, v[:] = "degrees_C", 1

    made_files.write(path, lon=LON, lat=LAT, values=whole, more=more)


@pytest.fixture(scope="module")
def served(server: Running) -> Running:
    """Serve a product of 10 degrees, and one of 10.3 in the south and 13 in the north."""
    folder = server.data_dir / "products"
    folder.mkdir(exist_ok=True)
    product(folder / "first.nc", np.full((len(LAT), len(LON)), 10.0), 0.25)
    product(folder / "second.nc", np.where(LAT[:, None] < 41.4, 10.3, 13), 0.16)
    return server


def look(page: Page, lon: float, lat: float, name: str = "product-map") -> dict[str, Any]:
    """Read the colour of a place of a map, and where it is on the screen."""
    x, y = (float(a[0]) for a in forward("mercator", [lon], [lat]))
    return page.evaluate(_CANVAS, [name, x, y])


def until_colour(
    page: Page, place: tuple[float, float], wanted: Callable[[list[int]], bool], **which: str
) -> None:
    x, y = (float(a[0]) for a in forward("mercator", [place[0]], [place[1]]))
    for _ in range(400):
        found = page.evaluate(_CANVAS, [which.get("name", "product-map"), x, y])
        if found and wanted(found["colour"]):
            return
        page.evaluate("() => new Promise(requestAnimationFrame)")
    raise AssertionError(f"{place}: {found}")


def test_two_layers(open_page: Callable[..., Page], served: Running) -> None:
    from sdcviz_app.shelf import identity

    first, second = (
        identity(str(served.data_dir / "products" / n)) for n in ("first.nc", "second.nc")
    )
    look_at = f"{served.address}?tab=products&product={first}&with={second}&cmp=difference"
    page = open_page(f"{look_at}&pview=2~39~8~44")
    south, north, cells = 3 * len(LON), 4 * len(LON), len(LAT) * len(LON)

    # Difference: 0.3 lies within sqrt(0.25 + 0.16), 3 beyond.
    said = f"within the combined error: {number(south)} of {number(cells)} cells"
    expect(page.locator(".veil-key")).to_contain_text(re.compile(re.sub(r"\s", r"\\s", said)))
    until_colour(page, (5.2, 40.6), lambda c: c == GREY)
    until_colour(
        page, (5.2, 42.6), lambda c: c != GREY and c[2] > c[0]
    )  # blue: the second is warmer
    until_still(page, "product-map")
    page.mouse.move(*look(page, 5.2, 40.6)["screen"])
    expect(page.locator(".readout")).to_contain_text("within the combined error")
    page.mouse.move(*look(page, 5.2, 42.6)["screen"])
    expect(page.locator(".readout")).to_contain_text("−3.0")
    # The link names a part that is higher than the product.
    low, high = page.evaluate(_HEIGHT)
    assert (low, high) == pytest.approx(tuple(forward("mercator", [0, 0], [39, 44])[1]), rel=1e-4)
    sums = page.locator(".sums")
    weight = np.cos(np.radians(LAT))[:, None] * np.ones(len(LON))
    mean = np.average(np.where(LAT[:, None] < 41.4, -0.3, -3) * np.ones(len(LON)), weights=weight)
    expect(sums).to_contain_text(f"−{abs(mean):.2f} °C")
    expect(sums).to_contain_text(f"{100 * north / cells:.0f} % of")

    # Colours as far as the visitor says; what is greyed is not counted as out of them.
    page.get_by_label("Greatest difference").fill("0.2")
    page.get_by_label("Greatest difference").press("Tab")
    expect(page.locator(".note").first).to_have_text(f"{north} cells below the range")
    page.get_by_label("Greatest difference").fill("-1")
    page.get_by_label("Greatest difference").press("Tab")
    expect(page.get_by_role("alert").filter(has_text="a positive number")).to_be_visible()

    # Swipe: the first layer on the left of the handle, the second on its right, in one range.
    page.get_by_role("button", name="Swipe", exact=True).click()
    handle = page.get_by_role("slider", name="Where the second layer begins")
    until_colour(page, (6.4, 42.6), lambda c: c == ABOVE)
    until_colour(page, (3.6, 42.6), lambda c: c not in (ABOVE, GREY))
    expect(page.locator(".layer-name.n0")).to_have_text("first")
    expect(page.locator(".note").first).to_have_text(f"Second: {north} cells above the range.")
    handle.focus()
    handle.press("Home")
    until_colour(page, (3.6, 42.6), lambda c: c == ABOVE)
    handle.press("PageUp")
    expect(handle).to_have_attribute("aria-valuenow", "10")
    box = box_of(handle)
    until_still(page, "product-map")
    end = look(page, 6.9, 41)["screen"]
    drag(page, [(box["x"] + 11, end[1]), (end[0], end[1])])
    until_colour(page, (6.4, 42.6), lambda c: c != ABOVE)
    # Keys of the handle move nothing else.
    expect(page.get_by_role("slider", name="Time", exact=True)).to_have_value("0")

    # Blink: one after the other, until a key holds the one in view.
    page.get_by_role("button", name="Blink", exact=True).click()
    until_colour(page, (5.2, 42.6), lambda c: c == ABOVE)
    expect(page.locator(".layer-name.n1")).to_be_visible()
    until_colour(page, (5.2, 42.6), lambda c: c != ABOVE)
    page.locator("body").press("b")
    expect(page.locator(".hold")).to_have_attribute("aria-pressed", "true")

    # Side by side: two maps of one view, a step of the slider moves both.
    page.get_by_role("button", name="Side by side").click()
    until_colour(page, (5.2, 42.6), lambda c: c == ABOVE, name="product-map-twin")
    until_colour(page, (5.2, 42.6), lambda c: c not in (ABOVE, GREY))
    for name in ("product-map", "product-map-twin"):
        until_still(page, name)
    a, b = look(page, 5.2, 42.6), look(page, 5.2, 42.6, "product-map-twin")
    assert b["screen"][0] > a["screen"][0] + 200 and abs(b["screen"][1] - a["screen"][1]) < 2

    # What is made of a field: a mistake is told, the next one shown.
    page.get_by_role("button", name="Off", exact=True).click()
    expect(page.locator(".layer-name").first).to_be_hidden()
    page.get_by_label("What is shown", exact=True).select_option("formula")
    page.get_by_label("Formula").fill("a - warmth")
    expect(page.get_by_role("alert")).to_contain_text("'warmth' is no field; known: a")
    page.get_by_label("Formula").fill("2 * a")
    expect(page.locator(".bar-title").first).to_have_text("2 * a, a: Temperature [°C]")
    page.wait_for_url(re.compile(r"make=2"))
