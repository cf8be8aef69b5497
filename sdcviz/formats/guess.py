"""Guesses what the columns of a plain table mean, by rules that are tables."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from .common import numbers
from .flags import scale_of
from .guess_rules import FLAG, LABELS, ONCE, RANGES, SENTINELS, TIME, VALUES
from .mapping import ColumnMapping, ColumnUse
from .table_sample import Sample

__all__ = ["guess_mapping"]


def guess_mapping(sample: Sample) -> ColumnMapping | None:
    """Guess the meaning of the columns.

    Parameters
    ----------
    sample : Sample
        The top of the table.

    Returns
    -------
    ColumnMapping or None
        None where it does not look like observations: neither a position nor
        a time with a value.
    """
    n = len(sample.labels)
    columns = [[row[i].strip() if i < len(row) else "" for row in sample.rows] for i in range(n)]
    uses = _by_name(sample, columns) if sample.named else _by_place(sample, columns)
    roles = {use.role for use in uses}
    placed = {"longitude", "latitude"} <= roles
    timed = bool(roles & {"time", "date", "epoch"}) or {"year", "month"} <= roles
    if not placed and not (timed and "parameter" in roles):
        return None
    return ColumnMapping(
        tuple(uses),
        sample.separator,
        sample.header_lines,
        missing=_sentinels(uses, columns),
        day_first=_day_first(uses, columns),
    )


def _name_and_unit(label: str) -> tuple[str, str]:
    match = re.fullmatch(r"(.*?)\s*[\[({]([^\])}]*)[\])}]\s*", label)
    return (match[1].strip(), match[2].strip()) if match and match[1] else (label.strip(), "")


def _by_name(sample: Sample, columns: list[list[str]]) -> list[ColumnUse]:
    uses: list[ColumnUse] = []
    taken: set[str] = set()
    for label, of_row, cells in zip(sample.labels, sample.units, columns, strict=True):
        name, unit = _name_and_unit(label)
        unit = unit or of_row
        key = re.sub(r"[\s-]+", "_", name.lower()).strip("_")
        role = _flag_role(key, cells, uses, sample.labels)
        if role:
            uses.append(ColumnUse(label, "flag", of=role[0], scale=role[1]))
            continue
        role_name = next(
            (
                r
                for r, pattern in LABELS
                if re.fullmatch(pattern, key) and r not in taken and _fits(r, cells)
            ),
            None,
        )
        if role_name == "time" and any(cells) and not _dates(cells):
            role_name = "epoch" if _size(cells) > 1e8 and "epoch" not in taken else None
        if role_name is None:
            if key in ("time_epoch", "timestamp") and taken & {"time", "epoch"}:
                role_name = "ignore"
            else:
                role_name = "parameter" if _all_numbers(cells) else "text"
        if role_name in ("depth", "height"):
            role_name = _downward(role_name, cells)
        if role_name in ONCE or role_name in ("cruise", "station", "edmo", "local_cdi_id"):
            taken.add(role_name)
            taken |= {"depth", "height"} if role_name in ("depth", "height") else set()
            taken |= {"time", "epoch"} if role_name in ("time", "epoch") else set()
        uses.append(ColumnUse(label, role_name, name, unit))
    return _settled(uses)


def _settled(uses: list[ColumnUse]) -> list[ColumnUse]:
    """Drop the second spelling of the time where a table has two."""
    roles = [u.role for u in uses]
    timed = "time" in roles or "epoch" in roles
    out = []
    for use in uses:
        role = use.role
        if timed and role in ("date", "clock", "year", "month", "day", "hour", "minute", "second"):
            role = "ignore"
        if "time" in roles and role == "epoch":
            role = "ignore"
        out.append(ColumnUse(use.label, role, use.name, use.unit, use.of, use.scale))
    return out


def _flag_role(
    key: str, cells: list[str], before: list[ColumnUse], labels: Sequence[str]
) -> tuple[str, str] | None:
    """Recognise a flag by its name and its cells; give whose it is and the scale."""
    match = FLAG.fullmatch(key.replace("_", " "))
    values = {c for c in cells if c}
    if not match or any(not re.fullmatch(r"[0-9A-Q]|\d\.0|[45]\d|6[56]|81", v) for v in values):
        return None
    whose = match["before"].strip().replace(" ", "_")
    if whose in ("position", "pos", "location", "time", "date"):
        return ("time" if whose in ("time", "date") else "position"), _scale(key)
    for label in labels:
        plain = re.sub(r"[\s-]+", "_", _name_and_unit(label)[0].lower())
        if whose and plain == whose:
            return label, _scale(key)
    if before and not FLAG.fullmatch(before[-1].label.lower().replace("_", " ")):
        return before[-1].label, _scale(key)
    return None


def _scale(key: str) -> str:
    if key.endswith("flag_w"):
        return "WOCE_BOTTLE"
    return scale_of(key.replace("_", ":")) or ("QARTOD" if "qartod" in key else "L20")


def _dates(cells: list[str]) -> int:
    return sum(bool(re.fullmatch(TIME, c, re.I)) for c in cells)


def _all_numbers(cells: list[str]) -> bool:
    """Tell whether cells are numbers, but for some that went wrong."""
    filled = [c for c in cells if c]
    return len(numbers(filled)[1]) <= 0.4 * len(filled)


def _size(cells: list[str]) -> float:
    return float(np.nanmax(np.abs(numbers(cells)[0]), initial=0.0))


def _fits(role: str, cells: list[str]) -> bool:
    """Check a guess against what is in the column."""
    filled = [c for c in cells if c and c.lower() not in ("nan", "na", "null")]
    if role in VALUES:
        if not filled:
            return role != "clock"  # an empty "time" is rather the whole time
        hits = sum(bool(re.fullmatch(VALUES[role], c, re.I)) for c in filled)
        if role == "time" and not hits and _all_numbers(filled):
            return _size(filled) > 1e8
        return hits >= 0.8 * len(filled)
    if role in RANGES:
        values, odd = numbers(filled)
        good = values[~np.isnan(values) & ~np.isin(values, SENTINELS)]
        low, high = RANGES[role]
        inside = np.count_nonzero((good >= low) & (good <= high))
        # One wrong latitude must not turn the whole column into a parameter.
        return bool(len(odd) <= 0.1 * len(filled) and inside >= 0.5 * len(good))
    if role in ("depth", "height"):
        return _all_numbers(filled)
    return True


def _downward(role: str, cells: list[str]) -> str:
    """Depths that are never positive are heights."""
    values, _ = numbers(cells)
    values = values[~np.isnan(values) & ~np.isin(values, SENTINELS)]
    if not values.size:
        return role
    if role == "depth":
        return "height" if values.max() <= 0 and values.min() < 0 else "depth"
    return "depth" if values.min() >= 0 and values.max() > 0 else "height"


def _by_place(sample: Sample, columns: list[list[str]]) -> list[ColumnUse]:
    """Without names: longitude, latitude, then values, as DIVA and GMT have it."""
    if len(columns) < 2 or not all(_all_numbers(c) for c in columns):
        return []
    lon, lat = numbers(columns[0])[0], numbers(columns[1])[0]
    if not (np.nanmax(np.abs(lat)) <= 90 and np.nanmin(lon) >= -180 and np.nanmax(lon) <= 360):
        return []
    uses = [ColumnUse(sample.labels[0], "longitude"), ColumnUse(sample.labels[1], "latitude")]
    return uses + [ColumnUse(label, "parameter", label) for label in sample.labels[2:]]


def _sentinels(uses: list[ColumnUse], columns: list[list[str]]) -> tuple[float, ...]:
    """Find the numbers for "no value" that occur, in columns where they can't be values."""
    found: set[float] = set()
    for use, cells in zip(uses, columns, strict=True):
        if use.role in ("parameter", "depth", "pressure", "longitude", "latitude", "bottom_depth"):
            values, _ = numbers(cells)
            found |= {s for s in SENTINELS if np.any(values == s)}
    return tuple(sorted(found))


def _day_first(uses: list[ColumnUse], columns: list[list[str]]) -> bool:
    """Decide between 31/12 and 12/31; the day comes first where both would do."""
    for use, cells in zip(uses, columns, strict=True):
        if use.role in ("time", "date"):
            pairs = [re.match(r"(\d{1,2})[-/.](\d{1,2})[-/.]\d{4}", c) for c in cells]
            if any(m and int(m[2]) > 12 for m in pairs):
                return False
    return True
