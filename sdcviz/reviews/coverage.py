"""Where a product stands on observations, and where it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .collocated import Collocated
from .cruises import Sources
from .strata import Strata

if TYPE_CHECKING:
    from ..observations.collection import Collection
    from ..products.product import Product

__all__ = ["HOLE", "coverage", "holes"]

HOLE = 0.5
"""Relative error variance; where it is greater the observations tell less than nothing known."""
_MOST_ROWS = 40


def coverage(
    samples: Collocated,
    strata: Strata,
    sources: Sources,
    collection: Collection,
    product: Product,
    variable: str,
) -> dict[str, Any]:
    """Count samples by layer and month, year, data centre, platform and cell of the grid."""
    from ..vocabularies import label

    layers, months = len(strata.layers), max(len(strata.months), 1)
    counts = np.bincount(
        strata.layer.astype(np.int64) * months + np.maximum(strata.month, 0),
        minlength=layers * months,
    ).reshape(layers, months)
    dated = ~np.isnat(samples.time)
    years, n = np.unique(
        samples.time[dated].astype("datetime64[Y]").astype(int) + 1970, return_counts=True
    )
    by_centre = np.bincount(sources.centre, minlength=len(sources.centres))
    centres: list[list[Any]] = [
        [code, label("EDMO", code) if code > 0 else "unknown", int(by_centre[k])]
        for k, code in enumerate(sources.centres)
    ]
    return {
        "by_layer_month": {
            "layers": strata.layers, "months": strata.month_names, "counts": counts,
        },
        "by_year": np.column_stack([years, n]),
        "centres": sorted(centres, key=lambda c: -c[2])[:_MOST_ROWS],
        "platforms": _platforms(samples, sources, collection),
        "stations": len(sources.stations),
        "cells": _cells(samples, product, variable),
        **holes(product, variable),
    }  # fmt: skip


def _platforms(samples: Collocated, sources: Sources, collection: Collection) -> list[list[Any]]:
    if "platform" not in collection.text_names:
        return []
    coded = collection.text("platform").take(sources.stations)
    n = np.bincount(coded.codes[sources.station] + 1, minlength=len(coded.labels) + 1)
    names = ["unknown", *coded.labels]
    order = np.argsort(-n, kind="stable")[:_MOST_ROWS]
    return [[names[k], int(n[k])] for k in order.tolist() if n[k]]


def _cells(samples: Collocated, product: Product, variable: str) -> dict[str, Any]:
    """Count samples by the columns of the grid: how many have any, and of how many months."""
    grid = product.grid(variable)
    if grid.curvilinear:
        return {}
    rows = _nearest(grid.lat, samples.lat)
    columns = _nearest(grid.lon, samples.lon)
    cell = rows * len(grid.lon) + columns
    here, n = np.unique(cell, return_counts=True)
    water = ~np.isnan(product.field(variable).layer(0, 0))
    return {
        "columns": int(water.sum()),
        "with_samples": int(water.ravel()[here].sum()),
        "median": float(np.median(n)),
        "most": int(n.max()),
    }


def _nearest(axis: Any, x: Any) -> Any:
    if len(axis) < 2:
        return np.zeros(len(x), np.int64)
    return np.searchsorted((axis[1:] + axis[:-1]) / 2, x)


def holes(product: Product, variable: str) -> dict[str, Any]:
    """Tell which share of the water has a relative error above `HOLE`: all, by level and step."""
    roles = product.roles_of(variable)
    if not roles.error or roles.error_kind != "relative variance":
        return {"holes": None, "holes_by_level": None, "holes_by_step": None}
    field, error = product.field(variable), product.field(roles.error)
    grid = field.grid
    nt, nz, ny, nx = grid.shape
    lat = grid.lat if grid.curvilinear else grid.lat[:, None]
    area = np.broadcast_to(np.cos(np.radians(lat)), (ny, nx))
    thick = np.diff(np.maximum(grid.level_edges, 0)) if grid.has_depth else np.ones(1)
    empty, water = np.zeros((nt, nz)), np.zeros((nt, nz))
    for t in range(nt):
        for z in range(nz):
            off = error.layer(t, z)
            known = np.isfinite(off)
            water[t, z] = area[known].sum() * thick[z]
            empty[t, z] = area[known & (off > HOLE)].sum() * thick[z]
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "holes": float(empty.sum() / water.sum()) if water.sum() else None,
            "holes_by_level": empty.sum(0) / water.sum(0),
            "holes_by_step": empty.sum(1) / water.sum(1),
        }
