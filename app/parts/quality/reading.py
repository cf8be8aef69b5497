"""The tool "Second reader": flags of one's own, then how far both readers agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sdcviz.plots.colours import FLAGS
from sdcviz.qc.agreement import Agreement, agreement, kappa
from sdcviz.qc.model import DEPTH, PLACES, label_of
from sdcviz.words import counted, number

from ... import library
from ..background import background
from .tool_form import ToolForm, ToolPart, script, style

if TYPE_CHECKING:
    from sdcviz.observations import Collection

__all__ = ["ReadingPart"]

PAGE = 100
"""Disagreements that are listed at once."""
LONGEST = 60
_COLOURS = {f.code: [f.title, f.colour] for f in FLAGS}


class ReadingForm(ToolForm):
    """The form in the browser; see ``reading.js``."""

    _esm = script("reading.js")
    _style = style("reading.css")


class ReadingPart(ToolPart):
    """Read the stations a second time, and compare.

    A reading shows imported flags, what checks set, and its own changes. While
    one is at work in it, nothing of the comparison is shown.
    """

    title = "Second reader"

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._name, self._page, self._asked = "", 0, 0
        self._said, self._wrong, self._busy = "", False, False
        self.found: Agreement | None = None
        self.desk.session.param.watch(
            lambda *_: self._restart(), ["collection", "collection_version", "reading"]
        )

    def _contents(self) -> list[Any]:
        self.form = ReadingForm(self._take, session=self.desk.session)
        return [self.form]

    def _opened(self, new: bool) -> None:
        self._restart()

    def _restart(self) -> None:
        """Show where one stands; compare anew if that was shown."""
        self._asked += 1
        self.found, self._said, self._busy, self._page = None, "", False, 0
        if not self._shown or self.desk.data is None:
            return
        known = [name for name, _, _ in self._readings()]
        if self._name not in known:
            self._name = known[0] if known else ""
        if self._name and not self.desk.session.reading:
            self._compare()
        else:
            self._show()

    def _readings(self) -> list[tuple[str, str, int]]:
        data = self.desk.data
        return data.journal.readings(data) if data is not None else []

    # ---- what the form says ------------------------------------------------
    def _take(self, said: dict[str, Any]) -> None:
        """Take what the operator did in the form."""
        does, session = said.get("do"), self.desk.session
        if does == "start":
            name = str(said.get("name", "")).strip()[:LONGEST]
            if name:
                session.reading = name
                self._dialog.open = False
        elif does == "stop":
            self._name = session.reading
            session.reading = ""
        elif does == "compare" and said.get("name") in [name for name, _, _ in self._readings()]:
            self._name, self._page, self._said = said["name"], 0, ""
            self._compare()
        elif does == "page" and self.found is not None:
            last = max(0, len(self.found.differing) - 1) // PAGE
            self._page = min(max(int(said.get("page", 0)), 0), last)
            self._show()
        elif does == "look" and self.found is not None:
            self._look_at(int(said.get("index", -1)))
        elif does == "take" and self.found is not None:
            self._take_over(said.get("indices"))

    # ---- comparing ---------------------------------------------------------
    def _compare(self) -> None:
        """Compare the common flags with those of a reading, in a thread."""
        session, name = self.desk.session, self._name
        common = self.desk.data
        if common is None or session.reading:
            return
        self._asked += 1
        asked, path = self._asked, session.collection
        self._busy = True
        self._show()

        def work() -> Agreement:
            own = library.open_shared(path, name)
            common.catch_up()
            own.catch_up()
            both = np.intersect1d(common.journal.seen(common), own.journal.seen(own))
            return agreement(common, own, both)

        def then(found: Agreement | None, error: Exception | None) -> None:
            if asked != self._asked:
                return
            self.found, self._busy = found, False
            if error is not None:
                self._said, self._wrong = str(error), True
            self._show()

        background(work, then)

    def _show(self) -> None:
        session, data, found = self.desk.session, self.desk.data, self.found
        if data is None:
            return
        self.form.state = {
            "reading": session.reading,
            "user": session.user,
            "readings": [
                [name, f"{name} · {counted(n, 'station')} · {time[:10]}"]
                for name, time, n in self._readings()
            ],
            "name": self._name,
            "mine": counted(len(data.journal.seen(data)), "station"),
            "found": _told(found, data) if found else None,
            "list": self._listed(data) if found else [],
            "page": self._page,
            "pages": -(-len(found.differing) // PAGE) if found else 0,
            "busy": self._busy,
            "said": self._said,
            "wrong": self._wrong,
        }

    def _listed(self, data: Collection) -> list[list[Any]]:
        """Return one page of disagreements as texts."""
        assert self.found is not None
        edits = self.found.differing
        part = edits.take(np.arange(len(edits))[self._page * PAGE : (self._page + 1) * PAGE])
        if not len(part):
            return []
        cruise, station = data.text("cruise"), data.text("station")
        out = []
        for i in range(len(part)):
            row, sample = int(part.station[i]), int(part.sample[i])
            key = part.keys[part.parameter[i]]
            names = [t.labels[t.codes[row]] if t.codes[row] >= 0 else "" for t in (cruise, station)]
            depth, value = _at(data, key, row, sample)
            out.append(
                [" / ".join(n for n in names if n) or f"Station {row}", str(data.time[row])[:10],
                 label_of(data, key), depth, value,
                 _COLOURS[chr(part.old[i])], _COLOURS[chr(part.new[i])],
                 self._page * PAGE + i]
            )  # fmt: skip
        return out

    # ---- doing -------------------------------------------------------------
    def _look_at(self, index: int) -> None:
        """Show the sample of a disagreement in the plots."""
        assert self.found is not None
        edits, desk = self.found.differing, self.desk
        if not 0 <= index < len(edits):
            return
        row, sample = int(edits.station[index]), int(edits.sample[index])
        key = edits.keys[edits.parameter[index]]
        if key not in PLACES:
            desk.parameter = key
        self._dialog.open = False
        desk.open(row)
        if sample >= 0:
            desk.picked = np.array([sample])

    def _take_over(self, indices: Any) -> None:
        """Write the second reader's flags into the common ones, in a thread."""
        from ... import editing

        assert self.found is not None
        edits, data, user = self.found.differing, self.desk.data, self.desk.session.user
        if indices is not None:
            chosen = np.unique(np.asarray(indices, np.int64))
            edits = edits.take(chosen[(chosen >= 0) & (chosen < len(edits))])
        if not len(edits) or data is None or self._busy:
            return
        name, self._busy = self._name, True
        self._show()

        def write() -> Any:
            return editing.write(
                data, edits, user=user, reason=f"second reading: {name}", tool="reading",
                selection=f"flags of the reading {name!r}",
            )  # fmt: skip

        def then(_: Any, error: Exception | None) -> None:
            self._wrong = error is not None
            self._said = str(error) if error else f"{counted(len(edits), 'flag')} taken over."
            self._compare()

        background(write, then)


