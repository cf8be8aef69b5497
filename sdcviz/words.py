"""Numbers, sizes and times as people read them."""

from __future__ import annotations

__all__ = ["counted", "duration", "minute", "number", "size"]

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


def duration(seconds: float) -> str:
    """Return a time span as ``0.4 s``, ``12 s``, ``3 min``, ``2 h 5 min``, ``3 d 4 h``."""
    if seconds < 9.95:
        return f"{max(seconds, 0.0):.1f} s"
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"
