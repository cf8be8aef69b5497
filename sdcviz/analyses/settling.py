"""From a recipe and its grid to the numbers that workers take."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import divand
from .problem import Problem
from .quantities import FIT, metres
from .recipe import Recipe
from .recipe_parts import Slopes
from .transforms import Transform

__all__ = ["make_problem", "too_short"]

_DIRECTIONS = ("from west to east", "from south to north", "downwards")


def make_problem(recipe: Recipe, domain: divand.Domain) -> Problem:
    """Bring a recipe and its grid into the numbers that workers take."""
    axes = domain.axes
    depth = np.array(recipe.levels.depths, np.float64)
    levels = max(len(depth), 1)
    t, w = recipe.transformation, recipe.weights
    own = recipe.background.vertical_length
    return Problem(
        mask=domain.mask,
        pmn=_compact(domain),
        lon=axes["lon"],
        lat=axes["lat"],
        depth=depth,
        moddim=domain.moddim,
        horizontal=_per_level(recipe.lengths.horizontal, levels),
        vertical=_per_level(recipe.lengths.vertical, levels),
        epsilon2=recipe.epsilon2,
        weights=None if w is None else (w.horizontal[0], w.vertical[0], w.days),
        transform=Transform(
            t.method,
            t.offset,
            np.inf if t.threshold is None else t.threshold,
            0.0 if t.min is None else t.min,
            1.0 if t.max is None else t.max,
        ),
        background=recipe.background.method,
        background_vertical=None if own is None else _per_level(own, levels),
        low=-np.inf if recipe.clamp.min is None else recipe.clamp.min,
        high=np.inf if recipe.clamp.max is None else recipe.clamp.max,
        error=recipe.error,
        solver=recipe.solver,
        margin=recipe.domain.margin,
        desroziers=recipe.desroziers,
        suspects=recipe.suspects,
        seed=recipe.seed,
        chunk=_chunk(recipe),
        slopes=None if recipe.lengths.slopes is None else _slopes(recipe.lengths.slopes, domain),
        velocity=_velocity(recipe, domain),
    )


def _chunk(recipe: Recipe) -> int:
    levels, wanted = len(recipe.levels.depths), recipe.run.chunk or 0
    return wanted if wanted < levels else 0


def _slopes(wanted: Slopes, domain: divand.Domain) -> NDArray[np.float64]:
    """Give what horizontal lengths are multiplied with where the sea floor is steep."""
    assert domain.floor is not None  # a recipe with slopes has a bathymetry
    metric = tuple(pm.reshape(*domain.floor.shape, -1)[..., 0] for pm in domain.pmn[:2])
    factor = divand.slope_factor(metric, domain.floor, wanted.distance, moddim=domain.moddim[:2])
    return np.maximum(factor, wanted.least)


def _velocity(recipe: Recipe, domain: divand.Domain) -> Any:
    if recipe.velocity is None:
        return None
    from .currents import read_currents

    depth = np.array(recipe.levels.depths, np.float64)
    return read_currents(recipe.velocity, domain.axes["lon"], domain.axes["lat"], depth)


def _per_level(given: Any, levels: int) -> NDArray[np.float64]:
    if given == FIT:
        return np.full(levels, np.nan)  # until `with_lengths` knows them
    return np.array(np.broadcast_to(np.asarray(given, np.float64), levels))


def _compact(domain: divand.Domain) -> tuple[NDArray[np.float64], ...]:
    """Keep the metric once where it does not change along a dimension."""
    if domain.mask.ndim == 2:
        return tuple(np.ascontiguousarray(pm) for pm in domain.pmn)
    pm, pn, po = domain.pmn
    return (
        np.ascontiguousarray(pm[:, :, :1]),
        np.ascontiguousarray(pn[:, :, :1]),
        np.ascontiguousarray(po[:1, :1, :]),
    )


def too_short(problem: Problem) -> Iterator[str]:
    """Tell which lengths the grid does not resolve: less than two steps."""
    sea = problem.mask
    for length, pm, direction in zip(problem.lengths, problem.pmn, _DIRECTIONS, strict=False):
        steps = np.where(sea, length * pm, np.inf)
        if not 0 < steps.min() < 2:
            continue
        at = np.unravel_index(int(np.argmin(steps)), steps.shape)
        where = "" if sea.ndim == 2 else f" at {problem.depth[at[2]]:g} m"
        told = metres(float(f"{np.broadcast_to(length, sea.shape)[at]:.3g}"))
        yield (
            f"The correlation length {direction}, {told}, spans only {steps.min():.2g} grid "
            f"steps{where}; at least 2 are needed for a field that the grid can hold: refine the "
            "grid or lengthen it."
        )
