"""The dialog that writes what is seen on the Products tab."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import hand_made
import pytest
import xarray as xr
from playwright.sync_api import Page, expect
from serving import Running

from sdcviz import open_product
from sdcviz_app.shelf import identity


@pytest.fixture
def product(server: Running) -> Path:
    folder = server.data_dir / "products"
    folder.mkdir(exist_ok=True)
    return hand_made.product(folder / "made_up.nc")


def fetched(page: Page, link: str, folder: Path) -> Path:
    """Click on a link, and return the file that it gives."""
    with page.expect_download() as waiting:
        page.get_by_role("link", name=link).click()
    waiting.value.save_as(folder / link)
    return folder / link


def test_what_is_seen_is_written(
    open_page: Callable[..., Page], server: Running, product: Path, tmp_path: Path
) -> None:
    page = open_page(
        f"{server.address}?tab=products&product={identity(str(product))}"
        "&field=Temperature&step=1&at0=5~41&line=4~41_8~43&mask=0.5"
    )
    page.get_by_role("button", name="Export", exact=True).click()
    dialog = page.get_by_role("dialog")
    # A figure: first its picture, then the file.
    picture = dialog.get_by_alt_text("Preview of the figure")
    expect(picture).to_be_visible()
    assert picture.evaluate("(p) => p.naturalWidth") > 400
    dialog.get_by_role("button", name="SVG").click()
    dialog.get_by_role("button", name="Write figure").click()
    text = fetched(page, "made_up_map.svg", tmp_path).read_text()
    assert "February" in text and "at most 0.5" in text and "Test climatology" in text
    # Data: the file is the section that the Python beside it gives.
    dialog.get_by_role("option", name="Section along the line").click()
    dialog.get_by_role("button", name="NetCDF").click()
    python = dialog.get_by_label("Python", exact=True)
    expect(python).to_contain_text("product.section(")
    dialog.get_by_role("button", name="Write data").click()
    with xr.open_dataset(fetched(page, "made_up_line_section.nc", tmp_path)) as found:
        asked = {"time": 1, "variable": "Temperature", "mask": 0.5}
        expected = open_product(product).section("4,41 8,43", **asked)
        assert found["Temperature"].values.shape == expected["value"].shape
        xr.testing.assert_allclose(
            found["bottom"].drop_vars("time"), expected["bottom"].drop_vars("time")
        )
        assert found.attrs["mask"] == expected.attrs["mask"]
    # An animation is a job, which can be ended.
    dialog.get_by_role("option", name="Map", exact=True).click()
    dialog.get_by_role("button", name="GIF").click()
    dialog.get_by_role("button", name="Make animation").click()
    expect(dialog.get_by_label("Progress of the animation")).to_be_visible()
    expect(dialog.get_by_role("button", name="Make animation")).to_be_disabled()
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog.get_by_label("Progress of the animation")).to_be_hidden()
    expect(dialog.get_by_role("button", name="Make animation")).to_be_enabled()
