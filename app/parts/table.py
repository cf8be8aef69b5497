"""The table of stations, page by page."""

from __future__ import annotations

import io
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from sdcviz.formats.csv_write import safe_text

from ..session import Session
from .chosen import SHOWN_BY, counts, shown

__all__ = ["TablePart"]

PAGE = 20
CHUNK = 50_000
"""Stations that are written at once to the CSV."""

DENSE = """
:host .tabulator {font-size: 12.5px}
.tabulator .tabulator-header .tabulator-col .tabulator-col-content {padding: 4px 8px !important}
.tabulator .tabulator-row {min-height: 26px !important}
.tabulator .tabulator-row .tabulator-cell {
  padding: 3px 8px !important; height: 26px !important; min-height: 26px !important}
"""
"""Letters and rows of the size of the page's other texts, over those of the theme."""

COLUMNS = {
    "cruise": "Cruise",
    "station": "Station",
    "time": "Time (UTC)",
    "longitude": "Longitude",
    "latitude": "Latitude",
    "depth_min": "From [m]",
    "depth_max": "To [m]",
    "samples": "Samples",
    "platform": "Platform",
    "data_centre": "EDMO",
    "data_centre_name": "Data centre",
    "local_cdi_id": "LOCAL_CDI_ID",
    "bottom_depth": "Bottom [m]",
    "feature": "Kind",
    "source": "File",
}
"""Columns in their order, with their titles."""

_WIDTHS = {
    "cruise": 130, "station": 90, "time": 135, "longitude": 88, "latitude": 82, "depth_min": 75,
    "depth_max": 75, "samples": 82, "platform": 90, "data_centre": 70, "data_centre_name": 180,
    "local_cdi_id": 190, "bottom_depth": 85, "feature": 90, "source": 180,
}  # fmt: skip


