"""The tool "Duplicates": pairs of stations side by side, with live tolerances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sdcviz.qc.checks.duplicates import REASONS, Pairs, find_pairs
from sdcviz.qc.model import Edits
from sdcviz.qc.rules import changes
from sdcviz.words import counted

from ..background import background
from .duplicate_pair import REJECTED, pair_of, titles_of
from .tool_form import ToolForm, ToolPart, script, style

if TYPE_CHECKING:
    from sdcviz.observations import Collection

__all__ = ["DuplicatesPart"]

PAGE = 100
"""Pairs that are listed at once."""
TOLERANCES: dict[str, tuple[str, float, float]] = {
    "degrees": ("Place [°]", 0.01, 5.0),
    "hours": ("Time [h]", 1.0, 240.0),
    "metres": ("Depth [m]", 2.0, 100.0),
    "value": ("Value", 0.1, 1e6),
    "share": ("Share that agrees", 0.9, 1.0),
}
"""Title, usual and greatest value of each tolerance."""


class DuplicatesForm(ToolForm):
    """The form in the browser; see ``duplicates.js``."""

    _esm = script("duplicates.js")
    _style = style("duplicates.css")


class DuplicatesPart(ToolPart):
    """Find stations that may be the same cast, look at both, keep one or both."""

    title = "Duplicates"
    width = "xl"

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._limits = {name: usual for name, (_, usual, _) in TOLERANCES.items()}
        self._elsewhere, self._key, self._flag = True, "", "4"
        self._page, self._at, self._asked = 0, -1, 0
        self._kept: set[tuple[int, int]] = set()
        self._said, self._wrong, self._busy = "", False, False
        self.pairs: Pairs | None = None
        session = self.desk.session
        session.param.watch(lambda *_: self._restart(), ["collection", "collection_version"])
        session.param.watch(lambda _: self._show_again(), "flags_version")

    def _contents(self) -> list[Any]:
        self.form = DuplicatesForm(self._take, session=self.desk.session)
        return [self.form]

    def _opened(self, new: bool) -> None:
        if self.pairs is None:
            self._restart()
        else:
            self._show()

    def _restart(self) -> None:
        """Begin with another collection."""
        data = self.desk.data
        self.pairs, self._kept = None, set()
        if not self._shown or data is None:
            return
        keys = [p.key for p in data.parameters if p.kind == "number"]
        if self._key not in keys:
            self._key = "temperature" if "temperature" in keys else (keys or [""])[0]
        self.form.form = {
            "tolerances": [[name, *about] for name, about in TOLERANCES.items()],
            "keys": [[p.key, f"{p.label} [{p.unit}]" if p.unit else p.label]
                     for p in data.parameters if p.kind == "number"],
        }  # fmt: skip
        self._find()

    # ---- what the form says ------------------------------------------------
    def _take(self, said: dict[str, Any]) -> None:
        """Take what the operator did in the form."""
        data, does = self.desk.data, said.get("do")
        if data is None:
            return
        if "limits" in said or "elsewhere" in said:
            for name, (_, _, most) in TOLERANCES.items():
                given = said.get("limits", {}).get(name)
                if isinstance(given, int | float) and 0 <= given <= most:
                    self._limits[name] = float(given)
            self._elsewhere = bool(said.get("elsewhere", self._elsewhere))
            self._find()
        elif said.get("key") in data.keys:
            self._key = said["key"]
            self._find()
        elif said.get("flag") in REJECTED:
            self._flag = said["flag"]
            self._show()
        elif self.pairs is not None and "at" in said:
            self._go(int(said["at"]))
        elif self.pairs is not None and "page" in said:
            self._go(int(said["page"]) * PAGE)
        elif does in ("a", "b", "both") and self.pairs is not None and self._at >= 0:
            if said.get("of", self._at) == self._at:  # the pair that the operator has seen
                self._decide(does)
        elif does == "undo":
            self._undo()
        elif does in ("look a", "look b") and self.pairs is not None and self._at >= 0:
            side = self.pairs.a if does == "look a" else self.pairs.b
            self._dialog.open = False
            self.desk.open(int(side[self._at]))

    # ---- finding -----------------------------------------------------------
    def _find(self) -> None:
        """Look for pairs within the tolerances, in a thread; the last question is answered."""
        self._asked += 1
        asked, data = self._asked, self.desk.data
        limits, key, elsewhere = dict(self._limits), self._key, self._elsewhere
        if data is None:
            return
        before = self._pair()
        self._busy = True
        self._show()

        def then(found: Pairs | None, error: Exception | None) -> None:
            if asked != self._asked:
                return
            self._busy = False
            self._said, self._wrong = (str(error), True) if error else ("", False)
            if found is not None:
                self.pairs = found
                same = np.flatnonzero((found.a == before[0]) & (found.b == before[1]))
                self._at = int(same[0]) if len(same) else min(0, len(found) - 1)
                self._page = max(self._at, 0) // PAGE
            self._show()

        background(lambda: find_pairs(data, parameter=key, elsewhere=elsewhere, **limits), then)

    def _pair(self) -> tuple[int, int]:
        """Return the rows of the pair in view."""
        if self.pairs is None or not 0 <= self._at < len(self.pairs):
            return -1, -1
        return int(self.pairs.a[self._at]), int(self.pairs.b[self._at])

    def _go(self, at: int) -> None:
        if self.pairs is not None and len(self.pairs):
            self._at = min(max(at, 0), len(self.pairs) - 1)
            self._page = self._at // PAGE
            self._show()

    def _show_again(self) -> None:
        if self._shown:
            self._show()

    def _show(self) -> None:
        data, pairs = self.desk.data, self.pairs
        if data is None:
            return
        a, b = self._pair()
        self.form.state = {
            "limits": self._limits,
            "elsewhere": self._elsewhere,
            "key": self._key,
            "flag": self._flag,
            "total": len(pairs) if pairs is not None else 0,
            "pages": -(-len(pairs) // PAGE) if pairs is not None else 0,
            "page": self._page,
            "at": self._at,
            "list": self._listed(data) if pairs is not None else [],
            "pair": pair_of(data, a, b, self._key) if a >= 0 else None,
            "busy": self._busy,
            "said": self._said,
            "undo": self._said.endswith(" set."),
            "wrong": self._wrong,
        }

    def _listed(self, data: Collection) -> list[list[Any]]:
        """Return one page of pairs as texts."""
        assert self.pairs is not None
        pairs = self.pairs
        part = range(self._page * PAGE, min((self._page + 1) * PAGE, len(pairs)))
        rows = np.stack([pairs.a[part.start : part.stop], pairs.b[part.start : part.stop]])
        titles = [titles_of(data, side) for side in rows]
        flagged = [_flagged(data, side, self._key) for side in rows]
        out = []
        for n, i in enumerate(part):
            a, b = int(pairs.a[i]), int(pairs.b[i])
            done = "both kept" if (a, b) in self._kept else ""
            if flagged[0][n] or flagged[1][n]:
                done = f"{'A' if flagged[0][n] else 'B'} flagged"
            apart = [f"{pairs.km[i]:.3g} km" if np.isfinite(pairs.km[i]) else "place unknown",
                     _lasts(float(pairs.hours[i])),
                     f"{pairs.same[i]} of {pairs.compared[i]} alike"]  # fmt: skip
            out.append(
                [i, titles[0][n], titles[1][n], " · ".join(apart), REASONS[pairs.reason[i]], done]
            )
        return out

    # ---- doing -------------------------------------------------------------
    def _decide(self, keep: str) -> None:
        """Keep one station of the pair and flag the other, or keep both."""
        from ... import editing

        data, (a, b) = self.desk.data, self._pair()
        if data is None or self._busy:
            return
        if keep == "both":
            self._kept.add((a, b))
            self._said, self._wrong = "", False
            self._go(self._at + 1)
            return
        kept, other = (a, b) if keep == "a" else (b, a)
        edits, user = _reject(data, other, self._flag), self.desk.session.user
        if not len(edits):
            self._said, self._wrong = "All values of that station are flagged so, or worse.", False
            self._go(self._at + 1)
            return
        self._busy = True
        self._show()

        def write() -> Any:
            return editing.write(
                data, edits, user=user, reason="duplicate", tool="hand",
                selection=f"station {data.station_id(other)}, duplicate of {data.station_id(kept)}",
            )  # fmt: skip

        def then(_: Any, error: Exception | None) -> None:
            self._busy, self._wrong = False, error is not None
            self._said = str(error) if error else f"{counted(len(edits), 'flag')} set."
            self._go(self._at + (error is None))

        background(write, then)

    def _undo(self) -> None:
        from ... import editing

        data, user = self.desk.data, self.desk.session.user
        if data is None:
            return

        def then(batch: Any, error: Exception | None) -> None:
            self._wrong = error is not None
            done = "Undone." if batch else "There is nothing to undo."
            self._said = str(error) if error else done
            self._show()

        background(lambda: editing.undo(data, user), then)


def _lasts(hours: float) -> str:
    if not np.isfinite(hours):
        return "time unknown"
    return f"{60 * hours:.0f} min" if hours < 1 else f"{hours:.3g} h"


def _flagged(data: Collection, rows: Any, key: str) -> list[bool]:
    """Tell which stations have values of a parameter, all of them rejected."""
    if not key:
        return [False] * len(rows)
    flags, offsets = data.flags(key), data.offsets
    out = []
    for row in rows.tolist():
        own = flags[offsets[row] : offsets[row + 1]]
        own = own[own != ord("9")]
        out.append(bool(len(own)) and bool(np.isin(own, [ord(c) for c in REJECTED]).all()))
    return out


def _reject(data: Collection, row: int, flag: str) -> Edits:
    """Flag all values of a station; what is worse already stays."""
    parts = []
    samples = np.arange(int(data.offsets[row + 1] - data.offsets[row]))
    for key in data.keys:
        if not data.has(key)[row]:
            continue
        old = data.flag_at(key, row, samples)
        edits = Edits.of(key, row, samples, old, flag)
        parts.append(edits.take((old != ord("9")) & changes(old, flag)))
    return Edits.join(parts)
