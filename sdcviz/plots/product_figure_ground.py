"""What lies under a map of a product: the projection that fits, land and shoreline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import BadRequest
from .figure import land_patch

__all__ = ["PROJECTIONS", "Sheet", "sheet_for"]

PROJECTIONS = ("auto", "mercator", "lambert", "platecarree", "arctic", "antarctic")
_WHERE = {"mercator": "Mercator", "lambert": "Lambert conformal", "platecarree": "Plate Carrée"}
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Sheet:
    """A projection and the part of it that a map shows.

    Attributes
    ----------
    crs : cartopy.crs.CRS
    name : str
        A word of `PROJECTIONS`.
    box : tuple of float
        West, south, east, north in degrees; west < east.
    view : tuple of float
        West, south, east, north in metres (degrees of Plate Carrée).
    """

    crs: Any
    name: str
    box: Box
    view: Box

    def points(self, lon: ArrayLike, lat: ArrayLike) -> tuple[NDArray, NDArray]:
        """Project degrees; NaN stays NaN."""
        lon, lat = np.broadcast_arrays(np.asarray(lon, float), np.asarray(lat, float))
        return _projected(self.crs, self.name, self.box, lon, lat)

    @property
    def aspect(self) -> float:
        """Height by width."""
        west, south, east, north = self.view
        return (north - south) / (east - west)

    def draw(self, ax: Any, wide: float) -> None:
        """Draw land, shoreline and lines of longitude and latitude, and cut to the view.

        Parameters
        ----------
        wide : float
            Width of the map in millimetres: a narrow one has room for few numbers.
        """
        from .product_figure_page import LAND

        west, south, east, north = self.view
        ax.set_xlim(west, east)
        ax.set_ylim(south, north)
        patch = land_patch(*self.points(*_land(self.box)), self.view)
        patch.set(edgecolor=LAND, linewidth=0.2, zorder=2.6)
        ax.add_patch(patch)
        ax.plot(*self.points(*_shore(self.box)), color="#6d675c", linewidth=0.35, zorder=2.7)
        grid = ax.gridlines(
            draw_labels=True, linewidth=0.3, color="#5b6675", alpha=0.35, x_inline=False,
            y_inline=False, rotate_labels=False, zorder=2.8,
        )  # fmt: skip
        if wide < 60:
            from cartopy.mpl.ticker import LongitudeLocator

            grid.xlocator = LongitudeLocator(nbins=max(2, int(wide / 13)))
        if self.round:
            from matplotlib.path import Path

            around = np.linspace(0, 2 * np.pi, 361)
            circle = np.column_stack([np.sin(around), np.cos(around)]) / 2 + 0.5
            ax.set_boundary(Path(circle), transform=ax.transAxes)
        else:
            grid.top_labels = grid.right_labels = False
        for style in (grid.xlabel_style, grid.ylabel_style):
            style.update(size=6.5, color="#222222")
        ax.spines["geo"].set_linewidth(0.6)

    @property
    def round(self) -> bool:
        """Whether it is a circle around a pole."""
        return self.polar and self.box[2] - self.box[0] > 300

    @property
    def polar(self) -> bool:
        """Whether a pole lies in the middle."""
        return self.name in ("arctic", "antarctic")


def sheet_for(box: Box, projection: str = "auto") -> Sheet:
    """Choose the projection that fits an area.

    Parameters
    ----------
    box : tuple of float
        West, south, east, north in degrees.
    projection : str
        A word of `PROJECTIONS`.

    Raises
    ------
    BadRequest
        There is no such projection, or it can't show the area.
    """
    if projection not in PROJECTIONS:
        raise BadRequest(
            f"There is no projection {projection!r}; choose one of {', '.join(PROJECTIONS)}."
        )
    box = _sound(box)
    name = _fitting(box) if projection == "auto" else projection
    if (name == "arctic" and box[3] < 30) or (name == "antarctic" and box[1] > -30):
        raise BadRequest(f"The area does not reach into the {name} projection; choose another one.")
    if name == "arctic":
        box = (box[0], max(box[1], 20.0), box[2], box[3])
    elif name == "antarctic":
        box = (box[0], box[1], box[2], min(box[3], -20.0))
    elif name == "mercator":
        box = (box[0], max(box[1], -85.0), box[2], min(box[3], 85.0))
    crs = _crs(name, box)
    west, south, east, north = box
    around = np.linspace(0, 1, 181)
    lon = np.concatenate(
        [west + around * (east - west)] * 2 + [np.full(181, west), np.full(181, east)]
    )
    lat = np.concatenate([
        np.full(181, south), np.full(181, north), *[south + around * (north - south)] * 2,
    ])  # fmt: skip
    x, y = _projected(crs, name, box, lon, lat)
    view = tuple(float(v) for v in (np.nanmin(x), np.nanmin(y), np.nanmax(x), np.nanmax(y)))
    return Sheet(crs, name, box, view)  # type: ignore[arg-type]


def _sound(box: Box) -> Box:
    west, south, east, north = (float(v) for v in box)
    if east < west:
        east += 360
    if not np.isfinite([west, south, east, north]).all() or south > north:
        raise BadRequest("The area of a map is west, south, east and north in degrees.")
    if east - west < 0.02:
        west, east = west - 0.01, east + 0.01
    if north - south < 0.02:
        south, north = south - 0.01, north + 0.01
    return west, max(south, -90.0), min(east, west + 360), min(north, 90.0)


def _fitting(box: Box) -> str:
    west, south, east, north = box
    if south >= 45 and (north > 80 or (north > 66 and east - west > 90)):
        return "arctic"
    if north <= -45 and (south < -80 or (south < -66 and east - west > 90)):
        return "antarctic"
    if east - west > 150 or (south < -20 and north > 20 and east - west > 60):
        return "platecarree"
    if (max(abs(south), abs(north)) > 55 and north - south > 8) or east - west > 70:
        return "lambert" if abs(south + north) / 2 > 20 else "platecarree"
    return "mercator"


def _crs(name: str, box: Box) -> Any:
    import cartopy.crs as ccrs

    west, south, east, north = box
    middle = (west + east) / 2
    if name == "arctic":
        return ccrs.NorthPolarStereo(0.0 if east - west > 180 else middle)
    if name == "antarctic":
        return ccrs.SouthPolarStereo(0.0 if east - west > 180 else middle)
    if name == "lambert":
        sixth = (north - south) / 6
        return ccrs.LambertConformal(
            middle, (south + north) / 2, standard_parallels=(south + sixth, north - sixth),
            cutoff=-80 if south + north > 0 else 80,
        )  # fmt: skip
    return (ccrs.Mercator if name == "mercator" else ccrs.PlateCarree)(middle)


def _projected(
    crs: Any, name: str, box: Box, lon: NDArray, lat: NDArray
) -> tuple[NDArray, NDArray]:
    import cartopy.crs as ccrs

    if name in ("mercator", "platecarree"):
        # By hand: what reaches beyond the date line shall not come back on the other side.
        east = lon - (box[0] + box[2]) / 2
        if name == "platecarree":
            return east, lat
        at = ccrs.Geodetic()
        y = crs.transform_points(
            at, np.full(lat.shape, (box[0] + box[2]) / 2), np.clip(lat, -85, 85)
        )
        unit = crs.transform_points(at, np.array([(box[0] + box[2]) / 2 + 1.0]), np.array([0.0]))
        return east * unit[0, 0], np.where(np.isnan(lat), np.nan, y[..., 1])
    if name == "lambert":
        lon = np.where(np.abs(lon - (box[0] + box[2]) / 2) < 179, lon, np.nan)
    made = crs.transform_points(ccrs.PlateCarree(), lon, lat)
    x, y = made[..., 0], made[..., 1]
    off = ~np.isfinite(x) | ~np.isfinite(y)
    return np.where(off, np.nan, x), np.where(off, np.nan, y)


def _wide(box: Box) -> Box:
    """Return the area with what corners of a map may show beside it."""
    west, south, east, north = box
    reach = max(20.0, (east - west) / 2)
    return west - reach, south - max(10.0, (north - south) / 2), east + reach, 90.0


def _land(box: Box) -> tuple[NDArray, NDArray]:
    """Return land around a box as rings in degrees separated by NaN, also beyond 180 degrees."""
    import shapely
    from shapely.affinity import translate

    from ..geo.coast import coast_shape

    shape = coast_shape(_resolution(box))
    west, south, east, north = _wide(box)
    if east - west > 360:
        west, east = box[0] - 1, box[2] + 1
    lon: list[NDArray] = []
    lat: list[NDArray] = []
    for turn in _turns(west, east):
        cut = shapely.clip_by_rect(translate(shape, turn), west, max(south, -90), east, north)
        for part in shapely.get_parts(cut):
            if part.geom_type != "Polygon":
                continue
            # Outlines anticlockwise and lakes clockwise: filled by winding number.
            part = shapely.geometry.polygon.orient(part)
            for ring in (part.exterior, *part.interiors):
                x, y = np.asarray(ring.coords).T
                lon += [x, np.array([np.nan])]
                lat += [y, np.array([np.nan])]
    if not lon:
        return np.full(1, np.nan), np.full(1, np.nan)
    return np.concatenate(lon)[:-1], np.concatenate(lat)[:-1]


def _shore(box: Box) -> tuple[NDArray, NDArray]:
    from ..geo.coast import coast_lines
    from ..geo.projection import inverse_mercator

    x, y = coast_lines("mercator", _resolution(box))
    lon, lat = inverse_mercator(np.asarray(x, float), np.asarray(y, float))
    lat = np.where(np.abs(lat) > 84.9, np.nan, lat)
    turns = _turns(box[0] - 40, box[2] + 40) if box[2] - box[0] < 280 else _turns(box[0], box[2])
    gap = np.full(1, np.nan)
    xs = [piece for k in turns for piece in (lon + k, gap)]
    return np.concatenate(xs), np.concatenate([p for _ in turns for p in (lat, gap)])


def _turns(west: float, east: float) -> list[int]:
    return [k for k in (-360, 0, 360, 720) if west < 180 + k and east > -180 + k]


def _resolution(box: Box) -> str:
    from ..geo.coast import resolution_for

    west, south, east, north = box
    span = max((east - west) * np.cos(np.radians((south + north) / 2)), north - south)
    return resolution_for(float(span) * 111_320, box)
