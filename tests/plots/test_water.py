"""T-S diagram: the lines of equal density against gsw."""

from __future__ import annotations

import gsw
import holoviews as hv
import numpy as np
import pytest

from sdcviz import plots

TEMPERATURE = plots.Axis("temperature", "Temperature", "°C", "thermal")
SALINITY = plots.Axis("salinity", "Salinity", "", "haline")


def test_contours_lie_at_their_density():
    x, y, labels = plots.sigma0_contours((34, 39), (5, 28), lon=5.0, lat=40.0)
    known = np.isfinite(x)
    sa = gsw.SA_from_SP(x[known], 0, 5.0, 40.0)
    density = gsw.sigma0(sa, gsw.CT_from_t(sa, y[known], 0))
    levels = np.unique([level for *_, level in labels])
    assert len(levels) >= 5
    # Corners cut off by short lines without a number are whole densities too.
    np.testing.assert_allclose(density, np.round(density), atol=5e-3)
    assert set(levels) <= set(np.round(density))


def test_contours_of_absolute_and_conservative_need_no_conversion():
    x, y, labels = plots.sigma0_contours((34, 39), (5, 28), absolute=True, conservative=True)
    density = gsw.sigma0(x, y)[np.isfinite(x)]
    levels = np.unique([level for *_, level in labels])
    np.testing.assert_allclose(np.abs(density[:, None] - levels).min(1), 0, atol=5e-3)


def test_contours_exist_where_gsw_knows_no_sea():
    x, _, labels = plots.sigma0_contours((34, 39), (5, 28), lon=85.0, lat=45.0)
    assert len(labels) >= 5
    assert np.isfinite(x).any()


def test_diagram_has_salinity_across_and_temperature_up(few):
    plot = plots.ts_diagram(few, TEMPERATURE, SALINITY)
    assert [type(e).__name__ for e in plot] == ["Curve", "Labels", "Points"]
    drawn = hv.render(plot)
    assert drawn.xaxis[0].axis_label == "Salinity"
    assert drawn.yaxis[0].axis_label == "Temperature [°C]"
    assert drawn.y_range.start < drawn.y_range.end
    np.testing.assert_array_equal(plot.Points.I.dimension_values(0), few["salinity"])


def test_flag_of_a_pair_is_the_worse_one(few):
    plot = plots.ts_diagram(few, TEMPERATURE, SALINITY, colour_by="flag")
    assert list(plot.Points.I["flag"][:2]) == ["4", "2"], "of 4 and 2, and of 1 and 2"


def test_diagram_of_many_samples_is_rasterised(many):
    plot = plots.ts_diagram(many, TEMPERATURE, SALINITY, dynamic=False)
    assert [type(e).__name__ for e in plot] == ["Curve", "Labels", "Image"]
    hv.render(plot)


@pytest.mark.parametrize("missing", ["value", "salinity"])
def test_a_pair_needs_both(few, missing):
    few[missing][:] = np.nan
    plot = plots.ts_diagram(few, TEMPERATURE, SALINITY)
    assert "No sample with both Temperature and Salinity" in plot.data[2].replace("\n", " ")
