"""Picks and keys while something is on its way between page and server, either way."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect
from serving import Running, running
from test_quality_desk import DeskPage, stood

from sdcviz.demo import make_demo
from sdcviz.observations import Collection, open_collection
from sdcviz.qc import Findings
from sdcviz.qc.store import save_findings

# Messages over the websocket are held back, and let go in their order.
_HOLD = """
const prototype = WebSocket.prototype, send = prototype.send, held = []
let socket, heard
globalThis.holding = {
  // what the page says
  out() { prototype.send = function (message) { socket = this; held.push(message) } },
  // what the server says; the page has to say something first, which shows the socket
  in() {
    prototype.send = function (message) {
      if (!socket) {
        socket = this
        heard = socket.onmessage
        socket.onmessage = (event) => held.push(event)
      }
      return send.call(this, message)
    }
  },
  has(text) { return held.some((one) => String(one.data ?? one).includes(text)) },
  go() {
    prototype.send = send
    if (heard) socket.onmessage = heard
    for (const one of held.splice(0)) heard ? heard.call(socket, one) : send.call(socket, one)
  },
}
"""


FOUND = (0, 10, 20, 30, 40, 50)
"""Stations of the queue: each has findings in two samples."""
ELSEWHERE = 5
"""A station that is not in the queue, so that the page does not load it ahead."""


def save(c: Collection, *more: Findings) -> None:
    found = [Findings.of("spike", "salinity", row, [4, 6], "4", [5, 6], 2) for row in FOUND]
    save_findings(c, Findings.join([*found, *more]), checks=["spike"], user="Berta")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    c = open_collection(make_demo(tmp_path_factory.mktemp("picks") / "demo", stations=60))
    save(c)
    return c


@pytest.fixture(scope="module")
def place(demo: Collection, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("place"), [demo.path]) as server:
        yield server


@pytest.fixture
def desk(open_page: Callable[..., Page], place: Running) -> DeskPage:
    desk = DeskPage(open_page(f"{place.address}?tab=quality&p=temperature"))
    desk.page.evaluate(f"() => {{ {_HOLD} }}")
    return desk


def test_keys_wait_for_a_station_that_is_on_its_way(desk: DeskPage, demo: Collection) -> None:
    desk.ask("holding.out()")
    desk.ask("state.show(given)", ELSEWHERE)
    expect(desk.page.locator(".desk .title")).to_have_text("Loading …")
    desk.press("ArrowDown", "ArrowDown", "3")
    desk.ask("holding.go()")
    desk.until("return state.view?.row === given && state.picked[0] === 1", ELSEWHERE)
    desk.until("return state.flags('temperature')[1] === '3'")
    desk.saved()
    assert stood(demo, ELSEWHERE)[:2] == "13"


def test_findings_that_arrive_keep_picks_and_keys(desk: DeskPage, demo: Collection) -> None:
    row = desk.row
    desk.press("ArrowDown", "ArrowDown", "ArrowDown")
    assert desk.picked == [2]
    desk.ask("holding.out()")
    save(demo, Findings.of("spike", "temperature", row, [4, 5], "4", [5.0, 6.0], 2.0))
    # The page has heard of it and asks for the station anew; it is still drawn as it was.
    desk.page.wait_for_function("() => holding.has('\"want\"')")
    desk.press("3")
    desk.ask("holding.go()")
    expect(desk.page.locator(".finding").filter(has_text="Spike · Temperature")).to_be_visible()
    desk.until("return state.flags('temperature')[2] === '3'")
    assert (desk.row, desk.picked) == (row, [2])
    assert desk.ask("return [...named('samples').selected.indices]") == [2]
    desk.saved()
    assert stood(demo, row)[2] == "3"


def test_a_badge_picks_what_its_check_found(desk: DeskPage) -> None:
    row = next(row for row in FOUND if row != desk.row)
    desk.page.locator(f'.row[data-row="{row}"] .badge').click()
    desk.until("return state.view?.row === given && String(state.picked) === '4,6'", row)
    expect(desk.page.get_by_label("Parameter to flag")).to_have_value("salinity")


def test_a_pick_that_comes_late_is_not_of_the_next_station(desk: DeskPage) -> None:
    desk.until("return state.loaded > 1 && state.left > 0")
    desk.ask("holding.in()")
    desk.page.locator('.tabulator-row [tabulator-field="sample"]').nth(3).click()
    desk.page.wait_for_function("() => holding.has('picked')")
    desk.step("n")
    desk.ask("holding.go()")
    # What the server says of the table comes after it.
    expect(desk.page.locator(".over .picked b")).to_be_hidden()
    assert desk.picked == []


def test_the_server_knows_a_pick_that_follows_a_step_at_once(desk: DeskPage) -> None:
    desk.until("return state.loaded > 1 && state.left > 0")
    # Both within one moment of the page.
    desk.ask(
        "for (const key of ['n', 'ArrowDown'])"
        " document.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}))"
    )
    expect(desk.page.locator(".over .picked b")).to_have_text("1 sample picked")
