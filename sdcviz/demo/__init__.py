"""A synthetic collection to try everything out: nothing in it was measured.

Ships sail the Mediterranean and the Black Sea for 30 years, about 20 cruises
a year. Values are invented but physically consistent, and errors are planted
for quality control to find; ``planted_errors.csv`` in the collection lists
them. The same seed gives the same data.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..formats.model import Batch
    from .planted import Error

__all__ = ["ERRORS_FILE", "make_demo", "synthetic_files"]

ERRORS_FILE = "planted_errors.csv"
NAME = "Synthetic demo: Mediterranean and Black Sea"
SECOND_COPIES = "synthetic_second_copies"
_VERSION = 2  # part of the identity of the stations: raise it when the data change

Progress = Callable[[int, int, str], None]


def make_demo(
    out: Path | None = None,
    stations: int = 20_000,
    progress: Progress | None = None,
    seed: int = 2026,
) -> Path:
    """Make the synthetic collection, unless it is there already.

    Parameters
    ----------
    out : Path, optional
        Folder of the collection; by default in the data folder of the settings.
    stations : int
        Stations without the planted duplicates.
    progress : callable, optional
        Called as ``progress(done, total, text)``, counting stations.
    seed : int
        Another seed gives another sea.

    Returns
    -------
    Path
        Folder of the collection.

    Raises
    ------
    BadRequest
        Fewer than one station is asked for.
    CollectionError
        The folder holds something else.
    """
    from ..errors import BadRequest
    from ..observations import build_collection
    from .planted import write_errors

    if stations < 1:
        raise BadRequest(f"A demo of {stations} stations is none; ask for at least 1.")
    if out is None:
        from ..settings import get_settings

        out = get_settings().data_dir / f"demo_{stations}"
    if (out / ERRORS_FILE).is_file():
        return out
    errors: list[Error] = []
    files = synthetic_files(stations, seed, errors, progress)
    # A build that was broken off between the two steps is done again from the start.
    build_collection(files, out, name=NAME, append=False)
    write_errors(out / ERRORS_FILE, errors)
    return out


def synthetic_files(
    stations: int, seed: int, errors: list[Error], progress: Progress | None = None
) -> Iterator[tuple[str, str, Iterator[Batch]]]:
    """Give name, hash and batches of each synthetic file: one a year, and the duplicates.

    Parameters
    ----------
    stations, seed, progress
        As in `make_demo`.
    errors : list of Error
        Filled as the batches are consumed, in their order.

    Yields
    ------
    name, sha256, batches
        As `sdcviz.observations.build_collection` takes them.
    """
    import numpy as np

    from .cruises import Fleet, copies, year_batch
    from .planted import Plan

    fleet = Fleet.plan(stations, np.random.default_rng([seed, 0]))
    cruise_of = np.repeat(np.arange(len(fleet.size)), fleet.size)
    plan = Plan.make(fleet.gear[cruise_of] != 2, cruise_of, np.random.default_rng([seed, 1]))
    kept: list[tuple[Batch, int, Error]] = []
    done = 0

    def one_year(year: int, sha256: str) -> Iterator[Batch]:
        nonlocal done
        batch, copied = year_batch(fleet, year, plan, seed, sha256[:16], errors)
        kept.extend(copied)
        done += len(batch.stations)
        if progress:
            progress(done, stations, f"Cruises of {year}")
        yield batch

    for year in np.unique(fleet.year).tolist():
        sha256 = _hash(seed, stations, year)
        yield f"synthetic_{year}", sha256, one_year(year, sha256)
    if kept:
        sha256 = _hash(seed, stations, "copies")
        yield SECOND_COPIES, sha256, iter([copies(kept, sha256[:16], errors)])


def _hash(*what: object) -> str:
    return hashlib.sha256(f"sdcviz demo {_VERSION} {what}".encode()).hexdigest()
