"""Waiting until something stands still, so that the mouse finds it where it was seen."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page

__all__ = ["box_of", "until_still"]

_STILL = """
async (given) => {
  const look = () => { LOOK }
  for (let before = "", same = 0, since = 0; ; ) {
    const now = JSON.stringify(look() ?? null)
    if (now !== before || now === "null") [before, same, since] = [now, 0, performance.now()]
    // A server may answer once more, and a busy browser draws few frames.
    else if (++same >= 10 && performance.now() - since > 300) return
    await new Promise(requestAnimationFrame)
  }
}
"""

_PLOT = """
const models = [...(globalThis.Bokeh?.documents ?? [])].flatMap((d) => [...d._all_models.values()])
const model = models.findLast((m) => m.name === given && (m.type === "Plot" || m.type === "Figure"))
const view = model && Bokeh.index.find_one(model)
if (!view?.frame) return null
const {x_range: x, y_range: y} = model, {left, top, width, height} = view.frame.bbox
const box = view.el.getBoundingClientRect()
return width > 20 ? [x.start, x.end, y.start, y.end, left, top, width, height, box.x, box.y] : null
"""

_BOX = "const {x, y, width, height} = given.getBoundingClientRect(); return [x, y, width, height]"


def until_still(page: Page, plot: str) -> None:
    """Wait until a plot has its place, its size and its ranges."""
    page.evaluate(_STILL.replace("LOOK", _PLOT), plot)


def box_of(locator: Locator) -> Any:
    """Return where something is on the screen once it stays there."""
    locator.wait_for()
    locator.evaluate(_STILL.replace("LOOK", _BOX))
    box = locator.bounding_box()
    assert box
    return box
