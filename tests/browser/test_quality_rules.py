"""Rule, second reader and duplicates as an operator uses them, in Chromium."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from held import hold_messages
from playwright.sync_api import Locator, Page, expect
from serving import Running, running

from sdcviz.demo import make_demo
from sdcviz.observations import Collection, open_collection
from sdcviz.qc.checks.duplicates import find_pairs
from sdcviz.qc.model import Edits
from sdcviz.qc.rules import parse


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_demo(tmp_path_factory.mktemp("demo") / "demo", stations=600)


@pytest.fixture(scope="module")
def server(path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("rules"), [path]) as address:
        yield address


@pytest.fixture
def data(path: Path) -> Collection:
    """Open the collection that the server shows, with the journal as it is now."""
    return open_collection(path)


@pytest.fixture
def quality(open_page: Callable[..., Page], server: Running) -> Page:
    page = open_page(f"{server.address}?tab=quality")
    return page


def tool(page: Page, name: str) -> Locator:
    """Open a tool of the bar; return its dialog."""
    page.get_by_role("button", name=name, exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(name, exact=True).first).to_be_visible()
    return dialog


def plain(number: int) -> str:
    return f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def test_a_rule_is_built_seen_applied_and_undone(quality: Page, data: Collection):
    rule = tool(quality, "Rule")
    rule.get_by_label("Value").fill("15")
    text = rule.get_by_role("textbox", name="Rule")
    expect(text).to_have_value("temperature > 15")
    stations, _ = parse("temperature > 15").hits(data, "temperature")
    count = rule.locator(".count")
    expect(count).to_contain_text(f"{plain(len(stations))} hits at {len(np.unique(stations))}")

    text.fill("temperature > 15 and dephth < 5")
    expect(rule.get_by_role("alert")).to_contain_text("column 22")
    expect(rule.locator("mark")).to_have_text("dephth")
    expect(rule.get_by_role("button", name="Set flags")).to_be_disabled()

    wanted = "temperature > 15 and depth < 5"
    text.fill(wanted)
    expect(rule.get_by_role("alert")).to_be_hidden()
    expect(rule.locator(".condition")).to_have_count(2)
    edits = parse(wanted).edits(data, "temperature", "3")
    rule.get_by_role("button", name="3 probably bad").click()
    apply = rule.get_by_role("button", name=f"Set {plain(len(edits))} flags")
    expect(apply).to_be_enabled()
    assert rule.locator(".hits").get_attribute("d")
    rule.get_by_label("Reason").fill("unit error")
    apply.click()
    expect(rule.get_by_role("status")).to_contain_text(f"{plain(len(edits))} flags set")
    expect(rule.locator(".becomes")).to_contain_text("have it already")

    data.catch_up()
    batch = data.journal.batches(data)[-1]
    assert (batch.tool, batch.reason, batch.selection) == ("rule", "unit error", wanted)
    now = data.flag_at("temperature", edits.station, edits.sample)
    assert set(now.tolist()) == {ord("3")}

    rule.get_by_role("button", name="Undo").click()
    expect(rule.get_by_role("status")).to_have_text("Undone.")
    data.catch_up()
    assert np.array_equal(data.flag_at("temperature", edits.station, edits.sample), edits.old)

    # What is typed in a tool is no key of the desk, and Escape closes the tool.
    written = len(data.journal.batches(data))
    rule.get_by_label("Reason").fill("")
    rule.get_by_label("Reason").press_sequentially("4 4n u")
    expect(rule.get_by_label("Reason")).to_have_value("4 4n u")
    rule.get_by_label("Value").first.press("Escape")
    expect(quality.get_by_role("dialog")).to_have_count(0)
    assert len(data.journal.batches(data)) == written


def test_a_rule_is_not_applied_before_its_last_change_was_seen(quality: Page):
    rule = tool(quality, "Rule")
    rule.get_by_role("textbox", name="Rule").fill("temperature > 15")
    apply = rule.locator(".main")
    expect(apply).to_have_text(re.compile(r"^Set .+ flags$"))
    for change in (
        lambda: rule.get_by_role("button", name="3 probably bad").click(),
        lambda: rule.get_by_label("Leave flags that are worse").uncheck(),
        lambda: rule.get_by_role("textbox", name="Rule").fill("temperature > 16"),
    ):
        expect(apply).to_be_enabled()
        hold_messages(quality)
        quality.evaluate("holding.out()")
        change()
        assert apply.is_disabled()
        quality.evaluate("holding.go()")
    expect(apply).to_be_enabled()


def test_a_new_condition_can_be_written_whatever_is_flagged(quality: Page):
    quality.get_by_label("Parameter to flag").select_option("@position")
    rule = tool(quality, "Rule")
    expect(rule.get_by_label("Flagged parameter")).to_have_value("@position")
    # An answer to something earlier takes nothing of what is being written.
    hold_messages(quality)
    quality.evaluate("holding.in()")
    rule.get_by_role("button", name="3 probably bad").click()
    quality.wait_for_function("() => holding.has('keep_worse')")
    rule.get_by_label("Value").fill("1000")
    quality.evaluate("holding.go()")
    expect(rule.get_by_role("textbox", name="Rule")).to_have_value("longitude > 1000")
    expect(rule.locator(".count")).to_contain_text("0 hits at 0 of")
    expect(rule.get_by_role("alert")).to_be_hidden()


def test_a_second_reader_sees_own_flags_and_then_the_agreement(quality: Page, data: Collection):
    row, samples = 4, np.array([0, 1])
    old = data.flag_at("temperature", row, samples)
    data.journal.write(
        data, Edits.of("temperature", row, samples, old, "4"), user="Ann", reason="<b>spike</b>"
    )
    data.journal.mark_seen(data, np.arange(10), "Ann")
    reading = tool(quality, "Second reader")
    reading.get_by_label("Name of the reading").fill("Bea <i>")
    reading.get_by_role("button", name="Start reading").click()
    expect(quality.get_by_role("dialog")).to_have_count(0)
    note = quality.get_by_text("Second reading Bea <i>")
    expect(note).to_be_visible()

    own = open_collection(data.path, reading="Bea <i>")
    assert np.array_equal(own.flag_at("temperature", row, samples), old)
    own.journal.write(
        own, Edits.of("temperature", row, [1], old[1:], "4"), user="Bea", reason="spike"
    )
    own.journal.mark_seen(own, np.arange(10), "Bea")

    quality.get_by_role("button", name="Back to the common flags").click()
    expect(note).to_be_hidden()
    reading = tool(quality, "Second reader")
    expect(reading.locator(".sums")).to_contain_text("10 stations")
    expect(reading.locator(".list tbody tr")).to_have_count(1)
    line = reading.locator(".list tbody tr").first
    expect(line).to_contain_text("4 bad")
    reading.get_by_label("Choose").check()
    reading.get_by_role("button", name="Take over 1 flag").click()
    expect(reading.get_by_role("status")).to_contain_text("1 flag taken over")
    expect(reading.get_by_text("They agree on all flags.")).to_be_visible()
    data.catch_up()
    assert data.flag_at("temperature", row, 0)[0] == old[0]


def test_duplicates_stand_side_by_side(quality: Page, data: Collection):
    pairs = find_pairs(data, parameter="temperature")
    dialog = tool(quality, "Duplicates")
    items = dialog.locator(".item")
    expect(dialog.locator(".sum")).to_have_text(f"{len(pairs)}pairs" if len(pairs) > 1 else "1pair")
    expect(items).to_have_count(len(pairs))
    painted = """(canvas) => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
        .data.some((x, i) => i % 4 === 3 && x > 0)"""
    assert dialog.locator("canvas").evaluate(painted)

    dialog.get_by_role("button", name="Keep A, flag B").click()
    expect(items.first).to_contain_text("B flagged")
    data.catch_up()
    row = int(pairs.b[0])
    own = data.flags("temperature")[data.offsets[row] : data.offsets[row + 1]]
    assert set(map(chr, own)) <= {"4", "9"}
    place = dialog.get_by_label("Place [°]")
    for wrong in ("1e9", "-1", "near", ""):
        place.fill(wrong)
        expect(place).to_have_attribute("aria-invalid", "true")
    place.fill("0")
    expect(place).to_have_attribute("aria-invalid", "false")
    dialog.get_by_label("Also equal values").uncheck()
    fewer = find_pairs(data, degrees=0, parameter="temperature", elsewhere=False)
    expect(items).to_have_count(len(fewer))
