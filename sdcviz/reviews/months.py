"""Months that do not fit between their neighbours, and drift in the deep."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .fields import FieldView, depth_words, place_words

__all__ = ["months"]

_WORST = 10


def months(view: FieldView) -> list[dict[str, Any]]:
    """Find steps that lie off both their neighbours, and how much the deep water drifts."""
    grid = view.grid
    nt = grid.shape[0]
    jump: dict[str, Any] = {
        "check": "month", "title": "Steps that do not fit between their neighbours",
        "share": None, "count": 0, "of": None, "severity": "none", "worst": [],
    }  # fmt: skip
    drift: dict[str, Any] = {
        "check": "drift", "title": "Change from step to step below 500 m", "share": None,
        "count": None, "of": None, "severity": "none", "worst": [],
    }  # fmt: skip
    if nt < 4:
        why = "Not looked at. The product has fewer than four steps."
        jump["sentence"] = drift["sentence"] = why
        return [jump, drift]
    around = grid.times.climatology and nt == 12
    means, deep, names = _block_means(view)
    _month_jumps(view, means, names, around, jump)
    _drift(view, deep, around, drift)
    return [jump, drift]


def _block_means(view: FieldView) -> tuple[NDArray, NDArray, list[Any]]:
    """Means of each step and level in blocks of the grid; and the mean of each deep step change."""
    nt, nz, ny, nx = view.grid.shape
    lon, lat = view.lonlat()
    rows, columns = min(4, ny), min(8, nx)
    block = (np.arange(ny) * rows // ny)[:, None] * columns + np.arange(nx) * columns // nx
    boxes = []
    for k in range(rows * columns):
        own = block == k
        boxes.append((lon[own].min(), lat[own].min(), lon[own].max(), lat[own].max()))
    means = np.full((nt, nz, rows * columns), np.nan)
    change = np.full((nt, nz, 2), np.nan)
    for z in range(nz):
        before = first = None
        deep = view.grid.has_depth and view.grid.depth[z] > 500
        for t in range(nt):
            layer = view.layer(t, z)
            if layer is None:
                continue
            known = np.isfinite(layer)
            n = np.bincount(block[known], minlength=rows * columns)
            total = np.bincount(block[known], layer[known], rows * columns)
            with np.errstate(invalid="ignore", divide="ignore"):
                means[t, z] = np.where(n >= 6, total / n, np.nan)
            if not deep:
                continue
            if before is not None:
                change[t, z] = _change(layer, before)
            if t == nt - 1 and first is not None:
                change[0, z] = _change(layer, first)
            first = layer if first is None else first
            before = layer
    return means, change, boxes


def _change(a: NDArray, b: Any) -> tuple[float, float]:
    d = (a - b)[np.isfinite(a) & np.isfinite(b)]
    if not len(d):
        return float("nan"), float("nan")
    return float(np.sqrt(np.mean(d.astype(np.float64) ** 2))), float(np.nanstd(a))


def _month_jumps(
    view: FieldView, means: NDArray, boxes: list[Any], around: bool, told: dict
) -> None:
    before, after = np.roll(means, 1, 0), np.roll(means, -1, 0)
    off = means - (before + after) / 2
    # A season's own curve bends by some share of its range; a month that does not fit lies
    # outside both neighbours.
    outside = np.sign(means - before) == np.sign(means - after)
    if not around:
        off[[0, -1]] = np.nan
    absolute = np.abs(off)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # blocks of land
        usual = np.nanmedian(absolute, axis=0)
        others = np.nanpercentile(absolute, 60, axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = absolute / np.maximum(others, 1e-12)
    hit = outside & (ratio > 6) & (absolute > 6 * usual)
    spread = np.nanstd(means, axis=(0, 2))[None, :, None]
    hit &= absolute > 0.1 * spread
    # The neighbours of a step that is off bend towards it.
    beside = np.fmax(np.roll(absolute, 1, 0), np.roll(absolute, -1, 0))
    hit &= ~(beside > 1.5 * absolute)
    told["count"], told["of"] = int(hit.sum()), int(np.isfinite(off).sum())
    told["share"] = float(hit.sum() / max(np.isfinite(off).sum(), 1))
    if not hit.any():
        told["sentence"] = "Every step lies between its neighbours as far as the others do."
        return
    per_step = hit.sum((1, 2))
    step = int(np.argmax(per_step))
    order = np.argwhere(hit)
    order = order[np.argsort(-ratio[hit], kind="stable")]
    told["worst"] = [
        {
            "step": t, "level": z, "depth": view.depth_of(z), "value": float(off[t, z, k]),
            "lon": float((boxes[k][0] + boxes[k][2]) / 2),
            "lat": float((boxes[k][1] + boxes[k][3]) / 2), "box": boxes[k],
        }
        for t, z, k in order[:_WORST].tolist()
    ]  # fmt: skip
    own = hit[step]
    z_there, k_there = np.nonzero(own)
    box = _hull([boxes[k] for k in k_there])
    size = float(np.median(np.abs(off[step][own])))
    deep = ""
    if view.grid.has_depth:
        deep = f", {depth_words(view.grid.depth[z_there])}"
    told["severity"] = "minor" if per_step[step] >= 4 else "note"
    told["where"] = {"step": step, "level": int(z_there[0]), "box": box}
    told["box"] = box
    told["sentence"] = (
        f"{view.step_name(step) or f'Step {step}'} lies off both its neighbours by "
        f"{size:.2g} {view.unit}, much more than other steps do: {place_words(box)}{deep}."
    )


def _hull(boxes: list[Any]) -> tuple[float, float, float, float]:
    a = np.array(boxes, float)
    return float(a[:, 0].min()), float(a[:, 1].min()), float(a[:, 2].max()), float(a[:, 3].max())


def _drift(view: FieldView, change: NDArray, around: bool, told: dict) -> None:
    if not around:
        change[0] = np.nan
    if not np.isfinite(change[..., 0]).any():
        told["sentence"] = "Not looked at. The product has no level below 500 m."
        return
    with warnings.catch_warnings(), np.errstate(invalid="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)  # levels above 500 m
        by_level = np.sqrt(np.nanmean(change[..., 0] ** 2, axis=0))
        spread = np.nanmean(change[..., 1], axis=0)
        share = by_level / np.maximum(spread, 1e-12)
    z = int(np.nanargmax(np.where(np.isfinite(share), share, -1)))
    t = int(np.nanargmax(np.where(np.isfinite(change[:, z, 0]), change[:, z, 0], -1)))
    told["value"] = float(by_level[z])
    told["share"] = float(share[z])
    told["by_level"] = [
        [float(d), float(v)] for d, v in zip(view.grid.depth, by_level, strict=True) if v == v
    ]
    told["severity"] = "minor" if share[z] > 1 else "note" if share[z] > 0.5 else "none"
    told["where"] = {"step": t, "level": z}
    told["worst"] = [
        {"step": t, "level": z, "depth": view.depth_of(z), "value": float(change[t, z, 0]),
         "lon": None, "lat": None}
    ]  # fmt: skip
    told["sentence"] = (
        f"At {view.depth_of(z):g} m the field changes by {by_level[z]:.2g} {view.unit} (RMS) from "
        f"one step to the next, {share[z]:.2g} of its spread over the map; most at "
        f"{view.step_name(t)}."
    )
