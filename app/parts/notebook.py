"""The button "Open in Jupyter": starts a notebook over what is shown, and opens it."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui
import param

from sdcviz.errors import SdcvizError

from .. import notebooks
from ..session import Session
from .background import background
from .chosen import shown
from .form import Piece

if TYPE_CHECKING:
    from sdcviz.jobs.model import Job

__all__ = ["NotebookPart"]

PERIOD = 400
"""Milliseconds between two looks at a notebook that starts."""
_SAYS = {"queued": "It waits for its turn …", "starting": "The notebook starts …"}


class NotebookLink(Piece):
    """The button in the browser; see ``notebook.js``."""

    address = param.String(default="", doc="Where the next notebook will be.")
    busy = param.Boolean(default=False, doc="Whether one is being started.")
    dark = param.Boolean(default=False, doc="Dark theme.")

    _esm = Path(__file__).with_name("notebook.js")
    _style = Path(__file__).with_name("notebook.css").read_text(encoding="utf-8")


class NotebookPart(pn.viewable.Viewer):
    """A button, a bar while JupyterLab starts, and the link to it."""

    session = param.ClassSelector(class_=Session, instantiate=False, doc="State of the visitor.")
    busy = param.Boolean(default=False, doc="Whether a notebook is being started.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self.job: Job | None = None
        self._id = ""
        self._watch: Any = None
        self._next = notebooks.promise()
        self.button = NotebookLink(
            lambda _: self.start(), address=notebooks.address_of(self._next),
            dark=self.session.dark, width=160, height=34, margin=(4, 8),
        )  # fmt: skip
        self.param.watch(lambda e: self.button.param.update(busy=e.new), "busy")
        self.session.param.watch(lambda e: self.button.param.update(dark=e.new), "dark")
        self._bar = pmui.LinearProgress(
            variant="indeterminate", visible=self.param.busy, sizing_mode="stretch_width"
        )
        self.told = pn.pane.HTML("", margin=(2, 8), sizing_mode="stretch_width")
        self._layout = pn.Column(
            self.button, self._bar, self.told, margin=0, sizing_mode="stretch_width",
        )  # fmt: skip

    def __panel__(self) -> Any:
        return self._layout

    def start(self) -> None:
        """Start a notebook over what is shown now."""
        if self.busy:
            return
        id, self._next = self._next, notebooks.promise()
        self.button.address = notebooks.address_of(self._next)
        selection = shown(self.session)
        if selection is None:
            notebooks.settle(id, "No collection is open.")
            return
        self.busy = True
        self._id = id
        self.told.object = _SAYS["starting"]
        collection = selection.collection
        path, name, filters = collection.path, collection.name, selection.filters
        background(lambda: notebooks.start(path, name, filters, id=id), self._started)

    def _started(self, job: Job | None, error: Exception | None) -> None:
        self.job = job
        if job is None:
            sentence = str(error) if isinstance(error, SdcvizError) else "It could not be started."
            notebooks.settle(self._id, sentence)
            self._end(sentence)
            return
        if pn.state.curdoc is not None:
            self._watch = pn.state.add_periodic_callback(self.look, period=PERIOD)

    def look(self) -> None:
        """See how far the notebook is; open it when it is there."""
        from sdcviz import jobs

        if self.job is None:
            return
        try:
            self.job = job = jobs.get(self.job.id)
            ready = notebooks.is_ready(job)
        except SdcvizError as error:
            self._end(str(error))
            return
        address = notebooks.address_of(job.id)
        if ready:
            self._end(
                "", f'<a href="{address}" target="_blank" rel="noopener">Open the notebook</a>'
            )
        elif job.is_over or str(job.state) == "hibernated":
            self._end(f"The notebook did not start: {job.reason or job.state}")
        else:
            self.told.object = escape(_SAYS.get(str(job.state), "JupyterLab starts …"))

    def _end(self, sentence: str, link: str = "") -> None:
        self.busy = False
        self.told.object = link or escape(sentence)
        if self._watch is not None:
            self._watch.stop()
            self._watch = None
