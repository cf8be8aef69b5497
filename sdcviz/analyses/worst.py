"""The observations that an analysis fits worst."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .model import Points, SliceResult

__all__ = ["Worst"]


class Worst:
    """Keeps the observations with the greatest residuals, slice by slice.

    Parameters
    ----------
    points : Points
        Observations of the run.
    most : int
        How many are kept.
    """

    def __init__(self, points: Points, most: int = 5) -> None:
        self._points, self._most = points, most
        self._found: list[tuple[float, int, str]] = []

    def add(self, label: str, result: SliceResult) -> None:
        """Look at the slice of this name."""
        used = np.flatnonzero(result.used)
        size = np.abs(result.residuals[used])
        # An observation that several slices share is listed once, with its greatest residual.
        for k in used[np.argsort(-size, kind="stable")[: self._most]]:
            self._found.append((float(result.residuals[k]), int(result.rows[k]), label))
        self._found = _first(sorted(self._found, key=lambda one: -abs(one[0])), self._most)

    def report(self) -> list[dict[str, Any]]:
        """Return them, the worst one first; can be written as JSON."""
        points = self._points
        return [
            {
                "station": str(points.id[row]),
                "time": str(points.time[row].astype("datetime64[D]")),
                "lon": float(points.lon[row]),
                "lat": float(points.lat[row]),
                "depth": float(points.depth[row]),
                "value": float(points.value[row]),
                "residual": residual,
                "slice": label,
            }
            for residual, row, label in self._found
        ]


def _first(found: Iterable[tuple[float, int, str]], most: int) -> list[tuple[float, int, str]]:
    once: dict[int, tuple[float, int, str]] = {}
    for one in found:
        once.setdefault(one[1], one)
    return list(once.values())[:most]
