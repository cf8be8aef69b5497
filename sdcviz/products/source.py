"""Where the numbers of a product come from: one NetCDF file here, others beside.

A source gives variables as they are stored and knows nothing of axes. The library for NetCDF
bears one thread at a time, hence one lock for all files of the process.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import NotFound, ProductChanged, UnreadableFile
from ..formats.netcdf_file import NETCDF, let_go, open_netcdf

__all__ = ["Index", "NetCDFSource", "Source", "Variable", "decode", "text_of"]

Index = tuple[slice, ...]

_HUGE = 1e30
"""Beyond it a number is a fill value that the file forgot to declare (DIVAnd's, ferret's)."""
_DAMAGE = (OSError, RuntimeError, ValueError, OverflowError, IndexError)


@dataclass(frozen=True)
class Variable:
    """What a source declares of one variable.

    Attributes
    ----------
    name : str
        As in the file, blanks and brackets included.
    dims : tuple of str
        Names of its dimensions.
    shape : tuple of int
    dtype : dtype
        As stored; a text where it is no number.
    attrs : mapping of str to Any
    """

    name: str
    dims: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    attrs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_number(self) -> bool:
        """Whether its values are numbers."""
        return self.dtype.kind in "iuf"

    def text(self, name: str) -> str:
        """Return an attribute as text; "" where it has none."""
        return text_of(self.attrs.get(name))


def text_of(value: Any) -> str:
    """Return an attribute as text without blanks around; "" for None."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return "" if value is None else str(value).strip()


