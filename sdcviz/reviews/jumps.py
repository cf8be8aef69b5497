"""Edges of tiles: straight lines across which a field jumps."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..words import counted
from .fields import FieldView, depth_words
from .strata import spans

__all__ = ["edge_words", "tiles", "together"]

_SHORTEST = 8
"""Points along a line that a jump needs."""
_SAME_SIGN = 0.85
_TIMES = 5.0
"""A jump is this many times what is usual in the layer."""
_OF_SPREAD = 0.04
"""And at least this share of the spread of the layer."""
_BEND = 0.1
_WORST = 10
_MOST = 60
_NEAR = 4
"""Points of the grid between the ends of lines that meet."""
_SEVERAL, _MANY = 3, 10
_SAME_LAYERS = 0.5
"""Share of its layers that a line has in common with another edge of its patch."""


def tiles(view: FieldView) -> dict[str, Any]:
    """Find straight lines of constant longitude or latitude across which the field jumps.

    Across such a line the difference of two neighbours is not the mean of the differences on
    both sides, with one sign all along. That is measured on runs of points along every line of
    every layer, and compared with what is usual in the layer.
    """
    told: dict[str, Any] = {
        "check": "tile", "title": "Jumps along straight lines", "share": None, "count": 0,
        "of": 0, "severity": "none", "worst": [], "groups": [],
    }  # fmt: skip
    if view.grid.curvilinear or min(view.grid.shape[2:]) < _SHORTEST:
        told["sentence"] = "Not looked at: the grid has no straight lines that are long enough."
        return told
    found: dict[tuple[str, int], list[tuple[float, float, int, int, int, int]]] = {}
    layers = 0
    for step in view.steps:
        for z, layer in view.levels(step):
            layers += 1
            for axis, field in (("lon", layer), ("lat", layer.T)):
                for line, size, sure, a, b in _lines(np.asarray(field, np.float64)):
                    found.setdefault((axis, line), []).append((sure, size, step, z, a, b))
    told["of"] = layers
    lines = sorted(found.items(), key=lambda f: (-len(f[1]), -sum(abs(h[1]) for h in f[1])))
    told["count"] = len(lines)
    kept = [_line(view, axis, line, hits, layers) for (axis, line), hits in lines[:_MOST]]
    groups = together(kept, _NEAR * _spacing(view))
    told["groups"] = [_group(view, some, layers) for some in groups]
    told["worst"] = [{k: v for k, v in one.items() if k != "at_layers"} for one in kept[:_WORST]]
    if not lines:
        told["sentence"] = (
            f"No straight line of {_SHORTEST} points or more in {counted(layers, 'layer')} has a "
            "jump across it."
        )
        return told
    one = told["groups"][0]
    told["share"] = one["share"]
    told["severity"] = min(
        (w["severity"] for w in told["groups"]), key=("major", "minor", "note").index
    )
    told["sentence"] = one["sentence"]
    return told


def _lines(field: NDArray[np.float64]) -> list[tuple[int, float, float, int, int]]:
    """Find lines between two columns: number, size, how sure, first and last row."""
    d = np.diff(field, axis=1)
    if d.shape[1] < 5:
        return []
    # Against two differences on both sides: one alone may be the slope of a front.
    around = (d[:, :-4] + d[:, 1:-3] + d[:, 3:-1] + d[:, 4:]) / 4
    a = d[:, 2:-2] - around
    known = np.isfinite(a)
    if known.sum() < 10 * _SHORTEST:
        return []
    usual = 1.4826 * np.median(np.abs(a[known]))
    spread = float(np.nanstd(field))
    least = max(_TIMES * usual, _OF_SPREAD * spread)
    if not least > 0:
        return []
    found = []
    # A jump of a few rows is enough to look closer.
    big = known & (np.abs(a) > least)
    for j in np.flatnonzero(big.sum(0) >= 0.6 * _SHORTEST).tolist():
        one = _run(a[:, j], known[:, j], least)
        if one is None:
            continue
        first, last, size = one
        rows = slice(first, last + 1)
        beside = [k for k in (j - 3, j - 2, j + 2, j + 3) if 0 <= k < a.shape[1]]
        with np.errstate(invalid="ignore"):
            near = np.abs(a[rows][:, beside])
        near = near[np.isfinite(near)]
        local = float(np.median(near)) if len(near) else usual
        if abs(size) > _TIMES * local and _sharp(a, j, rows, size):
            found.append((j + 2, size, abs(size) / max(local, usual, least / _TIMES), first, last))
    # The neighbours of a jump feel it: only the greatest of those that touch counts.
    kept: list[tuple[int, float, float, int, int]] = []
    for one_line in sorted(found, key=lambda f: -abs(f[1])):
        if all(abs(one_line[0] - k[0]) > 2 for k in kept):
            kept.append(one_line)
    return kept


def _sharp(a: NDArray[np.float64], j: int, rows: slice, size: float) -> bool:
    """Tell a step from a smooth bend: beside a step the differences bend the other way."""
    for k in (j - 1, j + 1):
        if 0 <= k < a.shape[1]:
            own = a[rows, k]
            own = own[np.isfinite(own)]
            if len(own) and np.median(own) / size > _BEND:
                return False
    return True


def _run(
    a: NDArray[np.float64], known: NDArray[np.bool_], least: float
) -> tuple[int, int, float] | None:
    """Find the longest run of rows where a jump has one sign and mostly is great enough."""
    best = None
    for sign in (1, -1):
        good = known & (sign * a > 0.4 * least)
        # Up to two rows may fail inside.
        gain = np.where(good, 1.0, np.where(known, -2.0, -0.5))
        total = np.cumsum(gain)
        low = np.minimum.accumulate(np.concatenate([[0.0], total[:-1]]))
        last = int(np.argmax(total - low))
        start = np.concatenate([[0.0], total[:-1]])
        first = int(np.flatnonzero(start[: last + 1] == low[last])[-1])
        rows = slice(first, last + 1)
        n = int(known[rows].sum())
        if n < _SHORTEST:
            continue
        own = a[rows][known[rows]]
        size = float(np.median(own))
        if abs(size) < least or np.mean(sign * own > 0) < _SAME_SIGN:
            continue
        if best is None or n > best[3]:
            best = (first, last, size, n)
    return None if best is None else best[:3]


def _line(
    view: FieldView, axis: str, line: int, hits: list[tuple[float, float, int, int, int, int]],
    layers: int,
) -> dict[str, Any]:  # fmt: skip
    grid = view.grid
    across, along = (grid.lon, grid.lat) if axis == "lon" else (grid.lat, grid.lon)
    at = float((across[line] + across[line + 1]) / 2)
    ends = along[min(h[4] for h in hits)], along[max(h[5] for h in hits)]
    low, high = float(min(ends)), float(max(ends))
    sure, _, step, z, _, _ = max(hits)
    pad = 3 * float(abs(across[line + 1] - across[line]))
    box = (at - pad, low, at + pad, high) if axis == "lon" else (low, at - pad, high, at + pad)
    return {
        "step": step, "level": z, "depth": view.depth_of(z),
        "value": float(np.median([abs(h[1]) for h in hits])), "layers": len(hits),
        "lon": at if axis == "lon" else (low + high) / 2,
        "lat": at if axis == "lat" else (low + high) / 2,
        "share": len(hits) / layers, "axis": axis, "at": at, "low": low, "high": high,
        "box": box, "sure": sure, "at_layers": {(h[2], h[3]) for h in hits},
    }  # fmt: skip


def _spacing(view: FieldView) -> float:
    """Return the greater spacing of the grid in degrees."""
    return max(float(np.median(np.abs(np.diff(x)))) for x in (view.grid.lon, view.grid.lat))


def together(lines: list[dict[str, Any]], near: float) -> list[list[dict[str, Any]]]:
    """Group lines that are edges of one patch: of the same layers, and they meet or face.

    Parameters
    ----------
    lines : list of dict
        The longest lived first.
    near : float
        Degrees between the ends of lines that meet.
    """
    groups: list[list[dict[str, Any]]] = []
    for line in lines:
        own = [g for g in groups if any(_related(line, other, near) for other in g)]
        joined = [line] if not own else [*(x for g in own for x in g), line]
        at = groups.index(own[0]) if own else len(groups)
        groups = [g for g in groups if g not in own]
        groups.insert(min(at, len(groups)), joined)
    return groups


def _related(a: dict[str, Any], b: dict[str, Any], near: float) -> bool:
    both = len(a["at_layers"] & b["at_layers"])
    if both < _SAME_LAYERS * min(len(a["at_layers"]), len(b["at_layers"])):
        return False
    if a["axis"] == b["axis"]:
        overlap = min(a["high"], b["high"]) - max(a["low"], b["low"])
        shorter = min(a["high"] - a["low"], b["high"] - b["low"])
        return bool(overlap > _SAME_LAYERS * shorter and 0.6 < a["value"] / b["value"] < 1.7)
    meets = (
        x["low"] - near <= y["at"] <= x["high"] + near for x, y in ((a, b), (b, a))
    )  # fmt: skip
    return all(meets)


def _group(view: FieldView, lines: list[dict[str, Any]], layers: int) -> dict[str, Any]:
    """Describe the edges of one patch, or a single line."""
    one = max(lines, key=lambda x: x["layers"])
    hits = sorted(set().union(*(x["at_layers"] for x in lines)))
    steps = sorted({h[0] for h in hits})
    deep = f", {depth_words([view.depth_of(z) for _, z in hits])}" if view.grid.has_depth else ""
    when = view.step_name(steps[0])
    if len(steps) > 1 and when:
        when += f" to {view.step_name(steps[-1])}"
    where = "; ".join(edge_words(x) for x in lines)
    where = f"the straight line of {where}" if len(lines) == 1 else f"straight lines ({where})"
    boxes = np.array([x["box"] for x in lines])
    return {
        **{k: one[k] for k in ("step", "level", "depth", "value")},
        "box": (*boxes[:, :2].min(0).tolist(), *boxes[:, 2:].max(0).tolist()),
        "lines": [{k: v for k, v in x.items() if k != "at_layers"} for x in lines],
        "layers_of": hits, "layers": len(hits), "share": len(hits) / layers,
        "severity": _severity(len(hits), layers),
        "sentence": (
            f"The field jumps by {one['value']:.2g} {view.unit} across {where}"
            f"{', ' + when if when else ''}{deep} (in {counted(len(hits), 'layer')} of {layers}): "
            f"the edge{'s' if len(lines) > 1 else ''} of a tile?"
        ),
    }  # fmt: skip


def _severity(hits: int, layers: int) -> str:
    if hits >= _SEVERAL or layers < _SEVERAL:
        return "major"
    # One layer of many may have a front that is straight.
    return "minor" if hits > 1 or layers < _MANY else "note"


def edge_words(line: dict[str, Any]) -> str:
    """Name a straight line and its ends: ``longitude 6.75° E, 37.5–43° N``."""
    at, low, high = line["at"], line["low"], line["high"]
    meridian = line["axis"] == "lon"
    letter = ("E" if at >= 0 else "W") if meridian else ("N" if at >= 0 else "S")
    box = (0.0, low, 0.0, high) if meridian else (low, 0.0, high, 0.0)
    part = spans(box).split(", ")[0 if meridian else 1]
    return f"{'longitude' if meridian else 'latitude'} {abs(at):.5g}° {letter}, {part}"
