"""An area drawn in a plot picks the stations inside."""

from __future__ import annotations

import numpy as np
import pytest

from sdcviz import plots
from sdcviz.plots.axes import milliseconds
from sdcviz.plots.brush import stations_in

TEMPERATURE = plots.Axis("temperature", "Temperature", "°C")
SALINITY = plots.Axis("salinity", "Salinity")


def box(x0, x1, y0, y1):
    return {"type": "rect", "x0": x0, "x1": x1, "y0": y0, "y1": y1}


def test_box_in_profiles_whatever_way_it_was_drawn(few):
    # at the surface the stations have 20.0, 20.1, ... 20.4 °C
    for area in (box(20.15, 20.35, -5, 5), box(20.35, 20.15, 5, -5)):
        rows = stations_in(few, "profiles", TEMPERATURE, area=area)
        assert list(rows) == [2, 3]


def test_lasso_in_profiles(few):
    area = {"type": "poly", "x": [20.05, 20.25, 20.15], "y": [-1, -1, 400]}
    assert list(stations_in(few, "profiles", TEMPERATURE, area=area)) == [1, 2]
    as_sent = {"x": {"0": 20.05, "1": 20.25, "2": 20.15}, "y": {"0": -1, "1": -1, "2": 400}}
    assert list(stations_in(few, "profiles", TEMPERATURE, area=as_sent)) == [1, 2]


def test_box_in_the_diagram_has_salinity_across(few):
    rows = stations_in(few, "ts", TEMPERATURE, SALINITY, area=box(35.9, 36.1, 20.35, 20.5))
    assert list(rows) == [4]


def test_box_in_time(few):
    start, end = milliseconds(np.array(["2001-02-01", "2001-04-01"], "datetime64[ms]"))
    rows = stations_in(few, "time_series", TEMPERATURE, area=box(start, end, -99, 99))
    assert list(rows) == [1, 2]


def test_box_over_two_months(few):
    rows = stations_in(few, "seasonal_cycle", TEMPERATURE, area=box(1.8, 3.2, -99, 99))
    assert list(rows) == [1, 2]


def test_box_in_the_histogram_counts_values_only(few):
    rows = stations_in(few, "histogram", TEMPERATURE, area=box(20.25, 21, 3, 4))
    assert list(rows) == [3, 4]


def test_box_in_any_plot_of_two(few):
    rows = stations_in(few, "scatter", "depth", TEMPERATURE, area=box(-1, 1, 20.35, 99))
    assert list(rows) == [4]


@pytest.mark.parametrize("area", [box(90, 99, 0, 1), {"x": [1, 2], "y": [1, 2]}])
def test_an_empty_area_is_no_station(few, area):
    assert len(stations_in(few, "profiles", TEMPERATURE, area=area)) == 0
