"""Redraw of the map, 1200x800 pixels, against `rasterize` of hvplot and HoloViews.

Ours is the map of the app: from the event of the browser to the changed
document (stations, colours, graticule). The peer is the aggregation alone, on
the stations in the order of their cruises as files have them; with a filter it
works on the masked table, and where the filter is new, the mask is part of it.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import make_stations
import numpy as np

WIDTH, HEIGHT = 1200, 800
VIEWS = {"world": (0.0, 20.0, 180.0), "region": (15.0, 38.0, 21.0), "local": (15.0, 38.0, 0.8)}
"""Centre and half the width of each view in degrees."""
SUMMERS = {"time": ("1990-01-01", "2009-12-31"), "months": (6, 7, 8)}


def box(view: str) -> tuple[float, float, float, float]:
    """Return x0, y0, x1, y1 of a view in Mercator metres, square pixels."""
    from sdcviz.geo.projection import forward

    lon, lat, half = VIEWS[view]
    x, y = (float(a[0]) for a in forward("mercator", [lon], [lat]))
    dx = half * 111_319.49
    dy = dx * HEIGHT / WIDTH
    return x - dx, y - dy, x + dx, y + dy


class Peer:
    """Points of a pandas table, rasterized."""

    def __init__(self, n: int) -> None:
        import pandas as pd

        from sdcviz.geo.projection import forward

        lon, lat, when = make_stations.tracks(n)
        x, y = forward("mercator", lon, lat)
        self.frame = pd.DataFrame({"x": x.astype("f4"), "y": y.astype("f4"), "time": when})
        # A column of months is a kindness: made anew, it would cost more than the picture.
        self.frame["month"] = self.frame["time"].dt.month.astype("i1")
        self.frame["value"] = np.random.default_rng(1).normal(15, 5, n).astype("f4")

    def masked(self, first: str, last: str, months: tuple[int, ...]) -> Any:
        frame = self.frame
        after = np.datetime64(last) + np.timedelta64(1, "D")
        inside = (frame["time"] >= np.datetime64(first)) & (frame["time"] < after)
        return frame[inside & frame["month"].isin(months)]

    @staticmethod
    def draw(frame: Any, view: str, by: str) -> None:
        import datashader as ds
        import holoviews as hv
        from holoviews.operation.datashader import rasterize

        x0, y0, x1, y1 = box(view)
        rasterize(
            hv.Points(frame, ["x", "y"], ["value"]),
            aggregator=ds.count() if by == "count" else ds.mean("value"),
            x_range=(x0, x1), y_range=(y0, y1), width=WIDTH, height=HEIGHT, dynamic=False,
        )  # fmt: skip


class Ours:
    """The map of the app without a browser: its size is told as the browser tells it."""

    def __init__(self, folder: Path) -> None:
        from bokeh.document import Document

        from sdcviz_app.parts.map import MapPart
        from sdcviz_app.session import Session

        self.session = Session()
        self.session.open(str(folder))
        self.map = MapPart(session=self.session)
        self.figure = self.map._chart.figure
        self.document = Document()
        self.document.add_root(self.figure)
        for side, pixels in (("inner_width", WIDTH), ("inner_height", HEIGHT)):
            self.figure.set_from_json(side, pixels)

    def draw(self, view: str) -> None:
        from bokeh.events import RangesUpdate

        x0, y0, x1, y1 = box(view)
        self.figure.x_range.update(start=x0, end=x1)
        self.figure.y_range.update(start=y0, end=y1)
        self.document.callbacks.trigger_event(RangesUpdate(self.figure, x0=x0, x1=x1, y0=y0, y1=y1))


def clock(work: Callable[[], None]) -> tuple[float, float]:
    """Return wall and CPU milliseconds of some work."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return 1e3 * (time.perf_counter() - wall), 1e3 * (time.process_time() - cpu)


def row(label: str, repeats: int, peer: Callable, ours: Callable) -> float:
    """Measure both in turn, print a row, return the ratio of CPU medians."""
    theirs, own = [], []
    for i in range(repeats + 1):
        theirs.append(clock(lambda i=i: peer(i)))
        own.append(clock(lambda i=i: ours(i)))
    pw, pc = (median(t[k] for t in theirs[1:]) for k in (0, 1))
    ow, oc = (median(t[k] for t in own[1:]) for k in (0, 1))
    print(f"| {label} | {pw:.1f} / {pc:.1f} | {ow:.1f} / {oc:.1f} | {pc / oc:.1f} |", flush=True)
    return pc / oc


def measure(n: int, folder: Path, repeats: int) -> None:
    """Print the rows of one number of stations."""
    peer = Peer(n)
    ours = Ours(make_stations.collection(folder, n))
    session = ours.session
    for filtered in (False, True):
        frame = peer.masked(*SUMMERS["time"], SUMMERS["months"]) if filtered else peer.frame
        session.param.update(**(SUMMERS if filtered else {}))
        for by in ("count", "mean"):
            session.colour_by = by
            for view in VIEWS:
                label = f"{n:,} | {view} | {by} | {'summers of 20 years' if filtered else 'none'}"
                # From the other views and back, as a visitor does.
                row(
                    label, repeats,
                    lambda i, f=frame, v=view, b=by: peer.draw(f, v, b),
                    lambda i, v=view: ours.draw(v),
                )  # fmt: skip
    session.colour_by = "count"
    for view in VIEWS:
        ours.draw(view)

        def new_filter(i: int) -> tuple[tuple[str, str], tuple[int, ...]]:
            return (f"19{80 + i}-01-01", f"20{i:02d}-12-31"), (6, 7, 8)

        def theirs(i: int, view: str = view) -> None:
            (first, last), months = new_filter(i)
            peer.draw(peer.masked(first, last, months), view, "count")

        def own(i: int, view: str = view) -> None:
            when, months = new_filter(i)
            # the months tell the views apart: no answer is known from the view before
            session.param.update(time=when, months=(*months, list(VIEWS).index(view) + 9))

        row(f"{n:,} | {view} | count | a new one", repeats, theirs, own)
    session.clear_filters()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stations", type=float, nargs="+", default=[1e6, 1e7])
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    print(f"Redraw {WIDTH}x{HEIGHT}, ms wall / CPU; load {os.getloadavg()[0]:.1f}\n")
    print("| stations | view | colour | filter | rasterize | ours, whole redraw | CPU ratio |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as home:
        os.environ["SDCVIZ_DATA_DIR"] = home
        for n in options.stations:
            measure(int(n), Path(home) / f"c{int(n)}", options.repeats)
    print("\ngoal: never below 1, at least 3 zoomed in (region and local)")


if __name__ == "__main__":
    main()
