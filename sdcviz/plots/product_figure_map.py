"""Maps of a product for publication."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadRequest
from .product_figure_ground import Sheet, sheet_for
from .product_figure_page import (
    NOTHING,
    bar,
    caption_height,
    contour_lines,
    dots,
    edges_of,
    page,
)  # fmt: skip
from .product_figure_words import (
    Look,
    Scale,
    about,
    caption_of,
    dots_sentence,
    label_of,
    look_of,
    place_words,
)  # fmt: skip

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

    from ..products.layers import Layer

__all__ = ["MASKED", "MapPage", "map_figure"]

MASKED = ("hatched", "blank")
"""How cells that the mask leaves out are shown."""
_LINE = "#b3123f"


def map_figure(
    layer: Layer,
    *,
    observations: Mapping[str, Any] | None = None,
    window: str = "",
    line: Any = None,
    place: tuple[float, float] | None = None,
    area: Any = None,
    extent: tuple[float, float, float, float] | None = None,
    projection: str = "auto",
    masked: str = "hatched",
    **look: Any,
) -> Figure:
    """Draw a map of a product for publication.

    Parameters
    ----------
    layer : Layer
        Product, variable, depth, time and mask.
    observations : mapping, optional
        ``lon``, ``lat`` and ``value`` of dots, in the colours of the field.
    window : str
        The window of those observations, for the caption: ``"± 10 m"``.
    line : str or sequence of (lon, lat), optional
        Corners of a section that is drawn in.
    place : (float, float), optional
        Longitude and latitude that is marked.
    area : str or sequence, optional
        Area that is outlined; see `Product.area`.
    extent : tuple of float, optional
        West, south, east, north in degrees; the whole grid if left out.
    projection : str
        A word of `PROJECTIONS`; "auto" takes the one that fits the area.
    masked : {"hatched", "blank"}
        How cells that the mask leaves out are shown.
    **look
        See `Look`.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    BadRequest
        An option is wrong, or there is nothing to draw.
    """
    over = {"observations": observations, "line": line, "place": place, "area": area}
    made = MapPage(layer, look_of(look), over, window, extent, projection, masked)
    return made.figure


class MapPage:
    """A map that can show one layer after the other, as an animation does.

    Attributes
    ----------
    figure : matplotlib.figure.Figure
    scale : Scale
    """

    def __init__(
        self, layer: Layer, look: Look, over: Mapping[str, Any], window: str = "",
        extent: Any = None, projection: str = "auto", masked: str = "hatched",
    ) -> None:  # fmt: skip
        if masked not in MASKED:
            raise BadRequest(f"Masked cells {masked!r}: expected hatched or blank.")
        self.masked, self.look = masked, look
        self.shown = shown = layer.array()
        self.hidden = hidden = _hidden(layer, shown)
        self.sheet = sheet = sheet_for(extent or _box(shown), projection)
        self._mesh = self._hatch = self._lines = None
        observed = _observed(over.get("observations"))
        values = np.concatenate([_inside(shown, sheet).ravel(), observed["value"]])
        self.scale = Scale(values, shown.attrs, look)
        self.said = self._sentences(observed, window, hidden)
        caption = caption_of(title_of(shown), _without_points(shown.attrs), *self.said)
        # The colour bar, its numbers and the labels of the map take about 30 mm.
        height = (look.millimetres - 30) * sheet.aspect + 14 + caption_height(caption, look)
        with page(look, min(max(height, 45), 240)) as self._page:
            self.figure = self._page.figure
            self._page.words(title_of(shown), caption)
            self.ax = self.figure.add_subplot(projection=sheet.crs)
            self.ax.set_facecolor(NOTHING)
            sheet.draw(self.ax)
            self._field(shown, hidden)
            self._over(over, observed)
            bar(self.ax, self._mesh, self.scale, label_of(shown.attrs))

    def show(self, layer: Layer) -> None:
        """Show another layer in the same place and colours."""
        import matplotlib

        from .figure import LOCK, STYLE

        shown = layer.array()
        with LOCK, matplotlib.rc_context(STYLE):
            for part in (self._mesh, self._hatch, self._lines):
                if part is not None:
                    part.remove()
            self._field(shown, _hidden(layer, shown))
            self._page.retitle(title_of(shown))

    # ---- drawing -----------------------------------------------------------------
    def _field(self, shown: xr.DataArray, hidden: NDArray[np.bool_] | None) -> None:
        values = np.ma.masked_invalid(shown.values)
        lon, lat = _axes(shown, self.sheet)
        colours: dict[str, Any] = {
            "cmap": self.scale.cmap, "norm": self.scale.norm, "rasterized": True, "zorder": 2,
        }  # fmt: skip
        if lon.ndim == 2:
            x, y = self.sheet.points(lon, lat)
            self._mesh = self.ax.pcolormesh(x, y, values, shading="nearest", **colours)
        else:
            west = np.clip(edges_of(lon), self.sheet.box[0] - 179, self.sheet.box[0] + 539)
            x, y = self.sheet.points(*np.meshgrid(west, np.clip(edges_of(lat), -90, 90)))
            self._mesh = self.ax.pcolormesh(x, y, values, shading="flat", **colours)
        self._hatch = None
        if hidden is not None and hidden.any() and self.masked == "hatched":
            self._hatch = self.ax.add_patch(_hatching(self.sheet, lon, lat, hidden))
        x, y = self.sheet.points(*(np.meshgrid(lon, lat) if lon.ndim == 1 else (lon, lat)))
        self._lines = contour_lines(self.ax, x, y, shown.values, self.scale, self.look)

    def _over(self, over: Mapping[str, Any], observed: Mapping[str, NDArray]) -> None:
        from matplotlib.patheffects import Normal, Stroke

        light = [Stroke(linewidth=2.4, foreground="white"), Normal()]
        if len(observed["value"]):
            lon = _near(observed["lon"], self.sheet)
            dots(self.ax, *self.sheet.points(lon, observed["lat"]), observed["value"], self.scale)
        if over.get("line") is not None:
            from ..products.lines import line_of

            track = line_of(over["line"], 200)
            x, y = self.sheet.points(_near(track.lon, self.sheet), track.lat)
            self.ax.plot(x, y, color=_LINE, linewidth=1.2, zorder=5, path_effects=light)
            for k, letter in ((0, "A"), (-1, "B")):
                self.ax.annotate(
                    letter, (x[k], y[k]), xytext=(3, 3), textcoords="offset points", fontsize=8,
                    fontweight="bold", color=_LINE, zorder=6, path_effects=light,
                )  # fmt: skip
        if over.get("area") is not None:
            corners = _outline(over["area"])
            x, y = self.sheet.points(_near(corners[:, 0], self.sheet), corners[:, 1])
            self.ax.plot(x, y, color=_LINE, linewidth=1.2, zorder=5, path_effects=light)
        if over.get("place") is not None:
            lon, lat = over["place"]
            x, y = self.sheet.points(_near(np.array([lon]), self.sheet), np.array([lat]))
            self.ax.plot(
                x, y, "o", markersize=6, markerfacecolor="none", markeredgecolor=_LINE,
                markeredgewidth=1.4, zorder=6, path_effects=light,
            )  # fmt: skip

    def _sentences(
        self, observed: Mapping[str, NDArray], window: str, hidden: NDArray[np.bool_] | None
    ) -> list[str]:
        from ..geo.coast import CREDIT

        told = [self.scale.sentence()]
        if hidden is not None and hidden.any():
            how = "hatched" if self.masked == "hatched" else "left blank"
            told.append(f"Masked cells are {how}.")
        if len(observed["value"]):
            told.append(dots_sentence(len(observed["value"]), window))
        return [*told, f"{CREDIT}."]


# ---- parts ----------------------------------------------------------------------
def title_of(shown: xr.DataArray) -> str:
    """Return what a map shows: variable, depth and time."""
    where = place_words(shown)
    return about(shown.attrs) + (f", {where}" if where else "")


def _without_points(attrs: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what a map needs not say: its values are those of the grid."""
    return {k: v for k, v in attrs.items() if k != "interpolation"}


