"""A repair of Panel: what a visitor does is handled under the lock of the document.

While a change waits for its turn, Panel hands further events to a coroutine that
it schedules without the lock (`panel.io.server.async_execute` takes it only for
functions with a true attribute ``lock``). What such a handler writes to a Bokeh
model raises, and the click is lost half way: the filters have changed, the map and
the link have not. Quick clicks and a busy server make that common.
"""

from __future__ import annotations

from panel.reactive import Syncable

__all__ = ["mend_locks"]


def mend_locks() -> None:
    """Put the repair in place, for this process."""
    for coroutine in (Syncable._event_coroutine, Syncable._change_coroutine):
        coroutine.lock = True  # type: ignore[attr-defined]
