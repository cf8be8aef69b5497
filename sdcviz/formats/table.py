"""The table of formats. To add one: write its module, add its line here.

The modules are loaded only when a file may be theirs, so that opening a text
file never loads NetCDF.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module

from ..errors import UnreadableFile
from .archives import Limits
from .base import Format, ReadOptions, Siblings
from .looks import looks_like, rows_without_labels
from .model import Batch, Doctor
from .sources import Source, Sources

__all__ = ["FORMATS", "find_sources", "format_named", "formats", "read", "recognise"]

FORMATS: tuple[tuple[str, str], ...] = (
    # (module, kind of file), the more particular before the more general
    ("argo", "netcdf"),
    ("insitu_tac", "netcdf"),
    ("sdn_netcdf", "netcdf"),
    ("odv_netcdf", "netcdf"),
    ("wod_netcdf", "netcdf"),
    ("cf_netcdf", "netcdf"),
    ("parquet", "parquet"),
    ("odv", "text"),
    ("seabird", "text"),
    ("medatlas", "text"),
    ("wod_ascii", "text"),
    ("darwin_core", "text"),
    ("erddap_csv", "text"),
    ("delimited", "text"),
)
"""Module and kind of each format, in the order in which they are asked."""

_SEVERAL_FILES = ("darwin_core",)
"""Formats whose data sets are several files."""

_MAGIC = (
    ("netcdf", (b"CDF\x01", b"CDF\x02", b"CDF\x05", b"\x89HDF\r\n\x1a\n")),
    ("parquet", (b"PAR1",)),
)


@cache
def format_named(name: str) -> Format:
    """Load one format by its name in the table."""
    return import_module(f"{__package__}.{name}").FORMAT


def formats() -> list[Format]:
    """Load all formats, in the order of the table."""
    return [format_named(name) for name, _ in FORMATS]


def kind_of(head: bytes) -> str:
    """Tell the kind of a file from its first bytes."""
    for kind, magic in _MAGIC:
        if head.startswith(magic):
            return kind
    return "text"


def recognise(source: Source) -> Format:
    """Find the format of a file by its content.

    Parameters
    ----------
    source : Source
        The file.

    Returns
    -------
    Format

    Raises
    ------
    UnreadableFile
        It is none of the formats; the sentence says what it looks like.
    """
    try:
        head = source.head
    except OSError as error:
        raise UnreadableFile(
            f"{source.name}: can't be read ({error.strerror or error})."
        ) from error
    kind = kind_of(head)
    what = looks_like(head) if kind == "text" else None
    if what is None:
        for name, of_kind in FORMATS:
            if of_kind == kind and format_named(name).recognise(head, source):
                return format_named(name)
        what = {
            "netcdf": "a NetCDF file of a layout that sdcviz does not know (or it is cut short); "
            "SeaDataNet, ODV, Argo, CMEMS in situ, WOD and CF discrete sampling files are read",
            "parquet": "a Parquet file that sdcviz did not write; export it as CSV",
            "text": rows_without_labels(head)
            or "text without a table that sdcviz knows; ODV, MEDATLAS, Sea-Bird, WOD, "
            "Darwin Core and CSV with columns for longitude and latitude are read",
        }[kind]
    raise UnreadableFile(f"{source.name}: this is {what}.")


def read(source: Source, doctor: Doctor, options: ReadOptions | None = None) -> Iterator[Batch]:
    """Read a file of any known format.

    Parameters
    ----------
    source : Source
        The file.
    doctor : Doctor
        Gets what is odd, and the account of the rows.
    options : ReadOptions, optional
        Choices of the user.

    Yields
    ------
    Batch
        Whole stations with their samples.

    Raises
    ------
    UnreadableFile
        The file can't be read; one sentence.
    """
    yield from recognise(source).read(source, doctor, options or ReadOptions())


def find_sources(paths: Sequence[str | os.PathLike[str]], limits: Limits | None = None) -> Sources:
    """Find all files that paths lead to: files, folders, archives.

    Parameters
    ----------
    paths : sequence of path-like
        Files, folders and archives.
    limits : Limits, optional
        Bounds against bombs.

    Returns
    -------
    Sources
        ``with find_sources(paths) as sources: for item in sources: ...``;
        each item is a `Source` or a `Problem`.
    """
    return Sources(paths, _sibling_rules(), limits)


@cache
def _sibling_rules() -> tuple[Siblings, ...]:
    rules = (format_named(name).siblings for name in _SEVERAL_FILES)
    return tuple(rule for rule in rules if rule)
