"""Flags that are not what was seen: found before writing, told to whoever was slower."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sdcviz.errors import Conflict
from sdcviz.qc.journal.edits import entries
from sdcviz.qc.journal.runs import identities
from sdcviz.qc.model import PLACES
from sdcviz.words import counted, minute

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from sdcviz.observations import Collection
    from sdcviz.qc.journal.runs import Runs

__all__ = ["compare"]

_TOLD = 10
"""Conflicts that are told one by one."""


def compare(connection: Connection, collection: Collection, runs: Runs) -> None:
    """Check that each flag still is what was seen.

    Parameters
    ----------
    connection : Connection
        In the transaction that is going to write.
    collection : Collection
        Up to date with the journal.
    runs : Runs

    Raises
    ------
    Conflict
        Some are not; says who changed them, when and why.
    """
    found: list[dict[str, Any]] = []
    total = 0
    for key, run, row, sample, _ in runs.by_key(collection.keys):
        now = collection.flag_at(key, row, sample)
        wrong = np.flatnonzero(now != runs.old[run])
        total += len(wrong)
        for i in wrong[: _TOLD - len(found)].tolist():
            flags = {"expected": chr(runs.old[run[i]]), "found": chr(now[i])}
            place = _place(connection, collection, int(row[i]), int(sample[i]), key)
            found.append(place | flags)
    if found:
        raise Conflict(_sentence(found[0], total, collection), found)


def _place(
    connection: Connection, collection: Collection, row: int, sample: int, key: str
) -> dict[str, Any]:
    """Say of one flag who set it, when and why."""
    file, files, station = identities(collection, np.array([row]))
    source, n = files[file[0]], int(station[0])
    told = entries(connection, collection.id, collection.reading, source, n, key, sample)
    who = {name: getattr(told[-1], name) if told else "" for name in ("user", "time", "reason")}
    return {"station": f"{source}:{n}", "sample": sample, "parameter": key, **who, "row": row}


def _sentence(conflict: dict[str, Any], total: int, collection: Collection) -> str:
    """Say who changed what, and when, with the names and numbers that people see."""
    key, row, sample = conflict["parameter"], conflict["row"], conflict["sample"]
    what = PLACES.get(key) or collection.parameter(key).label
    names = [
        collection.text(name).take(np.array([row])).texts()[0] for name in ("cruise", "station")
    ]
    where = "station" if sample < 0 else f"sample {sample + 1} of station"
    station = " / ".join(name for name in names if name) or conflict["station"]
    told = f"{what} of {where} {station} has flag {conflict['found']}"
    if conflict["user"]:
        why = f" ({conflict['reason']})" if conflict["reason"] else ""
        told += f", set by {conflict['user']} at {minute(conflict['time'])}{why}"
    differ = "differs" if total == 2 else "differ"
    more = f" {counted(total - 1, 'more flag')} {differ} too." if total > 1 else ""
    return f"{told}; you saw {conflict['expected']}.{more} Nothing was saved."
