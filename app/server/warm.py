"""Do once, at the start, what the first visitor would otherwise wait for."""

from __future__ import annotations

import gc
import logging
import time

__all__ = ["warm_up"]

log = logging.getLogger(__name__)


def warm_up() -> None:
    """Import what pages need, compile the kernels, and draw one small map."""
    begun = time.perf_counter()
    _draw_points()
    _draw_lines()
    _build_page()
    # Half a million objects of libraries live as long as the process: the collector
    # need not walk them again at every new page.
    gc.collect()
    gc.freeze()
    log.info("Warmed up in %.1f s.", time.perf_counter() - begun)


def _draw_points() -> None:
    """Compile the loops of the map for the number types that it uses."""
    import numpy as np

    from sdcviz.observations.aggregate import MapLayer, View
    from sdcviz.observations.colour_index import count_index, fill_gaps, value_index

    points = np.linspace(0, 1, 1000, dtype=np.float32)
    layer = MapLayer(points, points, np.arange(1000))
    view = View(0.1, 0.9, 0.1, 0.9, 64, 64)
    layer.number(view)
    fill_gaps(count_index(layer.count(view))[0])
    value_index(layer.mean(view, points), 0.0, 1.0)
    layer.dominant(view, np.zeros(1000, np.uint8), 1)


def _build_page() -> None:
    """Build one page and throw it away: fills the caches of Panel and Bokeh."""
    from bokeh.document import Document
    from panel.io.state import set_curdoc

    from ..session import Session
    from ..shell import Shell

    document = Document()
    with set_curdoc(document):
        Shell(Session()).page.server_doc(document)
    document.clear()


def _draw_lines() -> None:
    """Compile what the plots of a selection rasterise with: lines and points by mean and worst."""
    import numpy as np

    from sdcviz import plots

    n = 60
    samples = {
        "station": np.repeat([0, 1], n // 2),
        "depth": np.tile(np.linspace(0, 100, n // 2), 2),
        "time": np.full(n, np.datetime64("2000-01-01", "ms")),
        "lon": np.zeros(n), "lat": np.zeros(n),
        "value": np.linspace(0, 1, n), "flag": np.full(n, ord("1"), np.uint8),
    }  # fmt: skip
    for colour in ("station", "time", "flag"):
        plots.profiles(samples, "value", colour_by=colour, raster_above=1, dynamic=False)
