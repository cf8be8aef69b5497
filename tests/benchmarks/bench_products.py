"""Extractions out of a prepared product against xarray on the file, in turn.

The product is made on the spot: 500 x 300 points, 50 levels, 24 times, single precision, in
chunks of one map as DIVAnd writes them, 42 % of it sea. Every repeat looks at another place.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

NX, NY, NZ, NT = 500, 300, 50, 24
WEST, SOUTH, STEP = -6.0, 30.0, 0.08


def make(path: Path, shape: tuple[int, int, int, int]) -> None:
    """Write the product map by map."""
    from netCDF4 import Dataset

    nt, nz, ny, nx = shape
    random = np.random.default_rng(1)
    lon, lat = WEST + STEP * np.arange(nx), SOUTH + STEP * np.arange(ny)
    depth = np.round(np.linspace(0, 1, nz) ** 2 * 2000)
    depth = depth + np.arange(nz) * 1e-3
    x, y = np.meshgrid(lon, lat)
    bottom = 1500 * (np.sin(x / 5) * np.cos(y / 4) + 0.25)
    with Dataset(path, "w") as file:
        axes = (
            ("time", 15.0 + 30.4 * np.arange(nt), "days since 2000-01-01"),
            ("depth", depth, "m"), ("lat", lat, "degrees_north"), ("lon", lon, "degrees_east"),
        )  # fmt: skip
        for name, values, units in axes:
            file.createDimension(name, len(values))
            v = file.createVariable(name, "f8", (name,))
            v.units, v[:] = units, values
        file["depth"].positive = "down"
        field = file.createVariable(
            "Temperature", "f4", ("time", "depth", "lat", "lon"), zlib=True, complevel=5,
            chunksizes=(1, 1, ny, nx), fill_value=np.float32(9.96921e36),
        )  # fmt: skip
        field.units = "degrees_C"
        for t in range(nt):
            for z in range(nz):
                layer = 14 + 6 * np.cos(t / 2) * np.exp(-depth[z] / 60) + np.sin(x) + y / 20
                layer = layer + random.normal(0, 0.05, layer.shape)
                field[t, z] = np.where(bottom > depth[z], layer, 9.96921e36).astype("f4")


class Peer:
    """xarray on the file."""

    def __init__(self, path: Path) -> None:
        import xarray as xr

        self.field = xr.open_dataset(path).Temperature

    def profile(self, lon: float, lat: float, t: int) -> Any:
        return self.field.isel(time=t).interp(lon=lon, lat=lat).values

    def series(self, lon: float, lat: float, z: int) -> Any:
        return self.field.isel(depth=z).interp(lon=lon, lat=lat).values

    def column(self, lon: float, lat: float) -> Any:
        return self.field.sel(lon=lon, lat=lat, method="nearest").values

    def row(self, lat: float, z: int) -> Any:
        return self.field.isel(depth=z).sel(lat=lat, method="nearest").values

    def section(self, lon: np.ndarray, lat: np.ndarray, t: int) -> Any:
        import xarray as xr

        x, y = xr.DataArray(lon, dims="p"), xr.DataArray(lat, dims="p")
        return self.field.isel(time=t).interp(lon=x, lat=y).values

    def at(self, lon: np.ndarray, lat: np.ndarray, depth: np.ndarray, when: np.ndarray) -> Any:
        import xarray as xr

        points = {"lon": lon, "lat": lat, "depth": depth, "time": when}
        return self.field.interp({k: xr.DataArray(v, dims="p") for k, v in points.items()}).values


def clock(work: Callable[[], Any]) -> tuple[float, float, Any]:
    """Return wall and CPU milliseconds of some work, and what it gave."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = work()
    return 1e3 * (time.perf_counter() - wall), 1e3 * (time.process_time() - cpu), found


def row(
    label: str, repeats: int, theirs: Callable[[int], Any], ours: Callable[[int], Any], goal: str,
    same: Callable[[Any, Any], bool] | None = None,
) -> None:  # fmt: skip
    """Measure both in turn after one warm-up; the numbers have to be the same."""
    a, b = [], []
    for i in range(repeats + 1):
        a.append(clock(lambda i=i: theirs(i)))
        b.append(clock(lambda i=i: ours(i)))
        if same is not None:
            assert same(a[-1][2], b[-1][2]), label
    peer, own = (median(m[0] for m in s[1:]) for s in (a, b))
    peer_cpu, own_cpu = (median(m[1] for m in s[1:]) for s in (a, b))
    ratio = peer_cpu / max(own_cpu, 1e-3)
    print(
        f"| {label} | {peer:.2f} / {peer_cpu:.2f} | {own:.2f} / {own_cpu:.2f} | {ratio:.0f} "
        f"| {goal} |", flush=True,
    )  # fmt: skip


def equal(theirs: Any, ours: Any) -> bool:
    """Compare where xarray has a value: near land it gives none."""
    known = np.isfinite(theirs)
    return bool(np.allclose(theirs[known], np.asarray(ours)[known], rtol=2e-6, atol=1e-5))


