"""Tidy CSV: a row a sample, units in the header, a flag column beside each parameter.

`sdcviz.formats.delimited` reads it back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from .base import WriteContext
from .model import Batch
from .tidy import spooled

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

__all__ = ["safe_text", "write"]

LABELS = {
    "type": "station_type",  # Cruise, Station and Type together would make it ODV
    "edmo": "edmo_code",
    "lon": "longitude [degrees_east]",
    "lat": "latitude [degrees_north]",
    "bottom_depth": "bottom_depth [m]",
    "depth": "depth [m]",
}
NOT_WRITTEN = ("station_index", "row", "feature")
_FORMULA = re.compile(r"^[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def safe_text(text: str) -> str:
    """Make a text of one line that no spreadsheet takes for a formula.

    A history may have line breaks; a row of the table is one line of the file,
    which is what line-based readers (ours too) rely on.

    Parameters
    ----------
    text : str
        Any text of a file.

    Returns
    -------
    str
        With ``'`` before it where it starts like a formula and is no number.
    """
    text = " ".join(text.splitlines())
    if _FORMULA.match(text) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def write(path: Path, batches: Iterable[Batch], context: WriteContext) -> None:
    """Write batches as tidy CSV (UTF-8, commas, ISO times in UTC).

    Parameters
    ----------
    path : Path
        File to make; it appears only when it is whole.
    batches : iterable of Batch
        Whole stations; their parameters may differ.
    context : WriteContext
        Its labels name the parameters.
    """
    building = path.with_name(f".{path.name}.part")
    try:
        with spooled(batches, path.parent) as (tidy, schema, tables), building.open("wb") as out:
            labels: dict[str, str] = {}
            for name in schema.names:
                if name in NOT_WRITTEN or name.endswith((".raw", ".source_flag")):
                    continue
                base = name.removesuffix(".flag")
                if base in tidy.parameters:
                    parameter = tidy.parameters[base][0]
                    label = context.labels.get(parameter.name, base) if base else name
                    unit = f" [{parameter.unit}]" if parameter.unit and base == name else ""
                    labels[name] = label + (" flag" if base != name else unit)
                else:
                    labels[name] = LABELS.get(name, name.removeprefix("extra: "))
            order = _order(list(labels))
            header = [_quoted(safe_text(labels[name])) for name in order]
            out.write((",".join(header) + "\n").encode())
            for table in tables:
                _frame(table, order).write_csv(
                    out, include_header=False, datetime_format="%Y-%m-%dT%H:%M:%S%.3fZ"
                )
        building.replace(path)
    finally:
        building.unlink(missing_ok=True)


def _order(names: list[str]) -> list[str]:
    """Put the station first, its other texts last."""
    extra = [n for n in names if n.startswith("extra: ")]
    return [n for n in names if n not in extra] + extra


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if re.search(r'[",\n\r]', text) else text


def _frame(table: pa.Table, names: list[str]) -> pl.DataFrame:
    import polars as pl
    import pyarrow as pa

    columns = {}
    for name in names:
        chunk = table[name]
        if pa.types.is_dictionary(chunk.type):
            chunk = chunk.unify_dictionaries().combine_chunks()
            texts = [safe_text(t or "") for t in chunk.dictionary.to_pylist()]
            chunk = pa.DictionaryArray.from_arrays(chunk.indices, texts).cast(pa.string())
        columns[name] = pl.Series(name, chunk)
    return pl.DataFrame(columns)
