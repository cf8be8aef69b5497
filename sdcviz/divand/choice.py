"""Which solver an analysis gets, and whether it fits: decided before it is run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .background import Background
from .cost import predict
from .errors import DivandError, TooLarge
from .factors import BACKENDS, available
from .iteration import LIMIT
from .memory import available_memory, in_words
from .observations import Observations

__all__ = ["ITERATIVE", "Choice", "Need", "choose", "direct_need", "iterative_need"]

ITERATIVE = "iterative"
_QUICK = 0.1  # seconds: a direct solution that takes less is always taken
_ALIASES = {"splu": "scipy"}
_OF_SOLVER = {"auto", "direct", ITERATIVE}

# Seconds of one core, measured at 2.6 GHz. They are not measured anew on each machine, so that
# the same problem is solved in the same way everywhere.
_PER_OPERATION = 2.2e-11  # of a factorisation
_PER_ENTRY = 1e-8  # of a factor, in memory that is new
_PER_POINT = 1e-6  # of the grid, for all that is done once
_PER_VISIT = 2e-9  # of a point and each of its edges, in one factor of an iteration
_PER_STEP = 3e-4  # of an iteration on the smallest grid
_STEPS = {1: 35, 2: 35}  # usual number of iterations by the order of the norm
_STEPS_HIGHER = 60


@dataclass(frozen=True)
class Need:
    """Prediction for one way to solve a system, within a factor of two or three.

    Attributes
    ----------
    seconds : float
        Of one core.
    memory : float
        Bytes at the peak, beside those of the program.
    """

    seconds: float
    memory: float


@dataclass(frozen=True)
class Choice:
    """What solves a system, and why.

    Attributes
    ----------
    solver : str
        "iterative", or the library of the direct solution.
    reason : str
        End of the sentence "... was chosen because ...".
    need : Need
        Prediction.
    limit : int
        Iterations after which the system is solved directly; 0 of a direct solution.
    """

    solver: str
    reason: str
    need: Need
    limit: int = 0

    @property
    def is_iterative(self) -> bool:
        """Whether it is the iteration."""
        return self.solver == ITERATIVE

    def __str__(self) -> str:
        return (
            f"{self.solver}, because {self.reason} "
            f"(about {self.need.seconds:.2g} s and {in_words(self.need.memory)})"
        )


def direct_need(background: Background, *, factors: int = 1, inverse: bool = False) -> Need:
    """Predict a direct solution.

    Parameters
    ----------
    background : Background
    factors : int
        That are in memory together.
    inverse : bool
        Whether the entries of the inverse are computed as well.

    Returns
    -------
    Need
    """
    along = [k for k, used in enumerate(background.active) if used]
    shape = [background.mask.shape[k] for k in along]
    # Layers of a dimension without length are problems of their own.
    layers = background.mask.size // prod(shape)
    cost = predict(
        _channel(background.mask, along, background.size / layers),
        thickness=background.order,
        moddim=[background.periods[k] for k in along],
    )
    seconds = cost.operations * _PER_OPERATION + cost.entries * _PER_ENTRY
    return Need(
        layers * seconds * (3 if inverse else 1) + background.size * _PER_POINT,
        layers * (cost.bytes * factors + (cost.inverse_bytes if inverse else 0.0))
        + 100.0 * background.mask.size,
    )


def _channel(mask: NDArray[np.bool_], along: Sequence[int], points: float) -> list[int]:
    """Give the sides of a box that is as wide as the water and holds as many points.

    Separators run across the water where it is narrow, so that a ragged sea takes a third of the
    operations of a square of its size.
    """
    sides = [_width(mask, k) for k in along]
    longest = max(range(len(sides)), key=sides.__getitem__)
    sides[longest] *= points / prod(sides)
    return [max(1, round(s)) for s in sides]


def _width(mask: NDArray[np.bool_], k: int) -> float:
    """Give the mean number of sea points between land and land along a dimension, by points."""
    rows = np.moveaxis(mask, k, -1)
    land = np.zeros((*rows.shape[:-1], 1), np.int8)
    change = np.diff(rows.astype(np.int8), axis=-1, prepend=land, append=land)
    first, last = (np.nonzero(change == sign)[-1] for sign in (1, -1))
    width = (last - first).astype(np.float64)
    return float((width**2).sum() / max(width.sum(), 1.0))


def iterative_need(background: Background, columns: int = 1) -> Need:
    """Predict an iterative solution.

    Parameters
    ----------
    background : Background
    columns : int
        Right-hand sides.

    Returns
    -------
    Need
    """
    points, n = background.mask.size, background.mask.ndim
    steps = _STEPS.get(background.order, _STEPS_HIGHER) * columns
    return Need(
        background.size * _PER_POINT + (steps + 5) * _step(background),
        points * (150.0 + 40.0 * n),
    )


def _step(background: Background) -> float:
    """Predict the seconds of one iteration."""
    edges = background.mask.size * (2 * background.mask.ndim + 1)
    return _PER_VISIT * background.order * edges + _PER_STEP


def choose(
    background: Background,
    observations: Observations,
    wanted: str = "auto",
    *,
    constraints: Sequence[Any] = (),
    because: str | None = None,
    columns: int = 1,
    factors: int = 1,
    inverse: bool = False,
    memory: float | None = None,
) -> Choice:
    """Choose a solver.

    Parameters
    ----------
    background : Background
    observations : Observations
    wanted : str
        "auto", "direct", "iterative" or a library for direct solution.
    constraints : sequence of Constraint
        Further terms of the system.
    because : str, optional
        Why it has to be solved directly.
    columns : int
        Right-hand sides.
    factors : int
        That are in memory together.
    inverse : bool
        Whether the entries of the inverse are needed.
    memory : float, optional
        Bytes that may be used; what is free if left out.

    Returns
    -------
    Choice

    Raises
    ------
    DivandError
        There is no such solver.
    TooLarge
        It doesn't fit; the sentence says what would.
    """
    library = _library(wanted)
    budget = available_memory() if memory is None else float(memory)
    because = because or _obstacle(background, observations, constraints)
    direct = direct_need(background, factors=factors, inverse=inverse)
    iterative = iterative_need(background, columns)
    fits = direct.memory <= budget
    if because or wanted not in {"auto", ITERATIVE}:
        if not fits:
            raise TooLarge(_sentence(background, direct, budget, None if because else iterative))
        reason = because if because and wanted in _OF_SOLVER else "it was asked for"
        return Choice(library, reason, direct)
    if wanted == "auto" and fits:
        if direct.seconds < _QUICK:
            return Choice(library, "the problem is small", direct)
        if direct.seconds < iterative.seconds:
            return Choice(library, _faster(direct, iterative), direct)
    if iterative.memory > budget:
        raise TooLarge(_sentence(background, iterative, budget, None))
    if not fits:
        reason = (
            f"a direct solution needs about {in_words(direct.memory)} and "
            f"{in_words(budget)} are free"
        )
        return Choice(ITERATIVE, reason, iterative, 2 * LIMIT)
    reason = "it was asked for" if wanted == ITERATIVE else _faster(iterative, direct)
    # Beyond this number the direct solution would have been faster.
    worth = int(direct.seconds / _step(background)) // columns
    return Choice(ITERATIVE, reason, iterative, min(max(worth, LIMIT // 2), 2 * LIMIT))


def _library(wanted: str) -> str:
    names = available()
    if wanted in _OF_SOLVER:
        return names[0]
    name = _ALIASES.get(wanted, wanted)
    if name not in names:
        why = "is not installed" if name in BACKENDS else "is not known"
        raise DivandError(
            f"The solver {wanted!r} {why}; choose 'auto', 'direct', 'iterative' or one of "
            f"{', '.join(names)}."
        )
    return name


def _obstacle(
    background: Background, observations: Observations, constraints: Sequence[Any]
) -> str | None:
    """Tell why a system can't be solved iteratively."""
    if not background.is_binomial:
        return "the coefficients alpha are not binomial"
    if not observations.is_independent:
        return "errors of observations are correlated"
    return "the system has constraints" if constraints else None


