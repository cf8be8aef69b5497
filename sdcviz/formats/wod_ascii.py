"""World Ocean Database, native text (NCEI), read with wodpy.

A cast is a run of digits that tells the length of each of its fields. The
flags of NCEI (0 accepted, others not) are mapped to L20 and kept beside.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UnreadableFile
from .base import Format, ReadOptions
from .common import column, date_time, flag_missing_depth, offsets_of, wrap_longitude
from .flags import to_l20
from .model import MISSING, Batch, Coded, Column, Doctor, Parameter, Stations
from .sources import Source

__all__ = ["FORMAT"]

# code: name, unit ("?" depends on the release of WOD), CF standard name
VARIABLES: dict[int, tuple[str, str, str]] = {
    1: ("Temperature", "degree_C", "sea_water_temperature"),
    2: ("Salinity", "1", "sea_water_salinity"),
    3: ("Oxygen", "?", ""),
    4: ("Phosphate", "?", ""),
    6: ("Silicate", "?", ""),
    7: ("Nitrite", "?", ""),
    8: ("Nitrate", "?", ""),
    9: ("pH", "1", "sea_water_ph_reported_on_total_scale"),
    11: ("Chlorophyll", "ug/l", "mass_concentration_of_chlorophyll_in_sea_water"),
    17: ("Alkalinity", "meq/l", ""),
    20: ("pCO2", "uatm", "surface_partial_pressure_of_carbon_dioxide_in_sea_water"),
    21: ("tCO2", "mmol/l", ""),
    24: ("Transmissivity", "1/m", ""),
    25: ("Pressure", "dbar", "sea_water_pressure"),
    26: ("AirTemperature", "degree_C", "air_temperature"),
    28: ("xCO2Air", "ppm", ""),
    29: ("AirPressure", "mbar", "air_pressure"),
    30: ("Latitude", "degrees_north", ""),
    31: ("Longitude", "degrees_east", ""),
    32: ("JulianDay", "d", ""),
    33: ("Tritium", "TU", ""),
    34: ("Helium", "nmol/l", ""),
    35: ("DeltaHe3", "percent", ""),
    36: ("DeltaC14", "permille", ""),
    37: ("DeltaC13", "permille", ""),
    38: ("Argon", "nmol/l", ""),
    39: ("Neon", "nmol/l", ""),
    40: ("CFC11", "pmol/l", ""),
    41: ("CFC12", "pmol/l", ""),
    42: ("CFC113", "pmol/l", ""),
    43: ("Oxy18", "permille", ""),
}

PROBES = {
    1: ("MBT", "C"),
    2: ("XBT", "C"),
    3: ("DBT", "C"),
    4: ("CTD", "C"),
    5: ("STD", "C"),
    6: ("XCTD", "C"),
    7: ("bottle", "B"),
    8: ("underway", "B"),
    9: ("profiling float", "C"),
    10: ("moored buoy", "B"),
    11: ("drifting buoy", "B"),
    12: ("towed CTD", "C"),
    13: ("animal mounted", "C"),
    14: ("bucket", "B"),
    15: ("glider", "C"),
    16: ("microBT", "C"),
}
"""Probe types of WOD (secondary header 29) and the station type that fits."""

CASTS_AT_A_TIME = 2000


def recognise(head: bytes, source: Source) -> bool:
    """Recognise the fixed start of a cast: version, sizes, country, cruise, date."""
    text = head[:80].decode("latin-1").replace("\r", "").replace("\n", "")
    if not text or text[0] not in "ABCQ":
        return False
    place = 1
    for country in (0, 0, 2):  # bytes in profile; cast number; country and cruise
        place += country
        if not text[place : place + 1].isdigit():
            return False
        end = place + 1 + int(text[place])
        if not text[place + 1 : end].isdigit() and not (country and end == place + 1):
            return False
        place = end
    date = text[place : place + 8]
    month = date[4:6].strip()  # padded with blanks
    return date[:4].isdigit() and month.isdigit() and 1 <= int(month) <= 12


def read(source: Source, doctor: Doctor, options: ReadOptions) -> Iterator[Batch]:
    """Read all casts; see `sdcviz.formats.base.Format`."""
    from wodpy.wod import WodProfile

    casts: list[Any] = []
    units: dict[int, str] = {}
    first = 0
    # Latin-1: wodpy counts characters, and the file counts bytes.
    with source.path.open(encoding="latin-1", newline="") as file:
        while file.tell() < source.size:
            start = file.tell()
            try:
                casts.append(WodProfile(file))
            except Exception as error:  # wodpy raises whatever the bad digits lead to
                if not casts and not first:
                    raise UnreadableFile(
                        f"{source.name}: the cast at byte {start} can't be read; the file is "
                        "damaged or no WOD text."
                    ) from error
                doctor.note(f"byte {start}", "a cast can't be read", "it and the rest are left out")
                doctor.leave_out("after a damaged cast")
                doctor.rows += 1
                break
            if len(casts) == CASTS_AT_A_TIME:
                yield _batch(casts, first, units, doctor)
                first += len(casts)
                casts = []
    if casts:
        yield _batch(casts, first, units, doctor)


def _batch(casts: list[Any], first: int, units: dict[int, str], doctor: Doctor) -> Batch:
    counts = [cast.n_levels() for cast in casts]
    offsets = offsets_of(counts)
    doctor.rows += int(offsets[-1])
    depth = np.concatenate([_filled(c.z()) for c in casts] or [np.empty(0)])
    depth_flag = flag_missing_depth(
        depth, np.concatenate([to_l20(_ascii(c.z_level_qc(), c), "WOD") for c in casts])
    )
    columns = _columns(casts, offsets, units, doctor)
    return Batch(
        stations=_stations(casts, first, doctor),
        offsets=offsets,
        columns=columns,
        depth=depth,
        depth_flag=depth_flag,
        row=np.concatenate([np.arange(n) for n in counts]).astype(np.int64),
    )


def _columns(
    casts: list[Any], offsets: NDArray[np.int64], units: dict[int, str], doctor: Doctor
) -> list[Column]:
    places: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for number, cast in enumerate(casts):
        codes = [variable["Variable code"] for variable in cast.primary_header["variables"]]
        for index, code in enumerate(codes):
            # A cast may hold a variable twice; each set has its own column.
            places.setdefault((code, codes[:index].count(code)), []).append((number, index))
    columns = []
    for code, again in sorted(places):
        values = np.full(offsets[-1], np.nan, np.float32)
        flags = np.full(offsets[-1], MISSING, np.uint8)
        source_flags = np.full(offsets[-1], ord(" "), np.uint8)
        for number, index in places[code, again]:
            cast = casts[number]
            rows = slice(offsets[number], offsets[number + 1])
            values[rows] = _filled(cast.var_data(index))
            source_flags[rows] = _ascii(cast.var_level_qc(index), cast)
            flags[rows] = to_l20(source_flags[rows], "WOD")
        flags[np.isnan(values)] = MISSING
        parameter = _parameter(code, again, values, units, doctor)
        columns.append(column(parameter, values, flags, source_flags, "WOD"))
    return columns


def _parameter(
    code: int, again: int, values: NDArray[np.float32], units: dict[int, str], doctor: Doctor
) -> Parameter:
    name, unit, standard = VARIABLES.get(code, (f"Variable {code}", "", ""))
    if unit == "?" and code not in units:
        # Releases up to WOD13 have ml/l and umol/l, later ones umol/kg for both.
        if code == 3:
            units[3] = "umol/kg" if np.nanmax(values, initial=0.0) > 20 else "ml/l"
        else:
            units[code] = "umol/kg" if units.get(3) == "umol/kg" else "umol/l"
        doctor.note(
            name,
            "the WOD text does not tell the unit, which changed with WOD18",
            f"taken as {units[code]}, from the size of the oxygen values",
        )
    name = f"{name} {again + 1}" if again else name
    return Parameter(name, units.get(code, unit), standard_name=standard)


def _stations(casts: list[Any], first: int, doctor: Doctor) -> Stations:
    stations = Stations.blank(len(casts), first)
    for i, cast in enumerate(casts):
        head = cast.primary_header
        stations.lat[i] = _number(head.get("Latitude"))
        stations.lon[i] = _number(head.get("Longitude"))
        moment = date_time(head["Year"], head["Month"], head["Day"], head.get("Time") or 0.0)
        stations.time[i] = moment
        if np.isnat(moment):
            stations.time_flag[i] = MISSING
            date = f"{head['Year']}-{head['Month']:02d}-{head['Day']:02d}"
            doctor.note(f"cast {cast.uid()}", f"there is no day {date}", "the time is missing")
        elif head.get("Time") is None:
            doctor.note(
                f"cast {cast.uid()}", "the cast has a date and no time", "midnight is taken"
            )
        bottom = cast.extract_secondary_header(10)
        stations.bottom_depth[i] = _number(bottom)
    stations.lon = wrap_longitude(stations.lon)
    probes = [int(cast.probe_type() or 0) for cast in casts]
    stations.cruise = Coded.of(
        f"{c.primary_header['Country code']}{c.cruise() or 0:06d}" for c in casts
    )
    stations.station = Coded.of(str(c.originator_station() or c.uid()) for c in casts)
    stations.type = Coded.of(PROBES.get(p, ("", "*"))[1] for p in probes)
    stations.extra = {
        "WOD unique cast number": Coded.of(str(c.uid()) for c in casts),
        "Originator's cruise": Coded.of(str(c.originator_cruise() or "") for c in casts),
        "Probe type": Coded.of(PROBES.get(p, ("", "*"))[0] for p in probes),
        **_rejected(casts, doctor),
    }
    return stations


def _rejected(casts: list[Any], doctor: Doctor) -> dict[str, Coded]:
    """Tell which variables of a cast WOD rejects as a whole, as its NetCDF files do."""
    texts: dict[str, list[str]] = {}
    for number, cast in enumerate(casts):
        for variable in cast.primary_header["variables"]:
            code = variable["Quality control flag for variable"]
            if not code:
                continue
            name = VARIABLES.get(variable["Variable code"], ("Variable", "", ""))[0]
            cells = texts.setdefault(f"{name}_WODprofileflag", [""] * len(casts))
            cells[number] = str(code)
            doctor.note(
                f"cast {cast.uid()}, {name}",
                "casts that WOD rejects as a whole for this variable",
                "flags of the values unchanged; the reason is shown with the station",
            )
    return {label: Coded.of(cells) for label, cells in texts.items()}


def _filled(values: Any) -> NDArray[np.float64]:
    return np.ma.filled(np.ma.asarray(values, np.float64), np.nan)


def _ascii(codes: Any, cast: Any) -> NDArray[np.uint8]:
    """Make ASCII of WOD flags; masked ones are blank."""
    digits = np.ma.asarray(codes)
    filled = np.ma.filled(digits.astype(np.int64), -16).ravel()
    return (filled + 48).astype(np.uint8)


def _number(value: Any) -> float:
    return float("nan") if value is None or np.ma.is_masked(value) else float(value)


FORMAT = Format("wod_ascii", "World Ocean Database, text", recognise, read)
