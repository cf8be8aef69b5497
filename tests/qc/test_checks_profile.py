"""Checks of profiles, against cases that are computed by hand from the manuals."""

from __future__ import annotations

from pathlib import Path

import gsw
import numpy as np
import pytest
from made_stations import Made, made_collection, row_of

from sdcviz.qc import Findings
from sdcviz.qc.checks.runner import run_checks

NAN = float("nan")
ATLANTIC = {"lon": -35.0, "lat": 30.0}
"""A place where the global limits hold."""


def found(tmp_path: Path, check: str, *stations: Made) -> Findings:
    return run_checks(made_collection(tmp_path, list(stations)), [check])


def seen(f: Findings) -> list[tuple[int, str, float, float]]:
    """Return sample, flag, value and threshold of each finding."""
    return [
        (int(s), chr(c), round(float(v), 9), float(t))
        for s, c, v, t in zip(f.sample, f.flag, f.value, f.threshold, strict=True)
    ]


def temperatures(*values: float, top: float = 0.0, **more: object) -> Made:
    depth = [top + 10.0 * i for i in range(len(values))]
    return Made(depth=depth, values={"TEMP": values}, **{**ATLANTIC, **more})  # type: ignore[arg-type]


# ---- spike and gradient: |v2 - (v3 + v1) / 2| with and without - |(v3 - v1) / 2| ----


def test_a_spike_is_more_than_the_limit(tmp_path: Path) -> None:
    assert seen(found(tmp_path, "spike", temperatures(10, 16.1, 10))) == [(1, "4", 6.1, 6)]


def test_a_spike_of_just_the_limit_is_none(tmp_path: Path) -> None:
    assert not len(found(tmp_path, "spike", temperatures(10.1, 16.1, 10.1)))


def test_the_slope_of_a_thermocline_is_taken_off(tmp_path: Path) -> None:
    # |20 - (12 + 24) / 2| - |(12 - 24) / 2| = 2 - 6
    assert not len(found(tmp_path, "spike", temperatures(24, 20, 12)))


def test_below_500_m_the_limit_is_two_degrees(tmp_path: Path) -> None:
    f = found(tmp_path, "spike", temperatures(4, 6.1, 4, top=490))
    assert seen(f) == [(1, "4", 2.1, 2)]
    above = made_collection(tmp_path / "above", [temperatures(4, 6.1, 4, top=480)])
    assert not len(run_checks(above, ["spike"]))


def test_a_neighbour_that_is_missing_is_passed_over(tmp_path: Path) -> None:
    assert seen(found(tmp_path, "spike", temperatures(10, NAN, 17, NAN, 10))) == [(2, "4", 7, 6)]


def test_a_neighbour_flagged_bad_is_passed_over(tmp_path: Path) -> None:
    # 17 beside 99 is no spike, beside 10 it is
    f = found(tmp_path, "spike", temperatures(10, 17, 99, 10, flags={"TEMP": "1141"}))
    assert seen(f) == [(1, "4", 7, 6)]


def test_a_neighbour_at_an_unknown_depth_is_passed_over(tmp_path: Path) -> None:
    station = temperatures(10, 17, 17, 10)
    station.depth = [0, 10, NAN, 30]
    assert seen(found(tmp_path, "spike", station)) == [(1, "4", 7, 6)]


def test_a_neighbour_at_a_depth_flagged_bad_is_passed_over(tmp_path: Path) -> None:
    f = found(tmp_path, "spike", temperatures(10, 17, 17, 10, depth_flags="1141"))
    assert seen(f) == [(1, "4", 7, 6)]


def test_what_is_flagged_bad_is_not_told_again(tmp_path: Path) -> None:
    f = found(tmp_path, "spike", temperatures(10, 17, 10, flags={"TEMP": "141"}))
    assert not len(f)


def test_ends_have_no_two_neighbours(tmp_path: Path) -> None:
    assert not len(found(tmp_path, "spike", temperatures(30, 10, 10, 10, 30)))


