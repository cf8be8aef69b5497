"""Single areas and areas side by side."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .strata import Strata

__all__ = ["box_of", "inside_of", "parts_of"]

_SHAPES = ((2, 1), (1, 2), (2, 2), (3, 1), (3, 2))
"""Boxes side by side, columns and rows."""


def inside_of(areas: tuple[int, ...], strata: Strata) -> NDArray[np.bool_]:
    """Tell which samples lie in some areas; in any for none."""
    if not areas:
        return np.ones(len(strata.area), bool)
    return np.isin(strata.area, areas)


def box_of(areas: tuple[int, ...], strata: Strata) -> tuple[float, float, float, float]:
    """Return the box around some areas."""
    a = np.array([strata.areas[k].box for k in areas], float)
    return float(a[:, 0].min()), float(a[:, 1].min()), float(a[:, 2].max()), float(a[:, 3].max())


def parts_of(strata: Strata) -> list[tuple[int, ...]]:
    """List where a bias is looked for: all, each area, some boxes side by side."""
    singles: list[tuple[int, ...]] = [(k,) for k in range(len(strata.areas))]
    at = {a.box[:2]: k for k, a in enumerate(strata.areas) if a.polygon is None}
    several: set[tuple[int, ...]] = set()
    for (west, south), k in at.items():
        _, _, east, north = strata.areas[k].box
        for wide, high in _SHAPES:
            corners = [
                (west + i * (east - west), south + j * (north - south))
                for i in range(wide)
                for j in range(high)
            ]
            found = tuple(sorted(at[c] for c in corners if c in at))
            if 1 < len(found) < len(strata.areas):
                several.add(found)
    return [(), *singles, *sorted(several)]
