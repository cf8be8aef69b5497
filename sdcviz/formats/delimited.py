"""Plain tables: CSV, TSV, columns parted by blanks; a mapping says what is what."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import UnreadableFile
from .base import Format, ReadOptions
from .csv_own import is_own, read_own
from .csv_write import write
from .delimited_cells import Cells
from .delimited_stations import batches_of
from .guess import guess_mapping
from .mapping import ColumnMapping, recall, remember
from .model import Batch, Doctor
from .rows import load_rows
from .sources import Source
from .table_sample import sample_of

__all__ = ["FORMAT", "mapping_of", "read_table"]


def mapping_of(source: Source) -> ColumnMapping | None:
    """Give the remembered or guessed mapping of a table.

    Parameters
    ----------
    source : Source
        The file.

    Returns
    -------
    ColumnMapping or None
        None where the file does not look like a table of observations.
    """
    if "mapping" not in source.memo:
        sample = sample_of(source.head)
        guessed = guess_mapping(sample) if sample else None
        source.memo["mapping"] = (guessed and recall(guessed.signature)) or guessed
    return source.memo["mapping"]


def recognise(head: bytes, source: Source) -> bool:
    """Recognise a table with a position or a time."""
    return is_own(head) or mapping_of(source) is not None


def read(source: Source, doctor: Doctor, options: ReadOptions) -> Iterator[Batch]:
    """Read the table; see `sdcviz.formats.base.Format`."""
    if options.mapping is None and is_own(source.head):
        yield from read_own(source, doctor, options)
        return
    guessed = mapping_of(source)
    mapping = options.mapping or guessed
    if mapping is None:
        raise UnreadableFile(
            f"{source.name}: no columns for position or time were found; say with a column mapping "
            "what the columns are."
        )
    sample = sample_of(source.head)
    if sample and len(sample.labels) != len(mapping.columns):
        raise UnreadableFile(
            f"{source.name}: has {len(sample.labels)} columns, but the column mapping has "
            f"{len(mapping.columns)}."
        )
    if options.mapping:
        remember(options.mapping)
    else:
        doctor.note(
            "header",
            "a plain table, whose columns were recognised by their names and values",
            ", ".join(f"{u.label}: {u.role}" for u in mapping.columns),
        )
    yield from read_table(source, mapping, doctor, options)


def read_table(
    source: Source, mapping: ColumnMapping, doctor: Doctor, options: ReadOptions
) -> Iterator[Batch]:
    """Read a table with a known mapping.

    Parameters
    ----------
    source : Source
        The file.
    mapping : ColumnMapping
        Meaning of its columns.
    doctor : Doctor
        Gets what is odd and the account of the rows.
    options : ReadOptions
        Choices of the user.

    Yields
    ------
    Batch
    """
    frame, lines = load_rows(
        source, mapping.separator, mapping.header_lines, len(mapping.columns), doctor
    )
    if not len(frame):
        raise UnreadableFile(f"{source.name}: a table with a header and no rows.")
    yield from batches_of(Cells(frame, lines, mapping, doctor), options.batch_samples)


FORMAT: Format = Format("delimited", "Plain table (CSV, TSV, ...)", recognise, read, write, ".csv")
