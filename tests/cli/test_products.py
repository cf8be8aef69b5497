"""`sdcviz product`, `prepare` and `extract`."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import hand_made
import numpy as np
import pytest
import xarray as xr
from typer.testing import CliRunner

from sdcviz.cli import app


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hand_made.product(tmp_path_factory.mktemp("cli") / "p.nc")


def call(*words: Any) -> Any:
    return CliRunner().invoke(app, [str(w) for w in words])


def read(*words: Any) -> Any:
    result = call(*words, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_a_profile_as_json(product: Path) -> None:
    place = ("--lon", 5, "--lat", 41, "--time", "February", "--variable", "Temperature")
    found = read("extract", "profile", product, *place)
    with xr.open_dataset(product) as file:
        column = file.sel(lon=5, lat=41).isel(time=1)
    assert found["depth"] == [0, 10, 50]
    assert found["value"] == pytest.approx(column.Temperature.values.tolist())
    assert found["error"] == pytest.approx(column.Temperature_relerr.values.tolist())
    assert (found["lon"], found["lat"], found["label"]) == (5, 41, "February")
    assert found["unit"] == "degree_Celsius" and found["time"] == "2000-02-16T00:00:00"
    assert found["answer"] == "value" and found["product_title"] == "Test climatology"


def test_missing_is_null(product: Path) -> None:
    for lon, lat, word in ((3, 41, "land"), (40, 41, "outside")):
        result = call("extract", "profile", product, "--lon", lon, "--lat", lat, "--json")
        found = json.loads(result.stdout)
        assert found["value"] == [None] * 3 and found["answer"] == word
        assert found["sentence"] in result.stderr
    levels = read("extract", "profile", product, "--lon", 8, "--lat", 43)["value"]
    assert levels[-1] is None and levels[0] is not None


def test_the_other_extractions(product: Path, tmp_path: Path) -> None:
    series = read("extract", "timeseries", product, "--lon", 5, "--lat", 41, "--depth", 5)
    assert len(series["value"]) == 3 and series["label"][0] == "January" and series["depth"] == 5
    section = read("extract", "section", product, "--line", "4,41 8,43", "--points", 7, "--time", 0)
    assert np.shape(section["value"]) == (7, 3) and len(section["bottom"]) == 7
    assert section["distance"][-1] == pytest.approx(398.3, abs=0.1)
    for words, shape in (
        (("--lon", 5, "--lat", 41), (3, 3)),
        (("--lat", 41, "--depth", 10), (3, 14)),
        (("--lon", 5, "--depth", 10), (3, 8)),
        (("--line", "4,41 8,43", "--depth", 10, "--points", 5), (3, 5)),
    ):
        assert np.shape(read("extract", "hovmoller", product, *words)["value"]) == shape
    out = tmp_path / "s.nc"
    done = call("extract", "section", product, "--line", "4,41 8,43", "--time", 0, "--out", out,
                "--mask", "0.5", "--interpolation", "nearest")  # fmt: skip
    assert done.exit_code == 0, done.stderr
    with xr.open_dataset(out) as file:
        assert file.Temperature.dims == ("distance", "depth") and file.sizes["distance"] == 200
        assert file.attrs["mask"] == "relative error variance at most 0.5"
        assert float(file.Temperature_relerr.max()) <= 0.5
        assert file.attrs["source"] == str(product)
    table = call("extract", "profile", product, "--lon", 5, "--lat", 41, "--csv")
    rows = list(csv.DictReader(io.StringIO(table.stdout)))
    assert [r["depth"] for r in rows] == ["0.0", "10.0", "50.0"] and float(rows[0]["value"])


def test_preparing_tells_progress_and_place(product: Path) -> None:
    told = read("prepare", product, "--plan")
    assert told["bytes"] > 0 and not told["prepared"]
    result = call("prepare", product, "--json")
    document = json.loads(result.stdout)
    assert document["prepared"] and Path(document["folder"]).is_dir()
    events = [json.loads(line) for line in result.stderr.splitlines() if line.startswith("{")]
    assert events and set(events[0]) == {"done", "total", "text"}
    assert read("product", product)["prepared"]
    assert "Temperature_relerr" in call("product", product).stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("extract", "profile", "{}", "--lon", 5, "--lat", 95), "Latitudes are degrees"),
        (("extract", "profile", "{}", "--lon", 5, "--lat", 41, "--time", "Smarch"), "no time of"),
        (("extract", "section", "{}", "--line", "4,41"), "is no line"),
        (("extract", "profile", "none.nc", "--lon", 5, "--lat", 41), "There is no product"),
        (("extract", "profile", "{}", "--lon", 5, "--lat", 41, "--mask", "much"), "Mask 'much'"),
        (("extract", "profile", "{}", "--lon", 5, "--lat", 41, "--out", "x.png"), ".nc or .csv"),
        (("extract", "profile", "{}", "--lon", 5, "--lat", 41, "--csv", "--json"), "exclude each"),
        (("product", "{}", "--role", "depth"), "expected KIND=NAME"),
    ],
)
def test_mistakes(product: Path, words: tuple[Any, ...], sentence: str) -> None:
    result = call(*(str(w).replace("{}", str(product)) for w in words))
    assert result.exit_code == 2 and sentence in result.stderr, result.stderr
    assert result.stderr.startswith("sdcviz: ") and result.stderr.count("\n") == 1


def test_compare(product: Path, tmp_path: Path) -> None:
    """Month against month: numbers, a file, and a sentence for what can't be."""
    words = ("compare", product, product, "--time", "January", "--other-time", "March")
    found = read(*words)
    with xr.open_dataset(product) as file:
        apart = (file.Temperature.isel(time=0) - file.Temperature.isel(time=2)).isel(depth=0)
        off = file.Temperature_relerr.isel(depth=0).load()
        # The deviation of the background is written by the product's analysis.
        sd = np.sqrt(off.isel(time=0) * 2.0**2 + off.isel(time=2) * 1.5**2)
        masked = int((abs(apart) <= sd).sum())
    assert found["cells"] == int(apart.count()) and found["masked"] == masked > 0
    assert found["beyond"] == pytest.approx(1 - masked / found["cells"])
    out = tmp_path / "d.nc"
    done = call(*words, "--out", out)
    assert done.exit_code == 0 and "January minus March" in done.stderr
    with xr.open_dataset(out) as file:
        np.testing.assert_allclose(file.difference, apart.where(abs(apart) > sd), atol=1e-5)
        assert file.difference.attrs["units"] == "degree_Celsius"
    wrong = call("compare", product, product, "--depth", 9000)
    assert wrong.exit_code == 2 and "lies outside" in wrong.stderr
