"""Station metadata of an ODV spreadsheet."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from . import odv_kernels as kernels
from .model import FEATURES, MISSING, Coded, Stations
from .odv_located import Cells
from .odv_time import compose_time, parse_time

if TYPE_CHECKING:
    from .odv_body import Body

__all__ = ["read_stations"]

OLDEST = np.datetime64("1750-01-01", "ms")
PLACEHOLDERS = (0.0, 9999.0, 99999.0)
"""Bottom depths that mean "unknown" in bottle and aggregated files."""

BAD = ord("4")


def read_stations(
    body: Body,
    raw: bytes,
    starts: NDArray[np.int64],
    lines: NDArray[np.int64],
    offsets: NDArray[np.int64],
) -> Stations:
    """Read the metadata of the stations that begin at `starts`.

    Parameters
    ----------
    body : Body
        The file.
    raw : bytes
        The block.
    starts, lines : ndarray of int64
        First byte and line number of the first row of each station.
    offsets : ndarray of int64
        Rows of the stations.

    Returns
    -------
    Stations
    """
    n = len(starts)
    cells = Cells(body, raw, starts)
    header = body.header
    stations = Stations.blank(n, body.n_stations)
    for name, role in (
        ("cruise", "cruise"),
        ("station", "station"),
        ("type", "type"),
        ("local_cdi_id", "cdi"),
        ("platform", "platform"),
    ):
        if role in header.station:
            setattr(stations, name, cells.role(role))
    if "platform" not in header.station and len(header.platforms) == 1:
        stations.platform = Coded.constant(header.platforms[0], n)
    for column, label in header.extra.items():
        texts = cells.coded(column)
        if len(texts.labels):
            stations.extra[_free(stations, label)] = texts
    _positions(cells, stations, lines)
    _times(cells, stations, lines)
    _bottom(cells, stations, lines)
    _data_centres(cells, stations, lines)
    _references(body, stations)
    _features(body, stations, offsets)
    _repeated_ids(body, stations, lines)
    return stations


def _free(stations: Stations, label: str) -> str:
    """Give a label that is not yet taken."""
    name, k = label, 2
    while name in stations.extra:
        name, k = f"{label} ({k})", k + 1
    return name


def _keep_text(cells: Cells, stations: Stations, role: str, where: NDArray[np.bool_]) -> None:
    """Keep the original text of a role for some stations."""
    column = cells.body.header.station[role]
    texts = [cells.text(column, i) if where[i] else "" for i in range(cells.n)]
    stations.extra[_free(stations, cells.body.header.labels[column].full)] = Coded.of(texts)


def _note(
    cells: Cells, lines: NDArray[np.int64], where: NDArray[np.bool_], what: str, then: str
) -> None:
    i = int(np.argmax(where))
    cells.body.doctor.note(f"line {lines[i]}", what, then, int(np.count_nonzero(where)))


def _positions(cells: Cells, stations: Stations, lines: NDArray[np.int64]) -> None:
    lon, odd_lon = cells.numbers("lon")
    lat, odd_lat = cells.numbers("lat")
    flags = cells.flags("position flag", "lon", "lat")
    east = (lon > 180) & (lon <= 360)
    if east.any():
        _keep_text(cells, stations, "lon", east)
        _note(cells, lines, east, "longitude above 180", "360 subtracted; the text is kept")
        lon[east] = np.round(lon[east] - 360, 9)
    for role, values, odd, limit in (("lon", lon, odd_lon, 180), ("lat", lat, odd_lat, 90)):
        odd |= np.abs(values) > limit
        if odd.any():
            name = "longitude" if role == "lon" else "latitude"
            text = cells.text(cells.body.header.station[role], int(np.argmax(odd)))[:40]
            _keep_text(cells, stations, role, odd)
            _note(
                cells,
                lines,
                odd,
                f"{name} {text!r} is not possible",
                "the position is unknown; the text is kept",
            )
    odd = odd_lon | odd_lat
    unknown = odd | np.isnan(lon) | np.isnan(lat)
    if unknown.any():
        lon[unknown] = lat[unknown] = np.nan
        flags = np.where(unknown, np.where(odd, np.uint8(BAD), np.uint8(MISSING)), flags)
        blank = unknown & ~odd
        if blank.any():
            _note(cells, lines, blank, "no position", "the station is not on the map")
    stations.lon, stations.lat, stations.position_flag = lon, lat, flags


def _times(cells: Cells, stations: Stations, lines: NDArray[np.int64]) -> None:
    """Decode the time of the stations."""
    header = cells.body.header
    role = next((r for r in ("iso", "ymd", "mdy", "dmy", "year") if r in header.station), None)
    if role is None:
        stations.time_flag = np.full(cells.n, MISSING, np.uint8)
        return
    moments = np.full(cells.n, kernels.NAT, np.int64)
    states = np.full(cells.n, 2, np.int64)
    where = cells.cells[cells.place[header.station[role]]]
    if role == "iso":
        kernels.times(cells.buf, where, moments, states)
    for i in np.flatnonzero(states == 2).tolist():
        parts = {
            r: cells.text(c, i)
            for r, c in header.station.items()
            if r in {"iso", "ymd", "mdy", "dmy", "clock", "year", "month", "day", "hour",
                     "minute", "second"}
        }  # fmt: skip
        if not parts[role]:
            states[i] = 0
            continue
        moment = parse_time(parts["iso"]) if role == "iso" else compose_time(parts)
        if moment is not None:
            moments[i], states[i] = moment, 1
    stations.time = moments.view("datetime64[ms]")
    flags = cells.flags("time flag", role)
    odd = states == 2
    if odd.any():
        text = cells.text(header.station[role], int(np.argmax(odd)))[:40]
        _keep_text(cells, stations, role, odd)
        _note(cells, lines, odd, f"{text!r} is not a date", "the time is unknown; the text is kept")
    blank = states == 0
    if blank.any():
        _note(cells, lines, blank, "no time", "the time of the station is unknown")
        flags = np.where(blank, np.uint8(MISSING), flags)
    stations.time_flag = np.where(odd, np.uint8(BAD), flags)
    with np.errstate(invalid="ignore"):
        strange = (stations.time < OLDEST) | (
            stations.time > np.datetime64("now", "ms") + np.timedelta64(366, "D")
        )
    if strange.any():
        year = str(stations.time[int(np.argmax(strange))])[:4]
        _note(cells, lines, strange, f"the year {year} is hard to believe", "the time is kept")


def _bottom(cells: Cells, stations: Stations, lines: NDArray[np.int64]) -> None:
    bottom, odd = cells.numbers("bottom")
    if odd.any():
        text = cells.text(cells.body.header.station["bottom"], int(np.argmax(odd)))[:40]
        _keep_text(cells, stations, "bottom", odd)
        _note(
            cells,
            lines,
            odd,
            f"bottom depth {text!r} is not a number",
            "the bottom depth is unknown; the text is kept",
        )
    placeholder = np.isin(bottom, PLACEHOLDERS)
    if placeholder.any():
        value = bottom[int(np.argmax(placeholder))]
        _note(cells, lines, placeholder, f"bottom depth {value:g} stands for none", "unknown")
    strange = (bottom < 0) | (bottom > 12_000)
    strange &= ~placeholder
    if strange.any():
        value = bottom[int(np.argmax(strange))]
        _keep_text(cells, stations, "bottom", strange)
        _note(
            cells,
            lines,
            strange,
            f"bottom depth {value:g} is not possible",
            "the bottom depth is unknown; the text is kept",
        )
    bottom[placeholder | strange] = np.nan
    stations.bottom_depth = bottom.astype(np.float32)


def _data_centres(cells: Cells, stations: Stations, lines: NDArray[np.int64]) -> None:
    if "edmo" not in cells.body.header.station:
        return
    texts = cells.role("edmo")
    codes = []
    for label in texts.labels:
        match = re.fullmatch(r"(?:SDN:)?(?:EDMO:+)?(\d{1,6})(?:\.0*)?", label, re.ASCII)
        codes.append(int(match[1]) if match else 0)
    stations.edmo = np.array([*codes, 0], np.int32)[texts.codes]
    blank = texts.codes < 0
    if blank.any():
        _note(cells, lines, blank, "no EDMO code", "the data centre is unknown")
    odd = (stations.edmo == 0) & ~blank
    if odd.any():
        text = texts.labels[texts.codes[int(np.argmax(odd))]][:40]
        _keep_text(cells, stations, "edmo", odd)
        _note(cells, lines, odd, f"{text!r} is no EDMO code", "the data centre is unknown")


def _references(body: Body, stations: Stations) -> None:
    """Put the links of the header beside the stations that they belong to."""
    header, n = body.header, len(stations)
    if header.cdi:
        by_cdi = {cdi: link for (_, cdi), link in header.cdi.items()}
        texts = stations.local_cdi_id.texts()
        links = [
            header.cdi.get((str(edmo), cdi)) or by_cdi.get(cdi, "")
            for edmo, cdi in zip(stations.edmo.tolist(), texts, strict=True)
        ]
        if any(links):
            stations.extra["CDI link"] = Coded.of(links)
    elif header.sdn and (stations.local_cdi_id.codes >= 0).any() and not body.n_stations:
        body.doctor.note("header", "no link to the CDI record", "the station card shows none")
    if "CDI link" not in stations.extra and "References" in stations.extra:
        # Aggregated files list all links of a station in one cell.
        ids = stations.local_cdi_id.texts()
        cells = stations.extra["References"].texts()
        found = [_link_of(cdi, cell) for cdi, cell in zip(ids, cells, strict=True)]
        if any(found):
            stations.extra["CDI link"] = Coded.of(found)
    if header.csr and "CSR link" not in stations.extra:
        stations.extra["CSR link"] = Coded.constant(" | ".join(header.csr), n)


def _link_of(cdi: str, cell: str) -> str:
    """Pick the link that names a LOCAL_CDI_ID."""
    links = [link.strip() for link in cell.split(" | ")]
    return next((link for link in links if cdi and re.search(rf"[=/]{re.escape(cdi)}\b", link)), "")


def _features(body: Body, stations: Stations, offsets: NDArray[np.int64]) -> None:
    """Tell profiles, time series and trajectories apart."""
    kind = body.header.data_type.lower().replace(" ", "")
    if body.header.primary_time or kind.startswith("timeseries"):
        stations.feature[:] = FEATURES.index("time series")
    elif kind.startswith("traj"):
        stations.feature[:] = FEATURES.index("trajectory")
    else:
        # One CDI record over many stations of one sample: points of a track.
        codes = stations.local_cdi_id.codes
        single = (np.diff(offsets) == 1) & (codes >= 0)
        pair = single[1:] & single[:-1] & (codes[1:] == codes[:-1])
        track = np.zeros(len(stations), bool)
        track[1:] |= pair
        track[:-1] |= pair
        stations.feature[track] = FEATURES.index("trajectory")


def _repeated_ids(body: Body, stations: Stations, lines: NDArray[np.int64]) -> None:
    """Tell the doctor about one LOCAL_CDI_ID for several stations (not of a track)."""
    if "cdi" not in body.header.station:
        return
    ids = stations.local_cdi_id.take(
        np.flatnonzero(stations.feature != FEATURES.index("trajectory"))
    )
    line = lines[stations.feature != FEATURES.index("trajectory")]
    blank = ids.codes < 0
    if blank.any():
        body.doctor.note(
            f"line {line[int(np.argmax(blank))]}",
            "no LOCAL_CDI_ID",
            "the station has no CDI record",
            int(np.count_nonzero(blank)),
        )
    again: list[int] = []
    for i, code in enumerate(ids.codes.tolist()):
        if code >= 0:
            label = ids.labels[code]
            if label in body.seen_cdi:
                again.append(i)
            body.seen_cdi.add(label)
    if again:
        label = ids.labels[ids.codes[again[0]]]
        body.doctor.note(
            f"line {line[again[0]]} ({label})",
            "one LOCAL_CDI_ID for several stations",
            "each is kept as a station of its own",
            len(again),
        )
