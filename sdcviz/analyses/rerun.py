"""Analyse the surroundings of some observations again, as the recipe of a product says.

The part of the grid around them is analysed twice: with the observations of the product, and
with those of now. The difference of both is added to the product. So what observations farther
away tell, and the edge of the part, cancel out: nothing changed gives the very numbers of the
product, and what is far from a change keeps them. Weights of observations and the background
are those of the whole; how far a mean profile moved is told, and not applied farther away.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import BadRequest
from ..settings import get_settings
from .again import prepare_rerun
from .boxes import Box, cut_problem
from .budget import memory_budget, within_memory
from .crew import Tell, analyse_missing, in_workers, output, processors, progress
from .parts import parts_of
from .pool import Done

__all__ = ["prepare_rerun", "rerun"]


def rerun(
    product: Path | str,
    out: Path | str,
    *,
    box: Box | None = None,
    merge: bool = False,
    collection: Any = None,
    tell: Tell | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
) -> dict[str, Any]:
    """Analyse the surroundings of changed observations again, and write a product.

    Parameters
    ----------
    product : path-like
        Product of ``sdcviz divand``; its recipe is in it.
    out : path-like
        Product to write; not `product` itself.
    box : tuple of float, optional
        West, south, east, north: changes inside are taken over; all of them by default.
    merge : bool
        Write the whole product, with what changed in it; else the box and the times that
        changed, alone.
    collection : Collection or path-like, optional
        By default that of the recipe.
    tell, workers, scheduler
        See `run`.

    Returns
    -------
    dict
        As of `run`, with ``changed`` (sentence), ``box``, ``left`` (changes outside), and
        ``shift`` and ``shifted``: how far the mean profile moved, in numbers and as a sentence.

    Raises
    ------
    BadRequest
        Nothing changed, the box is no part of the product, or its grid or times would not be
        the same.
    NotFound, StorageError
        See `run`.
    """
    from .rerun_product import write_again

    begun = time.monotonic()
    out = output(out)
    say = tell or (lambda event: None)
    say(progress(0, 0, "What changed"))
    again = prepare_rerun(product, box, collection)
    if out == again.record.path:
        raise BadRequest(f"{out} is the product itself; name a new file.")
    plan = again.plan
    for sentence in plan.warnings:
        say({"event": "warning", "text": sentence})
    recipe = plan.recipe
    wanted = workers or recipe.run.workers or processors()
    part, workers = within_memory(
        cut_problem(plan.problem, again.window), wanted, memory_budget(recipe.run.memory)
    )
    settled = replace(plan.problem, solver=part.solver, chunk=part.chunk, memory=part.memory)
    again = replace(
        again, plan=replace(plan, problem=settled), before=replace(again.before, problem=settled)
    )
    address = scheduler or recipe.run.scheduler or get_settings().scheduler
    # What is analysed is all that the run keeps: each time twice.
    times = tuple(plan.slices[k] for k in again.numbers)
    earlier = tuple(replace(one, label=f"{one.label}, as before") for one in times)
    chosen = replace(again.plan, slices=times + earlier)

    def results(missing: list[int]) -> Iterator[Done]:
        return in_workers(list(again.tasks(missing)), workers, address)

    with parts_of(out, again.key, plan.state) as parts:
        analyse_missing(chosen, parts, say, results)
        n = len(chosen.slices)
        say(progress(n, n, "Writing the product"))
        report = write_again(again, parts, out, merge)
        parts.remove()
    report["seconds"] = round(time.monotonic() - begun, 1)
    say({"event": "result", **report})
    return report
