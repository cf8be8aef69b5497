"""Time slices on other machines, by a dask scheduler."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from ..errors import BadRequest, SdcvizError
from .model import SliceResult
from .pool import Done
from .problem import SliceTask
from .slices import analyse_slice

__all__ = ["on_cluster"]

_PATIENCE = 20  # seconds for the scheduler to answer


def on_cluster(tasks: Sequence[SliceTask], address: str) -> Iterator[Done]:
    """Analyse time slices on the workers of a dask scheduler.

    Every slice is a task of its own that needs nothing but sdcviz on the worker: neither the
    collection nor a shared disk. A slice whose worker dies is computed by another one.

    Parameters
    ----------
    tasks : sequence of SliceTask
    address : str
        Of the scheduler: ``tcp://host:8786``.

    Yields
    ------
    Done
        As they come.

    Raises
    ------
    BadRequest
        There is no scheduler, no package ``distributed``, or a slice can't be analysed.
    """
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise BadRequest(
            "A dask scheduler needs the package distributed: pip install 'sdcviz[dask]'."
        ) from None
    try:
        client = Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise BadRequest(
            f"No dask scheduler answers at {address} ({type(error).__name__}); start one with "
            "'dask scheduler', or leave the scheduler out."
        ) from error
    with client:
        futures = {client.submit(_timed, task, pure=False): task for task in tasks}
        try:
            for future in as_completed(futures, loop=client.loop):
                task = futures[future]
                try:
                    result, seconds = future.result()
                except SdcvizError as error:
                    raise BadRequest(f"{task.label}: {error}") from error
                except MemoryError as error:
                    raise BadRequest(
                        f"{task.label}: its worker has not enough memory; take a coarser grid or "
                        "fewer levels. Finished slices are kept."
                    ) from error
                # The scheduler need not keep what has come.
                del futures[future]
                yield Done(task.number, result, seconds)
        finally:
            client.cancel(list(futures))


def _timed(task: SliceTask) -> tuple[SliceResult, float]:
    begun = time.process_time()
    return analyse_slice(task), time.process_time() - begun
