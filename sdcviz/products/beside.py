"""The observations that belong beside an extraction: in a map's window, near a place or a line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..storage import written_whole
from .asked import Asked
from .collocation import samples_of
from .near import in_area, near_line, near_place
from .window import in_depth, in_time, window_words

if TYPE_CHECKING:
    import pandas as pd

    from .grid import Grid
    from .product import Product

__all__ = ["Beside", "columns_of", "counts_per_cell", "observations_beside"]

_COLUMNS = ("lon", "lat", "depth", "time", "value")
_WATER = ("temperature", "salinity")


@dataclass(frozen=True)
class Beside:
    """Observations beside an extraction.

    Attributes
    ----------
    columns : dict of str to ndarray
        ``lon``, ``lat``, ``depth``, ``time``, ``value``; near a line also ``distance`` (along it)
        and near it or a place ``km`` (how far away); of a T-S diagram ``temperature`` and
        ``salinity``, of residuals ``residual``.
    words : str
        Where and when they were made: "50 km, July of any year".
    """

    columns: dict[str, NDArray[Any]]
    words: str

    def __len__(self) -> int:
        return len(self.columns["value"])

    def table(self) -> pd.DataFrame:
        """Return them as a table."""
        import pandas as pd

        return pd.DataFrame(self.columns)

    def write(self, path: Path, title: str) -> Path:
        """Write them as CSV, with lines of comment that say what they are.

        Raises
        ------
        StorageError
            It can't be written.
        """
        from .. import __version__

        with (
            written_whole(path) as beside,
            open(beside, "w", encoding="utf-8", newline="") as file,
        ):
            file.write(f"# {' '.join(title.split())}; within {self.words}\n")
            file.write(f"# sdcviz {__version__}\n")
            self.table().to_csv(
                file, index=False, date_format="%Y-%m-%dT%H:%M:%S", lineterminator="\n"
            )
        return path


def observations_beside(
    product: Product,
    asked: Asked,
    observations: Any,
    *,
    window: tuple[float, float] = (0.0, 0.0),
    around: float = 50.0,
    parameter: str = "",
    residuals: bool = False,
) -> Beside:
    """Find the observations that belong beside what was asked for.

    Parameters
    ----------
    product : Product
    asked : Asked
    observations : Selection, Collection or mapping
        See `Product.at`.
    window : (float, float)
        Half of it: metres and days; see `sdcviz.products.window.in_window`.
    around : float
        Kilometres around a place or a line.
    parameter : str
        Of the collection; what the field measures if empty.
    residuals : bool
        Of a map: with observation minus product at its place, depth and time; what has none is
        left out.
    """
    held = columns_of(product, asked, observations, parameter)
    grid = product.grid(asked.variable)
    rows = np.flatnonzero(np.isfinite(held["value"].astype(float)))
    told: list[str] = []
    more: dict[str, NDArray[Any]] = {}
    if asked.kind != "map":
        rows, told, more = _near(asked, held, rows, around)
    of_time = asked.kind in ("map", "profile", "section", "census") or asked.time is not None
    of_depth = asked.kind in ("map", "timeseries")
    keep = np.ones(len(rows), bool)
    if of_depth:
        keep &= in_depth(grid, held["depth"][rows].astype(float), asked.depth, window[0])
    if of_time and grid.has_time:
        keep &= in_time(grid.times, held["time"][rows], grid.times.find(asked.time), window[1])
    words = window_words(product, asked.variable, asked.depth, asked.time, window).split(", ")
    # The words of depth come first where there is a depth at all.
    told += words[:1] if of_depth and grid.has_depth else []
    told += words[1 if grid.has_depth else 0 :] if of_time else []
    columns = {n: v[rows][keep] for n, v in held.items()}
    columns |= {n: v[keep] for n, v in more.items()}
    if residuals and asked.kind == "map":
        columns = _with_residuals(product, asked, columns)
    return Beside(columns, ", ".join(told))


def counts_per_cell(
    grid: Grid, lon: NDArray[np.floating], lat: NDArray[np.floating]
) -> NDArray[np.int64]:
    """Count places by cell of a grid, as (lat, lon)."""
    from .places import find_cells

    ny, nx = grid.shape[2:]
    known = np.isfinite(lon) & np.isfinite(lat)
    cells = find_cells(grid, lon[known], lat[known], "nearest")
    at = (cells.row * nx + cells.column)[cells.inside]
    return np.bincount(at, minlength=ny * nx)[: ny * nx].reshape(ny, nx)


def columns_of(
    product: Product, asked: Asked, observations: Any, parameter: str
) -> dict[str, NDArray[Any]]:
    """Take all observations that there are to choose from, as columns; see `Beside`.

    There are none where a collection has not what the field measures.
    """
    if asked.kind != "ts":
        samples = samples_of(product, observations, asked.variable, parameter)
        there = "value" in samples
        return {n: np.asarray(samples[n]) if there else _nothing(n) for n in _COLUMNS}
    if hasattr(observations, "n_stations") and hasattr(observations, "parameters"):
        observations = observations.where()  # a collection
    names = (*_COLUMNS, *_WATER)
    if callable(getattr(observations, "samples", None)):
        if not set(_WATER) <= set(observations.collection.keys):
            return {n: _nothing(n) for n in names}
        observations = observations.samples(*_WATER, present=True)
    held = {n: np.asarray(observations[n]) for n in names if n != "value"}
    both = np.isfinite(held["temperature"].astype(float) + held["salinity"].astype(float))
    held["value"] = np.where(both, held["temperature"], np.nan)
    return held


def _nothing(name: str) -> NDArray[Any]:
    return np.empty(0, "datetime64[ms]" if name == "time" else float)


def _with_residuals(
    product: Product, asked: Asked, columns: dict[str, NDArray[Any]]
) -> dict[str, NDArray[Any]]:
    if not len(columns["value"]):
        return columns | {"residual": np.empty(0)}
    places = {n: columns[n] for n in _COLUMNS}
    at = product.at(places, variable=asked.variable, mask=asked.mask)
    columns = columns | {"residual": at["residual"].values}
    known = np.isfinite(columns["residual"])
    return {n: v[known] for n, v in columns.items()}


def _near(
    asked: Asked, held: dict[str, NDArray[Any]], rows: NDArray[np.int64], around: float
) -> tuple[NDArray[np.int64], list[str], dict[str, NDArray[Any]]]:
    lon, lat = held["lon"][rows], held["lat"][rows]
    if asked.line is not None:
        from .lines import corners_of_line

        near = near_line(corners_of_line(asked.line).tolist(), lon, lat, around)
        more = {"distance": near.along, "km": near.km}
        return rows[near.rows], [f"{around:g} km of the line"], more
    if asked.area is not None:
        return rows[in_area(asked.area, lon, lat)], ["the area"], {}
    x, y = asked.place or (None, None)
    if x is None or y is None:
        return rows[:0], [], {}
    near = near_place((x, y), lon, lat, around)
    return rows[near.rows], [f"{around:g} km"], {"km": near.km}
