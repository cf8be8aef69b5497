"""The tool "Rule": a condition as rows and as text, what it hits, and its flag."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdcviz.errors import SdcvizError
from sdcviz.plots.colours import FLAGS
from sdcviz.qc.model import PLACES
from sdcviz.qc.rules import FUNCTIONS, WORDS, Rule, RuleError, parse
from sdcviz.words import counted

from ...desk import REASONS
from ..background import background
from .rule_preview import Preview, ground, look
from .rule_rows import choices, rows_of, text_of
from .tool_form import ToolForm, ToolPart, script, style

__all__ = ["RulesPart"]

SCOPES = {
    "all": "All stations",
    "filtered": "Stations of the filters",
    "selected": "Selected stations",
    "queue": "Stations of the queue",
    "station": "This station",
}
SETTABLE = tuple(f for f in FLAGS if f.code != "9")
"""A value that is there is never flagged missing."""


class RuleForm(ToolForm):
    """The form in the browser; see ``rules.js``."""

    _esm = script("rules.js")
    _style = style("rules.css")


class RulesPart(ToolPart):
    """Find samples by a rule and flag them.

    Nothing is written before the operator has seen how many samples the rule
    hits, where they are, and which flags change. The rule's text goes into the
    journal; one undo takes all of it back.
    """

    title = "Rule"

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._text, self._word = "", "and"
        self._rows: list[dict[str, str]] | None = [{}]
        self._key, self._scope, self._flag, self._keep_worse = "", "all", "4", True
        self._asked, self._turn = 0, 0
        self._error: dict[str, Any] | None = None
        self._said, self._wrong, self._busy, self._undoable = "", False, False, False
        self.preview: Preview | None = None
        session = self.desk.session
        session.param.watch(lambda *_: self._restart(), ["collection", "collection_version"])
        session.param.watch(
            lambda *_: self._look_again(), ["flags_version", "selection", *session.filter_names]
        )
        self.desk.param.watch(lambda _: self._restart(), "findings")
        self.desk.param.watch(lambda *_: self._look_again(), ["queue", "station"])

    def _contents(self) -> list[Any]:
        self.form = RuleForm(self._take, session=self.desk.session)
        return [self.form]

    def _opened(self, new: bool) -> None:
        if new:
            self._restart()
        else:
            self._look()

    # ---- what the form says ------------------------------------------------
    def _take(self, said: dict[str, Any]) -> None:
        """Take what the operator did in the form."""
        if isinstance(said.get("turn"), int):
            self._turn = said["turn"]
        if "rows" in said:
            self._rows = [_row(row) for row in said["rows"][:50]]
            self._word = "or" if said.get("word") == "or" else "and"
            self._text = text_of(self._rows, self._word)
        elif "text" in said:
            self._text = str(said["text"])
            self._rows = None
        if said.get("key") in self._keys():
            self._key = said["key"]
        if said.get("scope") in SCOPES:
            self._scope = said["scope"]
        if said.get("flag") in {f.code for f in SETTABLE}:
            self._flag = said["flag"]
        if "keep_worse" in said:
            self._keep_worse = bool(said["keep_worse"])
        does = said.get("do")
        if does == "apply":
            self._apply(str(said.get("reason", "")))
        elif does == "queue":
            self._to_queue()
        elif does == "undo":
            self._undo()
        else:
            self._said, self._undoable = "", False
            self._look()

    def _keys(self) -> list[str]:
        data = self.desk.data
        return [] if data is None else [*(p.key for p in data.parameters), *PLACES]

    # ---- looking -----------------------------------------------------------
    def _restart(self) -> None:
        """Offer what the collection has."""
        data = self.desk.data
        if self._dialog is None or data is None:
            return
        if self._key not in self._keys():
            self._key = self.desk.parameter or self._keys()[0]
        self.form.form = {
            "keys": [[p.key, p.label] for p in data.parameters]
            + [[k, v] for k, v in PLACES.items()],
            "choices": choices(data, self._checks()),
            "flags": [[f.code, f.title, f.colour] for f in SETTABLE],
            "scopes": list(SCOPES.items()),
            "reasons": list(REASONS),
            "help": [["Words", list(WORDS.items())], ["Functions", list(FUNCTIONS.items())]],
            "map": ground(data),
        }
        self._look()

    def _checks(self) -> list[str]:
        """Return the names of the checks that were run."""
        from sdcviz.qc.store import load_run

        run = load_run(self.desk.data) if self.desk.data is not None else None
        return list(dict.fromkeys([*run.checks, *run.findings.checks])) if run else []

    def _look_again(self) -> None:
        if self._shown:
            self._look()

    def rows(self) -> NDArray[np.int64] | None:
        """Return the stations of the scope; None: all."""
        desk, session = self.desk, self.desk.session
        if self._scope == "filtered" and session.filtered is not None:
            return session.filtered.rows if session.is_filtered else None
        if self._scope == "selected":
            return session.selection
        if self._scope == "queue":
            return np.sort(desk.queue)
        if self._scope == "station":
            return np.array([desk.station][: desk.station >= 0], np.int64)
        return None

    def _look(self) -> None:
        """Find what the rule hits, in a thread; the last question is answered."""
        self._asked += 1
        asked, data = self._asked, self.desk.data
        self.preview, self._error = None, None
        if data is None:
            return
        rule: Rule | None = None
        try:
            rule = parse(self._text) if self._text.strip() else None
            if rule is not None and self._rows is None:
                found = rows_of(rule)
                self._word, self._rows = found if found else (self._word, None)
        except RuleError as error:
            self._error = _told(error)
        self._busy = rule is not None
        self._show()
        if rule is None:
            return
        key, flag, keep, rows = self._key, self._flag, self._keep_worse, self.rows()

        def then(found: Preview | None, error: Exception | None) -> None:
            if asked != self._asked:
                return
            self._busy = False
            if isinstance(error, RuleError):
                self._error = _told(error)
            elif isinstance(error, SdcvizError):
                self._error = {"sentence": str(error)}
            elif error is not None:
                self._show()
                raise error
            self.preview = found
            self._show()

        background(lambda: look(data, rule, key, flag, keep, rows), then)

    def _area(self) -> str:
        """Return the area of the filters as the corners of a rule's area; empty without one."""
        session = self.desk.session
        corners = session.box or [x for corner in session.polygon or () for x in corner]
        return ", ".join(f"{x:.5g}" for x in corners)

    def _show(self) -> None:
        """Send the state of the tool to the form."""
        preview, data, rows = self.preview, self.desk.data, self.rows()
        if data is None or self._dialog is None:
            return
        count = data.n_stations if rows is None else len(rows)
        self.form.state = {
            "text": self._text,
            "word": self._word,
            "rows": self._rows,
            "error": self._error,
            "key": self._key,
            "scope": self._scope,
            "among": counted(count, "station"),
            "flag": self._flag,
            "keep_worse": self._keep_worse,
            "reason": self.desk.reason,
            "area": self._area(),
            "turn": self._turn,
            "preview": preview.about if preview else None,
            "busy": self._busy,
            "said": self._said,
            "undo": self._undoable,
            "wrong": self._wrong,
        }

    # ---- doing -------------------------------------------------------------
    def _apply(self, reason: str) -> None:
        """Write what the preview shows, in a thread."""
        from ... import editing

        preview, data, session = self.preview, self.desk.data, self.desk.session
        if preview is None and self._busy:
            self._said, self._wrong = (
                "Nothing was set: hits were looked for anew. Look again.",
                True,
            )
            self._show()
            return
        if preview is None or data is None or self._busy or not preview.changed.any():
            return
        edits, text = preview.writes, self._text.strip()
        user = session.user
        self._busy = True
        self._show()

        def write() -> Any:
            return editing.write(data, edits, user=user, reason=reason, tool="rule", selection=text)

        def then(_: Any, error: Exception | None) -> None:
            self._busy = False
            self._wrong, self._undoable = error is not None, error is None
            stations = len(np.unique(edits.station))
            self._said = (
                f"{counted(len(edits), 'flag')} set at {counted(stations, 'station')}."
                if error is None
                else str(error)
            )
            self._look()

        background(write, then)

    def _undo(self) -> None:
        from ... import editing

        data, user = self.desk.data, self.desk.session.user
        if data is None:
            return

        def then(batch: Any, error: Exception | None) -> None:
            self._wrong, self._undoable = error is not None, False
            self._said = (
                str(error) if error else "Undone." if batch else "There is nothing to undo."
            )
            self._look()

        background(lambda: editing.undo(data, user), then)

    def _to_queue(self) -> None:
        """Make the hit stations the queue and look at the first."""
        if self.preview is None or not len(self.preview.edits):
            return
        rows = np.unique(self.preview.edits.station)
        self._dialog.open = False
        self.desk.queue = rows
        self.desk.open(int(rows[0]))


def _row(row: Any) -> dict[str, str]:
    """Keep what a row of the form may have."""
    return {name: str(row.get(name) or "")[:2000] for name in ("what", "of", "op", "value")}


def _told(error: RuleError) -> dict[str, Any]:
    """Return what the form shows of a mistake: the sentence and the letters that are meant."""
    return {"sentence": str(error), "start": error.start, "end": error.end}
