"""From a recipe to the slices that are to be analysed."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import __version__, divand
from ..errors import BadRequest
from ..geo.land import on_land
from ..words import counted
from .background import mean_profile
from .grid import make_grid
from .model import Axes, Points, TimeSlice
from .parameters import with_lengths
from .periods import inside, time_slices
from .problem import Problem, SliceTask
from .recipe import Recipe
from .select import of_box, select, state_of, take
from .settling import make_problem, too_short
from .solving import values_at_sea

__all__ = ["Plan", "by_slice", "make_plan"]

_DAY = 86_400_000  # milliseconds
_VERSION = 2  # of what is kept: raise it when the same recipe gives something else


@dataclass(frozen=True)
class Plan:
    """A run, ready to start.

    Attributes
    ----------
    recipe : Recipe
    problem : Problem
    points : Points
        Observations in the box, between the levels and of any slice.
    slices : tuple of TimeSlice
    rows : tuple of ndarray of int64
        Rows of the observations of each slice.
    warnings : tuple of str
    meaning : dict of str to str
        What the collection tells of the parameter: label, unit, p01, p06.
    state : dict
        Which collection, and which of its flags, the observations were chosen by: what `metadata`
        writes into the product.
    """

    recipe: Recipe
    problem: Problem
    points: Points
    slices: tuple[TimeSlice, ...]
    rows: tuple[NDArray[np.int64], ...]
    warnings: tuple[str, ...]
    meaning: dict[str, str]
    state: dict[str, Any] = field(default_factory=dict)

    @property
    def axes(self) -> Axes:
        """The grid of the product."""
        return Axes(self.problem.lon, self.problem.lat, self.problem.depth, self.slices)

    @property
    def mask(self) -> NDArray[np.bool_]:
        """Sea points, shape (nlon, nlat, ndepth or 1)."""
        return self.problem.mask.reshape(self.problem.shape)

    @cached_property
    def key(self) -> str:
        """Hash of all that decides the numbers."""
        whole = hashlib.sha256(f"{_VERSION} {__version__} {self.problem.digest()}".encode())
        whole.update(json.dumps(self.recipe.science(), sort_keys=True).encode())
        for one, rows in zip(self.slices, self.rows, strict=True):
            whole.update(repr(one).encode() + rows.tobytes())
        for name in ("lon", "lat", "depth", "value"):
            whole.update(getattr(self.points, name).tobytes())
        for path in (self.recipe.background.file,):
            if path is not None:
                with open(path, "rb") as file:
                    whole.update(hashlib.file_digest(file, "sha256").digest())
        return whole.hexdigest()

    def tasks(self, numbers: list[int] | None = None) -> Iterator[SliceTask]:
        """Give the slices to analyse, one after another.

        Parameters
        ----------
        numbers : list of int, optional
            Only these.
        """
        product = self._product()
        for number in range(len(self.slices)) if numbers is None else numbers:
            rows = self.rows[number]
            lon, lat, depth, value = (
                getattr(self.points, name)[rows] for name in ("lon", "lat", "depth", "value")
            )
            yield SliceTask(
                self.problem,
                number,
                self.slices[number].label,
                rows,
                lon,
                lat,
                depth,
                value,
                self.points.time[rows].astype(np.int64) / _DAY,
                None if product is None else product(self.slices[number]),
                self._fallback,
            )

    @cached_property
    def _fallback(self) -> NDArray[np.float64] | None:
        """Profile of all observations together, for slices that have none."""
        problem, points = self.problem, self.points
        if problem.background not in ("mean", "profile"):
            return None
        places = (points.lon, points.lat, points.depth)[: problem.mask.ndim]
        value = values_at_sea(problem, places, points.value)
        if all(np.isfinite(value[rows]).any() for rows in self.rows):
            return None
        return mean_profile(problem, points.depth, value, np.ones(len(value)))

    def _product(self) -> Any:
        background = self.recipe.background
        if background.method != "product":
            return None
        from .product_background import ProductBackground

        assert background.file is not None
        return ProductBackground(
            background.file, background.variable or "", self.recipe.parameter, self.problem
        )


def make_plan(
    recipe: Recipe,
    points: Points | None = None,
    land: Any = on_land,
    only: Callable[[tuple[TimeSlice, ...]], int] | None = None,
) -> Plan:
    """Choose the observations, make the grid and list the slices.

    Parameters
    ----------
    recipe : Recipe
    points : Points, optional
        Instead of those of the recipe's collection.
    land : callable, optional
        See `make_grid`.
    only : callable, optional
        Chooses one slice by its number.

    Returns
    -------
    Plan

    Raises
    ------
    BadRequest
        The recipe does not fit the observations or the grid.
    NotFound
        There is no such collection or parameter.
    """
    meaning: dict[str, str] = {"label": recipe.parameter, "unit": "", "p01": "", "p06": ""}
    state: dict[str, Any] = {}
    if points is not None:
        chosen = of_box(points, recipe)
        if not len(chosen):
            raise BadRequest(
                f"None of the {counted(len(points), 'observation')} is in the recipe's box and "
                "between its levels."
            )
    elif recipe.collection is None:
        raise BadRequest("The recipe names no collection: add a line 'collection: FOLDER'.")
    else:
        from ..observations import open_collection

        opened = open_collection(recipe.collection)
        chosen = select(opened, recipe)
        info = opened.parameter(recipe.parameter)
        meaning = {name: getattr(info, name) for name in meaning}
        state = state_of(opened)
    years = chosen.time.astype("datetime64[Y]").astype(int) + 1970
    slices = time_slices(recipe.time, (int(years.min()), int(years.max())))
    if only is not None:
        number = only(slices)
        slices = slices[number : number + 1]
    chosen, rows = by_slice(chosen, slices)
    if not len(chosen):
        raise BadRequest(
            f"No observation is of the recipe's time; there are some from {years.min()} to "
            f"{years.max()}."
        )
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always", divand.DivandWarning)
        problem = make_problem(recipe, make_grid(recipe, land))
        problem = with_lengths(recipe, problem, chosen, rows)
    told = [str(w.message) for w in heard] + list(too_short(problem))
    return Plan(recipe, problem, chosen, slices, rows, tuple(told), meaning, state)


def by_slice(
    points: Points, slices: tuple[TimeSlice, ...]
) -> tuple[Points, tuple[NDArray[np.int64], ...]]:
    """Drop observations of no slice, and tell the rows of each.

    Parameters
    ----------
    points : Points
    slices : tuple of TimeSlice

    Returns
    -------
    points : Points
    rows : tuple of ndarray of int64
    """
    members = [inside(one, points.time) for one in slices]
    wanted = np.zeros(len(points), bool)
    for member in members:
        wanted |= member
    row = np.cumsum(wanted) - 1
    return take(points, wanted), tuple(row[member] for member in members)
