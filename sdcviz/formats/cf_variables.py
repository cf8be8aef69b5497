"""The variables of the CF NetCDF that is written: how they are made and what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .cf_names import FLAG_ATTRIBUTES, QC, SAMPLE, STATION, UDUNITS
from .model import FEATURES, MISSING, Coded

if TYPE_CHECKING:
    from netCDF4 import Dataset, Variable

__all__ = ["EPOCH", "Fixed", "Variables"]

EPOCH = "seconds since 1970-01-01T00:00:00Z"
_CHUNK = 1 << 20
_CHUNKS = {STATION: 4096, SAMPLE: 32768}


class Variables:
    """Makes variables in an open file.

    Attributes
    ----------
    taken : set of str
        Names that are used, in lower case.
    """

    def __init__(self, file: Dataset) -> None:
        self.file = file
        self.taken: set[str] = set()

    def number(self, name: str, kind: str, dimension: str, **attributes: Any) -> Variable:
        """Make a variable of numbers."""
        self.taken.add(name.lower())
        fill = np.nan if kind.startswith("f") else None
        variable = self.file.createVariable(
            name, kind, (dimension,), zlib=True, complevel=1, shuffle=True, fill_value=fill,
            chunksizes=(_CHUNKS.get(dimension, 1024),),
        )  # fmt: skip
        variable.set_auto_maskandscale(False)
        variable.setncatts({k: v for k, v in attributes.items() if not isinstance(v, str) or v})
        return variable

    def flags(self, name: str, dimension: str, fill: int = MISSING, **attributes: Any) -> Variable:
        """Make a variable of flags, L20 but for other attributes."""
        self.taken.add(name.lower())
        variable = self.file.createVariable(
            name, "i1", (dimension,), zlib=True, complevel=1, fill_value=np.int8(fill),
            chunksizes=(_CHUNKS.get(dimension, 1024),),
        )  # fmt: skip
        variable.set_auto_maskandscale(False)
        told = {"long_name": "SeaDataNet quality flag"} | FLAG_ATTRIBUTES | attributes
        variable.setncatts({k: v for k, v in told.items() if v is not None})
        return variable

    def texts(
        self,
        name: str,
        dimension: str,
        n: int,
        pieces: list[tuple[int, Coded]],
        attributes: dict[str, str],
    ) -> None:
        """Write texts as UTF-8 chars, padded with zero bytes."""
        labels = [[t.encode() for t in texts.labels] for _, texts in pieces]
        width = max((len(t) for table in labels for t in table), default=0) or 1
        variable = self._chars(name, dimension, width, attributes)
        for (start, texts), table in zip(pieces, labels, strict=True):
            lookup = np.array([*table, b""], f"S{width}")
            for first in range(0, len(texts), _CHUNK):
                some = lookup[texts.codes[first : first + _CHUNK]]
                place = slice(start + first, start + first + len(some))
                variable[place] = some.view("S1").reshape(len(some), width)

    def _chars(self, name: str, dimension: str, width: int, attributes: dict[str, str]) -> Variable:
        length = f"STRING{width}"
        if length not in self.file.dimensions:
            self.file.createDimension(length, width)
        variable = self.file.createVariable(
            name, "S1", (dimension, length), zlib=True, complevel=1,
            chunksizes=(max(1, _CHUNK // width // 16), width),
        )  # fmt: skip
        variable.setncatts({"_Encoding": "utf-8"} | {k: v for k, v in attributes.items() if v})
        variable.set_auto_chartostring(False)
        return variable


class Fixed:
    """The variables that every file has: those of stations, depth and place in the source."""

    def __init__(self, made: Variables) -> None:
        number, flags = made.number, made.flags
        self.row_size = number(
            "row_size", "i4", STATION, sample_dimension=SAMPLE, long_name="Samples of the station"
        )
        self.id = number("station_id", "i4", STATION, long_name="Number of the station")
        self.feature = number(
            "feature", "i1", STATION, long_name="What the station is",
            flag_values=np.arange(len(FEATURES), dtype=np.int8),
            flag_meanings=" ".join(f.replace(" ", "_") for f in FEATURES),
        )  # fmt: skip
        self.lon = number(
            "LONGITUDE", "f8", STATION, **_sdn("ALONZZ01", "DEGE"), standard_name="longitude",
            long_name="Longitude", axis="X", ancillary_variables="POSITION" + QC,
        )  # fmt: skip
        self.lat = number(
            "LATITUDE", "f8", STATION, **_sdn("ALATZZ01", "DEGN"), standard_name="latitude",
            long_name="Latitude", axis="Y", ancillary_variables="POSITION" + QC,
        )  # fmt: skip
        self.position_flag = flags("POSITION" + QC, STATION)
        self.time = number(
            "TIME", "f8", STATION, standard_name="time", long_name="Time of the station",
            units=EPOCH, calendar="proleptic_gregorian", axis="T",
            ancillary_variables="TIME" + QC,
        )  # fmt: skip
        self.time_flag = flags("TIME" + QC, STATION)
        self.edmo = number(
            "SDN_EDMO_CODE", "i4", STATION, long_name="EDMO code of the data centre (0: unknown)"
        )
        self.bottom = number(
            "SDN_BOT_DEPTH", "f4", STATION, **_sdn("MBANZZZZ", "ULAA"),
            standard_name="sea_floor_depth_below_sea_surface", long_name="Depth of the sea floor",
        )  # fmt: skip
        self.source_station = number(
            "source_station", "i4", STATION, long_name="Number of the station in its source file"
        )
        self.depth = number(
            "DEPTH", "f8", SAMPLE, **_sdn("ADEPZZ01", "ULAA"), standard_name="depth",
            long_name="Depth below the sea surface", positive="down", axis="Z",
            ancillary_variables="DEPTH" + QC,
        )  # fmt: skip
        self.depth_flag = flags("DEPTH" + QC, SAMPLE)
        self.source_row = number(
            "source_row", "i8", SAMPLE, long_name="Line or level of the sample in its source file"
        )


def _sdn(p01: str, p06: str) -> dict[str, str]:
    return {
        "sdn_parameter_urn": f"SDN:P01::{p01}",
        "sdn_uom_urn": f"SDN:P06::{p06}",
        "units": UDUNITS[p06],
    }
