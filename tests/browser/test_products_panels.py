"""What is taken out of a product, beside the map: numbers, one cursor for all, taps, weights."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hand_made
import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Locator, Page, expect
from serving import Running, running
from still import box_of
from waiting import until
from workplace import Workplace

from sdcviz.observations import open_collection
from sdcviz.products import open_product
from sdcviz.products.lines import distance_km
from sdcviz.products.near import near_place
from sdcviz.products.station import at_station
from sdcviz.products.window import in_time
from sdcviz.words import counted

_DOT = """
() => {
  const models = [...Bokeh.documents].flatMap((d) => [...d._all_models.values()])
  const map = models.findLast((m) => m.name === "product-map")
  const view = map && Bokeh.index.find_one(map)
  const dots = map?.renderers.find((r) => r.name === "spread").data_source.data
  if (!view?.frame || !dots?.x?.length) return null
  const box = view.el.getBoundingClientRect(), {left, top, width, height} = view.frame.bbox
  const part = (r, v) => (v - r.start) / (r.end - r.start)
  for (let i = 0; i < dots.x.length; i++) {
    const x = part(map.x_range, dots.x[i]), y = part(map.y_range, dots.y[i])
    if (x < 0.1 || x > 0.9 || y < 0.1 || y > 0.9) continue
    return [box.left + left + width * x, box.top + top + height * (1 - y)]
  }
  return null
}
"""
_LINE = """
const models = [...Bokeh.documents].flatMap((d) => [...d._all_models.values()])
const drawn = [...models.findLast((m) => m.name === "desk-product-a").data_source.data.middle]
"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a small collection."""
    from sdcviz.demo import make_demo

    return make_demo(tmp_path_factory.mktemp("panels_demo") / "demo", stations=300)


