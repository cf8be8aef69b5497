"""The frame of the page as a visitor sees it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from serving import Running, running
from still import box_of
from waiting import until

SCREENS = [(1366, 768), (1920, 1080), (2560, 1440)]


def chooser(page: Page):
    return page.locator(".MuiAppBar-root [role=combobox]")


def choose(page: Page, text: str) -> None:
    chooser(page).click()
    page.get_by_role("menuitem").filter(has_text=text).click()


def import_files(page: Page, *files: Path) -> None:
    page.locator(".MuiAppBar-root").get_by_role("button", name="Open files").click()
    page.locator("input.pick").set_input_files(list(files))
    expect(page.get_by_text("ready (")).to_be_visible()
    page.get_by_role("button", name="Open", exact=True).click()


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Serve without any collection."""
    with running(tmp_path_factory.mktemp("empty")) as server:
        yield server


def test_it_opens_with_the_collection_and_its_counts(
    open_page: Callable[..., Page], collection: Path, tmp_path: Path
) -> None:
    with running(tmp_path, [collection]) as fresh:  # others open collections on the common server
        page = open_page(fresh.address)
        expect(chooser(page)).to_contain_text("Profiles")
        expect(chooser(page)).to_contain_text("12 stations")
        page.close()  # before its server ends


@pytest.mark.parametrize("screen", SCREENS, ids=lambda s: f"{s[0]}x{s[1]}")
def test_it_fits_the_screen(
    open_page: Callable[..., Page], server: Running, screen: tuple[int, int]
) -> None:
    page = open_page(server.address, *screen)
    bar = box_of(page.locator(".MuiAppBar-root"))
    assert bar["height"] <= 60
    page.wait_for_function(
        "() => { const d = document.scrollingElement;"
        " return d.scrollWidth <= innerWidth && d.scrollHeight <= innerHeight }"
    )


def test_the_theme_switches_and_is_in_the_link(page: Page) -> None:
    def lightness() -> int:
        colour = page.locator("main").evaluate("e => getComputedStyle(e).backgroundColor")
        return sum(int(part) for part in re.findall(r"\d+", colour)[:3])

    # Colours pass into each other.
    until(lambda: lightness() > 700)
    page.get_by_label("Toggle theme").click()
    page.wait_for_url("**dark=1**")
    until(lambda: lightness() < 120)
    page.reload()
    until(lambda: lightness() < 120)


def test_a_link_restores_the_collection(
    open_page: Callable[..., Page], server: Running, page: Page
) -> None:
    page.get_by_label("Toggle theme").click()
    page.wait_for_url("**c=*dark=1**")
    other = open_page(page.url)
    expect(chooser(other)).to_contain_text("Profiles")


def test_a_broken_link_still_opens_and_says_what_is_wrong(
    open_page: Callable[..., Page], server: Running
) -> None:
    page = open_page(f"{server.address}?c=ffffffff-0000&z=deep")
    expect(page.get_by_text("z=deep")).to_be_visible()
    expect(page.get_by_text("ffffffff-0000")).to_be_visible()


def test_without_a_collection_it_invites_to_open_files(
    open_page: Callable[..., Page], empty: Running
) -> None:
    page = open_page(empty.address)
    page.get_by_role("button", name="Open files").last.click()
    expect(page.get_by_text("Drop files, folders or archives here")).to_be_visible()


def test_a_real_file_becomes_the_open_collection(
    open_page: Callable[..., Page], empty: Running, data: Path
) -> None:
    page = open_page(empty.address)
    import_files(page, data / "odv" / "ODV_vertical_profiles_ctd.txt", data / "MANIFEST.csv")
    # The file that can't be read is named with its reason, the other one is there.
    expect(page.get_by_text("1 file could not be read")).to_be_visible()
    expect(page.locator(".tabulator-cell").filter(has_text="MANIFEST.csv").first).to_be_visible()
    page.get_by_role("button", name="Close", exact=True).click()
    expect(chooser(page)).to_contain_text("10 stations")
    page.wait_for_url("**c=*")
    uploads = empty.data_dir / "uploads"
    until(lambda: not [path for path in uploads.rglob("*") if path.is_file()])


def test_a_folder_of_the_server_opens_by_its_path(
    open_page: Callable[..., Page], empty: Running, collection: Path
) -> None:
    page = open_page(empty.address)
    page.locator(".MuiAppBar-root").get_by_role("button", name="Open files").click()
    page.get_by_label("Or a path on this machine").fill(str(collection))
    page.get_by_role("button", name="Open", exact=True).click()
    expect(chooser(page)).to_contain_text("Profiles")


def test_the_chooser_changes_the_collection(
    open_page: Callable[..., Page], server: Running, data: Path
) -> None:
    page = open_page(server.address)
    import_files(page, data / "odv" / "sample_ODV_aggregated.txt")
    expect(chooser(page)).to_contain_text("sample_ODV_aggregated")
    page.get_by_role("button", name="Close", exact=True).click()
    choose(page, "Profiles")
    expect(chooser(page)).to_contain_text("Profiles")
    choose(page, "sample_ODV_aggregated")
    expect(chooser(page)).to_contain_text("sample_ODV_aggregated")


def test_the_columns_of_a_plain_table_are_shown_before_its_import(
    open_page: Callable[..., Page], empty: Running, data: Path
) -> None:
    page = open_page(empty.address)
    import_files(page, data / "tabular" / "water_level_example.csv")
    expect(page.get_by_text("Columns of water_level_example.csv")).to_be_visible()
    page.get_by_role("button", name="Import", exact=True).click()
    expect(chooser(page)).to_contain_text("water_level_example")
