"""Values against a climatology, or against an analysis of the data themselves."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sdcviz.errors import SdcvizError
from sdcviz.qc.checks.base import Check, Setting
from sdcviz.qc.checks.limits import Limits, Rules
from sdcviz.qc.checks.pieces import pieces
from sdcviz.qc.checks.voyages import SPREAD, medians
from sdcviz.qc.grids import Grid, at_depths
from sdcviz.qc.model import Findings
from sdcviz.settings import get_settings

if TYPE_CHECKING:
    from sdcviz.observations.collection import Collection

__all__ = ["CLIMATOLOGY", "RESIDUAL", "Residuals", "file_of", "grid_of", "limits_of", "residuals"]

SHELF = 200.0
"""Bottom depth in metres up to which a station counts as on the shelf."""
FEWEST = 50
"""Residuals that tell a spread; samples with fewer around are not judged."""


@dataclass(frozen=True)
class Residuals:
    """What the samples of some stations differ by from a field.

    Attributes
    ----------
    rows : ndarray of int64
        Stations, sorted.
    offsets : ndarray of int64
        First sample of each in the other arrays.
    residual : ndarray of float32
        Value minus field, one a sample; NaN where either is missing or the
        value is flagged bad or missing.
    spread : ndarray of float32
        Standard deviation it is to be compared with.
    region : ndarray of int16
        Region of each station.
    """

    rows: NDArray[np.int64]
    offsets: NDArray[np.int64]
    residual: NDArray[np.float32]
    spread: NDArray[np.float32]
    region: NDArray[np.int16]


def residuals(
    collection: Collection,
    key: str,
    grid: Grid,
    limits: Limits,
    rows: NDArray[np.int64] | None = None,
    least: float = 0.0,
) -> Residuals:
    """Compare the samples of a parameter with a gridded field.

    The standard deviation is that of the file. Where the file has none, it is
    1.4826 times the median size of the residuals in the depth layer (around the
    depths of the field), so that what is far off hardly counts: the greater of
    that in the region and that in the box of 10 degrees, as fronts vary more.

    Parameters
    ----------
    collection : Collection
    key : str
        Parameter.
    grid : Grid
        The field.
    limits : Limits
        Whose regions are meant.
    rows : ndarray of int64, optional
        Stations; all by default. The spread is that of all stations.
    least : float
        Smallest standard deviation, in the unit of the parameter.
    """
    c = collection
    asked = np.arange(c.n_stations) if rows is None else np.unique(rows)
    used = np.arange(c.n_stations) if not grid.has_spread else asked
    used = used[c.has(key)[used]]
    middles = (grid.depth[1:] + grid.depth[:-1]) / 2
    parts, spreads, groups, regions = [], [], [], []
    for piece in pieces(c, limits, used):
        places = piece.lon, piece.lat, piece.station_time
        depth = np.asarray(piece.depth)
        field = at_depths(grid.profiles(*places), grid.depth, depth, piece.offsets)
        good = piece.usable(key)
        parts.append(np.where(good, piece.values(key) - field, np.nan).astype(np.float32))
        regions.append(piece.region)
        if grid.has_spread:
            made = at_depths(grid.profiles(*places, True), grid.depth, depth, piece.offsets)
            spreads.append(made.astype(np.float32))
        else:
            layer = np.searchsorted(middles, np.nan_to_num(depth)).astype(np.int32)
            east, north = (np.nan_to_num(x) // 10 for x in (piece.lon, piece.lat))
            box = (north * 36 + east).astype(np.int64)
            group = np.stack([piece.region.astype(np.int64), 10_000 + box])[:, piece.station]
            groups.append((group * len(grid.depth) + layer).astype(np.int32))
    residual = np.concatenate([np.empty(0, np.float32), *parts])
    if grid.has_spread:
        spread = np.concatenate([np.empty(0, np.float32), *spreads])
    else:
        group = np.concatenate([np.empty((2, 0), np.int32), *groups], axis=1)
        spread = _spread(np.abs(residual), *group)
    spread = np.maximum(spread, np.float32(least))
    ends = np.concatenate([[0], np.cumsum(np.diff(c.offsets)[used])]).astype(np.int64)
    region = np.concatenate([np.empty(0, np.int16), *regions])
    kept = np.isin(used, asked)
    if not kept.all():
        wanted = np.repeat(kept, np.diff(ends))
        residual, spread = residual[wanted], spread[wanted]
        ends = np.concatenate([[0], np.cumsum(np.diff(ends)[kept])]).astype(np.int64)
    return Residuals(used[kept], ends, residual, spread, region[kept])


def _spread(size: NDArray, *groups: NDArray) -> NDArray[np.float32]:
    """Estimate the standard deviation about zero in groups; the greatest of several wins.

    Parameters
    ----------
    size : ndarray of float32, shape (n,)
        Residuals without sign.
    *groups : ndarray of int64, shape (n,)
        Number of the group of each.
    """
    there = np.flatnonzero(np.isfinite(size))
    out = np.full(len(size), np.nan, np.float32)
    for group in groups:
        at = there[np.argsort(group[there], kind="stable")]
        bounds = np.append(np.flatnonzero(np.diff(group[at], prepend=-1)), len(at))
        table = SPREAD * medians(size[at], bounds)
        count = np.diff(bounds)
        table[count < FEWEST] = np.nan
        out[at] = np.fmax(out[at], np.repeat(table.astype(np.float32), count))
    return out


# ---- the checks --------------------------------------------------------------
@lru_cache(maxsize=8)
def _grid(path: str, changed: int, quantity: str, variable: str, spread: str) -> Grid:
    return Grid(path, quantity, variable, spread)


def file_of(rules: Rules, check: str) -> Path | None:
    """Return the file that the rules (or the settings) name; None where they name none."""
    path = str(rules.rules[0].given["file"])
    if not path and check == "climatology":
        path = str(get_settings().climatology or "")
    return Path(path).expanduser() if path else None


def grid_of(rules: Rules, key: str, check: str) -> Grid | None:
    """Open the field that the rules (or the settings) name; None where they name none."""
    given, file = rules.rules[0].given, file_of(rules, check)
    if file is None:
        return None
    changed = file.stat().st_mtime_ns if file.is_file() else 0
    base = key.rpartition("_")[0] if key.rpartition("_")[2].isdigit() else key
    return _grid(str(file), changed, base, str(given["variable"]), str(given["sd"]))


def _unready(check: str, collection: Collection, limits: Limits) -> str:
    """Say why a check can't be run: no file, or none that can be used."""
    keys = limits.keys([p.key for p in collection.parameters if p.kind == "number"])
    try:
        if any(grid_of(limits.of(key), key, check) for key in keys):
            return ""
    except SdcvizError as error:
        return f"The check {check!r} can't be run: {error}"
    hint = " (or the setting 'climatology')" if check == "climatology" else ""
    return (
        f"The check {check!r} has no gridded file to compare with: give one as 'file' in the "
        f"thresholds{hint}."
    )


