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
    title_height,
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

    from ..products.difference import Difference
    from ..products.layers import Layer

__all__ = ["MASKED", "MapPage", "map_figure"]

MASKED = ("hatched", "blank")
"""How cells that the mask leaves out are shown."""
_LINE = "#b3123f"


def map_figure(
    layer: Layer | Difference,
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
    layer : Layer or Difference
        Product, variable, depth, time and mask; or the difference of two.
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
        self, layer: Layer | Difference, look: Look, over: Mapping[str, Any], window: str = "",
        extent: Any = None, projection: str = "auto", masked: str = "hatched",
        moving: bool = False,
    ) -> None:  # fmt: skip
        if masked not in MASKED:
            raise BadRequest(f"Masked cells {masked!r}: expected hatched or blank.")
        self.masked, self.look = masked, look
        self.shown = shown = layer.array()
        self.hidden = hidden = _hidden(layer, shown)
        self.sheet = sheet = sheet_for(extent or _box(shown), projection)
        self._mesh: Any = None
        self._hatch: Any = None
        self._lines: Any = None
        observed = _observed(over.get("observations"))
        given = _limits(layer, shown, look)
        values = _inside(shown, sheet)
        self.scale = Scale(values, shown.attrs, given, layer.colormap, observed["value"])
        if moving:  # other frames may have what the first has not
            self.scale.below = self.scale.above = 0
        self.said = self._sentences(observed, window, hidden, moving)
        name = about(shown.attrs) if moving else title_of(shown)
        caption = caption_of(name, _without_points(shown.attrs), *self.said)
        if moving:
            self.scale.below = self.scale.above = 1
        # Labels, and the colour bar with its numbers, take some millimetres.
        tall = (look.millimetres - 30) * sheet.aspect
        low = (look.millimetres - 16) * sheet.aspect if tall < 38 else None
        more = caption_height(caption, look) + title_height(
            name if moving else title_of(shown), look
        )
        height = (tall + 10 if low is None else low + 21) + more
        with page(look, min(max(height, 45), 240)) as self._page:
            self.figure = self._page.figure
            self._page.words(title_of(shown), caption)
            self.ax = self.figure.add_subplot(projection=sheet.crs)
            self.ax.set_facecolor(NOTHING)
            self.ax.set_anchor("N" if low is not None else "C")
            sheet.draw(self.ax)
            self._field(shown, hidden)
            self._over(over, observed)
            bar(
                self.ax,
                self._mesh,
                self.scale,
                label_of(shown.attrs),
                low,
                0.09 if sheet.round else 0.02,
            )

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
        lon, lat, order = _axes(shown, self.sheet)
        values = shown.values[..., order]
        hidden = None if hidden is None else hidden[..., order]
        colours: dict[str, Any] = {
            "cmap": self.scale.cmap, "norm": self.scale.norm, "rasterized": True, "zorder": 2,
        }  # fmt: skip
        if lon.ndim == 2:
            x, y = self.sheet.points(lon, lat)
            off = ~np.isfinite(x + y)
            shading = "nearest"
        else:
            west = np.clip(edges_of(lon), self.sheet.box[0] - 360, self.sheet.box[2] + 360)
            x, y = self.sheet.points(*np.meshgrid(west, np.clip(edges_of(lat), -90, 90)))
            wrong = ~np.isfinite(x + y)
            off = wrong[:-1, :-1] | wrong[:-1, 1:] | wrong[1:, :-1] | wrong[1:, 1:]
            shading = "flat"
        # Cells at the cut of a projection have no place on it.
        x, y = (np.where(np.isfinite(a), a, 0.0) for a in (x, y))
        shape = np.ma.masked_invalid(np.where(off, np.nan, values))
        self._mesh = self.ax.pcolormesh(x, y, shape, shading=shading, **colours)
        self._hatch = None
        if hidden is not None and hidden.any() and self.masked == "hatched":
            self._hatch = self.ax.add_patch(_hatching(self.sheet, lon, lat, hidden))
        x, y = self.sheet.points(*(np.meshgrid(lon, lat) if lon.ndim == 1 else (lon, lat)))
        values = np.where(np.isfinite(x + y), values, np.nan)
        x, y = (np.where(np.isfinite(a), a, 0.0) for a in (x, y))
        self._lines = contour_lines(self.ax, x, y, values, self.scale, self.look)

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
        self, observed: Mapping[str, NDArray], window: str, hidden: NDArray[np.bool_] | None,
        moving: bool,
    ) -> list[str]:  # fmt: skip
        from ..geo.coast import CREDIT

        told = [str(self.shown.attrs.get("comment", "")), self.scale.sentence()]
        if hidden is not None and (moving or hidden.any()):
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


def _limits(layer: Layer | Difference, shown: xr.DataArray, look: Look) -> Look:
    """Add the range that suits what is made of a field, such as one around 0."""
    if look.limits is not None:
        return look
    return replace(look, limits=layer.limits(shown.values))


def _without_points(attrs: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what a map needs not say: its values are those of the grid."""
    return {k: v for k, v in attrs.items() if k != "interpolation"}


def _hidden(layer: Layer | Difference, shown: xr.DataArray) -> NDArray[np.bool_] | None:
    """Return the cells that the mask leaves out; of a difference those within the error."""
    from ..products.difference import Difference

    if isinstance(layer, Difference):
        return layer.masked if layer.within else None
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


def _axes(shown: xr.DataArray, sheet: Sheet) -> tuple[NDArray, NDArray, Any]:
    """Return the axes, longitudes turned so that they lie on the sheet, and the columns' order."""
    lon, lat = shown["lon"].values.astype(float), shown["lat"].values.astype(float)
    middle = (sheet.box[0] + sheet.box[2]) / 2
    if lon.ndim == 1 and np.ptp(lon) + np.ptp(lon) / max(len(lon) - 1, 1) > 359:
        # All around the Earth: begin where the sheet begins.
        lon = lon + 360 * np.round((middle - lon) / 360)
        order = np.argsort(lon, kind="stable")
        return lon[order], lat, order
    return lon + 360 * np.round((middle - np.nanmean(lon)) / 360), lat, slice(None)


def _near(lon: NDArray, sheet: Sheet) -> NDArray:
    middle = (sheet.box[0] + sheet.box[2]) / 2
    return lon + 360 * np.round((middle - lon) / 360)


def _inside(shown: xr.DataArray, sheet: Sheet) -> NDArray:
    """Return the values that the sheet shows."""
    lon, lat, order = _axes(shown, sheet)
    x, y = sheet.points(*(np.meshgrid(lon, lat) if lon.ndim == 1 else (lon, lat)))
    west, south, east, north = sheet.view
    with np.errstate(invalid="ignore"):
        inside = (x >= west) & (x <= east) & (y >= south) & (y <= north)
        if sheet.round:
            inside &= np.hypot(x, y) <= east
    values = np.asarray(shown.values, float)[..., order]
    found = values[inside]
    return found if np.isfinite(found).any() else values.ravel()


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
