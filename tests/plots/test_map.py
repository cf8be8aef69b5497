"""Station map for notebooks."""

from __future__ import annotations

import holoviews as hv
import numpy as np

from sdcviz import plots


def test_stations_lie_in_mercator_over_land_drawn_once(few):
    stations = {n: few[n][::10] for n in ("station", "lon", "lat", "time")}
    plot = plots.station_map(stations)
    assert len(plot) == 5
    np.testing.assert_allclose(plot["x"][0], np.radians(3.0) * 6378137)
    drawn = hv.render(plot)
    land = [r for r in drawn.renderers if r.name == "land"]
    assert len(land) == 1
    assert drawn.yaxis[0].axis_label == "Latitude"


def test_stations_without_position_are_left_out(few):
    stations = {n: few[n][::10] for n in ("station", "lon", "lat", "time")}
    stations["lon"][:2] = np.nan
    assert len(plots.station_map(stations, colour_by="time")) == 3
    stations["lat"] = np.full(5, np.nan)
    assert "No station with a position" in plots.station_map(stations).data[2]
