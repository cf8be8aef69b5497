"""What each session changed, for the histories of exported files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sdcviz.formats.model import GOOD, NOT_CHECKED
from sdcviz.qc.model import PLACES, TIME, Edits

if TYPE_CHECKING:
    from sdcviz.observations import Collection
    from sdcviz.qc.journal.queries import Batch

__all__ = ["Session", "changes_of", "check_of", "history_line", "sessions"]

_LONGEST = 8000
"""Characters of the history of one session in a file; the change log tells the rest."""


@dataclass(frozen=True)
class Session:
    """What one person changed in one go.

    Attributes
    ----------
    id, user : str
    reading : str
        Name of the second reading; empty: the common flags.
    begin, end : str
        First and last time, UTC, ISO 8601.
    edits : Edits
        The flags that the session left changed: as they were before it and after it.
    reasons : tuple of str
        Reason of each; the name of the check where it was one.
    """

    id: str
    user: str
    reading: str
    begin: str
    end: str
    edits: Edits
    reasons: tuple[str, ...]


def sessions(collection: Collection, rows: NDArray[np.int64] | None = None) -> list[Session]:
    """Put together what each session changed; what it took back itself is left out.

    Parameters
    ----------
    collection : Collection
    rows : ndarray of int64, optional
        Changes of these stations only.

    Returns
    -------
    list of Session
        In the order in which they ended; those that left nothing changed are not among them.
    """
    edits, batch, known = changes_of(collection, rows)
    names: dict[tuple[str, str, str], int] = {}
    members: dict[int, list[Batch]] = {}
    of_batch: dict[int, int] = {}
    for one in known.values():
        number = names.setdefault((one.session, one.user, one.reading), len(names))
        of_batch[one.id] = number
        members.setdefault(number, []).append(one)
    session = np.array([of_batch[b] for b in batch.tolist()], np.int64)
    order = np.lexsort((batch, edits.sample, edits.station, edits.parameter, session))
    where = (session, edits.parameter, edits.station, edits.sample)
    new = np.zeros(len(order), bool)
    for column in where:
        new[1:] |= column[order][1:] != column[order][:-1]
    new[:1] = True
    first = order[new]
    last = order[np.append(np.flatnonzero(new)[1:], len(order)) - 1] if len(order) else first
    net = edits.take(last)
    net = Edits(
        net.station, net.sample, net.parameter, net.keys, edits.old[first], net.new, net.notes
    )
    stays = net.old != net.new
    found = []
    for (name, user, reading), number in names.items():
        mine = np.flatnonzero(stays & (session[last] == number))
        if len(mine):
            times = [b.time for b in members[number]]
            kept = net.take(mine)
            notes = kept.notes or [""] * len(kept)
            told = zip(batch[last[mine]].tolist(), notes, strict=True)
            reasons = tuple(check_of(known[b], note) or known[b].reason for b, note in told)
            found.append(Session(name, user, reading, min(times), max(times), kept, reasons))
    return sorted(found, key=lambda s: s.end)


def changes_of(
    collection: Collection, rows: NDArray[np.int64] | None = None
) -> tuple[Edits, NDArray[np.int64], dict[int, Batch]]:
    """Return what the journal holds.

    Parameters
    ----------
    collection : Collection
    rows : ndarray of int64, optional
        Changes of these stations only.

    Returns
    -------
    edits : Edits
        In their order; also what was taken back later.
    batch : ndarray of int64
        Number of the batch of each.
    batches : dict of int to Batch
        Those batches.
    """
    if collection.last_batch is None:  # opened with its original flags
        return Edits.join([]), np.empty(0, np.int64), {}
    edits, batch = collection.journal.edits(collection)
    chosen = batch <= collection.last_batch  # what is newer is not in the flags yet
    if rows is not None:
        chosen &= np.isin(edits.station, rows)
    if not chosen.all():
        edits, batch = edits.take(chosen), batch[chosen]
    used = set(np.unique(batch).tolist())
    known = {b.id: b for b in collection.journal.batches(collection) if b.id in used}
    return edits, batch, known


def history_line(collection: Collection, session: Session, unwritten: Iterable[str] = ()) -> str:
    """Tell of one session in the words of webODV, as one line.

    ``time TAB user@sdcviz TAB EDITFLAGS TAB cruise/station: parameter @ depth =
    {depth:old flag ...} -> new flag (reason); ...``

    Parameters
    ----------
    collection : Collection
    session : Session
    unwritten : iterable of str
        Parameters (and keys of `PLACES`; ``"@sample_time"`` for times of samples) whose
        flags the file has no column for.

    Returns
    -------
    str
        Empty where the session only confirmed what the file has no column for.
    """
    edits = session.edits
    lost = _lost(edits, set(unwritten))
    parts: list[str] = []
    length = told = 0
    good = (edits.old == NOT_CHECKED) & (edits.new == GOOD)
    passed, others = np.flatnonzero(good & ~lost), np.flatnonzero(~good)
    for index in _groups(collection, edits, session.reasons, others):
        i = index[0]
        key = edits.keys[edits.parameter[i]]
        text = f"{_station_name(collection, int(edits.station[i]))}: {_what(collection, key)} = "
        text += "{" + " ".join(_places(collection, edits, index)) + "} -> " + chr(edits.new[i])
        text += f" ({session.reasons[i]})" if session.reasons[i] else ""
        text += " [the file has no column for this flag]" if lost[i] else ""
        if length + len(text) > _LONGEST:
            break
        parts.append(" ".join(text.split()))
        length += len(text)
        told += len(index)
    if told < len(others):
        parts.append(f"and {len(others) - told} more flags, see the change log")
    # What passed is much, and nobody looks for it one by one.
    for number in np.unique(edits.parameter[passed]).tolist():
        n = np.count_nonzero(edits.parameter[passed] == number)
        parts.append(f"{_what(collection, edits.keys[number])}: {n} flags 0 -> 1")
    if not parts:
        return ""
    who = session.user + (f", reading {session.reading}" if session.reading else "")
    return f"{session.end[:19]}\t{who}@sdcviz\tEDITFLAGS\t{'; '.join(parts)}"


def _lost(edits: Edits, unwritten: set[str]) -> NDArray[np.bool_]:
    """Tell which changes the file has no column for."""
    by_key = np.array([*(key in unwritten for key in edits.keys), False], bool)
    of_samples = np.array([*(key == TIME for key in edits.keys), False], bool)
    timed = of_samples[edits.parameter] & (edits.sample >= 0)
    return np.where(timed, "@sample_time" in unwritten, by_key[edits.parameter])


def _groups(
    c: Collection, edits: Edits, reasons: tuple[str, ...], chosen: NDArray[np.intp]
) -> Iterator[NDArray[np.intp]]:
    """Give the changes of one station and parameter to one flag for one reason, as in the file."""
    number: dict[str, int] = {}
    why = np.array([number.setdefault(reasons[i], len(number)) for i in chosen.tolist()], np.int64)
    station, sample = edits.station[chosen], edits.sample[chosen]
    parameter, new = edits.parameter[chosen], edits.new[chosen]
    place = (station, c.station_index[station], c.source[station])
    order = np.lexsort((sample, why, new, parameter, *place))
    cut = np.zeros(max(len(order) - 1, 0), bool)
    for column in (station, parameter, new, why):
        cut |= np.diff(column[order].astype(np.int64)) != 0
    ends = np.append(np.flatnonzero(cut) + 1, len(order)).tolist()
    begin = 0
    for end in ends if len(order) else ():
        yield chosen[order[begin:end]]
        begin = end


def _station_name(c: Collection, row: int) -> str:
    texts = (c.text(name) for name in ("cruise", "station"))
    return "/".join(t.labels[t.codes[row]] if t.codes[row] >= 0 else "?" for t in texts)


def _what(c: Collection, key: str) -> str:
    if key in PLACES:
        return PLACES[key]
    info = c.parameter(key)
    return f"{info.label} [{info.unit}] @ Depth [m]" if info.unit else f"{info.label} @ Depth [m]"


def _places(c: Collection, edits: Edits, index: NDArray[np.intp]) -> list[str]:
    """Give depth and old flag of each change; the old flag alone where there is no depth."""
    found = []
    for i in index.tolist():
        sample, old = int(edits.sample[i]), chr(edits.old[i])
        depth = float("nan")
        if sample >= 0:
            depth = float(c.depth[c.offsets[edits.station[i]] + sample])
        found.append(old if np.isnan(depth) else f"{depth:g}:{old}")
    return found


def check_of(batch: Batch, note: str) -> str:
    """Return the name of the check that set a flag, with which its note begins; else nothing."""
    return note.partition(" ")[0] if batch.automatic else ""
