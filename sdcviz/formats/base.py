"""What a format is: how it is recognised, read and (some) written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .model import Batch, Doctor
from .sources import Source

if TYPE_CHECKING:
    from .mapping import ColumnMapping

__all__ = ["FlagChanges", "Format", "ReadOptions", "Siblings", "WriteContext"]


@dataclass(frozen=True)
class ReadOptions:
    """What a person may choose about reading.

    Attributes
    ----------
    mapping : ColumnMapping, optional
        Meaning of the columns of a plain table; guessed (or remembered from
        the last time) where it is None.
    batch_samples : int
        Readers that stream aim at batches of this many samples.
    """

    mapping: ColumnMapping | None = None
    batch_samples: int = 500_000


@dataclass(frozen=True)
class FlagChanges:
    """Who changed which flags of what is written, for formats that can hold it.

    Attributes
    ----------
    station, sample : ndarray of int64
        Indices in all that is written; sample -1 is the station itself.
    parameter : ndarray of int64
        Index in `names`.
    names : list of str
        Names of parameters as in the batches; ``"@depth"``, ``"@position"``,
        ``"@time"`` and ``"@sample_time"`` for what else has flags.
    old, new : ndarray of uint8
        L20 codes (ASCII).
    batch : ndarray of int64
        Index in `batches`.
    notes : list of str or None
        What a check found, empty where it was none; None where all are.
    batches : list of dict
        ``id``, ``time``, ``user``, ``reason``, ``tool``, ``selection``, ``undoes``
        (0: nothing), ``session`` and ``software`` of what was saved in one go.
    """

    station: NDArray[np.int64]
    sample: NDArray[np.int64]
    parameter: NDArray[np.int64]
    names: list[str]
    old: NDArray[np.uint8]
    new: NDArray[np.uint8]
    batch: NDArray[np.int64]
    notes: list[str] | None
    batches: list[dict[str, Any]]


@dataclass(frozen=True)
class WriteContext:
    """What a writer tells about where the data come from.

    Attributes
    ----------
    title : str
        Title of the data set.
    labels : dict of str to str
        Name for people by parameter name, where it differs.
    history : list of str
        One line a step, oldest first.
    software : str
        Name and version of the writing program.
    sources : list of str
        Names of the files that the data were imported from.
    changes : FlagChanges, optional
        Who changed flags.
    """

    title: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    history: list[str] = field(default_factory=list)
    software: str = "sdcviz"
    sources: list[str] = field(default_factory=list)
    changes: FlagChanges | None = None


@dataclass(frozen=True)
class Siblings:
    """How several files of one folder or archive make one source.

    Attributes
    ----------
    pattern : re.Pattern
        File names (without folder) that may belong together.
    group : callable
        Gets the sources of one folder or archive whose names match, and
        gives tuples of them; the first of each leads, the others become its
        `Source.siblings`. Every source is in exactly one tuple.
    """

    pattern: re.Pattern[str]
    group: Callable[[Sequence[Source]], list[tuple[Source, ...]]]


@dataclass(frozen=True)
class Format:
    """One file format.

    Attributes
    ----------
    name, title : str
        Short key and name for people.
    recognise : callable
        ``recognise(head, source) -> bool`` from the first 64 KiB; by content,
        never by extension.
    read : callable
        ``read(source, doctor, options)`` gives batches of whole stations and
        accounts for every row in `doctor`.
    write : callable, optional
        ``write(path, batches, context)`` for the formats that are an output.
    suffix : str
        File name ending of what `write` makes.
    siblings : Siblings, optional
        For formats of several files.
    """

    name: str
    title: str
    recognise: Callable[[bytes, Source], bool]
    read: Callable[[Source, Doctor, ReadOptions], Iterator[Batch]]
    write: Callable[[Path, Iterable[Batch], WriteContext], None] | None = None
    suffix: str = ""
    siblings: Siblings | None = None
