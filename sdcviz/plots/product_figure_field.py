"""One layer of a product on the axes of a map: cells, hatching of what is masked, contours."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..products.grid import edges_of
from .product_figure_ground import Sheet
from .product_figure_look import Look, Scale
from .product_figure_page import contour_lines

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

    from ..products.difference import Difference
    from ..products.layers import Layer

__all__ = ["Field", "FieldOnMap", "box_of", "inside", "turned"]


@dataclass(frozen=True)
class Field:
    """What is shown of a layer.

    Attributes
    ----------
    layer : Layer or Difference
    array : DataArray
        Its values, along lat and lon.
    hidden : ndarray of bool or None
        Cells that the mask leaves out; of a difference those within the combined error.
    """

    layer: Layer | Difference
    array: xr.DataArray
    hidden: NDArray[np.bool_] | None

    @classmethod
    def of(cls, layer: Layer | Difference) -> Field:
        """Read a layer."""
        shown = layer.array()
        return cls(layer, shown, _hidden(layer, shown))


class FieldOnMap:
    """A layer on a map, which another one can replace.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    sheet : Sheet
    scale : Scale
        Of the colours.
    look : Look
        Whether there are contours.
    hatched : bool
        Whether masked cells are hatched.
    part : (float, float) or None
        From which to which x of the sheet it is drawn; None: everywhere.

    Attributes
    ----------
    mesh : QuadMesh
        What a colour bar is made for.
    """

    def __init__(
        self, ax: Axes, sheet: Sheet, scale: Scale, look: Look, hatched: bool = True,
        part: tuple[float, float] | None = None,
    ) -> None:  # fmt: skip
        self.ax, self.sheet, self.scale, self.look = ax, sheet, scale, look
        self.hatched, self.part = hatched, part
        self.mesh: Any = None
        self._others: list[Any] = []

    def show(self, field: Field, lines: Field | None = None, scale: Scale | None = None) -> None:
        """Draw a layer instead of the one before.

        Parameters
        ----------
        field : Field
        lines : Field, optional
            Of which the contours are, where it is another one.
        scale : Scale, optional
            Whose values they have.
        """
        for part in (self.mesh, *self._others):
            if part is not None:
                part.remove()
        self._cells(field)
        of = lines or field
        lon, lat, order = turned(of.array, self.sheet)
        x, y = self.sheet.points(*(np.meshgrid(lon, lat) if lon.ndim == 1 else (lon, lat)))
        values = np.where(np.isfinite(x + y), of.array.values[..., order], np.nan)
        x, y = (np.where(np.isfinite(a), a, 0.0) for a in (x, y))
        if self.part is not None:
            values = np.where((x >= self.part[0]) & (x <= self.part[1]), values, np.nan)
        drawn = contour_lines(
            self.ax, x, y, values, scale or self.scale, self.look, lines is not None
        )
        self._others.append(drawn)

    def _cells(self, field: Field) -> None:
        lon, lat, order = turned(field.array, self.sheet)
        if lon.ndim == 2:
            x, y = self.sheet.points(lon, lat)
            off = ~np.isfinite(x + y)
            shading: Any = "nearest"
        else:
            west = np.clip(edges_of(lon), self.sheet.box[0] - 360, self.sheet.box[2] + 360)
            x, y = self.sheet.points(*np.meshgrid(west, np.clip(edges_of(lat), -90, 90)))
            wrong = ~np.isfinite(x + y)
            off = wrong[:-1, :-1] | wrong[:-1, 1:] | wrong[1:, :-1] | wrong[1:, 1:]
            shading = "flat"
        # Cells at the cut of a projection have no place on it.
        x, y = (np.where(np.isfinite(a), a, 0.0) for a in (x, y))
        values = np.ma.masked_invalid(np.where(off, np.nan, field.array.values[..., order]))
        self.mesh = self.ax.pcolormesh(
            x, y, values, shading=shading, cmap=self.scale.cmap, norm=self.scale.norm,
            rasterized=True, zorder=2,
        )  # fmt: skip
        self._others = []
        hidden = None if field.hidden is None else field.hidden[..., order]
        if hidden is not None and hidden.any() and self.hatched:
            self._others.append(self.ax.add_patch(_hatching(self.sheet, lon, lat, hidden)))
        if self.part is not None:
            for drawn in (self.mesh, *self._others):
                drawn.set_clip_path(self._strip())

    def _strip(self) -> Any:
        from matplotlib.patches import Rectangle

        assert self.part is not None
        _, south, _, north = self.sheet.view
        west, east = self.part
        return Rectangle((west, south), east - west, north - south, transform=self.ax.transData)


# ---- where it lies ----------------------------------------------------------------
def box_of(shown: xr.DataArray) -> tuple[float, float, float, float]:
    """Return as far as the cells reach: west, south, east, north."""
    lon, lat = shown["lon"].values, shown["lat"].values
    if lon.ndim == 2:
        known = np.isfinite(lon) & np.isfinite(lat)
        return (
            float(lon[known].min()), float(lat[known].min()),
            float(lon[known].max()), float(lat[known].max()),
        )  # fmt: skip
    x, y = edges_of(lon), np.clip(edges_of(lat), -90, 90)
    return float(x.min()), float(y.min()), float(min(x.max(), x.min() + 360)), float(y.max())


def turned(shown: xr.DataArray, sheet: Sheet) -> tuple[NDArray, NDArray, Any]:
    """Return the axes, longitudes turned so that they lie on the sheet, and the columns' order."""
    lon, lat = shown["lon"].values.astype(float), shown["lat"].values.astype(float)
    middle = (sheet.box[0] + sheet.box[2]) / 2
    if lon.ndim == 1 and np.ptp(lon) + np.ptp(lon) / max(len(lon) - 1, 1) > 359:
        # All around the Earth: begin where the sheet begins.
        lon = lon + 360 * np.round((middle - lon) / 360)
        order = np.argsort(lon, kind="stable")
        return lon[order], lat, order
    return lon + 360 * np.round((middle - np.nanmean(lon)) / 360), lat, slice(None)


