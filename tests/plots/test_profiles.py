"""Profiles, layers and colours."""

from __future__ import annotations

import holoviews as hv
import numpy as np
import pytest

from sdcviz import plots
from sdcviz.errors import BadRequest
from sdcviz.formats.model import Coded
from sdcviz.plots.axes import DEPTH, milliseconds, take
from sdcviz.plots.colours import colouring, years
from sdcviz.plots.layers import broken_line

TEMPERATURE = plots.Axis("temperature", "Temperature", "°C", "thermal")


def figure(element):
    return hv.render(element)


def test_profiles_are_one_line_glyph_and_one_point_glyph(few):
    plot = plots.profiles(few, TEMPERATURE)
    assert [type(e).__name__ for e in plot] == ["Segments", "Points"]
    x, y = plot.Points.I.kdims
    assert (x.label, x.unit, y.label, y.unit) == ("Temperature", "°C", "Depth", "m")
    assert len(plot.Points.I) == 50
    assert len(plot.Segments.I) == 5 * 9, "no line joins two stations"


def test_depth_goes_down_and_axes_have_units(few):
    drawn = figure(plots.profiles(few, TEMPERATURE))
    assert drawn.y_range.start > drawn.y_range.end
    assert drawn.xaxis[0].axis_label == "Temperature [°C]"
    assert drawn.yaxis[0].axis_label == "Depth [m]"


@pytest.mark.parametrize("colour_by", ["station", "time", "flag", "depth"])
def test_many_samples_become_pixels_that_count_every_sample(many, colour_by):
    plot = plots.profiles(many, TEMPERATURE, colour_by=colour_by, dynamic=False)
    assert isinstance(plot, hv.Image)
    assert np.isfinite(plot.dimension_values(2)).any()
    figure(plot)


def test_raster_counts_all_samples_of_a_scatter(many):
    plot = plots.time_series(many, TEMPERATURE, colour_by="station", dynamic=False)
    assert np.nansum(plot.dimension_values(2)) == 25_000


def test_limit_decides_between_points_and_pixels(few):
    assert isinstance(plots.profiles(few, TEMPERATURE, raster_above=49), hv.DynamicMap)
    assert isinstance(plots.profiles(few, TEMPERATURE, raster_above=50), hv.Overlay)


def test_brush_keeps_the_others_grey(few):
    plot = plots.profiles(few, TEMPERATURE, brush=[1, 3])
    sizes = [len(e) for e in plot]
    assert sizes == [2 * 9, 30, 20], "lines of the brush, points outside, points inside"
    figure(plot)


def test_brushed_pixels_lie_over_the_others(many):
    plot = plots.profiles(many, TEMPERATURE, brush=np.arange(10), dynamic=False)
    back, front = plot
    assert np.nansum(back.dimension_values(2)) > np.nansum(front.dimension_values(2)) > 0


def test_an_empty_selection_says_so(few):
    nothing = {n: c[:0] for n, c in few.items()}
    plot = plots.profiles(nothing, TEMPERATURE)
    assert isinstance(plot, hv.Text)
    assert "No value of Temperature" in plot.data[2]
    figure(plot)


def test_missing_values_are_left_out(few):
    few["value"][3] = np.nan
    few["depth"][4] = np.nan
    assert len(take(few, TEMPERATURE, DEPTH)["value"]) == 48


def test_a_missing_column_is_named(few):
    del few["salinity_flag"]
    with pytest.raises(BadRequest, match="no column 'salinity_flag'"):
        plots.scatter(few, TEMPERATURE, "salinity")


def test_a_text_parameter_is_refused(few):
    few["species"] = Coded.constant("Calanus", 50)
    few["species_flag"] = few["flag"]
    with pytest.raises(BadRequest, match="species is text"):
        plots.profiles(few, "species")


def test_broken_line_breaks_between_stations_and_doubles_a_lone_sample():
    columns = {"station": np.array([1, 1, 2, 3, 3])}
    (line,) = broken_line(columns, np.array([1.0, 2, 5, 7, 8]))
    np.testing.assert_array_equal(line, [1, 2, np.nan, 5, 5, np.nan, 7, 8, np.nan])


def test_lone_samples_are_seen_among_pixels(many):
    surface = {n: c[::50] for n, c in many.items()}
    plot = plots.profiles(surface, TEMPERATURE, raster_above=10, dynamic=False)
    assert np.nansum(plot.dimension_values(2)) >= 500


def test_a_flag_keeps_its_colour_whatever_else_is_shown():
    colours = {f.code: f.colour for f in plots.FLAGS}
    assert "".join(colours) == "0123456789ABQ"
    assert len(set(colours.values())) == 13
    for codes in ("14", "1", "49B"):
        c = colouring({"flag": np.array([ord(x) for x in codes], np.uint8)}, "flag")
        for code, place in zip(codes, c.values, strict=True):
            assert c.palette[int(place)] == colours[code]
            assert c.ticks[place].startswith(code)


def test_worst_flag_has_the_highest_number():
    c = colouring({"flag": np.array([ord(x) for x in "0123489"], np.uint8)}, "flag")
    rank = dict(zip("0123489", c.values, strict=True))
    assert sorted(rank, key=rank.__getitem__) == list("1208934")


def test_years_and_milliseconds_reach_the_year_190():
    times = np.array(["0190-01-01", "2001-07-02T12", "NaT"], "datetime64[ms]")
    np.testing.assert_allclose(years(times), [190, 2001.5, np.nan])
    assert milliseconds(times)[0] == -650_131 * 86_400_000
    assert np.isnan(milliseconds(times)[2])


def test_colour_of_one_value_has_a_range():
    c = colouring({"depth": np.full(3, 5.0)}, "depth")
    assert c.clim == (4.5, 5.5)
    assert c.title == "Depth [m]"
