"""Guesses what the columns of a plain table mean, by rules that are tables."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .common import decode, numbers
from .flags import scale_of
from .mapping import ColumnMapping, ColumnUse

__all__ = ["Sample", "guess_mapping", "sample_of"]

SAMPLE_ROWS = 200
COMMENTS = ("#", "%", "//", "!")
SEPARATORS = ("\t", ";", ",", "|", " ")
SENTINELS = (-99.0, -99.9, -999.0, -999.9, -9999.0, -99999.0, -1e10, -1e34, 1e20, 9.96921e36)

# Role, label (lower case, blanks and dashes as _, without the unit); the first that fits counts.
LABELS: tuple[tuple[str, str], ...] = (
    ("longitude", r"(decimal_?)?lon(g|gitude)?(_?deg.*|_?dd|_?e)?|x|lon_.*|.*_longitude"
                  r"|longitude_.*"),
    ("latitude", r"(decimal_?)?lat(itude)?(_?deg.*|_?dd|_?n)?|y|lat_.*|.*_latitude|latitude_.*"),
    ("bottom_depth", r"bot(tom)?\.?_?depth.*|sea_?floor_?depth.*|sounding|water_?depth|bathy.*"),
    ("depth", r"depth.*|dep|prof(ondeur)?|tiefe|profundidad|.*_depth"),
    ("height", r"z|height|elevation|altitude"),
    ("pressure", r"(sea_?)?(water_?)?pres(s|sure)?(_.*)?|prs|p|ctdprs|.*pressure"),
    ("cruise", r"cruise.*|campaign|campagne|expocode|mission|expedition|leg"),
    ("local_cdi_id", r"local_?cdi_?id|cdi_?id"),
    ("edmo", r"edmo(_?code)?"),
    ("station", r"stations?(_?(id|name|no|number|nr|index))?|stn(_?.*)?|stnnbr|cast(_?.*)?|profile"
                r"(_?(id|no|number|nr))?|sta|event_?id"),
    ("platform", r"platform.*|ship.*|vessel.*|wmo.*|float.*|glider.*|trajectory(_?id)?|mooring.*"),
    ("type", r"(station_?)?type"),
    ("sample_time", r"(sample|obs(ervation)?|measurement)_?(date_?)?time"),
    ("epoch", r"(time_?)?epoch.*|unix.*|posix.*|timestamp_?(s|ms)"),
    ("year", r"ye?a?r|annee|jahr|yyyy"),
    ("month", r"mo(nth)?|mon|mois|mm"),
    ("day", r"day|jour|tag|dd"),
    ("hour", r"ho?u?r|heure|hh"),
    ("minute", r"min(ute)?s?"),
    ("second", r"sec(ond)?s?"),
    ("clock", r"(time|hour|clock|heure)(_?utc|_?gmt)?|hh:?mm(:?ss)?"),
    ("date", r"(date|day)(_?utc|_?gmt|.*y+.*m+.*d+.*)?"),
    ("time", r"(date_?)?time.*|.*_(date)?time|date.*|timestamp|utc|eventdate|yyyy.*|juld"),
)  # fmt: skip

FLAG = re.compile(
    r"(?P<before>.*?)[_ .:-]*\b"
    r"(?:qc|qf|qv|flags?|quality|qflag|seadatanet qc|flag w|quality flag)"
    r"(?:_?\d{0,2})\b.*"
)
_DATE = r"(\d{4}[-/.]?\d{1,2}[-/.]?\d{1,2}|\d{1,2}[-/. ](\d{1,2}|[a-z]{3})[-/. ]\d{4})"
_CLOCK = r"\d{1,2}:\d{2}(:\d{2}(\.\d*)?)?"
_TIME = rf"{_DATE}([T ]+{_CLOCK}|[T ]\d{{6}})?(\.\d*)?\s*(z|utc|gmt|[+-]\d\d:?\d\d)?"
VALUES: dict[str, str] = {
    "sample_time": _TIME,
    "time": _TIME,
    "date": _DATE,
    "clock": rf"{_CLOCK}\s*z?",
}
"""What the texts of a column with this role look like (without case)."""

RANGES: dict[str, tuple[float, float]] = {
    "longitude": (-180.0, 360.0),
    "latitude": (-90.0, 90.0),
    "year": (1600.0, 2200.0),
    "month": (1.0, 12.0),
    "day": (1.0, 31.0),
    "hour": (0.0, 24.0),
    "minute": (0.0, 60.0),
    "second": (0.0, 61.0),
    "epoch": (-8e9, 8e12),
    "pressure": (-10.0, 12_000.0),
    "bottom_depth": (-12_000.0, 12_000.0),
    "edmo": (1.0, 99_999.0),
}
"""Range of the numbers of a column with this role; outside it, the guess is dropped."""

ONCE = (
    "longitude",
    "latitude",
    "depth",
    "height",
    "pressure",
    "sample_time",
    "time",
    "epoch",
    "date",
    "clock",
)


@dataclass(frozen=True)
class Sample:
    """The top of a plain table.

    Attributes
    ----------
    labels, units : list of str
        Of the columns; ``"column 1"``, ... where the file has none.
    rows : list of list of str
        Cells of the first rows.
    separator : str
        One character; blank is any run of blanks.
    header_lines : int
        Lines before the first row.
    named : bool
        The file names its columns.
    """

    labels: list[str]
    units: list[str]
    rows: list[list[str]]
    separator: str
    header_lines: int
    named: bool


def sample_of(head: bytes) -> Sample | None:
    """Look at the top of a table.

    Parameters
    ----------
    head : bytes
        The first 64 KiB.

    Returns
    -------
    Sample or None
        None where it is no table.
    """
    whole = len(head) < 65_536
    lines = decode(head if whole else head[: head.rfind(b"\n") + 1]).splitlines()
    texts = [(i, line) for i, line in enumerate(lines) if line.strip()]
    is_comment = [line.lstrip().startswith(COMMENTS) for _, line in texts]
    data = [(i, line) for (i, line), c in zip(texts, is_comment, strict=True) if not c]
    if not data:
        return None
    separator = _separator([line for _, line in data[:SAMPLE_ROWS]])
    if separator is None:
        return None
    cells = [(i, split(line, separator)) for i, line in data[:SAMPLE_ROWS]]
    first, top = cells[0]
    comment = next(
        (line for (i, line), c in zip(texts, is_comment, strict=True) if c and i == first - 1), ""
    )
    units = [""] * len(top)
    if not _numeric(top):
        labels, rows = top, cells[1:]
        if rows and _is_units(rows[0][1], [r for _, r in rows[1:4]]):
            units, rows = rows[0][1], rows[1:]
        header = rows[0][0] if rows else first + 1
    elif comment and len(split(comment.lstrip(" #%/!"), separator)) == len(top):
        labels, rows, header = split(comment.lstrip(" #%/!"), separator), cells, first
    else:
        labels = [f"column {i + 1}" for i in range(len(top))]
        return Sample(labels, units, [r for _, r in cells], separator, first, False)
    labels = _unique([label or f"column {i + 1}" for i, label in enumerate(labels)])
    return Sample(labels, units, [r for _, r in rows], separator, header, True)


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


def split(line: str, separator: str) -> list[str]:
    """Split one line into cells; quotes are honoured."""
    if separator == " ":
        return line.split()
    if '"' in line:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=separator))]
    return [cell.strip() for cell in line.split(separator)]


def _separator(lines: Sequence[str]) -> str | None:
    """Take the separator that parts (nearly) all lines into equally many cells."""
    best, found = 1, None
    for separator in SEPARATORS:
        counts = [len(split(line, separator)) for line in lines]
        usual = max(set(counts), key=counts.count)
        # The header has a cell for each column, even where some rows have not.
        needed = 0.5 if counts[0] == usual and separator != " " else 0.9
        same = counts.count(usual) >= needed * len(counts)
        if same and usual > best and (found is None or separator != " "):
            best, found = usual, separator
    return found


def _numeric(cells: Sequence[str]) -> bool:
    """Tell whether a line is data: more numbers and times than words."""
    hits = sum(
        bool(re.fullmatch(r"[+-]?(\d+[.,]?\d*|[.,]\d+)([eEdD][+-]?\d+)?", c))
        or bool(re.fullmatch(VALUES["time"], c, re.I))
        for c in cells
    )
    return hits * 2 >= len([c for c in cells if c]) > 0


def _is_units(cells: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Recognise the row of units of ERDDAP and others: words where numbers follow."""
    if not below or _numeric(cells):
        return False
    words = sum(bool(c) and not _numeric([c]) for c in cells)
    under = [i for i in range(len(cells)) if any(_numeric(r[i : i + 1]) for r in below)]
    known = {"utc", "degrees_north", "degrees_east", "m", "meters", "metres", "degc", "celsius"}
    return words > 0 and len(under) > 0 and any(c.lower() in known for c in cells)


def _unique(labels: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    out = []
    for label in labels:
        seen[label] = seen.get(label, 0) + 1
        out.append(label if seen[label] == 1 else f"{label} ({seen[label]})")
    return out


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
    return sum(bool(re.fullmatch(_TIME, c, re.I)) for c in cells)


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
