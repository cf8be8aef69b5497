"""A time slice of a product as it was when it was analysed: grid, lengths, errors, background."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np

from .. import divand
from ..errors import BadRequest
from .border import sentences
from .grid import make_grid
from .problem import Problem, SliceTask
from .recipe import Recipe
from .record import Record
from .settling import make_problem
from .slices import Prepared, prepare
from .solving import with_errors

__all__ = ["prepared_slice", "problem_of", "recipe_as_run"]

_DAY = 86_400_000  # milliseconds


def recipe_as_run(record: Record) -> Recipe:
    """Give the recipe of a product with the lengths that were found, where it left them to a fit.

    Parameters
    ----------
    record : Record
    """
    given = {
        name: tuple(record.lengths(name).tolist())
        for name in ("horizontal", "vertical")
        if isinstance(getattr(record.recipe.lengths, name), str)
    }
    lengths = record.recipe.lengths.model_copy(update=given)
    return record.recipe.model_copy(update={"lengths": lengths})


def problem_of(record: Record) -> Problem:
    """Make what all slices of a product had in common, on the grid and mask that it holds.

    Parameters
    ----------
    record : Record

    Returns
    -------
    Problem

    Raises
    ------
    BadRequest
        Lengths follow the sea floor, or the field currents, and their files give another grid.
    UnreadableFile, NotFound
        They are gone.
    """
    recipe = recipe_as_run(record)
    deep = len(record.depth) > 1
    mask = record.mask if deep else record.mask[:, :, 0]
    if recipe.lengths.slopes is None:
        depth = record.depth if deep else None
        with sentences():
            domain = divand.make_domain(record.lon, record.lat, depth, mask=mask)
    else:
        domain = make_grid(recipe)
        if domain.mask.shape != mask.shape:
            raise BadRequest(f"The recipe of {record.path.name} gives another grid now.")
        domain = domain.with_mask(mask)
    problem = make_problem(recipe, domain)
    if len(problem.depth) != len(record.depth):
        raise BadRequest(f"The recipe of {record.path.name} has other levels than its field.")
    # The weights alone are asked for: neither the error nor what quality control takes.
    return replace(problem, error="none", suspects="none")


def prepared_slice(record: Record, number: int) -> Prepared:
    """Weigh the observations of a time slice and take the background away, as the analysis did.

    Parameters
    ----------
    record : Record
    number : int
        Of the time, from 0.

    Returns
    -------
    Prepared
        Its rows are those of the observations of the product, in the order of its residuals.
        Others on land or beyond the grid, which the product does not hold, are missing among those
        that share their weight.
    """
    with warnings.catch_warnings():
        # They were told when the product was made.
        warnings.simplefilter("ignore", divand.DivandWarning)
        problem = problem_of(record)
    told = float(record.notes[number].get("epsilon2", problem.epsilon2))
    if problem.desroziers and not problem.chunk:
        problem = replace(problem, epsilon2=told, desroziers=0)
    of_residual, of_slice, _ = record.residuals
    rows = of_residual[of_slice == number]
    points = record.points
    lon, lat, depth, value = (getattr(points, n)[rows] for n in ("lon", "lat", "depth", "value"))
    day = points.time[rows].astype(np.int64) / _DAY
    label = record.labels[number]
    task = SliceTask(
        problem, number, label, rows, lon, lat, depth, value, day, _field(record, number, problem)
    )
    with sentences():
        return prepare(with_errors(task))


def _field(record: Record, number: int, problem: Problem) -> np.ndarray | None:
    """Give the product that was the background."""
    background = record.recipe.background
    if background.method != "product" or background.file is None:
        return None
    from .periods import time_slices
    from .product_background import ProductBackground

    years = record.points.time.astype("datetime64[Y]").astype(int) + 1970
    times = time_slices(record.recipe.time, (int(years.min()), int(years.max())))
    label = record.labels[number]
    one = next((t for t in times if t.label == label), None)
    if one is None:
        raise BadRequest(f"The recipe of {record.path.name} gives other times now.")
    read = ProductBackground(
        background.file, background.variable or "", record.recipe.parameter, problem
    )
    return read(one)