PREPARE = """
import resource, sys, time
from sdcviz.products import open_product
begun = time.perf_counter()
open_product(sys.argv[1]).prepare()
print(time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def measure(path: Path, observations: int, repeats: int) -> None:
    """Print the table."""
    from sdcviz.products import open_product

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    command = [sys.executable, "-c", PREPARE, str(path)]
    made = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    told = f"{float(made[0]):.1f} s, {float(made[1]):.0f} MB of memory at most"
    print(f"| preparation | - | {told} (this process {before:.0f} MB) | - | < 1000 MB |")
    peer, ours = Peer(path), open_product(path)
    assert ours.prepared
    random = np.random.default_rng(2)
    grid = ours.grid()
    n = repeats + 1
    lon = random.uniform(grid.lon[0], grid.lon[-1], (n, 2))
    lat = random.uniform(grid.lat[0], grid.lat[-1], (n, 2))
    t, z = random.integers(0, len(grid.times), n), random.integers(0, len(grid.depth), n)
    goal = ">= 10, <= 10 ms"
    row(
        "profile", repeats, lambda i: peer.profile(lon[i, 0], lat[i, 0], t[i]),
        lambda i: ours.profile(lon[i, 0], lat[i, 0], int(t[i])).value, goal, equal,
    )  # fmt: skip
    row(
        "time series", repeats, lambda i: peer.series(lon[i, 0], lat[i, 0], z[i]),
        lambda i: ours.timeseries(lon[i, 0], lat[i, 0], grid.depth[z[i]]).value, goal, equal,
    )  # fmt: skip
    lines = [
        ours.section(list(zip(lon[i], lat[i], strict=True)), 0, points=200) for i in range(n)
    ]  # fmt: skip
    row(
        "section, 200 points", repeats,
        lambda i: peer.section(lines[i].lon.values, lines[i].lat.values, t[i]).T,
        lambda i: ours.section(list(zip(lon[i], lat[i], strict=True)), int(t[i])).value,
        goal, equal,
    )  # fmt: skip
    row(
        "Hovmöller, longitude-time", repeats, lambda i: peer.row(grid.lat[7 * i % NY], z[i]),
        lambda i: ours.hovmoller(lat=grid.lat[7 * i % NY], depth=grid.depth[z[i]]).value,
        goal, equal,
    )  # fmt: skip
    row(
        "Hovmöller, depth-time", min(repeats, 3), lambda i: peer.column(lon[i, 0], lat[i, 0]),
        lambda i: ours.hovmoller(lon[i, 0], lat[i, 0], interpolation="nearest").value,
        ">= 500", equal,
    )  # fmt: skip
    _map(path, ours, repeats, t, z)
    where = (
        random.uniform(grid.lon[0], grid.lon[-1], observations),
        random.uniform(grid.lat[0], grid.lat[-1], observations),
        random.uniform(0, 1500, observations),
        np.datetime64("2000-02-01", "ns")
        + (random.uniform(0, 600, observations) * 86400e9).astype("timedelta64[ns]"),
    )
    given = dict(zip(("lon", "lat", "depth", "time"), where, strict=True))
    row(
        f"collocation of {observations:.0e} observations", 1 if repeats < 5 else 3,
        lambda i: peer.at(*where),
        lambda i: ours.at(time_interpolation="linear", **given).value,
        ">= 20", equal,
    )  # fmt: skip


def _map(path: Path, ours: Any, repeats: int, t: np.ndarray, z: np.ndarray) -> None:
    """Compare the bytes of a map with QuadMesh and rasterize."""
    import holoviews as hv
    import xarray as xr
    from holoviews.operation.datashader import rasterize

    hv.extension("bokeh")
    field = xr.open_dataset(path).Temperature
    depth = ours.grid().depth
    layers = {}

    def mesh(t: int, z: int) -> Any:
        layer = field.isel(time=t, depth=z).load()
        return hv.QuadMesh((layer.lon.values, layer.lat.values, layer.values))

    # As a slider moves it: the picture on the server's side is made anew and put into the plot.
    chosen = hv.streams.Stream.define("Chosen", t=0, z=0)()
    drawn = rasterize(hv.DynamicMap(mesh, streams=[chosen]), width=1200, height=800)
    hv.renderer("bokeh").get_plot(drawn)

    def theirs(i: int) -> Any:
        chosen.event(t=int(t[i]), z=int(z[i]))

    def own(i: int) -> Any:
        layers[i] = ours.map(time=int(t[i]), depth=depth[z[i]])
        return layers[i]

    row("map to bytes, against QuadMesh and rasterize", repeats, theirs, own, ">= 20, <= 10 ms")
    most = max(len(m.data) for m in layers.values())
    ratio = 1200 * 800 * 8 / most
    print(f"| bytes of a map | {1200 * 800 * 8} | {most} | {ratio:.0f} | >= 50, <= 100 kB |")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--observations", type=float, default=1e6)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--times", type=int, default=NT)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ["SDCVIZ_DATA_DIR"] = home
        path = Path(home) / "product.nc"
        make(path, (options.times, NZ, NY, NX))
        size = path.stat().st_size / 1e6
        print(f"{options.times} x {NZ} x {NY} x {NX}, {size:.0f} MB; load {os.getloadavg()[0]:.1f}")
        print("\n| work | xarray, ms wall / CPU | ours, ms | CPU ratio | goal |")
        print("|---|---|---|---|---|")
        measure(path, int(options.observations), options.repeats)


if __name__ == "__main__":
    main()
