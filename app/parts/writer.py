"""Files that a visitor asks for: written beside the page, then offered as a link."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from sdcviz.errors import SdcvizError
from sdcviz.words import size

from .. import downloads
from .background import background

__all__ = ["Writer", "stem"]

log = logging.getLogger(__name__)


class Writer(pn.viewable.Viewer):
    """A bar while a file is written, and the link to it afterwards.

    The browser streams the file from the link, so that a big one neither blocks
    the page nor goes through its socket. One file is offered at a time.
    """

    busy = param.Boolean(default=False, doc="Whether a file is being written.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self.address = ""
        self._bar = pmui.LinearProgress(
            variant="indeterminate", visible=self.param.busy, sizing_mode="stretch_width"
        )
        self.result = pn.pane.HTML("", margin=(6, 8), sizing_mode="stretch_width")
        self._layout = pn.Column(self._bar, self.result, margin=0, sizing_mode="stretch_width")

    def __panel__(self) -> Any:
        return self._layout

    def run(self, name: str, write: Callable[[Path], Any]) -> None:
        """Write the file `name`, unless another one is under way.

        Parameters
        ----------
        name : str
            Of the file, without folder.
        write : callable
            Writes the file whose path it is given; may raise `SdcvizError`.
        """
        if self.busy:
            return
        self.busy = True
        self.result.object = f"Writing {escape(name)} ..."
        downloads.discard(self.address)

        def then(written: tuple[str, str] | None, error: Exception | None) -> None:
            assert written is not None, "what goes wrong is told in the sentence"
            self._finish(*written)

        background(lambda: _written(name, write), then)

    def _finish(self, address: str, sentence: str) -> None:
        self.address = address
        self.busy = False
        self.result.object = sentence if address else escape(sentence)
        if not address and pn.state.notifications is not None:
            pn.state.notifications.error(sentence, duration=0)


def _written(name: str, write: Callable[[Path], Any]) -> tuple[str, str]:
    """Write a file; return its address (empty where it failed) and what to say of it."""
    try:
        path = downloads.new_folder() / name
        write(path)
        address = downloads.offer(path)
        link = f'<a href="{address}" download="{escape(name)}"><b>{escape(name)}</b></a>'
        return address, f"{link} ({size(path.stat().st_size)})"
    except SdcvizError as error:
        return "", str(error)
    except OSError as error:
        return "", f"{name} could not be written: {error.strerror or error}."
    except Exception:
        log.exception("The export of %s failed", name)
        return "", f"{name} could not be written; the server's log says why."


def stem(name: str) -> str:
    """Return the name of a collection as the beginning of a file name."""
    return re.sub(r"\W+", "_", name).strip("_") or "sdcviz"
