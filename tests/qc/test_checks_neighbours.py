"""Values against stations around, and water against its density layer."""

from __future__ import annotations

import numpy as np
from made_stations import Made, made_collection, row_of

from sdcviz.qc.checks.neighbours import usual
from sdcviz.qc.checks.runner import run_checks

DEPTH = [60, 110, 160, 220, 280]


def test_median_and_spread_by_hand():
    values = np.array([1, 2, 3, 4, 100, 7, 7.5], np.float32)
    group = np.array([5, 5, 5, 5, 5, 9, 9])
    station = np.array([0, 1, 2, 3, 4, 5, 5])
    order = np.argsort(group, kind="stable")
    middle, spread = usual(order, group, station, values, 2)
    # |v - 3| is 2 1 0 1 97: its median is 1; with five values no tenth is left out: 99 / 2.563
    np.testing.assert_allclose(middle[:5], 3)
    np.testing.assert_allclose(spread[:5], 99 / 2.563, rtol=1e-6)
    assert np.isnan(middle[5:]).all()  # one station alone tells nothing
    many = np.concatenate([values[:4], np.tile(values[:4], 4)])
    middle, spread = usual(np.arange(20), np.zeros(20, int), np.arange(20), many, 2)
    np.testing.assert_allclose([middle[0], spread[0]], [2.5, 1.4826], rtol=1e-6)


def sea(n: int = 90, seed: int = 0) -> list[Made]:
    rng = np.random.default_rng(seed)
    made = []
    for i in range(n):
        warm = rng.normal(0, 0.1)
        made.append(
            Made(
                lon=5 + (i % 10) / 10,
                lat=40 + (i // 10) / 10,
                time=f"20{i % 30:02d}-0{1 + i % 3}-11T05:00",
                depth=DEPTH,
                values={
                    "TEMP": (np.array([14.0, 13.8, 13.6, 13.4, 13.2]) + warm).round(3).tolist(),
                    "PSAL": (38 + np.array(DEPTH) / 500 + 0.25 * warm).round(3).tolist(),
                },
            )
        )
    return made


def spoiled(tmp_path):
    made = sea()
    made[11].values["TEMP"][2] += 4
    made[22].values["PSAL"][3] += 1.5
    made[33].values["TEMP"][1] = 99.0
    made[33].flags["TEMP"] = "14111"
    return made_collection(tmp_path, made)


def test_a_value_far_from_those_around(tmp_path):
    c = spoiled(tmp_path)
    found = run_checks(c, ["neighbours"])
    got = {
        (int(s), int(n), found.keys[p])
        for s, n, p in zip(found.station, found.sample, found.parameter, strict=True)
    }
    assert got == {(row_of(c, 11), 2, "temperature"), (row_of(c, 22), 3, "salinity")}
    warm = found.details[found.station.tolist().index(row_of(c, 11))]
    assert "13.6" in warm or "13.59" in warm
    part = run_checks(c, ["neighbours"], rows=np.array([row_of(c, 22)]))
    assert part.station.tolist() == [row_of(c, 22)]
    np.testing.assert_allclose(part.value, found.value[found.station == row_of(c, 22)])


def test_water_of_a_density_that_is_not_known(tmp_path):
    c = spoiled(tmp_path)
    found = run_checks(c, ["ts_outlier"])
    got = {
        (int(s), int(n), found.keys[p])
        for s, n, p in zip(found.station, found.sample, found.parameter, strict=True)
    }
    # Of the two, the one is named that is wrong for its depth.
    assert got == {(row_of(c, 11), 2, "temperature"), (row_of(c, 22), 3, "salinity")}


def test_few_stations_tell_nothing(tmp_path):
    made = sea(12)
    made[5].values["TEMP"][2] += 9
    c = made_collection(tmp_path, made)
    assert not len(run_checks(c, ["neighbours", "ts_outlier"]))


def test_stations_at_a_bad_position_are_no_neighbours(tmp_path):
    made = sea()
    for station in made[:40]:
        station.values["TEMP"] = [25.0] * 5
        station.position_flag = "4"
    made[50].values["TEMP"][2] += 4
    c = made_collection(tmp_path, made)
    assert run_checks(c, ["neighbours"]).station.tolist() == [row_of(c, 50)]
