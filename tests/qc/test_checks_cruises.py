"""Offsets of cruises in deep water."""

from __future__ import annotations

import numpy as np
from made_stations import Made, made_collection, rows_of

from sdcviz.qc.checks.cruises import at_levels, offsets_of_cruises
from sdcviz.qc.checks.runner import run_checks

DEPTH = [0, 100, 900, 1000, 1200, 1300, 1600, 1900, 2100]


def test_profiles_are_interpolated_where_samples_are_close():
    depth = np.array([0.0, 100, 140, 300, 0, 200])
    values = np.array([10.0, 20, 24, 99, 1, 3])
    good = np.array([True] * 6)
    levels = np.array([100.0, 120, 140, 200, 250])
    got = at_levels(depth, values, good, np.array([0, 4, 6]), levels)
    # 160 m between the third and fourth is more than a quarter of 200 m, and of 250 m
    np.testing.assert_allclose(got[0], [np.nan, np.nan, np.nan, np.nan, np.nan])
    depth[1:4] = [110, 125, 140]
    got = at_levels(depth, values, good, np.array([0, 4, 6]), levels)
    np.testing.assert_allclose(got[0, 1], 20 + (24 - 20) * 10 / 15)
    assert np.isnan(got[1]).all()


def test_offset_and_spread_by_hand():
    # Four cruises in one box at one level: 1.0, 1.1, 1.3 and 3.0; a fifth long ago.
    cruise = np.array([0, 1, 2, 3, 3, 4])
    day = np.array([0.0, 10, 20, 30, 30, -9000])
    table = np.array([[1.0], [1.1], [1.3], [2.9], [3.1], [50.0]])
    offset, spread, met, stations = offsets_of_cruises(cruise, np.zeros(6, int), day, table)
    np.testing.assert_allclose(offset[:4], [-0.3, -0.2, 0.2, 1.9])
    np.testing.assert_allclose(spread[3], 1.4826 * 0.1)  # more than (1.3 - 1.0) / 2.563
    assert np.isnan(offset[4])  # no other within 15 years
    assert met.tolist() == [1, 1, 1, 1, 0] and stations.tolist() == [1, 1, 1, 2, 1]


def cruises(bias: float, seed: int = 0) -> list[Made]:
    """Six cruises of four stations in one box; the third is biased."""
    rng = np.random.default_rng(seed)
    made = []
    for n in range(6):
        for k in range(4):
            salt = 35 + np.array(DEPTH) / 5000 + rng.normal(0, 0.003, len(DEPTH))
            made.append(
                Made(
                    lon=-30.5 + 0.1 * k,
                    lat=40.5,
                    time=f"20{n + 10}-05-0{k + 1}T10:20",
                    cruise=f"C{n}",
                    depth=DEPTH,
                    values={"PSAL": (salt + bias * (n == 2)).round(4)},
                )
            )
    return made


def test_a_biased_cruise_is_found_whole_and_alone(tmp_path):
    c = made_collection(tmp_path, cruises(0.08))
    found = run_checks(c, ["cruise_offset"])
    assert sorted(set(found.station.tolist())) == rows_of(c, [8, 9, 10, 11])
    assert len(found) == 4 * len(DEPTH) and {chr(f) for f in found.flag} == {"3"}
    assert abs(found.value[0] - 0.08) < 0.005
    assert found.details[0].startswith("cruise C2: +0.0")
    some = run_checks(c, ["cruise_offset"], rows=np.array(rows_of(c, [8, 12])))
    assert set(some.station.tolist()) == set(rows_of(c, [8]))


def test_a_small_offset_is_left_alone(tmp_path):
    assert not len(run_checks(made_collection(tmp_path, cruises(0.02)), ["cruise_offset"]))
