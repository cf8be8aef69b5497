"""How the rows of a table become stations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .mapping import LAYOUTS
from .model import Doctor

__all__ = ["Rows", "group_rows", "legs"]


@dataclass
class Rows:
    """What grouping looks at, one element a row.

    Attributes
    ----------
    ids : ndarray of int64
        Code of cruise, station, platform, ... together; all 0 without any.
    named : bool
        The table names its stations.
    place : ndarray of int64
        Code of the position.
    time : ndarray of datetime64[ms]
        NaT is unknown.
    depth : ndarray of float64
        Metres.
    """

    ids: NDArray[np.int64]
    named: bool
    place: NDArray[np.int64]
    time: NDArray[np.datetime64]
    depth: NDArray[np.float64]


def group_rows(rows: Rows, layout: str, doctor: Doctor) -> tuple[NDArray[np.int64], str]:
    """Give each row the number of its station, in the order of first appearance.

    Parameters
    ----------
    rows : Rows
        The table.
    layout : str
        A key of `sdcviz.formats.mapping.LAYOUTS`.
    doctor : Doctor
        Is told how rows were grouped where the table does not say it.

    Returns
    -------
    group : ndarray of int64
    layout : str
        The layout that was used.
    """
    n = len(rows.ids)
    layout = _decide(rows) if layout == "auto" else layout
    if not rows.named or layout != "profile":
        doctor.note("file", f"the table is taken for: {layout}", LAYOUTS[layout])
    if layout in ("trajectory", "points"):
        return np.arange(n), layout
    if layout == "time series":
        return codes_of([rows.ids, rows.place]), layout
    if layout == "dives":
        return codes_of([rows.ids, legs(rows.depth, rows.ids)]), layout
    return codes_of([rows.ids, rows.place, rows.time.astype(np.int64)]), layout


def _decide(rows: Rows) -> str:
    n = len(rows.ids)
    if not rows.named and np.isnat(rows.time).all() and np.isnan(rows.depth).all():
        return "points"
    casts = _count(codes_of([rows.ids, rows.place, rows.time.astype(np.int64)]))
    times = len(np.unique(rows.time[~np.isnat(rows.time)]))
    if casts == 1 or times <= 1 or n >= 1.5 * casts:
        return "profile"
    places = _count(codes_of([rows.ids, rows.place]))
    if n >= 5 * places:
        return "time series"
    known = rows.depth[~np.isnan(rows.depth)]
    if known.size > 20 and np.ptp(known) > 10 and len(np.unique(known)) > 0.05 * n:
        turns = int(legs(rows.depth, rows.ids).max()) + 1
        if n >= 5 * turns:
            return "dives"
    steps = np.diff(rows.time.astype(np.int64))
    return "trajectory" if np.mean(steps >= 0) > 0.95 else "points"


def _count(codes: NDArray[np.int64]) -> int:
    return int(codes.max(initial=-1)) + 1


def codes_of(keys: Sequence[NDArray]) -> NDArray[np.int64]:
    """Give equal combinations of keys a number, in the order of first appearance.

    Parameters
    ----------
    keys : sequence of ndarray of int64
        One array a key, all of one length.

    Returns
    -------
    ndarray of int64
    """
    import pandas as pd

    code = np.zeros(len(keys[0]), np.int64)
    for key in keys:
        other, labels = pd.factorize(key)
        code = pd.factorize(code * (len(labels) + 1) + other)[0].astype(np.int64)
    return code


def legs(depth: NDArray[np.float64], ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give each way down or up of a glider a number.

    A new leg starts at a turning point from which the depth comes back by
    more than 5 % of its range (at least 3 m), so that small waves do not count.

    Parameters
    ----------
    depth : ndarray of float64
        Metres, in the order of time; NaN stays in the leg before it.
    ids : ndarray of int64
        Platform; a change starts a leg.

    Returns
    -------
    ndarray of int64
    """
    known = depth[~np.isnan(depth)]
    if not known.size:
        return codes_of([ids])
    slack = max(3.0, 0.05 * float(np.ptp(known)))
    first = np.zeros(len(depth), bool)  # first rows of legs
    first[0] = True
    first[1:] = ids[1:] != ids[:-1]
    values, new = depth.tolist(), first.tolist()
    extreme, way = 0, 0  # row of the deepest or shallowest point; 1 down, -1 up, 0 unknown
    for i, z in enumerate(values):
        if new[i] or values[extreme] != values[extreme]:
            extreme, way = i, 0
        if z != z:
            continue
        step = z - values[extreme]
        if way == 0 and abs(step) > slack:
            extreme, way = i, 1 if step > 0 else -1
        elif way and step * way >= 0:
            extreme = i
        elif way and abs(step) > slack:
            first[extreme] = True
            extreme, way = i, -way
    return np.cumsum(first) - 1
