"""From the time axis of a file to `Times`."""

from __future__ import annotations

import calendar
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..formats.netcdf_time import decode_time
from .source import Source, Variable, decode, text_of
from .times import MONTHS, Times, label_of, shortened

__all__ = ["read_times"]

_NO_REAL_DAYS = {"noleap", "365_day", "all_leap", "366_day", "360_day"}
_MONTHS_SINCE = re.compile(r"months?\s+since\s+(\d{1,4})-(\d{1,2})-(\d{1,2})", re.IGNORECASE)
_SEASONS = {4: ((1, 2, 3), (4, 5, 6), (7, 8, 9), (10, 11, 12))}


def read_times(source: Source, name: str, size: int) -> tuple[Times, NDArray[np.int64]]:
    """Read the steps of a time axis, sorted.

    Parameters
    ----------
    source : Source
    name : str
        The axis: a dimension, usually with a variable of its name.
    size : int
        Its length.

    Returns
    -------
    times : Times
    order : ndarray of int64
        Place of each step in the file.
    """
    order = np.arange(size)
    axis = source.variables.get(name)
    labels = _texts(source, "slice_label", size)
    if axis is None or not axis.is_number or axis.shape != (size,):
        told = f"The time axis {name} has no times; steps are numbered." if not labels else ""
        return Times(_unknown(size), labels or _numbered(size), warning=told), order
    raw = decode(axis, source.read(name, (slice(None),))).astype(np.float64)
    repeated = _cycle(axis, size)
    if repeated is not None:
        return _of_year(axis, raw, repeated), order
    values, why = _decoded(axis, raw)
    if why:
        numbers = tuple(f"step {k + 1} ({v:g} {axis.text('units')})" for k, v in enumerate(raw))
        return Times(values, labels or numbers, warning=why), order
    order = np.argsort(values, kind="stable")
    bounds = _bounds(source, axis, size)
    if bounds is not None and axis.text("climatology"):
        # Sorted by the years they stand for, then by season.
        order = np.lexsort((values, bounds[:, 0].astype("datetime64[Y]").astype(int)))
        return _climatology(values[order], bounds[order], labels, order), order
    found = labels and tuple(labels[k] for k in order)
    bounds = None if bounds is None else bounds[order]
    return Times(values[order], found or _dated(values[order]), bounds), order


def _unknown(size: int) -> NDArray[np.datetime64]:
    return np.full(size, np.datetime64("NaT", "ms"))


def _numbered(size: int) -> tuple[str, ...]:
    return tuple(f"step {k + 1}" for k in range(size))


def _cycle(axis: Variable, size: int) -> int | None:
    """Tell whether the axis is one year of any date; the number of its steps."""
    if size not in (4, 12) or axis.text("climatology"):
        return None
    units = axis.text("units").lower()
    if "modulo" in axis.attrs or units in ("month", "months") or "since 0000" in units:
        return size
    return size if "since" not in units and size == 12 else None


def _of_year(axis: Variable, raw: NDArray, size: int) -> Times:
    months = [(k + 1,) for k in range(12)] if size == 12 else _SEASONS[4]
    names = MONTHS if size == 12 else [f"{MONTHS[m[0] - 1]}–{MONTHS[m[-1] - 1]}" for m in months]
    values, why = _decoded(axis, raw)
    return Times(
        _unknown(size) if why else values, tuple(names), months=tuple(map(frozenset, months))
    )


def _decoded(axis: Variable, raw: NDArray) -> tuple[NDArray[np.datetime64], str]:
    """Decode, or tell in a sentence why not."""
    units, kind = axis.text("units"), axis.text("calendar").lower()
    size = len(raw)
    try:
        values = _dates(raw, units, kind)
    except (ValueError, OverflowError, TypeError):
        told = f"'{units}'" if units else "which has no units"
        return _unknown(size), (
            f"The time axis {axis.name} ({told}) can't be turned into dates; "
            "steps are known by their number."
        )
    if np.isnat(values).any():
        return _unknown(size), (
            f"The time axis {axis.name} has missing or impossible times; "
            "steps are known by their number."
        )
    return values, ""


