"""Turn what checks found into changes of flags.

The worst flag wins (`sdcviz.formats.flags.WORST_FIRST`); a flag that a person
set is never changed, nor is that of a missing value. What was checked and
passed goes from 0 (no quality control) to 1 (good).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sdcviz.errors import Conflict
from sdcviz.formats.flags import RANK
from sdcviz.formats.model import GOOD, MISSING, NOT_CHECKED

from .checks.base import number_keys
from .checks.limits import Limits
from .model import DEPTH, POSITION, TIME, Edits, Findings

if TYPE_CHECKING:
    from sdcviz.observations.collection import Collection

    from .checks.runner import Plan

__all__ = ["explain", "passed", "reason_of", "set_flags", "to_edits"]

_ONLY_REPORTED = ord("0")
_ATTEMPTS = 5
_AT_ONCE = 50_000
"""Stations whose flags are looked at together."""


def to_edits(
    collection: Collection,
    findings: Findings,
    good: bool = True,
    *,
    limits: Sequence[Limits] = (),
    rows: NDArray[np.int64] | None = None,
) -> Edits:
    """Give the changes of flags that follow from a run of checks.

    Parameters
    ----------
    collection : Collection
        With the flags as they are now.
    findings : Findings
        Those that propose a flag count. One on a parameter of a whole station
        (sample -1) is for all its values.
    good : bool
        Also 0 to 1 for what was checked and passed; see `passed`.
    limits : sequence of Limits
        Of the checks that were run; `plan_checks` tells them. Without, nothing is
        known to have passed.
    rows : ndarray of int64, optional
        Stations that were looked at; all by default.

    Returns
    -------
    Edits
        Notes say check, value and threshold.
    """
    parts = []
    for number, key in enumerate(findings.keys):
        mine = (findings.parameter == number) & (findings.flag != _ONLY_REPORTED)
        if mine.any():
            parts.append(_worst(collection, key, findings.take(mine)))
    if good and limits:
        parts.append(passed(collection, findings, limits, rows))
    return Edits.join(parts)


def passed(
    collection: Collection,
    findings: Findings,
    limits: Sequence[Limits],
    rows: NDArray[np.int64] | None = None,
) -> Edits:
    """Give the changes from 0 to 1 of what was checked and for which no other flag is proposed.

    Parameters
    ----------
    collection, findings, limits, rows
        See `to_edits`.
    """
    chosen = np.arange(collection.n_stations) if rows is None else np.unique(rows)
    judged = {key for one in limits for key in _judged(collection, one)}
    parts = []
    for key in [*number_keys(collection), DEPTH, TIME, POSITION]:
        if key not in judged:
            continue
        number = findings.keys.index(key) if key in findings.keys else -2
        mine = findings.take((findings.parameter == number) & (findings.flag != _ONLY_REPORTED))
        failed = np.unique(_positions(collection, mine.station, mine.sample))
        by_hand = _by_hand(collection, key)
        # Some stations at a time, so that little more than the result is held.
        for first in range(0, len(chosen), _AT_ONCE):
            station, sample = _not_checked(collection, key, chosen[first : first + _AT_ONCE])
            at = _positions(collection, station, sample)
            # A finding on a whole station stands where its sample -1 would.
            whole = _positions(collection, station, -1)
            free = ~np.isin(at, failed) & ~np.isin(whole, failed) & ~np.isin(at, by_hand)
            if free.any():
                parts.append(Edits.of(key, station[free], sample[free], NOT_CHECKED, GOOD))
    return Edits.join(parts)


def set_flags(
    collection: Collection,
    findings: Findings,
    plan: Plan,
    *,
    user: str,
    rows: NDArray[np.int64] | None = None,
) -> tuple[int, int]:
    """Write the flags of a run of checks into the journal: what failed, then what passed.

    Changes that others made in the meantime count as if they had been there before.

    Parameters
    ----------
    collection, findings, rows
        See `to_edits`.
    plan : Plan
        What was run.
    user : str
        Who wants it.

    Returns
    -------
    failed, passed : int
        Flags that were changed.

    Raises
    ------
    Conflict
        Others change the same flags faster than they can be written.
    """
    reason = reason_of([check.name for check in plan.checks])
    steps: list[tuple[str, Callable[[], Edits]]] = [
        (reason, lambda: to_edits(collection, findings, good=False)),
        (f"passed: {reason}", lambda: passed(collection, findings, plan.limits, rows)),
    ]
    counts = [_write(collection, user, why, make) for why, make in steps]
    return counts[0], counts[1]


def reason_of(checks: Sequence[str]) -> str:
    """Give the reason of a batch: the title of its only check, else ``"automatic checks"``.

    Which check set a flag is told by its note (see `explain`).
    """
    from .checks.table import CHECKS

    if len(checks) != 1:
        return "automatic checks"
    return CHECKS[checks[0]].title if checks[0] in CHECKS else checks[0]


def _write(collection: Collection, user: str, reason: str, make: Callable[[], Edits]) -> int:
    for attempt in range(_ATTEMPTS):
        collection.catch_up()
        edits = make()
        if not len(edits):
            break
        try:
            collection.journal.write(collection, edits, user=user, reason=reason, tool="check")
            return len(edits)
        except Conflict:  # someone was faster: see what stands there now
            if attempt == _ATTEMPTS - 1:
                raise
    return 0


def explain(check: str, value: float, threshold: float, detail: str = "") -> str:
    """Say in a few words what a check found, for the journal.

    Parameters
    ----------
    check : str
        Its name, with which the text begins (`sdcviz.qc.sessions.check_of` reads it again).
    value, threshold : float
        In the unit of the check; NaN is not told.
    detail : str
        What else there is to say.
    """
    text = check
    if np.isfinite(value):
        text += f" {value:.6g}"
    if np.isfinite(threshold):
        text += f" (limit {threshold:.6g})"
    return f"{text}, {detail}" if detail else text


def _worst(collection: Collection, key: str, found: Findings) -> Edits:
    """Take the worst flag that is proposed for each sample, where it beats the present one."""
    found, asked = _spread(collection, key, found)
    order = np.lexsort((RANK[found.flag], asked, found.station))
    station, sample = found.station[order], asked[order]
    first = np.ones(len(order), bool)
    first[1:] = (station[1:] != station[:-1]) | (sample[1:] != sample[:-1])
    order = order[first]
    station, sample, new = found.station[order], asked[order], found.flag[order]
    old = collection.flag_at(key, station, sample)
    wins = (RANK[new] < RANK[old]) & (old != MISSING)
    wins &= ~np.isin(_positions(collection, station, sample), _by_hand(collection, key))
    order, old, new = order[wins], old[wins], new[wins]
    names = [found.checks[c] for c in found.check[order].tolist()]
    figures = zip(names, found.value[order], found.threshold[order], order.tolist(), strict=True)
    notes = [explain(n, v, t, found.details.get(i, "")) for n, v, t, i in figures]
    return Edits.of(key, station[wins], sample[wins], old, new, notes)


def _spread(
    collection: Collection, key: str, found: Findings
) -> tuple[Findings, NDArray[np.int64]]:
    """Give findings on whole stations once for each sample, with the sample of each."""
    if key in (POSITION, TIME):
        return found, found.sample.astype(np.int64)
    whole = found.sample < 0
    counts = np.where(whole, np.diff(collection.offsets)[found.station], 1)
    again = np.repeat(np.arange(len(found)), counts)
    nth = np.arange(len(again)) - np.repeat(np.cumsum(counts) - counts, counts)
    sample = np.where(whole[again], nth, found.sample[again])
    return found.take(again), sample.astype(np.int64)


def _positions(
    collection: Collection, station: NDArray[np.int64], sample: NDArray | int
) -> NDArray[np.int64]:
    """Give one number for each sample; samples of -1 have their own for each station."""
    return np.asarray(collection.offsets[station] + station + 1 + sample)


def _by_hand(collection: Collection, key: str) -> NDArray[np.int64]:
    """Give the flags that people set, as `_positions`."""
    return _positions(collection, *collection.journal.manual(collection, key))


def _judged(collection: Collection, limits: Limits) -> list[str]:
    """Give the parameters and places whose samples a check judges one by one."""
    check = limits.check
    if check.judges:
        return list(check.judges)
    if check.scope != "piece" or check.level != "sample" or check.flag == "0":
        return []
    named = [key for key in limits.keys(number_keys(collection))]
    return [key for key in named if limits.only is None or key in limits.only]


def _not_checked(
    collection: Collection, key: str, rows: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find the flags 0 of a parameter in some stations: station and sample of each."""
    if key in (POSITION, TIME):
        flags = collection.position_flag if key == POSITION else collection.time_flag
        station = rows[np.asarray(flags[rows]) == NOT_CHECKED]
        return station, np.full(len(station), -1)
    stored = (collection.depth_flag, None) if key == DEPTH else collection.stored(key, "flags")
    assert stored is not None, "flags are always stored"
    column, starts = stored[0], collection.offsets[:-1] if stored[1] is None else stored[1]
    rows = rows[starts[rows] >= 0]
    counts = np.diff(collection.offsets)[rows]
    nth = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    zero = column[np.repeat(starts[rows], counts) + nth] == NOT_CHECKED
    return np.repeat(rows, counts)[zero], nth[zero]
