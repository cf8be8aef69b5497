"""One range of colours for many differences, the same to both sides of 0."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..errors import BadRequest, UnreadableFile
from .difference import Difference
from .kept import kept
from .maps import around_zero
from .pairs import matching_step
from .times import OUTSIDE

__all__ = ["range_of_differences"]

MAPS = 4
"""Depths, and times, that are looked at."""


def range_of_differences(found: Difference, per: str, same_time: bool) -> tuple[float, float]:
    """Return a range that holds for a difference and others like it.

    Parameters
    ----------
    found : Difference
    per : {"fixed", "depth", "time", "map"}
        See `range_for`.
    same_time : bool
        Whether the second's time goes with that of the first.
    """
    if per == "map":
        return around_zero(found.whole)
    first, second = found.first, found.second
    grid, (t, z, _) = first.grid, first.found
    levels = [z] if per == "depth" or found.flat or not grid.has_depth else _some(len(grid.depth))
    steps = [t] if per == "time" else _some(max(1, len(grid.times)))
    where = (levels if per == "depth" else 0, steps if per == "time" else 0)
    key = ("difference range", per, where, same_time, first.view.variable, first.derived,
           first.error, second.key[:3], second.derived, -1 if same_time else second.time)  # type: ignore[index]  # fmt: skip

    def seen() -> tuple[float, float]:
        parts = []
        for step in steps:
            for level in levels:
                depth = float(grid.depth[level]) if grid.has_depth else None
                a = replace(first, time=step, depth=depth, mask=None)
                time = matching_step(a, second.product, second.variable) if same_time else None
                if time == OUTSIDE:
                    continue
                b = replace(
                    second, depth=depth if second.grid.has_depth else None, mask=None,
                    time=second.time if time is None else time,
                )  # fmt: skip
                try:
                    parts.append(Difference(a, b, within=False).whole.ravel())
                except (BadRequest, UnreadableFile):
                    continue  # a depth that only one of them has
        return around_zero(np.concatenate(parts)) if parts else around_zero(found.whole)

    return kept(first.product, key, seen)


def _some(n: int) -> list[int]:
    return sorted({round(k * (n - 1) / max(MAPS - 1, 1)) for k in range(MAPS)})
