"""What checks propose, counted before it is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import param
from numpy.typing import NDArray

from sdcviz.plots.colours import FLAG_OF
from sdcviz.qc.model import Edits, label_of
from sdcviz.words import counted, number

from ...desk import Desk
from ..background import background

if TYPE_CHECKING:
    from sdcviz.observations import Collection
    from sdcviz.qc.store import Run

__all__ = ["Proposals", "lines"]


class Proposals(param.Parameterized):
    """Preview the flags that checks propose, then write them."""

    desk = param.ClassSelector(class_=Desk, instantiate=False, doc="What the operator works on.")
    changed = param.Callable(doc="Called when `state` has changed.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._edits: Edits | None = None
        self._good, self._busy, self._reason = True, False, ""
        self.state: dict[str, Any] | None = None

    def forget(self) -> None:
        """Close the preview."""
        self._edits, self.state = None, None

    def preview(
        self,
        run: Run | None,
        rows: NDArray[np.int64] | None = None,
        checks: tuple[str, ...] = (),
        good: bool | None = None,
    ) -> None:
        """Count what would be written.

        Parameters
        ----------
        run : Run or None
            What the checks found.
        rows : ndarray of int64, optional
            Stations that are meant; all by default.
        checks : tuple of str
            Checks whose proposals are meant; all by default.
        good : bool, optional
            Whether samples that were checked and passed get flag 1; as before by default.
        """
        from sdcviz.qc.apply import reason_of

        data = self.desk.data
        if data is None or run is None or self._busy:
            return
        self._good = self._good if good is None else bool(good)
        # What passed has passed all of them, whichever is chosen.
        self._reason = reason_of(() if self._good else checks or run.checks)
        self._edits = None
        self._show(title="Counting …", busy=True)

        def then(edits: Edits | None, error: Exception | None) -> None:
            if error is not None:
                self.desk.tell(str(error))
                self.forget()
                self._busy = False
                self.changed()
                return
            self._edits = edits
            self._show()

        background(lambda: _proposed(data, run, rows, checks, self._good), then)

    def apply(self, told: Callable[[str, bool], None]) -> None:
        """Write what the preview shows; `told` gets a sentence and whether it went wrong."""
        from ... import editing

        data, edits, session = self.desk.data, self._edits, self.desk.session
        if data is None or not edits or self._busy:
            return
        self._show(button="Writing …", busy=True)
        user, reason = session.user, self._reason

        def write() -> Any:
            return editing.write(data, edits, user=user, reason=reason, tool="check")

        def then(_: Any, error: Exception | None) -> None:
            self.forget()
            self._busy = False
            if error is not None:
                told(str(error), True)
                return
            stations = len(np.unique(edits.station))
            told(
                f"{counted(len(edits), 'flag')} set at {counted(stations, 'station')}; "
                "press u to undo.",
                False,
            )

        background(write, then)

    def _show(self, title: str = "", button: str = "", busy: bool = False) -> None:
        edits, data = self._edits, self.desk.data
        self._busy = busy
        flags, found = lines(data, edits) if data is not None and edits is not None else ([], [])
        n = len(edits) if edits is not None else 0
        if not title:
            stations = 0 if edits is None else len(np.unique(edits.station))
            title = f"{counted(n, 'flag')} at {counted(stations, 'station')}"
            if not n:
                title = "All that the checks propose is set already."
        self.state = {
            "title": title,
            "flags": flags,
            "lines": found,
            "good": self._good,
            "button": button or f"Set {counted(n, 'flag')}",
            "busy": busy,
        }
        self.changed()


def _proposed(
    data: Collection,
    run: Run,
    rows: NDArray[np.int64] | None,
    checks: tuple[str, ...],
    good: bool,
) -> Edits:
    """Give the flags that some checks propose for some stations, and 1 for what passed all."""
    from sdcviz.qc.apply import passed, to_edits
    from sdcviz.qc.checks.runner import plan_checks

    found = run.findings
    if rows is not None:
        inside = np.zeros(data.n_stations, bool)
        inside[rows] = True
        found = found.take(inside[found.station])
    wanted = np.array([not checks or name in checks for name in found.checks], bool)
    parts = [to_edits(data, found.take(wanted[found.check]), good=False)]
    if good:
        plan = plan_checks(data)
        pairs = zip(plan.checks, plan.limits, strict=True)
        parts.append(passed(data, found, [lim for c, lim in pairs if c.name in run.checks], rows))
    return Edits.join(parts)


def lines(data: Collection, edits: Edits) -> tuple[list[list[str]], list[list[str]]]:
    """Count edits by parameter and new flag.

    Returns
    -------
    flags : list of [title, colour]
        The columns.
    lines : list of [name of the parameter, numbers ...]
    """
    pairs, counts = np.unique(edits.parameter.astype(np.int64) << 8 | edits.new, return_counts=True)
    codes = sorted({chr(pair & 255) for pair in pairs.tolist()})
    rows: dict[str, list[str]] = {}
    for pair, n in zip(pairs.tolist(), counts.tolist(), strict=True):
        key = edits.keys[pair >> 8]
        label = label_of(data, key)
        row = rows.setdefault(label, [label, *[""] * len(codes)])
        row[1 + codes.index(chr(pair & 255))] = number(n)
    return [[FLAG_OF[c].title, FLAG_OF[c].colour] for c in codes], [rows[k] for k in sorted(rows)]
