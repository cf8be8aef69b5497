"""Time series, with ioos_qc as the judge where its formulas are the same."""

from __future__ import annotations

import numpy as np
import pytest
from ioos_qc import qartod
from made_stations import Made, made_collection

from sdcviz.qc.checks.runner import run_checks
from sdcviz.qc.checks.series import attenuated, flat, gaps, rates
from sdcviz.qc.checks.thresholds import read_thresholds

GOOD, UNKNOWN, SUSPECT, FAIL = 1, 2, 3, 4


@pytest.fixture(params=range(4))
def signal(request):
    """An hourly series with stuck stretches, jumps and a quiet end."""
    rng = np.random.default_rng(request.param)
    values = np.sin(np.arange(400) / 4) + rng.normal(0, 0.1, 400)
    for start, length in ((20, 6), (100, 14), (200, 40), (330, 7)):
        values[start : start + length] = values[start]
    values[[60, 250]] += 5
    values[360:] = 1 + rng.normal(0, 0.01, 40)
    times = np.datetime64("2010-01-01", "s") + np.arange(400) * np.timedelta64(3600, "s")
    return np.arange(400.0), values.round(3), times


WHOLE = np.array([0, 400])


def test_rate_of_change_as_ioos_qc(signal):
    hours, values, times = signal
    theirs = qartod.rate_of_change_test(values, times, threshold=2 / 3600, fail_threshold=4 / 3600)
    rate = rates(hours, values, WHOLE)
    ours = np.where(rate > 4, FAIL, np.where(rate > 2, SUSPECT, GOOD))
    assert (ours > GOOD).sum() >= 4
    np.testing.assert_array_equal(ours, np.asarray(theirs))


def test_attenuated_signal_as_ioos_qc(signal):
    hours, values, times = signal
    theirs = qartod.attenuated_signal_test(
        values,
        times,
        suspect_threshold=0.1,
        fail_threshold=0.005,
        test_period=12 * 3600,
        min_obs=12,
    )
    spread = attenuated(hours, values, WHOLE, np.full(400, 12.0), np.full(400, 12.0))
    ours = np.where(spread < 0.005, FAIL, np.where(spread < 0.1, SUSPECT, GOOD))
    ours[np.isnan(spread)] = UNKNOWN
    assert {UNKNOWN, SUSPECT, FAIL} <= set(ours.tolist())
    # pandas adds and takes away values as they pass and leaves 1e-9 of a flat stretch.
    np.testing.assert_array_equal(ours, np.asarray(theirs))


def test_flat_line_as_ioos_qc_but_for_the_whole_stretch(signal):
    hours, values, times = signal
    theirs = np.asarray(qartod.flat_line_test(values, times, 8 * 3600, 20 * 3600, tolerance=0.0005))
    for within, flag in ((8, SUSPECT), (20, FAIL)):
        ours = flat(hours, values, WHOLE, np.full(400, float(within)), np.full(400, 0.0005)) > 0
        ends = theirs >= flag  # theirs begin when the value has been the same for so long
        whole = ends.copy()
        for back in range(1, within + 1):
            whole[:-back] |= ends[back:]
        assert ends.any()
        np.testing.assert_array_equal(ours, whole)


def test_the_tolerance_is_that_of_the_whole_stretch():
    """A slow drift is no flat line, though each step is small."""
    hours = np.arange(50.0)
    drift = flat(hours, hours * 0.01, np.array([0, 50]), np.full(50, 10.0), np.full(50, 0.05))
    assert not drift.any()
    noise = np.where(np.arange(50) % 2, 0.0, 0.02)
    assert flat(hours, noise, np.array([0, 50]), np.full(50, 10.0), np.full(50, 0.05)).all()


def test_series_never_meet():
    bounds = np.array([0, 3, 6])
    hours, values = np.array([0.0, 5, 9, 10, 15, 19]), np.array([1.0, 1, 1, 1, 1, 1])
    assert not flat(hours, values, bounds, np.full(6, 12.0), np.full(6, 0.1)).any()
    assert flat(hours, values, np.array([0, 6]), np.full(6, 12.0), np.full(6, 0.1)).all()
    jump = rates(hours, np.array([0, 0, 0, 50.0, 50, 50]), bounds)
    assert np.isnan(jump[[0, 3]]).all() and np.nanmax(jump) == 0
    far = np.array([0.0, 1, 2, 3, 90, 91, 92, 93])
    assert np.flatnonzero(gaps(far, np.array([0, 8]), 1, 10) > 0).tolist() == [4]
    assert not (gaps(far, np.array([0, 4, 8]), 1, 10) > 0).any()


def test_checks_of_series_over_a_collection(tmp_path):
    rng = np.random.default_rng(0)
    n = 200
    hours = np.arange(n)
    times = [str(np.datetime64("2010-01-01T00") + int(h)) for h in hours]
    shallow, deep = 15 + rng.normal(0, 0.5, n), 13 + rng.normal(0, 0.1, n)
    deep[100:160] = 13.05
    shallow[50] += 7
    order = np.argsort(np.concatenate([hours, hours]), kind="stable")  # time after time
    series = Made(
        feature="time series",
        depth=np.repeat([10.0, 50.0], n)[order],
        times=np.array(times * 2)[order],
        values={"TEMP": np.concatenate([shallow, deep]).round(3)[order]},
    )
    profile = Made(lon=6, values={"TEMP": [20.0, 2.0, 20.0, 2.0, 2.0]})
    c = made_collection(tmp_path, [series, profile])
    found = run_checks(c, ["flat_line", "rate_of_change", "time_gap"])
    by_check = {name: found.take(found.check == i) for i, name in enumerate(found.checks)}
    stuck = by_check["flat_line"]
    assert len(stuck) == 60 and set(map(chr, stuck.flag)) == {"3"}
    assert set(c.depth[c.offsets[stuck.station] + stuck.sample].tolist()) == {50}
    jumps = by_check["rate_of_change"]
    assert len(jumps) == 2  # up and down again
    assert set(c.depth[c.offsets[jumps.station] + jumps.sample].tolist()) == {10}
    assert len(by_check["time_gap"]) == 0


def test_a_gap_is_told_once_for_all_depths_and_parameters(tmp_path):
    hours = np.r_[0:20, 60:80]
    times = [str(np.datetime64("2010-01-01T00") + int(h)) for h in hours]
    value = np.arange(80) / 10
    series = Made(
        feature="time series",
        depth=np.repeat([10.0, 50.0], 40),
        times=times * 2,
        values={"TEMP": value, "PSAL": value},
    )
    found = run_checks(made_collection(tmp_path, [series]), ["time_gap"])
    assert (len(found), found.value[0], chr(found.flag[0])) == (1, 41.0, "0")


def test_real_tide_gauges_are_not_found_fault_with(tmp_path, data):
    from sdcviz.observations import import_files, open_collection

    import_files([data / "odv" / "ODV_timeseries_tidegauge.txt"], tmp_path / "c")
    c = open_collection(tmp_path / "c")
    found = run_checks(c, ["flat_line", "rate_of_change", "attenuated_signal"])
    assert c.parameter("sea_level").n_values > 5000 and not len(found)
    strict = tmp_path / "strict.yaml"
    strict.write_text(
        "based_on: checks\nchecks:\n  rate_of_change:\n    sea_level:\n"
        "      - {suspect: 0.001, source: proposal}\n"
    )
    assert len(run_checks(c, ["rate_of_change"], read_thresholds(strict))) > 1000
