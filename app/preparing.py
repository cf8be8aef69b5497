"""The copies of a product are made beside the page: once, whoever looks at it.

Small ones by a thread of the server, which takes less than the start of a process; others by
``sdcviz prepare`` in a process of its own, which a damaged file or a lack of memory can't turn
against the visitors. Broken off, by whatever, it goes on where it was when it is asked for again.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sdcviz.errors import SdcvizError

from . import shelf
from .processes import CommandJob, Outcome

if TYPE_CHECKING:
    from sdcviz.products import Product

__all__ = ["BY_ITSELF", "Preparation", "ask", "begin", "by_itself"]

IN_SERVER = 24_000_000
"""Bytes of copies that a thread of the server makes."""
BY_ITSELF = 500_000_000
"""Bytes of copies that are made without asking, where the disk has ten times as much."""
_AXES = ("lon", "lat", "depth", "time")


@dataclass
class Preparation:
    """Copies that are being made.

    Attributes
    ----------
    job : CommandJob or None
        The process; None where a thread does it.
    outcome : Outcome or None
        How it ended; None while it runs.
    """

    job: CommandJob | None = None
    outcome: Outcome | None = None

    @property
    def share(self) -> float:
        """How much is done, 0 to 1."""
        job = self.job
        return job.done / job.total if job is not None and job.total else 0.0

    def cancel(self) -> None:
        """Stop it; what is made so far is kept for the next time."""
        if self.job is not None and self.outcome is None:
            self.job.cancel()


_lock = threading.Lock()
_known: dict[tuple[str, str, str], Preparation] = {}


def by_itself(product: Product) -> bool:
    """Whether the copies of a product are made without asking."""
    from sdcviz.products import plan

    if getattr(product.source, "remote", False):
        return False  # it would fetch all of it
    wanted = plan(product)
    return wanted.bytes <= BY_ITSELF and 10 * wanted.missing <= wanted.free


def ask(item: shelf.Item) -> Preparation | None:
    """Return the preparation of a product that runs, or the last one that did."""
    return _known.get(shelf.key(item))


def begin(item: shelf.Item, product: Product) -> Preparation:
    """Begin to prepare a product of the shelf, unless that is going on."""
    from sdcviz.products import plan

    key, wanted = shelf.key(item), plan(product)
    with _lock:
        there = _known.get(key)
        if there is not None and there.outcome is None:
            return there
        made = _known[key] = Preparation()
    if wanted.bytes <= IN_SERVER and not item.remote:
        threading.Thread(target=_in_thread, args=(made, item), daemon=True).start()
        return made
    words = ["prepare", "--json", "--progress", "json"]
    words += [f"--role={k}={v}" for k, v in item.roles.items() if k in _AXES]
    words += [f"--variable={name}" for name in wanted.variables]
    made.job = CommandJob("preparation", [*words, "--", *item.paths])
    try:
        made.job.start(lambda outcome: setattr(made, "outcome", outcome))
    except OSError as error:
        made.outcome = Outcome(error=f"The preparation can't be started ({error.strerror}).")
    return made


def _in_thread(made: Preparation, item: shelf.Item) -> None:
    from sdcviz.products import open_product

    outcome = Outcome(error="The preparation ended without a word.")
    try:
        paths: Any = item.paths
        # A product of its own: the shared one is being read.
        product = open_product(paths[0] if len(paths) == 1 else paths, item.roles or None)
        product.prepare()
        product.close()
        outcome = Outcome()
    except SdcvizError as error:
        outcome = Outcome(error=str(error))
    finally:
        made.outcome = outcome
