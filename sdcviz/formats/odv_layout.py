"""What the header of an ODV spreadsheet says, as data."""

from __future__ import annotations

from dataclasses import dataclass, field

from .model import Parameter
from .odv_labels import Label

__all__ = ["Declared", "Header", "Value"]


@dataclass
class Value:
    """One value column of the table.

    Attributes
    ----------
    column : int
        Index in the row.
    parameter : Parameter
        What was measured.
    role : {"", "depth", "pressure", "time", "cjd", "min", "max"}
        What the reader uses the column for.
    flag : int
        Index of its flag column, -1 without.
    scale : str
        Flag scale; empty where the label names one that is not known.
    """

    column: int
    parameter: Parameter
    role: str = ""
    flag: int = -1
    scale: str = "L20"
    typed: bool = False


@dataclass
class Header:
    """All that stands before the rows.

    Attributes
    ----------
    sep : int
        Byte of the separator.
    pos, line : int
        First byte after the label line, and the number of its line.
    raw : bytes
        The label line itself.
    labels : list of Label
        One a column.
    station : dict of str to int
        Column by role: cruise, station, type, lon, lat, cdi, edmo, bottom,
        platform and the parts of a date.
    extra : dict of int to str
        Other station columns and their label.
    values : list of Value
        The value columns, in the order of the file.
    station_flags : dict of str to tuple of int and str
        Flag column and scale of position (``"lon"``, ``"lat"``) and time.
    sample_flag : int
        Column with one flag a row, -1 without; `sample_scale` is its scale.
    missing : tuple of float
        Missing value indicators.
    data_type : str
        ``"Profiles"``, ``"TimeSeries"``, ``"Trajectories"`` or empty.
    cdi : dict of (str, str) to str
        Link by EDMO code and LOCAL_CDI_ID.
    csr, platforms : list of str
        Links to cruise reports, C17 codes.
    sdn : bool
        Whether the file has a SeaDataNet mapping.
    primary_time : bool
        Whether the first value column is the time of the samples.
    """

    sep: int
    pos: int
    line: int
    raw: bytes
    labels: list[Label]
    station: dict[str, int] = field(default_factory=dict)
    extra: dict[int, str] = field(default_factory=dict)
    values: list[Value] = field(default_factory=list)
    station_flags: dict[str, tuple[int, str]] = field(default_factory=dict)
    sample_flag: int = -1
    sample_scale: str = "L20"
    missing: tuple[float, ...] = ()
    data_type: str = ""
    cdi: dict[tuple[str, str], str] = field(default_factory=dict)
    csr: list[str] = field(default_factory=list)
    platforms: list[str] = field(default_factory=list)
    sdn: bool = False
    primary_time: bool = False


@dataclass
class Declared:
    """What the comments say about columns.

    Attributes
    ----------
    mapping : list of tuple
        Name, P01, P06 and L22 code of each line of the SeaDataNet mapping.
    meta : set of str
        Labels of station columns.
    data : dict of str to dict
        Attributes of value columns by label.
    """

    mapping: list[tuple[str, str, str, str]] = field(default_factory=list)
    meta: set[str] = field(default_factory=set)
    data: dict[str, dict[str, str]] = field(default_factory=dict)
