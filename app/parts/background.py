"""Work that takes longer than a click may, beside the page."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

import panel as pn

__all__ = ["background"]

T = TypeVar("T")


def background(work: Callable[[], T], then: Callable[[T | None, Exception | None], Any]) -> None:
    """Do `work` in a thread, then call `then` with its result or its error, in the page.

    Without a browser both are called at once.

    Parameters
    ----------
    work : callable
        Must not touch widgets.
    then : callable
        ``then(result, error)``; one of them is None.
    """

    def done() -> tuple[T | None, Exception | None]:
        try:
            return work(), None
        except Exception as error:
            return None, error

    document = pn.state.curdoc
    if document is None or document.session_context is None:
        then(*done())
        return

    def run() -> None:
        result = done()
        # The visitor may have closed the page meanwhile.
        if document.session_context is not None:
            document.add_next_tick_callback(lambda: then(*result))

    threading.Thread(target=run, daemon=True).start()
