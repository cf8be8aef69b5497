"""The operator's desk: what the parts of the Quality tab share.

The session holds what a link restores and what other tabs show; the desk holds
the work at hand: the queue, the station in view, the samples that are picked,
what the checks found, and the way to change flags.
"""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Any

import numpy as np
import param

from sdcviz.errors import SdcvizError

from .session import Session

if TYPE_CHECKING:
    from sdcviz.observations import Collection
    from sdcviz.qc.model import Edits

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
    told = param.String(default="", doc="Sentence for the operator: what went wrong last.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        session = self.session
        if not session.user:
            session.user = _operator()
        session.param.watch(lambda *_: self._restart(), ["collection", "collection_version"])
        session.param.watch(lambda _: self._follow(), "station")
        self._restart()

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

    def tell(self, sentence: str) -> None:
        """Show a sentence to the operator."""
        self.told = ""
        self.told = sentence

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
        from sdcviz.qc.model import Edits

        key = key or self.parameter
        chosen = np.asarray(self.picked if samples is None else samples, np.int64)
        if self.data is None or not key or not len(chosen):
            return
        old = self.data.flag_at(key, np.full(len(chosen), self.station), chosen)
        edits = Edits.of(key, self.station, chosen, old, code)
        self.write(edits.take(old != ord(code)), tool="table")

    def write(
        self, edits: Edits, *, tool: str = "hand", reason: str | None = None, selection: str = ""
    ) -> Any:
        """Write edits into the journal, under the name of the operator.

        Parameters
        ----------
        edits : Edits
        tool : str
            ``"hand"``, ``"table"``, ``"rule"``, ``"check"``.
        reason : str, optional
            That of the desk by default.
        selection : str
            What was chosen, in words: the text of a rule.

        Returns
        -------
        Batch or None
            None where it was not possible; the operator is told why.
        """
        from . import editing

        if not len(edits) or self.data is None:
            return None
        try:
            return editing.write(
                self.data, edits, user=self.session.user, tool=tool, selection=selection,
                reason=self.reason if reason is None else reason,
            )  # fmt: skip
        except SdcvizError as error:
            self.tell(str(error))
            return None

    def _follow(self) -> None:
        """Look at the station that another tab sent here; those of the Explore tab stay there."""
        row, data = self.session.station, self.data
        if row is None or data is None or self.session.tab != "quality":
            return
        if 0 <= row < data.n_stations:
            key = self.session.parameter
            if key in data.keys and data.parameter(key).kind == "number":
                self.parameter = key
            self.open(row)

    def _restart(self) -> None:
        """Begin with another collection, or with a newer snapshot of this one."""
        session, data = self.session, self.data
        if data is None:
            self.param.update(queue=_NOTHING, station=-1, picked=_NOTHING, findings=None)
            return
        chosen = session.selection
        if not len(chosen) and session.filtered is not None:
            chosen = session.filtered.rows
        first = session.station if session.station is not None else -1
        if not 0 <= first < data.n_stations:
            first = int(chosen[0]) if len(chosen) else -1
        keys = [p.key for p in data.parameters if p.kind == "number"]
        key = session.parameter if session.parameter in keys else (keys or [""])[0]
        self.param.update(
            queue=np.asarray(chosen, np.int64), station=int(first), picked=_NOTHING,
            findings=None, parameter=key,
        )  # fmt: skip


def _operator() -> str:
    """Return who works here: the user of the machine, who can give another name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no such user in this machine's list
        return ""
