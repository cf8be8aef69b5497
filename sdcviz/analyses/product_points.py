"""The observations of a product: where they are, what they are called, how far off they lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .metadata import Meta, parameter_attributes
from .model import Points, SliceResult
from .names import CALENDAR, EPOCH, OBSERVATIONS, days

if TYPE_CHECKING:
    from netCDF4 import Dataset

__all__ = ["PointsWriter", "write_texts"]

_CHUNK = 1 << 16
_FILL64 = 9.969209968386869e36


class PointsWriter:
    """Collects which observations were used, and writes them.

    Parameters
    ----------
    points : Points
        Observations of the run.
    """

    def __init__(self, points: Points) -> None:
        self.points = points
        self.rows: list[NDArray[np.int64]] = []
        self.residuals: list[NDArray[np.float32]] = []
        self.suspicions: list[NDArray[np.float32]] = []

    def add(self, k: int, result: SliceResult) -> None:
        """Keep the observations that one slice used."""
        sizes = {len(a) for a in (result.rows, result.residuals, result.used, result.suspicion)}
        if len(sizes) > 1 or (len(result.rows) and result.rows.max() >= len(self.points)):
            raise ValueError(
                f"Slice {k} has residuals that fit neither each other nor the observations."
            )
        used = result.used
        self.rows.append(result.rows[used])
        self.residuals.append(result.residuals[used].astype(np.float32))
        self.suspicions.append(result.suspicion[used].astype(np.float32))

    def write(self, file: Dataset, meta: Meta) -> None:
        """Write all that was kept; an observation of several slices has several residuals."""
        rows = np.concatenate([np.empty(0, np.int64), *self.rows])
        kept = np.unique(rows)
        file.createDimension("observations", len(kept))
        self._observations(file, meta, kept)
        file.createDimension("residuals", len(rows))
        told = {"long_name": "Observation of the residual, counted from 0"}
        _column(file, "residual_observation", "residuals", np.searchsorted(kept, rows), "i4", told)
        of_slice = np.repeat(np.arange(len(self.rows)), [len(r) for r in self.rows])
        told = {"long_name": "Time slice of the residual, counted from 0"}
        _column(file, "residual_slice", "residuals", of_slice, "i4", told)
        told = {"long_name": "Observation minus analysis"}
        units = {k: v for k, v in parameter_attributes(meta).items() if k == "units"}
        _column(file, "residual", "residuals", _joined(self.residuals), "f4", told | units)
        suspicion = _joined(self.suspicions)
        if np.isfinite(suspicion).any():
            told = {
                "long_name": "Squared residual relative to what the analysis expects",
                "comment": "above 9 the observation is suspect",
                "units": "1",
            }
            _column(file, "residual_suspicion", "residuals", suspicion, "f4", told)

    def _observations(self, file: Dataset, meta: Meta, kept: NDArray[np.int64]) -> None:
        points, on = self.points, "observations"
        places: tuple[tuple[str, NDArray, dict[str, str]], ...] = (
            ("longitude", points.lon, {"units": "degrees_east"}),
            ("latitude", points.lat, {"units": "degrees_north"}),
            ("depth", points.depth, {"units": "m", "positive": "down"}),
            ("time", points.time, {"units": EPOCH, "calendar": CALENDAR}),
        )
        for name, (quantity, values, told) in zip(OBSERVATIONS, places, strict=False):
            chosen = values[kept]
            array = days(chosen) if quantity == "time" else chosen
            about = {"long_name": f"{quantity.capitalize()} of the observation"}
            _column(file, name, on, array, "f8", about | {"standard_name": quantity} | told)
        told = {"long_name": f"Observed {meta.long_name or meta.variable}"}
        told |= parameter_attributes(meta)
        told["coordinates"] = "obstime obsdepth obslat obslon"
        _column(file, "obsvalue", on, points.value[kept], "f8", told)
        told = {"long_name": "EDMO code of the data centre (0: unknown)"}
        _column(file, "obsedmo", on, points.edmo[kept], "i4", told)
        identity = "Identity of the observation's station: EDMO code and CDI identifier where known"
        write_texts(file, "obsid", on, points.id[kept], identity, "idlen")
        write_texts(file, "obscruise", on, points.cruise[kept], "Cruise", "cruiselen")


def _joined(pieces: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    return np.concatenate([np.empty(0, np.float32), *pieces])


def _column(
    file: Dataset, name: str, on: str, values: ArrayLike, kind: str, told: dict[str, Any]
) -> None:
    """Write one number an observation or residual; NaN as the fill value."""
    array = np.asarray(values, kind)
    fill = np.dtype(kind).type(_FILL64) if kind.startswith("f") else None
    variable = file.createVariable(
        name, kind, (on,), zlib=True, complevel=1, shuffle=True, fill_value=fill,
        chunksizes=(max(1, min(_CHUNK, len(array))),),
    )  # fmt: skip
    variable.set_auto_maskandscale(False)
    variable.setncatts(told)
    for first in range(0, len(array), _CHUNK):
        some = array[first : first + _CHUNK]
        if fill is not None:
            some = np.where(np.isnan(some), fill, some)
        variable[first : first + len(some)] = some


def write_texts(
    file: Dataset, name: str, on: str, texts: ArrayLike, long_name: str, length: str = ""
) -> None:
    """Write texts as UTF-8 characters, padded with zero bytes.

    Parameters
    ----------
    file : Dataset
        Open for writing.
    name, on : str
        Variable and its first dimension.
    texts : array-like of str
        One an element of the dimension.
    long_name : str
        For people.
    length : str
        Name of the second dimension; made of the variable's name where left out.
    """
    array = np.asarray(texts, np.str_)
    # Encoded piece by piece: identities of millions of observations are many bytes.
    pieces = [array[i : i + _CHUNK] for i in range(0, len(array), _CHUNK)]
    width = max((np.char.encode(p, "utf-8").dtype.itemsize for p in pieces), default=0) or 1
    length = length or f"{name}_length"
    file.createDimension(length, width)
    variable = file.createVariable(
        name, "S1", (on, length), zlib=True, complevel=1,
        chunksizes=(max(1, min(len(array), (1 << 20) // width)), width),
    )  # fmt: skip
    variable.set_auto_chartostring(False)
    variable.setncatts({"long_name": long_name, "_Encoding": "utf-8"})
    for k, piece in enumerate(pieces):
        encoded = np.char.encode(piece, "utf-8").astype(f"S{width}")
        start = k * _CHUNK
        variable[start : start + len(piece)] = encoded.view("S1").reshape(len(piece), width)
