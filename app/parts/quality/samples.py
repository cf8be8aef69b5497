"""The table of samples: values, flags that can be edited, findings, history."""

from __future__ import annotations

from typing import Any

import numpy as np
import panel as pn
import param

from sdcviz.qc.model import DEPTH, Edits, label_of
from sdcviz.words import counted

from ...desk import Desk
from ..chosen import SHOWN_BY, shown
from .sample_card import card_of
from .samples_columns import STYLE, TITLES, columns_of, flag_formatter
from .samples_frame import (
    SHOWS,
    Listing,
    flag_codes,
    of_selection,
    of_station,
    page_frame,
    parameters_of,
    restricted,
    words_of,
)
from .samples_piece import SamplesPiece, edits_of

__all__ = ["SamplesPart"]

PAGE = 200
REST_MS = 150
"""The table follows when the plots of a station have had time to be painted."""
_NOTHING = np.empty(0, np.int64)


class SamplesPart(pn.viewable.Viewer):
    """List the samples of the station in view, or of the selection, and edit their flags.

    The server holds one page. What is picked here is picked in the plots, and the
    other way round. A changed flag changes its cell alone, so that page and
    scroll stay.
    """

    desk = param.ClassSelector(class_=Desk, instantiate=False, doc="What the operator works on.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        desk, session = self.desk, self.desk.session
        self._mode, self._show, self._page = "station", "all", 1
        self._listing = Listing(_NOTHING, _NOTHING)
        self._all = self._on_page = self._listing
        self._keys: list[str] = []
        self._picks = (_NOTHING, _NOTHING)
        self._clicked: tuple[int, int] | None = None
        self._text_key = ""
        self._linking = False
        self._turn = 0
        self._dots = flag_formatter()
        self.table: pn.widgets.Tabulator | None = None
        self.bar = SamplesPiece(
            self._take, kind="bar", dark=session.dark, sizing_mode="stretch_width", margin=0,
            height=31,
        )  # fmt: skip
        self.card = SamplesPiece(
            self._take, kind="card", dark=session.dark, sizing_mode="stretch_height", margin=0,
            width=270, styles={"min-height": "0"},
        )  # fmt: skip
        self._place = pn.Column(
            sizing_mode="stretch_both", margin=0, styles={"min-width": "0", "min-height": "0"}
        )
        self._layout = pn.Column(
            self.bar,
            pn.Row(
                self._place, self.card, sizing_mode="stretch_both", margin=0,
                styles={"min-height": "0"},
            ),
            sizing_mode="stretch_both", margin=0, styles={"min-height": "0"},
        )  # fmt: skip
        watch = session.param.watch
        watch(lambda _: self._refresh(), "flags_version")
        watch(lambda *_: self._later(), ["reading", "tab"])
        watch(lambda *_: self._begin_again(), ["collection", "collection_version"])
        watch(lambda *_: self._mode == "selection" and self._later(), list(SHOWN_BY))
        watch(self._dress, "dark")
        desk.param.watch(lambda _: self._mode == "station" and self._later(), "station")
        desk.param.watch(lambda _: self._later(), "findings")
        desk.param.watch(lambda _: self._follow_picked(), "picked")
        desk.param.watch(lambda _: self._flag_other(), "parameter")
        self._later()

    def __panel__(self) -> Any:
        return self._layout

    # ---- when --------------------------------------------------------------

    def _later(self) -> None:
        """List anew, soon: of several reasons in a row the last one counts."""
        if self.desk.session.tab != "quality":
            return
        self._turn += 1
        turn, document = self._turn, pn.state.curdoc
        if document is not None and document.session_context is not None:
            document.add_timeout_callback(lambda: turn == self._turn and self._list(), REST_MS)
        else:
            self._list()

    def _begin_again(self) -> None:
        self._mode, self._show, self._page = "station", "all", 1
        self._picks, self._clicked = (_NOTHING, _NOTHING), None
        self._later()

    def _dress(self, event: Any) -> None:
        self.bar.dark = self.card.dark = event.new

    # ---- listing -----------------------------------------------------------

    def _list(self) -> None:
        """List the samples that are asked for, from page 1 or where picks are."""
        data, row = self.desk.data, self.desk.station
        if data is None:
            return
        before = self._all
        if self._mode == "station":
            known = 0 <= row < data.n_stations
            self._all = of_station(data, row) if known else Listing(_NOTHING, _NOTHING)
        else:
            selection = shown(self.desk.session)
            self._all = of_selection(selection) if selection is not None else before
        rows = np.unique(self._all.station)
        self._keys = parameters_of(data, rows) if len(rows) else []
        if self._mode == "station":
            picked = self.desk.picked.astype(np.int64)
            self._picks = (np.full(len(picked), row, np.int64), picked)
        self._clicked = None
        self._restrict()

    def _restrict(self) -> None:
        """Keep what is to be shown, and show the page with the first pick."""
        data = self.desk.data
        if data is None:
            return
        self._listing = restricted(
            data, self._all, self._show, self._keys, self.desk.findings, self._picks
        )
        self._page = 1
        self._show_page(self._page_of_picks() or 1)

    def _page_of_picks(self) -> int | None:
        """Return the page of the first picked sample; None where it is in view or nowhere."""
        if self._on_page.among(*self._picks).any() and self._page == 1:
            return None
        at = np.flatnonzero(self._listing.among(*self._picks))
        return int(at[0]) // PAGE + 1 if len(at) else None

    @property
    def _pages(self) -> int:
        return max(1, -(-len(self._listing) // PAGE))

    def _show_page(self, page: int) -> None:
        data = self.desk.data
        assert data is not None
        self._page = min(max(1, page), self._pages)
        first = (self._page - 1) * PAGE
        self._on_page = self._listing.take(np.arange(first, min(first + PAGE, len(self._listing))))
        frame = page_frame(data, self._on_page, self._keys, self.desk.findings)
        self._put(frame)
        self._show_picks()
        self._show_rest()

    def _put(self, frame: Any) -> None:
        """Put a page into the table; its columns only where they are others."""
        data = self.desk.data
        assert data is not None
        columns = columns_of(data, self._keys, list(frame.columns), self._all.alone, self._dots)
        if self.table is None:
            self.table = pn.widgets.Tabulator(
                frame, show_index=False, selectable=True, layout="fit_data_fill", theme="simple",
                sortable=False, frozen_columns=["sample"], sizing_mode="stretch_both",
                min_height=80, margin=0, stylesheets=[STYLE], **columns,
            )  # fmt: skip
            self.table.on_edit(self._edited)
            self.table.on_click(self._click)
            self.table.param.watch(self._select, "selection")
            self._place.objects = [self.table]
            return
        self._linking = True
        try:
            self.table.selection = []
            others = {k: v for k, v in columns.items() if getattr(self.table, k) != v}
            self.table.param.update(value=frame, **others)
        finally:
            self._linking = False

    # ---- picking -----------------------------------------------------------

    def _follow_picked(self) -> None:
        """Show what was picked in a plot."""
        if self._linking:
            return
        picked = self.desk.picked.astype(np.int64)
        self._picks = (np.full(len(picked), self.desk.station, np.int64), picked)
        self._clicked = None
        if self.table is None or (self._mode == "station" and self._other_station()):
            return  # the listing of the new station is on its way
        if self._show == "picked":
            self._restrict()
            return
        page = None if self._on_page.among(*self._picks).any() else self._page_of_picks()
        if page is not None and page != self._page:
            self._show_page(page)
            return
        self._show_picks()
        self._show_rest()

    def _other_station(self) -> bool:
        return bool(len(self._all)) and int(self._all.station[0]) != self.desk.station

    def _show_picks(self) -> None:
        if self.table is None:
            return
        self._linking = True
        try:
            chosen = np.flatnonzero(self._on_page.among(*self._picks)).tolist()
            if chosen != self.table.selection:
                self.table.selection = chosen
        finally:
            self._linking = False

    def _select(self, event: Any) -> None:
        """Pick the rows that were selected in the table."""
        if self._linking:
            return
        here = self._on_page.take(np.asarray(event.new, np.int64))
        station, sample = here.station, here.sample
        if len(event.new) > 1:  # with Ctrl or Shift: what is picked on other pages stays
            elsewhere = ~Listing(*self._picks).among(self._on_page.station, self._on_page.sample)
            station = np.concatenate([self._picks[0][elsewhere], station])
            sample = np.concatenate([self._picks[1][elsewhere], sample])
        self._picks = (station, sample)
        self._linking = True
        try:
            only = np.unique(station)
            if len(only) == 1 and only[0] != self.desk.station:
                self.desk.open(int(only[0]))
            self.desk.picked = np.sort(sample[station == self.desk.station])
        finally:
            self._linking = False
        self._show_rest()

    def _click(self, event: Any) -> None:
        """Show the card of a sample; its parameter is the one that is flagged next."""
        if event.row is None or event.row >= len(self._on_page):
            return
        at = int(event.row)
        self._clicked = int(self._on_page.station[at]), int(self._on_page.sample[at])
        key, data = self._key_of(event.column), self.desk.data
        if data is not None and key in self._keys and key != self._key:
            if data.parameter(key).kind == "text":
                self._text_key = key  # nothing that the plots could show
            elif key == self.desk.parameter:
                self._text_key = ""
            else:
                self.desk.parameter = key
                return  # that shows the card
        self._show_rest()

    def _flag_other(self) -> None:
        self._text_key = ""
        self._show_rest()

    @property
    def _key(self) -> str:
        """The parameter that is flagged: the desk's, or the text parameter that was clicked."""
        return self._text_key if self._text_key in self._keys else self.desk.parameter

    def _key_of(self, column: str) -> str:
        if column == "fd":
            return DEPTH
        return self._keys[int(column[1:])] if column[1:].isdigit() else ""

    # ---- flags -------------------------------------------------------------

    def _edited(self, event: Any) -> None:
        """Write the flag that was chosen in a cell; if it can't be, put back what holds."""
        data, at = self.desk.data, int(event.row)
        key, code = self._key_of(event.column), str(event.value)
        if data is None or not key or code == event.old:
            return
        one = self._on_page.take(np.array([at]))
        here = bool(data.flag_places(key, one.station, one.sample)[0])
        if code not in TITLES or not here or event.old == "9":
            self.desk.tell("This sample has no value, so its flag stays 9, missing.")
        else:
            edits = Edits.of(key, one.station, one.sample, str(event.old), code)
            self.desk.write(edits, tool="table")
        self._refresh()

    def set_flag(self, code: str) -> None:
        """Set the flag of all picked samples.

        Parameters
        ----------
        code : str
            L20 code.
        """
        data, key = self.desk.data, self._key
        if data is None or code not in TITLES or not len(self._picks[0]):
            return
        edits = edits_of(data, key, *self._picks, code)
        if not len(edits):
            self.desk.tell(f"All that is picked has flag {TITLES[code]} already, or no value.")
            return
        self.desk.write(edits, tool="table", selection=f"{counted(len(edits), 'picked sample')}")
        self._refresh()

    def _refresh(self) -> None:
        """Change the cells of flags that have changed, and nothing else."""
        data = self.desk.data
        if data is None or self.table is None or not len(self._on_page):
            return
        if self.table.value is None or len(self.table.value) != len(self._on_page):
            return
        patch = {}
        for column, key in [("fd", DEPTH), *((f"f{i}", k) for i, k in enumerate(self._keys))]:
            now, old = flag_codes(data, key, self._on_page), self.table.value[column].to_numpy()
            changed = np.flatnonzero(now != old).tolist()
            if changed:
                patch[column] = [(i, str(now[i])) for i in changed]
        if patch:
            self.table.patch(patch)
        self._show_rest()

    # ---- what stands around ------------------------------------------------

    def _take(self, choice: dict[str, Any]) -> None:
        """Do what the line over the table asks for."""
        if choice.get("mode") in ("station", "selection"):
            self._mode = choice["mode"]
            self._list()
        elif choice.get("show") in SHOWS:
            self._show = choice["show"]
            self._restrict()
        elif "page" in choice:
            self._show_page(self._page + int(choice["page"]))
        elif "flag" in choice:
            self.set_flag(str(choice["flag"]))

    def _show_rest(self) -> None:
        """Show counts, picks and the card."""
        desk, session = self.desk, self.desk.session
        if desk.data is None:
            self.bar.state = self.card.state = {}
            return
        picked = len(self._picks[0])
        what = "Selection" if len(session.selection) else "All that is shown"
        self.bar.state = {
            "modes": [["station", "This station"], ["selection", what]],
            "mode": self._mode,
            "shows": list(SHOWS.items()),
            "show": self._show,
            "words": words_of(self._listing, self._all),
            "picked": counted(picked, "sample") + " picked" if picked else "",
            "set": f"Flag {self._flagged()} …",
            "flags": [[code, title] for code, title in TITLES.items()],
            "page": self._page,
            "pages": self._pages,
        }
        self.card.state = card_of(desk, self._key, self._picks, self._clicked)

    def _flagged(self) -> str:
        data, key = self.desk.data, self._key
        if data is None or not key:
            return ""
        return label_of(data, key).lower()
