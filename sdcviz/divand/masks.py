"""Edits of a mask: keep one basin, set polygons to sea or land."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from .errors import DivandError, DivandWarning
from .grid import Array, cyclic_lengths
from .sphere import axis_of, great_circle

__all__ = ["MaskEdit", "edit_mask", "keep_basin", "label_basins"]

Mask = NDArray[np.bool_]


def label_basins(mask: ArrayLike, moddim: ArrayLike | None = None) -> NDArray[np.int64]:
    """Give numbers to the basins of a mask: sea that is connected as the analysis sees it.

    Parameters
    ----------
    mask : array of bool
        Sea points in any number of dimensions.
    moddim : sequence of float, optional
        Periods of cyclic dimensions, 0 for the others.

    Returns
    -------
    ndarray of int, shape of the mask
        0 on land, 1 in the largest basin, 2 in the next.
    """
    mask = np.asarray(mask, bool)
    from scipy import ndimage

    label, count = ndimage.label(mask)
    periods = cyclic_lengths(moddim, mask.ndim)
    pairs = [np.empty((0, 2), np.int64)]
    for k, period in enumerate(periods):
        if period:
            first, last = np.take(label, 0, k), np.take(label, -1, k)
            both = (first > 0) & (last > 0)
            pairs.append(np.stack([first[both], last[both]], axis=1))
    a, b = np.concatenate(pairs).T
    graph = sparse.coo_array((np.ones(a.size), (a, b)), shape=(count + 1, count + 1))
    _, joined = sparse.csgraph.connected_components(graph, directed=False)
    basin = joined[label]
    sizes = np.bincount(basin[mask], minlength=int(joined.max()) + 1)
    rank = np.empty(sizes.size, np.int64)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(1, sizes.size + 1)
    return np.where(mask, rank[basin], 0)


def keep_basin(
    mask: ArrayLike,
    axes: Sequence[ArrayLike],
    lon: float,
    lat: float,
    *,
    moddim: ArrayLike | None = None,
) -> Mask:
    """Keep the basin around a point; all other sea becomes land.

    Parameters
    ----------
    mask : array of bool
        Sea points, longitude and latitude first.
    axes : sequence of array-like
        Longitudes and latitudes of the grid; further entries are not used.
    lon, lat : float
        A point in the basin, in degrees. What is connected to the sea at any depth below it is
        kept.
    moddim : sequence of float, optional
        Periods of cyclic dimensions, 0 for the others.

    Returns
    -------
    ndarray of bool

    Raises
    ------
    DivandError
        The grid point nearest to it is land, or it lies outside the grid.
    """
    mask = np.asarray(mask, bool)
    x, y = axis_of(axes[0], "longitude of the grid"), axis_of(axes[1], "latitude of the grid")
    i, j = _nearest(x, y, lon, lat)
    label = label_basins(mask, moddim)
    here = np.unique(label[i, j])
    here = here[here > 0]
    if not here.size:
        raise DivandError(
            f"The point {lon:g} E, {lat:g} N is on land; {_closest(mask, x, y, i, j)}"
        )
    return np.asarray(np.isin(label, here))


def _nearest(x: Array, y: Array, lon: float, lat: float) -> tuple[int, int]:
    apart = np.abs(np.mod(x - lon + 180, 360) - 180)
    i, j = int(np.argmin(apart)), int(np.argmin(np.abs(y - lat)))
    for off, axis in ((apart[i], x), (abs(y[j] - lat), y)):
        step = np.abs(np.diff(axis)).max() if axis.size > 1 else np.inf
        if not off <= step:
            raise DivandError(
                f"The point {lon:g} E, {lat:g} N lies outside the grid, which goes from {x[0]:g} "
                f"to {x[-1]:g} E and from {y[0]:g} to {y[-1]:g} N."
            )
    return i, j


def _closest(mask: Mask, x: Array, y: Array, i: int, j: int) -> str:
    """Tell the nearest sea point."""
    flat = mask.reshape(x.size, y.size, -1).any(axis=-1)
    if not flat.any():
        return "the whole mask is."
    p, q = np.nonzero(flat)
    best = int(np.argmin(great_circle(x[i], y[j], x[p], y[q])))
    return f"choose a point at sea, the nearest is {x[p[best]]:g} E, {y[q[best]]:g} N."


@dataclass(frozen=True)
class MaskEdit:
    """A polygon that is set to sea or land.

    Attributes
    ----------
    polygon : sequence of (longitude, latitude), or a shape of the package shapely
        Corners in degrees, in any turn; points on its edge are inside.
    to : {"sea", "land"}
    depth : (float, float), optional
        Only levels from the first to the second depth, both included; all if left out.
    """

    polygon: Any
    to: Literal["sea", "land"] = "land"
    depth: tuple[float, float] | None = None


def edit_mask(mask: ArrayLike, axes: Sequence[ArrayLike], edits: Sequence[MaskEdit]) -> Mask:
    """Set the points inside polygons to sea or land.

    Parameters
    ----------
    mask : array of bool
        Sea points; longitude, latitude and, if there are any, depth first.
    axes : sequence of array-like
        Coordinates of the grid in the same order.
    edits : sequence of MaskEdit
        Done one after another.

    Returns
    -------
    ndarray of bool
        A new mask.

    Raises
    ------
    DivandError
        A polygon crosses itself or has fewer than three corners, or limits of depth don't fit.

    Warns
    -----
    DivandWarning
        No point of the grid lies inside a polygon.
    """
    edited = np.array(mask, bool)
    x, y = axis_of(axes[0], "longitude of the grid"), axis_of(axes[1], "latitude of the grid")
    for number, edit in enumerate(edits):
        if edit.to not in ("sea", "land"):
            raise DivandError(f"Mask edit {number} sets to {edit.to!r}; choose 'sea' or 'land'.")
        inside = _inside(_shape(edit.polygon, number), x, y)
        inside = inside.reshape(inside.shape + (1,) * (edited.ndim - 2))
        if edit.depth is not None:
            inside = inside & _levels(edit.depth, axes, edited.ndim, number)
        if not inside.any():
            warnings.warn(
                f"Mask edit {number} changes nothing: no point of the grid lies inside it.",
                DivandWarning,
                stacklevel=2,
            )
        edited[np.broadcast_to(inside, edited.shape)] = edit.to == "sea"
    return edited


def _shape(polygon: Any, number: int) -> Any:
    import shapely

    if not isinstance(polygon, shapely.Geometry):
        corners = np.asarray(polygon, np.float64)
        if corners.ndim != 2 or corners.shape[1] != 2 or len(corners) < 3:
            raise DivandError(
                f"The polygon of mask edit {number} has the shape {corners.shape}; give at least "
                "three pairs of longitude and latitude."
            )
        if not np.isfinite(corners).all():
            raise DivandError(f"The polygon of mask edit {number} has a corner that is not finite.")
        polygon = shapely.Polygon(corners)
    if not polygon.is_valid:
        raise DivandError(
            f"The polygon of mask edit {number} can't be used: "
            f"{shapely.is_valid_reason(polygon)}; order its corners along its edge."
        )
    return polygon


def _inside(shape: Any, x: Array, y: Array) -> Mask:
    """Tell which points of the grid a shape covers, in whichever turn it was drawn."""
    import shapely

    shapely.prepare(shape)
    west, _, east, _ = shape.bounds
    first, last = np.floor((west - x.max()) / 360), np.ceil((east - x.min()) / 360)
    inside = np.zeros((x.size, y.size), bool)
    for turn in np.arange(first, last + 1):
        inside |= shapely.intersects_xy(shape, x[:, None] + 360 * turn, y)
    return inside


def _levels(depth: tuple[float, float], axes: Sequence[ArrayLike], ndim: int, number: int) -> Mask:
    if ndim < 3 or len(axes) < 3:
        raise DivandError(
            f"Mask edit {number} has limits of depth, but the mask has no depth; leave them out."
        )
    low, high = depth
    if not low <= high:
        raise DivandError(
            f"Mask edit {number} goes from the depth {low:g} to {high:g}; give the smaller first."
        )
    levels = axis_of(axes[2], "depth of the grid")
    chosen = (levels >= low) & (levels <= high)
    return chosen.reshape((1, 1, -1) + (1,) * (ndim - 3))
