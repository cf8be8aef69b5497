"""A study of parameters: lengths and error variances side by side, judged by cross-validation.

Each pair is analysed on the coarse grid of a preview, and scored by observations that the
analysis has not seen: whole cruises are left out, since casts of one cruise have errors in
common. The least score predicts best; where several are alike, the longer length gives the
calmer field.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import divand
from ..errors import BadRequest
from .chunks import level_task
from .coarse import choose_level, choose_slice, coarse_recipe
from .grid import coast
from .margin import make_norm, without_margin
from .model import Points
from .plan import make_plan
from .problem import SliceTask
from .recipe import Recipe
from .recipe_file import make_recipe
from .slices import prepare
from .solving import with_errors

__all__ = ["EPSILONS", "FACTORS", "Cell", "study"]

FACTORS = (0.5, 0.75, 1.0, 1.5, 2.0)
"""Multiples of the recipe's horizontal length that are tried by default."""
EPSILONS = (0.1, 0.3, 1.0, 3.0)
"""Error variances that are tried by default."""
_FOLDS = 8
_MOST = 4000  # observations; of more, some are drawn


@dataclass(frozen=True)
class Cell:
    """One pair of parameters and what comes of it.

    Attributes
    ----------
    length : float
        Horizontal correlation length, metres.
    epsilon2 : float
    score : float
        Root mean square of the residuals of observations left out, in the unit of the parameter
        (of its transformed values, where they are transformed).
    bias : float
        Mean of these residuals.
    resolved : bool
        Whether the length spans two steps of the grid of the product.
    lon, lat : ndarray
        Axes in degrees.
    field : ndarray of float32, shape (nlon, nlat)
        NaN on land.
    observations, folds : int
    """

    length: float
    epsilon2: float
    score: float
    bias: float
    resolved: bool
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    field: NDArray[np.float32]
    observations: int
    folds: int

    def document(self) -> dict[str, Any]:
        """Give it as JSON knows it, without the field."""
        left = ("lon", "lat", "field")
        return {n: getattr(self, n) for n in self.__dataclass_fields__ if n not in left}


def study(
    recipe: Recipe | Mapping[str, Any] | Path | str,
    *,
    lengths: Sequence[float] = (),
    epsilons: Sequence[float] = (),
    time: str | int | None = None,
    level: float | None = None,
    points: Points | None = None,
) -> Iterator[Cell]:
    """Analyse one level of one time with several lengths and error variances.

    Parameters
    ----------
    recipe : Recipe, mapping, or path of a recipe file
    lengths : sequence of float, optional
        Horizontal correlation lengths in metres; `FACTORS` times that of the recipe by default.
    epsilons : sequence of float, optional
        Error variances; `EPSILONS` by default.
    time, level
        As `preview` takes them.
    points : Points, optional
        Observations instead of those of the recipe's collection.

    Yields
    ------
    Cell
        Of each length with each error variance; lengths change slower.

    Raises
    ------
    BadRequest
        There is nothing to analyse, or too little to leave something out.
    """
    whole = make_recipe(recipe)
    number = choose_level(whole, level)
    plan = make_plan(coarse_recipe(whole), points, coast, only=lambda s: choose_slice(s, time))
    task, value, field = _anomalies(next(plan.tasks()), number)
    task, value = _drawn(task, value, whole.seed)
    fold = _folds(plan.points.cruise[task.rows], value, whole.seed)
    base = float(task.problem.horizontal[0])
    wide = max(whole.domain.resolution) * 111_195.0
    for length in lengths or [base * factor for factor in FACTORS]:
        for epsilon2 in epsilons or EPSILONS:
            problem = replace(
                task.problem, horizontal=np.array([float(length)]), epsilon2=float(epsilon2)
            )
            errors = task.errors
            assert errors is not None
            scaled = replace(task, problem=problem, errors=errors * float(epsilon2))
            yield _cell(scaled, value, field, fold, length >= 2 * wide)


def _anomalies(task: SliceTask, level: int) -> tuple[SliceTask, NDArray, Any]:
    """Give the observations of a level with error variances relative to 1, as anomalies."""
    problem = replace(task.problem, epsilon2=1.0)
    task = replace(task, problem=problem, errors=np.ones(len(task.value)))
    ready = prepare(task)
    part, rows = level_task(task, level)
    field = ready.field if ready.field.ndim == 0 else ready.field[..., level]
    return with_errors(part), ready.anomaly[rows], field


def _drawn(task: SliceTask, value: NDArray, seed: int) -> tuple[SliceTask, NDArray]:
    """Keep what is usable, and of very many observations some."""
    rows = np.flatnonzero(np.isfinite(value))
    if len(rows) > _MOST:
        rows = np.sort(np.random.default_rng(seed).choice(rows, _MOST, replace=False))
    names = ("rows", "lon", "lat", "depth", "value", "day", "errors")
    kept: dict[str, Any] = {name: getattr(task, name)[rows] for name in names}
    return replace(task, **kept), value[rows]


def _folds(cruise: NDArray, value: NDArray, seed: int) -> NDArray[np.int64]:
    if len(value) < 2 * _FOLDS:
        raise BadRequest(
            f"There are {len(value)} observations at this level and time; "
            f"a study needs {2 * _FOLDS} to leave some out."
        )
    groups = cruise if len(np.unique(cruise)) >= 2 else None
    count = _FOLDS if groups is None else min(_FOLDS, len(np.unique(cruise)))
    return divand.make_folds(len(value), groups=groups, folds=count, seed=seed)


def _cell(
    task: SliceTask, value: NDArray, field: Any, fold: NDArray[np.int64], resolved: bool
) -> Cell:
    problem = task.problem
    norm = make_norm(problem)
    assert task.errors is not None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", divand.DivandWarning)
        index = divand.fractional_indices(norm, task.places)
        seen = divand.Observations(norm, index, task.errors, np.isfinite(value))
        if seen.count < 2 * _FOLDS:
            raise BadRequest("There are too few observations at sea at this level and time.")
        system = divand.System(norm, seen, (), problem.solver)
        given = value[seen.used]
        made = without_margin(problem, norm.unpack(system.solve(given)))
        residual, _ = divand.left_out(system, given, fold[seen.used])
    whole = np.clip(problem.transform.backward(field + made), problem.low, problem.high)
    return Cell(
        float(problem.horizontal[0]),
        problem.epsilon2,
        float(np.sqrt(np.mean(residual**2))),
        float(residual.mean()),
        bool(resolved),
        problem.lon,
        problem.lat,
        np.where(problem.mask, whole, np.nan).astype(np.float32),
        int(seen.count),
        int(fold.max()) + 1,
    )
