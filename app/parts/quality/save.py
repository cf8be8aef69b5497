"""The tool "Save": files with the flags as they stand now."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui
import param

from sdcviz.words import counted

from ...desk import Desk
from ..chosen import counts, shown
from ..writer import Writer, stem

if TYPE_CHECKING:
    from sdcviz.observations import Selection

__all__ = ["SAVES", "SavePart"]


def _odv(selection: Selection, path: Path) -> None:
    """Write a file for each source file; several go into one archive."""
    from sdcviz.observations.export import export_each

    if path.suffix != ".zip":
        selection.export(path, "odv")
        return
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        written = export_each(selection, Path(folder))
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in written:
                archive.write(file, file.name)


def _log(selection: Selection, path: Path) -> None:
    from sdcviz.qc.changelog import write_change_log

    write_change_log(selection.collection, path, selection.rows)


SAVES: dict[str, tuple[str, str, Callable[[Selection, Path], Any]]] = {
    "ODV spreadsheet": (
        "A file for each source file. Of a source in the SeaDataNet form only the changed flags "
        "and one history line for each session differ.",
        ".txt",
        _odv,
    ),
    "NetCDF (CF) with journal": (
        "One file that also says who changed which flag, when and why.",
        ".nc",
        lambda selection, path: selection.export(path, "netcdf"),
    ),
    "CSV": (
        "One table of all samples with their flags.",
        ".csv",
        lambda selection, path: selection.export(path, "csv"),
    ),
    "Change log (CSV)": ("One row for each changed flag.", "_changes.csv", _log),
}
"""Title of each form, with what it is, the end of its name, and its writer."""

_EVERYTHING, _SHOWN = "The whole collection", "What Explore shows: its filters and selection"


class SavePart(pn.viewable.Viewer):
    """A dialog that writes files with the flags as they stand now."""

    desk = param.ClassSelector(class_=Desk, instantiate=False, doc="What the operator works on.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self.writer = Writer()
        text: dict[str, Any] = {"variant": "body2", "margin": (0, 8)}
        self.form = pmui.Select(
            label="Format", options=list(SAVES), value=next(iter(SAVES)), size="small",
            variant="outlined", sizing_mode="stretch_width", margin=8,
        )  # fmt: skip
        self.scope = pmui.RadioBoxGroup(
            options=[_EVERYTHING, _SHOWN], value=_EVERYTHING, margin=(0, 8)
        )
        self._what = pmui.Typography("", **text)
        self._about = pmui.Typography("", **text)
        self._write = pmui.Button(
            label="Write file", size="small", width=130, margin=8, on_click=self.write
        )
        self._dialog = pmui.Dialog(
            pmui.Column(
                self.form, self._about, self.scope, self._what, self._write, self.writer,
                margin=0, sizing_mode="stretch_width",
            ),
            title="Save the flags", width_option="sm", show_close_button=True, close_on_click=True,
        )  # fmt: skip
        for widget in (self.form, self.scope):
            widget.param.watch(self._say, "value")
        self.writer.param.watch(self._say, "busy")

    def __panel__(self) -> Any:
        return self._dialog

    def open(self) -> None:
        """Show the dialog."""
        self._dialog.open = True
        self._say()

    def _selection(self) -> Selection | None:
        data = self.desk.data
        if data is None or self.scope.value == _SHOWN:
            return shown(self.desk.session)
        return data.where()

    def _say(self, *_: Any) -> None:
        """Tell what would be written."""
        selection = self._selection()
        self._write.disabled = self.writer.busy or not (selection and selection.n_stations)
        self._about.object = SAVES[self.form.value][0]
        self._what.object = "No collection is open."
        if selection is not None:
            self._what.object = f"{counts(selection)}, {self._changes(selection)}."

    def _changes(self, selection: Selection) -> str:
        from sdcviz.qc.sessions import sessions

        n = sum(len(s.edits) for s in sessions(selection.collection, selection.rows))
        return counted(n, "changed flag")

    def write(self, *_: Any) -> None:
        """Write the file beside the page, then offer it."""
        selection = self._selection()
        if selection is None:
            return
        _, ending, write = SAVES[self.form.value]
        c = selection.collection
        several = len({int(s) for s in c.source[selection.rows]}) > 1
        if write is _odv and several:
            ending = ".zip"
        self.writer.run(f"{stem(c.name)}_flags{ending}", lambda path: write(selection, path))
