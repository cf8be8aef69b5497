"""All checks, in the order in which they run (that of the Argo manual).

To add one, write a function and its `Check` in a module of this folder, put it
into this table, and give its thresholds in ``layouts/checks.yaml``.
"""

from __future__ import annotations

from .base import Check
from .chemistry import CHEMISTRY
from .constant import STUCK
from .density import DENSITY_INVERSION
from .levels import DEEPEST, FEW_LEVELS, GAP, MONOTONIC
from .profile import GRADIENT, ROLLOVER, SPIKE
from .ranges import GLOBAL_RANGE, REGIONAL_RANGE
from .series import SERIES
from .stations import AFTER, BEFORE

__all__ = ["CHECKS"]

_PROFILE = (
    GLOBAL_RANGE,
    REGIONAL_RANGE,
    FEW_LEVELS,
    DEEPEST,
    MONOTONIC,
    GAP,
    SPIKE,
    GRADIENT,
    ROLLOVER,
    STUCK,
    DENSITY_INVERSION,
)

CHECKS: dict[str, Check] = {
    check.name: check for check in (*BEFORE, *_PROFILE, *CHEMISTRY, *SERIES, *AFTER)
}
"""Name to check."""
