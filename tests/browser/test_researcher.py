"""What a researcher does with real files, from opening them to an export and back."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from serving import Running, running
from sights import Sights, close_report, open_files
from still import box_of

from sdcviz.observations import Collection, import_files, open_collection

CTD = "ODV_vertical_profiles_ctd.txt"
OTHERS = (
    "BlackSea_2profiles.txt",
    "sample_ODV_aggregated.txt",
    "octopus_diap.txt",
    "ODV_trajectory_tsg_with_instrument.txt",
)
TWO_YEARS = ("2006-01-01", "2007-12-31")
AROUND = ((-9.84, 40.2), (-9.4, 40.2), (-9.3, 40.45), (-9.84, 40.45))
"""Corners around the shallow half of the CTD section."""

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def mixed(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Collection:
    """Import the same files by the library."""
    files = [data / "odv" / name for name in (CTD, *OTHERS)]
    report = import_files(files, tmp_path_factory.mktemp("mixed") / "mixed", name="Mixed")
    return open_collection(report.collection)


@pytest.fixture(scope="module")
def place(mixed: Collection, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Serve that collection."""
    with running(tmp_path_factory.mktemp("place"), [mixed.path]) as server:
        yield server


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Serve without any collection."""
    with running(tmp_path_factory.mktemp("empty")) as server:
        yield server


@pytest.fixture
def sights(open_page: Open, place: Running) -> Sights:
    return Sights(open_page(place.address))


def of_link(server: Running, sights: Sights) -> Collection:
    """Open the collection that the page shows."""
    for about in server.data_dir.rglob("collection.json"):
        found = open_collection(about.parent)
        if found.id == sights.link["c"]:
            return found
    raise AssertionError("the link names no collection of this server")


def positions(c: Collection, rows: Any) -> tuple[Any, Any]:
    lon, lat = np.asarray(c.lon[rows]), np.asarray(c.lat[rows])
    order = np.lexsort((lat, lon))
    return lon[order], lat[order]


def same(drawn: tuple[Any, Any], meant: tuple[Any, Any]) -> None:
    # The map has single precision: some metres.
    np.testing.assert_allclose(drawn, meant, atol=1e-4)


def same_samples(plotted: dict[str, Any], meant: dict[str, Any], x: str, y: str) -> None:
    """Compare samples in any order."""
    known = np.isfinite(np.asarray(meant[x], float)) & np.isfinite(np.asarray(meant[y], float))
    a, b = np.asarray(meant[x], float)[known], np.asarray(meant[y], float)[known]
    first, second = np.lexsort((a, b)), np.lexsort((plotted["x"], plotted["y"]))
    np.testing.assert_allclose(plotted["x"][second], a[first], rtol=1e-6)
    np.testing.assert_allclose(plotted["y"][second], b[first], rtol=1e-6)


def test_from_files_to_an_export_and_back(
    open_page: Open, empty: Running, data: Path, tmp_path: Path
) -> None:
    # Open one real file and an archive of several.
    archive = tmp_path / "more.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
        for name in OTHERS:
            out.write(data / "odv" / name, name)
    page = open_page(empty.address)
    open_files(page, data / "odv" / CTD, archive)
    close_report(page, 291)
    sights = Sights(page)
    c = of_link(empty, sights)
    assert c.n_stations == 291
    sights.says(f"{c.n_stations} of {c.n_stations} stations")

    # Colour by temperature.
    sights.colour("Mean value")
    sights.wait_link("by", "^mean$")
    sights.wait_link("p", "^temperature$")
    sights.until("return map.above.concat(map.center).some((m) => m.title === given)",
                 "Mean temperature [°C]")  # fmt: skip

    # Two years of all: about there with the mouse, then exactly with the keyboard.
    slider = page.locator("[data-slider=time]")
    box = box_of(slider)
    begin, end = (np.datetime64(f.get_attribute("placeholder") or "") for f in sights.fields())
    whole = end + 1 - begin
    parts = [(np.datetime64(day) - begin) / whole for day in ("2006-01-01", "2008-01-01")]
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + parts[0] * box["width"], middle)
    page.mouse.down()
    page.mouse.move(box["x"] + parts[1] * box["width"], middle, steps=5)
    page.mouse.up()
    # The link follows while one drags: its end is waited for.
    sights.until(
        "const [a, b] = (new URLSearchParams(location.search).get('t') ?? '').split('~')"
        ".map((day) => Date.parse(day) / 864e5);"
        "return [a - given[0], b - given[1]].every((days) => Math.abs(days) < 60)",
        [int(np.datetime64(day, "D").astype(int)) for day in TWO_YEARS],
    )
    sights.type_time(*TWO_YEARS)
    sights.wait_link("t", "~".join(TWO_YEARS))
    inside = c.where(time=TWO_YEARS)
    sights.says(f"{inside.n_stations} of {c.n_stations} stations")
    sights.show_all()
    sights.wait_dots(inside.n_stations)
    same(sights.dots(), positions(c, inside.rows))

    # A lasso; its stations, and no other, are in the plots.
    sights.drag("lasso", [*AROUND, AROUND[0]])
    chosen = c.where(time=TWO_YEARS, polygon=AROUND)
    assert 3 <= chosen.n_stations < inside.n_stations
    sights.wait_dots(chosen.n_stations, "picked")
    same(sights.dots("picked"), positions(c, chosen.rows))
    samples = chosen.samples("temperature", "salinity")
    known = int(np.isfinite(samples["temperature"]).sum())
    profiles = sights.plotted("Temperature [°C]", "Depth [m]", known)
    same_samples(profiles, samples, "temperature", "depth")
    page.get_by_role("button", name="T-S", exact=True).click()
    both = int((np.isfinite(samples["temperature"]) & np.isfinite(samples["salinity"])).sum())
    salinity = c.parameter("salinity")
    diagram = sights.plotted(f"Salinity [{salinity.unit}]", "Temperature [°C]", both)
    same_samples(diagram, samples, "salinity", "temperature")

    # A station card, by a click in the table.
    sights.turn("Stations")
    first = int(chosen.rows[0])
    row = page.locator(".tabulator-row").filter(has_text=str(c.stations.loc[first, "station"]))
    row.first.click()
    shows_card(page, c, first)

    # Export as ODV, and open that.
    page.get_by_role("button", name="Export", exact=True).click()
    sights.choose("Format", "ODV spreadsheet")
    page.get_by_role("button", name="Write data").click()
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile(r"\.txt$")).click()
    exported = tmp_path / download.value.suggested_filename
    download.value.save_as(exported)
    page.keyboard.press("Escape")
    expect(page.get_by_text("Export what is shown")).to_be_hidden()
    open_files(page, exported)
    close_report(page, chosen.n_stations)
    sights.says(f"{chosen.n_stations} of {chosen.n_stations} stations")
    same_data(of_link(empty, sights), chosen)


def same_data(again: Collection, chosen: Any) -> None:
    """Compare what came back with what was exported: stations, times, values, flags."""
    c = chosen.collection
    old, new = chosen.stations.sort_values("time"), again.stations.sort_values("time")
    for column in ("cruise", "station", "type", "local_cdi_id", "time", "samples", "data_centre"):
        assert list(old[column]) == list(new[column]), column
    np.testing.assert_allclose(old[["longitude", "latitude"]], new[["longitude", "latitude"]])
    for i, j in zip(old.index, new.index, strict=True):
        a, b = c.profile(int(i)), again.profile(int(j))
        for p in c.parameters:
            if p.key not in a or not np.isfinite(a[p.key]).any():
                continue
            np.testing.assert_array_equal(a[p.key], b[p.key], err_msg=p.key)
            np.testing.assert_array_equal(a[f"{p.key}_flag"], b[f"{p.key}_flag"], err_msg=p.key)
        # Written as text, read into single or double precision.
        np.testing.assert_array_equal(np.float32(a["depth"]), np.float32(b["depth"]))


def shows_card(page: Page, c: Collection, row: int) -> None:
    """Compare the station card on the page with what the library tells."""
    card = c.station(row)
    facts = page.locator("dl").first
    expect(facts).to_contain_text(card["id"])
    expect(facts).to_contain_text(f"({card['latitude']:.5f}, {card['longitude']:.5f})")
    expect(facts).to_contain_text(card["time"].replace("T", " ")[:16])
    for text in (card["platform"], card["local_cdi_id"], card["data_centre"]["name"]):
        expect(facts).to_contain_text(text)
    title = f"{card['cruise']} / {card['station']}"
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()


def test_a_tap_opens_the_card_and_a_link_brings_all_back(
    open_page: Open, sights: Sights, mixed: Collection
) -> None:
    sights.colour("Year")
    sights.type_time(*TWO_YEARS)
    sights.says(f"10 of {mixed.n_stations} stations")
    sights.form.get_by_role("button", name="May", exact=True).click()
    sights.wait_link("m", "5")
    sights.show_all()
    row = int(mixed.find_station("OVIDE 3/001")[0])
    sights.tap(mixed.lon[row], mixed.lat[row])
    shows_card(sights.page, mixed, row)
    sights.wait_link("s", f"^{row}$")
    view = sights.link
    again = Sights(open_page(sights.page.url))
    again.says(f"10 of {mixed.n_stations} stations")
    shows_card(again.page, mixed, row)
    first, last = again.fields()
    expect(first).to_have_value(TWO_YEARS[0])
    expect(last).to_have_value(TWO_YEARS[1])
    expect(again.page.get_by_label("Colour", exact=True).first).to_have_value("year")
    # The same place, though the card leaves less room beside it at once.
    for key in view.keys() - {"view"}:
        again.wait_link(key, f"^{re.escape(view[key])}$")
    assert again.link.keys() | {"view"} == view.keys() | {"view"}


def test_months_play_and_clear(sights: Sights, mixed: Collection) -> None:
    form = sights.form
    for month in ("Jun", "Sep"):
        form.get_by_role("button", name=month, exact=True).click()
    sights.wait_link("m", "^6~9$")
    count = mixed.where(months=(6, 9)).n_stations
    assert 0 < count < mixed.n_stations
    sights.says(f"{count} of {mixed.n_stations} stations")
    form.get_by_role("button", name="Clear filters").click()
    sights.says(f"{mixed.n_stations} of {mixed.n_stations} stations")
    sights.wait_link("m")

    form.get_by_label("Window of play").select_option("year")
    play = form.get_by_title("Play through time")
    play.click()
    # A busy machine may skip a window, but each is one whole year and they go forward.
    seen = ""
    for _ in range(3):
        again = f"^(?!{seen or 'none'})(\\d{{4}})-01-01~\\1-12-31$"
        window = sights.wait_link("t", again)
        assert window > seen
        seen = window
    play.click()
    form.get_by_role("button", name="Clear filters").click()
    sights.says(f"{mixed.n_stations} of {mixed.n_stations} stations")


def test_boxes_add_up_and_the_map_turns_to_the_pole(sights: Sights, mixed: Collection) -> None:
    sights.show_all()
    sights.drag("box", [(25, 40), (32, 46)])
    black_sea = mixed.where(box=(25, 40, 32, 46)).rows
    assert len(black_sea) == 2
    sights.wait_dots(2, "picked")
    sights.wait_side()
    sights.drag("box", [(-14, 36), (-6, 43)], shift=True)
    both = np.union1d(black_sea, mixed.where(box=(-14, 36, -6, 43)).rows)
    sights.wait_dots(len(both), "picked")
    same(sights.dots("picked"), positions(mixed, both))

    sights.page.get_by_role("button", name="Arctic map").click()
    sights.wait_link("proj", "arctic")
    north = np.flatnonzero(mixed.lat > 30)
    sights.until("return column(drawn('dots'), 'x').length === given", len(north))
    same(sights.dots(), positions(mixed, north))


def test_dark_colours_reach_the_map(sights: Sights) -> None:
    light = sights.ground()
    sights.page.get_by_label("Toggle theme").click()
    sights.until("return (map.background_fill_color.value ?? map.background_fill_color) !== given",
                 light)  # fmt: skip
    red, green, blue = (int(sights.ground()[i : i + 2], 16) for i in (1, 3, 5))
    assert red + green + blue < 200 < sum(bytes.fromhex(light[1:]))


def test_a_wrong_word_in_a_range_is_marked_and_changes_nothing(
    sights: Sights, mixed: Collection
) -> None:
    for field in (sights.form.get_by_label("depth from"), sights.fields()[1]):
        field.fill("abc")
        field.press("Enter")
        field.press("Tab")
        expect(field).to_have_class("wrong")
    sights.form.get_by_role("button", name="May", exact=True).click()
    sights.wait_link("m", "5")
    assert not {"t", "z"} & set(sights.link)
    sights.says(f"{mixed.where(months=(5,)).n_stations} of {mixed.n_stations} stations")


def test_files_that_can_not_be_read_are_named_and_the_others_open(
    open_page: Open, empty: Running, data: Path, tmp_path: Path
) -> None:
    page_file, nothing = tmp_path / "stations.txt", tmp_path / "nothing.zip"
    page_file.write_text("<!DOCTYPE html><html><body>Please log in</body></html>")
    zipfile.ZipFile(nothing, "w").close()
    page = open_page(empty.address)
    open_files(page, page_file, nothing, data / "odv" / OTHERS[0])
    expect(page.get_by_text("2 files could not be read")).to_be_visible()
    for name, reason in (("stations.txt", "HTML"), ("nothing.zip", "empty")):
        row = page.locator(".tabulator-row").filter(has_text=name)
        expect(row.first).to_contain_text(reason, ignore_case=True)
    page.get_by_role("button", name="Close", exact=True).click()
    Sights(page).says("2 of 2 stations")