def test_neighbours_are_of_the_same_station(tmp_path: Path) -> None:
    f = found(tmp_path, "spike", temperatures(10, 10), temperatures(17), temperatures(10, 10))
    assert not len(f)


def test_a_time_series_is_no_profile(tmp_path: Path) -> None:
    assert not len(found(tmp_path, "spike", temperatures(10, 17, 10, feature="time series")))


def test_the_gradient_keeps_the_slope(tmp_path: Path) -> None:
    # |24 - (12 + 14) / 2| = 11; |24 - (11 + 19) / 2| = 9 is just the limit
    assert seen(found(tmp_path, "gradient", temperatures(12, 24, 14))) == [(1, "3", 11, 9)]
    fine = made_collection(tmp_path / "fine", [temperatures(11, 24, 19)])
    assert not len(run_checks(fine, ["gradient"]))


def test_a_range_that_failed_makes_no_neighbour_for_later_checks(tmp_path: Path) -> None:
    # 90 is out of range (4), so that the spike check sees 10, 17, 10.
    c = made_collection(tmp_path, [temperatures(10, 17, 90, 10)])
    both = run_checks(c, ["global_range", "spike"])
    assert {(both.checks[n], int(s)) for n, s in zip(both.check, both.sample, strict=True)} == {
        ("global_range", 2),
        ("spike", 1),
    }


# ---- ranges ----


def test_ranges_include_their_ends(tmp_path: Path) -> None:
    f = found(tmp_path, "global_range", temperatures(-2.5, 40, -2.51, 40.01))
    assert seen(f) == [(2, "4", -2.51, -2.5), (3, "4", 40.01, 40)]


@pytest.mark.parametrize(
    ("lon", "lat", "salinity", "fails"),
    [
        (19.0, 57.5, 0.5, False),  # Baltic: 0 to 35
        (19.0, 57.5, 36.0, True),
        (34.0, 43.0, 0.5, False),  # Black Sea: 0 to 25
        (34.0, 43.0, 26.0, True),
        (37.0, 46.0, 1.0, False),  # Sea of Azov
        (25.0, 36.0, 26.0, False),  # Mediterranean: 2 to 40
        (25.0, 36.0, 40.5, True),
        (4.5, 42.8, 40.5, True),  # Gulf of Lion
    ],
)
def test_salinity_by_sea(
    tmp_path: Path, lon: float, lat: float, salinity: float, fails: bool
) -> None:
    station = Made(lon=lon, lat=lat, depth=[5.0], values={"PSAL": [salinity]})
    c = made_collection(tmp_path, [station])
    assert bool(len(run_checks(c, ["global_range", "regional_range"]))) is fails


def test_of_two_limits_the_worse_flag_is_told(tmp_path: Path) -> None:
    # Mediterranean: below 10 is 3, below 4 is 4
    sea = {"lon": 5.0, "lat": 40.0}
    f = found(tmp_path, "regional_range", temperatures(12, 9, 3.9, **sea))
    assert seen(f) == [(1, "3", 9, 10), (2, "4", 3.9, 4)]


def test_limits_of_a_layer_need_a_depth(tmp_path: Path) -> None:
    deep = temperatures(20, 20, top=1500)
    deep.depth = [1500, NAN]
    assert seen(found(tmp_path, "regional_range", deep)) == [(0, "3", 20, 18)]


def test_a_depth_above_the_water_is_out_of_range(tmp_path: Path) -> None:
    station = Made(depth=[-6, 1, 2], values={"TEMP": [10, 10, 10]}, **ATLANTIC)
    f = found(tmp_path, "global_range", station)
    assert f.keys[f.parameter[0]] == "@depth"
    assert seen(f) == [(0, "4", -6, -5)]


# ---- rollover, stuck ----


