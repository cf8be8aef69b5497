"""The gridded climatology behind the profiles, as the page draws it."""

from __future__ import annotations

import re
from pathlib import Path

import netCDF4
import numpy as np
import pytest
from playwright.sync_api import expect
from serving import running
from workplace import Workplace

from sdcviz.demo import make_demo
from sdcviz.observations import Collection, open_collection

LEVELS = np.array([0.0, 20, 50, 200, 1000])
_DRAWN = """
const models = [...Bokeh.documents].flatMap((d) => [...d._all_models.values()])
const data = (name) => models.findLast((m) => m.name === `desk-${name}`).data_source.data
const columns = (name, ...keys) => keys.map((key) => [...data(name)[key]])
"""


def write_grid(path: Path) -> Path:
    """Write temperature = 16 - depth / 500 with a standard deviation of 0.5, all over the sea."""
    with netCDF4.Dataset(path, "w") as file:
        axes = {"depth": LEVELS, "lat": np.arange(20.0, 61), "lon": np.arange(-20.0, 61)}
        units = {"depth": "m", "lat": "degrees_north", "lon": "degrees_east"}
        for name, values in axes.items():
            file.createDimension(name, len(values))
            file.createVariable(name, "f8", (name,))[:] = values
            file[name].units = units[name]
        field = file.createVariable("t_an", "f4", tuple(axes))
        field.standard_name, field.units = "sea_water_temperature", "degC"
        field[:] = (16 - LEVELS / 500)[:, None, None] + np.zeros((41, 81))
        file.createVariable("t_an_sd", "f4", tuple(axes))[:] = 0.5
    return path


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    return open_collection(make_demo(tmp_path_factory.mktemp("climatology") / "demo", stations=60))


def test_the_mean_and_what_the_check_allows_are_drawn(open_page, demo, tmp_path):
    grid = write_grid(tmp_path / "atlas.nc")
    with running(tmp_path / "server", [demo.path], climatology=str(grid)) as server:
        work = Workplace(open_page(f"{server.address}?tab=quality&p=temperature"))
        # A process makes it ready while the page is open already.
        work.until("return view?.climates?.temperature")
        for _ in range(2):
            limit = work.ask("return view.climates.temperature.limit")
            assert limit == (8 if demo.bottom_depth[work.row] <= 200 else 6)
            y, middle, low, high = work.ask(
                _DRAWN + "return [...columns('climate-a', 'y', 'middle'),"
                " ...columns('allowed-a', 'low', 'high')]"
            )
            np.testing.assert_array_equal(y, LEVELS)
            np.testing.assert_allclose(middle, 16 - LEVELS / 500, rtol=1e-6)
            np.testing.assert_allclose(low, middle - 0.5 * np.array(limit), rtol=1e-5)
            np.testing.assert_allclose(high, middle + 0.5 * np.array(limit), rtol=1e-5)
            # The other profile has no climatology, and gets none of this one.
            assert work.ask(_DRAWN + "return columns('climate-b', 'y')") == [[]]
            caption = work.page.locator(".caption .climate")
            expect(caption).to_have_text(
                f"climatology atlas.nc: mean ± {limit} standard deviations"
            )
            row = work.row
            work.press("n")
            work.until("return view && view.row !== given", row)
        work.page.close()  # before its server


def test_where_none_is_named_the_page_tells_how(open_page, demo, tmp_path):
    with running(tmp_path / "server", [demo.path]) as server:
        work = Workplace(open_page(f"{server.address}?tab=quality&p=temperature"))
        caption = work.page.locator(".piece.caption")
        expect(caption).to_contain_text("5 to 95 %")
        expect(caption).to_have_attribute("title", re.compile("the setting 'climatology'"))
        expect(caption.locator(".climate")).to_have_count(0)
        work.page.close()