def _hidden(layer: Layer, shown: xr.DataArray) -> NDArray[np.bool_] | None:
    """Return the cells that the mask leaves out."""
    if layer.mask is None:
        return None
    everything = replace(layer, mask=None).array().values
    return np.isfinite(everything) & np.isnan(shown.values)


def _box(shown: xr.DataArray) -> tuple[float, float, float, float]:
    lon, lat = shown["lon"].values, shown["lat"].values
    if lon.ndim == 2:
        known = np.isfinite(lon) & np.isfinite(lat)
        return (
            float(lon[known].min()), float(lat[known].min()),
            float(lon[known].max()), float(lat[known].max()),
        )  # fmt: skip
    x, y = edges_of(lon), np.clip(edges_of(lat), -90, 90)
    return float(x.min()), float(y.min()), float(min(x.max(), x.min() + 360)), float(y.max())


def _axes(shown: xr.DataArray, sheet: Sheet) -> tuple[NDArray, NDArray]:
    """Return the axes, longitudes turned so that they lie on the sheet."""
    lon, lat = shown["lon"].values.astype(float), shown["lat"].values.astype(float)
    middle = (sheet.box[0] + sheet.box[2]) / 2
    return lon + 360 * np.round((middle - np.nanmean(lon)) / 360), lat


def _near(lon: NDArray, sheet: Sheet) -> NDArray:
    middle = (sheet.box[0] + sheet.box[2]) / 2
    return lon + 360 * np.round((middle - lon) / 360)


def _inside(shown: xr.DataArray, sheet: Sheet) -> NDArray:
    """Return the values that lie on the sheet."""
    lon, lat = _axes(shown, sheet)
    west, south, east, north = sheet.box
    columns, rows = (lon >= west) & (lon <= east), (lat >= south) & (lat <= north)
    inside = columns & rows if lon.ndim == 2 else rows[:, None] & columns[None, :]
    values = np.asarray(shown.values, float)[inside]
    return values if np.isfinite(values).any() else np.asarray(shown.values, float).ravel()


def _observed(given: Mapping[str, Any] | None) -> dict[str, NDArray]:
    names = ("lon", "lat", "value")
    if given is None:
        return {n: np.empty(0) for n in names}
    held = {n: np.asarray(given[n], float) for n in names}
    known = np.isfinite(held["lon"] + held["lat"] + held["value"])
    return {n: v[known] for n, v in held.items()}


def _outline(area: str | Sequence[Any]) -> NDArray[np.float64]:
    from ..products.areas import corners_of

    corners = corners_of(area)
    return np.concatenate([corners, corners[:1]])


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
