"""Sea-Bird: converted casts (.cnv) and bottle files (.btl).

Read by hand: the package `ctd`, which serves as oracle in the tests, takes
header times for local ones, drops the units and the standard deviations, and
asks for file names with certain endings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from ..errors import UnreadableFile
from .base import Format, ReadOptions
from .common import (
    column,
    decode,
    depth_from_pressure,
    flag_missing_depth,
    numbers,
    offsets_of,
    wrap_longitude,
)
from .model import MISSING, NOT_CHECKED, Batch, Coded, Column, Doctor, Parameter, Stations
from .sources import Source

__all__ = ["FORMAT"]

BAD = -9.99e-29
WIDTH = 11
"""Characters of one number; where numbers run together, this parts them."""

# pattern of the short name (without case): CF standard name, unit, P01, P06
KNOWN: tuple[tuple[str, tuple[str, str, str, str]], ...] = (
    (r"t(nc)?0?90c|tv290c", ("sea_water_temperature", "degC", "TEMPS901", "UPAA")),
    (r"t190c|tnc190c", ("sea_water_temperature", "degC", "TEMPS902", "UPAA")),
    (r"t068c|t68c|t0?68.*c", ("sea_water_temperature", "degC", "TEMPST01", "UPAA")),
    (r"t168c", ("sea_water_temperature", "degC", "TEMPST02", "UPAA")),
    (r"sal00", ("sea_water_practical_salinity", "1", "PSALST01", "UUUU")),
    (r"sal11", ("sea_water_practical_salinity", "1", "PSALST02", "UUUU")),
    (r"c0s/m|c_s/m|cond0s/m", ("sea_water_electrical_conductivity", "S/m", "CNDCST01", "UECA")),
    (r"c1s/m|cond1s/m", ("sea_water_electrical_conductivity", "S/m", "CNDCST02", "UECA")),
    (r"c0ms/cm", ("sea_water_electrical_conductivity", "mS/cm", "CNDCST01", "")),
    (r"c0us/cm", ("sea_water_electrical_conductivity", "uS/cm", "CNDCST01", "")),
    (r"prd?[sme]|pr|prsm|prdm", ("sea_water_pressure", "dbar", "PRESPR01", "UPDB")),
    (r"sbeox0ml/l|sbox0ml/l", ("", "ml/l", "DOXYZZ01", "UMLL")),
    (r"sbeox0mm/kg|sbox0mm/kg",
     ("moles_of_oxygen_per_unit_mass_in_sea_water", "umol/kg", "DOXYZZ01", "KGUM")),
    (r"sbeox0mg/l", ("mass_concentration_of_oxygen_in_sea_water", "mg/l", "DOXYZZ01", "")),
    (r"ph", ("", "1", "", "")),
)  # fmt: skip

_UNITS = {
    "db": "dbar",
    "deg c": "degC",
    "its-90, deg c": "degC",
    "ipts-68, deg c": "degC",
    "psu": "1",
}
_NAME = re.compile(r"#\s*name\s+(\d+)\s*=\s*([^:]+):\s*(.*)")
_POSITION = re.compile(
    r"([NSEW])?\s*([+-]?\d+(?:\.\d+)?)[\s°:]*(\d+(?:\.\d+)?)?['\s]*([NSEW])?", re.I
)


def recognise(head: bytes, source: Source) -> bool:
    """Recognise the first line that all Sea-Bird software writes."""
    return bool(re.match(rb"(\xef\xbb\xbf)?\s*\*\s*Sea-Bird\b", head, re.I))


def read(source: Source, doctor: Doctor, options: ReadOptions) -> Iterator[Batch]:
    """Read the cast; see `sdcviz.formats.base.Format`."""
    text = decode(source.read_bytes(), doctor)
    lines = text.splitlines()
    start = next((i for i, s in enumerate(lines) if s and s[0] not in "*#" and s.strip()), None)
    header = lines[:start]
    if start is None:
        raise UnreadableFile(f"{source.name}: a Sea-Bird header without any data after it.")
    if any(re.match(r"#\s*file_type\s*=\s*binary", line) for line in header):
        raise UnreadableFile(
            f"{source.name}: a binary Sea-Bird file; convert it to ASCII with SBE Data Processing."
        )
    if any(_NAME.match(line) for line in header):
        yield _cast(header, lines, start, doctor, source)
    elif "bottle" in lines[start].lower():
        yield _bottles(header, lines, start, doctor)
    else:
        raise UnreadableFile(
            f"{source.name}: a Sea-Bird file without column names; raw .hex and .dat files must be "
            "converted with SBE Data Processing first."
        )


def _cast(header: list[str], lines: list[str], start: int, doctor: Doctor, source: Source) -> Batch:
    """Read the table of a .cnv file."""
    names = [(m[2].strip(), m[3].strip()) for m in map(_NAME.match, header) if m]
    body = [(start + 1 + i, line) for i, line in enumerate(lines[start:]) if line.strip()]
    doctor.rows = len(body)
    told = _value(header, r"#\s*nvalues\s*=\s*(\d+)")
    if told and int(told) != len(body):
        doctor.note(
            "header", f"nvalues is {told}, but there are {len(body)} rows", "the rows are read"
        )
    table, numbers_of, odd = _table(body, len(names), doctor)
    bad = np.isclose(table, BAD, rtol=1e-6, atol=0)
    table[bad] = np.nan
    columns: list[Column] = []
    flags = np.full(len(table), NOT_CHECKED, np.uint8)
    for i, (short, _) in enumerate(names):
        if short.lower() == "flag":
            flags[bad[:, i]] = ord("4")
            if bad[:, i].any():
                doctor.note(
                    "flag", "Sea-Bird marked scans as bad", "their flag is 4", int(bad[:, i].sum())
                )
    by_name = {short.lower(): i for i, (short, _) in reversed(list(enumerate(names)))}
    stations = _station(header, source.name, doctor)
    _place_of_scans(stations, table, by_name, doctor)
    depth, depth_index = _depth(table, by_name, stations.lat[0])
    if depth is None:
        doctor.note("file", "no column for pressure or depth", "the depth is missing")
        depth = np.full(len(table), np.nan)
    raw: list[tuple[int, int, str]] = []
    for i, (short, long) in enumerate(names):
        if short.lower() == "flag" or i == depth_index:
            continue
        raw += [(row, len(columns), text) for row, cell, text in odd if cell == i]
        columns.append(column(_parameter(short, long), table[:, i], flags.copy()))
    stations.type = Coded.constant("C", 1)
    return Batch(
        stations=stations,
        offsets=offsets_of([len(table)]),
        columns=columns,
        depth=depth,
        depth_flag=flag_missing_depth(depth, flags),
        row=numbers_of,
        raw_text=raw,
    )


def _table(
    body: list[tuple[int, str]], n: int, doctor: Doctor
) -> tuple[NDArray[np.float64], NDArray[np.int64], list[tuple[int, int, str]]]:
    """Parse rows of `n` numbers, 11 characters each where no blank parts them."""
    rows, places, odd = [], [], []
    for number, line in body:
        cells = line.split()
        if len(cells) != n:
            cells = [line[i : i + WIDTH] for i in range(0, len(line.rstrip()), WIDTH)]
        if len(cells) != n:
            doctor.note(f"line {number}", f"the row has not {n} values", "it is left out")
            doctor.leave_out("rows with too few or too many values")
            continue
        try:
            rows.append(np.array(cells, np.float64))
        except ValueError:
            values, strange = numbers(cells)
            odd += [(len(rows), i, text) for i, text in strange]
            rows.append(values)
        places.append(number)
    table = np.array(rows) if rows else np.empty((0, n))
    return table, np.array(places, np.int64), odd


def _bottles(header: list[str], lines: list[str], start: int, doctor: Doctor) -> Batch:
    """Read a .btl file: a line of means for each bottle, then lines of statistics."""
    shorts = re.sub(r"(\S)(Sbeox)", r"\1 \2", lines[start]).split()[2:]
    values: list[NDArray[np.float64]] = []
    times: list[np.datetime64] = []
    places: list[int] = []
    bottles: list[float] = []
    day = ""
    for number, line in enumerate(lines[start + 2 :], start + 3):
        if not line.strip():
            continue
        doctor.rows += 1
        match = re.match(r"(.*)\((\w+)\)\s*$", line)
        kind = match[2].lower() if match else "avg"
        content = match[1].rstrip() if match else line.rstrip()
        clock = re.match(r"\s*(\d\d:\d\d:\d\d)", content)
        if clock and times:
            times[-1] = _moment(f"{day} {clock[1]}")
        if kind != "avg":
            doctor.leave_out("standard deviation, minimum and maximum of a bottle")
            continue
        start_of = re.match(r"\s*(\d+)\s+(\w{3} \d\d? \d{4})", content)
        cells = content.split()[4:]
        if len(cells) != len(shorts):
            cells = [content[-WIDTH * i :][:WIDTH] for i in range(len(shorts), 0, -1)]
        row, odd = numbers(cells)
        if not start_of or odd:
            doctor.note(f"line {number}", "not the line of a bottle", "it is left out")
            doctor.leave_out("lines that are no bottle")
            continue
        day = start_of[2]
        bottles.append(float(start_of[1]))
        values.append(row)
        times.append(_moment(f"{day} 00:00:00"))
        places.append(number)
    return _bottle_batch(header, shorts, values, times, places, bottles, doctor)


def _bottle_batch(
    header: list[str],
    shorts: list[str],
    values: list[NDArray[np.float64]],
    times: list[np.datetime64],
    places: list[int],
    bottles: list[float],
    doctor: Doctor,
) -> Batch:
    table = np.array(values) if values else np.empty((0, len(shorts)))
    table[np.isclose(table, BAD, rtol=1e-6, atol=0)] = np.nan
    stations = _station(header, doctor.file, doctor)
    stations.type = Coded.constant("B", 1)
    by_name = {short.lower(): i for i, short in reversed(list(enumerate(shorts)))}
    _place_of_scans(stations, table, by_name, doctor)
    depth, depth_index = _depth(table, by_name, stations.lat[0])
    if depth is None:
        depth = np.full(len(table), np.nan)
    columns: list[Column] = [column(Parameter("Bottle"), np.array(bottles, np.float64))]
    columns += [
        column(_parameter(short, ""), table[:, i])
        for i, short in enumerate(shorts)
        if i != depth_index
    ]
    when = np.array(times, "datetime64[ms]")
    return Batch(
        stations=stations,
        offsets=offsets_of([len(table)]),
        columns=columns,
        depth=depth,
        depth_flag=flag_missing_depth(depth, np.full(len(depth), NOT_CHECKED, np.uint8)),
        row=np.array(places, np.int64),
        time=when,
        time_flag=np.where(np.isnat(when), np.uint8(MISSING), np.uint8(NOT_CHECKED)),
    )


def _parameter(short: str, long: str) -> Parameter:
    """Describe a column by Sea-Bird's short name; unknown ones keep name and unit."""
    unit = (re.findall(r"\[([^\]]*)\]", long) or [""])[-1]
    unit = _UNITS.get(unit.lower(), unit)
    for pattern, (standard, of_table, p01, p06) in KNOWN:
        if re.fullmatch(pattern, short, re.I):
            return Parameter(short, of_table or unit, p01, p06, standard, instrument="Sea-Bird")
    return Parameter(short, unit, instrument="Sea-Bird")


