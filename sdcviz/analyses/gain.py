"""What made a value of a product: the weight of each observation, by the analysis' own matrix.

The row of the gain for the place (`sdcviz.divand.gain_row`) is solved with the mask, the lengths,
the currents and the errors of the analysis itself. Coasts, levels and lengths that vary count as
they did. Where the grid is large, a part of it around the place is taken: what is farther than
some lengths weighs next to nothing.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .. import divand
from ..errors import BadRequest
from .background import at_places
from .border import sentences
from .boxes import cut_task, widen, window_of
from .chunks import Chunk, chunk_task, chunks_of
from .margin import widened
from .problem import Problem, SliceTask
from .record import Record
from .remade import prepared_slice
from .slices import Prepared
from .systems import norm_of, system_of

__all__ = ["MOST", "Gain", "gain_at"]

Array = NDArray[np.float64]

MOST = 40_000
"""Points of a grid that is solved as a whole: a second or less."""
REACH = (5.0, 4.0, 3.0)
"""Lengths around the place that a part of a larger grid holds: the first that is small enough."""


@dataclass(frozen=True)
class Gain:
    """The weights behind one value.

    Attributes
    ----------
    rows : ndarray of int64, shape (k,)
        Observations that count, by their place among those of the time.
    weight : ndarray, shape (k,)
        What the value changes by where one is changed by one unit; of transformed values in a
        recipe with a transformation.
    anomaly : ndarray, shape (k,)
        Their values without the background.
    background : float
        At the place.
    value : float
        The background plus weights times anomalies: what the product should hold.
    part : str
        Which part of the grid was solved, in words; empty: all of it.
    transformed : str
        Name of the transformation of the recipe; empty without one.
    """

    rows: NDArray[np.int64]
    weight: Array
    anomaly: Array
    background: float
    value: float
    part: str
    transformed: str


def gain_at(
    record: Record,
    number: int,
    lon: float,
    lat: float,
    level: int = 0,
    *,
    ready: Prepared | None = None,
    most: int = MOST,
) -> Gain:
    """Weigh the observations behind a value of a product.

    Parameters
    ----------
    record : Record
        Of a product of ``sdcviz divand``.
    number : int
        Time, from 0.
    lon, lat : float
        A place in the grid; between grid points the field is interpolated over the sea.
    level : int
        From 0.
    ready : Prepared, optional
        What `prepared_slice` gives; it is the same for all places.
    most : int
        Grid points that are solved at once.

    Returns
    -------
    Gain

    Raises
    ------
    BadRequest
        The place is on land or outside of the grid, or the analysis can't be repeated.
    """
    ready = prepared_slice(record, number) if ready is None else ready
    with warnings.catch_warnings(), sentences():
        warnings.simplefilter("ignore", divand.DivandWarning)
        return _gain(record, ready, (lon, lat), level, most)


def _gain(
    record: Record, ready: Prepared, place: tuple[float, float], level: int, most: int
) -> Gain:
    whole = ready.task.problem
    lon, lat = _on_axes(whole, *place)
    task, rows, field, part = _part(ready, lon, lat, level, most)
    norm = norm_of(task.problem)
    anomaly = ready.anomaly[rows]
    index = divand.fractional_indices(norm, task.places)
    assert task.errors is not None
    observations = divand.Observations(norm, index, task.errors, np.isfinite(anomaly))
    here = ([lon], [lat], whole.depth[level : level + 1])[: whole.mask.ndim]
    row = divand.Observations(norm, divand.fractional_indices(norm, here), 1.0)
    if not row.count:
        raise BadRequest(f"{record.path.name} has no value there: it is land, or below the bottom.")
    weight = divand.gain_row(system_of(task.problem, norm, observations), row.operator.toarray()[0])
    used = observations.used
    background = float(_at_place(task.problem, field, lon, lat, whole, level))
    made = background + float(weight @ anomaly[used])
    low, high = whole.low, whole.high
    back = whole.transform.backward
    method = whole.transform.method
    return Gain(
        rows[used],
        weight,
        anomaly[used],
        float(back(np.array(background))),
        float(np.clip(back(np.array(made)), low, high)),
        part,
        "" if method == "none" else method,
    )


def _on_axes(problem: Problem, lon: float, lat: float) -> tuple[float, float]:
    """Bring a place to the turn of the grid, and onto it where it is half a cell beside it."""
    axis = problem.lon
    middle = (axis[0] + axis[-1]) / 2
    lon = middle + np.mod(lon - middle + 180, 360) - 180
    if not problem.moddim[0]:
        lon = np.clip(lon, axis[0], axis[-1])
    return float(lon), float(np.clip(lat, problem.lat[0], problem.lat[-1]))


def _part(
    ready: Prepared, lon: float, lat: float, level: int, most: int
) -> tuple[SliceTask, NDArray[np.int64], Array, str]:
    """Cut out what is solved: all of it, or some lengths around the place.

    Returns
    -------
    task, rows, field, words
        Rows of the task's observations among all; the background on the part.
    """
    task, field = ready.task, ready.field
    rows, problem = np.arange(len(task.value)), task.problem
    if problem.chunk:
        chunk = next(c for c in chunks_of(problem) if c.kept.start <= level < c.kept.stop)
        task, rows, field = _levels(task, rows, field, chunk)
    if np.count_nonzero(task.problem.mask) <= most:
        return task, rows, field, ""
    for reach in REACH:
        near = _around(problem, level, reach)
        far = reach * float(problem.horizontal[near.levels].max())
        window = window_of(problem, widen((lon, lat, lon, lat), far))
        cut, mine, inner = cut_task(replace(task, window=window), field)
        if problem.mask.ndim > 2 and not problem.chunk:
            cut, mine, inner = _levels(cut, mine, inner, near)
        if np.count_nonzero(cut.problem.mask) <= most:
            break
    assert task.errors is not None
    scale = _coefficient(cut.problem) / _coefficient(task.problem)
    cut = replace(cut, errors=task.errors[mine] * scale)
    return cut, rows[mine], inner, f"{reach:g} lengths around"


def _coefficient(problem: Problem) -> float:
    """Give what the norm is divided by, but for a factor that parts of a grid share.

    The norm of a part is that of the whole where errors of observations are scaled by it.
    """
    means = [float(np.mean(widened(problem, length))) for length in problem.lengths]
    return float(np.prod([mean for mean in means if mean > 0]))


def _around(problem: Problem, level: int, reach: float) -> Chunk:
    """Give the levels within some vertical lengths of one, as long as they are on the way."""
    if problem.mask.ndim < 3:
        return Chunk(slice(0, 1), slice(0, 1), slice(0, 1))
    n = len(problem.depth)
    steps = 2 * np.diff(problem.depth) / np.maximum(problem.vertical[1:] + problem.vertical[:-1], 1)
    away = np.abs(np.cumsum([0.0, *steps]) - np.sum(steps[:level]))
    near = np.flatnonzero(away <= reach)
    low, high = min(near[0], max(level - 2, 0)), max(near[-1] + 1, min(level + 3, n))
    levels = slice(int(low), int(high))
    return Chunk(
        levels, slice(level - levels.start, level - levels.start + 1), slice(level, level + 1)
    )


def _levels(
    task: SliceTask, rows: NDArray[np.int64], field: Array, chunk: Chunk
) -> tuple[SliceTask, NDArray[np.int64], Array]:
    cut, mine = chunk_task(task, chunk)
    inner = field if field.ndim == 0 else field[..., chunk.levels]
    return cut, rows[mine], inner


def _at_place(
    problem: Problem, field: Array, lon: float, lat: float, whole: Problem, level: int
) -> float:
    """Give the background at the place, as the field is interpolated there."""
    if field.ndim == 0:
        return float(field)
    if field.ndim == 1:
        return float(field[int(np.argmin(abs(problem.depth - whole.depth[level])))])
    here = ([lon], [lat], whole.depth[level : level + 1])[: field.ndim]
    return float(at_places(field, problem.xi, tuple(np.asarray(a, float) for a in here))[0])