@pytest.fixture(scope="module")
def served(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Serve it with a product, and with a copy that holds neither observations nor error."""
    import xarray as xr

    folder = tmp_path_factory.mktemp("panels")
    (folder / "products").mkdir()
    made = hand_made.product(folder / "products" / "made.nc", background=True)
    with xr.open_dataset(made, decode_times=False) as data:
        data[["Temperature", "climatology_bounds"]].to_netcdf(folder / "products" / "plain.nc")
    with running(folder, [demo]) as server:
        yield server


def address(served: Running, name: str, query: str) -> str:
    from sdcviz_app.shelf import identity

    product = identity(str(served.data_dir / "products" / name))
    return f"{served.address}?tab=products&product={product}&{query}"


def panel(page: Page, key: str) -> Locator:
    return page.locator(f".panel[data-key={key}]")


def drawn(page: Page, key: str) -> Locator:
    """Wait for a panel to be drawn; return its picture."""
    expect(panel(page, key)).to_have_attribute("data-drawn", re.compile(r"\d"))
    return panel(page, key).locator("canvas.top")


def point(page: Page, key: str, x: float, y: float, click: bool = False) -> None:
    """Point at a part of a picture."""
    box = box_of(drawn(page, key))
    at = box["x"] + x * box["width"], box["y"] + y * box["height"]
    (page.mouse.click if click else page.mouse.move)(*at)


def cursor(page: Page, key: str) -> list[float | None]:
    """Read where the cursor of a panel stands."""
    told = panel(page, key).get_attribute("data-cursor") or ","
    return [float(v) if v else None for v in told.split(",")]


def tell(page: Page, **detail: Any) -> None:
    """Move the cursor as a map would."""
    page.evaluate(
        "d => document.dispatchEvent(new CustomEvent('sdcviz:cursor', {detail: d}))",
        {"from": "test", **detail},
    )


def test_panels_of_a_place_say_what_the_library_says_and_share_a_cursor(
    open_page: Callable[..., Page], served: Running, demo: Path
) -> None:
    page = open_page(address(served, "made.nc", "at0=5~41&km=400&step=1&z0=10"))
    drawn(page, "place-profile")
    product = open_product(served.data_dir / "products" / "made.nc")
    samples = open_collection(demo).where().samples("temperature", present=True)
    near = near_place((5.0, 41.0), samples["lon"], samples["lat"], 400.0)
    count = int(in_time(product.grid().times, samples["time"][near.rows], 1).sum())
    note = panel(page, "place-profile").locator(".note")
    expect(note).to_contain_text(counted(count, "observation"))
    assert count > 50

    page.evaluate("document.addEventListener('sdcviz:cursor', e => { window.heard = e.detail })")
    point(page, "place-profile", 0.6, 0.5)
    page.wait_for_function("window.heard?.depth > 0")
    heard = page.evaluate("window.heard")
    assert heard["lon"] == 5
    assert heard["lat"] == 41
    assert cursor(page, "place-hovmoller") == [None, pytest.approx(heard["depth"], rel=1e-4)]
    tell(page, time=2, depth=10)
    profile = product.profile(5, 41, 1)["value"].to_numpy()
    series = product.timeseries(5, 41, 10)["value"].to_numpy()
    value = panel(page, "place-series").locator("output")
    expect(value).to_have_text(f"Mar · {float(f'{series[2]:.5g}'):g} °C")
    value = panel(page, "place-profile").locator("output")
    expect(value).to_have_text(f"10 m · {float(f'{profile[1]:.5g}'):g} °C")

    # A tap in the diagram: the last month, near the surface.
    point(page, "place-hovmoller", 0.75, 0.06, click=True)
    expect(page.locator(".panels .under")).to_have_text("March · 0 m")
    page.get_by_label("Close the panels").click()
    expect(page.locator(".panels")).to_be_hidden()


def test_a_section_knows_where_it_is_and_sets_the_place(
    open_page: Callable[..., Page], served: Running
) -> None:
    page = open_page(address(served, "made.nc", "line=3.5~41_9~43&step=1&mask=0.5"))
    drawn(page, "line-hovmoller")
    expect(panel(page, "line-section").locator(".note")).to_contain_text("hatched: masked")
    tell(page, lon=3.5, lat=41.0)
    assert cursor(page, "line-section")[0] == pytest.approx(0, abs=5)
    far = float(distance_km(3.5, 41, 9, 43))
    tell(page, distance=far)
    assert cursor(page, "line-section")[0] == pytest.approx(far, rel=1e-3)
    assert cursor(page, "line-hovmoller")[0] == pytest.approx(far, rel=1e-3)
    point(page, "line-section", 0.4, 0.3, click=True)
    page.wait_for_function("location.search.includes('at0=')")
    expect(page.locator(".panels button[data-of=line]")).to_have_attribute("aria-pressed", "true")
    assert "z0=" in page.url


def test_what_made_a_value_leads_to_the_station(
    open_page: Callable[..., Page], served: Running
) -> None:
    page = open_page(address(served, "plain.nc", "at0=5~41&step=1&z0=10"))
    drawn(page, "place-profile")
    page.get_by_role("button", name="What made this value?").click()
    made = panel(page, "place-made")
    expect(made.locator(".lengths")).to_contain_text("a guess")
    made.locator("input[name=horizontal]").fill("150")
    made.locator("input[name=horizontal]").press("Tab")
    expect(made.locator(".lengths")).to_contain_text("as entered")
    expect(made.locator(".sum")).to_contain_text("Approximate weights")
    rows = made.locator("tr[data-weight]")
    weights = rows.evaluate_all("rows => rows.map(r => Math.abs(Number(r.dataset.weight)))")
    assert len(weights) > 20
    assert np.all(np.diff(weights) <= 1e-9)
    expect(made.locator(".note")).to_contain_text("within 3 correlation lengths")
    # All of them, not only those that are listed, go into the file.
    made.get_by_role("button", name="Export this table").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Write data").click()
    with page.expect_download() as waiting:
        dialog.get_by_role("link", name="plain_place_made.csv").click()
    written = pd.read_csv(waiting.value.path(), comment="#")
    assert len(written) >= len(weights)
    assert abs(written["weight"]).max() == pytest.approx(weights[0], rel=0.01)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    rows.first.get_by_role("button").click()
    page.wait_for_function(
        "location.search.includes('tab=quality') && /[?&]s=\\d/.test(location.search)"
    )


def test_a_dot_of_the_map_leads_to_its_cast_with_the_product_in_its_profile(
    open_page: Callable[..., Page], served: Running, demo: Path
) -> None:
    page = open_page(address(served, "made.nc", "step=1"))
    onward = page.get_by_role("button", name="Open in Quality")

    def tap() -> bool:
        page.mouse.click(*page.wait_for_function(_DOT).json_value())
        page.wait_for_function("location.search.includes('at0=')")
        return onward.is_visible()

    until(tap)
    onward.click()
    page.wait_for_function("location.search.includes('tab=quality')")
    work = Workplace(page)

    # What the library says there, at the month of the station.
    work.until("return view.products?.temperature?.samples")
    data, row = open_collection(demo), work.row
    depth = np.asarray(data.depth[data.offsets[row] : data.offsets[row + 1]], np.float64)
    product = open_product(served.data_dir / "products" / "made.nc")
    said = at_station(product, data.lon[row], data.lat[row], data.time[row], depth)
    assert said.answer == "value"
    np.testing.assert_allclose(
        work.ask(f"{_LINE} return drawn"), said.value[np.isfinite(said.value)], rtol=1e-6
    )
    caption = page.locator(".caption .product")
    expect(caption).to_contain_text(f"product made, {said.label} ± expected error")

    # How far off the sample under the pointer is.
    (k, *_) = np.flatnonzero(np.isfinite(said.samples))
    value = float(data.values("temperature")[data.offsets[row] + k])
    tip = page.locator(".tip")

    def hovered() -> bool:
        ((x, y),) = work.at("a", [(value, depth[k])])
        page.mouse.move(x - 1, y)
        page.mouse.move(x, y)
        page.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )
        return "against made" in (tip.text_content() or "")

    until(hovered)
    expect(tip).to_contain_text(re.compile(rf"[+−][\d.]+ °C against made \({said.label}\)"))

    # A switch hides it, and the link knows.
    caption.click()
    work.until(f"{_LINE} return drawn.length === 0")
    page.wait_for_function("location.search.includes('pline=0')")
    expect(caption).to_contain_text("show")