def _at(data: Collection, key: str, row: int, sample: int) -> tuple[str, str]:
    """Return depth and value of a sample as texts."""
    if sample < 0:
        return "", ""
    at = int(data.offsets[row]) + sample
    depth = f"{float(data.depth[at]):.6g}"
    if key == DEPTH:
        return depth, depth
    if key in PLACES:
        return depth, ""
    stored = data.stored(key)
    assert stored is not None, "values are always stored"
    array, starts = stored
    if starts[row] < 0:
        return depth, ""
    value = array[starts[row] + sample]
    if data.parameter(key).kind == "text":
        return depth, data.labels(key)[value] if value >= 0 else ""
    return depth, f"{float(value):.6g}"


def _told(found: Agreement, data: Collection) -> dict[str, Any]:
    """Return an agreement as texts and counts."""
    single, rejecting = found.kappa, found.kappa_of_rejecting
    return {
        "stations": counted(len(found.rows), "station"),
        "samples": counted(single.n, "flag"),
        "differing": len(found.differing),
        "rejecting": int(found.collapsed[0, 1] + found.collapsed[1, 0]),
        "share": _percent(single.share),
        "kappas": [
            _words("Kappa, single flags", single),
            _words("Kappa, kept or rejected", rejecting),
        ],
        "flags": [[code, *_COLOURS[code]] for code in found.codes],
        "counts": found.counts.tolist(),
        "collapsed": found.collapsed.tolist(),
        "parameters": [
            [label_of(data, key), number(int(table.sum())), _percent(kappa(table).share),
             _short(kappa(table).value),
             number(int(table.sum() - np.trace(table)))]
            for key, table in found.parameters.items()
        ],
    }  # fmt: skip


def _words(name: str, found: Any) -> list[str]:
    if not np.isfinite(found.value):
        return [name, "–", "cannot be told: there is but one flag" if found.n else ""]
    return [name, _short(found.value), f"± {found.error:.2f}, {found.words}"]


def _short(value: float) -> str:
    """Write a kappa; only full agreement is 1."""
    if not np.isfinite(value):
        return "–"
    return "> 0.99" if 0.995 <= value < 1 - 1e-12 else f"{value:.2f}"


def _percent(share: float) -> str:
    """Write a share; only all is 100 %."""
    if not np.isfinite(share):
        return "–"
    return "> 99.9 %" if 0.9995 <= share < 1 else f"{100 * share:.1f} %"
