"""A keeper as a process: ``sdcviz job keep``."""

from __future__ import annotations

import threading

from .keeper import Keeper
from .presence import is_kept, leave_keeper

__all__ = ["keep_jobs"]

_LINGER = 2.0
"""Seconds without anything to do after which a keeper ends that was left behind."""


def keep_jobs(until_idle: bool) -> None:
    """Keep jobs until Ctrl-C or SIGTERM.

    Parameters
    ----------
    until_idle : bool
        End when no job waits or runs, or another keeper takes over; jobs go on then.
    """
    keeper = Keeper(yields=until_idle)
    keeper.start()
    try:
        while not (until_idle and _is_idle_for_a_while(keeper)):
            if not until_idle:
                threading.Event().wait(3600)
    finally:
        keeper.stop(leave=until_idle)
    # Somebody may have rung just before the bell was hung up.
    if until_idle and not keeper.is_idle() and not is_kept(keeper.store.url):
        leave_keeper()


def _is_idle_for_a_while(keeper: Keeper) -> bool:
    pause = threading.Event()
    for _ in range(4):
        pause.wait(_LINGER / 4)
        if keeper.was_replaced():
            return True
        if not keeper.is_idle():
            return False
    return True
