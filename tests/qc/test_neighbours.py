"""The sea around a station: hand-made cases and numpy as the judge."""

from __future__ import annotations

import numpy as np
import pytest

from sdcviz.demo import make_demo
from sdcviz.observations import Collection, open_collection
from sdcviz.qc.neighbours import ENOUGH, LAYERS, LEAST, RADII_KM, find_neighbours, gather, spread


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    return open_collection(make_demo(tmp_path_factory.mktemp("demo") / "c", stations=600))


def _month(c: Collection, rows: np.ndarray) -> np.ndarray:
    return c.time[rows].astype("M8[M]").astype(int) % 12 + 1


def test_neighbours_are_near_in_season_and_measured(demo: Collection) -> None:
    row = 300
    found = find_neighbours(demo, row, "temperature")
    near, _ = demo.near(demo.lon[row], demo.lat[row], found.radius_km)
    month = int(_month(demo, np.array([row]))[0])
    wanted = [
        r
        for r in near
        if r != row
        and (int(_month(demo, np.array([r]))[0]) - month) % 12 in {0, 1, 11}
        and demo.has("temperature")[r]
        and chr(demo.position_flag[r]) not in "3489"
    ]
    assert found.rows.tolist() == wanted
    assert found.found == len(wanted)
    assert found.found >= ENOUGH or found.radius_km == RADII_KM[-1]


def test_the_radius_is_the_least_that_holds_enough(demo: Collection) -> None:
    for row in (0, 150, 599):
        found = find_neighbours(demo, row, "")
        place = RADII_KM.index(found.radius_km)
        if place:
            fewer, _ = demo.near(demo.lon[row], demo.lat[row], RADII_KM[place - 1])
            season = np.isin(_month(demo, fewer), found.months or range(13))
            assert np.count_nonzero(season & (fewer != row)) < ENOUGH + 1


def test_samples_are_those_of_the_stations(demo: Collection) -> None:
    rows = np.array([5, 400, 17])
    water = gather(demo, rows, ("temperature",))
    values, flags = demo.values("temperature"), demo.flags("temperature")
    begin = 0
    for row, end in zip(rows, water.ends, strict=True):
        run = slice(demo.offsets[row], demo.offsets[row + 1])
        bad = np.isin(flags[run], [ord(c) for c in "3489"])
        bad |= np.isin(demo.depth_flag[run], [ord(c) for c in "3489"])
        wanted = np.where(bad, np.nan, values[run])
        np.testing.assert_array_equal(water.values["temperature"][begin:end], wanted)
        np.testing.assert_array_equal(water.depth[begin:end], demo.depth[run])
        begin = end


def test_of_too_many_samples_the_last_stations_are_left_out(demo: Collection) -> None:
    rows = np.arange(20)
    counts = np.diff(demo.offsets)[rows]
    water = gather(demo, rows, ("temperature",), most=int(counts[:7].sum()))
    assert len(water.ends) == 7
    assert len(gather(demo, rows, (), most=1).ends) == 1
    assert len(gather(demo, rows[:0], ("temperature",)).depth) == 0


def test_percentiles_are_those_of_numpy() -> None:
    rng = np.random.default_rng(5)
    depth = rng.uniform(0, 700, 5000).astype(np.float32)
    values = rng.normal(15, 3, 5000).astype(np.float32)
    values[::50] = np.nan
    band = spread(depth, values)
    layer = np.searchsorted(LAYERS, depth, "right")
    n = 0
    for number in np.unique(layer):
        inside = values[(layer == number) & np.isfinite(values)]
        if len(inside) < LEAST:
            continue
        wanted = np.percentile(inside, [5, 50, 95])
        np.testing.assert_allclose([band.low[n], band.middle[n], band.high[n]], wanted, rtol=1e-5)
        n += 1
    assert n == len(band.depth) > 30


def test_a_layer_with_few_values_has_no_percentiles() -> None:
    band = spread(np.full(LEAST - 1, 3, np.float32), np.arange(LEAST - 1, dtype=np.float32))
    assert (len(band.depth), band.count) == (0, 0)
    assert len(spread(np.empty(0, np.float32), np.empty(0, np.float32)).depth) == 0
