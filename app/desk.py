"""The operator's desk: what the parts of the Quality tab share.

The session holds what a link restores and what other tabs show; the desk holds
the work at hand: the queue, the station in view, the samples that are picked,
what the checks found, and the way to change flags.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import param

from .session import Session

if TYPE_CHECKING:
    from sdcviz.observations import Collection

__all__ = ["REASONS", "Desk"]

REASONS = (
    "spike",
    "sensor not stabilised",
    "drops to zero",
    "bottom contact",
    "wrong position",
    "wrong date",
    "unit error",
    "density inversion",
    "offset of cruise",
    "duplicate",
    "other",
)
"""Ready-made reasons of a flag; any other text may be given too."""

_NOTHING = np.empty(0, np.int64)


class Desk(param.Parameterized):
    """What an operator works on.

    Examples
    --------
    >>> desk = Desk(session=session)  # doctest: +SKIP
    >>> desk.open(12)  # doctest: +SKIP
    """

    session = param.ClassSelector(class_=Session, instantiate=False, doc="State of the visitor.")
    queue = param.Array(default=_NOTHING, doc="Rows of the stations to look at, the worst first.")
    station = param.Integer(default=-1, doc="Row of the station in view; -1: none.")
    parameter = param.String(default="", doc="Key of the parameter that is flagged.")
    picked = param.Array(default=_NOTHING, doc="Numbers of the picked samples in that station.")
    reason = param.String(default="", doc="Why the next flags are set.")
    findings = param.Parameter(default=None, doc="Findings of the last run of checks, or None.")
    saved = param.Selector(
        default="saved", objects=["saved", "saving", "waiting"], doc="State of the last change."
    )

    @property
    def data(self) -> Collection | None:
        """The open collection with the flags of the reading at hand."""
        return self.session.data

    def open(self, row: int) -> None:
        """Look at a station."""
        self.param.update(station=int(row), picked=_NOTHING)

    def step(self, by: int) -> None:
        """Go on in the queue, or back."""
        if not len(self.queue):
            return
        found = np.flatnonzero(self.queue == self.station)
        place = int(found[0]) + by if len(found) else 0
        self.open(int(self.queue[np.clip(place, 0, len(self.queue) - 1)]))

    def flag(self, code: str, samples: Any = None, key: str = "") -> None:
        """Set the flag of samples of the station in view.

        Parameters
        ----------
        code : str
            L20 code.
        samples : array_like of int, optional
            Numbers of the samples; those picked by default.
        key : str
            Parameter; the one that is flagged by default.
        """
        raise NotImplementedError
