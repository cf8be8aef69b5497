"""The gridded climatology in the plots of the Quality tab: made ready beside the page."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import panel as pn

from sdcviz.errors import SdcvizError
from sdcviz.qc.climatology import HOW, Named, climate_at, named_climatologies

from ...processes import CommandJob, Outcome
from ..background import background

if TYPE_CHECKING:
    from sdcviz.observations import Collection

__all__ = ["Climates"]

log = logging.getLogger(__name__)

_ended: dict[str, str] = {}
"""Files that were to be made once, and what went wrong with them."""
_waiting: dict[tuple[str, ...], list[Callable[[], None]]] = {}
"""Whom to tell when a process that makes some ready has ended."""


class Climates:
    """What the named climatologies say at the stations of the open collection.

    Reading a station takes no time: a process of its own interpolates the gridded files
    to all stations once, and what it made is mapped.

    Parameters
    ----------
    changed : callable
        Called when there is something else to show.

    Attributes
    ----------
    told : str
        Sentence where there is none to show: how to name one, or what is wrong.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._data: Collection | None = None
        self._kept: dict[str, tuple[str, Path]] = {}
        self.told = ""

    def open(self, data: Collection | None) -> None:
        """Look for the climatologies of a collection; begin to make those that are missing."""
        self._data, self._kept, self.told = data, {}, ""
        if data is not None:
            background(lambda: named_climatologies(data), lambda *found: self._take(data, *found))

    def at(self, row: int) -> dict[str, dict[str, Any]]:
        """Return what the browser draws at a station, by parameter."""
        found = {}
        for key, (name, path) in self._kept.items():
            climate = climate_at(path, row)
            if climate is not None:
                bounds = climate.reach
                known = np.isfinite(bounds)
                found[key] = {
                    "name": name, "y": climate.depth, "middle": climate.middle,
                    "limit": climate.limit if known.any() else None,
                    "by": climate.depth[known],
                    "low": (climate.middle - bounds)[known],
                    "high": (climate.middle + bounds)[known],
                }  # fmt: skip
        return found

    def _take(
        self, data: Collection, named: dict[str, Named] | None, error: Exception | None
    ) -> None:
        if data is not self._data:
            return  # another one was opened meanwhile
        if named is None:
            self.told = _sentence(error)
        else:
            kept = {n.key: (n.file.name, n.kept) for n in named.values()}
            self._kept = {key: (name, path) for key, (name, path) in kept.items() if path}
            missing = [str(n.places[0]) for n in named.values() if n.kept is None]
            if any(place not in _ended for place in missing):
                self.told = "The climatology is being read."
                self._make(data, tuple(missing))
            elif missing:
                self.told = next((_ended[place] for place in missing if _ended[place]), "")
            elif not named:
                self.told = HOW
        self._changed()

    def _make(self, data: Collection, missing: tuple[str, ...]) -> None:
        """Let a process make what is missing, one for all visitors."""
        document = pn.state.curdoc

        def look_again() -> None:
            if document is None or document.session_context is None:
                self._again(data)
            else:
                document.add_next_tick_callback(lambda: self._again(data))

        if missing in _waiting:
            _waiting[missing].append(look_again)
            return
        _waiting[missing] = [look_again]

        def end(outcome: Outcome) -> None:
            problems = [r["problem"] for r in outcome.report.get("climatologies", ())]
            problem = outcome.error or next((p for p in problems if p), "")
            _ended.update(dict.fromkeys(missing, problem))
            for tell in _waiting.pop(missing):
                tell()

        command = ["qc", "climatology", "--json", "--", str(data.path)]
        CommandJob("reading of the climatology", command).start(end)

    def _again(self, data: Collection) -> None:
        if data is self._data:
            self.open(data)


def _sentence(error: Exception | None) -> str:
    if isinstance(error, SdcvizError):
        return str(error)
    log.error("The climatologies can't be looked for", exc_info=error)
    return "The climatology can't be shown; the server's log says why."