def _run(
    check: str, collection: Collection, limits: Limits, rows: NDArray[np.int64] | None
) -> Findings:
    found = [Findings.of(check, None, [], -1, "3", [], 0)]
    for key in limits.keys([p.key for p in collection.parameters if p.kind == "number"]):
        rules = limits.of(key)
        grid = grid_of(rules, key, check)
        if grid is not None:
            least = float(rules.rules[0].given["least"])
            r = residuals(collection, key, grid, limits, rows, least)
            found.append(_far_off(check, collection, key, r, rules))
    return Findings.join(found)


def _far_off(check: str, c: Collection, key: str, r: Residuals, rules: Rules) -> Findings:
    station = np.repeat(np.arange(len(r.rows)), np.diff(r.offsets))
    limit = limits_of(rules, r.region, c.bottom_depth[r.rows])
    with np.errstate(invalid="ignore", divide="ignore"):
        size = np.abs(r.residual) / r.spread
    at = np.flatnonzero(size > limit[station])
    of = station[at]
    flags = rules.flags[rules.first[r.region[of]]]
    words = {
        n: f"{a:+.3g} from the field, where the standard deviation is {b:.2g}"
        for n, (a, b) in enumerate(zip(r.residual[at].tolist(), r.spread[at].tolist(), strict=True))
    }
    sample = at - r.offsets[of]
    return Findings.of(check, key, r.rows[of], sample, flags, size[at], limit[of], words)


def limits_of(rules: Rules, region: NDArray, bottom: NDArray) -> NDArray[np.float64]:
    """Return the standard deviations allowed at stations, by region and bottom depth [m]."""
    limit, shelf = (rules.by_region(name)[region] for name in ("limit", "shelf"))
    return np.where(bottom <= SHELF, shelf, limit)


def _settings(limit: float, shelf: float) -> dict[str, Setting]:
    return {
        "file": Setting("NetCDF file with the field", "", text=True),
        "variable": Setting("its variable; found by name and unit if empty", "", text=True),
        "sd": Setting("variable with the standard deviation; NAME_sd if empty", "", text=True),
        "limit": Setting("standard deviations that are allowed", limit),
        "shelf": Setting("the same where the bottom is at 200 m or less", shelf),
        "least": Setting("smallest standard deviation, in the unit of the parameter", 0.0),
    }


_FORMULA = (
    "fails where |value - field| / sd > `limit`; field interpolated in longitude, latitude, depth "
    "and time; sd of the file, else 1.4826 x median |value - field| of the layer in region or box"
)

CLIMATOLOGY = Check(
    "climatology",
    "Climatology",
    "sample",
    "collection",
    _FORMULA,
    "SeaDataNet data quality control procedures 2.0; CoTeDe's woa_normbias (6 for EuroGOOS)",
    lambda c, limits, rows=None: _run("climatology", c, limits, rows),
    _settings(6, 8),
    flag="3",
    unready=lambda c, limits: _unready("climatology", c, limits),
)
RESIDUAL = Check(
    "residual",
    "Residual of an analysis",
    "sample",
    "collection",
    _FORMULA,
    "DIVAnd documentation: outliers have residuals of more than 3 standard deviations",
    lambda c, limits, rows=None: _run("residual", c, limits, rows),
    _settings(5, 5),
    flag="3",
    unready=lambda c, limits: _unready("residual", c, limits),
)
