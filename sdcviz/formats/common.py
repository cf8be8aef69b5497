"""What several readers of text files need."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from .flags import missing_flags
from .model import MISSING, NOT_CHECKED, Column, Doctor, Parameter

__all__ = [
    "column",
    "date_time",
    "decode",
    "depth_from_pressure",
    "numbers",
    "offsets_of",
    "runs_of",
    "wrap_longitude",
]

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def decode(data: bytes, doctor: Doctor | None = None) -> str:
    """Decode text: UTF-8 (strict) or UTF-16 with its mark, else Windows-1252, else Latin-1.

    Parameters
    ----------
    data : bytes
        The file, or whole lines of it.
    doctor : Doctor, optional
        Is told when the encoding had to be guessed.

    Returns
    -------
    str
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    for encoding in ("utf-8", "cp1252", "latin-1"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding != "utf-8" and doctor:
            doctor.note("file", "the text is not UTF-8", f"read as {encoding}")
        return text
    raise AssertionError("latin-1 decodes everything")


def numbers(texts: Sequence[str]) -> tuple[NDArray[np.float64], list[tuple[int, str]]]:
    """Parse numbers; what is none becomes NaN and is told.

    Parameters
    ----------
    texts : sequence of str
        Cells; blank and ``NaN``, ``NA``, ``-``, ``null`` are missing. A
        decimal comma is understood.

    Returns
    -------
    values : ndarray of float64
    odd : list of (int, str)
        Place and text of each cell that is neither a number nor missing.
    """
    values = np.full(len(texts), np.nan)
    odd: list[tuple[int, str]] = []
    for i, text in enumerate(texts):
        try:
            values[i] = float(text)
        except ValueError:
            text = text.strip()
            if text.lower() in _MISSING:
                continue
            if _COMMA.fullmatch(text):
                values[i] = float(text.replace(",", "."))
            else:
                odd.append((i, text))
    values[np.isinf(values)] = np.nan
    return values, odd


_MISSING = {"", "nan", "na", "n/a", "-", "--", "null", "none", "inf", "-inf"}
_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")


def column(
    parameter: Parameter,
    values: NDArray[np.floating],
    flags: NDArray[np.uint8] | None = None,
    source_flags: NDArray[np.uint8] | None = None,
    scale: str = "L20",
    doctor: Doctor | None = None,
) -> Column:
    """Make a column of numbers in which missing values have flag 9.

    Parameters
    ----------
    parameter : Parameter
        What was measured.
    values : ndarray of float
        NaN is missing.
    flags : ndarray of uint8, optional
        L20 codes; "no quality control" where the file has no flags.
    source_flags, scale
        As in `Column`.
    doctor : Doctor, optional
        Is told of missing values with another flag.

    Returns
    -------
    Column
    """
    if flags is None:
        flags = np.full(len(values), NOT_CHECKED, np.uint8)
    flags, changed = missing_flags(flags, np.isnan(values))
    if changed and doctor:
        doctor.note(
            parameter.name,
            "values are missing but their flag is not 9",
            "they have flag 9",
            changed,
        )
    return Column(parameter, values, flags, source_flags, scale)


def depth_from_pressure(
    pressure: NDArray[np.floating], latitude: NDArray[np.floating] | float
) -> NDArray[np.float64]:
    """Compute depth from sea pressure (TEOS-10, `gsw.z_from_p`).

    Parameters
    ----------
    pressure : ndarray of float
        Sea pressure in dbar.
    latitude : ndarray of float or float
        Degrees north, broadcast against `pressure`; where it is unknown, 45 is taken
        (error below 0.3 %).

    Returns
    -------
    ndarray of float64
        Metres, positive down.
    """
    import gsw

    latitude = np.where(np.abs(latitude) <= 90, latitude, 45.0)
    depth = -np.asarray(gsw.z_from_p(np.asarray(pressure, np.float64), latitude))
    return np.round(depth, 4)  # 0.1 mm, far below what the formula is good for


def wrap_longitude(lon: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bring longitudes of 180..360 to -180..180; others stay as they are."""
    return np.where((lon > 180) & (lon <= 360), lon - 360, lon)


def offsets_of(counts: Sequence[int] | NDArray[np.integer]) -> NDArray[np.int64]:
    """Make offsets from the number of samples of each station."""
    return np.concatenate([[0], np.cumsum(counts, dtype=np.int64)]).astype(np.int64)


def runs_of(offsets: NDArray[np.integer], size: int) -> Iterator[tuple[int, int]]:
    """Part stations into runs of about `size` samples: the first of each, and the one after it.

    Parameters
    ----------
    offsets : ndarray of int
        Samples of station i are ``offsets[i]:offsets[i + 1]``.
    size : int
        Most samples of a run; a station with more is a run of its own.

    Yields
    ------
    tuple of int
    """
    first, n = 0, len(offsets) - 1
    while first < n:
        last = int(np.searchsorted(offsets, offsets[first] + size, "right")) - 1
        last = min(max(last, first + 1), n)
        yield first, last
        first = last


def date_time(year: int, month: int, day: int, hours: float = 0.0) -> np.datetime64:
    """Make a time; NaT where the date does not exist.

    Parameters
    ----------
    year, month, day : int
        Date.
    hours : float
        Hours since midnight; 24 is the next day.

    Returns
    -------
    datetime64[ms]
    """
    try:
        moment = datetime(year, month, day) + timedelta(milliseconds=round(hours * 3_600_000))
    except (ValueError, OverflowError):
        return np.datetime64("NaT", "ms")
    return np.datetime64(moment, "ms")


def flag_missing_depth(depth: NDArray[np.float64], flags: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Give flag 9 where the depth is unknown."""
    return np.where(np.isnan(depth), np.uint8(MISSING), flags).astype(np.uint8)