class TablePart(pn.viewable.Viewer):
    """List stations: the brush, else the selection, else all that pass the filters.

    The server sorts and cuts, so the browser holds one page and the server no
    table of all stations. A click on a row opens the station's card.
    """

    session = param.ClassSelector(class_=Session, instantiate=False, doc="State of the visitor.")
    active = param.Boolean(default=True, doc="Whether the table is in view; else it waits.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._sort: tuple[str, bool] | None = None
        self._setting = False
        self._layout = pmui.Column(sizing_mode="stretch_both", margin=0)
        self.table: pn.widgets.Tabulator | None = None
        self.session.param.watch(self._follow, list(SHOWN_BY))
        self.param.watch(lambda _: self._update(page=1), "active")
        self._update(page=1)

    def __panel__(self) -> Any:
        return self._layout

    def _make(self, first: Any) -> None:
        from bokeh.models.widgets.tables import DateFormatter, NumberFormatter

        numbers = {
            "longitude": "0.0000", "latitude": "0.0000", "depth_min": "0.[0]",
            "depth_max": "0.[0]", "bottom_depth": "0", "samples": "0,0",
        }  # fmt: skip
        formats: dict[str, Any] = {
            name: NumberFormatter(format=form, nan_format="") for name, form in numbers.items()
        }
        formats["time"] = DateFormatter(format="%Y-%m-%d %H:%M", nan_format="")
        self.table = pn.widgets.Tabulator(
            first,
            disabled=True,
            show_index=False,
            titles=COLUMNS,
            widths=_WIDTHS,
            formatters=formats,
            text_align={name: "right" for name in (*numbers, "data_centre")},
            selectable=False,
            pagination=None,
            layout="fit_data",
            theme="simple",
            # The server sorts by code, so a name beside it has no order of its own.
            configuration={"columnDefaults": {"headerSortTristate": True}},
            header_filters=False,
            sizing_mode="stretch_both",
            min_height=200,
            margin=(0, 4),
            stylesheets=[DENSE + ".tabulator-row {cursor: pointer}"],
        )
        self._words = pmui.Typography(
            "", variant="body2", margin=(8, 10), sx={"color": "text.secondary"},
            sizing_mode="stretch_width",
        )  # fmt: skip
        self._pager = pmui.Pagination(
            count=1, value=0, size="small", sibling_count=1, margin=(4, 8), show_first_button=True,
            show_last_button=True,
        )  # fmt: skip
        self._csv = pmui.FileDownload(
            callback=self.csv, filename="stations.csv", label="CSV", variant="text", size="small",
            width=90, margin=(4, 8),
        )  # fmt: skip
        self.table.on_click(self._open_card)
        self.table.param.watch(self._sort_by, "sorters")
        self._pager.param.watch(self._turn, "value")
        self._layout[:] = [
            pmui.Row(self._words, self._csv, margin=0),
            self.table,
            self._pager,
        ]

    # ---- doing -------------------------------------------------------------

    def page(self, number: int) -> Any:
        """Return one page of the stations as it is shown.

        Parameters
        ----------
        number : int
            From 1.

        Returns
        -------
        DataFrame
            Indexed by station row.
        """
        selection = shown(self.session)
        column, descending = self._sort or (None, False)
        return _readable(selection.table(number, PAGE, column, descending))

    def _follow(self, *events: Any) -> None:
        """List anew; flags alone turn no page, and matter only where they filter."""
        if {e.name for e in events} != {"explored_flags"}:
            self._update(page=1)
        elif self.session.filters.flag_keys:
            self._update(page=self._pager.value + 1 if self.table is not None else 1)

    def _update(self, page: int) -> None:
        selection = shown(self.session)
        if not self.active or selection is None:
            return
        pages = max(1, -(-selection.n_stations // PAGE))
        page = min(page, pages)
        frame = self.page(page)
        if self.table is None:
            self._make(frame)
        else:
            self.table.value = frame
        self._setting = True
        try:
            # The pager counts from 0; first down, or a shorter list would cut off its page.
            self._pager.value = 0
            self._pager.param.update(count=pages, value=page - 1)
        finally:
            self._setting = False
        self._words.object = f"{self._which()}: {counts(selection)}."

    def _which(self) -> str:
        if len(self.session.selection):
            return "Selected" if self.session.brush is None else "Brushed"
        return "Filtered" if self.session.is_filtered else "All"

    def _turn(self, event: Any) -> None:
        if not self._setting:
            self._update(page=event.new + 1)

    def _sort_by(self, event: Any) -> None:
        """Sort all stations by the column whose header was clicked, from page 1."""
        first = event.new[0] if event.new else None
        column = first["field"] if first else None
        if column == "data_centre_name":
            column = "data_centre"
        sort = (column, first["dir"] == "desc") if column in COLUMNS else None
        if sort != self._sort:
            self._sort = sort
            self._update(page=1)

    def _open_card(self, event: Any) -> None:
        if event.row is not None:
            self.session.station = int(self.table.value.index[event.row])

    def csv(self) -> io.BytesIO:
        """Write all listed stations, with the columns of the table."""
        selection = shown(self.session)
        out = io.BytesIO()
        for page in range(1, max(1, -(-selection.n_stations // CHUNK)) + 1):
            column, descending = self._sort or (None, False)
            frame = _readable(selection.table(page, CHUNK, column, descending))
            texts = frame.select_dtypes(["object", "string"]).columns
            frame = frame.assign(**{name: frame[name].map(_harmless) for name in texts})
            out.write(frame.to_csv(header=page == 1, lineterminator="\n").encode())
        out.seek(0)
        return out


def _harmless(value: Any) -> Any:
    """Make a text one that no spreadsheet takes for a formula."""
    return safe_text(value) if isinstance(value, str) else value


def _readable(frame: Any) -> Any:
    """Choose the columns of the table, and put the name of the data centre beside its code."""
    from sdcviz.vocabularies import label

    names = {c: label("EDMO", str(c)) if c else "" for c in frame["data_centre"].unique()}
    frame = frame.assign(data_centre_name=frame["data_centre"].map(names))
    return frame[list(COLUMNS)]
