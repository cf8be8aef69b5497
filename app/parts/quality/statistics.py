"""The tool "Statistics": flags before and after, by data centre, and who changed them."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import panel_material_ui as pmui

from sdcviz.formats.csv_write import safe_text
from sdcviz.plots.colours import FLAG_OF
from sdcviz.qc.model import label_of
from sdcviz.words import counted, number

from ..background import background
from .queue_rows import check_title
from .sample_card import TOOLS
from .tool_form import ToolForm, ToolPart, script, style

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["StatisticsPart"]

VIEWS = {"flags": "Flags", "centres": "Data centres", "changes": "Changes"}
MOST = 300
"""Rows that are shown; the CSV has all."""
_CENTRES = {
    "data_centre": ("Data centre", False),
    "edmo": ("EDMO", True),
    "stations": ("Stations", True),
    "values": ("Values", True),
    "unchecked_after": ("Not checked", True),
    "suspect_before": ("Probably bad, imported", True),
    "suspect_after": ("now", True),
    "bad_before": ("Bad, imported", True),
    "bad_after": ("now", True),
}
_CHANGES = {
    "changes": ("Changed flags", True),
    "to_bad": ("to bad (3, 4)", True),
    "to_good": ("to good (1, 2)", True),
    "stations": ("Stations", True),
    "batches": ("Saved changes", True),
    "first": ("First (UTC)", False),
    "last": ("Last (UTC)", False),
}


class StatisticsForm(ToolForm):
    """The form in the browser; see ``statistics.js``."""

    _esm = script("statistics.js")
    _style = style("statistics.css")


class StatisticsPart(ToolPart):
    """Show how flags are spread and who changed them; the numbers go out as CSV."""

    title = "Statistics"

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._view, self._by, self._key = "flags", "user", ""
        self._asked = 0
        self._frame: pd.DataFrame | None = None
        session = self.desk.session
        session.param.watch(
            lambda *_: self._count(), ["collection", "collection_version", "flags_version"]
        )

    def _contents(self) -> list[Any]:
        self.form = StatisticsForm(self._take, session=self.desk.session)
        self._csv = pmui.FileDownload(
            callback=self.csv, filename="flags.csv", label="CSV", variant="text", size="small",
            width=90, margin=(4, 0),
        )  # fmt: skip
        return [self.form, self._csv]

    def _opened(self, new: bool) -> None:
        self._count()

    # ---- counting ----------------------------------------------------------

    def _take(self, said: dict[str, Any]) -> None:
        """Take what the operator chose."""
        from sdcviz.qc.statistics import BY

        data = self.desk.data
        if said.get("view") in VIEWS:
            self._view = said["view"]
        elif said.get("by") in BY:
            self._by = said["by"]
        elif data is not None and said.get("key") in data.keys:
            self._key = said["key"]
        self._count()

    def _count(self) -> None:
        """Count anew, beside the page: a large collection takes seconds."""
        from sdcviz.qc import statistics as stats

        data = self.desk.data
        if not self._shown or data is None:
            return
        if self._key not in data.keys:
            key = self.desk.parameter
            self._key = key if key in data.keys else data.parameters[0].key if data.keys else ""
        self._asked += 1
        asked, view, by, key = self._asked, self._view, self._by, self._key
        works: dict[str, Callable[[], pd.DataFrame]] = {
            "flags": lambda: stats.flag_counts(data),
            "centres": lambda: stats.centre_counts(data, key),
            "changes": lambda: stats.tally(stats.changes(data), by),
        }

        def then(frame: pd.DataFrame | None, error: Exception | None) -> None:
            if asked != self._asked:
                return
            self._frame = frame
            if error is not None or frame is None:
                self._say(f"This could not be counted: {error}")
            else:
                self._show(frame)

        self._say("Counting …")
        background(works[view], then)

    def _chosen(self) -> dict[str, Any]:
        from sdcviz.qc.statistics import BY

        data = self.desk.data
        state: dict[str, Any] = {"views": list(VIEWS.items()), "view": self._view}
        if self._view == "changes":
            state |= {"bys": list(BY.items()), "by": self._by}
        elif self._view == "centres" and data is not None:
            keys = [[p.key, p.label] for p in data.parameters]
            state |= {"keys": keys, "key": self._key}
        return state

    def _say(self, words: str) -> None:
        self.form.state = self._chosen() | {"words": words, "busy": True}

    def _show(self, frame: pd.DataFrame) -> None:
        state = self._chosen() | {"words": ""}
        if self._view == "flags":
            state["groups"] = _groups(frame)
        elif self._view == "centres":
            state |= _table(frame, _CENTRES, "values", "No data centre has this parameter.")
        else:
            state |= _table(
                self._readable(frame), {self._by: (_title(self._by), False)} | _CHANGES, "changes",
                "No flag was changed yet.",
            )  # fmt: skip
            whole = int(frame["changes"].sum())
            state["words"] = f"{counted(whole, 'changed flag')}; what was undone is not counted."
        self.form.state = state

    def _readable(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Put names for people in the place of keys, and short times."""
        data, by = self.desk.data, self._by
        names: Callable[[str], str] = str
        if by == "parameter" and data is not None:
            names = lambda key: label_of(data, key)  # noqa: E731
        elif by == "tool":
            names = lambda tool: TOOLS.get(tool, tool)  # noqa: E731
        elif by == "check":
            words = {"": "by people", "passed": "passed all checks"}
            names = lambda check: words.get(check) or check_title(check)  # noqa: E731
        elif by in ("reason", "user"):
            names = lambda text: text or f"no {by}"  # noqa: E731
        times = {name: frame[name].str[:16].str.replace("T", " ") for name in ("first", "last")}
        return frame.assign(**{by: [names(str(v)) for v in frame[by]]}, **times)

    def csv(self) -> io.BytesIO:
        """Write what is shown, whole; no cell is a formula for a spreadsheet."""
        frame = self._frame
        if frame is None:
            return io.BytesIO()
        if self._view == "changes":
            frame = self._readable(frame)
        texts = frame.select_dtypes(exclude="number").columns
        frame = frame.assign(**{name: [safe_text(str(v)) for v in frame[name]] for name in texts})
        return io.BytesIO(frame.to_csv(index=False, lineterminator="\n").encode())


