"""Numbers, sizes and times as people read them."""

from __future__ import annotations

__all__ = ["counted", "minute", "number", "size"]

NARROW = "\N{NARROW NO-BREAK SPACE}"
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def number(value: int) -> str:
    """Return a whole number with its thousands set apart: ``12 345``."""
    return f"{value:,}".replace(",", NARROW)


def counted(value: int, noun: str, plural: str | None = None) -> str:
    """Return ``1 station``, ``12 345 stations``."""
    return f"{number(value)} {noun if value == 1 else plural or noun + 's'}"


def size(count: int) -> str:
    """Return a number of bytes as ``812 bytes``, ``4.2 MB``."""
    value, unit = float(count), 0
    while value >= 1000 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.0f} {_UNITS[unit]}" if unit == 0 else f"{value:.1f} {_UNITS[unit]}"


def minute(time: str) -> str:
    """Return a time in UTC (ISO 8601) to the minute: ``2026-03-01 08:30 UTC``."""
    return f"{time[:16].replace('T', ' ')} UTC"
