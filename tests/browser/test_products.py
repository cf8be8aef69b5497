"""The map of a product in Chromium: sliders, mask, tools, damage; what is painted is read."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hand_made
import made_files
import numpy as np
import pytest
from playwright.sync_api import Page, expect
from serving import Running
from still import until_still
from waiting import until

from sdcviz.products import Product, open_product
from sdcviz_app.shelf import identity

_ASK = """
(given) => {
  const documents = [...(globalThis.Bokeh?.documents ?? [])]
  const models = documents.flatMap((d) => [...d._all_models.values()])
  const map = models.findLast((m) => m.name === "product-map")
  const drawn = (name) => map?.renderers.find((r) => r.name === name)?.data_source.data
  const picture = drawn("field-0")
  const codes = picture?.image?.[0]
  CODE
}
"""


class Sea:
    """The map on a page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def ask(self, code: str, given: Any = None) -> Any:
        return self.page.evaluate(_ASK.replace("CODE", code), given)

    def until(self, code: str, given: Any = None) -> None:
        self.page.wait_for_function(_ASK.replace("CODE", code), arg=given)

    def pixels(self) -> np.ndarray:
        """Return the colours of the picture (0 is nothing), row by row from the south."""
        shape, flat = self.ask("return [codes?.shape ?? [0, 0], [...(codes ?? [])]]")
        return np.array(flat, np.uint32).reshape(shape)

    def wait_shown(self, expected: np.ndarray) -> None:
        """Wait until exactly these points of the grid (rows of the picture repeat) are shown."""
        until(lambda: self._shows(expected))

    def _shows(self, expected: np.ndarray) -> bool:
        seen = self.pixels() != 0
        if not seen.any() or seen.shape[1] != expected.shape[1]:
            return False
        kept = np.flatnonzero(np.append(True, (seen[1:] != seen[:-1]).any(axis=1)))
        runs = seen[kept]
        alike = np.append(True, (expected[1:] != expected[:-1]).any(axis=1))
        return runs.shape == expected[alike].shape and bool((runs == expected[alike]).all())

    def at(self, lon: float, lat: float) -> tuple[float, float]:
        """Return where a place is on the screen, once the map rests."""
        until_still(self.page, "product-map")
        return tuple(
            self.ask(
                """
                const {frame, el} = Bokeh.index.find_one(map), box = el.getBoundingClientRect()
                const R = 6378137, x = given[0] * Math.PI / 180 * R
                const y = Math.log(Math.tan(Math.PI / 4 + given[1] * Math.PI / 360)) * R
                const {left, top, width, height} = frame.bbox
                const {x_range: a, y_range: b} = map
                return [box.left + left + (x - a.start) / (a.end - a.start) * width,
                        box.top + top + (b.end - y) / (b.end - b.start) * height]
                """,
                [lon, lat],
            )
        )  # type: ignore[return-value]

    def link(self, key: str, pattern: str) -> None:
        self.until(
            "const link = new URLSearchParams(location.search);"
            "return new RegExp(given[1]).test(link.get(given[0]) ?? '')",
            [key, pattern],
        )


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hand_made.product(tmp_path_factory.mktemp("made") / "months.nc")


@pytest.fixture(scope="module")
def served(server: Running, product: Path) -> str:
    """Put it on the shelf of the server; return its address."""
    folder = server.data_dir / "products"
    folder.mkdir(exist_ok=True)
    shutil.copy(product, folder / "months.nc")
    return f"{server.address}?tab=products&product={identity(str(folder / 'months.nc'))}"


@pytest.fixture
def sea(open_page: Callable[..., Page], served: str) -> Sea:
    made = Sea(open_page(served))
    made.until("return codes?.length > 1 && globalThis.sdcvizField?.now")
    return made


def shown(ours: Product, depth: float, step: int, limit: float | None = None) -> np.ndarray:
    return ~np.isnan(ours.layer(depth, step, mask=limit).values)


