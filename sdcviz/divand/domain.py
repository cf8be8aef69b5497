"""The domain of an analysis: grid, sea points and metric."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .bathymetry import Bathymetry
from .bathymetry_file import read_bathymetry
from .errors import DivandError, DivandWarning
from .grid import Array, booleans, fields, resolution
from .masks import MaskEdit, edit_mask, keep_basin
from .sphere import axis_of, closes, sphere_metric

__all__ = ["Domain", "make_domain"]

ZLevel = Literal["surface", "floor"]
Land = Callable[[Array, Array], ArrayLike]
_EPOCH = np.datetime64("1900-01-01")


@dataclass(frozen=True)
class Domain:
    """Where an analysis takes place.

    Attributes
    ----------
    mask : ndarray of bool
        Sea points, indices in the order longitude, latitude, depth, time (of which depth and
        time may be missing).
    pmn : tuple of ndarray
        Inverse resolution along each dimension: per metre along the first three, in the unit of
        the axis along time. Views of the mask's shape, read-only.
    xi : tuple of ndarray
        Coordinates. Views of the mask's shape, read-only.
    axes : dict of str to ndarray
        Coordinates of "lon", "lat" and, if there are any, "depth" (metres, positive downwards;
        above the floor with ``zlevel="floor"``) and "time".
    moddim : tuple of float
        Periods of cyclic dimensions, 0 for the others.
    floor : ndarray, shape (nlon, nlat), or None
        Depth of the sea floor in metres, positive below sea level, if there is a bathymetry.
    zlevel : {"surface", "floor"}
        Whether depth is counted from the surface or height from the floor.
    about : str
        Where the sea points come from.
    """

    mask: NDArray[np.bool_]
    pmn: tuple[Array, ...]
    xi: tuple[Array, ...]
    axes: dict[str, Array]
    moddim: tuple[float, ...]
    floor: Array | None = None
    zlevel: ZLevel = "surface"
    about: str = ""

    @property
    def shape(self) -> tuple[int, ...]:
        """Points along each dimension."""
        return self.mask.shape

    @property
    def size(self) -> int:
        """Sea points."""
        return int(np.count_nonzero(self.mask))

    def with_mask(self, mask: ArrayLike) -> Domain:
        """Give the same grid with other sea points, of the grid's shape or (nlon, nlat)."""
        return dataclasses.replace(self, mask=_checked(mask, self.shape))

    def keep_basin(self, lon: float, lat: float) -> Domain:
        """Give the same grid with the basin around a point only (`sdcviz.divand.keep_basin`)."""
        kept = keep_basin(self.mask, list(self.axes.values()), lon, lat, moddim=self.moddim)
        return dataclasses.replace(self, mask=kept)

    def edited(self, edits: Sequence[MaskEdit]) -> Domain:
        """Give the same grid with polygons set to sea or land (`sdcviz.divand.edit_mask`)."""
        depth = self.axes.get("depth")
        axes = [self.axes["lon"], self.axes["lat"], *([] if depth is None else [depth])]
        return dataclasses.replace(self, mask=edit_mask(self.mask, axes, edits))


def make_domain(
    lon: ArrayLike,
    lat: ArrayLike,
    depth: ArrayLike | None = None,
    time: ArrayLike | None = None,
    *,
    bathymetry: Bathymetry | str | Path | None = None,
    land: Land | ArrayLike | None = None,
    mask: ArrayLike | None = None,
    zlevel: ZLevel = "surface",
    cyclic: bool | None = None,
    time_period: float = 0.0,
    edits: Sequence[MaskEdit] = (),
    basin: tuple[float, float] | None = None,
    **reading: Any,
) -> Domain:
    """Make grid, sea points and metric of an analysis on the sphere.

    Parameters
    ----------
    lon, lat : array-like
        Degrees, increasing or decreasing; longitudes in any turn.
    depth : array-like, optional
        Metres, positive downwards, in any spacing.
    time : array-like, optional
        Numbers in any unit, or datetime64, which becomes days since 1900-01-01.
    bathymetry : Bathymetry or path of a NetCDF file, optional
        Sea is where it is deeper than the level (`Bathymetry.sea`).
    land : callable or array of bool, optional
        ``land(lon, lat)`` tells for arrays of longitudes and latitudes, or an array of the shape
        (nlon, nlat) says, what is land at all depths; also beside a bathymetry.
    mask : array of bool, optional
        Sea points, of the grid's shape or (nlon, nlat), instead of both.
    zlevel : {"surface", "floor"}
        With "floor", `depth` is the height above the sea floor, and sea is where the floor lies
        deeper than that.
    cyclic : bool, optional
        Whether the last longitude is beside the first; recognised from them if left out.
    time_period : float
        The time axis closes after this much (12 for months of a climatology); 0 means not.
    edits : sequence of MaskEdit
        Polygons set to sea or land.
    basin : (float, float), optional
        Longitude and latitude of a point; only the sea connected to it is kept, after the edits.
    **reading
        For `read_bathymetry`: variable, positive, missing.

    Returns
    -------
    Domain

    Raises
    ------
    DivandError
        Axes, bathymetry or mask can't be used, or all is land.

    Warns
    -----
    DivandWarning
        A dimension has a single point, so that a correlation length along it has no effect.

    Examples
    --------
    >>> domain = make_domain(range(0, 10), range(40, 45), land=lambda x, y: x < 2)
    >>> domain.mask.sum()
    np.int64(40)
    """
    if zlevel not in ("surface", "floor"):
        raise DivandError(f"zlevel is {zlevel!r}; choose 'surface' or 'floor'.")
    axes = _axes(lon, lat, depth, time)
    shape = tuple(axis.size for axis in axes.values())
    turn = _period(axes["lon"], cyclic)
    period = {"lon": turn, "time": float(time_period)}
    moddim = tuple(period.get(name, 0.0) for name in axes)
    if isinstance(bathymetry, (str, Path)):
        bathymetry = read_bathymetry(bathymetry, axes["lon"], axes["lat"], **reading)
    elif reading:
        raise DivandError(f"{', '.join(reading)} can only be given with the path of a bathymetry.")
    sea, about = _sea(axes, shape, bathymetry, land, mask, zlevel)
    pm, pn = sphere_metric(axes["lon"], axes["lat"], cyclic=bool(turn))
    spread = (...,) + (None,) * (len(shape) - 2)
    spacing = [pm[spread], pn[spread]]
    spacing += [
        1 / resolution(axis, period.get(name, 0.0)) for name, axis in list(axes.items())[2:]
    ]
    domain = Domain(
        sea,
        fields(spacing, shape, "metric"),
        fields(list(axes.values()), shape, "axes"),
        axes,
        moddim,
        None if bathymetry is None else bathymetry.on(axes["lon"], axes["lat"]),
        zlevel,
        about,
    )
    _warn_of_single(axes)
    if not sea.any() and not edits:
        raise DivandError(
            f"All of the grid is land ({about}); look at its place{_sign(bathymetry)}."
        )
    domain = domain.edited(edits) if edits else domain
    domain = domain.keep_basin(*basin) if basin is not None else domain
    if not domain.mask.any():
        raise DivandError("All of the grid is land after the edits of the mask.")
    return domain


