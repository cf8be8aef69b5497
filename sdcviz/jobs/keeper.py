"""Keeps the jobs of all engines: starts them, follows them, and brings wishes about."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping

from ..settings import Settings, get_settings
from .desk import Desk
from .engine import Engine
from .model import Job
from .presence import is_kept, leave_keeper
from .store import Store

__all__ = ["Keeper"]

log = logging.getLogger(__name__)


class Keeper:
    """One of possibly several that keep the jobs of a database; leases say whose turn it is.

    Parameters
    ----------
    store : Store, optional
    engines : mapping of Engine, optional
        By name; by default those that the settings offer.
    settings : Settings, optional
    on_end : callable, optional
        Gets each job that has ended, in a thread of its own; may fail.
    yields : bool
        Whether it gives way to another keeper, and starts only what was asked to go on.
    lost_after : float
        Seconds without a sign of life after which a job that its engine does not see is lost.
    """

    def __init__(
        self,
        store: Store | None = None,
        engines: Mapping[str, Engine] | None = None,
        settings: Settings | None = None,
        *,
        on_end: Callable[[Job], None] | None = None,
        yields: bool = False,
        lost_after: float = 60.0,
    ) -> None:
        from .offered import engines as offered

        self.settings = settings or get_settings()
        self.store = store or Store()
        found = engines if engines is not None else offered()
        self.desks = [
            Desk(self.store, engine, self.settings, on_end, yields, lost_after)
            for engine in found.values()
        ]
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def tick(self) -> None:
        """Do once, for each engine, what is to do."""
        for desk in self.desks:
            desk.tick(force=True)

    def start(self) -> None:
        """Keep them in threads, one for each engine, until `stop`."""
        for desk in self.desks:
            desk.listen()
        for desk in self.desks:
            thread = threading.Thread(
                target=desk.run,
                args=(self._stopping,),
                name=f"jobs-{desk.engine.name}",
                daemon=True,
            )
            thread.start()
            self._threads.append(thread)

    def wake(self) -> None:
        """Look at once: something was submitted or wished for."""
        for desk in self.desks:
            desk.wake()

    def stop(self, leave: bool = False) -> None:
        """End; unless `leave`, running jobs rest, or are cancelled, as the settings say.

        What was asked to go on does so, and a keeper for it is left in the background.
        """
        self._stopping.set()
        self.wake()
        for thread in self._threads:
            thread.join()
        self._threads.clear()
        for desk in self.desks:
            desk.close(leave)
        if not leave and not self.is_idle() and not is_kept(self.store.url):
            leave_keeper()

    def was_replaced(self) -> bool:
        """Whether another keeper has taken all of it over."""
        return all(desk.lease.was_mine and not desk.lease.is_mine for desk in self.desks)

    def is_idle(self) -> bool:
        """Whether nothing is left to do, also for others: no job waits or runs."""
        return all(desk.is_idle() for desk in self.desks)
