"""What passes between the driver of an analysis and the writer of its product."""

from __future__ import annotations

import dataclasses
import json
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UnreadableFile
from ..storage import written_whole

__all__ = ["Axes", "Points", "SliceResult", "TimeSlice"]

_VERSION = 1


@dataclass(frozen=True)
class TimeSlice:
    """One time of a product: some months of some years together.

    Attributes
    ----------
    label : str
        For people: "January", "1990-1999 winter".
    centre : datetime64[s]
        The time coordinate of the slice.
    start, stop : datetime64[s]
        Climatology bounds: begin of the first year's period, end of the last one's.
    years : tuple of (int, int)
        First and last year of each span of years, both included.
    months : tuple of int
        1 to 12, in the order of the period: (12, 1, 2) is a winter.
    """

    label: str
    centre: np.datetime64
    start: np.datetime64
    stop: np.datetime64
    years: tuple[tuple[int, int], ...]
    months: tuple[int, ...]


@dataclass(frozen=True)
class Points:
    """The observations of a run as plain arrays, one element an observation.

    Attributes
    ----------
    lon, lat : ndarray of float64, shape (n,)
        Degrees east and north.
    depth : ndarray of float64, shape (n,)
        Metres, positive downwards.
    time : ndarray of datetime64[ms], shape (n,)
        UTC.
    value : ndarray of float64, shape (n,)
        In the unit of the parameter.
    id : ndarray of str, shape (n,)
        "EDMO-LOCAL_CDI_ID", or the identity of the station where it has none.
    cruise : ndarray of str, shape (n,)
        Cruise; empty where it is not known.
    edmo : ndarray of int32, shape (n,)
        Data centre; 0 where it is not known.
    """

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    depth: NDArray[np.float64]
    time: NDArray[np.datetime64]
    value: NDArray[np.float64]
    id: NDArray[np.str_]
    cruise: NDArray[np.str_]
    edmo: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.value)


@dataclass(frozen=True)
class Axes:
    """The grid of a product.

    Attributes
    ----------
    lon, lat : ndarray of float64, shape (nlon,) and (nlat,)
        Degrees east and north, increasing.
    depth : ndarray of float64, shape (ndepth,)
        Metres, positive downwards, increasing; empty for a product without depth, whose
        fields have one level all the same.
    slices : tuple of TimeSlice
        In the order of their centres.
    """

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    depth: NDArray[np.float64]
    slices: tuple[TimeSlice, ...]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of the field of one slice: (nlon, nlat, ndepth or 1)."""
        return len(self.lon), len(self.lat), max(len(self.depth), 1)


@dataclass(frozen=True)
class SliceResult:
    """The analysis of one time slice.

    Attributes
    ----------
    field : ndarray of float32, shape (nlon, nlat, ndepth)
        In the unit of the parameter, background included; NaN on land.
    error : ndarray of float32, shape (nlon, nlat, ndepth)
        Error variance relative to that of the background, 0 to 1; NaN on land.
    rows : ndarray of int64, shape (k,)
        Which of the run's `Points` lie in this slice, increasing.
    residuals : ndarray of float64, shape (k,)
        Observation minus analysis in the unit of the parameter; NaN where not used.
    used : ndarray of bool, shape (k,)
        Whether the observation had an influence.
    suspicion : ndarray of float64, shape (k,)
        Criterion of quality control, above 9 suspect; NaN where not asked for.
    notes : dict
        What can be written as JSON: counts, lengths, epsilon2, solver, iterations,
        seconds, warnings.
    background : ndarray of float32, shape (nlon, nlat, ndepth), optional
        The field that the observations were compared with, where there is one.
    """

    field: NDArray[np.float32]
    error: NDArray[np.float32]
    rows: NDArray[np.int64]
    residuals: NDArray[np.float64]
    used: NDArray[np.bool_]
    suspicion: NDArray[np.float64]
    notes: dict[str, Any] = dataclasses.field(default_factory=dict)
    background: NDArray[np.float32] | None = None

    def save(self, path: Path) -> None:
        """Write it as one ``.npz`` file, which appears complete or not at all.

        Raises
        ------
        StorageError
            If the disk is full or can't be written.
        """
        arrays: dict[str, Any] = {name: getattr(self, name) for name in _ARRAYS}
        if self.background is not None:
            arrays["background"] = self.background
        told = json.dumps(self.notes, sort_keys=True).encode()
        arrays["notes"] = np.frombuffer(told, np.uint8)
        arrays["version"] = np.int64(_VERSION)
        with written_whole(path) as part:
            with part.open("wb") as file:
                np.savez(file, **arrays)
                file.flush()
                os.fsync(file.fileno())

    @classmethod
    def load(cls, path: Path) -> SliceResult:
        """Read what `save` wrote.

        Raises
        ------
        UnreadableFile
            If the file is missing, damaged or of another version of the program.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                if int(file["version"]) != _VERSION:
                    raise UnreadableFile(
                        f"{path}: a slice of another version of sdcviz; "
                        "delete it so that it is computed again."
                    )
                arrays = {name: file[name] for name in _ARRAYS}
                background = file["background"] if "background" in file else None
                notes = json.loads(file["notes"].tobytes())
        except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
            raise UnreadableFile(
                f"{path}: no slice of an analysis, or a damaged one ({error}); "
                "delete it so that it is computed again."
            ) from error
        return cls(**arrays, notes=notes, background=background)


_ARRAYS = ("field", "error", "rows", "residuals", "used", "suspicion")
