"""Run checks over a collection, piece by piece on a few threads.

Checks run in the order of the table. What one finds (flags 3, 4, Q) lies over
the flags that the next one sees in its piece, as the Argo manual asks: a sample
flagged 4 or 9, in the collection or by an earlier check, is neither tested again
nor used as a neighbour. A station whose position is flagged 3 or 4 is taken to be
in no region, since that of a wrong position would make all its values wrong.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sdcviz.errors import BadRequest
from sdcviz.qc.model import DEPTH, POSITION, Findings

from .base import Check, Piece, number_keys
from .limits import Limits, Thresholds
from .thresholds import read_thresholds

if TYPE_CHECKING:
    from sdcviz.observations.collection import Collection

__all__ = ["Plan", "plan_checks", "run_checks"]

BAD = np.frombuffer(b"34", np.uint8)
PIECE = 250_000
"""Samples of a piece: enough for a loop, few enough for the cache of a processor."""

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Plan:
    """Which checks are run, and why others are not.

    Attributes
    ----------
    checks : list of Check
    limits : list of Limits
        Of each check, for the parameters that are meant.
    skipped : dict of str to str
        Name of a check to the sentence why it is not run.
    """

    checks: list[Check]
    limits: list[Limits]
    skipped: dict[str, str]


def plan_checks(
    collection: Collection,
    checks: Sequence[str] | None = None,
    thresholds: Thresholds | None = None,
    parameters: Sequence[str] | None = None,
) -> Plan:
    """Choose the checks for a collection.

    Parameters
    ----------
    collection : Collection
    checks : sequence of str, optional
        Names; all by default.
    thresholds : Thresholds, optional
        Those of the settings by default.
    parameters : sequence of str, optional
        Parameters that are looked at; all by default.

    Returns
    -------
    Plan

    Raises
    ------
    BadRequest
        A check that there is not, or one asked for by name that can't be run here.
    NotFound
        A parameter that the collection does not have.
    """
    from .table import CHECKS

    thresholds = thresholds or read_thresholds()
    for name in checks or ():
        if name not in CHECKS:
            raise BadRequest(f"There is no check {name!r}. There are: {', '.join(CHECKS)}.")
    only = _known(collection, parameters)
    plan = Plan([], [], {})
    for name, check in CHECKS.items():
        if checks and name not in checks:
            continue
        limits = thresholds.limits.get(name)
        if limits is not None and only:
            limits = limits.of_parameters(only)
        why = _why_not(collection, check, limits, thresholds)
        if limits is None or why:
            if checks:
                raise BadRequest(why)
            plan.skipped[name] = why
            continue
        plan.checks.append(check)
        plan.limits.append(limits)
    return plan


def _known(collection: Collection, parameters: Sequence[str] | None) -> list[str]:
    """Return the keys of parameters that were asked for; "depth" may mean the depths."""
    found = []
    for name in parameters or ():
        if name in (DEPTH, "depth") and name not in collection.keys:
            found.append(DEPTH)
        else:
            found.append(collection.parameter(name).key)
    return found


def _why_not(
    collection: Collection, check: Check, limits: Limits | None, thresholds: Thresholds
) -> str:
    """Say in a sentence why a check can't be run; empty where it can."""
    if limits is None:
        return f"The check {check.name!r} is not in {thresholds.name}, so it is not run."
    missing = [key for key in check.needs if key not in collection.keys]
    if missing:
        return (
            f"The check {check.name!r} needs {' and '.join(check.needs)}; {collection.name} has "
            f"no {' and no '.join(missing)}."
        )
    if check.needs and limits.only and not set(check.needs) <= set(limits.only):
        return f"The check {check.name!r} needs {' and '.join(check.needs)}: ask for all of them."
    unready = check.unready(collection, limits) if check.unready else ""
    if unready:
        return unready
    by_parameter = check.scope == "piece" and not check.needs
    if by_parameter and not limits.keys(number_keys(collection)):
        named = ", ".join(limits.by_parameter)
        return (
            f"The check {check.name!r} has thresholds for {named}; none of them is among the "
            f"parameters of {collection.name}{' that were asked for' if limits.only else ''}."
        )
    return ""


