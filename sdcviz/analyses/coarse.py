"""A preview: one time and level of an analysis on a coarse grid, at once."""

from __future__ import annotations

import difflib
import time as clock
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, sqrt
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadRequest
from ..words import counted
from .grid import NO_FLOOR, axes_of, coast
from .model import Points, TimeSlice
from .plan import make_plan
from .recipe import Recipe
from .recipe_file import make_recipe
from .select import take
from .slices import analyse_level

__all__ = ["Preview", "choose_level", "choose_slice", "coarse_recipe", "look", "preview"]

_POINTS = 6000


@dataclass(frozen=True)
class Preview:
    """What a preview shows.

    Attributes
    ----------
    lon, lat : ndarray
        Axes in degrees.
    field, error : ndarray of float32, shape (nlon, nlat)
        NaN on land.
    time : str
        Label of the time slice.
    depth : float or None
        Level in metres.
    unit : str
    notes : dict
        Counts and misfits; see `SliceResult`.
    warnings : tuple of str
    seconds : float
    """

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    field: NDArray[np.float32]
    error: NDArray[np.float32]
    time: str
    depth: float | None
    unit: str
    notes: dict[str, Any]
    warnings: tuple[str, ...]
    seconds: float

    def document(self) -> dict[str, Any]:
        """Give it as JSON knows it; fields as lists by longitude, then latitude."""
        told = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {**told, "notes": {k: v for k, v in self.notes.items() if k != "warnings"}}

    def sentence(self) -> str:
        """Tell it in one sentence."""
        at = "" if self.depth is None else f" at {self.depth:g} m"
        sea = np.isfinite(self.field)
        low, high = float(self.field[sea].min()), float(self.field[sea].max())
        rmse = self.notes["rmse"]
        misfit = "" if rmse is None else f", rmse {rmse:.3g} {self.unit}"
        return (
            f"{self.time}{at}: {low:.4g} to {high:.4g} {self.unit} on {self.field.shape[0]} x "
            f"{self.field.shape[1]} points, {counted(self.notes['used'], 'observation')} "
            f"used{misfit}, {self.seconds:.2g} s."
        )


def preview(
    recipe: Recipe | Mapping[str, Any] | Path | str,
    *,
    time: str | int | None = None,
    level: float | None = None,
    points: Points | None = None,
) -> Preview:
    """Analyse one level of one time slice on a coarse grid.

    The level is analysed on its own, with the observations that are nearer to it than to the
    others, as anomalies from the background at their depths; the coast is that of the maps.

    Parameters
    ----------
    recipe : Recipe, mapping, or path of a recipe file
    time : str or int, optional
        Label of a time slice, or its number from 1; the first by default.
    level : float, optional
        Depth in metres: the nearest level; the first by default.
    points : Points, optional
        Observations instead of those of the recipe's collection.

    Returns
    -------
    Preview

    Raises
    ------
    BadRequest
        There is no such time, or nothing to analyse.
    """
    return look(recipe, time=time, level=level, points=points)[0]


def look(
    recipe: Recipe | Mapping[str, Any] | Path | str,
    *,
    time: str | int | None = None,
    level: float | None = None,
    points: Points | None = None,
) -> tuple[Preview, Points]:
    """Make a preview, and give the observations that it is made of; see `preview`."""
    begun = clock.monotonic()
    whole = make_recipe(recipe)
    number = choose_level(whole, level)
    plan = make_plan(coarse_recipe(whole), points, coast, only=lambda s: choose_slice(s, time))
    result = analyse_level(next(plan.tasks()), number)
    told = (*(w for w in plan.warnings if w != NO_FLOOR), *result.notes["warnings"])
    seen = Preview(
        plan.problem.lon,
        plan.problem.lat,
        result.field[..., 0],
        result.error[..., 0],
        plan.slices[0].label,
        whole.levels.depths[number] if whole.levels.depths else None,
        plan.meaning["unit"],
        result.notes,
        told,
        round(clock.monotonic() - begun, 3),
    )
    return seen, take(plan.points, result.rows[result.used])


def choose_level(recipe: Recipe, level: float | None) -> int:
    """Give the number of the level that is nearest to a depth; the first for None."""
    depths = recipe.levels.depths
    if level is None:
        return 0
    return min(range(len(depths)), key=lambda k: abs(depths[k] - level)) if depths else 0


def coarse_recipe(recipe: Recipe) -> Recipe:
    """Give the recipe on a grid that is coarse enough to be analysed at once."""
    lon, lat, _ = axes_of(recipe)
    factor = max(1, ceil(sqrt(len(lon) * len(lat) / _POINTS) * 4) / 4)
    across, along = recipe.domain.resolution
    domain = {"resolution": (across * factor, along * factor)}
    return recipe.model_copy(update={"domain": recipe.domain.model_copy(update=domain)})


def choose_slice(slices: tuple[TimeSlice, ...], wanted: str | int | None) -> int:
    """Find a time slice by its label or number."""
    labels = [one.label for one in slices]
    if wanted is None:
        return 0
    text = str(wanted).strip()
    if text.isdigit() and 1 <= int(text) <= len(labels):
        return int(text) - 1
    low = [label.lower() for label in labels]
    if text.lower() in low:
        return low.index(text.lower())
    near = difflib.get_close_matches(text.lower(), low, 1)
    hint = (
        f"did you mean {labels[low.index(near[0])]}?"
        if near
        else (f"there are {', '.join(labels[:12])}{', ...' if len(labels) > 12 else ''}.")
    )
    raise BadRequest(f"The recipe has no time {text!r}; {hint}")
