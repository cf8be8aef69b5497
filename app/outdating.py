"""Whether products are out of date, as pages ask it: compared once, kept for all visitors."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sdcviz.errors import BadRequest, NotFound, UnreadableFile
from sdcviz.settings import get_settings

from . import library

if TYPE_CHECKING:
    from sdcviz.analyses.outdated import Outdated, Watch
    from sdcviz.observations import Collection

__all__ = ["compared", "running", "submit_again", "workers_of"]

_watches = library.Shared(4)


def compared(path: str, folder: str) -> Outdated | None:
    """Compare a product with the open collection, as its common flags are now.

    Takes a second or two the first time, then a tenth; for a thread.

    Parameters
    ----------
    path : str
        The product.
    folder : str
        The open collection.

    Returns
    -------
    Outdated or None
        None where the product is none of ours, or of another collection.
    """
    file = Path(path)
    if "://" in path or "\n" in path or not file.is_file():
        return None
    data = library.open_shared(folder)
    stamp = file.stat()
    key = (path, stamp.st_mtime_ns, stamp.st_size, data.id, data.snapshot)
    watch: Watch | None = _watches.get(key, lambda: _watch(file, folder, data))
    if watch is None:
        return None
    return watch.compare()


def _watch(file: Path, folder: str, data: Collection) -> Watch | None:
    from sdcviz.analyses.outdated import Watch
    from sdcviz.analyses.record import read_record

    try:
        record = read_record(file)
        if not record.state.get("collection_id"):
            # Products of older versions name the folder alone.
            given = record.recipe.collection
            if given is None or Path(given).resolve() != Path(folder).resolve():
                return None
        return Watch(record, data)
    except (BadRequest, NotFound, UnreadableFile):
        return None


def running(jobs: tuple[Any, ...], path: str) -> Any:
    """Return the newest job that analyses parts of a product again, or None."""
    for job in jobs:
        words = list(job.spec.arguments)
        if "--rerun" in words[:-1] and words[words.index("--rerun") + 1] == path:
            return job
    return None


def workers_of(found: Outdated) -> int:
    """Return how many processes analyse again: each time twice, as before and as now."""
    wanted = found.record.recipe.run.workers or os.cpu_count() or 1
    return max(1, min(wanted, 2 * len(found.slices)))


def submit_again(
    path: str,
    folder: str,
    title: str,
    owner: str,
    link: str,
    bathymetry: str | None,
    workers: int = 1,
) -> str:
    """Have the surroundings of what changed analysed again; return the identity of the job.

    Parameters
    ----------
    path : str
        The product.
    folder : str
        Its collection.
    title, owner, link : str
        Of the job.
    bathymetry : str or None
        File that the recipe names.
    workers : int
        Processes; see `workers_of`.
    """
    import re
    import uuid

    from sdcviz import jobs
    from sdcviz.jobs.model import Limits

    id = uuid.uuid4().hex
    out_folder = get_settings().products_dir
    out_folder.mkdir(parents=True, exist_ok=True)
    stem = re.sub(r"(_again)?(_[0-9a-f]{8})?$", "", Path(path).stem)
    out = out_folder / f"{stem}_again_{id[:8]}.nc"
    reads = [Path(path), Path(folder)] + ([Path(bathymetry)] if bathymetry else [])
    words = ["divand", "--rerun", path, "--merge", "--out", str(out), "--collection", folder]
    job = jobs.submit(
        [*words, "--workers", str(workers)],
        title=f"{title}, analysed again",
        limits=Limits(cpu=workers),
        owner=owner,
        reads=tuple(reads),
        writes=(out_folder,),
        id=id,
        notify={"link": link},
    )
    return job.id