def _faster(this: Need, other: Need) -> str:
    return f"the other way would take about {other.seconds / this.seconds:.1f} times as long"


def _sentence(background: Background, need: Need, budget: float, other: Need | None) -> str:
    """Say that a problem is too large, and what would fit."""
    shape = background.mask.shape
    text = (
        f"The analysis on a grid of {_times(shape)} ({background.size} sea points) needs about "
        f"{in_words(need.memory)} of memory and {in_words(budget)} are free; "
    )
    if other is not None and other.memory <= budget:
        return text + (
            f"choose the solver 'iterative', which needs about {in_words(other.memory)}, "
            "or a coarser grid."
        )
    # Memory grows at least as fast as the number of points, so that this is enough.
    across = min(len(shape), 2)
    step = int((need.memory / max(budget, 1.0)) ** (1 / across)) + 1
    coarser = [-(-s // step) if k < across else s for k, s in enumerate(shape)]
    every = {2: "second", 3: "third"}.get(step, f"{step}th")
    if len(shape) == 1:
        return text + f"take every {every} point ({coarser[0]})."
    return text + (
        f"take every {every} point along the first two dimensions ({_times(coarser)}), "
        "or fewer levels or time slices at a time."
    )


def _times(shape: Sequence[int]) -> str:
    return " x ".join(str(s) for s in shape)
