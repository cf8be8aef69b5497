"""The flags of a snapshot as they stand after many batches, in one small file.

It spares an opening the reading of a long journal, and holds nothing that the
journal has not: it may be removed at any time. It names the last batch that it
contains; one that the journal does not know (any more) makes it void.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sdcviz.qc.journal.runs import distinct, spread
from sdcviz.qc.model import DEPTH, POSITION, TIME

if TYPE_CHECKING:
    from sdcviz.observations import Collection

__all__ = ["load_overlay", "save_overlay"]

Laid = list[tuple[str, NDArray[np.int64]]]


def _file(collection: Collection) -> Path:
    # In the snapshot's folder, as rows are those of the snapshot; swept with it.
    return collection.folder / "journal-overlay.npz"


def save_overlay(collection: Collection, batch: int, token: str) -> bool:
    """Write what the flags of an open collection are now, in one step.

    Parameters
    ----------
    collection : Collection
        With the common flags.
    batch : int
        Last batch that they contain.
    token : str
        Its token.

    Returns
    -------
    bool
        False where the folder can't be written; nothing is lost by that.
    """
    columns: dict[str, NDArray] = {}
    keys = [key for key in (*collection.keys, DEPTH, TIME, POSITION) if collection.flags_state(key)]
    for number, key in enumerate(keys):
        parts = [_station_runs(collection, key)] if key in (TIME, POSITION) else []
        if key != POSITION:
            parts.append(_sample_runs(collection, key))
        for i, name in enumerate(("row", "first", "count", "code")):
            columns[f"{number}.{name}"] = np.concatenate([part[i] for part in parts])
    about = json.dumps({"batch": batch, "token": token, "keys": keys})
    columns["about"] = np.frombuffer(about.encode(), np.uint8)
    target = _file(collection)
    draft = target.with_name(f".{target.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        with open(draft, "wb") as file:
            np.savez(file, **columns)  # type: ignore[arg-type]
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, target)
    except OSError:
        return False
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
    return True


def load_overlay(collection: Collection) -> Overlay | None:
    """Open the file of a collection; None where there is none that can be read."""
    try:
        with np.load(_file(collection)) as columns:
            return Overlay({name: columns[name] for name in columns.files})
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
        return None


class Overlay:
    """What a file contains.

    Attributes
    ----------
    batch : int
        Last batch that the flags contain.
    token : str
        Its token.
    """

    def __init__(self, columns: dict[str, NDArray]) -> None:
        about = json.loads(columns["about"].tobytes())
        self.batch, self.token = int(about["batch"]), str(about["token"])
        self._keys: list[str] = about["keys"]
        self._columns = columns

    def lay(self, collection: Collection) -> Laid:
        """Lay these flags over a collection; return parameters and touched stations."""
        touched = []
        for number, key in enumerate(self._keys):
            row, first, count, code = (
                self._columns[f"{number}.{name}"] for name in ("row", "first", "count", "code")
            )
            for run, sample in spread(first, count):
                collection.lay_over(key, row[run], sample, code[run])
            touched.append((key, distinct(row)))
        return touched


_Columns = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]]


def _station_runs(collection: Collection, key: str) -> _Columns:
    """Return changed flags of stations: row, -1, 1, code."""
    now = collection.time_flag if key == TIME else collection.position_flag
    rows = np.flatnonzero(now != collection.imported_flags(key))
    return rows, np.full(len(rows), -1), np.ones(len(rows), np.int64), now[rows]


def _sample_runs(collection: Collection, key: str) -> _Columns:
    """Return runs of changed flags of samples: row, first, count, code."""
    now, before = _sample_flags(collection, key)
    place = np.flatnonzero(now != before) if now is not None else np.empty(0, np.int64)
    code = now[place] if now is not None else np.empty(0, np.uint8)
    row = np.searchsorted(collection.offsets, place, "right") - 1
    same = (place[1:] == place[:-1] + 1) & (row[1:] == row[:-1]) & (code[1:] == code[:-1])
    begin = np.flatnonzero(np.append(True, ~same)[: len(place)])
    count = np.diff(np.append(begin, len(place)))
    row = row[begin]
    return row, place[begin] - collection.offsets[row], count, code[begin]


def _sample_flags(
    collection: Collection, key: str
) -> tuple[NDArray[np.uint8] | None, NDArray[np.uint8] | None]:
    """Return the flags of all samples now and as imported; None where there are none."""
    if key == DEPTH:
        return collection.depth_flag, collection.imported_flags(DEPTH)
    if key == TIME:
        now = collection.sample_time_flag
        return now, None if now is None else collection.mapped("sample_time_flag")
    return collection.flags(key), collection.imported_flags(key)