def _axes(
    lon: ArrayLike, lat: ArrayLike, depth: ArrayLike | None, time: ArrayLike | None
) -> dict[str, Array]:
    axes = {
        "lon": axis_of(lon, "longitude of the grid"),
        "lat": axis_of(lat, "latitude of the grid"),
    }
    if depth is not None:
        axes["depth"] = axis_of(depth, "depth of the grid")
        if axes["depth"].min() < 0 and axes["depth"].max() <= 0:
            raise DivandError("The depths of the grid are negative; give them positive downwards.")
    if time is not None:
        time = np.asarray(time)
        if np.issubdtype(time.dtype, np.datetime64):
            time = (time - _EPOCH) / np.timedelta64(1, "D")
        axes["time"] = axis_of(time, "time of the grid")
    return axes


def _period(lon: Array, cyclic: bool | None) -> float:
    """Give 360 for a grid that goes round the Earth, 0 for another."""
    span = abs(lon[-1] - lon[0])
    if span >= 360 - 1e-6 * 360:
        raise DivandError(
            f"The longitudes of the grid go from {lon[0]:g} to {lon[-1]:g}: the last lies on or "
            "behind the first; leave out what is there twice."
        )
    return 360.0 if (closes(lon) if cyclic is None else cyclic) else 0.0


def _sea(
    axes: dict[str, Array],
    shape: tuple[int, ...],
    bathymetry: Bathymetry | None,
    land: Land | ArrayLike | None,
    mask: ArrayLike | None,
    zlevel: ZLevel,
) -> tuple[NDArray[np.bool_], str]:
    """Make the sea points, and tell where they come from."""
    lon, lat = axes["lon"], axes["lat"]
    if mask is not None:
        if bathymetry is not None or land is not None:
            raise DivandError("There is a mask and also a bathymetry or land; give either.")
        return _checked(mask, shape).copy(), "the mask given"
    if zlevel == "floor" and (bathymetry is None or "depth" not in axes):
        raise DivandError("Heights above the floor need a bathymetry and depth; give both.")
    sea, about = np.ones(shape, bool), []
    if bathymetry is not None:
        levels = axes.get("depth", np.zeros(1))
        if zlevel == "floor":
            deep = bathymetry.on(lon, lat)[..., None] > levels
        else:
            deep = bathymetry.sea(lon, lat, levels)
        deep = deep if "depth" in axes else deep[..., 0]
        sea &= deep[(...,) + (None,) * (len(shape) - deep.ndim)]
        about.append(bathymetry.about or "the bathymetry given")
    if land is not None:
        there = land(*np.meshgrid(lon, lat, indexing="ij")) if callable(land) else land
        sea &= ~_checked(there, shape, "land")
        about.append("the land given")
    return sea, " and ".join(about) or "no land"


def _checked(mask: ArrayLike, shape: tuple[int, ...], name: str = "mask") -> NDArray[np.bool_]:
    """Bring a mask to the shape of the grid."""
    given = booleans(mask, name)
    if given.shape == shape[:2]:
        given = given.reshape(given.shape + (1,) * (len(shape) - 2))
    elif given.shape != shape:
        raise DivandError(
            f"The {name} has the shape {given.shape} and the grid {shape}; "
            "give it (longitude, latitude) first."
        )
    return np.array(np.broadcast_to(given, shape))


def _warn_of_single(axes: dict[str, Array]) -> None:
    for name, axis in axes.items():
        if axis.size == 1:
            warnings.warn(
                f"The grid has one {name} only: a correlation length along it has no effect.",
                DivandWarning,
                stacklevel=3,
            )


def _sign(bathymetry: Bathymetry | None) -> str:
    return "" if bathymetry is None else ", or give positive if the sign is wrong"
