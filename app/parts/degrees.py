"""Positions as sailors write them."""

from __future__ import annotations

__all__ = ["position"]


def position(lon: float | None, lat: float | None) -> str:
    """Return a position in degrees and minutes with the decimal degrees behind.

    Parameters
    ----------
    lon, lat : float or None
        Degrees east and north; None is unknown.

    Returns
    -------
    str
        As ``"40° 20.04' N, 10° 17.99' W (40.33400, -10.29983)"``; empty if unknown.
    """
    if lon is None or lat is None:
        return ""
    return f"{_minutes(lat, 'NS')}, {_minutes(lon, 'EW')} ({lat:.5f}, {lon:.5f})"


def _minutes(degrees: float, sides: str) -> str:
    # Whole hundredths of a minute, so that 59.999 becomes the next degree and not 60.00.
    hundredths = round(abs(degrees) * 6000)
    whole, rest = divmod(hundredths, 6000)
    return f"{whole}° {rest / 100:05.2f}\N{PRIME} {sides[degrees < 0]}"
