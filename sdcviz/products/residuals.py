"""Residual files of DIVAnd's users: ``lon,lat,depth,time,IDs,values,residuals,exclude``."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import BadRequest, NotFound, UnreadableFile
from ..formats.csv_write import safe_text
from ..storage import written_whole

if TYPE_CHECKING:
    import pandas as pd

    from .product import Product

__all__ = ["COLUMNS", "read_residuals", "residuals_of", "write_residuals"]

COLUMNS = ("lon", "lat", "depth", "time", "IDs", "values", "residuals", "exclude")
_NUMBERS = ("lon", "lat", "depth", "values", "residuals")
_OTHER_NAMES = {
    "longitude": "lon", "latitude": "lat", "id": "IDs", "obsid": "IDs", "ids": "IDs",
    "value": "values", "residual": "residuals", "excluded": "exclude", "dates": "time",
    "date": "time",
}  # fmt: skip
_YES = {"1", "1.0", "true", "t", "yes", "y"}
_NO = {"0", "0.0", "false", "f", "no", "n", ""}


def read_residuals(path: Path | str) -> pd.DataFrame:
    """Read a residual file; columns stand in any order, apart by ``;``, ``,`` or tab.

    Returns
    -------
    DataFrame
        The columns `COLUMNS`; what the file does not have is NaN, NaT, "" or False.

    Raises
    ------
    NotFound
        There is no such file.
    UnreadableFile
        It is no residual file; the sentence names line and column.
    """
    import pandas as pd

    file = Path(path).expanduser()
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise NotFound(f"There is no residual file {file}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableFile(f"{file.name}: can't be read as text in UTF-8.") from error
    lines = text.splitlines()
    if not lines:
        raise UnreadableFile(f"{file.name}: the file is empty.")
    apart = max(";,\t", key=lines[0].count)
    heads = [_head(h) for h in next(csv.reader(lines[:1], delimiter=apart))]
    missing = [c for c in ("lon", "lat", "values", "residuals") if c not in heads]
    if missing:
        raise UnreadableFile(
            f"{file.name}: no column {missing[0]!r}; residual files have {', '.join(COLUMNS)}."
        )
    rows, numbers = [], []
    for number, row in enumerate(csv.reader(lines[1:], delimiter=apart), 2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(heads):
            raise UnreadableFile(
                f"{file.name}, line {number}: {len(row)} cells where the header has {len(heads)}."
            )
        rows.append(row)
        numbers.append(number)
    cells = dict(zip(heads, zip(*rows, strict=True), strict=True)) if rows else {}
    n = len(rows)
    reader = _Reader(file.name, apart, numbers)
    found: dict[str, Any] = {}
    for name in COLUMNS:
        own = [c.strip() for c in cells.get(name, ("",) * n)]
        if name in _NUMBERS:
            found[name] = reader.floats(name, own)
        elif name == "time":
            found[name] = reader.times(own)
        else:
            found[name] = reader.flags(own) if name == "exclude" else own
    return pd.DataFrame(found, columns=list(COLUMNS))


def _head(text: str) -> str:
    plain = text.strip().strip('"')
    folded = plain.casefold()
    return _OTHER_NAMES.get(folded, next((c for c in COLUMNS if c.casefold() == folded), plain))


class _Reader:
    """Turns cells into numbers, times and flags, and tells where that fails."""

    def __init__(self, name: str, apart: str, lines: list[int]) -> None:
        self.name, self.apart, self.lines = name, apart, lines

    def fail(self, row: int, column: str, cell: str, what: str) -> UnreadableFile:
        return UnreadableFile(
            f"{self.name}, line {self.lines[row]}: {cell!r} in column {column} is no {what}."
        )

    def floats(self, column: str, cells: list[str]) -> np.ndarray:
        out = np.full(len(cells), np.nan)
        for i, cell in enumerate(cells):
            if not cell or cell.casefold() in ("nan", "missing", "na"):
                continue
            try:
                # Where ';' parts the columns a comma may be the decimal point.
                out[i] = float(cell.replace(",", ".") if self.apart != "," else cell)
            except ValueError:
                raise self.fail(i, column, cell, "number") from None
        return out

    def times(self, cells: list[str]) -> np.ndarray:
        out = np.full(len(cells), np.datetime64("NaT", "ms"))
        for i, cell in enumerate(cells):
            if not cell or cell.casefold() in ("nan", "missing", "nat"):
                continue
            try:
                out[i] = np.datetime64(cell.removesuffix("Z").replace(" ", "T"), "ms")
            except ValueError:
                raise self.fail(i, "time", cell, "time (2003-07-16T12:00:00)") from None
        return out

    def flags(self, cells: list[str]) -> np.ndarray:
        out = np.zeros(len(cells), bool)
        for i, cell in enumerate(cells):
            folded = cell.casefold()
            if folded not in _YES | _NO:
                raise self.fail(i, "exclude", cell, "true or false")
            out[i] = folded in _YES
        return out


def write_residuals(path: Path | str, table: pd.DataFrame, apart: str = ",") -> Path:
    """Write a residual file; missing numbers and times stay empty.

    Parameters
    ----------
    path : path-like
    table : DataFrame
        The columns `COLUMNS`; those that are missing are written empty.
    apart : {",", ";"}

    Raises
    ------
    BadRequest
        A separator that residual files do not have.
    StorageError
        It can't be written.
    """
    if apart not in (",", ";"):
        raise BadRequest(f"Residual files part their columns by ',' or ';', not {apart!r}.")
    n = len(table)
    columns = [table[c].to_numpy() if c in table else np.full(n, "") for c in COLUMNS]
    with (
        written_whole(Path(path)) as beside,
        open(beside, "w", encoding="utf-8", newline="") as out,
    ):
        writer = csv.writer(out, delimiter=apart, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([_cell(c[i]) for c in columns] for i in range(n))
    return Path(path)


def _cell(value: Any) -> str:
    if isinstance(value, np.datetime64):
        return "" if np.isnat(value) else str(value.astype("datetime64[s]"))
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating):
        return "" if value != value else repr(float(value))
    return safe_text(str(value))


def residuals_of(product: Product) -> pd.DataFrame:
    """Read the observations and residuals that a product of sdcviz holds.

    An observation of several time slices has a row for each. ``slice`` is the slice's number.

    Raises
    ------
    NotFound
        The product holds none.
    """
    import pandas as pd

    from ..formats.netcdf_time import decode_time
    from .source import decode

    source = product.source
    needed = ("obslon", "obslat", "residual", "residual_observation", "residual_slice", "obsvalue")
    if any(n not in source.variables for n in needed):
        raise NotFound(f"{product.name} holds no residuals of its observations.")

    def column(name: str) -> np.ndarray:
        v = source.variables[name]
        return np.asarray(decode(v, source.read(name, (slice(None),) * len(v.dims))))

    rows = column("residual_observation").astype(np.int64)
    found: dict[str, Any] = {"lon": column("obslon")[rows], "lat": column("obslat")[rows]}
    there = source.variables
    found["depth"] = column("obsdepth")[rows] if "obsdepth" in there else np.nan
    if "obstime" in there:
        v = there["obstime"]
        dates = decode_time(column("obstime"), v.text("units"), v.text("calendar"))
        found["time"] = dates[rows]
    ids = there.get("obsid")
    if ids is not None:
        raw = np.ascontiguousarray(source.read("obsid", (slice(None), slice(None))))
        texts = raw.astype("S1").view(f"S{raw.shape[1]}").ravel()[rows]
        found["IDs"] = np.char.decode(texts, "utf-8", "replace")
    found["values"] = column("obsvalue")[rows]
    found["residuals"] = column("residual").astype(np.float64)
    found["exclude"] = np.zeros(len(rows), bool)
    found["slice"] = column("residual_slice").astype(np.int64)
    return pd.DataFrame(found)
