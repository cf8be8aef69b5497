"""What the buttons of a card do, wherever it stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sdcviz.errors import SdcvizError

from ... import downloads
from ... import jobs as following
from ..background import background
from .view import product_of

__all__ = ["ACTIONS", "act", "capabilities", "offer"]

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


def capabilities(engine: str) -> frozenset[str] | None:
    """Return what an engine can; None where it is not known (any more)."""
    from sdcviz import jobs

    found = jobs.engines().get(engine)
    return None if found is None else found.capabilities
