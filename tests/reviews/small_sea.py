"""A small sea, products of it made by our own analysis, and what is planted into them."""

from __future__ import annotations

import shutil
from pathlib import Path

import netCDF4
import numpy as np

from sdcviz import analyses
from sdcviz.demo import make_demo
from sdcviz.observations import open_collection

RECIPE = """
recipe: 1
collection: "{collection}"
parameter: {parameter}
flags: [1, 2]
domain:
  box: [-6, 30, 36.5, 46]
  resolution: 0.5
  basin: [5, 40]
levels: [0, 10, 20, 30, 50, 75, 100, 150, 200, 300, 400, 600, 800]
time:
  years: [1991, 2020]
  months: quarters
lengths: {{horizontal: 200 km, vertical: 0 m}}
epsilon2: 1
clamp: {clamp}
background: profile
metadata: {{title: A small sea, abstract: Made for tests., edmo: [9001]}}
"""
BAD_CRUISE = 2.0
"""Degrees that the thermometer of one cruise is too high."""


def make(folder: Path) -> Path:
    """Make a collection and its products of temperature and oxygen."""
    collection = make_demo(folder / "demo", stations=2000)
    for parameter, clamp in (
        ("temperature", "{min: -2, max: 35}"),
        ("oxygen_umol_kg", "{min: 0, max: 500}"),
    ):
        recipe = folder / f"{parameter}.yaml"
        recipe.write_text(
            RECIPE.format(collection=collection, parameter=parameter, clamp=clamp), "utf-8"
        )
        analyses.run(recipe, folder / f"{parameter}.nc", workers=1)
    return folder


def spoil(folder: Path, sea: Path) -> str:
    """Copy the collection with a bad cruise and the products with a bias, a tile, a hole.

    Returns
    -------
    str
        Name of the cruise.
    """
    shutil.copytree(sea / "demo", folder / "demo")
    _spoil_temperature(folder, sea)
    shutil.copy(sea / "oxygen_umol_kg.nc", folder / "oxygen_umol_kg.nc")
    with netCDF4.Dataset(folder / "oxygen_umol_kg.nc", "r+") as file:
        name = next(n for n in file.variables if n.endswith("_relerr")).removesuffix("_relerr")
        _add(file, name, (0, 3), (0, 60), (16, 21), (34, 38), -400)
    return _bad_cruise(folder / "demo")


def _spoil_temperature(folder: Path, sea: Path) -> None:
    shutil.copy(sea / "temperature.nc", folder / "temperature.nc")
    with netCDF4.Dataset(folder / "temperature.nc", "r+") as file:
        name = next(n for n in file.variables if n.endswith("_relerr")).removesuffix("_relerr")
        _add(file, name, (2, 2), (100.0, 900.0), (18, 36.5), (30, 38), 0.5)
        _add(file, name, (0, 0), (100.0, 900.0), (-6, 6.5), (36, 45), 0.4)


def _add(file, name, steps, depths, lons, lats, value) -> None:
    where = [
        np.flatnonzero((file[axis][:] >= low) & (file[axis][:] <= high))
        for axis, (low, high) in (("depth", depths), ("lat", lats), ("lon", lons))
    ]
    for t in range(steps[0], steps[1] + 1):
        for z in where[0]:
            layer = file[name][t, z]
            layer[np.ix_(where[1], where[2])] += value
            file[name][t, z] = layer


def _bad_cruise(folder: Path) -> str:
    """Raise all temperatures of one cruise of the western basin."""
    c = open_collection(folder)
    cruises = c.text("cruise")
    west = (c.lon < 9) & (c.lat > 38)
    k = int(np.bincount(cruises.codes[west & (cruises.codes >= 0)]).argmax())
    _, starts = c.stored("temperature")
    path = c.folder / f"{c.stem('temperature')}.npy"
    values = np.load(path)
    for row in np.flatnonzero(cruises.codes == k):
        first = starts[row]
        values[first : first + c.offsets[row + 1] - c.offsets[row]] += np.float32(BAD_CRUISE)
    np.save(path, values)
    return cruises.labels[k]


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
