"""An analysis becomes a job: its copy of the recipe, its product, what it is expected to take."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import Any

from sdcviz.settings import get_settings

__all__ = ["submit"]


def submit(
    recipe: Any,
    title: str,
    engine: str | None,
    forecast: dict[str, Any],
    owner: str,
    link: str = "",
) -> str:
    """Submit an analysis; return the identity of the job.

    Parameters
    ----------
    recipe : Recipe
        A copy of it is kept for the job.
    title : str
        For people.
    engine : str or None
        Where it runs; None: as the settings say.
    forecast : dict
        What it will take; empty where it is not known.
    owner : str
        Who hears of its end.
    link : str
        Query of the page, so that a mail leads back to it.
    """
    from sdcviz import jobs
    from sdcviz.analyses import shelf
    from sdcviz.jobs.model import Limits, Usage

    id = uuid.uuid4().hex
    path = shelf.keep(recipe, id, "runs")
    folder = get_settings().products_dir
    folder.mkdir(parents=True, exist_ok=True)
    stem = re.sub(r"[^A-Za-z0-9]+", "_", title).strip("_").lower()[:40] or "product"
    out = folder / f"{stem}_{id[:8]}.nc"
    files = [recipe.collection, recipe.domain.bathymetry, recipe.background.file]
    reads = (path, *(Path(name) for name in files if name))
    estimate = None
    if forecast and not forecast.get("problem"):
        cpu, wall = float(forecast["cpu"]), float(forecast["wall"])
        memory = int(forecast["memory"])
        estimate = Usage(cpu=cpu, wall=wall, memory=memory, memory_time=memory * wall)
    workers = int(forecast.get("workers") or 1)
    job = jobs.submit(
        ["divand", str(path), "--out", str(out), "--workers", str(workers)],
        engine=engine,
        limits=Limits(cpu=workers),
        title=title,
        owner=owner,
        reads=reads,
        writes=(folder,),
        estimate=estimate,
        id=id,
        notify={"link": link},
    )
    return job.id
