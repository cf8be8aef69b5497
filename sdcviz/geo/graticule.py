"""What stands around a map: meridians and parallels with labels, and the scale bar."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..words import number
from .projection import MERCATOR_MAX_LAT, distance_km, forward, inverse, projection

__all__ = [
    "Graticule",
    "ScaleBar",
    "degrees_label",
    "graticule",
    "nice_step",
    "scale_bar",
    "view_extent",
]

Range = tuple[float, float]

STEPS = (45, 30, 20, 15, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001)
"""Distances in degrees that people read easily."""


@dataclass(frozen=True)
class Graticule:
    """Meridians and parallels of one view.

    Attributes
    ----------
    x, y : ndarray of float64
        The lines in metres, separated by NaN.
    lon, lat : ndarray of float64
        The degrees of the meridians and of the parallels.
    label_x, label_y : ndarray of float64
        Where the labels stand, in metres.
    label_text : list of str
        For example "12.5°E".
    label_edge : list of str
        "bottom" or "left" for labels on the frame, "inside" for those on a
        meridian (parallels of the Arctic map).
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    label_x: NDArray[np.float64]
    label_y: NDArray[np.float64]
    label_text: list[str]
    label_edge: list[str]


@dataclass(frozen=True)
class ScaleBar:
    """A bar of a round length.

    Attributes
    ----------
    km : float
        Length on the Earth in kilometres: 1, 2 or 5 times a power of ten.
    length : float
        The same in metres of the projection, at the middle of the view.
    label : str
        For example "200 km" or "500 m".
    """

    km: float
    length: float
    label: str


def nice_step(span: float, count: int = 6) -> float:
    """Choose the step in degrees that divides `span` into about `count` parts."""
    wanted = span / count
    return float(min(STEPS, key=lambda step: abs(np.log(step / wanted)))) if span > 0 else 1.0


def degrees_label(value: float, axis: str) -> str:
    """Write degrees as on a map.

    Parameters
    ----------
    value : float
        Degrees east (any turn) or north.
    axis : {"lon", "lat"}
        Which letters to use.

    Returns
    -------
    str
        "12.5°E", "0°", "180°", "35°S".
    """
    if axis == "lon":
        value = (value + 180) % 360 - 180
    value = round(value, 4) + 0.0
    letter = ("E" if value > 0 else "W") if axis == "lon" else ("N" if value > 0 else "S")
    if value == 0 or (axis == "lon" and abs(value) == 180):
        letter = ""
    return f"{abs(value):.4f}".rstrip("0").rstrip(".") + "°" + letter


def view_extent(name: str, x_range: Range, y_range: Range) -> tuple[float, float, float, float]:
    """Give the smallest box in degrees that holds a view.

    Returns
    -------
    west, south, east, north : float
        Degrees. West may be under -180 or east over 180 where a Mercator view
        runs over the date line; an Arctic view with the pole spans -180 to 180.
    """
    (x0, x1), (y0, y1) = x_range, y_range
    if projection(name).name == "mercator":
        lon, lat = inverse("mercator", np.array([x0, x1]), np.array([y0, y1]))
        return float(lon[0]), float(lat[0]), float(lon[1]), float(lat[1])
    lon, lat = (a.ravel() for a in _view_grid(name, x_range, y_range))
    if x0 <= 0 <= x1 and y0 <= 0 <= y1:
        return -180.0, float(lat.min()), 180.0, 90.0
    # Longitudes relative to the middle of the view, so that the date line is no jump.
    middle, _ = inverse(name, np.array([(x0 + x1) / 2]), np.array([(y0 + y1) / 2]))
    around = (lon - middle[0] + 180) % 360 - 180 + middle[0]
    return float(around.min()), float(lat.min()), float(around.max()), float(lat.max())


def graticule(name: str, x_range: Range, y_range: Range, count: int = 6) -> Graticule:
    """Draw meridians and parallels at nice steps through a view.

    Parameters
    ----------
    name : {"mercator", "arctic"}
        The projection.
    x_range, y_range : tuple of float
        The view in metres, low to high.
    count : int
        About so many lines each way.

    Returns
    -------
    Graticule
    """
    west, south, east, north = view_extent(name, x_range, y_range)
    lon_step, lat_step = nice_step(east - west, count), nice_step(north - south, count)
    if name == "mercator":
        south, north = max(south, -MERCATOR_MAX_LAT), min(north, MERCATOR_MAX_LAT)
        return _mercator(
            x_range, y_range, _multiples(west, east, lon_step), _multiples(south, north, lat_step)
        )
    lon = _multiples(west, east, max(lon_step, lat_step))
    if east - west == 360:
        lon = lon[lon < 180]
    south, limit = max(south, projection(name).min_lat), 90 - lat_step
    return _arctic(name, x_range, y_range, lon, _multiples(south, min(north, limit), lat_step))


