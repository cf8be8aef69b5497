"""A field of a product, layer by layer, for checks that look at all of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UnreadableFile

if TYPE_CHECKING:
    from ..products.product import Product

__all__ = ["FieldView", "depth_words", "place_words", "share_words", "spot_words"]


@dataclass(frozen=True)
class FieldView:
    """What the checks read.

    Attributes
    ----------
    product : Product
    variable : str
    """

    product: Product
    variable: str

    @property
    def grid(self) -> Any:
        """Axes of the field."""
        return self.product.grid(self.variable)

    @property
    def unit(self) -> str:
        """Unit for people."""
        return self.product.unit_of(self.variable)

    @property
    def steps(self) -> range:
        """All steps. Checks go through them map by map, so that none is too large."""
        return range(self.grid.shape[0])

    def layer(self, step: int, level: int) -> NDArray[np.floating] | None:
        """Give one map; None: that part is damaged."""
        try:
            return self.product.field(self.variable).layer(step, level)
        except UnreadableFile:
            return None

    def levels(self, step: int) -> Iterator[tuple[int, NDArray[np.floating]]]:
        """Give level and map of one step; a damaged part is left out."""
        for z in range(self.grid.shape[1]):
            layer = self.layer(step, z)
            if layer is not None:
                yield z, layer

    def lonlat(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Longitude and latitude of every point, as (lat, lon)."""
        grid = self.grid
        if grid.curvilinear:
            return grid.lon, grid.lat
        lon, lat = np.meshgrid(grid.lon, grid.lat)
        return lon, lat

    def step_name(self, step: int | None) -> str:
        """Name a step for people; empty without times."""
        labels = self.grid.times.labels
        return labels[step] if step is not None and len(labels) else ""

    def depth_of(self, level: int) -> float | None:
        """Depth of a level."""
        return float(self.grid.depth[level]) if self.grid.has_depth else None

    def spots(
        self,
        step: int,
        level: int,
        mask: NDArray[np.bool_],
        values: NDArray[np.floating],
        most: int,
    ) -> list[dict[str, Any]]:
        """List the worst points of a map: those of the greatest absolute value."""
        rows, columns = np.nonzero(mask)
        order = np.argsort(-np.abs(values[rows, columns]), kind="stable")[:most]
        lon, lat = self.lonlat()
        return [
            {
                "step": step, "level": level, "depth": self.depth_of(level),
                "lon": float(lon[i, j]), "lat": float(lat[i, j]), "value": float(values[i, j]),
            }
            for i, j in zip(rows[order].tolist(), columns[order].tolist(), strict=True)
        ]  # fmt: skip


def depth_words(depths: Any) -> str:
    """Name a range of depths: ``50 m``, ``0–200 m``."""
    low, high = float(min(depths)), float(max(depths))
    return f"{low:g} m" if low == high else f"{low:g}–{high:g} m"


def spot_words(lon: float, lat: float) -> str:
    """Write a place: ``38.75° N, 5.5° E``."""
    lon = (lon + 180) % 360 - 180
    north, east = "N" if lat >= 0 else "S", "E" if lon >= 0 else "W"
    return f"{abs(lat):.4g}° {north}, {abs(lon):.5g}° {east}"


def share_words(share: float) -> str:
    """Write a share as a percentage of two digits."""
    return f"{100 * share:.2g} %" if share >= 1e-6 else "a millionth"


def place_words(box: tuple[float, float, float, float]) -> str:
    """Name a box by its sea and its degrees."""
    from .strata import sea_of, spans

    west, south, east, north = box
    sea = sea_of((west + east) / 2, (south + north) / 2)
    where = spans(box)
    return f"{sea}, {where}" if sea else where
