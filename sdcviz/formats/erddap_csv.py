"""ERDDAP tabledap: .csv (units in the second line) and .csvp (units in the labels)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..errors import UnreadableFile
from .base import Format, ReadOptions
from .delimited import mapping_of, read_table
from .model import Batch, Doctor
from .sources import Source
from .table_sample import sample_of

__all__ = ["FORMAT"]


def recognise(head: bytes, source: Source) -> bool:
    """Recognise commas and the units that ERDDAP always writes with time and position."""
    lines = head.decode("utf-8", "replace").splitlines()[:2]
    if len(lines) < 2 or "," not in lines[0]:
        return False
    units = {unit.strip('"') for unit in lines[1].split(",")}
    below = "UTC" in units or {"degrees_north", "degrees_east"} <= units
    beside = "(UTC)" in lines[0] or ("(degrees_north)" in lines[0] and "(degrees_east" in lines[0])
    return (below or beside) and mapping_of(source) is not None


def read(source: Source, doctor: Doctor, options: ReadOptions) -> Iterator[Batch]:
    """Read the table; see `sdcviz.formats.base.Format`."""
    mapping = options.mapping or mapping_of(source)
    sample = sample_of(source.head)
    if mapping is None or sample is None or len(sample.labels) != len(mapping.columns):
        raise UnreadableFile(f"{source.name}: the columns of this ERDDAP table are not clear.")
    columns = tuple(
        # ERDDAP writes "1" for quantities without dimension, and a blank for no unit.
        replace(use, unit="" if use.unit == "1" and use.role != "parameter" else use.unit)
        for use in mapping.columns
    )
    yield from read_table(source, replace(mapping, columns=columns), doctor, options)


FORMAT = Format("erddap_csv", "ERDDAP table", recognise, read)
