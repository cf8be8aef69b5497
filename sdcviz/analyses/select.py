"""The observations of an analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import BadRequest
from ..words import counted
from .model import Points
from .recipe import Recipe

if TYPE_CHECKING:
    from ..observations.collection import Collection
    from ..observations.selection import Selection

__all__ = [
    "columns_of",
    "eastwards",
    "identities_of",
    "make_points",
    "of_box",
    "select",
    "state_of",
    "take",
]


def select(collection: Collection, recipe: Recipe) -> Points:
    """Collect what a recipe analyses.

    A sample counts with a value of the parameter under one of the recipe's flags, a
    position in the box and a depth between first and last level. Flags are those of the journal;
    a depth, time or position flagged 3 or 4 counts for the sample.

    Parameters
    ----------
    collection : Collection
    recipe : Recipe

    Returns
    -------
    Points
        In the order of the collection; of all times that it has.

    Raises
    ------
    NotFound
        The collection does not have the parameter.
    BadRequest
        The parameter is text, or there is no observation.
    """
    info = collection.parameter(recipe.parameter)
    if info.kind == "text":
        raise BadRequest(f"{recipe.parameter} is text; an analysis needs numbers.")
    west, south, east, north = recipe.domain.box
    chosen = collection.where(
        box=(west, south, east, north),
        depth=recipe.levels.span,
        parameter=recipe.parameter,
        flags=recipe.flags,
    )
    chosen.mask  # noqa: B018 - first, so that later flags change nothing (see `Selection.mask`)
    samples = chosen.samples(recipe.parameter, present=True)
    station = samples["station"]
    rows, at = np.unique(station, return_inverse=True)
    points = Points(
        eastwards(np.asarray(samples["lon"], np.float64), west),
        np.asarray(samples["lat"], np.float64),
        _exact(samples["depth"]),
        np.asarray(samples["time"], "datetime64[ms]"),
        _exact(samples["value"]),
        identities_of(collection, rows)[at],
        _cruises(collection, rows)[at],
        collection.edmo[rows].astype(np.int32)[at],
    )
    points = take(points, ~np.isnat(points.time))
    if not len(points):
        raise BadRequest(_nothing(collection, recipe, chosen))
    return points


def columns_of(
    collection: Collection,
    recipe: Recipe,
    names: tuple[str, ...],
    flags: tuple[str, ...] | None = None,
    rows: NDArray[np.int64] | None = None,
) -> dict[str, Any]:
    """Collect columns of the samples that `select` takes, without their stations' names.

    Parameters
    ----------
    collection : Collection
    recipe : Recipe
    names : tuple of str
        "sample", "station", "lon", "lat", "depth", "time", "value".
    flags : tuple of str, optional
        Instead of those of the recipe; () is any.
    rows : ndarray of int64, optional
        Of these stations only, ascending.

    Returns
    -------
    dict of str to ndarray
    """
    given = recipe.flags if flags is None else flags
    chosen = collection.where(
        box=recipe.domain.box, depth=recipe.levels.span, parameter=recipe.parameter, flags=given
    )
    chosen.mask  # noqa: B018 - first, so that later flags change nothing (see `Selection.mask`)
    if rows is not None:
        chosen = chosen.part(np.flatnonzero(np.isin(chosen.rows, rows)))
    samples = chosen.samples(recipe.parameter, present=True)
    known = ~np.isnat(np.asarray(samples["time"], "datetime64[ms]"))
    found = {}
    for name in names:
        column = samples[name][known]
        if name in ("depth", "value"):
            column = _exact(column)
        elif name in ("lon", "lat"):
            column = np.asarray(column, np.float64)
        found[name] = column
    return found


def state_of(collection: Collection) -> dict[str, Any]:
    """Name what observations are chosen of, as a product keeps it.

    Parameters
    ----------
    collection : Collection

    Returns
    -------
    dict
        ``collection_id``, ``collection_snapshot``, ``journal_batch`` (last one that counts).
    """
    return {
        "collection_id": collection.id,
        "collection_snapshot": collection.snapshot,
        "journal_batch": collection.last_batch or 0,
    }


def _exact(column: NDArray[np.floating]) -> NDArray[np.float64]:
    """Give decimals as they were written: 4-byte numbers differ in the eighth digit."""
    from ..observations.kernels import restore

    if column.dtype == np.float32:
        return np.asarray(restore(np.ascontiguousarray(column)), np.float64)
    return np.asarray(column, np.float64)


def eastwards(lon: NDArray[np.float64], west: float) -> NDArray[np.float64]:
    """Count longitudes from the western edge, so that a box may cross the date line.

    Parameters
    ----------
    lon : ndarray
    west : float
    """
    return np.where(lon < west, lon + 360, np.where(lon >= west + 360, lon - 360, lon))


def identities_of(collection: Collection, rows: NDArray[np.int64]) -> NDArray[np.str_]:
    """Name stations as products do: "EDMO-LOCAL_CDI_ID", or their identity in the collection.

    Parameters
    ----------
    collection : Collection
    rows : ndarray of int64
    """
    local = (
        collection.text("local_cdi_id").take(rows).texts()
        if "local_cdi_id" in collection.text_names
        else [""] * len(rows)
    )
    edmo = collection.edmo[rows].tolist()
    return np.array(
        [
            f"{centre}-{name}" if name and centre > 0 else collection.station_id(row)
            for row, centre, name in zip(rows.tolist(), edmo, local, strict=True)
        ],
        np.str_,
    )


def _cruises(collection: Collection, rows: NDArray[np.int64]) -> NDArray[np.str_]:
    return np.array(collection.text("cruise").take(rows).texts(), np.str_)


def _nothing(collection: Collection, recipe: Recipe, chosen: Selection) -> str:
    """Say which condition leaves no observation."""
    west, south, east, north = recipe.domain.box
    low, high = recipe.levels.span
    anyhow = collection.where(box=(west, south, east, north), depth=(low, high))
    there = anyhow.samples(recipe.parameter, present=True).n
    where = f"in the box {west:g}, {south:g}, {east:g}, {north:g} from {low:g} m to {high:g} m"
    if there:
        return (
            f"None of the {counted(there, 'value')} of {recipe.parameter} {where} has one of the "
            f"flags {', '.join(recipe.flags)} and a time; choose other flags."
        )
    return f"There is no value of {recipe.parameter} {where}; look at box and levels."


def make_points(
    lon: ArrayLike,
    lat: ArrayLike,
    depth: ArrayLike,
    time: ArrayLike,
    value: ArrayLike,
    *,
    id: Any = None,
    cruise: Any = None,
    edmo: Any = None,
) -> Points:
    """Make the observations of an analysis of plain arrays.

    Parameters
    ----------
    lon, lat : array-like, shape (n,)
        Degrees east and north.
    depth : array-like, shape (n,)
        Metres, positive downwards.
    time : array-like of datetime64, shape (n,)
        UTC.
    value : array-like, shape (n,)
        NaN is left out.
    id, cruise : array-like of str, optional
        Number in the arrays, and nothing, where left out.
    edmo : array-like of int, optional

    Returns
    -------
    Points

    Raises
    ------
    BadRequest
        The arrays have different lengths, or values are infinite.
    """
    columns = [np.asarray(c, np.float64).ravel() for c in (lon, lat, depth, value)]
    times = np.asarray(time, "datetime64[ms]").ravel()
    n = len(columns[3])
    names = np.array([str(k) for k in range(n)]) if id is None else np.asarray(id, np.str_)
    ships = np.full(n, "") if cruise is None else np.asarray(cruise, np.str_)
    centres = np.zeros(n, np.int32) if edmo is None else np.asarray(edmo, np.int32)
    labelled = zip(
        ("lon", "lat", "depth", "value", "time", "id", "cruise", "edmo"),
        (*columns, times, names, ships, centres),
        strict=True,
    )
    for name, column in labelled:
        if column.shape != (n,):
            raise BadRequest(f"{name} has {len(column)} entries and value {n}; give as many.")
    if np.isinf(columns[3]).any():
        at = int(np.argmax(np.isinf(columns[3])))
        raise BadRequest(f"The value of observation {at} is infinite; make it NaN or remove it.")
    points = Points(columns[0], columns[1], columns[2], times, columns[3], names, ships, centres)
    whole = np.isfinite(np.stack(columns)).all(axis=0) & ~np.isnat(times)
    return take(points, whole)


def of_box(points: Points, recipe: Recipe) -> Points:
    """Keep the observations in the box and between first and last level of a recipe."""
    west, south, east, north = recipe.domain.box
    low, high = recipe.levels.span
    right = (points.lon >= west) & (points.lon < west + 360)
    # What is right already keeps its last digit.
    lon = np.where(right, points.lon, west + np.mod(points.lon - west, 360))
    width = np.mod(east - west, 360) or 360
    kept = (lon <= west + width) & (points.lat >= south) & (points.lat <= north)
    kept &= (points.depth >= low) & (points.depth <= high)
    moved = Points(
        lon, points.lat, points.depth, points.time, points.value, points.id, points.cruise,
        points.edmo,
    )  # fmt: skip
    return take(moved, kept)


def take(points: Points, chosen: NDArray) -> Points:
    """Keep some of the observations.

    Parameters
    ----------
    points : Points
    chosen : ndarray of bool, shape (n,), or of int
    """
    return Points(**{name: getattr(points, name)[chosen] for name in Points.__dataclass_fields__})
