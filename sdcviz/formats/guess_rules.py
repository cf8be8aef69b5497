"""What columns of plain tables are called and hold, by meaning: tables, no code."""

from __future__ import annotations

import re

__all__ = ["FLAG", "LABELS", "ONCE", "RANGES", "SENTINELS", "TIME", "VALUES"]

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
TIME = rf"{_DATE}([T ]+{_CLOCK}|[T ]\d{{6}})?(\.\d*)?\s*(z|utc|gmt|[+-]\d\d:?\d\d)?"
VALUES: dict[str, str] = {
    "sample_time": TIME,
    "time": TIME,
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
