"""Independent programs find the same: ioos_qc where its formula is ours, TEOS-10 itself."""

from __future__ import annotations

import gsw
import numpy as np
import pytest
from ioos_qc import argo, qartod
from made_stations import Made, made_collection

from sdcviz.demo import make_demo
from sdcviz.observations import Collection, open_collection
from sdcviz.observations.kernels import restore
from sdcviz.qc.checks.runner import run_checks

FAIL, SUSPECT = 4, 3


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    return open_collection(make_demo(tmp_path_factory.mktemp("oracle") / "demo", stations=500))


def of_station(c: Collection, column: np.ndarray, row: int) -> np.ndarray:
    return np.asarray(column[c.offsets[row] : c.offsets[row + 1]], np.float64)


def test_the_global_range_is_that_of_qartod(demo: Collection) -> None:
    found = run_checks(demo, ["global_range"], parameters=["temperature"])
    at = demo.offsets[found.station] + found.sample
    flags = qartod.gross_range_test(np.asarray(demo.values("temperature"), float), (-2.5, 40))
    assert len(at)
    assert sorted(at.tolist()) == np.flatnonzero(np.asarray(flags) == FAIL).tolist()


@pytest.mark.parametrize("seed", range(5))
def test_depths_that_go_back_are_those_of_ioos_qc(seed: int, tmp_path_factory) -> None:
    rng = np.random.default_rng(seed)
    stations = []
    for _ in range(30):
        depth = np.cumsum(rng.choice([5.0, 10.0], 25))
        start = int(rng.integers(8, 12))
        # A part of several levels that goes back by more than it takes to be one odd depth.
        depth[start : start + 4] = depth[start - 4 : start][::-1]
        stations.append(Made(lon=-35, lat=30, depth=depth, values={"TEMP": [10.0] * 25}))
    c = made_collection(tmp_path_factory.mktemp("ioos"), stations)
    found = run_checks(c, ["monotonic_depth"])
    for row in range(c.n_stations):
        theirs = np.asarray(argo.pressure_increasing_test(of_station(c, c.depth, row)))
        ours = found.sample[found.station == row].tolist()
        assert sorted(ours) == np.flatnonzero(theirs == SUSPECT).tolist()


def steps(c: Collection, row: int, exact: bool) -> np.ndarray:
    """Return rho(upper) - rho(lower) of a station's levels, by TEOS-10's exact functions or gsw's.

    The polynomial of gsw misses the exact difference by up to some 3e-4 kg/m3.
    """
    z, t, s = (
        of_station(c, restore(column) if column.dtype == np.float32 else column, row)
        for column in map(np.asarray, (c.depth, c.values("temperature"), c.values("salinity")))
    )
    lon, lat = c.lon[row], c.lat[row]
    p = gsw.p_from_z(-z, lat)
    sa = gsw.SA_from_SP(s, p, lon, lat)
    middle = (p[1:] + p[:-1]) / 2
    if exact:
        upper = gsw.pot_rho_t_exact(sa[:-1], t[:-1], p[:-1], middle)
        return upper - gsw.pot_rho_t_exact(sa[1:], t[1:], p[1:], middle)
    ct = gsw.CT_from_t(sa, t, p)
    return gsw.rho(sa[:-1], ct[:-1], middle) - gsw.rho(sa[1:], ct[1:], middle)


def test_inversions_are_those_of_the_exact_equation(demo: Collection) -> None:
    found = run_checks(demo, ["density_inversion"])
    ours = {(int(r), int(s)) for r, s in zip(found.station, found.sample, strict=True)}
    theirs = set()
    for row in np.flatnonzero(demo.has("salinity")).tolist():
        with np.errstate(invalid="ignore"):
            (upper,) = np.nonzero(steps(demo, row, exact=True) > 0.03)
        theirs |= {(row, int(i) + k) for i in upper for k in (0, 1)}
    assert theirs and ours == theirs


@pytest.mark.parametrize("sea", ["ocean", "baltic", "deep", "warm"])
def test_the_short_equation_never_hides_an_inversion(sea: str, tmp_path_factory) -> None:
    """Pairs that the short equation of state lets through are stable by that of TEOS-10."""
    rng = np.random.default_rng(3)
    n, k = 400, 25
    lon, lat, top, step, t, s, dt, ds = {
        "ocean": (-40.0, 30.0, 0, 40, 15, 36, 1.5, 0.3),
        "baltic": (20.0, 57.5, 0, 5, 8, 7, 4.0, 2.0),
        "deep": (-150.0, 40.0, 1000, 180, 2.5, 34.6, 0.4, 0.05),
        "warm": (38.0, 20.0, 0, 20, 27, 38, 3.0, 1.0),
    }[sea]
    stations = [
        Made(
            lon=lon,
            lat=lat,
            depth=top + step * np.arange(k),
            values={
                "TEMP": np.clip(t + rng.normal(0, dt, k), -2, 35),
                "PSAL": np.clip(s + rng.normal(0, ds, k), 0, 41),
            },
        )
        for _ in range(n)
    ]
    c = made_collection(tmp_path_factory.mktemp(sea), stations)
    found = run_checks(c, ["density_inversion"])
    ours = {(int(r), int(i)) for r, i in zip(found.station, found.sample, strict=True)}
    theirs = {
        (row, int(i) + j)
        for row in range(c.n_stations)
        for i in np.flatnonzero(steps(c, row, exact=False) > 0.03)
        for j in (0, 1)
    }
    assert len(theirs) > 1000
    assert ours == theirs