def scale_bar(
    x_range: Range, y_range: Range, name: str = "mercator", fraction: float = 0.2
) -> ScaleBar:
    """Choose the longest round length that fits into `fraction` of the view's width.

    Parameters
    ----------
    x_range, y_range : tuple of float
        The view in metres of the projection.
    name : {"mercator", "arctic"}
        The projection; its scale is taken at the middle of the view.
    fraction : float
        Largest part of the width that the bar may take.

    Returns
    -------
    ScaleBar
    """
    width = x_range[1] - x_range[0]
    x, y = sum(x_range) / 2, sum(y_range) / 2
    half = width * 5e-4
    lon, lat = inverse(name, np.array([x - half, x + half]), np.array([y, y]))
    km_per_metre = float(distance_km(lon[0], lat[0], lon[1], lat[1])) / (2 * half)
    room = width * fraction * km_per_metre
    power = 10.0 ** np.floor(np.log10(room))
    km = float(max(m * power for m in (1, 2, 5) if m * power <= room * (1 + 1e-9)))
    label = f"{number(round(km))} km" if km >= 1 else f"{km * 1000:g} m"
    return ScaleBar(km, float(km / km_per_metre), label)


def _multiples(low: float, high: float, step: float) -> NDArray[np.float64]:
    first, last = np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9)
    return np.round(np.arange(first, last + 1) * step, 6)


def _view_grid(name: str, x_range: Range, y_range: Range, n: int = 33) -> tuple[NDArray, NDArray]:
    return inverse(name, *np.meshgrid(np.linspace(*x_range, n), np.linspace(*y_range, n)))


def _joined(lines: list[NDArray]) -> NDArray:
    return np.concatenate([np.append(a, np.nan) for a in lines]) if lines else np.empty(0)


def _mercator(x_range: Range, y_range: Range, lon: NDArray, lat: NDArray) -> Graticule:
    x, _ = forward("mercator", lon, np.zeros_like(lon))
    _, y = forward("mercator", np.zeros_like(lat), lat)
    across, up = np.array(x_range, float), np.array(y_range, float)
    return Graticule(
        _joined([*(np.full(2, v) for v in x), *(across for _ in y)]),
        _joined([*(up for _ in x), *(np.full(2, v) for v in y)]),
        lon,
        lat,
        np.append(x, np.full(len(y), x_range[0])),
        np.append(np.full(len(x), y_range[0]), y),
        [degrees_label(v, "lon") for v in lon] + [degrees_label(v, "lat") for v in lat],
        ["bottom"] * len(x) + ["left"] * len(y),
    )


def _arctic(name: str, x_range: Range, y_range: Range, lon: NDArray, lat: NDArray) -> Graticule:
    top = float(lat.max()) if len(lat) else 88.0
    along = np.linspace(projection(name).min_lat, top, 200)
    round_ = np.linspace(-180, 180, 361)
    lines, labels = [], []
    for value in lon:
        x, y = _inside(x_range, y_range, *forward(name, np.full_like(along, value), along))
        lines.append((x, y))
        seen = np.flatnonzero(np.isfinite(x))
        if len(seen):
            # The southern end is where the meridian meets the frame.
            edge = "bottom" if y[seen[0]] < sum(y_range) / 2 else "inside"
            labels.append((x[seen[0]], y[seen[0]], degrees_label(value, "lon"), edge))
    for value in lat:
        x, y = _inside(x_range, y_range, *forward(name, round_, np.full_like(round_, value)))
        lines.append((x, y))
        seen = np.flatnonzero(np.isfinite(x))
        if len(seen):
            at = seen[len(seen) // 2]
            labels.append((x[at], y[at], degrees_label(value, "lat"), "inside"))
    return Graticule(
        _joined([x for x, _ in lines]),
        _joined([y for _, y in lines]),
        lon,
        lat,
        np.array([a[0] for a in labels]),
        np.array([a[1] for a in labels]),
        [a[2] for a in labels],
        [a[3] for a in labels],
    )


def _inside(x_range: Range, y_range: Range, x: NDArray, y: NDArray) -> tuple[NDArray, NDArray]:
    outside = (x < x_range[0]) | (x > x_range[1]) | (y < y_range[0]) | (y > y_range[1])
    return np.where(outside, np.nan, x), np.where(outside, np.nan, y)
