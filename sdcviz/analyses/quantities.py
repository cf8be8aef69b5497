"""Lengths and sizes as people write them: ``80 km``, ``4 GB``."""

from __future__ import annotations

import math
import re
from typing import Any

__all__ = ["FIT", "length", "lengths", "memory_size", "metres", "told_lengths"]

FIT = "fit"
"""Stands for lengths that are to be found from the data."""
_METRES = {"m": 1.0, "km": 1000.0}
_BYTES = {"mb": 1e6, "gb": 1e9, "mib": 2.0**20, "gib": 2.0**30}
_NUMBER = r"([+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)"


def length(value: Any) -> float:
    """Read a length.

    Parameters
    ----------
    value : str
        A number and its unit: "80 km", "50 m".

    Returns
    -------
    float
        Metres, 0 or more.

    Raises
    ------
    ValueError
        With a sentence that says what to write.
    """
    found = re.fullmatch(rf"\s*{_NUMBER}\s*([a-zA-Z]*)\s*", str(value))
    if isinstance(value, bool) or not found:
        raise ValueError(f"{_shown(value)} is no length; write a number and m or km, as in 80 km")
    if not found[2]:
        raise ValueError(f"{value} has no unit; write '{value} m' or '{value} km'")
    unit = _METRES.get(found[2].lower())
    if unit is None:
        raise ValueError(f"the unit {found[2]!r} is not known; write m or km, as in 80 km")
    metre = float(found[1]) * unit
    if metre < 0 or not math.isfinite(metre):
        raise ValueError(f"{value} is no length; it must be 0 or more")
    return metre


def lengths(value: Any) -> str | tuple[float, ...]:
    """Read one length, a list with one a level, or ``fit``.

    Returns
    -------
    "fit" or tuple of float
        Metres.
    """
    if isinstance(value, str) and value.strip().lower() == FIT:
        return FIT
    if isinstance(value, (list, tuple)):
        if not value:
            raise ValueError("the list is empty; give one length, or one a level")
        return tuple(
            float(v) if isinstance(v, float) and isinstance(value, tuple) else length(v)
            for v in value
        )
    return (length(value),)


def metres(value: float) -> str:
    """Write a length: ``80 km``, ``50 m``."""
    return f"{value / 1000:.15g} km" if value >= 1000 else f"{value:.15g} m"


def told_lengths(value: str | tuple[float, ...] | None) -> str | list[str] | None:
    """Write what `lengths` reads; None for a length that was left out."""
    if value is None or isinstance(value, str):
        return value
    told = [metres(v) for v in value]
    return told[0] if len(told) == 1 else told


def memory_size(value: Any) -> int:
    """Read a size of memory, such as ``4 GB``.

    Returns
    -------
    int
        Bytes.
    """
    found = re.fullmatch(rf"\s*{_NUMBER}\s*([a-zA-Z]+)\s*", str(value))
    unit = _BYTES.get(found[2].lower()) if found else None
    if found is None or unit is None or float(found[1]) <= 0:
        raise ValueError(f"{_shown(value)} is no size of memory; write a number and MB or GB")
    return round(float(found[1]) * unit)


def _shown(value: Any) -> str:
    return repr(value) if isinstance(value, str) else str(value)
