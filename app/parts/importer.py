"""The dialog "Open files": files from the visitor or the server become a collection."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import panel as pn
import panel_material_ui as pmui
import param

from sdcviz.errors import SdcvizError
from sdcviz.settings import get_settings
from sdcviz.words import counted, size

from .. import library, uploads
from ..imports import ImportJob, Outcome, folder_for
from ..session import Session
from .columns import ColumnsPart, tables_in
from .drop import DropArea

__all__ = ["ImporterPart"]

POLL_MS = 300
ROWS = 8
_NEW, _ADD = "A new collection", "The open collection"


class ImporterPart(pn.viewable.Viewer):
    """Choose files, follow their import, read what the file doctor found.

    Parameters
    ----------
    session : Session
        State of the visitor; shows the collection when it is there.
    handle : str
        Public handle of the visitor (see `app.server.guard`); owner of the uploads.
    """

    session = param.ClassSelector(class_=Session, instantiate=False, doc="State of the visitor.")
    handle = param.String(default="", doc="Public handle of the visitor.")
    tell = param.Callable(default=print, doc="Shows a sentence: tell(text, kind).")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._job: ImportJob | None = None
        self._poll: Any = None
        self._sources: list[Path] = []
        self._names: list[str] = []
        self._columns: list[ColumnsPart] = []
        self._drop = DropArea(delivery=uploads.new_delivery(), sizing_mode="stretch_width")
        self._arrived = pmui.Typography("", variant="body2", visible=False, margin=(0, 10))
        self._path = pmui.TextInput(
            label="Or a path on this machine",
            placeholder="A data file, an archive, a folder of files, or a collection",
            visible=may_use_paths(),
        )
        self._target = pmui.RadioButtonGroup(
            label="Into", options=[_NEW], value=_NEW, size="small", visible=False
        )
        self._name = pmui.TextInput(
            label="Name of the collection", placeholder="Taken from the files"
        )
        self._start = pmui.Button(label="Open", disabled=True, width=110, on_click=self._go)
        self._stop = pmui.Button(label="Close", variant="text", width=110, on_click=self._leave)
        self._bar = pmui.LinearProgress(value=0, visible=False, sizing_mode="stretch_width")
        self._said = pmui.Typography("", variant="body2", visible=False, margin=(0, 10))
        self._result = pmui.Column(sizing_mode="stretch_width")
        self._choice = pmui.Column(
            self._drop, self._arrived, self._path, self._target, self._name,
            sizing_mode="stretch_width",
        )  # fmt: skip
        self._dialog = pmui.Dialog(
            self._choice,
            self._said,
            self._bar,
            self._result,
            pmui.Row(pn.layout.HSpacer(), self._stop, self._start),
            title="Open files",
            width_option="md",
            show_close_button=True,
        )
        self._drop.param.watch(self._update_choice, ["uploaded", "sending"])
        self._path.param.watch(self._update_choice, "value_input")
        self._target.param.watch(self._update_choice, "value")

    def __panel__(self) -> Any:
        return self._dialog

    def open(self) -> None:
        """Show the dialog, empty unless an import is still running."""
        if self._job is None:
            self._reset()
        self._dialog.open = True

    def _reset(self) -> None:
        entry = next((e for e in library.known() if e.path == self.session.collection), None)
        targets = {_NEW: _NEW} | ({f"Add to {entry.name}": _ADD} if entry else {})
        self._target.param.update(options=targets, value=_NEW, visible=entry is not None)
        self._drop.param.update(delivery=uploads.new_delivery(), uploaded=[], sending=False)
        self._path.param.update(value="", value_input="")
        self._name.value = ""
        self._columns = []
        self._result.objects = []
        self._show_step("choose")

    def _show_step(self, step: str, said: str = "") -> None:
        running = step == "run"
        self._choice.visible = step == "choose"
        self._bar.visible = running
        self._said.param.update(object=said, visible=bool(said))
        self._start.param.update(
            visible=step in {"choose", "columns"}, label="Import" if step == "columns" else "Open"
        )
        self._stop.label = "Cancel" if running else "Close"

    def _update_choice(self, *_: Any) -> None:
        """Say what arrived, and let the visitor start when there is something to open."""
        files = self._drop.uploaded
        total = sum(file["size"] for file in files)
        text = f"{counted(len(files), 'file')} ready ({size(total)})" if files else ""
        self._arrived.param.update(object=text, visible=bool(files))
        self._name.visible = self._target.value == _NEW
        path = self._path.value_input.strip()
        self._start.disabled = self._drop.sending or not (files or path)

    def _go(self, *_: Any) -> None:
        """Go on from what was chosen, or from the columns that were shown."""
        if not self._columns:
            self._open()
            return
        try:
            for columns in self._columns:
                columns.keep()
        except (SdcvizError, OSError) as error:
            self._show_step("columns", str(error))
            return
        self._columns = []
        self._result.objects = []
        self._import()

    def _open(self) -> None:
        """Open the path if it is a collection, else import all that was chosen.

        Where plain tables are among it, their columns are shown first.
        """
        path = self._path.value_input.strip()
        files = self._drop.uploaded
        folder = Path(path).expanduser() if path else None
        if folder and not files and (folder / "collection.json").is_file():
            self._open_collection(folder)
            return
        if folder and not folder.exists():
            self._show_step("choose", f"{path}: there is no such file or folder on this machine.")
            return
        sources: list[Path] = [folder] if folder else []
        if files:
            delivery = uploads.delivery_folder(self.handle, self._drop.delivery)
            # One by one, so that their names do not begin with that of our folder.
            tops = dict.fromkeys(file["name"].split("/")[0] for file in files)
            sources += [uploads.safe_target(delivery, top) for top in tops]
        self._sources, self._names = sources, [file["name"] for file in files]
        tables = tables_in(sources)
        if not tables:
            self._import()
            return
        self._columns = [ColumnsPart(title=name, mapping=of) for name, of in tables.items()]
        self._result.objects = list(self._columns)
        self._show_step("columns")

    def _open_collection(self, folder: Path) -> None:
        entry, sentence = library.try_remember(str(folder))
        if entry is None:
            self._show_step("choose", sentence)
            return
        self._dialog.open = False
        self.session.open(entry.path)

    def _import(self) -> None:
        sources, names = self._sources, self._names
        name = self._name.value.strip() or _title(names or [source.name for source in sources])
        if self._target.value == _ADD:
            into, name = Path(self.session.collection), ""
        else:
            into = folder_for(name)
        try:
            into.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self._show_step("choose", f"{into.parent}: can't be written ({error.strerror}).")
            return
        delivery = uploads.delivery_folder(self.handle, self._drop.delivery) if names else None

        def on_end(outcome: Outcome) -> None:
            # Here and not in the page, which may be closed by now.
            if delivery is not None:
                uploads.discard(delivery)
            if outcome.report and not outcome.error:
                library.try_remember(str(into))

        self._job = ImportJob(sources, into, name)
        self._job.start(on_end)
        self._bar.param.update(value=0, variant="indeterminate")
        self._show_step("run", "Reading files ...")
        self._poll = pn.state.add_periodic_callback(self._follow, POLL_MS)

    def _follow(self) -> None:
        """Show the progress of the running import; take over its result."""
        job = self._job
        if job is None:
            return
        if job.outcome is not None:
            self._poll.stop()
            self._job = None
            self._finish(job, job.outcome)
            return
        if job.total:
            share = min(100, round(100 * job.done / job.total))
            self._bar.param.update(variant="determinate", value=share)
            text = f"{size(job.done)} of {size(job.total)}: {job.text}"
            self._said.param.update(object=text, visible=True)

    def _finish(self, job: ImportJob, outcome: Outcome) -> None:
        if outcome.cancelled:
            self._reset()
            self._show_step("choose", "Cancelled; nothing was changed.")
            return
        if outcome.error:
            self._reset()
            self._show_step("choose", outcome.error)
            self._result.objects = _tables(outcome.report)
            return
        self._show_collection(job)
        tables = _tables(outcome.report)
        sentence = _summary(outcome.report)
        if not tables:
            self._dialog.open = False
            self.tell(sentence, "success")
            return
        self._result.objects = tables
        self._show_step("done", sentence)
        self._dialog.open = True

    def _show_collection(self, job: ImportJob) -> None:
        if str(job.into) == self.session.collection:
            self.session.refresh()
            return
        try:
            self.session.open(str(job.into))
        except SdcvizError as error:
            self.tell(str(error), "error")

    def _leave(self, *_: Any) -> None:
        """Cancel a running import, else close the dialog."""
        if self._job is not None:
            self._job.cancel()
            self._said.object = "Cancelling ..."
            return
        self._dialog.open = False


def may_use_paths() -> bool:
    """Whether visitors may name files of this machine: only where it is surely their own.

    Behind a proxy or for other machines, a path would open the server's disk to everyone.
    """
    settings = get_settings()
    own = settings.host in {"127.0.0.1", "localhost", "::1"}
    return own and not settings.root_path and not settings.allowed_origins


def _title(names: list[str]) -> str:
    """Return a name for a collection of these files."""
    first = Path(names[0].split("/")[0])
    stem = first.name.split(".")[0] or first.name
    folders = {name.split("/")[0] for name in names}
    return stem if len(folders) == 1 else f"{stem} and {len(folders) - 1} more"


def _summary(report: dict[str, Any]) -> str:
    text = (
        f"Imported {counted(report['stations'], 'station')} with "
        f"{counted(report['samples'], 'sample')} from {counted(report['files'], 'file')}."
    )
    skipped, odd = len(report["skipped"]), len(report["warnings"])
    if skipped:
        text += f" {counted(skipped, 'file')} could not be read."
    if odd:
        text += f" The file doctor noted {counted(odd, 'oddity', 'oddities')}."
    return text


def _tables(report: dict[str, Any]) -> list[Any]:
    """Return the tables of unread files and of oddities, where there are any."""
    tables: list[Any] = []
    if report.get("skipped"):
        frame = pd.DataFrame(report["skipped"]).rename(columns={"file": "File", "reason": "Reason"})
        tables += [pmui.Typography("Not imported", variant="h6"), _table(frame)]
    if report.get("warnings"):
        names = {"file": "File", "where": "Where", "what": "What", "consequence": "Consequence"}
        frame = pd.DataFrame(report["warnings"])[list(names)].rename(columns=names)
        tables += [pmui.Typography("File doctor", variant="h6"), _table(frame)]
    return tables


def _table(frame: pd.DataFrame) -> pn.widgets.Tabulator:
    return pn.widgets.Tabulator(
        frame,
        disabled=True,
        show_index=False,
        layout="fit_columns",
        pagination="remote" if len(frame) > ROWS else None,
        page_size=ROWS,
        formatters={column: "textarea" for column in frame.columns},
        sizing_mode="stretch_width",
        theme="simple",
        stylesheets=[":host .tabulator { font-size: 12px; }"],
    )