def _title(by: str) -> str:
    from sdcviz.qc.statistics import BY

    return BY[by]


def _groups(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return bars and lines of each parameter."""
    out = []
    for (key, label), part in frame.groupby(["parameter", "label"], sort=False):
        rows = list(part[["flag", "before", "after"]].itertuples(index=False, name=None))
        bars = {"before": [], "after": []}
        lines = []
        for code, before, after in rows:
            flag = FLAG_OF[code]
            for name, n in (("before", before), ("after", after)):
                bars[name].append([code, n, flag.colour, f"{flag.title}: {number(n)}"])
            step = after - before
            sign = "+" if step > 0 else "\N{MINUS SIGN}"
            change = f"{sign}{number(abs(step))}" if step else ""
            lines.append([flag.title, flag.colour, number(before), number(after), change])
        of = "stations" if key in ("@time", "@position") else "samples"
        words = f"{number(sum(r[1] for r in rows))} {of}"
        out.append({"name": label, "words": words, "lines": lines, **bars})
    return out


def _table(
    frame: pd.DataFrame, columns: dict[str, tuple[str, bool]], size: str, empty: str
) -> dict[str, Any]:
    greatest = max(1, int(frame[size].max())) if len(frame) else 1
    rows = []
    for record in frame.head(MOST).to_dict("records"):
        cells = [
            number(int(record[name])) if is_number and name != "edmo" else str(record[name])
            for name, (_, is_number) in columns.items()
        ]
        rows.append([cells, int(record[size]) / greatest])
    more = f"The first {number(MOST)} of {number(len(frame))}; the CSV has all."
    return {
        "columns": list(columns.values()),
        "rows": rows,
        "more": more if len(frame) > MOST else "",
        "empty": empty,
    }
