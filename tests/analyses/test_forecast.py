"""What a run takes, the recipe to begin with, what differs between recipes, and where they lie."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from analysis_runs import recipe, scatter

from sdcviz import open_collection
from sdcviz.analyses import read_recipe, shelf
from sdcviz.analyses.compare import differences
from sdcviz.analyses.first import first_recipe, spacing_lengths
from sdcviz.analyses.forecast import FLOOR, forecast
from sdcviz.analyses.recipe_file import complaints, make_recipe
from sdcviz.analyses.select import take
from sdcviz.errors import BadRequest, NotFound
from sdcviz.settings import get_settings


@pytest.fixture
def data_dir(tmp_path, monkeypatch):
    monkeypatch.setenv("SDCVIZ_DATA_DIR", str(tmp_path))
    get_settings.cache_clear()
    yield tmp_path
    get_settings.cache_clear()


def test_a_forecast_counts_what_the_run_will_have():
    points = scatter(1200, months=range(1, 12))
    found = forecast(recipe(), points)
    assert found.grid == (13, 11, 4, 12)
    assert dict(found.times)["December"] == 0
    assert sum(n for _, n in found.times) == found.observations < 1200
    assert found.cpu > 0 and found.memory > 0 and not found.problem
    assert any("No observation in December" in s for s in found.sentences)
    assert FLOOR in found.sentences


def test_a_grid_that_fits_nowhere_is_refused_before_it_is_made():
    domain = {"box": [0, 35, 10, 44], "resolution": 1e-7}
    with pytest.raises(BadRequest, match="points at 4 levels, more than can be analysed"):
        forecast(recipe(domain=domain), scatter(10))


def test_an_exact_error_and_more_levels_cost_more():
    points = scatter(800)
    plain = forecast(recipe(error="none", thresholds=None), points)
    assert forecast(recipe(error="cpme"), points).cpu > plain.cpu
    finer = recipe(domain={"box": [2, 38, 8, 43], "resolution": 0.1})
    assert forecast(finer, points).cpu > plain.cpu


def test_what_does_not_fit_into_memory_is_told_before():
    found = forecast(recipe(run={"memory": "1 MB"}), scatter(300))
    assert "memory" in found.problem


def test_few_observations_and_bare_sea_are_told():
    points = scatter(400)
    corner = take(points, (points.lon < 3) & (points.lat < 40))
    found = forecast(recipe(lengths={"horizontal": "60 km", "vertical": "60 m"}), corner)
    assert any("Fewer than 30 observations" in s for s in found.sentences)
    assert any("of the sea has no observation" in s for s in found.sentences)


def test_lengths_that_are_to_be_fitted_do_not_stop_it():
    fitted = recipe(lengths={"horizontal": "fit", "vertical": "fit"})
    assert forecast(fitted, scatter(300)).cpu > 0


def test_the_first_recipe_suits_the_collection(made_demo: Path):
    collection = open_collection(made_demo)
    content = first_recipe(collection, "temperature")
    made = make_recipe(content)
    west, south, east, north = made.domain.box
    inside = (collection.lon >= west) & (collection.lon <= east)
    inside &= (collection.lat >= south) & (collection.lat <= north)
    assert inside.mean() > 0.9
    assert len(made.levels.depths) == len(made.lengths.vertical) > 5
    assert not complaints(content)
    boxed = first_recipe(collection, "temperature", box=(0.0, 35.0, 10.0, 44.0))
    assert boxed["domain"]["box"] == [0.0, 35.0, 10.0, 44.0]


def test_lengths_of_twice_the_distance():
    assert spacing_lengths([0, 10, 30, 50]) == ["20 m", "40 m", "40 m", "40 m"]


def test_complaints_stand_at_their_keys():
    told = complaints(
        {
            "parameter": "t",
            "domain": {"box": [5, 50, 0, 40], "resolution": "x"},
            "levels": [10, 0],
            "lengths": {"horizontal": "30"},
            "epsilon2": -1,
            "errror": "none",
        }
    )
    assert "latitudes 50 to 40" in told["domain.box"]
    assert told["lengths.horizontal"] == "30 has no unit; write '30 m' or '30 km'."
    assert "greater than 0" in told["epsilon2"]
    assert "increase" in told["levels"]
    assert "did you mean 'error'" in told["errror"]
    assert not complaints({"parameter": "t", "epsilon2": 1, "levels": [0, 10],
                           "domain": {"box": [0, 40, 5, 50], "resolution": 1},
                           "lengths": {"horizontal": "30 km"}})  # fmt: skip


def test_differences_are_told_key_by_key():
    old, new = recipe(), recipe(epsilon2=1, lengths={"horizontal": "fit", "vertical": "60 m"})
    assert [tuple(d) for d in differences(old, new)] == [
        ("lengths.horizontal", "120 km", "fit"),
        ("epsilon2", "0.5", "1"),
    ]
    assert differences(old, old) == []


def test_recipes_are_kept_as_files(data_dir: Path):
    path = shelf.keep(recipe(), "Winter, 0.5°".replace("°", ""))
    assert read_recipe(path).epsilon2 == 0.5
    shelf.keep(recipe(epsilon2=2), "Winter, 0.5")
    assert shelf.take_out("Winter, 0.5").epsilon2 == 2
    assert [one.name for one in shelf.listed()] == ["Winter, 0.5"]
    (path.parent / "broken.yaml").write_text("parameter: [")
    assert [one.name for one in shelf.listed()] == ["Winter, 0.5"]
    shelf.delete("Winter, 0.5")
    with pytest.raises(NotFound, match=r"no recipe “Winter, 0\.5”"):
        shelf.take_out("Winter, 0.5")


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "x" * 200, "a\nb"])
def test_a_name_stays_in_the_folder(data_dir: Path, name: str):
    with pytest.raises(BadRequest):
        shelf.keep(recipe(), name)
    assert not list(data_dir.rglob("*.yaml"))


def test_levels_in_the_frame_of_the_first_recipe_are_finite(made_demo: Path):
    content = first_recipe(open_collection(made_demo), "salinity")
    assert np.isfinite(content["levels"]).all() and content["parameter"] == "salinity"
