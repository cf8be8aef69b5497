"""Values made more normal before the analysis, and the field made back.

A log analysis of concentrations never becomes negative, a logit one stays within its bounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Transform"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Transform:
    """One transformation and its inverse.

    Attributes
    ----------
    method : {"none", "log", "logit"}
        ``log(v + offset)``, above `threshold` the tangent there; or
        ``log((v - low) / (high - v))``.
    offset, threshold : float
        In the unit of the values.
    low, high : float
        Bounds of logit, in the unit of the values.

    Examples
    --------
    >>> t = Transform("log", threshold=200.0)
    >>> t.backward(t.forward(np.array([0.5, 300.0])))
    array([  0.5, 300. ])
    """

    method: Literal["none", "log", "logit"] = "none"
    offset: float = 0.0
    threshold: float = inf
    low: float = 0.0
    high: float = 1.0

    def forward(self, value: Array) -> Array:
        """Transform values; NaN where they have no transformed one."""
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.method == "log":
                made = np.log(np.minimum(value, self.threshold) + self.offset)
                if self.threshold < inf:
                    above = np.maximum(value - self.threshold, 0)
                    made = made + above / (self.threshold + self.offset)
            elif self.method == "logit":
                made = np.log((value - self.low) / (self.high - value))
            else:
                made = np.asarray(value, np.float64)
        return np.where(np.isfinite(made), made, np.nan)

    def backward(self, made: Array) -> Array:
        """Give the values back."""
        if self.method == "log":
            bend = inf if self.threshold == inf else log(self.threshold + self.offset)
            value = np.exp(np.minimum(made, bend)) - self.offset
            if bend < inf:
                value = value + np.maximum(made - bend, 0) * (self.threshold + self.offset)
            return value
        if self.method == "logit":
            # Of both forms the one that can't overflow.
            part = np.where(
                made > 0, 1 / (1 + np.exp(-np.abs(made))), 1 - 1 / (1 + np.exp(-np.abs(made)))
            )
            return self.low + (self.high - self.low) * part
        return np.asarray(made, np.float64)
