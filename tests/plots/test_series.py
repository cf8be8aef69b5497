"""Time series, seasonal cycle, histogram and X-Y plots."""

from __future__ import annotations

import holoviews as hv
import numpy as np
from bokeh.models import DatetimeTickFormatter

from sdcviz import plots

TEMPERATURE = plots.Axis("temperature", "Temperature", "°C", "thermal")
SALINITY = plots.Axis("salinity", "Salinity", "", "haline")


def test_time_runs_across_as_dates(few):
    plot = plots.time_series(few, TEMPERATURE)
    drawn = hv.render(plot)
    assert isinstance(drawn.xaxis[0].formatter, DatetimeTickFormatter)
    first = np.datetime64("2001-01-15", "ms").astype(float)
    assert plot.dimension_values(0)[0] == first


def test_monthly_statistics_by_hand():
    times = np.array(
        ["2000-01-03", "2000-01-09", "2000-01-20", "2001-01-05", "2001-07-01", "NaT", "2002-07-01"],
        "datetime64[ms]",
    )
    values = np.array([1.0, 2.0, 3.0, 6.0, 20.0, 99.0, np.nan])
    s = plots.monthly_statistics(times, values)
    assert list(s["n"]) == [4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0]
    assert (s["years"][0], s["years"][6]) == (2, 1)
    assert s["mean"][0] == 4.0, "mean of the yearly means 2 and 6, not of the values (3)"
    np.testing.assert_allclose(s["sd"][0], np.sqrt(8.0))
    assert s["q50"][0] == 2.5
    assert (s["q25"][0], s["q75"][0]) == (1.75, 3.75)
    assert s["mean"][6] == 20.0
    assert np.isnan(s["sd"][6]), "one year has no spread"
    assert np.isnan(s["mean"][1])


def test_months_before_1970_are_months():
    s = plots.monthly_statistics(np.array(["1903-12-31"], "datetime64[ms]"), np.array([3.0]))
    assert s["n"][11] == 1


def test_seasonal_cycle_shows_the_months_that_have_data(few):
    plot = plots.seasonal_cycle(few, TEMPERATURE)
    assert len(plot.Rectangles.I) == 5
    np.testing.assert_allclose(plot.Curve.mean_plus_minus_sd_over_the_years["x"], [1, 2, 3, 4, 5])
    drawn = hv.render(plot)
    assert drawn.yaxis[0].axis_label == "Temperature [°C]"


def test_seasonal_cycle_of_the_brush(few):
    assert len(plots.seasonal_cycle(few, TEMPERATURE, brush=[2]).Rectangles.I) == 1


def test_histogram_counts_each_value_once_by_flag(few):
    plot = plots.histogram(few, TEMPERATURE, bins=8)
    counts = {k: int(e["n"].sum()) for k, e in plot.items()}
    assert counts == {"1 good": 42, "4 bad": 8}
    bad = plot["4 bad"]
    np.testing.assert_array_equal(bad["y"], plot["1 good"]["y1"])
    hv.render(plot)


def test_histogram_without_flags(few):
    plot = plots.histogram(few, TEMPERATURE, colour_by="none")
    assert isinstance(plot, hv.Histogram)
    assert plot["n"].sum() == 50
    hv.render(plot)


def test_histogram_of_equal_values(few):
    few["value"][:] = 4.0
    assert sum(e["n"].sum() for e in plots.histogram(few, TEMPERATURE)) == 50


def test_scatter_of_a_parameter_and_depth(few):
    plot = plots.scatter(few, TEMPERATURE, "depth", colour_by="flag")
    drawn = hv.render(plot)
    assert drawn.y_range.start > drawn.y_range.end
    np.testing.assert_array_equal(plot.dimension_values(1), few["depth"])


def test_scatter_of_two_parameters_coloured_by_time(few):
    plot = plots.scatter(few, TEMPERATURE, SALINITY, colour_by="time")
    np.testing.assert_array_equal(plot.dimension_values(0), few["value"])
    np.testing.assert_array_equal(plot.dimension_values(1), few["salinity"])
    np.testing.assert_allclose(plot["colour"][0], 2001 + 14 / 365)


def test_scatter_coloured_by_a_third_parameter(few):
    oxygen = plots.Axis("oxygen", "Oxygen", "µmol/kg", "oxy")
    few["oxygen"] = few["value"] * 10
    few["oxygen_flag"] = few["flag"]
    few["oxygen"][0] = np.nan
    plot = plots.scatter(few, TEMPERATURE, SALINITY, colour_by=oxygen)
    assert len(plot) == 49
    np.testing.assert_array_equal(plot["colour"], few["oxygen"][1:])
