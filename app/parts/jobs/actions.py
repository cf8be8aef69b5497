"""What the buttons of a card do, wherever it stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sdcviz.errors import SdcvizError

from ... import downloads, shelf
from ... import jobs as following
from ...session import Session
from ..background import background
from .view import product_of

__all__ = ["ACTIONS", "act", "capabilities", "offer", "to_products"]

ACTIONS = ("pause", "resume", "hibernate", "wake", "cancel")


def act(does: str, id: str, then: Callable[[str], Any]) -> None:
    """Do something with a job, in a thread; `then` gets a sentence, empty where it was done."""
    from sdcviz import jobs

    def work() -> None:
        getattr(jobs, does)(id)

    def done(_: Any, error: Exception | None) -> None:
        following.wake()
        if error is not None and not isinstance(error, SdcvizError):
            raise error
        then(str(error) if error else "")

    background(work, done)


def offer(id: str) -> str:
    """Let the product of a job be fetched; return its address, empty where there is none."""
    from sdcviz import jobs

    path = product_of(jobs.get(id))
    return downloads.offer(path) if path is not None else ""


def to_products(id: str, session: Session) -> str:
    """Show the product of a job on the tab of products; return a sentence where it is gone."""
    from sdcviz import jobs

    path = product_of(jobs.get(id))
    if path is None:
        return "The product is no longer there."
    found = shelf.identity(str(path))
    if all(item.id != found for item in shelf.known()):
        # Of a folder that the shelf does not look through.
        found = shelf.add(str(path)).id
    session.param.update(
        product=found, field="", derived="", step=0, level=None, products_view="map",
        tab="products",
    )  # fmt: skip
    return ""


def capabilities(engine: str) -> frozenset[str] | None:
    """Return what an engine can; None where it is not known (any more)."""
    from sdcviz import jobs

    found = jobs.engines().get(engine)
    return None if found is None else found.capabilities
