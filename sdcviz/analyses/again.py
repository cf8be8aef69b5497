"""What is to be analysed again of a product: which observations, times and part of the grid."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadRequest
from .boxes import Box, Window, widen, window_of
from .model import Points
from .outdated import Outdated, Watch
from .plan import Plan, by_slice, make_plan
from .problem import Problem, SliceTask
from .record import Record, read_record
from .remade import recipe_as_run
from .select import select, state_of, take

__all__ = ["HALO", "REACH", "TAPER", "Again", "prepare_rerun", "version_after"]

REACH, TAPER, HALO = 3.0, 1.0, 1.0
"""Correlation lengths around the observations: within the first the difference counts, over the
second it fades away, over the third it is computed and thrown away."""


@dataclass(frozen=True)
class Again:
    """What is analysed again.

    Attributes
    ----------
    record : Record
        The product.
    changed : Outdated
        What is taken over of what changed.
    left : int
        Changed observations outside the box, which stay as the product used them.
    plan : Plan
        Of the whole, with the observations as they are now.
    before : Plan
        The same with the observations of the product.
    numbers : tuple of int
        Times that are analysed.
    core : tuple of float
        West, south, east, north of the changed observations, or what was asked for.
    window : tuple of int
        Part of the grid that is analysed.
    """

    record: Record
    changed: Outdated
    left: int
    plan: Plan
    before: Plan
    numbers: tuple[int, ...]
    core: Box
    window: Window

    @property
    def reach(self) -> float:
        """Correlation length in metres."""
        return float(np.max(self.plan.problem.horizontal))

    @property
    def inner(self) -> Window:
        """Part of the grid where the new field counts alone."""
        return window_of(self.plan.problem, widen(self.core, REACH * self.reach))

    def weight(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
        """Tell how much the new field counts: 1 near the changed observations, 0 far from them."""
        near, far = (widen(self.core, (REACH + more) * self.reach) for more in (0.0, TAPER))
        middle = (self.core[0] + self.core[2]) / 2
        lon = middle + np.mod(lon - middle + 180, 360) - 180
        share = np.ones(np.broadcast_shapes(lon.shape, lat.shape))
        for values, low, high in ((lon, 0, 2), (lat, 1, 3)):
            for side in (
                (values - far[low]) / (near[low] - far[low]),
                (far[high] - values) / (far[high] - near[high]),
            ):
                share = share * _smooth(np.clip(side, 0, 1))
        return share

    def tasks(self, numbers: list[int]) -> Iterator[SliceTask]:
        """Give the times to analyse, by their place in `numbers`; behind them, as before."""
        count = len(self.numbers)
        for plan, first in ((self.plan, 0), (self.before, count)):
            mine = [n for n in numbers if first <= n < first + count]
            wanted = [self.numbers[n - first] for n in mine]
            for n, task in zip(mine, plan.tasks(wanted), strict=True):
                problem = self._with_error_variance(task.problem, task.number)
                yield replace(task, number=n, problem=problem, window=self.window)

    def _with_error_variance(self, problem: Problem, number: int) -> Problem:
        """Take the error variance that was found before: that of a part would be another one."""
        if not problem.desroziers:
            return problem
        told = float(self.record.notes[number].get("epsilon2", problem.epsilon2))
        return replace(problem, epsilon2=told, desroziers=0)

    @property
    def key(self) -> str:
        """Hash of all that decides the numbers."""
        stamp = self.record.path.stat()
        whole = (
            self.plan.key,
            self.before.key,
            self.window,
            self.core,
            self.numbers,
            stamp.st_mtime_ns,
        )
        return hashlib.sha256(repr(whole).encode()).hexdigest()


def _smooth(share: NDArray[np.float64]) -> NDArray[np.float64]:
    return share * share * (3 - 2 * share)


def prepare_rerun(product: Path | str, box: Box | None = None, collection: Any = None) -> Again:
    """Find out what is to be analysed again; see `rerun`."""
    from ..observations import open_collection
    from ..observations.collection import Collection

    record = read_record(product)
    if collection is None:
        collection = record.recipe.collection
        if collection is None:
            raise BadRequest(f"{record.path.name} names no collection; give it.")
    opened = collection if isinstance(collection, Collection) else open_collection(collection)
    changed = Watch(record, opened).compare()
    core = _core(record, changed, box)
    inside = _inside(record, changed, core)
    left = int((~inside).sum())
    recipe = recipe_as_run(record)
    selected = select(opened, recipe)
    plan = make_plan(recipe, _points(record, changed, selected, ~inside))
    old = _points(record, changed, selected, np.ones(len(changed), bool))
    points, rows = by_slice(old, plan.slices)
    info = opened.parameter(recipe.parameter)
    state = state_of(opened)
    if left:  # what it used is neither what the journal says now, nor what it said then
        state["journal_batch"] = int(record.state.get("journal_batch", -1))
    plan = replace(plan, meaning={name: getattr(info, name) for name in plan.meaning}, state=state)
    _check(record, plan)
    before = replace(plan, points=points, rows=rows)
    taken = changed.take(inside)
    numbers = taken.slices if taken else tuple(range(len(plan.slices)))
    reach = float(np.max(plan.problem.horizontal))
    window = window_of(plan.problem, widen(core, (REACH + TAPER + HALO) * reach))
    return Again(record, taken, left, plan, before, numbers, core, window)


def _core(record: Record, changed: Outdated, box: Box | None) -> Box:
    if box is None:
        if changed.core is None:
            raise BadRequest(
                f"{record.path.name} is up to date; name a box to analyse one all the same."
            )
        return changed.core
    west, south, east, north = (float(edge) for edge in box)
    if west < record.lon[0] - 180:
        west, east = west + 360, east + 360
    if not (
        west < east and south < north
        and west <= record.lon[-1] and east >= record.lon[0]
        and south <= record.lat[-1] and north >= record.lat[0]
    ):  # fmt: skip
        raise BadRequest(
            f"The box {west:g}, {south:g}, {east:g}, {north:g} is no part of {record.path.name}; "
            "give west, south, east, north."
        )
    return west, south, east, north


def _inside(record: Record, changed: Outdated, core: Box) -> NDArray[np.bool_]:
    """Tell which changes lie in the box: where they are now, and where they were."""
    west, south, east, north = core

    def within(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.bool_]:
        return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)

    found = within(changed.lon, changed.lat)
    known = changed.observation >= 0
    points, before = record.points, changed.observation[known]
    found[known] &= within(points.lon[before], points.lat[before])
    return found


def version_after(version: str) -> str:
    """Give the version of a product of which a part was analysed again: 1.0, 1.0-r1, 1.0-r2."""
    found = re.fullmatch(r"(.*)-r(\d+)", version)
    return f"{found[1]}-r{int(found[2]) + 1}" if found else f"{version or '1'}-r1"


def _points(record: Record, changed: Outdated, points: Points, away: NDArray[np.bool_]) -> Points:
    """Give the observations as they are now, but some that changed as they were."""
    if not away.any():
        return points
    from .matching import keys_of, pair

    some = changed.take(away)
    now = Points(
        some.lon, some.lat, some.depth, some.time, some.value,
        *(np.empty(0, "U1"),) * 2, np.empty(0, np.int32),
    )  # fmt: skip
    out, _ = pair(keys_of(points), keys_of(now))
    kept = np.ones(len(points), bool)
    kept[out] = False
    points = take(points, kept)
    before = np.unique(some.observation[some.observation >= 0])
    names, cruises = record.identities
    old = replace(take(record.points, before), id=names[before], cruise=cruises[before])
    return Points(
        **{
            name: np.concatenate([getattr(points, name), getattr(old, name)])
            for name in Points.__dataclass_fields__
        }
    )


def _check(record: Record, plan: Plan) -> None:
    """Make sure that grid and times are those of the product."""
    axes = ((plan.problem.lon, record.lon), (plan.problem.lat, record.lat),
            (plan.problem.depth, record.depth))  # fmt: skip
    same = all(len(a) == len(b) and np.allclose(a, b) for a, b in axes)
    if not same or not np.array_equal(plan.mask, record.mask):
        raise BadRequest(
            f"The recipe of {record.path.name} gives another grid now: was its bathymetry "
            "replaced? Run the whole recipe."
        )
    if tuple(one.label for one in plan.slices) != record.labels:
        raise BadRequest(
            f"The recipe of {record.path.name} gives other times now; run the whole recipe."
        )
