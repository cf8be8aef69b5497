"""Hand-made slices for tests of the product."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from sdcviz.analyses.metadata import Meta
from sdcviz.analyses.model import Axes, Points, SliceResult, TimeSlice
from sdcviz.analyses.product import write_product

RECIPE = "parameter: temperature  # °C\nlevels: [0, 10, 50]\n"
META = Meta(
    variable="Temperature",
    long_name="Sea water temperature",
    standard_name="sea_water_temperature",
    p01="TEMPPR01",
    p06="UPAA",
    p35="WATERTEMP",
    title="Test climatology",
    abstract="Nothing was measured.",
    source="Synthetic stations",
    project="Tests",
    edmo=(486,),
    authors=("Ada Lovelace <ada@example.org>", "Grace Hopper <grace@example.org>"),
    search_keywords=("TEMP",),
    areas=("3_1",),
    version="1.0",
    doi="10.0000/none",
    license="CC BY 4.0",
    created="2026-02-03T04:05:06Z",
)


def month(year: int, number: int) -> np.datetime64:
    """Give the first second of a month; month 13 is January of the next year."""
    count = (year - 1970) * 12 + number - 1
    return np.datetime64(count, "M").astype("datetime64[s]")


def axes(months: int = 3, depth: tuple[float, ...] = (0.0, 10.0, 50.0)) -> Axes:
    names = ("January", "February", "March", "April", "May", "June")
    slices = tuple(
        TimeSlice(
            name,
            month(2000, m) + np.timedelta64(15, "D"),
            month(1991, m),
            month(2010, m + 1),
            ((1991, 2010),),
            (m,),
        )
        for m, name in enumerate(names[:months], 1)
    )
    return Axes(np.arange(3.0, 10.0, 0.5), np.arange(40.0, 44.0, 0.5), np.array(depth), slices)


def sea(grid: Axes) -> np.ndarray:
    """Make a mask with land at the west and a floor that rises eastwards."""
    nlon, _, ndepth = grid.shape
    mask = np.ones(grid.shape, bool)
    mask[0], mask[-1, :3] = False, False
    mask[nlon // 2 :, :, 1:] &= np.arange(1, ndepth) < ndepth - 1
    return mask


def points(n: int = 40, seed: int = 1) -> Points:
    random = np.random.default_rng(seed)
    start = month(1995, 1).astype("datetime64[ms]")
    return Points(
        lon=random.uniform(3.6, 9, n),
        lat=random.uniform(40, 43.5, n),
        depth=random.uniform(0, 50, n),
        time=start + random.integers(0, 3 * 10**11, n).astype("timedelta64[ms]"),
        value=random.normal(15, 2, n),
        id=np.array([f"486-é{k:03d}" for k in range(n)]),
        cruise=np.array([f"CRUISE{k // 7}" for k in range(n)]),
        edmo=np.full(n, 486, np.int32),
    )


def results(grid: Axes, mask: np.ndarray, n: int, background: bool = False) -> list[SliceResult]:
    random = np.random.default_rng(2)
    made = []
    for k in range(len(grid.slices)):
        field = random.normal(15, 2, grid.shape).astype(np.float32)
        error = random.uniform(0, 1, grid.shape).astype(np.float32)
        field[~mask], error[~mask] = np.nan, np.nan
        rows = np.arange(k, n, 2)  # overlapping: an observation of several slices
        used = rows % 5 != 0
        made.append(
            SliceResult(
                field,
                error,
                rows,
                np.where(used, random.normal(0, 1, len(rows)), np.nan),
                used,
                np.where(used, random.uniform(0, 12, len(rows)), np.nan),
                {
                    "observations": int(used.sum()),
                    "solver": "cvxopt",
                    "seconds": 1.5 + k,
                    "background_sd": [2.0 - k / 4, *[None] * (grid.shape[2] - 1)],
                },
                (field - 1).astype(np.float32) if background and k == 1 else None,
            )
        )
    return made


def loaders(made: list[SliceResult]) -> list[Callable[[], SliceResult]]:
    return [lambda r=r: r for r in made]  # type: ignore[misc]


def product(path: Path, meta: Meta = META, background: bool = False, **changes: Any) -> Path:
    """Write a product of 3 months on 14 x 8 x 3 points."""
    grid = changes.pop("grid", axes())
    mask, seen = sea(grid), points()
    made = results(grid, mask, len(seen), background)
    return write_product(path, RECIPE, replace(meta, **changes), grid, mask, seen, loaders(made))
