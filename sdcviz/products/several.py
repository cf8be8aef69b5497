"""Several files that make one product: one after another in time, or one a parameter."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ProductError
from ..formats.netcdf_time import decode_time
from .roles import find_roles
from .source import Index, NetCDFSource, Source, Variable, decode

__all__ = ["SeveralSource"]

_PACKING = ("_FillValue", "missing_value", "scale_factor", "add_offset", "valid_range")
_UNITS = "milliseconds since 1970-01-01"


class SeveralSource:
    """Several sources as one.

    Files with the same variables are joined along time; files with different ones lie beside
    each other, on the same grid.

    Parameters
    ----------
    sources : sequence of Source
    path : str
        What was named: a folder, or the first file.

    Raises
    ------
    ProductError
        The files do not belong together.
    """

    remote = False

    def __init__(self, sources: Sequence[Source], path: str) -> None:
        self.sources, self.path = list(sources), path
        first = sources[0]
        extra = len(sources) - 1
        self.name = Path(path).name if Path(path).is_dir() else f"{first.name} and {extra} more"
        self.attrs: Mapping[str, Any] = first.attrs
        roles = find_roles(first)
        self.time = next((d for d, k in roles.axes.items() if k == "time"), "")
        self._of: dict[str, list[Source]] = {}
        for source in sources:
            for name in source.variables:
                self._of.setdefault(name, []).append(source)
        self._joined = {
            name for name, owners in self._of.items()
            if len(owners) > 1 and self.time in owners[0].variables[name].dims
            and any(set(find_roles(o).fields) & set(roles.fields) for o in owners[1:])
        }  # fmt: skip
        self._decoded: set[str] = set()
        self.variables: Mapping[str, Variable] = {n: self._declared(n) for n in self._of}
        self._same_axes(roles.axes)

    def _declared(self, name: str) -> Variable:
        owners = self._of[name]
        one = owners[0].variables[name]
        if name not in self._joined:
            return one
        axis = one.dims.index(self.time)
        others = [o.variables[name] for o in owners]
        for source, other in zip(owners, others, strict=True):
            rest = [s[:axis] + s[axis + 1 :] for s in (one.shape, other.shape)]
            if other.dims != one.dims or rest[0] != rest[1]:
                raise ProductError(
                    f"{source.name}: {name} has another shape than in {owners[0].name}; "
                    "files of one product have the same grid."
                )
        shape = (*one.shape[:axis], sum(o.shape[axis] for o in others), *one.shape[axis + 1 :])
        attrs = dict(one.attrs)
        if self._is_time(one) and len({(o.text("units"), o.text("calendar")) for o in others}) > 1:
            attrs |= {"units": _UNITS, "calendar": "standard"}
            return Variable(name, one.dims, shape, np.dtype(np.float64), attrs)
        if len({repr([o.attrs.get(a) for a in _PACKING] + [o.dtype]) for o in others}) > 1:
            self._decoded.add(name)
            attrs = {k: v for k, v in attrs.items() if k not in _PACKING}
            single = all(o.dtype == np.float32 for o in others)
            return Variable(name, one.dims, shape, np.dtype("f4" if single else "f8"), attrs)
        return Variable(name, one.dims, shape, one.dtype, attrs)

    def _is_time(self, v: Variable) -> bool:
        return v.name == self.time or " since " in v.text("units")

    def _same_axes(self, axes: Mapping[str, str]) -> None:
        for dim in axes:
            owners = self._of.get(dim, [])
            if dim in self._joined or len(owners) < 2:
                continue
            values = [o.read(dim, (slice(None),) * len(o.variables[dim].dims)) for o in owners]
            for owner, other in zip(owners, values, strict=True):
                if other.shape != values[0].shape or not np.allclose(other, values[0]):
                    raise ProductError(
                        f"{owner.name}: the axis {dim} differs from that of {owners[0].name}; "
                        "files of one product have the same grid."
                    )

    def read(self, name: str, index: Index) -> NDArray:
        """Read a part of a variable as it is stored; see `Source.read`."""
        self.check()
        owners = self._of[name]
        if name not in self._joined:
            return owners[0].read(name, index)
        axis = self.variables[name].dims.index(self.time)
        start, stop, _ = index[axis].indices(self.variables[name].shape[axis])
        pieces, offset = [], 0
        for owner in owners:
            size = owner.variables[name].shape[axis]
            low, high = max(start - offset, 0), min(stop - offset, size)
            if low < high:
                own = (*index[:axis], slice(low, high), *index[axis + 1 :])
                pieces.append(self._piece(owner, name, own))
            offset += size
        return np.concatenate(pieces, axis)

    def _piece(self, owner: Source, name: str, index: Index) -> NDArray:
        theirs, ours = owner.variables[name], self.variables[name]
        raw = owner.read(name, index)
        if name in self._decoded:
            return decode(theirs, raw).astype(ours.dtype)
        if ours.attrs.get("units") == _UNITS:
            dates = decode_time(
                decode(theirs, raw).astype(np.float64).ravel(),
                theirs.text("units"),
                theirs.text("calendar"),
            )
            return dates.astype(np.int64).astype(np.float64).reshape(raw.shape)
        return raw

    def keep_chunks(self, name: str, along: str, most: int) -> None:
        """Make the library remember unpacked chunks; see `NetCDFSource.keep_chunks`."""
        for owner in self._of[name]:
            if isinstance(owner, NetCDFSource):
                owner.keep_chunks(name, along, most // len(self._of[name]))

    def fingerprint(self) -> str:
        """Return a text that is another one when one of the files is."""
        told = "".join(s.fingerprint() for s in self.sources)
        return hashlib.sha256(told.encode()).hexdigest()[:32]

    def check(self) -> None:
        """Raise `ProductChanged` if one of the files was replaced."""
        for source in self.sources:
            source.check()

    def close(self) -> None:
        """Let go of the files."""
        for source in self.sources:
            source.close()