def _depth(
    table: NDArray[np.float64], by_name: dict[str, int], latitude: float
) -> tuple[NDArray[np.float64] | None, int]:
    """Take the depth column (metres), else compute it from the pressure."""
    for name, factor in (("depsm", 1.0), ("depfm", 1.0), ("depsf", 0.3048), ("depff", 0.3048)):
        if name in by_name:
            return table[:, by_name[name]] * factor, by_name[name]
    for name, i in by_name.items():
        if re.fullmatch(r"prd?[sm]m?|prdm|prsm|prm|pr", name):
            return depth_from_pressure(table[:, i], latitude), -1
    return None, -1


def _value(header: list[str], pattern: str) -> str:
    for line in header:
        if match := re.match(pattern, line, re.I):
            return match[1].strip()
    return ""


def _station(header: list[str], name: str, doctor: Doctor) -> Stations:
    """Find position, time and names in the header, in the spellings seen."""
    stations = Stations.blank(1)
    for axis, target in (("latitude", stations.lat), ("longitude", stations.lon)):
        for pattern in (rf"\*\s*NMEA {axis}\s*[=:]\s*(.+)", rf"\*\*?\s*{axis}\s*[=:]\s*(.+)"):
            if text := _value(header, pattern):
                target[0] = _degrees(text)
                break
    time_patterns = (
        r"\*\s*NMEA UTC \(Time\)\s*=\s*(.+)",
        r"#\s*start_time\s*=\s*(.+)",
        r"\*\s*System UTC\s*=\s*(.+)",
        r"\*\s*cast\s+\d+\s+(\d+ \w+ \d+ [\d:]+)",
        r"\*\s*System UpLoad Time\s*=\s*(.+)",
    )
    for pattern in time_patterns:
        moment = _moment(_value(header, pattern))
        if not np.isnat(moment):
            stations.time[0] = moment
            if "UpLoad" in pattern:
                doctor.note(
                    "header",
                    "no time but that of the computer's upload",
                    "it is taken for the time of the cast, with flag 3",
                )
                stations.time_flag[0] = ord("3")
            break
    else:
        stations.time_flag[0] = MISSING
        doctor.note("header", "no time", "the time is missing")
    file_name = re.split(r"[\\/]", _value(header, r"\*\s*FileName\s*=\s*(.+)"))[-1]
    stem = file_name.rpartition(".")[0] or name.rpartition("/")[2].partition(".")[0]
    station = _value(header, r"\*\*\s*Station\s*(?:name|id|number)?\s*[:=]\s*(.+)")
    stations.station = Coded.of([station or stem])
    stations.cruise = Coded.of([_value(header, r"\*\*\s*Cruise\s*(?:name|id)?\s*[:=]\s*(.+)")])
    stations.platform = Coded.of([_value(header, r"\*\*\s*(?:Ship|Vessel)\s*[:=]\s*(.+)")])
    bottom = _value(header, r"\*\*\s*(?:Bottom|Water|Echo)?\s*Depth\s*[:=]\s*([\d.]+)")
    stations.bottom_depth[0] = float(bottom) if re.fullmatch(r"\d+\.?\d*", bottom) else np.nan
    stations.extra = {"Instrument file": Coded.of([file_name])}
    return stations


