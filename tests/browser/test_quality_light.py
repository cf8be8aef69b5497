"""Long casts are drawn with less: it looks the same, and all samples can be picked."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page
from serving import Running, running
from still import until_still
from workplace import Workplace, drag_until

from sdcviz.observations import Collection, open_collection

_PLOT = """
const models = [...Bokeh.documents].flatMap((d) => [...d._all_models.values()])
const plot = Bokeh.index.find_one(models.findLast((m) => m.name === "desk-a"))
const views = [...plot.renderer_views.values()]
const drawn = views.find((v) => v.model.name === "desk-drawn-a")
const {sx, sy} = drawn.glyph
const centres = () => {
  const ctx = document.createElement("canvas").getContext("2d"), at = []
  ctx.translate = (x, y) => at.push([x, y])
  drawn.glyph._paint(ctx, Array.from(sx, (_, i) => i))
  return at.filter((_, i) => i % 2 === 0) // there, and back
}
"""


@pytest.fixture(scope="module")
def casts(collection: Path, tmp_path_factory: pytest.TempPathFactory) -> Collection:
    """Open a copy: its journal belongs to these tests."""
    copy = tmp_path_factory.mktemp("casts") / "profiles"
    return open_collection(shutil.copytree(collection, copy))


@pytest.fixture(scope="module")
def served(casts: Collection, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("server"), [casts.path]) as server:
        yield server


@pytest.fixture
def work(open_page: Callable[..., Page], served: Running, casts: Collection) -> Workplace:
    """Open the longest cast."""
    made = Workplace(open_page(f"{served.address}?tab=quality&p=temperature"))
    row = int(np.argmax(np.diff(casts.offsets)))
    made.ask("desk.show(given)", row)
    made.wait_row(row)
    made.until(_PLOT + "return sx?.length === view.n && plot.frame.bbox.width > 100")
    made.page.locator(".tabulator-row").first.wait_for()
    until_still(made.page, "desk-a")
    return made


def test_each_sample_has_one_of_its_look_on_its_pixel(work: Workplace) -> None:
    n = work.ask("return view.n")
    places = np.array(work.ask(_PLOT + "return Array.from(sx, (x, i) => [x, sy[i]])"), float)
    known = np.isfinite(places).all(axis=1)
    centres = np.array(work.ask(_PLOT + "return centres()"))
    assert len(centres) < n / 2

    def pixels(at: NDArray[np.float64]) -> set[tuple[int, int]]:
        return {(int(x), int(y)) for x, y in np.floor(at + 0.5)}

    assert pixels(centres) == pixels(places[known])
    # One that is flagged among thousands of others has a look of its own.
    sample = int(np.flatnonzero(known)[n // 2])
    work.ask("desk.take({key: '', samples: [given]})", sample)
    work.wait_picked(sample)
    work.press("4")
    work.wait_flag("temperature", sample, "4")
    again = np.array(work.ask(_PLOT + "return centres()"))
    assert (again == places[sample]).all(axis=1).any()
    assert pixels(again) == pixels(centres)


def test_a_closer_look_shows_them_all(work: Workplace, casts: Collection) -> None:
    run = slice(casts.offsets[work.row], casts.offsets[work.row + 1])
    depth, values = casts.depth[run], casts.values("temperature")[run]
    top, bottom = np.sort(depth)[[len(depth) // 2, len(depth) // 2 + 60]].tolist()
    inside = (depth > top) & (depth < bottom) & np.isfinite(values)
    work.ask(_PLOT + "plot.model.y_range.setv({start: given[1], end: given[0]})", [top, bottom])
    work.until(
        _PLOT + "const {top, bottom} = plot.frame.bbox;"
        "return centres().filter(([, y]) => y > top && y < bottom).length === given",
        int(inside.sum()),
    )


def test_a_box_picks_what_is_not_drawn_too(work: Workplace, casts: Collection) -> None:
    run = slice(casts.offsets[work.row], casts.offsets[work.row + 1])
    values = np.asarray(casts.values("temperature")[run], float)
    places = np.array(work.ask(_PLOT + "return Array.from(sx, (x, i) => [x, sy[i]])"), float)
    frame = work.ask(_PLOT + "const {left, right} = plot.frame.bbox; return [left, right]")
    y = float(np.nanmedian(places[:, 1]))
    origin = work.ask(_PLOT + "const {x, y} = plot.el.getBoundingClientRect(); return [x, y]")
    edge = 12.25
    corners = [(frame[0] + 2, y - edge), (frame[1] - 2, y + edge)]
    way = [(origin[0] + x, origin[1] + y) for x, y in corners]
    drag_until(work.page, lambda: way, "() => sdcvizDesk.state.picked.length > 0")
    picked = np.array(work.ask("return desk.picked"))
    # Away from the edge of the box, which falls on whole pixels of the screen.
    near = np.abs(places[:, 1] - y)
    sure = np.flatnonzero((near < edge - 1.5) & np.isfinite(values))
    most = np.flatnonzero((near < edge + 1.5) & np.isfinite(values))
    assert set(sure) <= set(picked) <= set(most)
    centres = np.array(work.ask(_PLOT + "return centres()"))
    assert len(picked) > 3 * np.count_nonzero(np.abs(centres[:, 1] - y) < edge)


def shot(work: Workplace) -> NDArray[np.bool_]:
    """Tell which pixels of the profile are inked."""
    origin = work.ask(
        _PLOT + "const {x, y} = plot.el.getBoundingClientRect(), f = plot.frame.bbox;"
        "return {x: x + f.left, y: y + f.top, width: f.width, height: f.height}"
    )
    image = Image.open(io.BytesIO(work.page.screenshot(clip=origin)))
    return np.asarray(image.convert("L"), float) < 170


def wider(inked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Add the pixels beside."""
    padded = np.pad(inked, 1)
    rows, columns = inked.shape
    shifted = [padded[i : i + rows, j : j + columns] for i in range(3) for j in range(3)]
    return np.logical_or.reduce(shifted)


def test_it_looks_as_if_all_were_drawn(work: Workplace) -> None:
    frames = "return new Promise((f) => requestAnimationFrame(() => requestAnimationFrame(f)))"
    work.ask(frames)
    light = shot(work)
    # What Bokeh draws by itself: its own functions stand behind ours.
    work.ask(
        _PLOT + "for (const v of views) for (const g of [v.glyph, v.selection_glyph,"
        " v.nonselection_glyph]) if (g) delete g._paint;"
        "globalThis.strokes = 0; const {arc} = CanvasRenderingContext2D.prototype;"
        "CanvasRenderingContext2D.prototype.arc = function (...a) {"
        " globalThis.strokes += 1; return arc.apply(this, a) };"
        "plot.request_paint()"
    )
    work.until("return globalThis.strokes >= view.n * 0.9")
    work.ask(frames)
    heavy = shot(work)
    assert heavy.sum() > 1000
    assert not (heavy & ~wider(light)).any()
    assert not (light & ~wider(heavy)).any()
