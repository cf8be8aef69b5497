"""``sdcviz divand``: recipes to products from the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from analysis_runs import write_recipe_file
from typer.testing import CliRunner

from sdcviz.analyses import example_recipe
from sdcviz.analyses.layout import check_layout
from sdcviz.cli import app
from sdcviz.demo import make_demo

MED = {"box": [-6, 30, 36.5, 46], "resolution": 1}
SUMMER = {"years": [1991, 2020], "months": [[7], [8]]}
LENGTHS = {"horizontal": "250 km", "vertical": "25 m"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_demo(tmp_path_factory.mktemp("divand") / "demo", stations=600)


@pytest.fixture
def recipe(demo: Path, tmp_path: Path) -> Path:
    told = yaml.safe_load(example_recipe())["metadata"]
    return write_recipe_file(
        tmp_path, demo, domain=MED, time=SUMMER, lengths=LENGTHS, metadata=told
    )


def sdcviz(*arguments: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sdcviz.cli", "divand", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def refused(*arguments: Any) -> str:
    done = CliRunner().invoke(app, ["divand", *map(str, arguments)])
    assert done.exit_code == 2, done.output
    assert "Traceback" not in done.output
    return done.stderr


def test_a_recipe_gives_a_product_and_one_document(recipe: Path, tmp_path: Path) -> None:
    import xarray as xr

    done = sdcviz(recipe, "--out", tmp_path / "p.nc", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["out"] == str(tmp_path / "p.nc")
    assert [s["label"] for s in report["slices"]] == ["July", "August"]
    assert report["used"] == sum(s["used"] for s in report["slices"]) > 1000
    assert 0 < report["rmse"] < 3 and report["unit"] == "°C"
    events = [json.loads(line) for line in done.stderr.splitlines()]
    kinds = [e["event"] for e in events]
    assert kinds.count("slice") == 2 and kinds[-1] == "result" and "warning" in kinds
    assert check_layout(tmp_path / "p.nc") == []
    with xr.open_dataset(tmp_path / "p.nc") as product:
        assert product["Temperature"].dims == ("time", "depth", "lat", "lon")
        summer = product["Temperature"].sel(depth=0)
        assert 20 < float(summer.mean()) < 30
        assert "horizontal: 250 km" in product.attrs["recipe"]
        assert product.sizes["observations"] == report["observations"]


def test_people_get_a_table_and_one_sentence(recipe: Path, tmp_path: Path) -> None:
    done = sdcviz(recipe, "--out", tmp_path / "p.nc")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split("\t")[:3] == ["time", "observations", "used"]
    assert len(lines) == 3
    assert "Without a bathymetry" in done.stderr
    assert "p.nc: 2 times, 4 levels, 43 x 17 points;" in done.stderr.splitlines()[-1]


def test_a_preview_is_close_to_the_product(recipe: Path, tmp_path: Path) -> None:
    import xarray as xr

    sdcviz(recipe, "--out", tmp_path / "p.nc", "--json")
    done = sdcviz(recipe, "--preview", "--time", "august", "--level", 21, "--json")
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert (seen["time"], seen["depth"]) == ("August", 20.0)
    field = np.array(seen["field"], float)
    assert field.shape == (len(seen["lon"]), len(seen["lat"]))
    with xr.open_dataset(tmp_path / "p.nc") as product:
        whole = product["Temperature"].sel(depth=20).isel(time=1).transpose("lon", "lat").values
    both = np.isfinite(field) & np.isfinite(whole)
    assert both.sum() > 200
    assert np.corrcoef(field[both], whole[both])[0, 1] > 0.85
    assert np.sqrt(np.mean((field - whole)[both] ** 2)) < 1.2
    assert not list(tmp_path.glob("*.parts"))


def test_a_preview_of_a_large_grid_is_coarse(demo: Path, tmp_path: Path) -> None:
    fine = {**MED, "resolution": 0.05}
    path = write_recipe_file(tmp_path, demo, domain=fine, time=SUMMER, lengths=LENGTHS)
    seen = json.loads(sdcviz(path, "--preview", "--json").stdout)
    assert seen["time"] == "July"
    assert 2000 < len(seen["lon"]) * len(seen["lat"]) <= 6100


def test_the_example_runs_on_the_demo(demo: Path, tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    done = sdcviz("--example", "--collection", demo, "--out", path)
    assert done.returncode == 0 and str(path) in done.stderr
    assert path.read_text() == sdcviz("--example", "--collection", demo).stdout
    seen = sdcviz(path, "--preview", "--time", "7")
    assert seen.returncode == 0, seen.stderr
    assert "July at 0 m: " in seen.stderr
    assert "is there already" in refused("--example", "--out", path)


def test_an_example_names_its_collection_as_seen_from_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("recipes").mkdir()
    words = ["divand", "--example", "--collection", "sea", "--out"]
    for out, named in (("recipes/a.yaml", "../sea"), ("b.yaml", "sea")):
        assert CliRunner().invoke(app, [*words, out]).exit_code == 0
        assert yaml.safe_load(Path(out).read_text())["collection"] == named


def test_the_schema_is_one_document() -> None:
    schema = json.loads(sdcviz("--schema").stdout)
    assert schema["title"] == "Recipe" and "lengths" in schema["properties"]


def test_what_is_wrong_is_one_sentence(recipe: Path, tmp_path: Path) -> None:
    assert "--example" in refused()
    assert "Name the product" in refused(recipe)
    assert "writes no product" in refused(recipe, "--preview", "--out", tmp_path / "p.nc")
    assert "There is no recipe no.yaml" in refused("no.yaml", "--out", "p.nc")
    assert "did you mean August?" in refused(recipe, "--preview", "--time", "agust")
    assert "there are July, August." in refused(recipe, "--preview", "--time", "13")
    recipe.write_text(recipe.read_text().replace("epsilon2", "epsilon"))
    told = refused(recipe, "--out", tmp_path / "p.nc")
    assert "there is no 'epsilon'; did you mean 'epsilon2'?" in told and "line " in told
    recipe.write_text(recipe.read_text().replace("epsilon", "epsilon2").replace("demo", "dema"))
    assert "There is no collection" in refused(recipe, "--out", tmp_path / "p.nc")


def test_a_product_is_checked(recipe: Path, tmp_path: Path) -> None:
    from netCDF4 import Dataset

    product = tmp_path / "p.nc"
    assert sdcviz(recipe, "--out", product, "--json").returncode == 0
    good = sdcviz("--check", product)
    assert (good.returncode, good.stdout) == (0, "")
    assert "p.nc: nothing is wrong with it." in good.stderr
    with Dataset(product, "a") as file:
        file["lat"].units = "degrees"
        file["Temperature_relerr"][0, 0] = 2.0
    bad = sdcviz("--check", product)
    assert bad.returncode == 1
    sentences = bad.stdout.splitlines()
    assert "Variable lat has the units 'degrees'; expected 'degrees_north'." in sentences
    assert any("Temperature_relerr" in s for s in sentences)
    assert f"p.nc: {len(sentences)} findings." in bad.stderr
    told = sdcviz("--check", product, "--json")
    assert told.returncode == 1
    assert json.loads(told.stdout) == {"product": str(product), "findings": sentences}


def test_what_can_not_be_checked_is_one_sentence(recipe: Path, tmp_path: Path) -> None:
    assert "can't be opened as NetCDF" in refused("--check", recipe)
    assert "can't be opened as NetCDF" in refused("--check", tmp_path / "none.nc")
    assert "leave out" in refused(recipe, "--check", tmp_path / "none.nc")


def test_the_engine_is_not_loaded_for_the_help() -> None:
    script = (
        "import sys\nfrom typer.testing import CliRunner\nfrom sdcviz.cli import app\n"
        "CliRunner().invoke(app, ['divand', '--help'])\n"
        "print({'numpy', 'scipy', 'pydantic.main'} & set(sys.modules) - {'pydantic.main'})"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout
    assert told.strip() == "set()"
