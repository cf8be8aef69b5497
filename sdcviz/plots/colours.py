"""Colours: one table for flags, perceptual colour maps, and what colours a plot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .axes import DEPTH, Axis, Columns, numbers

__all__ = ["FLAGS", "FLAG_OF", "GREY", "STATIONS", "Colouring", "Flag", "colormap", "colouring"]

GREY = "#8792a2"
"""Quiet on white and on dark grey: hints, contours, samples outside the brush."""


@dataclass(frozen=True)
class Flag:
    """How a flag is shown: its L20 code, name and colour."""

    code: str
    label: str
    colour: str

    @property
    def title(self) -> str:
        """Code and name, as ``"1 good"``."""
        return f"{self.code} {self.label}"


FLAGS: tuple[Flag, ...] = (
    Flag("0", "not checked", "#8d99ae"),
    Flag("1", "good", "#2a78c8"),
    Flag("2", "probably good", "#6fb7e9"),
    Flag("3", "probably bad", "#f2a03d"),
    Flag("4", "bad", "#dc3545"),
    Flag("5", "changed", "#8e5bd0"),
    Flag("6", "below detection", "#2fb8a6"),
    Flag("7", "in excess", "#d65db1"),
    Flag("8", "interpolated", "#9aa629"),
    Flag("9", "missing", "#c3c9d3"),
    Flag("A", "uncertain", "#b5764c"),
    Flag("B", "nominal", "#5b7f95"),
    Flag("Q", "below quantification", "#1f8f80"),
)
"""The L20 flags; blue to red is good to bad, readable with colour blindness."""

FLAG_OF = {flag.code: flag for flag in FLAGS}
"""The same by code."""

STATIONS = (
    "#2a78c8 #e07b39 #2fa37c #c24d7c #8e6bd0 #b59a1d #3aa7c9 #d15a4a #6f8f3a #a2678f "
    "#4f6fd6 #c98a2b #1f8f80 #dd6fa0 #7a5cc0 #8f8a2a #5b9fd6 #b5654a #4aa05a #95507a"
).split()
"""Colours of stations, repeated where there are more."""

# Worst first: which flag a pixel shows that holds many samples.
_WORST = "43759QB8A6021"


@lru_cache(maxsize=64)
@lru_cache(maxsize=64)
def colormap(name: str, n: int = 256) -> tuple[str, ...]:
    """Give a colour map as hex colours.

    Parameters
    ----------
    name : str
        A cmocean map (``"thermal"``, ``"haline"``, ...) or one of matplotlib.
    n : int
        Number of colours.

    Returns
    -------
    tuple of str
        The ends, which vanish on a white or a dark page, are cut off.
    """
    import matplotlib
    from cmocean import cm

    chosen = cm.cmap_d.get(name) or matplotlib.colormaps[name]
    return tuple(matplotlib.colors.to_hex(c) for c in chosen(np.linspace(0.06, 0.94, n)))


@dataclass(frozen=True)
class Colouring:
    """What colours the samples of a plot.

    Attributes
    ----------
    by : str
        ``"station"``, ``"time"``, ``"flag"``, ``"count"`` or the key of a quantity.
    title : str
        Title of the colour bar.
    values : ndarray of float64
        One number a sample.
    palette : sequence of str
        Colours from the low to the high end of `clim`.
    clim : (float, float)
        Range of the colours.
    ticks : dict of float to str
        Labels of the colour bar where numbers would say nothing.
    bar : bool
        Whether a colour bar says anything.
    """

    by: str
    title: str
    values: NDArray[np.float64]
    palette: Sequence[str]
    clim: tuple[float, float]
    ticks: dict[float, str] = field(default_factory=dict)
    bar: bool = True


def colouring(columns: Columns, by: str | Axis, *, flag: str = "flag") -> Colouring:
    """Work out colours for samples.

    Parameters
    ----------
    columns : dict of str to ndarray
        As `sdcviz.plots.axes.take` gives them.
    by : str or Axis
        ``"station"``, ``"time"``, ``"flag"``, ``"depth"`` or a quantity whose
        key is a column.
    flag : str
        Column of the flags.

    Returns
    -------
    Colouring
    """
    if by == "station":
        return _by_station(columns["station"])
    if by == "flag":
        return _by_flag(columns[flag])
    if by == "time":
        return _continuous("time", "Year", years(columns["time"]), "viridis")
    quantity = by if isinstance(by, Axis) else DEPTH if by == "depth" else Axis(by, by)
    return _continuous(quantity.key, quantity.title, numbers(columns, quantity), quantity.colormap)


def _by_station(station: NDArray[Any]) -> Colouring:
    _, order = np.unique(station, return_inverse=True)
    n = len(STATIONS)
    return Colouring(
        "station", "Station", (order % n).astype(float), STATIONS, (-0.5, n - 0.5), bar=False
    )


def _by_flag(flags: NDArray[Any]) -> Colouring:
    present = {chr(c) for c in np.unique(flags)}
    shown = [f for c in reversed(_WORST) for f in FLAGS if f.code == c and c in present]
    place = np.full(256, np.nan)
    for i, f in enumerate(shown):
        place[ord(f.code)] = i
    return Colouring(
        "flag",
        "Flag",
        place[flags.astype(np.uint8)],
        [f.colour for f in shown],
        (-0.5, len(shown) - 0.5),
        {float(i): f.title for i, f in enumerate(shown)},
    )


def _continuous(by: str, title: str, values: NDArray[np.float64], name: str) -> Colouring:
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if low == high:
        low, high = low - 0.5, high + 0.5
    return Colouring(by, title, values, colormap(name), (low, high))


def years(times: NDArray[Any]) -> NDArray[np.float64]:
    """Turn times into years with a fraction, as 2003.5."""
    year = times.astype("datetime64[Y]")
    start = year.astype("datetime64[ms]")
    length = (year + 1).astype("datetime64[ms]") - start
    part = (times.astype("datetime64[ms]") - start) / length
    return np.where(np.isnat(times), np.nan, year.astype(np.int64) + 1970 + part)
