"""The operator's desk in a real Chromium: keys, picks, flags, and what a lost connection does.

Expected values come from the collection and its journal, opened beside the server.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Route, expect
from ports import free_port
from serving import Running, running
from still import until_still
from waiting import WAIT
from workplace import drag_until

from sdcviz.observations import Collection, open_collection
from sdcviz.qc.model import Edits

_MODELS = """
const models = [...(globalThis.Bokeh?.documents ?? [])].flatMap((d) => [...d._all_models.values()])
const named = (name) => models.findLast((m) => m.name === `desk-${name}`)
const state = globalThis.sdcvizDesk?.state
"""


class DeskPage:
    """The Quality tab on a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.until("return state?.view && named('a')?.inner_width > 0")
        # Table and queue come a little later and move the plots.
        expect(page.locator(".tabulator-row").first).to_be_visible()

    def until(self, code: str, given: Any = None) -> None:
        self.page.wait_for_function(f"(given) => {{{_MODELS}; {code}}}", arg=given)

    def ask(self, code: str, given: Any = None) -> Any:
        return self.page.evaluate(f"(given) => {{{_MODELS}; {code}}}", given)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    @property
    def row(self) -> int:
        return int(self.ask("return state.view.row"))

    def step(self, key: str = "n") -> int:
        """Go on in the queue and wait for the plots."""
        before = self.row
        self.press(key)
        self.until("return state.view && state.view.row !== given", before)
        return self.row

    @property
    def picked(self) -> list[int]:
        return list(self.ask("return state.picked"))

    def flags(self, key: str = "temperature") -> str:
        return str(self.ask("return state.flags(given)", key))

    def colours(self) -> list[int]:
        return list(self.ask("return Array.from(named('samples').data.colour)"))

    def saved(self, text: str = "Saved") -> None:
        expect(self.page.locator(".desk .state")).to_have_text(text)

    def at(self, plot: str, sample: int) -> tuple[float, float]:
        """Return where a sample of a plot is on the screen, once it rests."""
        until_still(self.page, f"desk-{plot}")
        found = self.ask(
            "const view = Bokeh.index.find_one(named(given[0]));"
            "const data = named('samples').data, {frame} = view;"
            "const box = view.canvas_view?.el?.getBoundingClientRect?.() ??"
            " view.el.getBoundingClientRect();"
            "return [box.x + frame.x_scale.compute(data['x' + given[0]][given[1]]),"
            " box.y + frame.y_scale.compute(data['y' + given[0]][given[1]])]",
            [plot, sample],
        )
        return float(found[0]), float(found[1])

    def drag_until(self, places: Callable[[], Sequence[tuple[float, float]]], sample: int) -> None:
        """Drag until a sample is picked."""
        picked = f"(given) => {{{_MODELS}; return state.picked.includes(given)}}"
        drag_until(self.page, places, picked, sample)


class Post:
    """What becomes of changes of flags on their way from a page to the server.

    Made before the page loads: of a route that is new, Chromium tells a loaded page at its
    leisure, perhaps after the next key.
    """

    def __init__(self, page: Page) -> None:
        self.does: Callable[[Route], None] = lambda route: route.continue_()
        page.route("**/batches", lambda route: self.does(route))


def around(place: tuple[float, float], reach: float = 5) -> list[tuple[float, float]]:
    """Return the corners of a small square, the first one again at the end."""
    x, y = place
    steps = ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))
    return [(x + reach * a, y + reach * b) for a, b in steps]


