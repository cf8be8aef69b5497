"""Names and constants of the product's layout, shared by writer and checker."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BOUNDS",
    "CALENDAR",
    "CELL_METHODS",
    "DEEPEST",
    "EPOCH",
    "FILL",
    "OBSERVATIONS",
    "RELERR",
    "RESIDUALS",
    "SD",
    "THRESHOLD",
    "days",
]

FILL = np.float32(9.96921e36)
EPOCH = "days since 1900-01-01 00:00:00"
CALENDAR = "standard"
BOUNDS = "climatology_bounds"
CELL_METHODS = "time: mean within years time: mean over years"
RELERR, DEEPEST, SD = "_relerr", "_deepest", "_background_sd"
THRESHOLD = "relative_error_threshold"
OBSERVATIONS = ("obslon", "obslat", "obsdepth", "obstime", "obsid")
RESIDUALS = ("residual_observation", "residual_slice", "residual")

_START = np.datetime64("1900-01-01T00:00:00", "ms")


def days(time: NDArray[np.datetime64] | np.datetime64) -> NDArray[np.float64]:
    """Count the days since 1900-01-01; NaN for an unknown time."""
    passed = np.asarray(time).astype("datetime64[ms]") - _START
    return np.where(np.isnat(passed), np.nan, passed / np.timedelta64(1, "D"))
