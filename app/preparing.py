"""The copies of a product are made beside the page: once, whoever looks at it.

Small ones by a thread of the server, which is done before a process would have begun. Others by a
job of the queue, ``sdcviz prepare``: it shows its progress to every visitor, can be cancelled, and
goes on after the server was stopped. The job is named after the copies that it makes, so that
pages, servers and restarts find the same one.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sdcviz.errors import NotFound, SdcvizError, StorageError
from sdcviz.settings import get_settings
from sdcviz.storage import storage_errors
from sdcviz.workspaces.tokens import local_user

from . import shelf
from .library import Shared

if TYPE_CHECKING:
    from sdcviz.jobs import Job
    from sdcviz.products import Product
    from sdcviz.products.copies import Plan

__all__ = ["BY_ITSELF", "KIND", "begin", "by_itself", "family", "newest"]

KIND = "prepare"
IN_SERVER = 100_000_000
"""Bytes of copies that a thread of the server makes: a second or less, before a job has begun."""
BY_ITSELF = 4_000_000_000
"""Bytes of copies that are made without asking, where the disk has ten times as much."""
_AXES = ("lon", "lat", "depth", "time")
_DIGITS = 8
"""First digits of a job's identity, by which people name it; the others are those of the copies."""

_makers = Shared(200)


def by_itself(product: Product) -> bool:
    """Whether the copies of a product are made without asking."""
    from sdcviz.products import plan

    if getattr(product.source, "remote", False):
        return False  # it would fetch all of it
    wanted = plan(product)
    return wanted.bytes <= BY_ITSELF and 10 * wanted.missing <= wanted.free


def family(product: Product) -> str:
    """Return the digits that all jobs which make the copies of a product end in."""
    from sdcviz.products import plan

    folder = str(plan(product).folder.absolute())
    return hashlib.sha256(folder.encode()).hexdigest()[: 32 - _DIGITS]


def newest(jobs: Iterable[Job], digits: str) -> Job | None:
    """Return the newest job of a family, of jobs that are listed the newest first."""
    of = (job for job in jobs if job.spec.kind == KIND and job.id[_DIGITS:] == digits)
    return next(of, None)


def begin(item: shelf.Item, product: Product, asked: bool = True) -> Job | None:
    """Have the copies of a product made, unless that is going on; for a thread.

    Parameters
    ----------
    item : shelf.Item
    product : Product
    asked : bool
        Whether a visitor asks for it; what was cancelled or failed is begun again only then.

    Returns
    -------
    Job or None
        The job that makes them, or that did not; None where they are there.

    Raises
    ------
    SdcvizError
        They can't be made, or no job can be submitted.
    """
    from sdcviz.products import plan

    if product.look_for_copies():
        return None
    wanted, digits = plan(product), family(product)
    if not wanted.fits:
        raise StorageError(f"{product.name} can't be prepared: {wanted.too_small()}")
    if wanted.bytes <= IN_SERVER and not item.remote:
        _makers.get(digits, _Maker).make(item, product, asked)
        return None
    number, last = 0, None
    while (found := _get(_identity(digits, number))) is not None:
        last, number = found, number + 1
        if not found.is_over:
            return found
    if last is not None and not asked and str(last.state) != "done":
        return last
    # Two who ask at once submit the same identity, which is one job.
    return _submit(item, wanted, _identity(digits, number))


class _Maker:
    """Makes the copies of one small product; who comes meanwhile waits for them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._error: SdcvizError | None = None

    def make(self, item: shelf.Item, product: Product, asked: bool) -> None:
        from sdcviz.products import open_product

        with self._lock:
            if self._error is not None and not asked:
                raise self._error
            if product.look_for_copies():
                return
            paths: Any = item.paths
            try:
                # A product of its own: the shared one is being read.
                mine = open_product(paths[0] if len(paths) == 1 else paths, item.roles or None)
                mine.prepare()
                mine.close()
                self._error = None
            except SdcvizError as error:
                self._error = error
                raise
        product.look_for_copies()


def _identity(digits: str, number: int) -> str:
    first = hashlib.sha256(f"{digits} {number}".encode()).hexdigest()[:_DIGITS]
    return first + digits


def _get(id: str) -> Job | None:
    from sdcviz import jobs

    try:
        return jobs.get(id)
    except NotFound:
        return None


def _submit(item: shelf.Item, wanted: Plan, id: str) -> Job:
    from sdcviz import jobs

    words = [KIND, "--json", "--progress=none"]
    words += [f"--role={k}={v}" for k, v in item.roles.items() if k in _AXES]
    words += [f"--variable={name}" for name in wanted.variables]
    folder = wanted.folder.parent
    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return jobs.submit(
        [*words, "--", *item.paths],
        title=f"Copies of {item.name}",
        owner=local_user(),
        reads=() if item.remote else tuple(item.paths),
        writes=(folder,),
        network=item.remote,
        # Also in a container the copies belong where this server looks for them.
        env={"SDCVIZ_DATA_DIR": str(get_settings().data_dir.absolute())},
        id=id,
        notify={"notice": False, "mail": False, "webhook": False},
    )
