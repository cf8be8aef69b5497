"""How far samples are from an analysis or a climatology, as a rule asks for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sdcviz.qc.rules.pieces import Piece

if TYPE_CHECKING:
    from sdcviz.observations.collection import Collection

__all__ = ["FIELDS", "departures"]

FIELDS = ("residual", "climatology")
"""Checks that compare with a field: an analysis goes before a climatology."""


def departures(collection: Collection, key: str) -> Callable[[Piece], NDArray[np.float64]] | None:
    """Give the distance of samples from a field, in its standard deviations.

    Parameters
    ----------
    collection : Collection
    key : str
        Parameter.

    Returns
    -------
    callable or None
        From a piece to one number a sample; NaN where the field ends, and
        where the value is flagged bad. None where the thresholds and the
        settings name no file for this parameter.

    Raises
    ------
    SdcvizError
        The file that they name can't be read.
    """
    from sdcviz.qc.checks.climatology import grid_of, residuals
    from sdcviz.qc.checks.thresholds import read_thresholds

    for check in FIELDS:
        limits = read_thresholds().limits.get(check)
        if limits is None or not limits.keys([key]):
            continue
        rules = limits.of(key)
        grid = grid_of(rules, key, check)
        if grid is None:
            continue
        found = residuals(collection, key, grid, limits, least=float(rules.rules[0].given["least"]))
        with np.errstate(invalid="ignore", divide="ignore"):
            size = np.abs(found.residual) / found.spread
        starts = np.full(collection.n_stations, -1, np.int64)
        starts[found.rows] = found.offsets[:-1]
        return lambda piece: piece.take(size, starts, np.nan).astype(np.float64)
    return None
