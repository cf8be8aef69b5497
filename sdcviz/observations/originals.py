"""Give imported ODV files back: byte for byte, or with changed flags and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sdcviz.formats.odv_rewrite import DEPTH, POSITION, STATION_TIME, TIME, editable, rewrite
from sdcviz.observations import overlay
from sdcviz.observations.sources import read_copy

if TYPE_CHECKING:
    from sdcviz.observations.collection import Collection
    from sdcviz.observations.selection import Selection

__all__ = ["original_odv", "unwritten"]


def original_odv(selection: Selection, steps: list[str]) -> bytes | None:
    """Cut a selection out of its ODV file, with the flags as they stand.

    Only the cells of changed flags differ, and one ``//<History>`` line for each
    session that changed them.

    Parameters
    ----------
    selection : Selection
    steps : list of str
        What else to tell in the history where not the whole file is selected.

    Returns
    -------
    bytes or None
        None where the selection is not of one such file.
    """
    content = _content(selection)
    if content is None:
        return None
    c = selection.collection
    source = int(c.source[selection.rows[0]])
    whole = _whole(selection, source)
    with c.journal_lock:  # so that flags and history tell the same
        edits = _edits(selection, source)
        possible = editable(content) if edits else set()
        history = _history(selection, source, possible) if edits else []
    flags = {place: code for place, code in edits.items() if place[1] in possible}
    if whole:
        return rewrite(content, None, flags, history)
    lines = selection.take(c.row)
    keep = np.unique(lines[lines > 0]).tolist()
    return rewrite(content, keep, flags, [*history, *steps])


def unwritten(selection: Selection) -> dict[str, int]:
    """Count flags that tell more than "good", and for which the ODV file has no column.

    Parameters
    ----------
    selection : Selection

    Returns
    -------
    dict of str to int
        By parameter (or ``"@depth"``, ``"@time"``, ``"@position"``); empty where the
        selection is not of one ODV file: then all flags have columns.
    """
    content = _content(selection)
    if content is None:
        return {}
    source = int(selection.collection.source[selection.rows[0]])
    edits = _edits(selection, source)
    if not edits:
        return {}
    names = {number: key for key, number in _numbers(selection.collection, source)}
    possible = editable(content)
    lost = [names[n] for (_, n), code in edits.items() if n not in possible and code != "1"]
    return {key: lost.count(key) for key in dict.fromkeys(lost)}


def _content(selection: Selection) -> bytes | None:
    """Read the file that a selection is of, if it is one ODV file and rows can be cut out."""
    c = selection.collection
    used = np.unique(c.source[selection.rows])
    if len(used) != 1:
        return None
    source = c.manifest["sources"][used[0]]
    if "copy" not in source:
        return None
    # What is cut out are rows of samples.
    if (selection.sample_counts == 0).any() and not _whole(selection, int(used[0])):
        return None
    return read_copy(c.path, source["copy"])


def _whole(selection: Selection, source: int) -> bool:
    told = selection.collection.manifest["sources"][source]
    return bool(selection.n_stations == told["stations"] and selection.n_samples == told["samples"])


def _numbers(c: Collection, source: int) -> list[tuple[str, int]]:
    """Pair keys of flags with their numbers for `rewrite`; time has two."""
    told: list[dict[str, Any]] = c.manifest["sources"][source]["parameters"]
    columns = [(p["key"], number) for number, p in enumerate(told) if p["key"] in c.keys]
    return [
        *columns,
        (overlay.DEPTH, DEPTH),
        (overlay.TIME, TIME),
        (overlay.TIME, STATION_TIME),
        (overlay.POSITION, POSITION),
    ]


def _edits(selection: Selection, source: int) -> dict[tuple[int, int], str]:
    """Find the flags that differ from those of the file, by line and number of the column."""
    c = selection.collection
    found: dict[tuple[int, int], str] = {}
    lines: NDArray[np.integer] | None = None
    for key, number in _numbers(c, source):
        if not c.flags_state(key):
            continue
        if number in (POSITION, STATION_TIME):
            rows = selection.rows[selection.sample_counts > 0]
            now = (c.position_flag if number == POSITION else c.time_flag)[rows]
            before = c.imported_flags(key)[rows]
            where = c.row[c.offsets[rows]]
        else:
            pair = _sample_flags(selection, key)
            if pair is None:
                continue
            now, before = pair
            lines = selection.take(c.row) if lines is None else lines
            where = lines
        changed = np.flatnonzero((now != before) & (where > 0))
        codes = map(chr, now[changed].tolist())
        found.update(
            {(n, number): code for n, code in zip(where[changed].tolist(), codes, strict=True)}
        )
    return found


def _sample_flags(
    selection: Selection, key: str
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]] | None:
    """Return the flags of the selected samples as they stand and as they were imported."""
    c = selection.collection
    if key == overlay.DEPTH:
        return selection.take(c.depth_flag), selection.take(c.mapped("depth_flag"))
    if key == overlay.TIME:
        if c.sample_time_flag is None:
            return None
        return selection.take(c.sample_time_flag), selection.take(c.mapped("sample_time_flag"))
    stored = c.stored(key, "flags")
    assert stored is not None, "flags are always stored"
    flags, starts = stored
    imported = c.mapped(f"{c.stem(key)}.flag")
    return (
        selection.take(flags, starts, ord("9")),
        selection.take(imported, starts, ord("9")),
    )


def _history(selection: Selection, source: int, possible: set[int]) -> list[str]:
    from sdcviz.qc.sessions import history_line, sessions

    c = selection.collection
    names = {number: key for key, number in _numbers(c, source)} | {TIME: "@sample_time"}
    lost = {key for number, key in names.items() if number not in possible}
    lines = [history_line(c, session, lost) for session in sessions(c, selection.rows)]
    return [line for line in lines if line]
