"""A run of the checks as the queue shows it: progress, cancel, how it ended."""

from __future__ import annotations

from typing import Any

import panel as pn
import param

from ...desk import Desk

__all__ = ["ChecksRun"]

POLL_MS = 300


class ChecksRun(param.Parameterized):
    """Start the checks in the background and follow them."""

    desk = param.ClassSelector(class_=Desk, instantiate=False, doc="What the operator works on.")
    changed = param.Callable(doc="Called when `state` has changed.")
    ended = param.Callable(doc="Called as ended(sentence, wrong); no sentence: all went well.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._job: Any = None
        self._poll: Any = None
        self.state: dict[str, Any] | None = None

    def start(self) -> None:
        """Run all checks over the whole collection."""
        from ...checking import CheckJob

        data = self.desk.data
        if data is None or self._job is not None:
            return
        self._job = CheckJob(data.path, user=self.desk.session.user)
        self._job.start(lambda outcome: None)
        self._show("Starting the checks …", None)
        self._poll = pn.state.add_periodic_callback(self.follow, POLL_MS)

    def cancel(self) -> None:
        """Stop the run; what was found before stays."""
        if self._job is not None:
            self._job.cancel()
            self._show("Cancelling …", None, ending=True)

    def follow(self) -> None:
        """Show how far the run is; take over how it ended."""
        job = self._job
        if job is None:
            return
        if job.outcome is None:
            if not (self.state or {}).get("ending"):
                part = min(1.0, job.done / job.total) if job.total else None
                self._show(job.text or "Checking …", part)
            return
        self._poll.stop()
        self._job, self.state = None, None
        outcome = job.outcome
        if outcome.cancelled:
            earlier = "; the earlier findings stay" if self.desk.findings is not None else ""
            self.ended(f"Cancelled{earlier}.", False)
        else:
            self.ended(outcome.error, bool(outcome.error))

    def _show(self, text: str, part: float | None, ending: bool = False) -> None:
        state = {"text": text, "part": part, "ending": ending}
        if state != self.state:
            self.state = state
            self.changed()
