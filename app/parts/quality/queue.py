"""The queue: which stations to look at, the worst first, and the checks that say so."""

from __future__ import annotations

from typing import Any

import numpy as np
import panel as pn
import param
from numpy.typing import NDArray

from sdcviz.errors import SdcvizError
from sdcviz.words import counted, number

from ...desk import Desk
from .checks import ChecksRun
from .proposals import Proposals
from .queue_departures import HANDED, ProductQueue, in_order
from .queue_form import QueueForm
from .queue_found import Found
from .queue_rows import matching, queue_rows

__all__ = ["QueuePart"]

REST_MS = 250
"""A station is noted as done when the plots of the next one have had time to be painted."""
MANY = 400_000
"""Browsers lay out no taller list than that; further stations are reached by a search."""
_NOBODY = np.empty(0, np.int64)


class QueuePart(pn.viewable.Viewer):
    """List the stations to look at; run checks and apply what they propose.

    The filters and the selection of the Explore tab restrict the list. What is
    listed is the queue of the desk; next and previous go through it.
    """

    desk = param.ClassSelector(class_=Desk, instantiate=False, doc="What the operator works on.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        desk, session = self.desk, self.desk.session
        self._order, self._checks, self._search = "weight", (), ""
        self._every = self._hide = False
        self._said, self._wrong = "", False
        self._version, self._stale = 0, False
        self._ranking: Any = None
        self._run: Any = None
        self._state: Any = None
        self._found = Found()
        self._product = ProductQueue(desk, self._take_handed)
        self._left_behind: list[int] = []
        self._given: NDArray[np.int64] | None = None
        self._known: tuple[Any, ...] = ()
        self._ranking_now = False
        self.form = QueueForm(
            self._take, dark=session.dark, sizing_mode="stretch_both", margin=0, min_height=420
        )
        self.checks = ChecksRun(desk=desk, changed=self._show, ended=self._ran)
        self.proposals = Proposals(desk=desk, changed=self._show)
        watch = session.param.watch
        watch(lambda *_: self._open(), ["collection", "collection_version", "reading"])
        watch(lambda *_: self._touch(), [*session.filter_names, "selection", "parameter"])
        watch(lambda _: self._catch_up(), "tab")
        watch(lambda _: self._ran_elsewhere(), "findings_version")
        watch(lambda e: self.form.param.update(dark=e.new), "dark")
        desk.param.watch(lambda _: self._sum_up(), "findings")
        desk.param.watch(self._moved, "station")
        desk.param.watch(self._give, "queue")
        watch(lambda _: self._take_handed(), "handed")
        watch(lambda _: self._show(), ["product", "field"])
        self._open()
        self._take_handed()

    def __panel__(self) -> Any:
        return self.form

    # ---- making the queue --------------------------------------------------

    def _open(self) -> None:
        """Begin with what is known of the collection: kept findings, stations done."""
        from sdcviz.qc.store import findings_state, load_run

        data = self.desk.data
        self._known = self._collection()
        self._checks, self._search, self._hide, self._given = (), "", False, None
        self._said, self._wrong = "", False
        self.proposals.forget()
        if data is None:
            self.form.state = {}
            return
        self._seen = np.zeros(data.n_stations, bool)
        self._seen[data.journal.seen(data)] = True
        self._state = findings_state(data)
        self._run = load_run(data)
        findings = self._run.findings if self._run else None
        self._order = "weight" if findings else "course"
        self._every = not findings
        fresh = self.desk.session.station is None
        self._take_findings(findings)
        if fresh:
            self._open_first()

    def _collection(self) -> tuple[Any, ...]:
        """Name what is open: rows of another collection or snapshot are other stations."""
        session = self.desk.session
        return session.collection, session.collection_version, session.reading

    def _give(self, event: Any) -> None:
        """Take over a queue that another part made, such as the stations that a rule hits."""
        if not self._ranking_now and self._known == self._collection():
            self._given = np.unique(event.new)
            self._rank()

    def _take_handed(self) -> None:
        """Take over the queue that another tab hands over; or say why there is none."""
        handed = self.desk.session.handed
        if self.desk.data is None or self._known != self._collection():
            return
        if handed is None or handed.of != self._known[:2]:
            if self._order == HANDED:
                self._order = "weight" if self.desk.findings else "course"
                self._rank()
            self._said, self._wrong = self._product.said, bool(self._product.said)
            self._show()
            return
        self._order, self._given, self._search = HANDED, None, ""
        self._said, self._wrong = "", False
        self._rank()
        if len(handed.rows):
            self.desk.open(int(handed.rows[0]))

    def _take_findings(self, findings: Any) -> None:
        if findings is self.desk.findings:
            self._sum_up()
        else:  # that sums up
            self.desk.findings = findings

    def _sum_up(self) -> None:
        self._found = Found.of(self.desk.findings, self._run)
        self._rank()

    def _open_first(self) -> None:
        """Look at the first station that is not done."""
        queue = self.desk.queue
        if len(queue):
            self.desk.open(int(queue[np.argmin(self._seen[queue])]))

    def _touch(self) -> None:
        """Make the queue anew, as soon as it is in view: filters have changed."""
        self._stale, self._given = True, None
        if len(self.desk.session.selection):
            self.desk.session.handed = None  # what was chosen later counts
        self._catch_up()

    def _catch_up(self) -> None:
        if self._stale and self.desk.session.tab == "quality":
            self._rank()

    def _scope(self) -> NDArray[np.int64] | None:
        """Return the stations that another part or the Explore tab gave; None is all."""
        session = self.desk.session
        if self._given is not None:
            return self._given
        if self._order == HANDED:
            return np.unique(session.handed.rows)
        if len(session.selection):
            return session.selection
        if session.is_filtered and session.filtered is not None:
            return session.filtered.rows
        return None

    def _rank(self) -> None:
        """Make the queue anew."""
        from sdcviz.qc.ranking import rank

        data, findings = self.desk.data, self.desk.findings
        if data is None or self._known != self._collection():
            return
        self._stale = False
        ranking = rank(
            data, findings, by="weight" if self._order == HANDED else self._order,
            checks=self._checks, rows=self._scope(),
            every=self._every or findings is None or self._given is not None
            or self._order == HANDED,
        )  # fmt: skip
        if self._order == HANDED:
            ranking = in_order(ranking, self.desk.session.handed.rows)
        if self._search:
            ranking = ranking.take(matching(data, ranking.rows, self._search))
        if self._hide:
            ranking = ranking.take(~self._seen[ranking.rows])
        self._ranking = ranking
        self._place = np.full(data.n_stations, -1)
        self._place[ranking.rows] = np.arange(len(ranking))
        self._version += 1
        self._ranking_now = True
        try:
            self.desk.queue = ranking.rows
        finally:
            self._ranking_now = False
        self._show()

    # ---- showing it --------------------------------------------------------

    def _show(self) -> None:
        """Send everything but the rows, which the list asks for."""
        if self._ranking is None or self.desk.data is None:
            return
        self._show_place()
        self.form.state = {
            "version": self._version,
            "total": min(len(self._ranking), MANY),
            "orders": [*self._found.orders, *self._product.orders],
            "order": self._order,
            "every": self._every,
            "hide": self._hide,
            "search": self._search,
            "scope": self._scope_words(),
            "checks": [[*badge, badge[0] in self._checks] for badge in self._found.badges],
            "job": self.checks.state,
            "said": self._product.busy or self._said or self._found.words,
            "wrong": self._wrong,
            "skipped": self._found.skipped,
            # Flags of checks belong to all readers, so none of a second reading sets them.
            "proposals": "" if self.desk.session.reading else self._found.proposals,
            "preview": self.proposals.state,
            "hint": self._hint(),
        }

    def _show_place(self) -> None:
        rows = self._ranking.rows
        station = self.desk.station
        place = self._place[station] if 0 <= station < len(self._place) else -1
        left = len(rows) - int(np.count_nonzero(self._seen[rows]))
        self.form.at = {"place": int(place), "left": left, "total": len(rows)}

    def _scope_words(self) -> str:
        rows, session = self._scope(), self.desk.session
        if rows is None:
            return ""
        if self._given is not None:
            return f"The {counted(len(rows), 'station')} that were found"
        if self._order == HANDED:
            return f"{session.handed.why}: {counted(len(rows), 'station')}"
        how = "selected" if len(session.selection) else "filtered"
        return f"Of the {number(len(rows))} {how} stations"

    def _hint(self) -> str:
        if len(self._ranking):
            return ""
        if self._search:
            return "No station has this in its cruise, name or LOCAL_CDI_ID."
        if self._hide and self._seen.any():
            return "All stations of this queue are done."
        if self.desk.findings is not None and not self._every:
            return "Nothing was found at these stations. Choose “Every station” to look at all."
        return "No station passes the filters of the Explore tab."

    # ---- what the operator does --------------------------------------------

    def _take(self, choice: dict[str, Any]) -> None:
        """Do what the form asks for."""
        if "want" in choice:
            self._send_rows(choice)
        elif "open" in choice:
            self._open_place(choice)
        elif "done" in choice:
            if choice.get("version") == self._version:
                self.mark([int(self._ranking.rows[int(choice["place"])])], bool(choice["done"]))
        elif choice.get("run"):
            self._said, self._wrong = "", False
            self.proposals.forget()
            self.checks.start()
        elif choice.get("cancel"):
            self.checks.cancel()
        elif choice.get("propose"):
            self.proposals.preview(self._run, self._scope(), self._checks, choice.get("good"))
        elif choice.get("apply"):
            self.proposals.apply(self._applied)
        elif choice.get("forget"):
            self.proposals.forget()
            self._show()
        elif choice.get("all"):
            self._show_all()
        else:
            self._choose(choice)

    def _show_all(self) -> None:
        """Drop what restricts the queue, the innermost first."""
        if self._given is not None:
            self._given = None
            self._rank()
            return
        if self._order == HANDED:
            self.desk.session.handed = None
            return
        self.desk.session.select(_NOBODY)
        self.desk.session.clear_filters()

    def _choose(self, choice: dict[str, Any]) -> None:
        """Take another order, search or restriction."""
        from sdcviz.qc.ranking import ORDERS

        if choice.get("order") == HANDED:
            self._product.choose()
            self._show()
            return
        if choice.get("order") in ORDERS:
            self._order = choice["order"]
        elif "every" in choice:
            self._every = bool(choice["every"])
        elif "hide" in choice:
            self._hide = bool(choice["hide"])
        elif "search" in choice:
            self._search = str(choice["search"]).strip()
        elif "check" in choice:
            name = str(choice["check"])
            others = tuple(c for c in self._checks if c != name)
            self._checks = others if name in self._checks else (*others, name)
        self._rank()

    def _send_rows(self, choice: dict[str, Any]) -> None:
        first, last = (int(v) for v in choice["want"])
        if choice.get("version") != self._version or self.desk.data is None:
            return
        last = min(last, first + 500)
        handed = self.desk.session.handed
        notes = handed.notes if self._order == HANDED and handed is not None else {}
        rows = queue_rows(self.desk.data, self._ranking, first, last, self._seen, notes)
        self.form.tell({"version": self._version, "first": first, "rows": rows})

    def _open_place(self, choice: dict[str, Any]) -> None:
        """Look at a station of the list; from a badge, pick what the check found."""
        if choice.get("version") != self._version:
            return
        row = int(self._ranking.rows[int(choice["open"])])
        self.desk.open(row)
        findings = self.desk.findings
        if "check" not in choice or findings is None or choice["check"] not in findings.checks:
            return
        found = findings.of_station(row)
        found = found.take(found.check == found.checks.index(choice["check"]))
        of_sample = found.sample >= 0
        if not of_sample.any():
            return
        which = found.parameter[of_sample]
        key = found.keys[which[0]] if which[0] >= 0 else ""
        if key and not key.startswith("@"):
            self.desk.parameter = key
        self.desk.picked = np.unique(found.sample[of_sample][which == which[0]]).astype(np.int64)

    def _moved(self, event: Any) -> None:
        """Follow the desk; a station that was left for the next one is done."""
        if self._ranking is None:
            return
        known = 0 <= event.old < len(self._place) and 0 <= event.new < len(self._place)
        if known and 0 <= self._place[event.old] == self._place[event.new] - 1:
            self._left_behind.append(event.old)
            document = pn.state.curdoc
            if document is not None and document.session_context is not None:
                document.add_timeout_callback(self._note_done, REST_MS)
            else:
                self._note_done()
        self._show_place()

    def _note_done(self) -> None:
        rows, self._left_behind = self._left_behind, []
        if rows:
            self.mark(rows)

    def mark(self, rows: list[int], done: bool = True) -> None:
        """Note that stations are done, or that they are to be looked at again."""
        data = self.desk.data
        rows = [row for row in rows if self._seen[row] != done]
        if data is None or not rows:
            return
        try:
            data.journal.mark_seen(data, np.asarray(rows), self.desk.session.user, done)
        except SdcvizError as error:
            self.desk.tell(str(error))
            return
        self._seen[rows] = done
        for row in rows:
            place = int(self._place[row])
            self.form.tell({"version": self._version, "place": place, "done": done})
        self._show_place()

    # ---- checks ------------------------------------------------------------

    def _ran(self, said: str, wrong: bool) -> None:
        """Take over what a run of the checks found, or say why it did not end well."""
        from sdcviz.qc.store import findings_state, load_run

        self._said, self._wrong = said, wrong
        if wrong or said or self.desk.data is None:
            self._show()
            return
        self._state = findings_state(self.desk.data)
        self._run = load_run(self.desk.data)
        findings = self._run.findings if self._run else None
        self._order, self._every = ("weight", False) if findings else ("course", True)
        self._checks = ()
        self._take_findings(findings)
        self._open_first()

    def _ran_elsewhere(self) -> None:
        """Take over what another browser or the command line found; the station stays."""
        from sdcviz.qc.store import findings_state, load_run

        data = self.desk.data
        if data is None or self._known != self._collection():
            return
        state = findings_state(data)
        if state == self._state:  # this page's own run
            return
        run, before = load_run(data), self.desk.findings
        self._state, self._run = state, run
        findings = run.findings if run else None
        self._said, self._wrong = "", False
        self.proposals.forget()
        if not before or not findings:
            self._order, self._every = ("weight", False) if findings else ("course", True)
        self._checks = tuple(c for c in self._checks if findings and c in findings.checks)
        self._take_findings(findings)

    def _applied(self, sentence: str, wrong: bool) -> None:
        self._said, self._wrong = sentence, wrong
        self._show()
