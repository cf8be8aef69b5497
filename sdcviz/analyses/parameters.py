"""Parameters of an analysis that are found from the observations."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import divand
from ..errors import BadRequest
from ..words import counted
from .background import at_places, mean_profile
from .model import Points
from .problem import Problem
from .quantities import FIT
from .recipe import Recipe
from .solving import values_at_sea

__all__ = ["Fit", "fit_lengths", "with_lengths"]

Array = NDArray[np.float64]


def with_lengths(
    recipe: Recipe, problem: Problem, points: Points, rows: Sequence[NDArray[np.int64]]
) -> Problem:
    """Find the correlation lengths that the recipe asks to be found.

    Each time slice is fitted by itself, as anomalies from its mean profile; the length of a
    level is the median of the slices, so that all of them have the same norm.

    Parameters
    ----------
    recipe : Recipe
    problem : Problem
    points : Points
    rows : sequence of ndarray of int64
        Observations of each slice.

    Returns
    -------
    Problem

    Raises
    ------
    BadRequest
        There are too few observations.

    Warns
    -----
    DivandWarning
        A vertical length is as long as the water is deep.
    """
    wanted = [n for n in ("horizontal", "vertical") if getattr(recipe.lengths, n) == FIT]
    if not wanted:
        return problem
    if len(problem.depth) < 2 and "vertical" in wanted:
        raise BadRequest("lengths.vertical: fit needs two levels or more; leave it out.")
    found = problem
    # Vertical lengths are not known yet where the profile needs them.
    known = np.where(np.isfinite(problem.vertical), problem.vertical, 0.0)
    plain = replace(
        problem, vertical=known, horizontal=np.ones(problem.shape[2]), background="profile"
    )
    for name in wanted:
        fits = [_fit(name, plain, points, row, recipe.seed) for row in rows if len(row) > 1]
        every = np.array([fit for fit in fits if np.isfinite(fit).all()])
        if not len(every):
            raise BadRequest(
                f"lengths.{name}: there are too few observations for a fit; give a length."
            )
        found = replace(found, **{name: np.median(every, axis=0)})
    if "vertical" in wanted:
        _warn_of_floor(found)
    return found


@dataclass(frozen=True)
class Fit:
    """Correlation lengths of the levels as the observations of one time have them.

    Attributes
    ----------
    name : str
        "horizontal" or "vertical".
    time : str
        Label of the time.
    depths : ndarray
        Levels, metres.
    fits : LevelFits
        Lengths (metres), with quality and covariance of each level.
    limits : tuple of float
        Shortest length that the grid holds, and longest that fits into it; metres.
    """

    name: str
    time: str
    depths: Array
    fits: divand.LevelFits
    limits: tuple[float, float]


def fit_lengths(
    recipe: Recipe, name: str, *, time: str | int | None = None, points: Points | None = None
) -> Fit:
    """Fit the correlation lengths of the levels to the observations of one time.

    Parameters
    ----------
    recipe : Recipe
    name : {"horizontal", "vertical"}
    time : str or int, optional
        Label or number of the time; the one with most observations by default.
    points : Points, optional
        Instead of those of the recipe's collection.

    Returns
    -------
    Fit

    Raises
    ------
    BadRequest
        There are too few levels or observations.
    """
    from .coarse import choose_slice
    from .grid import coast
    from .plan import make_plan

    if name == "vertical" and len(recipe.levels.depths) < 2:
        raise BadRequest("A vertical length needs two levels or more.")
    across = (1.0,) if recipe.lengths.horizontal == FIT else recipe.lengths.horizontal
    down = (0.0,) if recipe.lengths.vertical == FIT else recipe.lengths.vertical
    lengths = recipe.lengths.model_copy(update={"horizontal": across, "vertical": down})
    plan = make_plan(recipe.model_copy(update={"lengths": lengths}), points, coast)
    counts = [len(rows) for rows in plan.rows]
    number = int(np.argmax(counts)) if time is None else choose_slice(plan.slices, time)
    if counts[number] < 2:
        raise BadRequest(f"There are no observations in {plan.slices[number].label} to fit.")
    problem = replace(plan.problem, horizontal=np.ones(plan.problem.shape[2]), background="profile")
    fits = _level_fits(name, problem, plan.points, plan.rows[number], recipe.seed)
    levels = problem.depth if len(problem.depth) else np.zeros(1)
    return Fit(name, plan.slices[number].label, levels, fits, _limits(name, problem))


def _fit(name: str, problem: Problem, points: Points, rows: Any, seed: int) -> Array:
    """Fit the lengths of one slice, NaN where that is not possible."""
    return _level_fits(name, problem, points, rows, seed).length


def _level_fits(
    name: str, problem: Problem, points: Points, rows: Any, seed: int
) -> divand.LevelFits:
    lon, lat, depth = points.lon[rows], points.lat[rows], points.depth[rows]
    value = values_at_sea(problem, (lon, lat, depth)[: problem.mask.ndim], points.value[rows])
    profile = mean_profile(problem, depth, value, np.ones(len(rows)))
    if len(problem.depth) > 1:
        value = value - at_places(profile, (problem.depth,), (depth,))
    levels = problem.depth if len(problem.depth) else np.zeros(1)
    where = (lon, lat, depth if len(problem.depth) > 1 else np.full(len(rows), levels[0]))
    with warnings.catch_warnings():
        # Which levels are guessed differs from slice to slice; the median is what counts.
        warnings.simplefilter("ignore", divand.DivandWarning)
        fit = divand.fit_horizontal if name == "horizontal" else divand.fit_vertical
        return fit(where, value, levels, limits=_limits(name, problem), seed=seed)


def _deepest(problem: Problem) -> float:
    """Give the depth of the deepest level with sea."""
    return float(problem.depth[problem.mask.any(axis=(0, 1))].max())


def _warn_of_floor(problem: Problem) -> None:
    deepest = _deepest(problem)
    reached = int((problem.vertical >= deepest * (1 - 1e-9)).sum())
    if reached:
        warnings.warn(
            f"lengths.vertical: fit would give a length beyond {deepest:g} m, the deepest level "
            f"with sea, at {counted(reached, 'level')} and stops there: the observations hardly "
            "change with depth; give lengths if that is too long.",
            divand.DivandWarning,
            stacklevel=3,
        )


def _limits(name: str, problem: Problem) -> tuple[float, float]:
    """Give the shortest length that the grid holds, two steps, and the longest that fits in."""
    if name == "vertical":
        low = float(2 * np.diff(problem.depth).min())
        return low, max(low, _deepest(problem))
    steps = [float((1 / pm).max()) for pm in problem.pmn[:2]]
    widths = [
        float((1 / pm).mean()) * size
        for pm, size in zip(problem.pmn[:2], problem.mask.shape, strict=False)
    ]
    low = 2 * max(steps)
    return low, max(max(widths) / 2, low)
