"""Plots: data in, HoloViews element out; and figures for publication.

Every function takes a `sdcviz.observations.Selection`, or columns (a dict of
arrays or a data frame) as `Selection.samples` gives them, and keeps no state.

Examples
--------
>>> import sdcviz
>>> c = sdcviz.open_collection("my_collection")  # doctest: +SKIP
>>> sdcviz.plots.profiles(c.where(months=(6, 7, 8)), "temperature")  # doctest: +SKIP
"""

from __future__ import annotations

from .backend import load_backend

load_backend()

from .axes import Axis  # noqa: E402  (HoloViews needs its backend before elements get options)
from .brush import stations_in  # noqa: E402
from .colours import FLAGS, colormap  # noqa: E402
from .figure import figure, save_figure  # noqa: E402
from .layers import RASTER_ABOVE  # noqa: E402
from .maps import station_map  # noqa: E402
from .profile import profiles  # noqa: E402
from .series import monthly_statistics, seasonal_cycle, time_series  # noqa: E402
from .snippet import rows, snippet  # noqa: E402
from .spread import histogram, scatter  # noqa: E402
from .style import hint  # noqa: E402
from .water import sigma0_contours, ts_diagram  # noqa: E402

__all__ = [
    "FLAGS",
    "RASTER_ABOVE",
    "Axis",
    "colormap",
    "figure",
    "hint",
    "histogram",
    "monthly_statistics",
    "profiles",
    "rows",
    "save_figure",
    "scatter",
    "seasonal_cycle",
    "sigma0_contours",
    "snippet",
    "station_map",
    "stations_in",
    "time_series",
    "ts_diagram",
]
