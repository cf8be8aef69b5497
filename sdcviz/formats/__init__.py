"""File formats: one module each, one table of them."""

from .base import Format, ReadOptions, Siblings, WriteContext
from .model import Batch, Coded, Column, Doctor, Oddity, Parameter, Stations
from .sources import Problem, Source, Sources
from .table import FORMATS, find_sources, format_named, formats, read, recognise

__all__ = [
    "FORMATS",
    "Batch",
    "Coded",
    "Column",
    "Doctor",
    "Format",
    "Oddity",
    "Parameter",
    "Problem",
    "ReadOptions",
    "Siblings",
    "Source",
    "Sources",
    "Stations",
    "WriteContext",
    "find_sources",
    "format_named",
    "formats",
    "read",
    "recognise",
]
