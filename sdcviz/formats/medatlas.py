"""MEDATLAS text: profiles, time series and trajectories.

Fixed text of the Ifremer/SISMER family: a cruise header, and for each station
a header of lines that start with ``*``, then rows of numbers whose last token
has one flag digit per parameter. The flag scale is that of SeaDataNet. A line
of default values ends the station.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..errors import UnreadableFile
from .base import Format, ReadOptions
from .common import (
    column,
    date_time,
    decode,
    depth_from_pressure,
    flag_missing_depth,
    numbers,
    offsets_of,
    wrap_longitude,
)
from .flags import worst
from .model import FEATURES, MISSING, NOT_CHECKED, Batch, Coded, Doctor, Parameter, Stations
from .sources import Source

__all__ = ["FORMAT"]

_STATION = re.compile(r"\*(?P<id>\S{18})\s+Data Type=(?P<type>\S+)")
_CRUISE = re.compile(r"\*(?P<id>\S{13}) (?P<name>.*?)(\s{2,}(?P<code>\S{4}) (?P<ship>.*?))?\s*$")
_PARAMETER = re.compile(r"\*(\w{4}) (.*?)\s*\(([^()]*?)\s*\)\s*def\.?=\s*(\S+)")
_MAPPING = re.compile(
    r"<subject>SDN:LOCAL:(.*?)</subject>\s*<object>SDN:P01::(.*?)</object>"
    r"\s*<units>SDN:P06::(.*?)</units>"
)
_FIELD = re.compile(
    r"(DATE|TIME|LAT|LON|DEPTH|QC|SENSOR DEPTH|EDMO_CODE|LOCAL_CDI_ID)=\s*"
    r"([NSEW]?\s*\d+ +[\d.]+|[^\s=]+(?=\s|$))?"
)
_PLACES = ("YEAR", "MNTH", "DAYX", "TIME", "LATX", "LONX", "PRES", "DEPH")
"""Columns that say where and when; all but the pressure are no parameters."""


@dataclass
class _Cast:
    """One station as it stands in the file."""

    id: str
    line: int
    cruise: dict[str, str]
    fields: dict[str, str] = field(default_factory=dict)
    parameters: list[tuple[str, str, float]] = field(default_factory=list)  # name, unit, default
    codes: dict[str, tuple[str, str]] = field(default_factory=dict)
    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)

    @property
    def signature(self) -> tuple[object, ...]:
        return tuple((n, u, d, self.codes.get(n)) for n, u, d in self.parameters)


def recognise(head: bytes, source: Source) -> bool:
    """Recognise the cruise line and a station line or its data types."""
    text = head[:20_000].decode("latin-1").lstrip("\ufeff\r\n ")
    start = re.match(r"\*[A-Z0-9]{2}\d{2}\d{4}\S{5}", text)
    return bool(start and re.search(r"Data Type=\w{3}", text))


def read(source: Source, doctor: Doctor, options: ReadOptions) -> Iterator[Batch]:
    """Read all stations; see `sdcviz.formats.base.Format`."""
    held: list[_Cast] = []
    samples = first = 0
    for cast in _casts(decode(source.read_bytes(), doctor), doctor):
        if held and (
            cast.signature != held[0].signature or samples + len(cast.rows) > options.batch_samples
        ):
            batch = _batch(held, first, doctor)
            first += len(batch.stations)
            yield batch
            held, samples = [], 0
        held.append(cast)
        samples += len(cast.rows)
    if held:
        yield _batch(held, first, doctor)
    elif not first:
        raise UnreadableFile(f"{source.name}: a MEDATLAS header without any station.")


def _casts(text: str, doctor: Doctor) -> Iterator[_Cast]:
    """Walk the lines; give one station after the other."""
    cruise: dict[str, str] = {}
    cast: _Cast | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("*"):
            if cast and cast.parameters and line.strip():
                _row(cast, line, number, doctor)
            continue
        if match := _STATION.match(line):
            if cast:
                yield _checked(cast, doctor)
            cast = _Cast(match["id"], number, cruise)
        elif (match := _CRUISE.match(line)) and match["id"][:2].isalnum() and "=" not in line:
            if cast and cast.rows:
                yield _checked(cast, doctor)
                cast = None
            if cast is None:
                cruise = {k: (v or "").strip() for k, v in match.groupdict().items()}
        elif cast:
            _header_line(cast, line)
    if cast:
        yield _checked(cast, doctor)


def _header_line(cast: _Cast, line: str) -> None:
    if match := _PARAMETER.match(line):
        cast.parameters.append((match[1], match[3].strip(), float(match[4])))
    elif match := _MAPPING.search(line):
        cast.codes[match[1]] = (match[2], match[3])
    elif not line.startswith("*EDATE"):
        for key, value in _FIELD.findall(line):
            cast.fields.setdefault(key, value)


def _row(cast: _Cast, line: str, number: int, doctor: Doctor) -> None:
    doctor.rows += 1
    cells = line.split()
    n = len(cast.parameters)
    if len(cells) != n + 1 or len(cells[-1]) != n:
        doctor.note(
            f"line {number}",
            f"the row has not {n} values and {n} flags as its header says",
            "it is left out",
        )
        doctor.leave_out("rows that do not fit their header")
        return
    if set(cells[-1]) == {"9"} and all(
        _is(cell, default)
        for cell, (_, _, default) in zip(cells[:-1], cast.parameters, strict=True)
    ):
        doctor.rows -= 1  # the mark that ends the station is no data
        return
    cast.rows.append(cells)
    cast.lines.append(number)


def _is(cell: str, default: float) -> bool:
    try:
        return float(cell) == default
    except ValueError:
        return False


def _checked(cast: _Cast, doctor: Doctor) -> _Cast:
    if not cast.codes:
        doctor.note(f"line {cast.line}", "no SDN_parameter_mapping", "parameters have no P01 codes")
    if not cast.fields.get("EDMO_CODE"):
        doctor.note(f"line {cast.line}", "no EDMO_CODE", "the data centre is unknown")
    return cast


def _batch(casts: list[_Cast], first: int, doctor: Doctor) -> Batch:
    names = [name for name, _, _ in casts[0].parameters]
    counts = np.array([len(c.rows) for c in casts])
    m = int(counts.sum())
    cells = [row for cast in casts for row in cast.rows]
    flags = np.frombuffer("".join(r[-1] for r in cells).encode("ascii", "replace"), np.uint8)
    flags = flags.reshape(m, len(names)) if m else np.empty((0, len(names)), np.uint8)
    values: dict[str, NDArray[np.float64]] = {}
    codes: dict[str, NDArray[np.uint8]] = {}
    raw: list[tuple[int, str, str]] = []
    for i, (name, _, default) in enumerate(casts[0].parameters):
        numeric, odd = numbers([row[i] for row in cells])
        numeric[numeric == default] = np.nan
        name = name if name not in values else f"{name}_{i + 1}"
        values[name] = numeric
        codes[name] = np.where(np.isnan(numeric), np.uint8(MISSING), flags[:, i]).astype(np.uint8)
        raw += [(place, name, text) for place, text in odd]
    times = _sample_times(values, cells, names) if {"YEAR", "TIME"} <= set(values) else None
    is_track = "LATX" in values and "LONX" in values
    stations = _stations(casts, counts if not is_track else None, first)
    owner = np.repeat(np.arange(len(casts)), counts)
    if is_track:
        stations = _track(stations, owner, values, codes, times, first)
        owner = np.arange(m)
    elif times is not None:
        stations.feature[:] = FEATURES.index("time series")
    depth, depth_flag = _depth(casts, values, codes, stations, owner, is_track)
    mapping = casts[0].codes
    units = {name: unit for name, unit, _ in casts[0].parameters}
    kept = [n for n in values if n not in _PLACES or n == "PRES"]
    columns = [
        column(
            Parameter(n, units.get(n, units.get(n[:4], "")), *mapping.get(n[:4], ("", ""))),
            values[n],
            codes[n],
        )
        for n in kept
    ]
    return Batch(
        stations=stations,
        offsets=np.arange(m + 1, dtype=np.int64) if is_track else offsets_of(counts),
        columns=columns,
        depth=depth,
        depth_flag=depth_flag,
        row=np.array([n for c in casts for n in c.lines], np.int64),
        time=None if is_track else times,
        time_flag=None
        if is_track or times is None
        else worst(*(codes[n] for n in ("YEAR", "MNTH", "DAYX", "TIME") if n in codes)),
        raw_text=[(place, kept.index(name), text) for place, name, text in raw if name in kept],
    )


def _sample_times(
    values: dict[str, NDArray[np.float64]], cells: list[list[str]], names: list[str]
) -> NDArray[np.datetime64]:
    clock = names.index("TIME")
    out = np.full(len(cells), np.datetime64("NaT"), "datetime64[ms]")
    days = [values[n] if n in values else np.ones(len(cells)) for n in ("YEAR", "MNTH", "DAYX")]
    for i, (year, month, day) in enumerate(zip(*days, strict=True)):
        digits = cells[i][clock]
        if np.isnan(year + month + day + values["TIME"][i]) or not digits.isdigit():
            continue
        digits = digits.zfill(6)
        hours = int(digits[:2]) + int(digits[2:4]) / 60 + int(digits[4:6]) / 3600
        out[i] = date_time(int(year), int(month), int(day), hours)
    return out


def _stations(casts: list[_Cast], counts: NDArray[np.int64] | None, first: int) -> Stations:
    stations = Stations.blank(len(casts), first)
    for i, cast in enumerate(casts):
        f = cast.fields
        stations.lat[i], stations.lon[i] = _degrees(f.get("LAT")), _degrees(f.get("LON"))
        date, clock = f.get("DATE", ""), f.get("TIME", "").ljust(4, "0")
        if len(date) == 8 and date.isdigit() and clock.isdigit():
            hours = int(clock[:2]) + int(clock[2:4]) / 60
            stations.time[i] = date_time(int(date[4:]), int(date[2:4]), int(date[:2]), hours)
        if np.isnat(stations.time[i]):
            stations.time_flag[i] = MISSING
        flags = f.get("QC", "")
        if len(flags) == 4 and flags.isdigit():  # date, latitude, longitude, bottom depth
            codes = np.frombuffer(flags.encode(), np.uint8)
            stations.time_flag[i] = worst(codes[:1], stations.time_flag[i : i + 1])[0]
            stations.position_flag[i] = worst(codes[1:2], codes[2:3])[0]
        try:
            bottom = float(f.get("DEPTH") or "nan")
        except ValueError:
            bottom = float("nan")
        stations.bottom_depth[i] = bottom if bottom > 0 else np.nan
        edmo = f.get("EDMO_CODE", "")
        stations.edmo[i] = int(edmo) if edmo.isdigit() else 0
    bad = np.isnan(stations.lat) | np.isnan(stations.lon)
    stations.position_flag[bad] = MISSING
    stations.lon = wrap_longitude(stations.lon)
    stations.cruise = Coded.of(c.cruise.get("name", "") for c in casts)
    stations.station = Coded.of(c.id for c in casts)
    stations.platform = Coded.of(c.cruise.get("ship", "") for c in casts)
    stations.local_cdi_id = Coded.of(c.fields.get("LOCAL_CDI_ID", "") for c in casts)
    sizes = counts if counts is not None else np.zeros(len(casts), int)
    stations.type = Coded.of("C" if n > 250 else "B" for n in sizes)
    stations.extra = {
        "Cruise reference": Coded.of(c.cruise.get("id", "") for c in casts),
        "Platform code": Coded.of(c.cruise.get("code", "") for c in casts),
    }
    return stations


def _degrees(text: str | None) -> float:
    """Parse ``S21 57.10``; NaN where it is no position."""
    match = re.fullmatch(r"([NSEW])\s*(\d+) +([\d.]+)", (text or "").strip())
    if not match:
        return float("nan")
    value = int(match[2]) + float(match[3]) / 60
    return -value if match[1] in "SW" else value


def _track(
    casts: Stations,
    owner: NDArray[np.int64],
    values: dict[str, NDArray[np.float64]],
    codes: dict[str, NDArray[np.uint8]],
    times: NDArray[np.datetime64] | None,
    first: int,
) -> Stations:
    """Make one station of every point of the trajectories."""
    points = Stations.blank(len(owner), first)
    points.lat, points.lon = values["LATX"], wrap_longitude(values["LONX"])
    points.position_flag = worst(codes["LATX"], codes["LONX"])
    points.time = times if times is not None else casts.time[owner]
    points.time_flag = np.where(
        np.isnat(points.time), np.uint8(MISSING), casts.time_flag[owner]
    ).astype(np.uint8)
    if times is not None:
        points.time_flag = worst(
            *(codes[n] for n in ("YEAR", "MNTH", "DAYX", "TIME") if n in codes)
        )
    for name in ("cruise", "station", "platform", "local_cdi_id"):
        setattr(points, name, getattr(casts, name).take(owner))
    points.type = Coded.constant("B", len(owner))
    points.edmo = casts.edmo[owner]
    points.bottom_depth = casts.bottom_depth[owner]
    points.feature[:] = FEATURES.index("trajectory")
    points.extra = {label: texts.take(owner) for label, texts in casts.extra.items()}
    return points


def _depth(
    casts: list[_Cast],
    values: dict[str, NDArray[np.float64]],
    codes: dict[str, NDArray[np.uint8]],
    stations: Stations,
    owner: NDArray[np.int64],
    is_track: bool,
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Take the depth from the depth column, the pressure, or the sensor."""
    if "DEPH" in values:
        return values["DEPH"], codes["DEPH"]
    if "PRES" in values:
        return depth_from_pressure(values["PRES"], stations.lat[owner]), codes["PRES"]
    sensor, _ = numbers([c.fields.get("SENSOR DEPTH", "") for c in casts])
    depth = np.repeat(sensor, [len(c.rows) for c in casts])
    return depth, flag_missing_depth(depth, np.full(len(depth), NOT_CHECKED, np.uint8))


FORMAT = Format("medatlas", "MEDATLAS", recognise, read)