class Source(Protocol):
    """What a product reads from.

    Attributes
    ----------
    path : str
        File, folder or address, as it was named.
    name : str
        Short, for sentences.
    variables : mapping of str to Variable
    attrs : mapping of str to Any
        Global attributes.
    remote : bool
        Whether every reading costs a round trip.
    """

    path: str
    name: str
    variables: Mapping[str, Variable]
    attrs: Mapping[str, Any]
    remote: bool

    def read(self, name: str, index: Index) -> NDArray:
        """Read a part of a variable as it is stored.

        Raises
        ------
        UnreadableFile
            This part is damaged.
        ProductChanged
            The file is no longer the one that was opened.
        SourceUnavailable
            A server does not give it.
        """
        ...

    def fingerprint(self) -> str:
        """Return a text that is another one when the content is."""
        ...

    def check(self) -> None:
        """Raise `ProductChanged` if the content is no longer what was opened."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


def decode(variable: Variable, raw: NDArray) -> NDArray[np.floating]:
    """Turn stored numbers into values: NaN where missing, scale and offset applied.

    Single precision stays single, so that values are those of the file.
    """
    attrs = variable.attrs
    missing = np.zeros(raw.shape, bool)
    if attrs.get("_Unsigned") in ("true", "True") and raw.dtype.kind == "i":
        raw = raw.view(raw.dtype.str.replace("i", "u"))
    for name in ("_FillValue", "missing_value"):
        for fill in np.atleast_1d(attrs.get(name, ())):
            if _is_number(fill) and fill == fill:
                missing |= raw == _as_stored(fill, raw.dtype)
    low, high = _valid(attrs)
    with np.errstate(invalid="ignore"):
        if low is not None:
            missing |= raw < low
        if high is not None:
            missing |= raw > high
        if raw.dtype.kind == "f":
            missing |= ~(np.abs(raw) < _HUGE)
    scale, offset = (_scalar(attrs.get(n), d) for n, d in (("scale_factor", 1), ("add_offset", 0)))
    values: NDArray[np.floating]
    if scale != 1 or offset != 0:
        values = (raw.astype(np.float64) * scale + offset).astype(np.float64)
    else:
        values = raw.astype(np.float32 if raw.dtype == np.float32 else np.float64)
    values[missing] = np.nan
    return values


def _is_number(value: Any) -> bool:
    return np.asarray(value).dtype.kind in "iuf"


def _as_stored(value: Any, dtype: np.dtype) -> Any:
    with np.errstate(all="ignore"):
        return np.asarray(value).astype(dtype)[()]


def _scalar(value: Any, default: float) -> float:
    return float(np.ravel(value)[0]) if value is not None and _is_number(value) else default


def _valid(attrs: Mapping[str, Any]) -> tuple[Any, Any]:
    both = attrs.get("valid_range")
    if both is not None and _is_number(both) and np.size(both) == 2:
        return both[0], both[1]
    given = (attrs.get("valid_min"), attrs.get("valid_max"))
    low, high = (g if g is not None and _is_number(g) else None for g in given)
    return low, high


class NetCDFSource:
    """One local NetCDF file.

    Parameters
    ----------
    path : path-like

    Raises
    ------
    NotFound
        There is no such file.
    UnreadableFile
        It is no NetCDF file, or damaged.
    """

    remote = False

    def __init__(self, path: Path | str) -> None:
        self.file = Path(path).expanduser().absolute()
        self.path, self.name = str(self.file), self.file.name
        self._dataset: Any = None
        self._state = self._stat()
        with NETCDF:
            self._dataset = self._opened()
            self.attrs: Mapping[str, Any] = _attributes(self._dataset)
            self.variables: Mapping[str, Variable] = {
                name: Variable(name, v.dimensions, v.shape, _dtype(v), _attributes(v))
                for name, v in self._dataset.variables.items()
            }

    def __del__(self, let_go: Callable[[Any], None] = let_go) -> None:
        # Of one whose opening failed early there is nothing to let go.
        let_go(vars(self).get("_dataset"))

    def _stat(self) -> tuple[int, ...]:
        try:
            found = os.stat(self.file)
        except FileNotFoundError:
            raise NotFound(f"There is no product {self.file}; name a file that is there.") from None
        except OSError as error:
            raise UnreadableFile(f"{self.name}: can't be read ({error.strerror}).") from error
        return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns

    def _opened(self) -> Any:
        try:
            dataset = open_netcdf(self.file)
            dataset.set_auto_maskandscale(False)
            dataset.set_auto_chartostring(False)
            return dataset
        except PermissionError as error:
            raise UnreadableFile(f"{self.name}: no permission to read the file.") from error
        except _DAMAGE as error:
            if self._state[2:3] == (0,):
                raise UnreadableFile(f"{self.name} is empty; fetch it again.") from error
            raise UnreadableFile(
                f"{self.name}: this is no NetCDF file, or it is damaged; fetch it again."
            ) from error

    def read(self, name: str, index: Index) -> NDArray:
        """Read a part of a variable as it is stored; see `Source.read`."""
        self.check()
        with NETCDF:
            if self._dataset is None:
                self._dataset = self._opened()
            try:
                read = np.asarray(self._dataset.variables[name][index])
            except _DAMAGE as error:
                self.check()
                raise UnreadableFile(
                    f"{self.name}: a part of {name} is damaged and can't be read; "
                    "fetch the file again. The rest can be used."
                ) from error
        self.check()
        return read

    def keep_chunks(self, name: str, along: str, most: int) -> None:
        """Make the library remember unpacked chunks, for reading along one dimension.

        Chunks that hold several steps of it would be unpacked anew for each step.

        Parameters
        ----------
        name : str
            Variable.
        along : str
            Dimension along which it is read step by step.
        most : int
            Bytes that may be remembered; nothing is done where that is too little.
        """
        declared = self.variables[name]
        if along not in declared.dims:
            return
        with NETCDF:
            if self._dataset is None:
                self._dataset = self._opened()
            variable = self._dataset.variables[name]
            chunks = variable.chunking()
            if chunks in (None, "contiguous"):
                return
            steps = chunks[declared.dims.index(along)]
            whole = int(np.prod([n for d, n in zip(declared.dims, declared.shape, strict=True)
                                 if d != along])) * steps * declared.dtype.itemsize  # fmt: skip
            if 1 < steps and whole <= most:
                variable.set_var_chunk_cache(size=whole + (1 << 20), nelems=10_007)

    def fingerprint(self) -> str:
        """Return a text that is another one when the file is."""
        return hashlib.sha256(repr((self.path, self._state[2:])).encode()).hexdigest()[:32]

    def check(self) -> None:
        """Raise `ProductChanged` if the file was replaced or written since."""
        try:
            now = self._stat()
        except NotFound:
            now = ()
        if now != self._state:
            what = "was replaced" if now else "was removed"
            raise ProductChanged(f"{self.name} {what} since it was opened; open it again.")

    def close(self) -> None:
        """Close the file; the next reading opens it again."""
        with NETCDF:
            if self._dataset is not None:
                self._dataset.close()
                self._dataset = None


def _attributes(thing: Any) -> dict[str, Any]:
    found = {}
    for name in thing.ncattrs():
        try:
            found[name] = thing.getncattr(name)
        except (AttributeError, OSError, UnicodeDecodeError):
            continue  # a damaged attribute is as one that is not there
    return found


def _dtype(variable: Any) -> np.dtype[Any]:
    try:
        return np.dtype(variable.dtype)
    except TypeError:
        return np.dtype(object)
