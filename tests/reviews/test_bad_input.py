"""Products and collections that can't be compared, or not in all."""

from __future__ import annotations

import netCDF4
import numpy as np
import pytest

from sdcviz.errors import BadRequest, UnreadableFile
from sdcviz.reviews import review


def field(path, *, unit="degree_Celsius", name="Temperature", lon=(0, 30), lat=(32, 44),
          depth=(0, 50, 200), months=(1, 4, 7, 10), value=14.0):  # fmt: skip
    """Write a plain product without error."""
    axes = {"lon": np.arange(lon[0], lon[1] + 1.0), "lat": np.arange(lat[0], lat[1] + 1.0)}
    if depth:
        axes["depth"] = np.array(depth, float)
    if months:
        days = [(np.datetime64(f"2005-{m:02d}-15") - np.datetime64("2000-01-01")) for m in months]
        axes["time"] = np.array([d.astype(int) for d in days], float)
    units = {"lon": "degrees_east", "lat": "degrees_north", "depth": "m",
             "time": "days since 2000-01-01"}  # fmt: skip
    with netCDF4.Dataset(path, "w") as file:
        for axis, values in axes.items():
            file.createDimension(axis, len(values))
            file.createVariable(axis, "f8", (axis,))[:] = values
            file[axis].units = units[axis]
        dims = [a for a in ("time", "depth", "lat", "lon") if a in axes]
        if len(months) == 1:  # of a climatology
            file.createDimension("nv", 2)
            file["time"].climatology = "bounds"
            file.createVariable("bounds", "f8", ("time", "nv"))[:] = [[-3106, 7518]]
        v = file.createVariable(name, "f4", dims, fill_value=-999.0)
        v.units = unit
        v[:] = np.full([len(axes[d]) for d in dims], value)
    return path


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ({"unit": "kelvin"}, "never converted"),
        ({"name": "nitrate", "unit": "umol/l"}, "--parameter"),
        ({"lon": (100, 110)}, "outside"),
        ({"value": np.nan}, "no value"),
    ],
)
def test_what_can_not_be_compared(seas, tmp_path, made, said):
    product = field(tmp_path / "p.nc", **made)
    with pytest.raises(BadRequest, match=said):
        review(product, seas.clean / "demo", tmp_path / "r", report=False)
    assert not (tmp_path / "r").exists()


def test_all_samples_are_the_products_own(seas, tmp_path):
    with pytest.raises(BadRequest, match="too few are independent"):
        review(seas.clean / "temperature.nc", seas.clean / "demo", tmp_path / "r", independent=True)


@pytest.mark.parametrize("made", [{"months": (7,)}, {"months": (), "depth": ()}])
def test_fewer_axes_and_no_error(seas, tmp_path, made):
    product = field(tmp_path / "p.nc", **made)
    found = review(product, seas.clean / "demo", tmp_path / "r", report="depth" in made)
    whole = found["skill"]["rows"][-1]
    assert whole["n"] == found["samples"] > 100
    assert whole["within1"] is None and "unknown" in found["expected"]
    assert found["coverage"]["holes"] is None
    if "depth" in made:
        assert (tmp_path / "r" / "report.html").stat().st_size > 20_000
    assert all(c["sentence"] for c in found["physical"])


def test_areas_of_a_file(seas, tmp_path):
    areas = tmp_path / "areas.json"
    areas.write_text(
        '{"features": [{"properties": {"name": "West"}, "geometry": {"type": "Polygon", '
        '"coordinates": [[[-6, 30], [9, 30], [9, 46], [-6, 46], [-6, 30]]]}}]}'
    )
    product = field(tmp_path / "p.nc")
    found = review(product, seas.clean / "demo", tmp_path / "r", areas=areas, report=False)
    assert [a["title"] for a in found["skill"]["areas"]] == ["West"]
    areas.write_text("[]")
    with pytest.raises(UnreadableFile, match="GeoJSON"):
        review(product, seas.clean / "demo", tmp_path / "r", areas=areas, report=False)
