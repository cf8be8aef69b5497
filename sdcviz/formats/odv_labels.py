"""What the column labels of an ODV spreadsheet mean.

The knowledge is in tables here: spellings of the station columns, forms of
dates, flag labels, depth and pressure by code and by name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

__all__ = [
    "DEPTH_P01",
    "Label",
    "decode_markup",
    "is_depth",
    "is_pressure",
    "limit_of_depth",
    "parse_label",
]

_SUFFIX = re.compile(
    r"(?::(?P<kind>METAVAR|PRIMARYVAR))?"
    r"(?::(?P<type>SIGNED_BYTE|BYTE|UNSIGNED_SHORT|SHORT|UNSIGNED_INTEGER|INTEGER|FLOAT|DOUBLE"
    r"|INDEXED_TEXT|TEXT)(?::\d+)?)?$",
    re.IGNORECASE,
)
_UNIT = re.compile(r"^(?P<name>.*?)\s*\[(?P<unit>.*)\]$", re.DOTALL)
_ISO_LABEL = re.compile(r"y{4}-m{2}-d{2}(?:[t ]h{1,2}:m{2}(?::s{2}(?:\.s+)?)?)?z?", re.IGNORECASE)
_FLAG = re.compile(r"(?:QV|QF)(?::[^:]*)*", re.IGNORECASE)

_STATION_ROLES = {
    "cruise": "cruise",
    "station": "station",
    "type": "type",
    "longitude": "lon",
    "lon": "lon",
    "latitude": "lat",
    "lat": "lat",
    "local_cdi_id": "cdi",
    "edmo_code": "edmo",
    "edmo code": "edmo",
    "bot. depth": "bottom",
    "bottom depth": "bottom",
    "bot.depth": "bottom",
    "bot depth": "bottom",
    "platform": "platform",
    "platform code": "platform",
    "ship": "platform",
    "position_seadatanet_qc": "position flag",
    "time_seadatanet_qc": "time flag",
}
_DATE_ROLES = {
    "mon/day/yr": "mdy",
    "mm/dd/yyyy": "mdy",
    "mm/dd/yy": "mdy",
    "day/mon/yr": "dmy",
    "dd/mm/yyyy": "dmy",
    "dd.mm.yyyy": "dmy",
    "yyyy/mm/dd": "ymd",
    "yyyymmdd": "ymd",
    "hh:mm": "clock",
    "hh:mm:ss": "clock",
    "hh:mm:ss.sss": "clock",
    "year": "year",
    "month": "month",
    "day": "day",
    "hour": "hour",
    "minute": "minute",
    "second": "second",
}

DEPTH_P01 = {"ADEPZZ01", "DEPHPR01", "DEPHZZ01", "DEPHPRST", "DEPHCV01", "DEPHSEA1", "DEPHXX01"}
_PRESSURE_P01 = {"PRESPR01", "PRESPS01", "PRESPS02", "PRESCTD1", "PREXMCAT", "PRESZZ01"}
_DEPTH_NAMES = {
    "depth",
    "deph",
    "depth below surface",
    "depth of observation",
    "depth of sample",
    "measurement depth",
    "observation depth",
    "sample depth",
    "sampling depth",
    "depthpr",
    "adepzz01",
    "dephpr01",
}
_PRESSURE_NAMES = {
    "pres",
    "pressure",
    "ctd pressure",
    "ctdprs",
    "prespr01",
    "sea pressure",
    "water pressure",
}
_PRESSURE_UNITS = re.compile(r"deci\s?bars?|dbars?|\bdb\b", re.IGNORECASE)
_METRES = {"", "m", "meter", "meters", "metre", "metres"}

_GREEK = dict(zip("abcdefghijklmnopqrstuvwxyz", "αβχδεφγηιϕκλµνοπθρστυϖωξψζ", strict=True))
_GREEK |= dict(zip("DFGLPQSWXY", "ΔΦΓΛΠΘΣΩΞΨ", strict=True))
_SUPER = dict(zip("0123456789+-no", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ°", strict=True))
_SUB = dict(zip("0123456789+-", "₀₁₂₃₄₅₆₇₈₉₊₋", strict=True))
_MODES: dict[str, dict[str, str]] = {"$": _GREEK, "^": _SUPER, "_": _SUB, "#": {}, "%": {}}


@dataclass(frozen=True)
class Label:
    """One column label.

    Attributes
    ----------
    text : str
        As in the file, trimmed.
    name, unit : str
        Parts of the label, markup decoded.
    kind : {"", "METAVAR", "PRIMARYVAR"}
        What the label itself says.
    type : str
        ``"FLOAT"``, ``"INDEXED_TEXT"`` ...; empty where not given.
    role : str
        Role among the station columns (``"cruise"``, ``"lon"``, ``"iso"``
        ...), ``"flag"``, ``"error"`` or empty.
    """

    text: str
    name: str
    unit: str = ""
    kind: str = ""
    type: str = ""
    role: str = field(default="")

    @property
    def full(self) -> str:
        """Name with unit, as people know the column."""
        return f"{self.name} [{self.unit}]" if self.unit else self.name

    @property
    def is_text(self) -> bool:
        """Whether the label says that the column holds text."""
        return self.type.endswith("TEXT")


def decode_markup(text: str) -> str:
    """Turn the font codes of ODV labels into plain Unicode.

    ``~$`` begins Greek letters, ``~^`` superscript, ``~_`` subscript and
    ``~#`` normal text: ``"~$m~#mol/l"`` is ``"µmol/l"``.
    """
    if "~" not in text:
        return text
    out, table, i = [], {}, 0
    while i < len(text):
        if text[i] == "~" and i + 1 < len(text) and text[i + 1] in _MODES:
            table = _MODES[text[i + 1]]
            i += 2
            continue
        out.append(table.get(text[i], text[i]))
        i += 1
    return "".join(out)


@lru_cache(maxsize=4096)
def parse_label(text: str) -> Label:
    """Take one column label apart.

    Parameters
    ----------
    text : str
        Label as in the file, for example ``"Bot. Depth [m]:METAVAR:FLOAT:4"``.

    Returns
    -------
    Label
    """
    text = text.strip()
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = text[1:-1].replace('""', '"').strip()
    upper = text.upper()
    if upper in {"QV", "QF"} or upper.startswith(("QV:", "QF:")):
        return Label(text, text, role="flag")
    suffix = _SUFFIX.search(text)
    rest = text[: suffix.start()].rstrip() if suffix else text
    kind = (suffix["kind"] or "").upper() if suffix else ""
    type_ = (suffix["type"] or "").upper() if suffix else ""
    if upper in {"STANDARD_DEV", "STANDARD_DEVIATION"}:
        return Label(text, rest, role="error")
    if _ISO_LABEL.fullmatch(rest):
        return Label(text, rest, kind=kind, type=type_, role="iso")
    match = _UNIT.match(rest)
    name, unit = (match["name"], match["unit"].strip()) if match else (rest, "")
    name, unit = decode_markup(name), decode_markup(unit)
    folded = " ".join(name.lower().split())
    role = _STATION_ROLES.get(folded) or _DATE_ROLES.get(folded, "")
    return Label(text, name, unit, kind, type_, role)


def _folded(name: str) -> str:
    return " ".join(name.lower().replace("_", " ").split())


def is_pressure(name: str, unit: str, p01: str) -> bool:
    """Tell whether a column is the pressure of the water, in decibars."""
    if p01:
        return p01 in _PRESSURE_P01
    return _folded(name) in _PRESSURE_NAMES or (
        # "Depth [dbar]" is a pressure whatever it calls itself.
        _folded(name) in _DEPTH_NAMES and bool(_PRESSURE_UNITS.search(unit))
    )


def is_depth(name: str, unit: str, p01: str) -> bool:
    """Tell whether a column is the depth of the samples below the sea surface, in metres."""
    if _PRESSURE_UNITS.search(unit):
        return False
    if p01:
        return p01 in DEPTH_P01 or p01.startswith("DEPH")
    return _folded(name) in _DEPTH_NAMES and unit.lower() in _METRES


def limit_of_depth(name: str, p01: str) -> str:
    """Say whether a column is the upper (``"min"``) or lower (``"max"``) limit of a depth range."""
    if p01 == "MINWDIST":
        return "min"
    if p01 == "MAXWDIST":
        return "max"
    squeezed = _folded(name).replace(" ", "")
    for limit, word in (("min", "minimum"), ("max", "maximum")):
        if squeezed in {
            f"{word}observationdepth",
            f"{word}depthofobservation",
            f"{limit}depth",
            f"{word}depth",
        }:
            return limit
    return ""
