"""All checks, in the order in which they run (that of the Argo manual).

To add one, write a function and its `Check` in a module of this folder, put it
into this table, and give its thresholds in ``layouts/checks.yaml``.
"""

from __future__ import annotations

from .base import Check
from .profile import GRADIENT, SPIKE
from .ranges import GLOBAL_RANGE, REGIONAL_RANGE
from .stations import AFTER, BEFORE

__all__ = ["CHECKS"]

CHECKS: dict[str, Check] = {
    check.name: check for check in (*BEFORE, GLOBAL_RANGE, REGIONAL_RANGE, SPIKE, GRADIENT, *AFTER)
}
"""Name to check."""
