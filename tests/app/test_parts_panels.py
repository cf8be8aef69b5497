"""What panels show beside a map that is made of fields, and what made a value."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import hand_made
import numpy as np
import pytest
import xarray as xr
from analysis_runs import recipe, scatter
from in_process import made_of

from sdcviz.analyses.behind import behind
from sdcviz.analyses.plan import make_plan
from sdcviz.products import open_product
from sdcviz_app.parts.products.panel_made import answered, question
from sdcviz_app.parts.products.panel_views import made_of as panels_of
from sdcviz_app.parts.products.panels import PanelsPart
from sdcviz_app.session import Session
from sdcviz_app.viewing import Viewing


@pytest.fixture(scope="module")
def months(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hand_made.product(tmp_path_factory.mktemp("panels") / "months.nc")


@pytest.fixture(scope="module")
def analysed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    given = {"time": {"years": [1991, 2020], "months": [[7, 8, 9]]}, "error": "none"}
    plan = make_plan(recipe(**given), scatter(200, months=(8,)))
    return made_of(plan, tmp_path_factory.mktemp("panels") / "analysed.nc")


def looking_at(path: Path, **session: Any) -> PanelsPart:
    viewing = Viewing(session=Session(tab="products"))
    viewing.product = open_product(path)
    viewing.session.param.update(**session)
    return PanelsPart(viewing=viewing)


def drawn(part: PanelsPart, key: str, name: str = "y") -> np.ndarray:
    """Return the values of the curve of a panel."""
    shown = next(p for p in part.form.state["panels"] if p["key"] == key)
    curve = next(layer for layer in shown["layers"] if layer["type"] == "line")
    return np.frombuffer(base64.b64decode(curve[name]), "<f4")


def test_panels_follow_a_formula(months: Path) -> None:
    part = looking_at(months, place=(5.0, 41.0), level=10.0, derived="a - mean(a)", mask="0.5")
    values = open_product(months).timeseries(5, 41, 10)["value"].to_numpy()
    assert drawn(part, "place-series") == pytest.approx(values - values.mean(), abs=1e-4)
    state = part.form.state
    assert state["under"].startswith("a - mean(a) · not masked")
    labels = {p["key"]: (p["x"]["label"], p["y"]["label"]) for p in state["panels"]}
    assert labels["place-profile"][0] == labels["place-series"][1] == "a - mean(a) [°C]"
    part.viewing.session.param.update(derived="iso:14", mask="")
    assert part.form.state["under"].startswith("the field itself")
    assert drawn(part, "place-series") == pytest.approx(values, abs=1e-4)


def test_panels_follow_the_difference_of_two_layers(months: Path) -> None:
    part = looking_at(months, place=(5.0, 41.0), level=10.0)
    part.viewing.session.param.update(compare="difference", other_derived="a * 1.5")
    part.viewing.second = open_product(months)
    values = open_product(months).timeseries(5, 41, 10)["value"].to_numpy()
    assert drawn(part, "place-series") == pytest.approx(-values / 2, abs=1e-4)
    assert part.form.state["under"].startswith("Difference · ")
    # Of one month of the other there is no series: the map alone shows it.
    part.viewing.session.other_step = 1
    assert part.form.state["under"].startswith("the field itself")
    assert drawn(part, "place-series") == pytest.approx(values, abs=1e-4)


def test_a_field_without_depths_and_times_has_panels_too(tmp_path: Path) -> None:
    lat, lon = np.arange(30.0, 41), np.arange(0.0, 21)
    height = -100.0 * (lon + 0 * lat[:, None])
    axes = {"lat": ("lat", lat, {"units": "degrees_north"}),
            "lon": ("lon", lon, {"units": "degrees_east"})}  # fmt: skip
    topo = (("lat", "lon"), height, {"units": "m", "long_name": "Height"})
    xr.Dataset({"topo": topo}, axes).to_netcdf(tmp_path / "topo.nc")
    part = looking_at(tmp_path / "topo.nc", place=(7.5, 35.0))
    (one,) = part.form.state["panels"]
    assert (one["key"], one["sentence"]) == ("place-value", "Height: −750 m")
    session = part.viewing.session
    session.line = ((0.0, 35.0), (20.0, 35.0))
    values = drawn(part, "line-values")
    assert values[[0, -1]] == pytest.approx([0, -2000], abs=1e-3)
    assert (np.diff(values) < 0).all()
    session.line = ((5.0, 35.0), (5.0, 35.0))
    assert "are one place" in part.form.state["panels"][0]["sentence"]
    assert part.form.state["title"] == "Line"
    session.area = ((2.0, 31.0), (4.0, 31.0), (4.0, 39.0), (2.0, 39.0))
    (one,) = part.form.state["panels"]
    assert one["key"] == "area-value"
    assert one["sentence"].startswith("Height: −300 m on average, −400 to −200 m")


def test_the_panel_says_which_weights_they_are_and_how_well_they_rebuild(analysed: Path) -> None:
    part = looking_at(analysed, place=(5.1, 41.2), level=20.0)
    asked = part._asked()
    wanted = question(asked)
    assert wanted is not None
    told = behind(**wanted)
    (exact,) = answered(asked, told, "")
    shown, value = exact.shown, open_product(analysed).profile(5.1, 41.2)["value"].to_numpy()[1]
    assert shown["exact"] and shown["sum"].startswith("Weights of the analysis itself")
    assert shown["rebuilt"].startswith(f"Rebuilt {value:.4g} of {value:.4g}; background")
    assert exact.data is not None
    adds = float(exact.data["adds"].sum())
    assert told["background"] + adds == pytest.approx(value, abs=1e-3)
    assert shown["rows"][0]["adds"] == pytest.approx(
        float(told["weight"][0] * told["anomaly"][0]), rel=1e-4
    )
    # Where the recipe gives something else, or can't be repeated, they are approximate.
    for answer, why in (
        ({**told, "value": value + 9}, "the recipe in the product gives"),
        (None, "There is no product"),
    ):
        (other,) = answered(asked, answer, "There is no product." if answer is None else "")
        assert not other.shown["exact"] and why in other.shown["sum"]
        assert other.shown["rebuilt"].startswith("Rebuilt ")
    part._choice["lengths"] = {"horizontal": 90, "vertical": 30, "epsilon2": 1}
    assert question(part._asked()) is None
    (entered,) = panels_of(part._asked(), "made")
    assert entered.shown["lengths"]["source"] == "as entered"
