"""The gridded variables of a product: field, masked copies, error, deepest layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .metadata import Meta, parameter_attributes
from .model import Axes, SliceResult
from .names import (
    BOUNDS,
    CALENDAR,
    CELL_METHODS,
    DEEPEST,
    EPOCH,
    FILL,
    RELERR,
    SD,
    THRESHOLD,
    days,
)  # fmt: skip
from .product_points import write_texts

if TYPE_CHECKING:
    from netCDF4 import Dataset, Variable

__all__ = ["GridWriter"]

_LEVELS, _SIDE = 8, 64  # of a chunk: about 130 kB before compression

Map3 = NDArray[np.float32]


def _even(n: int, most: int) -> int:
    """Divide n into pieces of about equal size, none longer than `most`; give the longest."""
    return -(-n // -(-n // most)) if n else 1


class GridWriter:
    """Fills the variables on the grid, one slice at a time.

    Parameters
    ----------
    file : Dataset
        Open for writing; axes and variables are made at once.
    meta : Meta
        Names and codes.
    axes : Axes
        The grid.
    mask : ndarray of bool, shape (nlon, nlat, ndepth or 1)
        Sea points.
    thresholds : mapping of str to float
        Masked copies: end of the name, greatest relative error variance.
    with_error : bool
        Whether the analysis has an error: without one there are neither error nor copies.
    """

    def __init__(
        self,
        file: Dataset,
        meta: Meta,
        axes: Axes,
        mask: NDArray[np.bool_],
        thresholds: Mapping[str, float],
        with_error: bool,
    ) -> None:
        self.file, self.meta, self.axes = file, meta, axes
        self.thresholds, self.with_error = thresholds if with_error else {}, with_error
        self.mask = np.ascontiguousarray(mask.transpose(2, 1, 0))
        self.has_depth = len(axes.depth) > 0
        # The last sea level of each column; -1 for land.
        levels = np.arange(self.mask.shape[0])[:, None, None]
        self.last = np.where(self.mask, levels, -1).max(axis=0)
        self.shown: list[tuple[float, float]] = []
        self.deviations: dict[int, Sequence[float | None]] = {}
        self._axes()
        self._fields("")
        if self.has_depth:
            self._fields(DEEPEST)
            self._deepest_depth()

    def _axes(self) -> None:
        axes = self.axes
        horizontal = (
            ("lon", axes.lon, "Longitude", "longitude", "degrees_east", "X"),
            ("lat", axes.lat, "Latitude", "latitude", "degrees_north", "Y"),
        )
        for name, values, long_name, standard_name, units, axis in horizontal:
            told = {"long_name": long_name, "standard_name": standard_name, "units": units}
            self._axis(name, values, told | {"axis": axis})
        if self.has_depth:
            told = {"long_name": "Depth below the sea surface", "standard_name": "depth"}
            told |= {"units": "m", "positive": "down", "axis": "Z"}
            self._axis("depth", axes.depth, told)
        told = {"long_name": "Time", "standard_name": "time", "units": EPOCH}
        told |= {"calendar": CALENDAR, "axis": "T", "climatology": BOUNDS}
        self._axis("time", days(np.array([s.centre for s in axes.slices])), told)
        self.file.createDimension("nv", 2)
        bounds = self.file.createVariable(BOUNDS, "f8", ("time", "nv"))
        bounds[:] = days(np.array([(s.start, s.stop) for s in axes.slices]))

    def _axis(self, name: str, values: NDArray, told: dict[str, str]) -> None:
        self.file.createDimension(name, len(values))
        variable = self.file.createVariable(name, "f8", (name,))
        variable.setncatts(told)
        variable[:] = values

    def _fields(self, end: str) -> None:
        """Make the variables of the field, its masked copies and its error."""
        meta = self.meta
        base = meta.variable + end
        where = " at the deepest level of each column" if end else ""
        name = (meta.long_name or meta.variable) + where
        shared = parameter_attributes(meta) | {"cell_methods": CELL_METHODS}
        if end:
            shared["coordinates"] = f"{base}_depth"
        told = {"long_name": name} | shared
        beside_it = {"ancillary_variables": base + RELERR} if self.with_error else {}
        self._grid(base, told | beside_it, not end)
        for label, limit in self.thresholds.items():
            masked = f"{name}, masked where the relative error variance is above {limit:g}"
            variable = self._grid(f"{base}_{label}", told | {"long_name": masked}, not end)
            variable.setncattr(THRESHOLD, np.float32(limit))
        if not self.with_error:
            return
        error = {
            "long_name": f"Relative error variance of {name}",
            "comment": "error variance of the analysis divided by the variance of the background",
            "units": "1",
            "valid_min": np.float32(0),
            "valid_max": np.float32(1),
        }
        if end:
            error["coordinates"] = f"{base}_depth"
        self._grid(base + RELERR, error, not end)

    def _grid(self, name: str, told: dict[str, Any], levels: bool) -> Variable:
        """Make one variable on (time[, depth], lat, lon)."""
        nlon, nlat, ndepth = self.axes.shape
        dimensions: tuple[str, ...] = ("time", "lat", "lon")
        chunks: tuple[int, ...] = (1, _even(nlat, _SIDE), _even(nlon, _SIDE))
        if levels and self.has_depth:
            dimensions = ("time", "depth", "lat", "lon")
            chunks = (1, _even(ndepth, _LEVELS), *chunks[1:])
        variable = self.file.createVariable(
            name, "f4", dimensions, zlib=True, complevel=1, shuffle=True,
            chunksizes=chunks, fill_value=FILL,
        )  # fmt: skip
        variable.set_auto_maskandscale(False)
        variable.setncatts(told | {"missing_value": FILL})
        return variable

    def _deepest_depth(self) -> None:
        name = f"{self.meta.variable}{DEEPEST}_depth"
        variable = self.file.createVariable(
            name, "f4", ("lat", "lon"), zlib=True, complevel=1, fill_value=FILL
        )
        variable.set_auto_maskandscale(False)
        variable.setncatts(
            {
                "long_name": "Depth of the deepest level of each column",
                "standard_name": "depth",
                "units": "m",
                "positive": "down",
                "missing_value": FILL,
            }
        )
        depth = self.axes.depth[self.last].astype(np.float32)
        variable[:] = np.where(self.last < 0, FILL, depth)

    def add(self, k: int, result: SliceResult) -> None:
        """Write one slice."""
        for what in ("field", "error", "background"):
            array = getattr(result, what)
            if array is not None and array.shape != self.axes.shape:
                raise ValueError(
                    f"The {what} of slice {k} ({self.axes.slices[k].label}) has the shape "
                    f"{array.shape} and the grid {self.axes.shape}."
                )
        field = self._oriented(result.field)
        error = np.clip(self._oriented(result.error), 0, 1)
        if self.with_error:
            # A value without an error, or an error without a value, is no result.
            error[np.isnan(field)] = np.nan
            field[np.isnan(error)] = np.nan
        self._put(self.meta.variable, k, field, error)
        if self.has_depth:
            at = np.maximum(self.last, 0)[None]
            deep = (np.take_along_axis(a, at, axis=0)[0] for a in (field, error))
            self._put(self.meta.variable + DEEPEST, k, *deep)
        if result.background is not None:
            self._background()[k] = self._filled(self._oriented(result.background))
        if result.notes.get("background_sd"):
            self.deviations[k] = result.notes["background_sd"]
        top = field[0][np.isfinite(field[0])]
        if len(top):
            self.shown.append(tuple(np.quantile(top, [0.02, 0.98]).tolist()))

    def _oriented(self, array: NDArray[np.float32]) -> Map3:
        """Bring (lon, lat, depth) into (depth, lat, lon); NaN outside the sea."""
        turned = np.ascontiguousarray(array.transpose(2, 1, 0), np.float32)
        return np.where(self.mask & np.isfinite(turned), turned, np.float32(np.nan))

    def _filled(self, array: NDArray[np.float32]) -> NDArray[np.float32]:
        whole = np.where(np.isnan(array), FILL, array)
        return whole if self.has_depth or whole.ndim == 2 else whole[0]

    def _put(self, base: str, k: int, field: NDArray, error: NDArray) -> None:
        self.file[base][k] = self._filled(field)
        if self.with_error:
            self.file[base + RELERR][k] = self._filled(error)
        for label, limit in self.thresholds.items():
            masked = np.where(error > np.float32(limit), np.float32(np.nan), field)
            self.file[f"{base}_{label}"][k] = self._filled(masked)

    def _background(self) -> Variable:
        name = f"{self.meta.variable}_background"
        if name not in self.file.variables:
            called = self.meta.long_name or self.meta.variable
            told = {"long_name": f"Background of {called}", "cell_methods": CELL_METHODS}
            variable = self._grid(name, parameter_attributes(self.meta) | told, True)
            # Slices before this one had none.
            for k in range(len(self.axes.slices)):
                variable[k] = FILL
        return self.file[name]

    def _deviation(self) -> None:
        """Write what the relative error is relative to, by time and level."""
        if not (self.with_error and self.deviations):
            return
        name = self.meta.variable + SD
        whole = np.full((len(self.axes.slices), self.axes.shape[2]), FILL)
        for k, row in self.deviations.items():
            whole[k] = [FILL if v is None else v for v in row]
        dimensions = ("time", "depth") if self.has_depth else ("time",)
        variable = self.file.createVariable(name, "f4", dimensions, fill_value=FILL)
        variable.set_auto_maskandscale(False)
        units = parameter_attributes(self.meta).get("units")
        told = {
            "long_name": f"Standard deviation of the background of "
            f"{self.meta.long_name or self.meta.variable}",
            "comment": "root of the variance that the relative error variance is relative to: "
            "that of the anomalies of the observations from the background, divided by "
            "(1 + epsilon2)",
            "missing_value": FILL,
        }
        variable.setncatts(told | ({"units": units} if units else {}))
        variable[:] = whole if self.has_depth else whole[:, 0]

    def finish(self, notes: list[str]) -> None:
        """Write what is known at the end: colour range, labels and notes of the slices."""
        shown = self.meta.preview_range
        if shown is None and self.shown:
            shown = min(low for low, _ in self.shown), max(high for _, high in self.shown)
        if shown is not None:
            self.file[self.meta.variable].preview_range = np.array(shown, np.float32)
        self._deviation()
        labels = [s.label for s in self.axes.slices]
        write_texts(self.file, "slice_label", "time", labels, "Name of the time slice")
        write_texts(self.file, "slice_notes", "time", notes, "How the slice was analysed (JSON)")
