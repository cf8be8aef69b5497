"""Small collections, made station by station."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from sdcviz.formats.model import FEATURES, MISSING, Batch, Coded, Column, Parameter, Stations
from sdcviz.observations import Collection, build_collection, open_collection

CODES = {
    "TEMP": ("degC", "TEMPPR01", "UPAA"),
    "PSAL": ("1", "PSALPR01", "UUUU"),
    "DOXY": ("umol/l", "DOXYZZXX", "UPOX"),
    "NTRA": ("umol/l", "NTRAZZXX", "UPOX"),
    "NTRI": ("umol/l", "NTRIZZXX", "UPOX"),
    "NTRZ": ("umol/l", "NTRZZZXX", "UPOX"),
    "PHOS": ("umol/l", "PHOSZZXX", "UPOX"),
    "H2S": ("umol/l", "H2SXZZXX", "UPOX"),
    "PRES": ("dbar", "PRESPR01", "UPDB"),
    "CHL": ("mg/m3", "CPHLZZXX", "UMMC"),
}


@dataclass
class Made:
    """One station; samples are lists of one length."""

    lon: float = 5.0
    lat: float = 42.0
    time: str = "2010-06-01T12:00"
    cruise: str = "C1"
    platform: str = "Ship"
    station: str = ""
    cdi: str = ""
    edmo: int = 486
    feature: str = "profile"
    depth: Sequence[float] = (0.0, 10.0, 20.0, 30.0, 50.0)
    times: Sequence[str] | None = None
    values: dict[str, Sequence[float]] = field(default_factory=dict)
    flags: dict[str, str] = field(default_factory=dict)
    position_flag: str = "1"
    depth_flags: str = ""
    bottom: float = float("nan")


def made_collection(folder: Path, *files: list[Made]) -> Collection:
    """Build a collection of one source a list; `station_index` is the place in the list."""
    sources = [
        (f"file{n}", hashlib.sha256(f"{n}".encode()).hexdigest(), iter([_batch(made)]))
        for n, made in enumerate(files)
    ]
    build_collection(sources, folder / "made")
    return open_collection(folder / "made")


def row_of(c: Collection, index: int, source: str = "file0") -> int:
    """Find the row of a station by its place in its list."""
    names = [s["name"] for s in c.manifest["sources"]]
    hit = (c.station_index == index) & (np.asarray(c.source) == names.index(source))
    return int(np.flatnonzero(hit)[0])


def rows_of(c: Collection, indices: Sequence[int], source: str = "file0") -> list[int]:
    """Find the rows of several stations, sorted."""
    return sorted(row_of(c, i, source) for i in indices)


def _depth_flags(made: list[Made], depth: np.ndarray) -> np.ndarray:
    given = "".join(m.depth_flags or "1" * len(m.depth) for m in made).encode()
    flags = np.frombuffer(given, np.uint8)
    return np.where(np.isnan(depth), np.uint8(MISSING), flags).astype(np.uint8)


def _batch(made: list[Made]) -> Batch:
    n = len(made)
    s = Stations.blank(n)
    s.lon, s.lat = (np.array([getattr(m, x) for m in made], float) for x in ("lon", "lat"))
    s.time = np.array([np.datetime64(m.time or "NaT", "ms") for m in made])
    s.cruise = Coded.of([m.cruise for m in made])
    s.platform = Coded.of([m.platform for m in made])
    s.station = Coded.of([m.station or str(i) for i, m in enumerate(made)])
    s.local_cdi_id = Coded.of([m.cdi for m in made])
    s.edmo = np.array([m.edmo for m in made], np.int32)
    s.feature = np.array([FEATURES.index(m.feature) for m in made], np.uint8)
    s.position_flag = np.array([ord(m.position_flag) for m in made], np.uint8)
    s.time_flag = np.full(n, ord("1"), np.uint8)
    s.bottom_depth = np.array([m.bottom for m in made], np.float32)
    lengths = [len(m.depth) for m in made]
    depth = np.concatenate([np.asarray(m.depth, float) for m in made])
    columns = []
    for name in dict.fromkeys(k for m in made for k in m.values):
        values = np.concatenate(
            [np.asarray(m.values.get(name, [np.nan] * len(m.depth)), float) for m in made]
        )
        flags = "".join(m.flags.get(name, "1" * len(m.depth)) for m in made).encode()
        codes = np.where(np.isnan(values), MISSING, np.frombuffer(flags, np.uint8))
        parameter = Parameter(name, *CODES.get(name, ("1",)))
        columns.append(Column(parameter, values, codes.astype(np.uint8)))
    extra = {}
    if any(m.times is not None for m in made):
        times = [
            np.array(m.times if m.times is not None else ["NaT"] * len(m.depth), "datetime64[ms]")
            for m in made
        ]
        extra = {
            "time": np.concatenate(times),
            "time_flag": np.full(len(depth), ord("1"), np.uint8),
        }
    return Batch(
        stations=s,
        offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        columns=columns,
        depth=depth,
        depth_flag=_depth_flags(made, depth),
        row=np.arange(1, len(depth) + 1),
        **extra,
    )
