"""What every reader gives, whatever the file: stations, samples, parameters.

A reader yields `Batch` objects: some stations with all their samples. Big
files come in many batches, so that memory stays bounded; a station is never
split between two batches.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "FEATURES",
    "GOOD",
    "L20",
    "MISSING",
    "NOT_CHECKED",
    "Batch",
    "Coded",
    "Column",
    "Doctor",
    "Oddity",
    "Parameter",
    "Stations",
]

L20 = "0123456789ABQ"
"""The codes of the SeaDataNet flag scale (vocabulary L20), as one-byte ASCII."""
NOT_CHECKED, GOOD, MISSING = ord("0"), ord("1"), ord("9")

FEATURES = ("profile", "time series", "trajectory")
"""What a station can be; `Stations.feature` holds the index."""


@dataclass
class Coded:
    """Text with few distinct values: one code a row and the list of labels.

    Attributes
    ----------
    codes : ndarray of int32
        Row to label; -1 is "no text".
    labels : list of str
        The distinct texts.
    """

    codes: NDArray[np.int32]
    labels: list[str]

    def __len__(self) -> int:
        return len(self.codes)

    @classmethod
    def of(cls, texts: Iterable[str | None]) -> Coded:
        """Encode texts; ``None`` and the empty text become code -1."""
        table: dict[str, int] = {}
        codes = [table.setdefault(t, len(table)) if t else -1 for t in texts]
        return cls(np.asarray(codes, np.int32), list(table))

    @classmethod
    def constant(cls, text: str, n: int) -> Coded:
        """Encode one text repeated `n` times."""
        return cls(np.full(n, 0 if text else -1, np.int32), [text] if text else [])

    def texts(self) -> list[str]:
        """Decode to a list; missing text is the empty string."""
        table = [*self.labels, ""]
        return [table[c] for c in self.codes]

    def take(self, rows: NDArray) -> Coded:
        """Keep some rows, in the order given; the labels are shared."""
        return Coded(self.codes[rows], self.labels)


@dataclass(frozen=True)
class Parameter:
    """A measured quantity as the file names it.

    Attributes
    ----------
    name : str
        Label in the file without its unit, for example ``"TEMP"``.
    unit : str
        Unit as written in the file.
    p01, p06 : str
        Codes without prefix (``"TEMPPR01"``, ``"UPAA"``); empty if unknown.
    standard_name : str
        CF standard name; empty if unknown.
    instrument : str
        L22 code or text; empty if unknown.
    kind : {"number", "text"}
        Text parameters (scientific name, sample id) have `Coded` values.
    """

    name: str
    unit: str = ""
    p01: str = ""
    p06: str = ""
    standard_name: str = ""
    instrument: str = ""
    kind: Literal["number", "text"] = "number"


@dataclass
class Column:
    """The samples of one parameter.

    Attributes
    ----------
    parameter : Parameter
        What was measured.
    values : ndarray of float32 or float64, or Coded
        One value a sample; NaN (or code -1) is missing. Use float32 only
        where the file itself has single precision.
    flags : ndarray of uint8
        ASCII of the L20 code, one a sample.
    source_flags : ndarray of uint8, optional
        ASCII of the code in the file where its scale is not L20.
    scale : str
        Name of the file's flag scale (a key of `sdcviz.formats.flags.SCALES`).
    """

    parameter: Parameter
    values: NDArray[np.floating] | Coded
    flags: NDArray[np.uint8]
    source_flags: NDArray[np.uint8] | None = None
    scale: str = "L20"

    def take(self, rows: NDArray[np.integer]) -> Column:
        """Take some samples."""
        source = None if self.source_flags is None else self.source_flags[rows]
        return Column(self.parameter, self.values.take(rows), self.flags[rows], source, self.scale)


@dataclass
class Stations:
    """Metadata of n stations, one array element each.

    Attributes
    ----------
    lon, lat : ndarray of float64
        Degrees east (-180..180) and north; NaN is unknown.
    time : ndarray of datetime64[ms]
        UTC, proleptic Gregorian; NaT is unknown. Dates go back to year 190,
        so nanoseconds are never used.
    cruise, station, type, platform, local_cdi_id : Coded
        Texts as in the file.
    edmo : ndarray of int32
        Code of the data centre; 0 is unknown.
    bottom_depth : ndarray of float32
        Metres, positive down; NaN is unknown.
    position_flag, time_flag : ndarray of uint8
        L20 codes.
    feature : ndarray of uint8
        Index into `FEATURES`.
    index : ndarray of int32
        Number of the station within its file, from 0: half of its identity.
    extra : dict of str to Coded
        Every other station-level text of the file, under its own label.
    """

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    time: NDArray[np.datetime64]
    cruise: Coded
    station: Coded
    type: Coded
    platform: Coded
    local_cdi_id: Coded
    edmo: NDArray[np.int32]
    bottom_depth: NDArray[np.float32]
    position_flag: NDArray[np.uint8]
    time_flag: NDArray[np.uint8]
    feature: NDArray[np.uint8]
    index: NDArray[np.int32]
    extra: dict[str, Coded] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.lon)

    @classmethod
    def blank(cls, n: int, first_index: int = 0) -> Stations:
        """Make `n` stations about which nothing is known yet."""
        none = Coded.constant("", n)
        return cls(
            lon=np.full(n, np.nan),
            lat=np.full(n, np.nan),
            time=np.full(n, np.datetime64("NaT"), "datetime64[ms]"),
            cruise=none,
            station=none,
            type=none,
            platform=none,
            local_cdi_id=none,
            edmo=np.zeros(n, np.int32),
            bottom_depth=np.full(n, np.nan, np.float32),
            position_flag=np.full(n, NOT_CHECKED, np.uint8),
            time_flag=np.full(n, NOT_CHECKED, np.uint8),
            feature=np.zeros(n, np.uint8),
            index=np.arange(first_index, first_index + n, dtype=np.int32),
        )


@dataclass
class Batch:
    """Some whole stations of one file with all their samples.

    Attributes
    ----------
    stations : Stations
        n stations.
    offsets : ndarray of int64, shape (n + 1,)
        Samples of station i are ``offsets[i]:offsets[i + 1]``.
    columns : list of Column
        One a parameter, each with m = ``offsets[-1]`` samples. A column is
        there for the pressure too where the file has it.
    depth : ndarray of float64, shape (m,)
        Metres, positive down; NaN is unknown. Computed from pressure with
        gsw where the file has pressure alone.
    depth_flag : ndarray of uint8, shape (m,)
        L20 codes; the pressure's flag where depth comes from pressure.
    row : ndarray of int64, shape (m,)
        Where the sample stands in the file: line number (from 1) of a text
        file, index of the level in a binary one.
    time : ndarray of datetime64[ms], shape (m,), optional
        Time of each sample where it is not the station's (time series).
    time_flag : ndarray of uint8, shape (m,), optional
        L20 codes of `time`.
    raw_text : list of (int, int, str)
        Sample, column and text of each value that is not a number; the value
        itself is NaN with flag 9.
    """

    stations: Stations
    offsets: NDArray[np.int64]
    columns: list[Column]
    depth: NDArray[np.float64]
    depth_flag: NDArray[np.uint8]
    row: NDArray[np.int64]
    time: NDArray[np.datetime64] | None = None
    time_flag: NDArray[np.uint8] | None = None
    raw_text: list[tuple[int, int, str]] = field(default_factory=list)

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return int(self.offsets[-1])


@dataclass
class Oddity:
    """One strange thing in a file, as the file doctor tells it.

    Attributes
    ----------
    file : str
        Name of the file (``archive.zip/member.txt`` inside an archive).
    where : str
        Line, variable or station, for example ``"line 17"``.
    what : str
        What is odd.
    consequence : str
        What sdcviz did about it.
    count : int
        How often; `where` tells the first place.
    """

    file: str
    where: str
    what: str
    consequence: str
    count: int = 1


@dataclass
class Doctor:
    """Collects what was odd in one file, and accounts for its rows.

    Attributes
    ----------
    file : str
        Name shown to the user.
    rows : int
        Data rows (text) or filled levels (binary) found in the file.
    left_out : dict of str to int
        Rows that became no sample, by reason. Rows in = samples + left out.
    """

    file: str
    rows: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    _seen: dict[tuple[str, str], Oddity] = field(default_factory=dict, repr=False)

    def note(self, where: str, what: str, consequence: str, count: int = 1) -> None:
        """Add an oddity; the same `what` and `consequence` are counted, not repeated."""
        known = self._seen.get((what, consequence))
        if known:
            known.count += count
        else:
            self._seen[what, consequence] = Oddity(self.file, where, what, consequence, count)

    def leave_out(self, reason: str, count: int = 1) -> None:
        """Account for rows that are no samples."""
        self.left_out[reason] = self.left_out.get(reason, 0) + count

    @property
    def oddities(self) -> Sequence[Oddity]:
        """What was odd, in the order of finding."""
        return list(self._seen.values())
