"""The coastline that ships with the project, ready to draw.

Natural Earth (public domain, naturalearthdata.com): 1:110 million and
1:50 million for the world, 1:10 million for the European seas. The files are
made by `sdcviz.geo.build_coast`; nothing is ever downloaded.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import BadRequest
from .projection import mercator, projection

if TYPE_CHECKING:
    import shapely

__all__ = [
    "ARCTIC_SOUTH",
    "CREDIT",
    "EUROPE",
    "RESOLUTIONS",
    "coast",
    "coast_lines",
    "coast_shape",
    "resolution_for",
]

CREDIT = "Coastline: Natural Earth"
RESOLUTIONS = ("110m", "50m", "10m")
EUROPE = (-40.0, 20.0, 45.0, 70.0)
"""West, south, east, north of the 10m coast, in degrees."""
ARCTIC_SOUTH = 40.0
"""Latitude where the coast of the Arctic projection is cut."""
DEGREES_PER_UNIT = 1e-5
"""The lon-lat files hold integers of this many degrees (about 1 m)."""


class _Rings(NamedTuple):
    x: NDArray  # degrees, or metres of the Arctic projection
    y: NDArray
    start: NDArray[np.int32]  # (rings + 1,)
    polygon: NDArray[np.int32]  # (rings,)


def resolution_for(span: float, extent: tuple[float, float, float, float] | None = None) -> str:
    """Choose the coast that fits a view.

    Parameters
    ----------
    span : float
        Width of the view in metres of the projection.
    extent : tuple of float, optional
        West, south, east, north of the view in degrees: the 10m coast is
        chosen only if it covers all of the view.

    Returns
    -------
    str
        "110m", "50m" or "10m".
    """
    if span > 14_000_000:
        return "110m"
    if span < 2_500_000 and extent is not None:
        west, south, east, north = extent
        if EUROPE[0] <= west < east <= EUROPE[2] and EUROPE[1] <= south < north <= EUROPE[3]:
            return "10m"
    return "50m"


@lru_cache(maxsize=8)
def coast(name: str = "mercator", resolution: str = "50m") -> tuple[NDArray, NDArray]:
    """Give the land as rings separated by NaN, for one Bokeh ``patch`` glyph.

    Outlines run anticlockwise and lakes clockwise, so that the canvas, which
    fills by winding number, leaves the Caspian Sea empty. One glyph with two
    arrays costs far less per browser session than a thousand patches.

    Parameters
    ----------
    name : {"mercator", "arctic"}
        The projection.
    resolution : {"110m", "50m", "10m"}
        10m covers `EUROPE` alone, and in the Arctic projection becomes 50m.

    Returns
    -------
    x, y : ndarray of float32, shape (n,)
        Metres; read-only and shared by all callers.

    Raises
    ------
    BadRequest
        Unknown projection or resolution.
    """
    rings = _projected(name, resolution)
    # One NaN after each ring; np.insert wants positions in the original array.
    ends = rings.start[1:]
    x = np.insert(rings.x.astype(np.float32), ends, np.float32(np.nan))
    y = np.insert(rings.y.astype(np.float32), ends, np.float32(np.nan))
    x.flags.writeable = y.flags.writeable = False
    return x, y


@lru_cache(maxsize=8)
def coast_lines(name: str = "mercator", resolution: str = "50m") -> tuple[NDArray, NDArray]:
    """Give the shoreline as lines separated by NaN, for one Bokeh ``line`` glyph.

    Unlike the rings of `coast`, the lines leave out where the land was cut:
    at the date line, the edge of `EUROPE` or of the Arctic map.

    Returns
    -------
    x, y : ndarray of float32, shape (n,)
        Metres; read-only and shared by all callers.
    """
    rings = _projected(name, resolution)
    cut = _on_cut(_load(_store(name), _stored_resolution(name, resolution)), name, resolution)
    xs, ys = [], []
    for first, last in pairwise(rings.start):
        index = np.append(np.arange(first, last), first)
        # A segment is artificial if both its ends lie on the same cut.
        gap = 1 + np.flatnonzero((cut[index[:-1]] & cut[index[1:]]) != 0)
        xs.append(np.append(np.insert(rings.x[index], gap, np.nan), np.nan))
        ys.append(np.append(np.insert(rings.y[index], gap, np.nan), np.nan))
    x, y = np.concatenate(xs).astype(np.float32), np.concatenate(ys).astype(np.float32)
    x.flags.writeable = y.flags.writeable = False
    return x, y


@lru_cache(maxsize=4)
def coast_shape(resolution: str = "50m") -> shapely.MultiPolygon:
    """Give the land in degrees as a shapely geometry, for cartopy figures and tests."""
    import shapely

    rings = _load("lonlat", resolution)
    xy = np.column_stack([rings.x, rings.y])
    loops = [np.vstack([r, r[:1]]) for r in np.split(xy, rings.start[1:-1])]
    outlines = np.flatnonzero(np.diff(rings.polygon, prepend=-1))
    bounds = [*outlines, len(loops)]
    return shapely.MultiPolygon(
        [shapely.Polygon(loops[a], loops[a + 1 : b]) for a, b in pairwise(bounds)]
    )


def _store(name: str) -> str:
    return "lonlat" if projection(name).name == "mercator" else "arctic"


def _stored_resolution(name: str, resolution: str) -> str:
    return "50m" if name == "arctic" and resolution == "10m" else resolution


def _projected(name: str, resolution: str) -> _Rings:
    rings = _load(_store(name), _stored_resolution(name, resolution))
    if name == "arctic":
        return rings
    x, y = mercator(rings.x, rings.y)
    return rings._replace(x=x, y=y)


def _on_cut(rings: _Rings, name: str, resolution: str) -> NDArray[np.uint8]:
    """Bit set of the artificial edges that each vertex lies on."""
    if name == "arctic":
        from .projection import inverse

        edges = [np.abs(inverse("arctic", rings.x, rings.y)[1] - ARCTIC_SOUTH) < 1e-4]
    elif resolution == "10m":
        west, south, east, north = EUROPE
        edges = [rings.x == west, rings.x == east, rings.y == south, rings.y == north]
    else:
        edges = [rings.x == -180, rings.x == 180, rings.y == -90]
    return np.bitwise_or.reduce(
        [np.where(e, np.uint8(1 << i), np.uint8(0)) for i, e in enumerate(edges)]
    )


@lru_cache(maxsize=8)
def _load(store: str, resolution: str) -> _Rings:
    if resolution not in RESOLUTIONS:
        known = ", ".join(RESOLUTIONS)
        raise BadRequest(f"There is no coast {resolution!r}; choose one of: {known}.")
    path = resources.files("sdcviz_assets") / "coast" / f"{store}_{resolution}.npz"
    with resources.as_file(path) as file, np.load(file) as data:
        x, y = np.cumsum(data["x"], dtype=np.int64), np.cumsum(data["y"], dtype=np.int64)
        start, polygon = data["start"], data["polygon"]
    if store == "lonlat":
        # Rounded, so that vertices on a cut compare equal to its degrees.
        return _Rings(
            np.round(x * DEGREES_PER_UNIT, 5), np.round(y * DEGREES_PER_UNIT, 5), start, polygon
        )
    return _Rings(x.astype(np.float64), y.astype(np.float64), start, polygon)