@pytest.fixture(scope="module")
def served(collection: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Serve a copy: its journal belongs to these tests."""
    copy = tmp_path_factory.mktemp("desk") / "profiles"
    shutil.copytree(collection, copy)
    with running(tmp_path_factory.mktemp("server"), [copy]) as server:
        yield server


@pytest.fixture(scope="module")
def beside(served: Running) -> Collection:
    """Open what is served, as another process does."""
    return open_collection(_folder(served))


def _folder(server: Running) -> Path:
    return Path(json.loads((server.data_dir / "recent.json").read_text())[0]["path"])


@pytest.fixture
def desk(open_page: Callable[..., Page], served: Running) -> DeskPage:
    return DeskPage(open_page(f"{served.address}?tab=quality&p=temperature"))


def stood(data: Collection, row: int, key: str = "temperature") -> str:
    """Return the flags of a station as the journal has them now."""
    data.catch_up()
    samples = np.arange(int(data.offsets[row + 1] - data.offsets[row]))
    return data.flag_at(key, np.full(len(samples), row), samples).tobytes().decode()


def test_keys_walk_the_queue_and_the_plots_follow(desk: DeskPage, beside: Collection) -> None:
    first = desk.row
    second = desk.step("n")
    assert second != first
    for row, key in ((first, "p"), (second, "n")):
        assert desk.step(key) == row
        run = slice(beside.offsets[row], beside.offsets[row + 1])
        shown = desk.ask("const d = named('samples').data; return ['xa', 'ya'].map(c => [...d[c]])")
        np.testing.assert_allclose(np.array(shown[1], float), beside.depth[run], rtol=1e-6)
        values = np.array([np.nan if v is None else v for v in shown[0]], float)
        np.testing.assert_allclose(values, beside.values("temperature")[run], rtol=1e-6)
    assert desk.step("p") == first
    desk.press("p")
    expect(desk.page.get_by_text("the first station of the queue")).to_be_visible()


def test_the_next_stations_come_without_the_server(desk: DeskPage) -> None:
    desk.until("return state.left >= 3")
    desk.page.wait_for_function("() => sdcvizDesk.state.loaded >= 4")
    # Nothing that is asked from here on reaches the server: what shows was there before.
    desk.ask("WebSocket.prototype.send = () => {}")
    assert len({desk.row, desk.step("n"), desk.step("n"), desk.step("n")}) == 4


def test_a_box_picks_in_all_plots_and_the_flag_is_in_the_journal(
    desk: DeskPage, beside: Collection
) -> None:
    middle = int(desk.ask("return state.view.n")) // 2

    def box() -> list[tuple[float, float]]:
        x, y = desk.at("a", middle)
        return [(x - 6, y - 3), (x + 6, y + 3)]

    desk.drag_until(box, middle)
    picked = desk.picked
    assert middle in picked
    assert desk.ask("return [...named('samples').selected.indices]") == picked
    row, before = desk.row, desk.flags()
    desk.press("c", "1", "4")
    wanted = "".join("4" if i in picked else code for i, code in enumerate(before))
    assert desk.flags() == wanted  # at once, whatever the server says
    assert {desk.colours()[i] for i in picked} == {0xDC3545FF}
    desk.saved()
    assert stood(beside, row) == wanted
    batch = beside.journal.batches(beside)[-1]
    assert (batch.reason, batch.tool, batch.samples) == ("spike", "hand", len(picked))
    desk.press("u")
    desk.until("return state.flags('temperature') === given", before)
    assert stood(beside, row) == before
    desk.press("r")
    desk.until("return state.flags('temperature') === given", wanted)
    assert stood(beside, row) == wanted


def test_a_lasso_picks_in_the_diagram(desk: DeskPage, beside: Collection) -> None:
    desk.press("l")
    desk.drag_until(lambda: around(desk.at("c", 0)), 0)
    desk.press("Escape")
    desk.until("return !state.picked.length")


def test_keys_that_are_typed_set_no_flag(desk: DeskPage) -> None:
    desk.press("ArrowDown")
    assert desk.picked == [0]
    row, before = desk.row, desk.flags()
    name = desk.page.get_by_label("Your name")
    name.fill("")
    name.press_sequentially("Anna 4n9q")
    name.press("Enter")
    assert (desk.row, desk.flags(), desk.picked) == (row, before, [0])
    desk.press("?")
    expect(desk.page.get_by_text("undo / redo your own changes")).to_be_visible()


def test_what_was_picked_is_not_told_of_the_next_station(desk: DeskPage) -> None:
    desk.press("ArrowDown")
    expect(desk.page.locator(".chosen")).to_contain_text("1 sample picked")
    desk.step("n")
    expect(desk.page.locator(".chosen")).to_have_text("")
    assert desk.picked == []


def test_the_whole_bar_is_in_view_on_a_small_screen(desk: DeskPage) -> None:
    desk.page.set_viewport_size({"width": 1024, "height": 700})
    for name in ("Undo", "Redo", "Keys", "Save"):
        button = desk.page.locator(".desk").get_by_role("button", name=name, exact=True)
        expect(button).to_be_in_viewport(ratio=1)
    expect(desk.page.get_by_label("Your name")).to_be_in_viewport(ratio=1)


def test_nothing_picked_is_said_and_changes_nothing(desk: DeskPage) -> None:
    before = desk.flags()
    desk.press("4")
    expect(desk.page.get_by_text("Pick samples first")).to_be_visible()
    assert desk.flags() == before


@contextmanager
def alone(browser: Browser) -> Iterator[Page]:
    """Give a page whose complaints about a lost connection are no failure."""
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    context.set_default_timeout(WAIT)
    page = context.new_page()
    try:
        yield page
    finally:
        context.close()


def test_a_conflict_is_said_and_what_stands_is_shown(
    browser: Browser, served: Running, beside: Collection
) -> None:
    with alone(browser) as page:
        post = Post(page)
        page.goto(f"{served.address}?tab=quality&p=temperature")
        _clash(DeskPage(page), post, beside)


def _clash(desk: DeskPage, post: Post, beside: Collection) -> None:
    row = desk.step("n")
    desk.press("ArrowDown")
    # The request is held until somebody else has changed the same flag.
    beside.catch_up()
    old = chr(beside.flag_at("temperature", [row], [0])[0])

    def held(route: Route) -> None:
        edits = Edits.of("temperature", row, [0], old, "2")
        beside.journal.write(beside, edits, user="Berta", reason="checked by hand")
        route.continue_()

    post.does = held
    desk.press("3")
    expect(desk.page.get_by_text("Berta").first).to_be_visible()
    desk.until("return state.flags('temperature')[0] === '2'")
    assert stood(beside, row)[0] == "2"
    desk.saved()


def test_what_is_flagged_offline_is_saved_later_and_once(
    browser: Browser, served: Running, beside: Collection
) -> None:
    with alone(browser) as page:
        post = Post(page)
        page.goto(f"{served.address}?tab=quality&p=temperature")
        desk = DeskPage(page)
        desk.step("n")
        first = desk.step("n")
        beside.catch_up()
        last = beside.journal.last(beside)
        page.context.set_offline(True)
        page.wait_for_function("() => fetch('api/health').then(() => false, () => true)")
        desk.press("ArrowDown", "3", "ArrowDown", "4")
        desk.saved("Waiting: 2 changes kept here")
        assert desk.flags()[:2] == "34"
        desk.press("u")  # the last one was never sent: it is simply taken back
        desk.saved("Waiting: 1 change kept here")
        desk.press("4")
        # The page is closed and opened again before the connection is back.
        online, post.does = post.does, lambda route: route.abort()
        page.context.set_offline(False)
        page.reload()
        desk = DeskPage(page)
        assert desk.row == first
        assert desk.flags()[:2] == "34"
        desk.saved("Waiting: 2 changes kept here")
        post.does = online
        desk.saved()
        assert stood(beside, first)[:2] == "34"
        assert [b.samples for b in beside.journal.batches(beside, after=last)] == [1, 1]


def test_an_answer_that_never_came_is_not_written_twice(
    browser: Browser, served: Running, beside: Collection
) -> None:
    with alone(browser) as page:
        post = Post(page)
        page.goto(f"{served.address}?tab=quality&p=temperature")
        desk = DeskPage(page)
        beside.catch_up()
        last = beside.journal.last(beside)
        online, lost = post.does, []

        def cut(route: Route) -> None:
            post.does = online
            route.fetch()  # the server has written it
            lost.append(route)
            route.abort()

        post.does = cut
        desk.press("ArrowDown", "ArrowDown", "ArrowDown", "3")
        desk.saved()
        assert lost
        assert len(beside.journal.batches(beside, after=last)) == 1
        assert stood(beside, desk.row)[2] == "3"


def test_a_server_that_was_killed_and_came_back_loses_nothing(
    browser: Browser, collection: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "profiles"
    shutil.copytree(collection, copy)
    port = str(free_port())
    with alone(browser) as page:
        with running(tmp_path / "server", [copy], port=port) as server:
            page.goto(f"{server.address}?tab=quality&p=temperature")
            desk = DeskPage(page)
            row = desk.row
        desk.press("ArrowDown", "4")
        desk.saved("Waiting: 1 change kept here")
        reload = page.get_by_role("button", name="Connection lost: reload")
        expect(reload).to_be_visible()
        with running(tmp_path / "server", [copy], port=port):
            desk.saved()
            assert stood(open_collection(copy), row)[0] == "4"
            reload.click()
            desk = DeskPage(page)
            assert (desk.row, desk.flags()[0]) == (row, "4")
