"""Many runs of one batch as a few blocks of numbers, for changes of whole collections.

A run as a row of its own is best to search and to read with any tool, but a
million of them take long. Batches of many runs are therefore kept as blocks, each
of one file and one parameter: numpy's ``.npz`` with `station`, `first`, `count`,
`old`, `new` (as the columns of the table of rows) and `notes` (a list in JSON).
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sdcviz.qc.journal.runs import Runs

__all__ = ["MANY_RUNS", "Block", "blocks_of", "read_block"]

MANY_RUNS = 1000
"""Batches of more runs are kept as blocks."""
_LONGEST = 50_000


class Block(NamedTuple):
    """One row of the table of blocks, without its batch and number.

    Attributes
    ----------
    source, parameter : str
        Of all runs.
    low, high : int
        Smallest and greatest number of a station.
    samples : int
        Changes in all runs together.
    data : bytes
        The columns.
    """

    source: str
    parameter: str
    low: int
    high: int
    samples: int
    data: bytes


def blocks_of(runs: Runs) -> Iterator[Block]:
    """Pack runs, sorted by parameter, file and station so that one station is found quickly."""
    order = np.lexsort((runs.first, runs.station, runs.file, runs.parameter))
    alike = runs.parameter[order].astype(np.int64) * len(runs.files) + runs.file[order]
    for group in np.split(order, np.flatnonzero(np.diff(alike)) + 1):
        for first in range(0, len(group), _LONGEST):
            part = group[first : first + _LONGEST]
            station = runs.station[part]
            yield Block(
                runs.files[runs.file[part[0]]],
                runs.keys[runs.parameter[part[0]]],
                int(station[0]),
                int(station[-1]),
                int(runs.count[part].sum()),
                _packed(runs, part),
            )


def _packed(runs: Runs, part: NDArray[np.int64]) -> bytes:
    columns = {name: getattr(runs, name)[part] for name in ("station", "first", "count")}
    columns = {name: column.astype(np.int32) for name, column in columns.items()}
    columns |= {"old": runs.old[part], "new": runs.new[part]}
    if runs.note is not None:
        notes = json.dumps([runs.note[i] for i in part.tolist()], ensure_ascii=False)
        columns["notes"] = np.frombuffer(notes.encode(), np.uint8)
    file = io.BytesIO()
    np.savez_compressed(file, **columns)
    return file.getvalue()


def read_block(data: bytes) -> tuple[dict[str, NDArray[Any]], list[str]]:
    """Return the columns of a block, and the notes (empty without any)."""
    with np.load(io.BytesIO(data)) as file:
        columns = {name: file[name] for name in file.files}
    notes = columns.pop("notes", None)
    return columns, [] if notes is None else json.loads(notes.tobytes())