def inside(shown: xr.DataArray, sheet: Sheet) -> NDArray:
    """Return the values that the sheet shows."""
    lon, lat, order = turned(shown, sheet)
    x, y = sheet.points(*(np.meshgrid(lon, lat) if lon.ndim == 1 else (lon, lat)))
    west, south, east, north = sheet.view
    with np.errstate(invalid="ignore"):
        seen = (x >= west) & (x <= east) & (y >= south) & (y <= north)
        if sheet.round:
            seen &= np.hypot(x, y) <= east
    values = np.asarray(shown.values, float)[..., order]
    found = values[seen]
    return found if np.isfinite(found).any() else values.ravel()


# ---- what is masked ---------------------------------------------------------------
def _hidden(layer: Layer | Difference, shown: xr.DataArray) -> NDArray[np.bool_] | None:
    from ..products.difference import Difference

    if isinstance(layer, Difference):
        return layer.masked if layer.within else None
    if layer.mask is None:
        return None
    everything = replace(layer, mask=None).array().values
    return np.isfinite(everything) & np.isnan(shown.values)


def _hatching(sheet: Sheet, lon: NDArray, lat: NDArray, hidden: NDArray[np.bool_]) -> Any:
    """Make one patch of the cells that are masked, runs of a row joined."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    if lon.ndim == 2:
        lon, lat = lon.mean(axis=0), lat.mean(axis=1)
    x, y = edges_of(lon), np.clip(edges_of(lat), -90, 90)
    padded = np.pad(hidden, ((0, 0), (1, 1))).astype(np.int8)
    steps = np.diff(padded, axis=1)
    rows, first = np.nonzero(steps == 1)
    last = np.nonzero(steps == -1)[1]
    corners_x = np.stack([x[first], x[last], x[last], x[first], x[first]], axis=1)
    corners_y = np.stack([y[rows], y[rows], y[rows + 1], y[rows + 1], y[rows]], axis=1)
    px, py = sheet.points(corners_x, corners_y)
    codes = np.tile([Path.MOVETO, *[Path.LINETO] * 3, Path.CLOSEPOLY], len(rows))
    path = Path(np.column_stack([px.ravel(), py.ravel()]), codes)
    return PathPatch(
        path, facecolor="#ffffff", edgecolor="#7d8896", linewidth=0, hatch="//////", zorder=2.3
    )
