"""The menu "Export": data, figure and Python of what is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from sdcviz.words import number

from ..session import Session
from .choice import KINDS, PlotChoice
from .chosen import SHOWN_BY, counts, shown
from .notebook import NotebookPart
from .writer import Writer, stem

__all__ = ["ExportPart"]

DATA = {
    "CSV": ("csv", ".csv"),
    "ODV spreadsheet": ("odv", ".txt"),
    "NetCDF (CF)": ("netcdf", ".nc"),
    "Parquet": ("parquet", ".parquet"),
}
"""Title of each format of data, with its name and its ending."""
FIGURES = {"PNG, 300 dpi": ".png", "SVG": ".svg", "PDF": ".pdf"}

# The clipboard's own door is shut where the page has no TLS; the old way works there.
_COPY = """
const text = source.object.replace(/^```python\\n/, '').replace(/```\\s*$/, '')
if (navigator.clipboard && window.isSecureContext) {
  navigator.clipboard.writeText(text)
} else {
  const area = document.createElement('textarea')
  area.value = text
  document.body.appendChild(area)
  area.select()
  document.execCommand('copy')
  area.remove()
}
"""


_CODE = ":host {font-size: 12px} pre {white-space: pre; overflow-x: auto; margin: 0}"


class ExportPart(pn.viewable.Viewer):
    """A button and its dialog, which is made when it is first opened.

    What it writes is offered as a link, see `Writer`.
    """

    session = param.ClassSelector(class_=Session, instantiate=False, doc="State of the visitor.")
    choice = param.ClassSelector(class_=PlotChoice, instantiate=False, doc="Which plot is shown.")

    def __init__(self, **params: Any) -> None:
        params.setdefault("choice", PlotChoice())
        super().__init__(**params)
        self._dialog: Any = None
        self.writer = Writer()
        button = pmui.Button(
            label="Export", icon="download", size="small", variant="text", width=95,
            margin=(4, 6), on_click=lambda _: self.open(),
        )  # fmt: skip
        self._layout = pmui.Row(button, margin=0, width=110)
        self.session.param.watch(self._say, list(SHOWN_BY))

    def __panel__(self) -> Any:
        return self._layout

    def _make(self) -> None:
        small: dict[str, Any] = {"size": "small", "margin": (4, 8)}
        self._what = pmui.Typography("", variant="body2", margin=(0, 8))
        self.form = pmui.Select(
            label="Format", options=list(DATA), value="CSV", variant="outlined", width=190, **small
        )
        self._write = pmui.Button(label="Write data", width=130, on_click=self.write_data, **small)
        self.picture = pmui.Select(
            label="Figure", options={"Plot": "plot", "Map of the stations": "map"}, value="plot",
            variant="outlined", width=190, **small,
        )  # fmt: skip
        self.figure_form = pmui.Select(
            label="Format", options=list(FIGURES), value="PNG, 300 dpi", variant="outlined",
            width=150, **small,
        )  # fmt: skip
        self.title = pmui.TextInput(label="Title", placeholder="None", **small)
        self._draw = pmui.Button(
            label="Draw figure", width=130, on_click=self.write_figure, **small
        )
        self.python = pn.pane.Markdown(
            "", sizing_mode="stretch_width", margin=(0, 8), stylesheets=[_CODE],
            styles={"max-height": "210px", "overflow": "auto"},
        )  # fmt: skip
        self._copy = pmui.Button(label="Copy", icon="content_copy", width=110, **small)
        self.notebook = NotebookPart(session=self.session)
        self._copy.js_on_click(args={"source": self.python}, code=_COPY)
        heading: dict[str, Any] = {"variant": "h6", "margin": (10, 8, 2, 8)}
        self._dialog = pmui.Dialog(
            pmui.Column(
                self._what,
                pmui.Typography("Data", **heading),
                pmui.Row(self.form, self._write, margin=0),
                pmui.Typography("Figure", **heading),
                pmui.Row(self.picture, self.figure_form, margin=0),
                pmui.Row(self.title, self._draw, margin=0),
                self.writer,
                pmui.Typography("Python: the same selection and plot in a notebook", **heading),
                self.python,
                pmui.Row(self._copy, self.notebook, margin=0),
                margin=0, sizing_mode="stretch_width",
            ),
            title="Export what is shown", width_option="sm", show_close_button=True,
            close_on_click=True,
        )  # fmt: skip
        self.picture.param.watch(self._say, "value")
        self.writer.param.watch(self._say, "busy")

    # ---- doing -------------------------------------------------------------

    def open(self) -> None:
        """Show the dialog."""
        new = self._dialog is None
        if new:
            self._make()
        self._dialog.open = True
        self._say()
        if new:
            # Opened before: the browser may miss a change while it first draws a dialog.
            self._layout.append(self._dialog)

    def _say(self, *_: Any) -> None:
        """Tell what an export would hold now."""
        if self._dialog is None or not self._dialog.open:
            return
        selection = shown(self.session)
        nothing = selection is None or not selection.n_stations
        self._write.disabled = self._draw.disabled = nothing or self.writer.busy
        if selection is None:
            self._what.object = "No collection is open."
            return
        which = "Brushed" if self.session.brush is not None else "Selected"
        if not len(self.session.selection):
            which = "Filtered" if self.session.is_filtered else "Everything"
        self._what.object = f"{which}: {counts(selection)}."
        self.picture.options = {
            f"Plot: {KINDS[self.choice.kind].title}": "plot", "Map of the stations": "map",
        }  # fmt: skip
        self.python.object = f"```python\n{self.snippet()}```"

    def _view(self) -> tuple[str, tuple[str, ...], str]:
        """Return kind, keys and colour of the picture that is asked for."""
        plot = self._dialog is None or self.picture.value == "plot"
        if plot and self.session.data is not None and not self.choice.complete:
            self.choice.follow(self.session.data, self.session.parameter)
        if plot and self.choice.complete:
            return self.choice.kind, self.choice.keys, self.choice.colour
        return "map", (), ""

    def snippet(self) -> str:
        """Return the Python lines for what is shown."""
        from sdcviz import plots

        selection = shown(self.session)
        if selection is None:
            return ""
        kind, keys, colour = self._view()
        return plots.snippet(selection, kind, *keys, colour_by=colour)

    def write_data(self, *_: Any) -> None:
        """Write the data in a thread, then offer them."""
        selection = shown(self.session)
        form, ending = DATA[self.form.value]
        name = f"{stem(selection.collection.name)}_{number_of(selection)}{ending}"
        self.writer.run(name, lambda path: selection.export(path, form))

    def write_figure(self, *_: Any) -> None:
        """Draw the figure in a thread, then offer it."""
        selection = shown(self.session)
        kind, keys, colour = self._view()
        ending = FIGURES[self.figure_form.value]
        title = self.title.value or ""

        def draw(path: Path) -> None:
            from sdcviz import plots

            made = plots.figure(
                selection, kind, *keys, colour_by=colour, title=title, caption=caption(selection)
            )
            plots.save_figure(made, path)

        self.writer.run(f"{stem(selection.collection.name)}_{kind}{ending}", draw)


def number_of(selection: Any) -> str:
    """Return the number of stations for a file name."""
    return f"{selection.n_stations}_stations"


def caption(selection: Any) -> str:
    """Return the small print of a figure: what is shown, of whom, from where.

    Parameters
    ----------
    selection : Selection
        What the figure shows.

    Returns
    -------
    str
        Counts, the data centres with most stations, collection and version.
    """
    from sdcviz import __version__
    from sdcviz.vocabularies import label

    by_centre = sorted(selection.counts("data_centre").items(), key=lambda item: -item[1])
    known = [(code, n) for code, n in by_centre if code]
    named = [f"{label('EDMO', str(code))} ({number(n)})" for code, n in known[:5]]
    if len(known) > 5:
        named.append(f"and {len(known) - 5} more")
    centres = f" Data centres: {'; '.join(named)}." if named else ""
    return (
        f"{counts(selection)}.{centres} "
        f"Collection “{selection.collection.name}”, sdcviz {__version__}."
    )
