"""The changes of flags in our CF NetCDF files: a group, which other readers pass over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .base import FlagChanges
from .cf_names import FLAG_ATTRIBUTES

if TYPE_CHECKING:
    from netCDF4 import Dataset

__all__ = ["GROUP", "write_changes"]

GROUP = "flag_changes"

_TOLD = {
    "id": "Number of the batch",
    "time": "When it was saved (UTC, ISO 8601)",
    "user": "Who",
    "reason": "Why",
    "tool": "Made by hand, in the table, by a rule, by checks; or undo, redo",
    "selection": "What was chosen",
    "undoes": "Number of the batch that it takes back (0: none)",
    "session": "What belongs together",
    "software": "Made with",
}


def write_changes(file: Dataset, changes: FlagChanges, variables: Mapping[str, str]) -> None:
    """Write changes of flags to an open file.

    Parameters
    ----------
    file : netCDF4.Dataset
    changes : FlagChanges
    variables : mapping of str to str
        Name of the variable whose flags are meant, by the names of `changes`.
    """
    known = np.array([name in variables for name in changes.names], bool)
    kept = np.flatnonzero(known[changes.parameter])
    if not kept.size:
        return
    group = file.createGroup(GROUP)
    group.setncatts(
        {
            "title": "Changes of flags since the import, in their order",
            "comment": "station and sample are indices from 0 in the dimensions of the file; "
            "sample -1 is the station itself. The flags of the file have these changes.",
        }
    )
    group.createDimension("change", len(kept))
    group.createDimension("batch", len(changes.batches))
    for name, told, values in (
        ("station", "Station", changes.station),
        ("sample", "Sample (-1: the station itself)", changes.sample),
        ("batch_index", "Batch of the change, from 0", changes.batch),
    ):
        _numbers(group, name, "change", told, values[kept])
    _numbers(
        group, "variable_index", "change", "Variable of the change, from 0", changes.parameter[kept]
    )
    group.createDimension("variable", len(changes.names))
    names = [variables.get(name, "") for name in changes.names]
    _texts(group, "variable_name", "variable", "Variable", names)
    for name, told, codes in (
        ("flag_old", "Flag before", changes.old),
        ("flag_new", "Flag after", changes.new),
    ):
        variable = group.createVariable(name, "i1", ("change",), zlib=True, complevel=1)
        variable.setncatts(
            {"long_name": told} | {k: FLAG_ATTRIBUTES[k] for k in ("flag_values", "flag_meanings")}
        )
        variable[:] = codes[kept].view(np.int8)
    if changes.notes is not None:
        notes = [changes.notes[i] for i in kept.tolist()]
        _texts(group, "note", "change", "Check, value and limit", notes)
    for name, told in _TOLD.items():
        of_batches = [batch[name] for batch in changes.batches]
        if name in ("id", "undoes"):
            _numbers(group, f"batch_{name}", "batch", told, np.array(of_batches, np.int64))
        else:
            _texts(group, f"batch_{name}", "batch", told, of_batches)


def _numbers(group: Any, name: str, dimension: str, told: str, values: NDArray) -> None:
    variable = group.createVariable(name, "i8", (dimension,), zlib=True, complevel=1)
    variable.long_name = told
    variable[:] = values


def _texts(group: Any, name: str, dimension: str, told: str, texts: Sequence[str]) -> None:
    """Write texts as UTF-8 chars, padded with zero bytes."""
    encoded = np.array([text.encode() for text in texts], np.bytes_)
    width = max(encoded.dtype.itemsize, 1)
    length = f"STRING{width}"
    if length not in group.dimensions:
        group.createDimension(length, width)
    variable = group.createVariable(name, "S1", (dimension, length), zlib=True, complevel=1)
    variable.setncatts({"long_name": told, "_Encoding": "utf-8"})
    variable.set_auto_chartostring(False)
    variable[:] = encoded.astype(f"S{width}").view("S1").reshape(len(encoded), width)