def test_sliders_mask_and_play(sea: Sea, product: Path) -> None:
    ours, page = open_product(product), sea.page
    sea.wait_shown(shown(ours, 0, 0))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    sea.wait_shown(shown(ours, 10, 1))
    expect(page.locator("output", has_text="February")).to_be_visible()
    sea.link("step", "^1$")
    sea.link("z0", "^10$")
    # The browser masks while the slider moves, before the session hears of it.
    slider = page.get_by_label("Greatest relative error")
    slider.evaluate(
        "(node) => { node.value = 0.4; node.dispatchEvent(new Event('input', {bubbles: true})) }"
    )
    sea.wait_shown(shown(ours, 10, 1, 0.4))
    assert "mask=" not in page.url
    slider.evaluate("(node) => node.dispatchEvent(new Event('change', {bubbles: true}))")
    sea.link("mask", "^0.4$")
    sea.wait_shown(shown(ours, 10, 1, 0.4))
    page.get_by_role("button", name="L1").click()
    sea.link("mask", "^L1$")
    sea.wait_shown(shown(ours, 10, 1, 0.3))
    # The pointer reads the frame.
    page.mouse.move(*sea.at(5.0, 42.0))
    value = ours.layer(10, 1).sel(lon=5.0, lat=42.0).item()
    error = float(ours.layer(10, 1, what="error").sel(lon=5.0, lat=42.0))
    expect(page.get_by_role("status").filter(has_text="42.0")).to_contain_text(
        "masked" if error > 0.3 else f"{value:.0f}"[:1]
    )
    page.get_by_role("button", name="All", exact=True).click()
    page.get_by_role("button", name="Play", exact=True).click()
    sea.until("return (globalThis.seen ??= new Set()).add(sdcvizField.now.step).size === 3")
    page.get_by_role("button", name="Play", exact=True).click()
    sea.link("step", "^[12]?$")


def test_tools_write_the_session(sea: Sea) -> None:
    page = sea.page
    page.mouse.click(*sea.at(6.0, 41.5))
    sea.link("at0", r"^(5\.9|6)")
    page.get_by_role("button", name="Line", exact=True).click()
    page.mouse.click(*sea.at(4.0, 41.0))
    sea.until("return map && true")
    page.mouse.move(*sea.at(5.0, 42.0))
    sea.until("return drawn('draft').x.length === 2")
    page.keyboard.press("Escape")
    sea.until("return drawn('draft').x.length === 0")
    for corner in ((4.0, 41.0), (6.0, 42.5)):
        page.mouse.click(*sea.at(*corner))
    page.mouse.dblclick(*sea.at(8.0, 41.0))
    sea.link("line", r"_.*_")
    sea.until("return drawn('line').x.length > 3 && drawn('draft').x.length === 0")
    page.get_by_role("button", name="Clear", exact=True).click()
    sea.until("return !drawn('line').x.length && !drawn('place').x.length")
    sea.link("line", "^$")
    # A link keeps the part that one looks at.
    page.mouse.move(*sea.at(5.0, 41.5))
    page.mouse.wheel(0, -300)
    sea.link("pview", "~.*~.*~")
    # Another tab is a step of the back button, a view that was moved is none.
    for tab in ("Explore", "Products"):
        page.get_by_role("tab", name=tab).click()
        sea.link("tab", "products" if tab == "Products" else "^$")
    page.get_by_role("button", name="Zoom to product").click()
    sea.link("pview", "^$")
    width = "map.x_range.end - map.x_range.start"
    whole = sea.ask(f"return {width}")
    for tab in ("Explore", "Products"):
        page.go_back()
        sea.link("tab", "products" if tab == "Products" else "^$")
        expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
    sea.link("pview", "~.*~.*~")
    sea.until(f"return {width} < 0.95 * given", whole)


def test_damage_costs_its_map_only(open_page: Callable[..., Page], server: Running) -> None:
    """A chunk of another product is damaged: its map says so, the next one is shown."""
    path = server.data_dir / "products" / "damaged.nc"
    path.parent.mkdir(exist_ok=True)
    made_files.write(path, chunksizes=(1, 1, 3, 4), fletcher32=True)
    layer = open_product(path).layer(0, 0).values.tobytes()
    content = path.read_bytes()
    at = content.index(layer) + 20
    path.write_bytes(content[:at] + bytes([content[at] ^ 255]) + content[at + 1 :])
    page = open_page(f"{server.address}?tab=products&product={identity(str(path))}&dots=none")
    sea = Sea(page)
    expect(page.locator(".status > .said")).to_contain_text("damaged")
    page.keyboard.press("ArrowRight")
    sea.wait_shown(shown(open_product(path), 0, 1))
    expect(page.locator(".status > .said")).not_to_contain_text("damaged")
    # A sound file takes its place while it is open; in it one point has no value.
    whole = made_files.truth(range(3), (0.0, 10.0, 50.0), (40.0, 41.0, 42.0), (3.0, 4.0, 5.0, 6.0))
    whole[0, 0, 1, 2] = np.nan
    made_files.write(path.with_suffix(".part"), values=whole).replace(path)
    page.keyboard.press("ArrowLeft")
    sea.wait_shown(~np.isnan(whole[0, 0]))
    page.close()  # it would ask for what is gone
    path.unlink()