def test_both_sides_of_a_rollover_are_flagged(tmp_path: Path) -> None:
    f = found(tmp_path, "digit_rollover", temperatures(20, 20, 9.9, 9.8))
    assert seen(f) == [(1, "4", 10.1, 10), (2, "4", 10.1, 10)]


def test_a_stuck_profile_is_flagged_as_a_whole(tmp_path: Path) -> None:
    f = found(tmp_path, "stuck_value", temperatures(*[13.1] * 6))
    assert seen(f) == [(-1, "4", 1, 1)]


def test_nine_of_ten_over_a_hundred_metres_are_stuck(tmp_path: Path) -> None:
    f = found(tmp_path, "stuck_value", temperatures(*[14.2] + [13.1] * 9))
    assert not len(f)  # 80 m only
    longer = temperatures(*[14.2] + [13.1] * 11)
    c = made_collection(tmp_path / "longer", [longer])
    assert seen(run_checks(c, ["stuck_value"])) == [(-1, "3", round(11 / 12, 9), 0.9)]


def test_a_short_mixed_layer_is_not_stuck(tmp_path: Path) -> None:
    assert not len(found(tmp_path, "stuck_value", temperatures(*[13.1] * 4)))


# ---- depths ----


def at_depths(*depth: float, **more: object) -> Made:
    values = {"TEMP": [10.0] * len(depth)}
    return Made(depth=depth, values=values, **{**ATLANTIC, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("depth", "expected"),
    [
        ((0, 10, 20, 30), {}),
        ((0, 10, 20, 15, 12, 30), {3: "4", 4: "4"}),  # the part that goes back
        ((0, 10, 10, 20), {2: "0"}),  # comes again
        ((30, 20, 10, 0), {}),  # a cast upwards
        ((30, 20, 25, 10, 0), {1: "4"}),  # seen from its end: 0 10 25 20 30
        ((0, 10, 500, 30, 40, 50), {2: "4"}),  # one depth that the others disprove
        ((0, NAN, 10, 5, 20), {3: "4"}),
        ((5,), {}),
    ],
)
def test_depth_has_to_increase(
    tmp_path: Path, depth: tuple[float, ...], expected: dict[int, str]
) -> None:
    f = found(tmp_path, "monotonic_depth", at_depths(*depth))
    assert {sample: flag for sample, flag, _, _ in seen(f)} == expected
    assert not len(f) or f.keys == ("@depth",)


def test_a_gap_is_told_at_its_lower_end(tmp_path: Path) -> None:
    f = found(tmp_path, "depth_gap", at_depths(0, 100, 400, 701, 2600, 3601))
    assert seen(f) == [(3, "0", 301, 300), (4, "0", 1899, 1000), (5, "0", 1001, 1000)]


def test_a_station_without_depth_is_told(tmp_path: Path) -> None:
    c = made_collection(tmp_path, [at_depths(NAN, NAN), at_depths(0, 10)])
    f = run_checks(c, ["few_levels"])
    assert f.station.tolist() == [row_of(c, 0)]
    assert "no depth is known" in f.details[0]


def test_samples_below_the_floor(tmp_path: Path) -> None:
    f = found(tmp_path, "deepest", at_depths(90, 120, 121, bottom=100), at_depths(9000))
    assert seen(f) == [(2, "3", 121, 120)]


# ---- density ----


def density_step(upper: tuple[float, ...], lower: tuple[float, ...]) -> float:
    """Return rho(upper) - rho(lower) at the pressure midway, by the exact TEOS-10 function."""
    lon, lat = ATLANTIC["lon"], ATLANTIC["lat"]
    (z1, t1, s1), (z2, t2, s2) = upper, lower
    p1, p2 = gsw.p_from_z(-z1, lat), gsw.p_from_z(-z2, lat)
    a1, a2 = gsw.SA_from_SP(s1, p1, lon, lat), gsw.SA_from_SP(s2, p2, lon, lat)
    middle = (p1 + p2) / 2
    return float(gsw.pot_rho_t_exact(a1, t1, p1, middle) - gsw.pot_rho_t_exact(a2, t2, p2, middle))


def test_both_levels_of_an_inversion_are_flagged_in_both_parameters(tmp_path: Path) -> None:
    depth, temperature, salinity = [100, 150, 200], [15, 15, 14], [36.0, 35.9, 36.2]
    step = density_step((100, 15, 36.0), (150, 15, 35.9))
    assert step > 0.07  # a tenth in salinity weighs 0.077 kg/m3
    station = Made(depth=depth, values={"TEMP": temperature, "PSAL": salinity}, **ATLANTIC)
    f = found(tmp_path, "density_inversion", station)
    assert f.keys == ("temperature", "salinity")
    assert f.sample.tolist() == [0, 1, 0, 1]
    assert f.value == pytest.approx(step, abs=1e-4)
    assert (f.threshold == 0.03).all()


def test_a_small_inversion_is_allowed(tmp_path: Path) -> None:
    station = Made(depth=[100, 150], values={"TEMP": [15, 15], "PSAL": [36, 35.965]}, **ATLANTIC)
    assert 0 < density_step((100, 15, 36), (150, 15, 35.965)) < 0.03
    assert not len(found(tmp_path, "density_inversion", station))


def test_stable_water_that_is_warmer_below_is_no_inversion(tmp_path: Path) -> None:
    # Halocline of the Black Sea: 8 degrees and 18.5 over 8.7 degrees and 21
    sea = {"lon": 34.0, "lat": 43.0}
    station = Made(depth=[60, 150], values={"TEMP": [8, 8.7], "PSAL": [18.5, 21]}, **sea)
    assert not len(found(tmp_path, "density_inversion", station))


def test_a_cast_upwards_is_judged_by_pressure(tmp_path: Path) -> None:
    up = Made(
        depth=[200, 150, 100],
        values={"TEMP": [14, 15, 15], "PSAL": [36.2, 35.9, 36.0]},
        **ATLANTIC,
    )
    assert found(tmp_path, "density_inversion", up).sample.tolist() == [1, 2, 1, 2]


def test_an_unknown_position_does_not_stop_the_check(tmp_path: Path) -> None:
    lost = Made(lon=NAN, lat=NAN, depth=[100, 150], values={"TEMP": [15, 15], "PSAL": [36.0, 35.0]})
    assert found(tmp_path, "density_inversion", lost).sample.tolist() == [0, 1, 0, 1]


def test_figures_are_those_of_the_file(tmp_path: Path) -> None:
    # 41.13 is no number of single precision; the finding still says 41.13.
    f = found(tmp_path, "global_range", temperatures(10, 41.13, 10))
    assert f.value.tolist() == [41.13]


def test_pressure_is_taken_as_measured(tmp_path: Path) -> None:
    c = made_collection(
        tmp_path,
        [
            Made(
                depth=[100, 150],
                values={"TEMP": [15, 15], "PSAL": [36.0, 35.9], "PRES": [400, 100]},
                **ATLANTIC,
            )
        ],
    )
    # By pressure the second level is the upper one, so that the water is stable.
    named = np.array([p.key for p in c.parameters])
    assert "pressure" in named
    assert not len(run_checks(c, ["density_inversion"]))


def test_a_station_that_is_not_where_it_says_belongs_to_no_region(tmp_path: Path) -> None:
    # 9 degrees are too cold for the Mediterranean only.
    sea = {"lon": 5.0, "lat": 40.0}
    known, lost = temperatures(9, 9, **sea), temperatures(9, 9, position_flag="4", **sea)
    inland = temperatures(9, 9, lon=10.0, lat=45.3)  # a check finds that it is on land
    c = made_collection(tmp_path, [known, lost, inland])
    f = run_checks(c, ["on_land", "regional_range"])
    cold = f.take(f.check == f.checks.index("regional_range"))
    assert c.station_index[cold.station].tolist() == [0, 0]
    assert len(f) == 3
