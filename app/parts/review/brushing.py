"""Residuals of a review as its page asks for them: of all samples, or of those that were picked.

A pick ("brush") is a dictionary: ``layer``, ``level``, ``month``, ``area``, ``decade``, ``cruise``
and ``edmo`` hold numbers of the review's own lists, ``row`` rows of stations, ``box`` west, south,
east and north in degrees. What is not in it picks everything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["DIMENSIONS", "Residuals"]

DIMENSIONS = ("layer", "month", "area", "decade")
"""What samples are grouped by."""
LISTS = (*DIMENSIONS, "level", "cruise", "edmo", "row")
COLUMNS = 90
"""Cells in the wider direction of the map, at most about."""
CASTS = 50
_FEWEST_STATIONS = 3
_STEPS = (0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)
_BINNED = {"against_depth": "depth", "against_value": "observed"}


def _robust(residual: NDArray[np.float64]) -> dict[str, float | None]:
    """Return middle and usual spread, which a few wild samples do not change."""
    if not len(residual):
        return {"middle": None, "usual": None}
    middle = float(np.median(residual))
    return {"middle": middle, "usual": 1.4826 * float(np.median(np.abs(residual - middle)))}


def _bound(value: float) -> float | None:
    return None if value != value else round(float(value), 5)


class Residuals:
    """The collocated samples of a review, read-only.

    Parameters
    ----------
    columns : mapping of str to ndarray
        As ``residuals.npz`` holds them.
    """

    def __init__(self, columns: Mapping[str, NDArray]) -> None:
        self.columns = dict(columns)
        self.residual = np.asarray(columns["residual"], np.float64)
        self.row = np.asarray(columns["row"], np.int64)
        self.n = len(self.residual)
        self.columns.setdefault("cluster", self.row)
        self.usual = 1.4826 * float(np.median(np.abs(self.residual))) if self.n else 1.0
        self.usual = self.usual or 1.0

    def pick(self, brush: Mapping[str, Any]) -> NDArray[np.int64] | None:
        """Return the numbers of the samples of a brush; None: all."""
        mask: NDArray[np.bool_] | None = None
        for name in LISTS:
            wanted = brush.get(name)
            if wanted is None or name not in self.columns:
                continue
            many = wanted if isinstance(wanted, list | tuple) else [wanted]
            column = self.columns[name]
            hit = np.isin(column, many) if len(many) > 1 else column == (many or [-9])[0]
            mask = hit if mask is None else mask & hit
        if (box := brush.get("box")) is not None:
            hit = self._within(box)
            mask = hit if mask is None else mask & hit
        return None if mask is None else np.flatnonzero(mask)

    def _within(self, box: Sequence[float]) -> NDArray[np.bool_]:
        west, south, east, north = box
        lon, lat = self.columns["lon"], self.columns["lat"]
        inside = (lat >= south) & (lat <= north)
        return inside & ((lon - west) % 360 <= (east - west) % 360)

    def column(self, name: str, picked: NDArray[np.int64] | None) -> NDArray:
        """Return a column of the picked samples."""
        whole = self.residual if name == "residual" else self.columns[name]
        return whole if picked is None else whole[picked]

    # ---- what is drawn of them ---------------------------------------------------
    def cells(self, brush: Mapping[str, Any], view: Sequence[float]) -> dict[str, Any]:
        """Return the mean residual in cells of the map.

        A box picks no cells: those around it are what one compares it with.
        """
        west, south, east, north = map(float, view)
        picked = self.pick({k: v for k, v in brush.items() if k != "box"})
        lon, lat = self.column("lon", picked), self.column("lat", picked)
        residual = self.column("residual", picked)
        wide = max(east - west, (north - south) * 1.4) / COLUMNS
        step = next((s for s in _STEPS if s >= wide), _STEPS[-1])
        x0, y0 = np.floor(west / step), np.floor(south / step)
        nx, ny = int(np.ceil(east / step) - x0), int(np.ceil(north / step) - y0)
        column = np.floor((lon - x0 * step) % 360 / step).astype(np.int64)
        row = np.floor(lat / step - y0).astype(np.int64)
        seen = (column < nx) & (row >= 0) & (row < ny)
        key = (row * nx + column)[seen]
        n = np.bincount(key, minlength=nx * ny)
        total = np.bincount(key, residual[seen], nx * ny)
        there = np.flatnonzero(n)
        return {
            "step": step, "x0": float(x0), "y0": float(y0), "columns": nx,
            "at": there.tolist(), "n": n[there].tolist(),
            "mean": np.round(total[there] / n[there], 4).tolist(),
        }  # fmt: skip

    def histogram(self, picked: NDArray[np.int64] | None, edges: Sequence[float]) -> dict[str, Any]:
        """Return how often residuals occur; those beyond the edges count in the outer bins."""
        residual = self.column("residual", picked)
        outside = int(((residual < edges[0]) | (residual > edges[-1])).sum())
        counts = np.histogram(np.clip(residual, edges[0], edges[-1]), np.asarray(edges))[0]
        n = len(residual)
        return {
            "counts": counts.tolist(), "n": n, "outside": outside,
            "mean": float(residual.mean()) if n else None,
            "sd": float(residual.std()) if n else None,
            **_robust(residual),
        }  # fmt: skip

    def scores(self, picked: NDArray[np.int64] | None) -> dict[str, float | None]:
        """Return bias and RMSE of the picked samples with the intervals that the review has."""
        from sdcviz.reviews.skill import intervals

        residual = self.column("residual", picked)
        if not len(residual):
            return {}
        own = np.zeros(len(residual), np.int64)
        found = intervals(own, self.column("cluster", picked), residual, 1)
        told = {name: _bound(bounds[0]) for name, bounds in found.items()}
        bias, rmse = residual.mean(), np.sqrt(np.mean(residual**2))
        return {"bias": _bound(bias), "rmse": _bound(rmse), **told}

    def binned(
        self, name: str, picked: NDArray[np.int64] | None, edges: Sequence[Any]
    ) -> dict[str, Any]:
        """Return mean and the middle 80 % of the residuals in bins of another column."""
        x, residual = self._against(name, picked, edges), self.column("residual", picked)
        limits = np.asarray(edges, np.float64)
        bin_of = np.clip(np.searchsorted(limits, x, "right") - 1, -1, len(limits) - 1)
        bin_of[x == limits[-1]] = len(limits) - 2
        order = np.lexsort((residual, bin_of))
        starts = np.searchsorted(bin_of[order], np.arange(len(limits)))
        told: dict[str, list[Any]] = {"mean": [], "low": [], "high": [], "n": []}
        for first, last in pairwise(starts.tolist()):
            own, n = residual[order[first:last]], int(last - first)
            told["n"].append(n)
            told["mean"].append(float(own.mean()) if n else None)
            told["low"].append(float(own[int(0.1 * (n - 1))]) if n else None)
            told["high"].append(float(own[int(0.9 * (n - 1))]) if n else None)
        return {"edges": list(edges), **told}

    def _against(self, name: str, picked: Any, edges: Sequence[Any]) -> NDArray[np.float64]:
        if name != "against_time":
            return np.asarray(self.column(_BINNED[name], picked), np.float64)
        time = np.asarray(self.column("time", picked)).astype("datetime64[D]")
        return 1970 + time.astype(np.float64) / 365.2425

    # ---- tables ------------------------------------------------------------------
    def table(self, rows: str, columns: str) -> list[dict[str, Any]]:
        """Return skill of two dimensions with its intervals: where the review has none."""
        from sdcviz.reviews.skill import intervals

        a, b = self.columns[rows].astype(np.int64), self.columns[columns].astype(np.int64)
        known = (a >= 0) & (b >= 0)
        width = int(b.max(initial=0)) + 1
        key, residual = (a * width + b)[known], self.residual[known]
        n = np.bincount(key)
        bias = np.bincount(key, residual) / np.maximum(n, 1)
        rmse = np.sqrt(np.bincount(key, residual**2) / np.maximum(n, 1))
        bounds = intervals(key, self.columns["cluster"][known], residual, len(n))
        expected = self.columns.get("expected")
        within = np.full(len(n), np.nan)
        if expected is not None:
            sure = np.isfinite(expected[known])
            near = np.abs(residual) <= 2 * expected[known]
            those = np.bincount(key, sure, len(n))
            within = np.bincount(key, near & sure, len(n)) / np.where(those, those, np.nan)
        return [
            {
                rows: int(k // width), columns: int(k % width), "n": int(n[k]),
                "bias": float(bias[k]), "rmse": float(rmse[k]),
                **{name: _bound(values[k]) for name, values in bounds.items()},
                "within2": None if np.isnan(within[k]) else float(within[k]),
            }
            for k in np.flatnonzero(n).tolist()
        ]  # fmt: skip

    def groups(self, name: str, picked: NDArray[np.int64] | None) -> list[list[Any]]:
        """Return number, samples, bias, RMSE and interval of each cruise or data centre.

        The interval is that of the means of stations; fewer than three have none.
        """
        if name not in self.columns:
            return []
        key, residual = self.column(name, picked).astype(np.int64), self.column("residual", picked)
        known = key >= 0
        key, residual = key[known], residual[known]
        n = np.bincount(key)
        bias = np.bincount(key, residual) / np.maximum(n, 1)
        rmse = np.sqrt(np.bincount(key, residual**2) / np.maximum(n, 1))
        row = self.column("row", picked)[known]
        casts, at = np.unique(key << 32 | row, return_inverse=True)
        mean, of = np.bincount(at, residual) / np.bincount(at), casts >> 32
        stations = np.bincount(of, minlength=len(n))
        middle = np.bincount(of, mean, len(n)) / np.maximum(stations, 1)
        square = np.bincount(of, (mean - middle[of]) ** 2, len(n))
        with np.errstate(invalid="ignore", divide="ignore"):
            reach = 1.96 * np.sqrt(square / (stations - 1) / stations)
        reach[stations < _FEWEST_STATIONS] = np.nan
        return [
            [k, int(n[k]), round(float(bias[k]), 5), round(float(rmse[k]), 5),
             _bound(bias[k] - reach[k]), _bound(bias[k] + reach[k]), int(stations[k])]
            for k in np.flatnonzero(n).tolist()
        ]  # fmt: skip

    def casts(self, picked: NDArray[np.int64] | None, most: int = CASTS) -> list[dict[str, Any]]:
        """Return the stations with the greatest residuals relative to what is expected."""
        row, residual = self.row if picked is None else self.row[picked], self._scaled(picked)
        if not len(row):
            return []
        n = np.bincount(row)
        square = np.bincount(row, residual**2) / np.maximum(n, 1)
        worst = np.argsort(-square, kind="stable")[:most]
        return [self._cast(int(r), row, residual, picked, float(square[r])) for r in worst if n[r]]

    def _scaled(self, picked: NDArray[np.int64] | None) -> NDArray[np.float64]:
        """Return residuals in expected misfits; where that is unknown, in their usual size."""
        residual = self.column("residual", picked)
        if "expected" not in self.columns:
            return residual / self.usual
        expected = self.column("expected", picked).astype(np.float64)
        known = np.isfinite(expected) & (expected > 0)
        return residual / np.where(known, expected, self.usual)

    def _cast(
        self, r: int, row: NDArray, residual: NDArray, picked: Any, square: float
    ) -> dict[str, Any]:
        own = np.flatnonzero(row == r)
        most = own[np.argmax(np.abs(residual[own]))]
        at = int(most if picked is None else picked[most])
        get = self.columns
        depth = float(get["depth"][at])
        return {
            "row": r, "n": len(own), "rms": round(square**0.5, 5),
            "largest": round(float(self.residual[at]), 5),
            "depth": None if depth != depth else depth,
            "lon": float(get["lon"][at]), "lat": float(get["lat"][at]),
            "time": str(get["time"][at].astype("datetime64[s]")),
        }  # fmt: skip