def _place_of_scans(
    stations: Stations, table: NDArray[np.float64], by_name: dict[str, int], doctor: Doctor
) -> None:
    """Fall back on the position in each scan; tell where there is none."""
    for axis, target in (("latitude", stations.lat), ("longitude", stations.lon)):
        if np.isnan(target[0]) and axis in by_name:
            inside = table[:, by_name[axis]]
            inside = inside[~np.isnan(inside)]
            if inside.size:
                target[0] = inside[0]
                doctor.note("header", f"no {axis}", "that of the first scan is taken")
    stations.lon = wrap_longitude(stations.lon)
    if np.isnan(stations.lat[0]) or np.isnan(stations.lon[0]):
        stations.position_flag[0] = MISSING
        doctor.note("header", "no position", "the station is kept but is on no map")


def _degrees(text: str) -> float:
    """Parse ``02 00.07 S``, ``N 58 30.5``, ``-17.97``; NaN where it is none."""
    match = _POSITION.match(text.strip())
    if not match:
        return float("nan")
    side = (match[1] or match[4] or "").upper()
    whole = float(match[2])
    value = abs(whole) + float(match[3] or 0) / 60
    return -value if side in ("S", "W") or (whole < 0 and not side) else value


def _moment(text: str) -> np.datetime64:
    """Parse ``Aug 24 2011  07:55:20`` (anything may follow); NaT where it is none."""
    match = re.match(r"([A-Za-z]{3})\w* +(\d{1,2}),? +(\d{4}) +(\d{1,2}:\d\d:\d\d)", text)
    parts = (match[1], match[2], match[3], match[4]) if match else None
    if parts is None and (match := re.match(r"(\d{1,2}) (\w{3}) (\d{4}) (\d\d:\d\d:\d\d)", text)):
        parts = (match[2], match[1], match[3], match[4])
    if parts is None:
        return np.datetime64("NaT", "ms")
    try:
        return np.datetime64(datetime.strptime(" ".join(parts), "%b %d %Y %H:%M:%S"), "ms")
    except ValueError:
        return np.datetime64("NaT", "ms")


FORMAT = Format("seabird", "Sea-Bird", recognise, read)
