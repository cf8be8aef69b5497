"""What the browser tests do in the Quality tab, and what they read of it.

Picks are made with the mouse at the places of samples in the plots; what is shown is
read from the page and compared with numbers that the library gives.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from playwright.sync_api import Locator, Page, TimeoutError, expect
from still import until_still
from waiting import WAIT

__all__ = ["Workplace", "drag", "drag_until"]


_STATE = """
const desk = globalThis.sdcvizDesk?.state, view = desk?.view
const flags = (key) => { try { return desk.flags(key) } catch { return "" } } // between stations
"""
_PLACE = """
const models = [...(globalThis.Bokeh?.documents ?? [])].flatMap((d) => [...d._all_models.values()])
const model = models.findLast((m) => m.name === `desk-${given[0]}` && m.type === "Plot")
const plot = Bokeh.index.find_one(model)
const box = plot.el.getBoundingClientRect()
const scale = (range, value) => (value - range.start) / (range.end - range.start)
const frame = plot.frame.bbox
return given[1].map(([x, y]) => [
  box.left + frame.left + frame.width * scale(model.x_range, x),
  box.top + frame.top + frame.height * (1 - scale(model.y_range, y)),
])
"""


def drag(page: Page, places: Sequence[tuple[float, float]]) -> None:
    """Drag the mouse from place to place.

    A busy page is told of the moves of one frame as a single one; so each place gets a frame.
    """
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=4)
        page.evaluate("() => new Promise(requestAnimationFrame)")
    page.mouse.up()


def drag_until(
    page: Page, places: Callable[[], Sequence[tuple[float, float]]], picked: str, given: Any = None
) -> None:
    """Drag until the page says that it picked, once more where a plot took nothing of it.

    One that was still being drawn does; who works there drags again, too.
    """
    for last in (False, False, True):
        drag(page, places())
        try:
            page.wait_for_function(picked, arg=given, timeout=WAIT if last else 30_000)
            return
        except TimeoutError:
            if last:
                raise


class Workplace:
    """The Quality tab on a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.get_by_role("tab", name="Quality", exact=True).click()
        self.until("return view?.n > 0")

    def until(self, code: str, given: Any = None) -> None:
        """Wait for the page to fulfil a condition, a function body of JavaScript."""
        self.page.wait_for_function(f"(given) => {{ {_STATE} {code} }}", arg=given)

    def ask(self, code: str, given: Any = None) -> Any:
        return self.page.evaluate(f"(given) => {{ {_STATE} {code} }}", given)

    # ---- the bar and its keys ------------------------------------------------

    def sign(self, name: str) -> None:
        """Say who one is."""
        field = self.page.get_by_label("Your name")
        field.fill(name)
        field.press("Enter")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def give_reason(self, number: str) -> None:
        """Choose a ready reason with keys."""
        self.press("c")
        expect(self.page.locator(".reasons")).to_be_visible()
        self.press(number)
        expect(self.page.locator(".reasons")).to_be_hidden()

    def wait_saved(self) -> None:
        expect(self.page.locator(".state")).to_have_attribute("data-saved", "saved")
        expect(self.page.locator(".state")).to_have_text("Saved")

    def place(self, text: str) -> None:
        """Wait for the counter, such as ``2 of 14``."""
        expect(self.page.locator(".counter")).to_have_text(text)

    def wait_row(self, row: int) -> None:
        """Wait for a station to be drawn."""
        self.until("return view?.row === given", row)

    @property
    def row(self) -> int:
        return self.ask("return view.row")

    def flags(self, key: str) -> str:
        """Return the flags of a parameter as the plots show them."""
        return self.ask("return flags(given)", key)

    def wait_flag(self, key: str, sample: int, code: str) -> None:
        self.until("return flags(given[0])[given[1]] === given[2]", [key, sample, code])

    # ---- the plots -----------------------------------------------------------

    def at(self, plot: str, points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        """Return where points of a plot are on the screen, once it rests."""
        until_still(self.page, f"desk-{plot}")
        given = [plot, [list(map(float, point)) for point in points]]
        return [tuple(place) for place in self.page.evaluate(f"(given) => {{ {_PLACE} }}", given)]

    def around(
        self, plot: str, point: tuple[float, float], reach: int = 9
    ) -> list[tuple[float, float]]:
        """Take the lasso; return a way around a point of a plot."""
        self.press("l")
        ((x, y),) = self.at(plot, [point])
        corners = [(-reach, -reach), (reach, -reach), (reach, reach), (-reach, reach)]
        way = [(-reach, 0), *corners, corners[0]]
        return [(x + dx, y + dy) for dx, dy in way]

    def lasso_until(self, plot: str, point: tuple[float, float], *samples: int) -> None:
        """Draw a lasso, and once more where a plot that was still being drawn took none of it."""
        picked = f"(given) => {{ {_STATE} return JSON.stringify(desk.picked) === given }}"
        given = json.dumps(list(samples), separators=(",", ":"))
        drag_until(self.page, lambda: self.around(plot, point), picked, given)

    def wait_picked(self, *samples: int) -> None:
        self.until("return JSON.stringify(desk.picked) === JSON.stringify(given)", list(samples))

    # ---- the queue, the table, the tools -------------------------------------

    def run_checks(self) -> None:
        self.page.get_by_role("button", name="Run checks", exact=True).click()
        again = self.page.get_by_role("button", name="Run checks again")
        expect(self.page.locator(".job").or_(again).first).to_be_visible()
        # A process of its own, which may have to compile its loops first.
        expect(again).to_be_visible(timeout=2 * WAIT)

    def says_left(self, text: str) -> None:
        """Wait for what the queue counts, such as ``14 of 14 left``."""
        expect(self.page.locator(".counts").filter(has_text="left")).to_have_text(text)

    def cell(self, sample: int, column: str) -> Locator:
        """Return a cell of the table of samples by the name of its field."""
        number = f".tabulator-cell[tabulator-field=sample] :text-is('{sample + 1}')"
        row = self.page.locator(".tabulator-row").filter(has=self.page.locator(number))
        return row.locator(f".tabulator-cell[tabulator-field={column}]")

    def set_in_table(self, sample: int, column: str, title: str) -> None:
        """Choose a flag in the list of a cell."""
        # Only rows in view are in the page.
        holder = self.page.locator(".tabulator-tableholder")
        holder.evaluate("(e, n) => { e.scrollTop = 26 * Math.max(0, n - 2) }", sample)
        self.cell(sample, column).click()
        self.page.locator(".tabulator-edit-list-item").get_by_text(title, exact=True).click()

    def tool(self, name: str) -> Locator:
        """Open a tool of the bar; return its dialog."""
        self.page.locator(".tools").get_by_role("button", name=name, exact=True).click()
        dialog = self.page.get_by_role("dialog")
        expect(dialog).to_be_visible()
        return dialog

    def close(self, dialog: Locator) -> None:
        dialog.get_by_label("close").first.click()
        expect(self.page.get_by_role("dialog")).to_have_count(0)
