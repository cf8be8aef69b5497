"""Tidy CSV: a row a sample, units in the header, a flag column beside each parameter.

`sdcviz.formats.csv_own` reads it back. A station without samples has one row,
in which the row of the source, and all that follows it, is blank.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .base import WriteContext
from .model import Batch
from .tidy import STATION_TEXTS, spooled

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

__all__ = ["FIRST", "LABELS", "SERIES", "TEXT", "safe_text", "table_text", "text_of", "write"]

LABELS = {
    "type": "station_type",  # Cruise, Station and Type together would make it ODV
    "edmo": "edmo_code",
    "lon": "longitude [degrees_east]",
    "lat": "latitude [degrees_north]",
    "bottom_depth": "bottom_depth [m]",
    "row": "source_row",
    "depth": "depth [m]",
}
FIRST = (
    "station_index",
    *STATION_TEXTS,
    *("edmo", "lon", "lat", "position_flag", "time", "time_flag", "bottom_depth", "feature"),
    *("row", "depth", "depth_flag"),
)
"""Columns that every file begins with."""

SERIES = ("sample_time", "sample_time_flag")
"""They follow where samples have a time of their own."""

TEXT = " [text]"
"""Ends the label of a parameter whose values are texts."""

_FORMULA = re.compile(r"^'*[=+\-@\t\r]")
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
        With ``'`` before it where it starts like a formula (perhaps already
        behind ``'``) and is no number.
    """
    text = " ".join(text.splitlines())
    if _FORMULA.match(text) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def text_of(cell: str) -> str:
    """Give back the text that `safe_text` made a cell of."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def table_text(names: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Return rows as CSV, with a header of their names; None is blank."""
    import csv
    import io

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        cells = (row[name] for name in names)
        writer.writerow([safe_text(c) if isinstance(c, str) else c for c in cells])
    return out.getvalue()


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
            labels = {name: LABELS.get(name, name) for name in schema.names}
            for name, (parameter, _) in tidy.parameters.items():
                again = name != parameter.name
                label = name if again else context.labels.get(name) or name
                unit = f" [{parameter.unit}]" if parameter.unit else ""
                labels[name] = label + (TEXT if parameter.kind == "text" else unit)
                labels[f"{name}.flag"] = f"{label} flag"
            order = _order(schema.names, list(tidy.parameters))
            labels |= {n: n.removeprefix("extra: ") for n in order if n.startswith("extra: ")}
            header = [_quoted(safe_text(labels[name])) for name in order]
            out.write((",".join(header) + "\n").encode())
            for table in tables:
                _frame(table, order).write_csv(
                    out, include_header=False, datetime_format="%Y-%m-%dT%H:%M:%S%.3fZ"
                )
        building.replace(path)
    finally:
        building.unlink(missing_ok=True)


def _order(names: list[str], parameters: list[str]) -> list[str]:
    """Put the station first, its other texts last; each parameter has its flags beside it."""
    values = [n for parameter in parameters for n in (parameter, f"{parameter}.flag")]
    extra = [n for n in names if n.startswith("extra: ")]
    return [*FIRST, *(n for n in SERIES if n in names), *values, *extra]


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
