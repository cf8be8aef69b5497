"""What an analysis will take, before it is run: time and memory, direct and iterative."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from .background import Background

__all__ = ["Cost", "available_memory", "direct_cost", "iterative_cost", "steps_of_iteration"]

# Measured on one core of 2.6 GHz; only their ratios matter for a choice.
_SECONDS_PER_OPERATION = 2.2e-11
_SECONDS_PER_ENTRY = 6e-9  # of the factor: assembly, analysis, solution
_SECONDS_PER_POINT = 1e-6  # of the grid, whatever is done with it
_SECONDS_PER_STEP = 3e-4  # of an iteration on a small grid
_LEAF = 64  # points of a box that is no longer cut


@dataclass(frozen=True)
class Cost:
    """Prediction, within a factor of two as a rule.

    Attributes
    ----------
    seconds : float
        Of one core.
    memory : float
        Bytes at the peak, beside those of the program and of the arguments.
    """

    seconds: float
    memory: float


def direct_cost(background: Background) -> Cost:
    """Predict a direct solution.

    Parameters
    ----------
    background : Background

    Returns
    -------
    Cost
    """
    entries, operations = _elimination(_sides(background), background.order)
    # Rows of A reach `order` steps along any path between neighbours.
    row = _ball(background.ndim, background.order)
    return Cost(
        operations * _SECONDS_PER_OPERATION
        + entries * _SECONDS_PER_ENTRY
        + background.size * (_SECONDS_PER_POINT + row * 5e-8),
        entries * 10.0 + background.size * (row * 40.0 + 100),
    )


def iterative_cost(background: Background, columns: int = 1, steps: int | None = None) -> Cost:
    """Predict an iterative solution.

    Parameters
    ----------
    background : Background
    columns : int
        Right-hand sides.
    steps : int, optional
        Iterations; a usual number if left out.

    Returns
    -------
    Cost
    """
    points, n = background.mask.size, background.mask.ndim
    if steps is None:
        steps = steps_of_iteration(background)
    one = points * _per_point(background) + _SECONDS_PER_STEP
    return Cost(
        background.size * _SECONDS_PER_POINT + (steps * columns + 5) * one,
        points * (100 + 28.0 * n),
    )


def steps_of_iteration(background: Background, seconds: float | None = None) -> int:
    """Give a usual number of iterations, or how many take some seconds."""
    if seconds is None:
        return 35 if background.order <= 2 else 60
    one = background.mask.size * _per_point(background) + _SECONDS_PER_STEP
    return int(seconds / one)


def _per_point(background: Background) -> float:
    return 3e-9 * background.order * (background.mask.ndim + 1)


def _sides(background: Background) -> tuple[int, ...]:
    """Give the sides of a box without land that is as hard to eliminate."""
    shape = [s for s, a in zip(background.mask.shape, background.active, strict=True) if a]
    sea = background.size / background.mask.size
    return tuple(sorted(max(1, round(s * sea ** (1 / len(shape)))) for s in shape))


def _ball(ndim: int, radius: int) -> int:
    """Count the points within some steps along the edges of a grid."""
    reach = np.indices((2 * radius + 1,) * ndim) - radius
    return int((np.abs(reach).sum(axis=0) <= radius).sum())


@lru_cache(maxsize=64)
def _elimination(sides: tuple[int, ...], thickness: int) -> tuple[float, float]:
    """Give entries and operations of a factor in the order of nested dissection.

    Boxes are halved across their longest side by separators as thick as the matrix reaches. A
    separator is eliminated in a dense front with what encloses its box: the sides on which
    earlier separators lie.
    """
    found: dict[tuple[tuple[int, int], ...], tuple[float, float]] = {}

    def cut(box: tuple[tuple[int, int], ...]) -> tuple[float, float]:
        # A side: its length, and at how many of its ends (0 to 2) lies a separator.
        box = tuple(sorted(box))
        if box in found:
            return found[box]
        lengths = [length for length, _ in box]
        points = float(np.prod(lengths))
        border = sum(closed * thickness * points / length for length, closed in box)
        longest = max(lengths)
        if points <= _LEAF or longest <= thickness + 2:
            result = _front(points, border)
        else:
            k = lengths.index(longest)
            closed = box[k][1]
            half = (longest - thickness) // 2
            own = points / longest * thickness
            entries, operations = _front(own, border)
            for side, ends in (
                (half, 1 + (closed > 0)),
                (longest - thickness - half, 1 + (closed > 1)),
            ):
                more = cut((*box[:k], (side, ends), *box[k + 1 :]))
                entries += more[0]
                operations += more[1]
            result = entries, operations
        found[box] = result
        return result

    return cut(tuple((side, 0) for side in sides))


def _front(own: float, border: float) -> tuple[float, float]:
    """Eliminate `own` unknowns from a dense matrix that holds `border` more."""
    whole = own + border
    return own * whole - own**2 / 2, own * whole**2 - own**2 * whole + own**3 / 3


def available_memory() -> float:
    """Give the bytes that may still be used: of the machine, and of the group of processes."""
    free = _meminfo()
    group = Path("/sys/fs/cgroup")
    try:
        limit = (group / "memory.max").read_text().strip()
        if limit != "max":
            free = min(free, int(limit) - int((group / "memory.current").read_text()))
    except (OSError, ValueError):
        pass  # no limit that could be read
    return float(max(free, 0))


def _meminfo() -> float:
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024.0
    except OSError:
        pass
    names: Sequence[str] = ("SC_PHYS_PAGES", "SC_PAGE_SIZE")
    if all(name in os.sysconf_names for name in names):
        # Without an account of what is free, half of what is built in.
        return os.sysconf(names[0]) * os.sysconf(names[1]) / 2
    return np.inf
