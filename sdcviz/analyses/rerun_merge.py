"""The fields of a product with what was analysed again in them: of the whole, or of the part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..formats.netcdf_file import netcdf_file
from .again import Again
from .matching import keys_of, pair
from .model import Axes, SliceResult
from .names import FILL, RELERR
from .parts import Parts
from .recipe import Recipe
from .record import Record

__all__ = ["Alone", "Shift", "Whole"]

Field = NDArray[np.float32]


class Shift(NamedTuple):
    """How far the mean profile moved, in the unit of the product.

    It is told and not applied outside of the part: everywhere else the product stays as it was,
    to the last bit.
    """

    value: float
    time: str
    depth: float | None

    def sentence(self, unit: str) -> str:
        """Say it for people."""
        at = self.time if self.depth is None else f"{self.time}, {self.depth:g} m"
        return (
            f"The mean profile moved by at most {self.value:.2g} {unit} ({at}), which is not "
            "applied outside the surroundings of the changes."
        )


@dataclass(frozen=True)
class Whole:
    """The whole product, and in it what changed."""

    again: Again
    parts: Parts

    @property
    def recipe(self) -> Recipe:
        """Recipe of the product."""
        return self.again.plan.recipe

    @property
    def axes(self) -> Axes:
        """Axes of the product."""
        return self.again.plan.axes

    @property
    def mask(self) -> NDArray[np.bool_]:
        """Sea points."""
        return self.again.plan.mask

    def loaders(self) -> list[Callable[[], SliceResult]]:
        """Give what makes each time."""
        return [partial(self.load, k) for k in range(len(self.again.plan.slices))]

    @cached_property
    def _observation(self) -> NDArray[np.int64]:
        """Number in the old product of each observation; -1: it did not use it."""
        points = self.again.plan.points
        mine, theirs = pair(keys_of(points), keys_of(self.again.record.points))
        found = np.full(len(points), -1, np.int64)
        found[mine] = theirs
        return found

    @cached_property
    def _earlier(self) -> NDArray[np.int64]:
        """Row among the observations as before of each observation; -1: it was not there."""
        points, old = self.again.plan.points, self.again.before.points
        mine, theirs = pair(keys_of(points), keys_of(old))
        found = np.full(len(points), -1, np.int64)
        found[mine] = theirs
        return found

    @cached_property
    def shift(self) -> Shift | None:
        """How far the background moved, where it moved most; None: it is no mean, or it did not."""
        found: Shift | None = None
        count = len(self.again.numbers)
        for n, k in enumerate(self.again.numbers):
            new, then = (self.parts.load(m).background for m in (n, n + count))
            if new is None or then is None:
                continue
            step = np.abs(new.astype(np.float64) - then)
            most = np.max(np.where(np.isfinite(step), step, 0), axis=(0, 1))
            level = int(np.argmax(most))
            if most[level] > (found.value if found else 0.0):
                depth = float(self.axes.depth[level]) if len(self.axes.depth) else None
                found = Shift(float(most[level]), self.again.plan.slices[k].label, depth)
        return found

    def load(self, k: int) -> SliceResult:
        """Give a time of the product."""
        old = _old_slice(self.again.record, k, self.again.plan.rows[k], self._observation)
        if k not in self.again.numbers:
            return old
        n = self.again.numbers.index(k)
        then = self.parts.load(n + len(self.again.numbers))
        return self._with_changes(old, self.parts.load(n), then)

    def _with_changes(self, old: SliceResult, new: SliceResult, then: SliceResult) -> SliceResult:
        again, (i0, i1, j0, j1) = self.again, self.again.window
        problem = again.plan.problem
        share = again.weight(problem.lon[i0:i1, None], problem.lat[None, j0:j1])[:, :, None]

        def moved(name: str, low: float, high: float) -> Any:
            whole, after, before = (getattr(one, name) for one in (old, new, then))
            if whole is None or after is None or before is None:
                return whole
            whole = whole.copy()
            part = whole[i0:i1, j0:j1]
            step = share * (after.astype(np.float64) - before)
            # What does not change is not touched, to the last bit.
            part[...] = np.where(step != 0, np.clip(part + step, low, high), part)
            return whole

        values = self._residuals(old, new, then)
        mine = values["residuals"][values["used"]]
        warned = dict.fromkeys([*old.notes.get("warnings", ()), *new.notes["warnings"]])
        notes = old.notes | {
            "observations": len(old.rows),
            "used": int(values["used"].sum()),
            "rmse": float(np.sqrt(np.mean(mine**2))) if len(mine) else None,
            "bias": float(np.mean(mine)) if len(mine) else None,
            "warnings": list(warned),
            "analysed_again": [round(edge, 4) for edge in again.core],
        }
        return replace(
            old,
            field=moved("field", problem.low, problem.high),
            error=moved("error", 0, 1),
            background=moved("background", -np.inf, np.inf),
            notes=notes,
            **values,
        )

    def _residuals(self, old: SliceResult, new: SliceResult, then: SliceResult) -> dict[str, Any]:
        """Move residuals as the field at their places; new observations have those of now."""
        points = self.again.plan.points
        at = np.searchsorted(old.rows, new.rows)
        share = self.again.weight(points.lon[new.rows], points.lat[new.rows])
        earlier = np.full(len(self.again.before.points) + 1, np.nan)  # the last one: -1
        earlier[then.rows] = then.residuals
        step = new.residuals - earlier[self._earlier[new.rows]]
        found = {n: getattr(old, n).copy() for n in ("residuals", "used", "suspicion")}
        known = found["residuals"][at]
        moved = np.where(np.isnan(step) | (step == 0), known, known + share * step)
        found["residuals"][at] = np.where(np.isnan(known), new.residuals, moved)
        near = share > 0.5
        found["suspicion"][at] = np.where(near, new.suspicion, found["suspicion"][at])
        found["used"] = np.isfinite(found["residuals"])
        return found


@dataclass(frozen=True)
class Alone:
    """What is near the changes, at its times."""

    whole: Whole

    @property
    def recipe(self) -> Recipe:
        """Recipe of the part."""
        again = self.whole.again
        recipe, (i0, i1, j0, j1) = again.plan.recipe, again.inner
        lon, lat = again.record.lon, again.record.lat
        box = tuple(float(v) for v in (lon[i0], lat[j0], lon[i1 - 1], lat[j1 - 1]))
        return recipe.model_copy(update={"domain": recipe.domain.model_copy(update={"box": box})})

    @property
    def axes(self) -> Axes:
        """Axes of the part, with its times."""
        axes, (i0, i1, j0, j1) = self.whole.axes, self.whole.again.inner
        slices = tuple(axes.slices[k] for k in self.whole.again.numbers)
        return Axes(axes.lon[i0:i1], axes.lat[j0:j1], axes.depth, slices)

    @property
    def mask(self) -> NDArray[np.bool_]:
        """Sea points of the part."""
        i0, i1, j0, j1 = self.whole.again.inner
        return self.whole.mask[i0:i1, j0:j1]

    def loaders(self) -> list[Callable[[], SliceResult]]:
        """Give what makes each time."""
        return [partial(self._load, k) for k in self.whole.again.numbers]

    def _load(self, k: int) -> SliceResult:
        again, result = self.whole.again, self.whole.load(k)
        i0, i1, j0, j1 = again.inner
        cut = slice(i0, i1), slice(j0, j1)
        axes, points = self.axes, again.plan.points
        lon, lat = points.lon[result.rows], points.lat[result.rows]
        here = (lon >= axes.lon[0]) & (lon <= axes.lon[-1])
        here &= (lat >= axes.lat[0]) & (lat <= axes.lat[-1])
        of_here = {
            name: getattr(result, name)[here] for name in ("rows", "residuals", "used", "suspicion")
        }
        return replace(
            result,
            field=result.field[cut],
            error=result.error[cut],
            background=None if result.background is None else result.background[cut],
            **of_here,
        )


def _old_slice(
    record: Record, k: int, rows: NDArray[np.int64], observation: NDArray[np.int64]
) -> SliceResult:
    """Give a time of the old product, with the observations as they are now."""
    with netcdf_file(record.path) as file:
        file.set_auto_mask(False)
        file.set_auto_scale(False)

        def field(end: str) -> Field | None:
            name = f"{record.field}{end}"
            if name not in file.variables:
                return None
            array = np.asarray(file[name][k], np.float32)
            array = array if array.ndim == 3 else array[None]
            array = np.where(array > FILL / 10, np.float32(np.nan), array)
            return np.ascontiguousarray(array.transpose(2, 1, 0))

        values, error, background = field(""), field(RELERR), field("_background")
        told = None
        if "residual_suspicion" in file.variables:
            told = np.asarray(file["residual_suspicion"][:], np.float64)
    assert values is not None
    row, of, residual = record.residuals
    here = of == k
    by_observation = np.full(len(record.points) + 1, np.nan)  # the last one is -1: unknown
    by_observation[row[here]] = residual[here]
    suspicion = np.full(len(rows), np.nan)
    if told is not None:
        held = np.full(len(record.points) + 1, np.nan)
        held[row[here]] = np.where(told[here] > 1e36, np.nan, told[here])
        suspicion = held[observation[rows]]
    residuals = by_observation[observation[rows]]
    return SliceResult(
        values,
        np.full(values.shape, np.nan, np.float32) if error is None else error,
        rows,
        residuals,
        np.isfinite(residuals),
        suspicion,
        dict(record.notes[k]),
        background,
    )