def _dates(raw: NDArray, units: str, kind: str) -> NDArray[np.datetime64]:
    months = _MONTHS_SINCE.match(units.strip())
    if months:
        start = np.datetime64(f"{int(months[1]):04d}-{int(months[2]):02d}", "M")
        return _months_after(start, raw + (int(months[3]) - 1) / 31)
    if kind in _NO_REAL_DAYS:
        return _other_calendar(raw, units, kind)
    return decode_time(raw, units, kind)


def _months_after(start: np.datetime64, count: NDArray) -> NDArray[np.datetime64]:
    """Count months of the calendar, as atlases do; half a month is the middle of that month."""
    bad = ~np.isfinite(count)
    count = np.where(bad, 0, count)
    whole = np.floor(count).astype(np.int64)
    first = (start + whole).astype("datetime64[ms]")
    length = (start + whole + 1).astype("datetime64[ms]") - first
    found = first + ((count - whole) * length.astype(np.int64)).astype(np.int64)
    return np.where(bad, np.datetime64("NaT", "ms"), found)


def _other_calendar(raw: NDArray, units: str, kind: str) -> NDArray[np.datetime64]:
    """Name days of a model's calendar by the real date of the same name, or the month's last."""
    from netCDF4 import num2date

    out = []
    for date in np.ravel(np.asarray(num2date(raw, units, kind))):
        day = min(date.day, calendar.monthrange(date.year, date.month)[1])
        clock = f"{date.hour:02d}:{date.minute:02d}:{date.second:02d}"
        out.append(np.datetime64(f"{date.year:04d}-{date.month:02d}-{day:02d}T{clock}", "ms"))
    return np.array(out, "datetime64[ms]")


def _bounds(source: Source, axis: Variable, size: int) -> NDArray[np.datetime64] | None:
    named = source.variables.get(axis.text("climatology") or axis.text("bounds"))
    if named is None or named.shape != (size, 2) or not named.is_number:
        return None
    raw = decode(named, source.read(named.name, (slice(None), slice(None))))
    units, kind = (text_of(named.attrs.get(n) or axis.attrs.get(n)) for n in ("units", "calendar"))
    try:
        found = _dates(raw.astype(np.float64).ravel(), units, kind.lower()).reshape(size, 2)
    except (ValueError, OverflowError):
        return None
    return None if np.isnat(found).any() else found


def _climatology(
    values: NDArray, bounds: NDArray, labels: tuple[str, ...], order: NDArray[np.int64]
) -> Times:
    named = [label_of(start, stop) for start, stop in bounds]
    own = tuple(labels[k] for k in order) if labels else shortened([text for _, text in named])
    return Times(values, own, bounds, tuple(months for months, _ in named))


def _dated(values: NDArray[np.datetime64]) -> tuple[str, ...]:
    """Write times as short as they stay apart."""
    for unit, letters in (("D", 10), ("m", 16), ("s", 19)):
        texts = [str(v)[:letters] for v in values]
        if (values == values.astype(f"datetime64[{unit}]")).all() or (
            unit == "D" and len(set(texts)) == len(texts)
        ):
            return tuple(texts)
    return tuple(str(v) for v in values)


def _texts(source: Source, name: str, size: int) -> tuple[str, ...]:
    """Read the labels that sdcviz writes beside the times."""
    v: Any = source.variables.get(name)
    if v is None or len(v.shape) != 2 or v.shape[0] != size or v.dtype.kind != "S":
        return ()
    raw = np.asarray(source.read(name, (slice(None), slice(None))))
    rows = np.ascontiguousarray(raw.astype("S1")).view(f"S{raw.shape[1]}").ravel()
    return tuple(row.decode("utf-8", "replace").strip() for row in rows)
