"""What all NetCDF readers need: opening, texts, numbers, flags and times.

Values are read as stored and decoded here: automatic masking turns the flag
``9`` of SeaDataNet files into NaN, and automatic times are 13 days off.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UnreadableFile
from ..words import number
from .netcdf_file import netcdf_file
from .netcdf_size import expected_size

if TYPE_CHECKING:
    from netCDF4 import Dataset, Variable

    from .sources import Source

__all__ = [
    "Outline",
    "attribute",
    "codes",
    "decimal",
    "fill_of",
    "is_netcdf",
    "numbers",
    "opened",
    "outline",
    "p_code",
    "texts",
]

_CLASSIC = (b"CDF\x01", b"CDF\x02", b"CDF\x05")
_HDF5 = b"\x89HDF\r\n\x1a\n"
_DAMAGE = (OSError, RuntimeError, ValueError, OverflowError, MemoryError, IndexError)


def is_netcdf(head: bytes) -> bool:
    """Tell by the first bytes whether a file is NetCDF (classic or HDF5)."""
    return head.startswith((*_CLASSIC, _HDF5))


@dataclass(frozen=True)
class Outline:
    """What a NetCDF file declares, without its data.

    Attributes
    ----------
    attributes : dict of str to str
        Global attributes; names in lower case, as old files vary.
    dimensions : dict of str to int
        Lengths by name.
    variables : dict of str to (tuple of str)
        Dimensions of each variable.
    """

    attributes: dict[str, str]
    dimensions: dict[str, int]
    variables: dict[str, tuple[str, ...]]

    def has(self, *names: str) -> bool:
        """Tell whether all these variables exist."""
        return all(name in self.variables for name in names)


def outline(source: Source) -> Outline:
    """Read what a file declares; the source remembers it.

    Raises
    ------
    UnreadableFile
        If the file is cut off or damaged.
    """
    if "netcdf" not in source.memo:
        with opened(source) as file:
            source.memo["netcdf"] = Outline(
                {a.lower(): str(file.getncattr(a)).strip() for a in file.ncattrs()},
                {n: len(d) for n, d in file.dimensions.items()},
                {n: v.dimensions for n, v in file.variables.items()},
            )
    found: Outline = source.memo["netcdf"]
    return found


@contextmanager
def opened(source: Source) -> Iterator[Dataset]:
    """Open a NetCDF file for reading, with values as they are stored.

    Raises
    ------
    UnreadableFile
        If the file is cut off or damaged, also where that shows only while
        values are read inside the ``with`` block.
    """
    path, name = source.path, source.name
    try:
        if "netcdf" not in source.memo:
            _check_length(path, name)
        with netcdf_file(path) as file:
            file.set_auto_maskandscale(False)
            file.set_auto_chartostring(False)
            yield file
    except PermissionError as error:
        raise UnreadableFile(f"{name}: no permission to read the file.") from error
    except (*_DAMAGE, AttributeError) as error:
        # The library calls a damaged attribute an AttributeError; ours are defects.
        if isinstance(error, AttributeError) and not str(error).startswith("NetCDF:"):
            raise
        raise UnreadableFile(
            f"{name}: the NetCDF file is damaged or not complete ({_brief(error)}); fetch it again."
        ) from error


def _check_length(path: Path, name: str) -> None:
    with path.open("rb") as stream:
        needed, size = expected_size(stream), path.stat().st_size
    if size < needed:
        raise UnreadableFile(
            f"{name}: the NetCDF file is cut off, {number(size)} of {number(needed)} bytes are "
            "there; fetch it again."
        )


def _brief(error: BaseException) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(text.split())[:120] or type(error).__name__


def attribute(variable: Variable | Dataset, *names: str) -> str:
    """Text of the first of some attributes that is there and not empty."""
    for name in names:
        try:
            text = str(variable.getncattr(name)).strip()
        except (AttributeError, UnicodeDecodeError):
            continue
        if text:
            return text
    return ""


def p_code(urn: str) -> str:
    """Code without prefix of a SeaDataNet urn, ``SDN:P01::TEMPPR01`` to ``TEMPPR01``."""
    return urn.rsplit(":", 1)[-1].strip()


def texts(variable: Variable, index: Any = slice(None)) -> list[str]:
    """Texts of a char, string or number variable, one for each leading index.

    Parameters
    ----------
    variable : netCDF4.Variable
        Char ``(n, length)`` or ``(n,)``, strings, or numbers (fill is "").
    index : slice or array
        Along the first dimension.

    Returns
    -------
    list of str
        Padding (blanks, zero bytes) stripped; bytes as UTF-8, else Latin-1.
    """
    data = np.atleast_1d(np.asarray(variable[index] if variable.ndim else variable[...]))
    if data.dtype.kind == "S":
        if data.dtype.itemsize == 1 and _is_text_axis(variable):
            data = np.ascontiguousarray(data).view(f"S{data.shape[-1]}")[..., 0]
        return [_text(b) for b in data.ravel().tolist()]
    if data.dtype.kind in "iuf":
        fill = fill_of(variable)
        blank = np.isnan(data) if data.dtype.kind == "f" else np.zeros(data.shape, bool)
        if fill is not None:
            blank |= data == fill
        # The shortest text of a single-precision number is what was meant.
        numbers_ = [str(v) for v in data.ravel()]
        return ["" if b else t for t, b in zip(numbers_, blank.ravel().tolist(), strict=True)]
    return [str(v).strip("\x00 \t\r\n") for v in data.ravel().tolist()]


def _is_text_axis(variable: Variable) -> bool:
    """Tell whether the last dimension of a char variable counts letters."""
    last = variable.dimensions[-1].lower() if variable.ndim else ""
    return variable.ndim > 1 or last.startswith("str") or last.endswith("strlen")


def _text(data: bytes) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return text.split("\x00", 1)[0].strip()


def fill_of(variable: Variable) -> Any:
    """Value that stands for "nothing" in a variable; None where there is none."""
    from netCDF4 import default_fillvals

    for name in ("_FillValue", "missing_value"):
        try:
            return np.asarray(variable.getncattr(name)).ravel()[0]
        except (AttributeError, IndexError, UnicodeDecodeError):
            continue
    key = variable.dtype.str[1:] if variable.dtype != str else ""
    # Bytes have no default fill value: every byte may be data.
    return default_fillvals.get(key) if key not in ("i1", "u1", "S1") else None


def numbers(variable: Variable, index: Any = slice(None)) -> NDArray[Any]:
    """Numbers of a variable, scaled, with NaN for every kind of missing.

    Parameters
    ----------
    variable : netCDF4.Variable
        Of any number type.
    index : slice, array or tuple
        What to read.

    Returns
    -------
    ndarray of float32 or float64
        Single precision where the file has it (or packs into 16 bits with a
        single-precision factor), else double.

    Raises
    ------
    ValueError
        If the variable holds no numbers.
    """
    data = np.asarray(variable[index] if variable.ndim else variable[...])
    if data.dtype.kind not in "iuf":
        raise ValueError(f"variable {variable.name} holds no numbers")
    missing = np.isnan(data) if data.dtype.kind == "f" else np.zeros(data.shape, bool)
    for name in ("_FillValue", "missing_value"):
        if name in variable.ncattrs():
            fills = np.asarray(variable.getncattr(name)).ravel()
            if fills.dtype.kind in "iuf":
                for fill in fills:
                    missing |= data == fill.astype(data.dtype)
    if not {"_FillValue", "missing_value"} & set(variable.ncattrs()):
        default = fill_of(variable)
        if default is not None:
            missing |= data == np.asarray(default).astype(data.dtype)
    values = data.astype(np.float32 if data.dtype == np.float32 else np.float64)
    for name, apply in (("scale_factor", np.multiply), ("add_offset", np.add)):
        if name in variable.ncattrs():
            number = np.asarray(variable.getncattr(name)).ravel()[0]
            if number.dtype == np.float32 and data.dtype.itemsize <= 2:
                values = values.astype(np.float32)
            values = apply(values, number)
    values[missing] = np.nan
    return values


def decimal(values: NDArray[Any]) -> NDArray[np.float64]:
    """Widen to double precision so that a single-precision 10.7 becomes 10.7.

    Parameters
    ----------
    values : ndarray of float
        Single precision is turned into the shortest decimal number that it
        stands for; double precision stays as it is.
    """
    if values.dtype != np.float32:
        return np.asarray(values, np.float64)
    distinct, place = np.unique(values, return_inverse=True)
    widened = np.array([float(str(v)) for v in distinct], np.float64)
    return widened[place].reshape(values.shape)


def codes(variable: Variable, index: Any = slice(None)) -> NDArray[np.uint8]:
    """Read the flags of a variable as one ASCII byte each, blank where fill.

    Chars and bytes that hold ASCII codes (SeaDataNet, ODV) stay as they are,
    numbers 0..9 (OceanSITES, WOD) become ``b"0"``..``b"9"``.
    """
    data = np.asarray(variable[index] if variable.ndim else variable[...])
    if data.dtype.kind == "S":
        flags = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
        flags = flags.reshape(data.shape) if data.dtype.itemsize == 1 else flags
        return np.where(flags == 0, np.uint8(ord(" ")), flags)
    fill = fill_of(variable)
    known = np.asarray(getattr(variable, "flag_values", ()))
    numeric = known.dtype.kind in "iuf" and known.size and known.max() <= 9
    if known.dtype.kind not in "iuf" or not known.size:
        filled = data if fill is None else data[data != fill]
        numeric = not filled.size or filled.max() <= 9
    values = data.astype(np.int64, copy=False) if data.dtype.kind in "iu" else _whole(data)
    if not numeric:
        return np.where((values >= 0) & (values < 256), values, ord("?")).astype(np.uint8)
    flags = np.where((values >= 0) & (values <= 9), values + ord("0"), ord("?"))
    if fill is not None:
        flags = np.where(data == fill, ord(" "), flags)
    return np.where((values == -128) | (values == -127), ord(" "), flags).astype(np.uint8)


def _whole(data: NDArray) -> NDArray[np.int64]:
    """Whole numbers of flags that a program stored as reals; NaN is fill."""
    real = np.asarray(data, np.float64)
    return np.where(np.isfinite(real) & (np.abs(real) < 1000), real, -128).astype(np.int64)
