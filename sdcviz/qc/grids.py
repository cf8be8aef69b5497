"""Gridded fields as checks need them: values at the places of stations.

A climatology or a product is a NetCDF file with a variable on longitude,
latitude, and, where it has them, depth and time. Axes are recognised by their
units, as CF asks. One time step is read at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sdcviz.errors import BadRequest, UnreadableFile
from sdcviz.formats.netcdf import attribute, numbers
from sdcviz.formats.netcdf_file import netcdf_file

if TYPE_CHECKING:
    from netCDF4 import Dataset, Variable

__all__ = ["Grid", "at_depths"]

_DAY = 86_400_000
_YEAR = 365.2425
_SD_ENDINGS = ("_sd", "_std", "_stddev", "_sdd")


class Grid:
    """A variable of a gridded file.

    Parameters
    ----------
    path : path-like
        NetCDF file.
    quantity : str
        Key of the parameter that is wanted, such as ``"temperature"``.
    variable : str
        Its name in the file; found by name, standard name and unit if empty.
    spread : str
        Name of the variable with the standard deviation; looked for under
        ``NAME_sd`` and the like if empty.

    Attributes
    ----------
    lon, lat, depth : ndarray of float64
        Axes, increasing; `depth` is ``[0]`` for a field without depths.
    days : ndarray of float64
        Time steps: days since 1970, or of the year where `cyclic`. Empty
        without time.
    cyclic : bool
        Whether the steps are months or seasons of any year.
    has_spread : bool
        Whether there is a standard deviation.

    Raises
    ------
    BadRequest
        There is no such file, variable or axis.
    UnreadableFile
        It is no NetCDF file, or damaged.
    """

    def __init__(
        self, path: Path | str, quantity: str, variable: str = "", spread: str = ""
    ) -> None:
        self.path = Path(path).expanduser()
        if not self.path.is_file():
            raise BadRequest(f"There is no gridded file {self.path}; name one that is there.")
        with self._opened() as file:
            self.variable = variable or _find(file, quantity, self.path)
            field = _named(file, self.variable, self.path)
            self.spread = spread or next(
                (self.variable + e for e in _SD_ENDINGS if self.variable + e in file.variables), ""
            )
            if self.spread:
                _named(file, self.spread, self.path)
            self._axes = {_kind(file, name): n for n, name in enumerate(field.dimensions)}
            self._read_axes(file, field)

    @property
    def has_spread(self) -> bool:
        """Whether the file gives a standard deviation."""
        return bool(self.spread)

    @contextmanager
    def _opened(self) -> Iterator[Dataset]:
        try:
            with netcdf_file(self.path) as file:
                file.set_auto_maskandscale(False)
                yield file
        except (OSError, RuntimeError) as error:
            raise UnreadableFile(
                f"{self.path.name}: this is no NetCDF file, or damaged."
            ) from error

    def _read_axes(self, file: Dataset, field: Variable) -> None:
        def axis(kind: str) -> NDArray[np.float64]:
            if kind not in self._axes:
                return np.zeros(1) if kind == "depth" else np.empty(0)
            name = field.dimensions[self._axes[kind]]
            return np.asarray(numbers(file.variables[name]), np.float64)

        for kind in ("lon", "lat"):
            if kind not in self._axes:
                raise BadRequest(
                    f"{self.path.name}: {self.variable} has no axis in degrees_"
                    f"{'east' if kind == 'lon' else 'north'}; it can't be compared with stations."
                )
        self.lon, self.lat, depth = axis("lon"), axis("lat"), axis("depth")
        up = "depth" in self._axes and _positive_up(
            file.variables[field.dimensions[self._axes["depth"]]], depth
        )
        self.depth = -depth if up else depth
        self._turned = tuple(bool(len(a) > 1 and a[0] > a[-1]) for a in (self.depth, self.lat))
        self.depth, self.lat = np.sort(self.depth), np.sort(self.lat)
        self.days, self.cyclic = _times(file, field, self._axes)
        self.around = bool(np.isclose(np.ptp(self.lon) + np.diff(self.lon).mean(), 360, atol=0.5))

    def profiles(
        self,
        lon: NDArray[np.float64],
        lat: NDArray[np.float64],
        time: NDArray[np.datetime64],
        spread: bool = False,
    ) -> NDArray[np.float64]:
        """Interpolate the field to places and times, at all of its depths.

        Linear in longitude, latitude and time. Cells without a value are left
        out where those that are there have half of the weight.

        Parameters
        ----------
        lon, lat : ndarray of float64, shape (n,)
            Degrees.
        time : ndarray of datetime64, shape (n,)
            Times; not looked at where the field has none.
        spread : bool
            The standard deviation instead of the field.

        Returns
        -------
        ndarray of float64, shape (n, k)
            NaN where there is no field.
        """
        out = np.zeros((len(lon), len(self.depth)))
        steps, weights = self._steps(time)
        corners = self._corners(lon, lat)
        name = self.spread if spread else self.variable
        out[~np.isfinite(weights).all(axis=1) | ~np.isfinite(corners[2])] = np.nan
        for step in np.unique(steps[weights > 0]).tolist():
            with self._opened() as file:
                layer = self._layer(file.variables[name], step)
            for side in range(2):
                at = np.flatnonzero((steps[:, side] == step) & (weights[:, side] > 0))
                here = _blend(layer, *(c[at] for c in corners))
                out[at] += weights[at, side, None] * here
        return out

    def _layer(self, field: Variable, step: int) -> NDArray[np.float32]:
        """Read one time step as (depth, lat, lon), axes increasing."""
        index: list[Any] = [0] * field.ndim
        kept = [k for k in ("depth", "lat", "lon") if k in self._axes]
        for kind in kept:
            index[self._axes[kind]] = slice(None)
        if "time" in self._axes:
            index[self._axes["time"]] = step
        read = np.asarray(numbers(field, tuple(index)), np.float32)
        read = np.where(np.abs(read) < 1e9, read, np.float32(np.nan))
        read = read.transpose(np.argsort(np.argsort([self._axes[k] for k in kept])))
        read = read.reshape(len(self.depth), len(self.lat), len(self.lon))
        for n, turned in enumerate(self._turned):
            read = np.flip(read, n) if turned else read
        return np.ascontiguousarray(read)

    def _steps(self, time: NDArray[np.datetime64]) -> tuple[NDArray[np.int64], NDArray]:
        """Find the two steps around each time, and their weights (NaN: outside)."""
        n = len(self.days)
        steps, weights = np.zeros((len(time), 2), np.int64), np.zeros((len(time), 2))
        weights[:, 0] = 1
        if n <= 1 and (self.cyclic or n == 0):
            return steps, weights
        day = time.astype("datetime64[ms]").astype(np.int64) / _DAY
        if self.cyclic:
            start = time.astype("datetime64[Y]")
            day = (time - start) / np.timedelta64(1, "D")
            axis = np.concatenate([[self.days[-1] - _YEAR], self.days, [self.days[0] + _YEAR]])
        else:
            step = np.diff(self.days).mean() if n > 1 else _YEAR
            axis = np.concatenate(
                [[self.days[0] - step / 2], self.days, [self.days[-1] + step / 2]]
            )
        below = np.clip(np.searchsorted(axis, day, "right") - 1, 0, n)
        share = (day - axis[below]) / (axis[below + 1] - axis[below])
        share = np.where((share >= 0) & (share <= 1) & ~np.isnat(time), share, np.nan)
        steps = np.stack([below - 1, below], axis=1)
        steps = steps % n if self.cyclic else np.clip(steps, 0, n - 1)
        return steps, np.stack([1 - share, share], axis=1)

    def _corners(self, lon: NDArray, lat: NDArray) -> tuple[NDArray, NDArray, NDArray, NDArray]:
        """Find the four cells around each place, as column and row, and fractions."""
        first, n = self.lon[0], len(self.lon)
        x = first + (np.asarray(lon, np.float64) - first) % 360
        half = 0.5 * float(np.diff(self.lon).mean()) if n > 1 else 0.5
        # A place just west of the first cell belongs to it.
        x = np.where(x > self.lon[-1] + (2 if self.around else 1) * half + 1e-9, x - 360, x)
        axis = np.append(self.lon, self.lon[0] + 360) if self.around else self.lon
        column, east = _between(axis, x, half)
        step = 0.5 * float(np.diff(self.lat).mean()) if len(self.lat) > 1 else 0.5
        row, north = _between(self.lat, np.asarray(lat, np.float64), step)
        return column, row, east, north


def _between(axis: NDArray, at: NDArray, slack: float) -> tuple[NDArray[np.int64], NDArray]:
    """Find the cell below each place, and the fraction to the next; NaN outside."""
    if len(axis) == 1:
        inside = np.abs(at - axis[0]) <= slack
        return np.zeros(len(at), np.int64), np.where(inside, 0.0, np.nan)
    below = np.clip(np.searchsorted(axis, at, "right") - 1, 0, len(axis) - 2)
    share = (at - axis[below]) / (axis[below + 1] - axis[below])
    inside = (at >= axis[0] - slack - 1e-9) & (at <= axis[-1] + slack + 1e-9)
    return below, np.where(inside, np.clip(share, 0, 1), np.nan)


@njit(cache=True, nogil=True)
def _blend(layer: NDArray, column: NDArray, row: NDArray, east: NDArray, north: NDArray) -> NDArray:
    """Interpolate bilinearly at each depth, over the cells that have a value."""
    depths, rows, columns = layer.shape
    out = np.full((len(column), depths), np.nan)
    for i in range(len(column)):
        if not (east[i] == east[i] and north[i] == north[i]):
            continue
        for k in range(depths):
            total, weight = 0.0, 0.0
            for a in range(2):
                for b in range(2):
                    w = (north[i] if a else 1 - north[i]) * (east[i] if b else 1 - east[i])
                    if w == 0.0:
                        continue
                    v = layer[k, min(row[i] + a, rows - 1), (column[i] + b) % columns]
                    if v == v:
                        total += w * v
                        weight += w
            if weight >= 0.5:
                out[i, k] = total / weight
    return out


@njit(cache=True, nogil=True)
def at_depths(profiles: NDArray, levels: NDArray, depth: NDArray, offsets: NDArray) -> NDArray:
    """Interpolate the profiles of stations to the depths of their samples.

    Parameters
    ----------
    profiles : ndarray of float64, shape (n, k)
    levels : ndarray of float64, shape (k,)
        Depths of the profiles, metres, increasing.
    depth : ndarray of float64, shape (m,)
        Depths of the samples, station after station.
    offsets : ndarray of int64, shape (n + 1,)
        First sample of each station.

    Returns
    -------
    ndarray of float64, shape (m,)
        NaN outside the profile; samples above its first level, by not more
        than 10 m, take that.
    """
    out = np.full(len(depth), np.nan)
    last = len(levels) - 1
    for r in range(len(offsets) - 1):
        for i in range(offsets[r], offsets[r + 1]):
            z = depth[i]
            if not z == z:
                continue
            k = np.searchsorted(levels, z)
            if k <= last and levels[k] == z:
                out[i] = profiles[r, k]
            elif k == 0:
                if levels[0] - z <= 10.0 or last == 0:
                    out[i] = profiles[r, 0]
            elif k <= last:
                share = (z - levels[k - 1]) / (levels[k] - levels[k - 1])
                out[i] = profiles[r, k - 1] * (1 - share) + profiles[r, k] * share
    return out


# ---- recognising ------------------------------------------------------------
def _find(file: Dataset, quantity: str, path: Path) -> str:
    """Find the variable of a quantity, that with the most axes."""
    from sdcviz.vocabularies import quantity as recognise

    found = []
    for name, v in file.variables.items():
        if v.ndim < 2 or v.dtype == str or name in file.dimensions:
            continue
        known = recognise("", name, attribute(v, "standard_name"), attribute(v, "units"))
        if known is not None and known.key == quantity:
            found.append((-v.ndim, str(name)))
    if not found:
        names = ", ".join(n for n, v in file.variables.items() if v.ndim >= 2)
        raise BadRequest(
            f"{path.name} has no variable that is known as {quantity}; name one of {names}."
        )
    return min(found)[1]


def _named(file: Dataset, name: str, path: Path) -> Variable:
    if name not in file.variables:
        names = ", ".join(n for n, v in file.variables.items() if v.ndim >= 2)
        raise BadRequest(f"{path.name} has no variable {name!r}; there are {names}.")
    return file.variables[name]


def _kind(file: Dataset, name: str) -> str:
    """Tell what a dimension is: "lon", "lat", "depth", "time", or its own name."""
    if name not in file.variables:
        return name
    v = file.variables[name]
    unit = attribute(v, "units").lower()
    standard, axis = attribute(v, "standard_name").lower(), attribute(v, "axis").upper()
    if standard == "longitude" or unit.replace("_", "") in (
        "degreeseast",
        "degreeeast",
        "degreese",
    ):
        return "lon"
    if standard == "latitude" or unit.replace("_", "") in (
        "degreesnorth",
        "degreenorth",
        "degreesn",
    ):
        return "lat"
    if " since " in unit or standard == "time" or axis == "T" or unit in ("month", "months"):
        return "time"
    if standard in ("depth", "height") or axis == "Z" or unit in ("m", "meter", "meters", "metres"):
        return "depth"
    return name


def _positive_up(variable: Variable, depth: NDArray) -> bool:
    positive = attribute(variable, "positive").lower()
    return positive == "up" or (not positive and bool((depth <= 0).all() and (depth < 0).any()))


def _times(file: Dataset, field: Variable, axes: dict[str, int]) -> tuple[NDArray, bool]:
    """Read the time steps; those of one year of any date are months or seasons."""
    if "time" not in axes:
        return np.empty(0), False
    v = file.variables[field.dimensions[axes["time"]]]
    raw = np.asarray(numbers(v), np.float64)
    n, unit = len(raw), attribute(v, "units").lower()
    if n in (4, 12) and (
        " since " not in unit
        or attribute(v, "climatology")
        or "modulo" in v.ncattrs()
        or "0000" in unit
    ):
        return (np.arange(n) + 0.5) * _YEAR / n, True
    if " since " not in unit:
        raise BadRequest(f"The time of {field.name} has no units such as 'days since 1900-01-01'.")
    from netCDF4 import num2date

    calendar = attribute(v, "calendar") or "standard"
    dates = num2date(raw, attribute(v, "units"), calendar)
    days = np.array(
        [
            np.datetime64(d.isoformat()[:19], "ms").astype(np.int64) / _DAY
            for d in np.asarray(dates).ravel()
        ]
    )
    return days, False