def run_checks(
    collection: Collection,
    checks: Sequence[str] | None = None,
    thresholds: Thresholds | None = None,
    parameters: Sequence[str] | None = None,
    rows: NDArray[np.int64] | None = None,
    progress: Progress | None = None,
    threads: int = 2,
    piece: int = PIECE,
) -> Findings:
    """Run checks and collect what they find.

    Parameters
    ----------
    collection : Collection
        Nothing in it is changed.
    checks : sequence of str, optional
        Names; all that can be run by default.
    thresholds : Thresholds, optional
        Those of the settings by default.
    parameters : sequence of str, optional
        Parameters that are looked at; all by default.
    rows : ndarray of int64, optional
        Stations; all by default.
    progress : callable, optional
        Called as ``progress(done, total, text)``, counting samples.
    threads : int
        Pieces that are worked on at once.
    piece : int
        Samples in one of them, about.

    Returns
    -------
    Findings
        In the order of the checks, then of the stations.

    Raises
    ------
    BadRequest, NotFound
        See `plan_checks`.
    """
    thresholds = thresholds or read_thresholds()
    plan = plan_checks(collection, checks, thresholds, parameters)
    chosen = np.arange(collection.n_stations) if rows is None else np.unique(rows)
    steps = list(zip(plan.checks, plan.limits, strict=True))
    by_piece = [step for step in steps if step[0].scope == "piece"]
    first = steps.index(by_piece[0]) if by_piece else 0
    found: dict[str, list[Findings]] = {check.name: [] for check, _ in steps}

    def run_whole(some: list[tuple[Check, Limits]]) -> None:
        for check, limits in some:
            if check.scope == "collection":
                if progress:
                    progress(0, 0, check.title)
                found[check.name].append(check.run(collection, limits, rows))

    run_whole(steps[:first])
    lost = _lost(collection, [part for parts in found.values() for part in parts])
    region = np.zeros(collection.n_stations, np.int16)
    region[chosen] = thresholds.region_of(collection.lon[chosen], collection.lat[chosen])
    region[lost] = 0
    for part in _in_pieces(collection, chosen, region, by_piece, progress, threads, piece):
        for name, findings in part:
            found[name].append(findings)
    run_whole(steps[first:])
    return Findings.join([_ordered(parts) for parts in found.values()])


def _lost(collection: Collection, findings: list[Findings]) -> NDArray[np.bool_]:
    """Tell which stations are most likely not where they say, so that no region is theirs."""
    lost = np.isin(np.asarray(collection.position_flag), BAD)
    for found in findings:
        if POSITION in found.keys:
            wrong = (found.parameter == found.keys.index(POSITION)) & np.isin(found.flag, BAD)
            lost[found.station[wrong]] = True
    return lost


def _ordered(parts: list[Findings]) -> Findings:
    """Put what one check found in the order of stations, parameters and samples."""
    found = Findings.join(parts)
    if len(found.keys) < 2:  # pieces come in the order of stations, samples in theirs
        return found
    return found.take(np.lexsort((found.sample, found.parameter, found.station)))


def _in_pieces(
    collection: Collection,
    rows: NDArray[np.int64],
    region: NDArray[np.int16],
    steps: list[tuple[Check, Limits]],
    progress: Progress | None,
    threads: int,
    size: int,
) -> Iterator[list[tuple[str, Findings]]]:
    """Give what each piece yields, in the order of the stations."""
    if not steps:
        return
    counts = np.diff(collection.offsets)[rows]
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    cuts = [0]
    while cuts[-1] < len(rows):
        before = ends[cuts[-1] - 1] if cuts[-1] else 0
        cuts.append(max(cuts[-1] + 1, int(np.searchsorted(ends, before + size, "right"))))

    def work(a: int, b: int) -> list[tuple[str, Findings]]:
        part = Piece(collection, rows[a:b], region[rows[a:b]])
        found = []
        for check, limits in steps:
            findings = check.run(part, limits)
            part.lay_over(findings)
            found.append((check.name, findings))
        return found

    done = 0
    with ThreadPoolExecutor(threads) as pool:
        waiting = list(itertools.pairwise(cuts))
        running: list[tuple[Future[list[tuple[str, Findings]]], int]] = []
        try:
            while waiting or running:
                # Few at a time: a piece that waits for its turn holds no memory.
                while waiting and len(running) < threads + 1:
                    a, b = waiting.pop(0)
                    running.append((pool.submit(work, a, b), int(counts[a:b].sum())))
                future, samples = running.pop(0)
                yield future.result()
                done += samples
                if progress:
                    progress(done, total, "Checking")
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
