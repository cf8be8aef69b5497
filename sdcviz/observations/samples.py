"""Columns of the selected samples, collected when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sdcviz.formats.model import MISSING, Coded

if TYPE_CHECKING:
    from sdcviz.observations.selection import Selection

__all__ = ["Samples"]


class Samples(Mapping[str, Any]):
    """Columns of the selected samples; see `Selection.samples`.

    Parameters
    ----------
    selection : Selection
    keys : tuple of str
        Parameters.
    present : bool
        Only samples that have a value of the first.
    """

    def __init__(self, selection: Selection, keys: tuple[str, ...], present: bool) -> None:
        self._selection, self.keys_of_parameters = selection, keys
        self._kept: NDArray[np.bool_] | None = None
        self._done: dict[str, Any] = {}
        if present and keys:
            value = self._column(keys[0])
            self._kept = value.codes >= 0 if isinstance(value, Coded) else ~np.isnan(value)

    def _names(self) -> list[str]:
        names = ["station", "sample", "depth", "depth_flag", "time", "lon", "lat"]
        names += [n for key in self.keys_of_parameters for n in (key, f"{key}_flag")]
        return names + (["value", "flag"] if self.keys_of_parameters else [])

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())

    @property
    def n(self) -> int:
        """Number of samples."""
        return self._selection.n_samples if self._kept is None else int(self._kept.sum())

    def __getitem__(self, name: str) -> Any:
        keys = self.keys_of_parameters
        if keys and name in ("value", "flag") and name not in keys:
            return self[keys[0] if name == "value" else f"{keys[0]}_flag"]
        if name not in self._done:
            column = self._column(name)
            if self._kept is not None:
                column = (
                    column.take(self._kept) if isinstance(column, Coded) else column[self._kept]
                )
            self._done[name] = column
        return self._done[name]

    def _column(self, name: str) -> Any:
        s = self._selection
        c = s.collection
        if name in self.keys_of_parameters:
            return self._values(name)
        if name.removesuffix("_flag") in self.keys_of_parameters:
            return self._flags(name.removesuffix("_flag"))
        if name == "station":
            return s.repeat(s.rows)
        if name == "sample":
            return s.sample_numbers
        if name in ("depth", "depth_flag", "row"):
            return s.take(getattr(c, name))
        if name in ("lon", "lat"):
            return s.repeat(getattr(c, name)[s.rows])
        if name == "time":
            return _times_of(s)
        raise KeyError(name)

    def _values(self, key: str) -> Any:
        s = self._selection
        if key.startswith("derived:"):
            return self._derived(key)[0]
        stored = s.collection.stored(key)
        assert stored is not None
        if s.collection.parameter(key).kind == "text":
            return Coded(s.take(*stored, -1), s.collection.labels(key))
        return s.take(*stored, np.nan)

    def _flags(self, key: str) -> NDArray[np.uint8]:
        s = self._selection
        if key.startswith("derived:"):
            return self._derived(key)[1]
        stored = s.collection.stored(key, "flags")
        assert stored is not None
        return s.take(*stored, MISSING)

    def _derived(self, key: str) -> tuple[NDArray, NDArray]:
        """Compute a derived parameter for the selected stations only."""
        from sdcviz.observations.derived import compute

        s = self._selection
        values, flags = compute(s.collection, key, s.rows)
        return (values, flags) if s.mask is None else (values[s.mask], flags[s.mask])


def _times_of(selection: Selection) -> NDArray[np.datetime64]:
    """Give the time of each selected sample: its own, else its station's."""
    c = selection.collection
    time = selection.repeat(c.time[selection.rows])
    if c.sample_time is not None:
        own = selection.take(c.sample_time.view(np.int64)).view("datetime64[ms]")
        time = np.where(np.isnat(own), time, own)
    return time
