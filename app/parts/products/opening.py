"""The dialog that opens products: the shelf, files of this machine, sent files, addresses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import param

from sdcviz.errors import NotFound, ProductError, SdcvizError
from sdcviz.words import counted, minute, size

from ... import shelf, uploads
from ...openable import listing, may_use_paths, resolved, start_folder
from ..background import background
from ..drop import DropArea
from ..form import Form, script, style
from .opening_dialog import ProductDialog
from .opening_sent import keep_sent

__all__ = ["OpeningPart"]

_HERE = Path(__file__).parent
PANES = ("shelf", "files", "send", "address")


class OpeningForm(Form):
    """The dialog in the browser; see ``opening.js``."""

    _esm = script(_HERE / "opening.js")
    _style = style(_HERE / "opening.css")


class OpeningPart(ProductDialog):
    """Takes a product from the shelf, or puts one there.

    It is opened in a thread, so that nothing that hangs stops the page; who does not want to wait
    cancels, and what comes then is dropped.
    """

    handle = param.String(default="", doc="Public handle of the visitor, who owns what is sent.")
    correct = param.Callable(doc="Lets the visitor say what a product's dimensions are: f(path).")

    title: ClassVar[str] = "Products"
    width: ClassVar[str] = "md"

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._pane, self._said, self._busy, self._doubt = "shelf", "", "", ""
        self._folder: dict[str, Any] = {}
        self._about: dict[str, dict[str, Any]] = {}
        self._attempt = object()

    def _contents(self) -> list[Any]:
        self.form = OpeningForm(self._take, session=self.viewing.session, name="products-dialog")
        self.drop = DropArea(
            delivery=uploads.new_delivery(), sizing_mode="stretch_width", visible=False,
            lead="Drop a product here",
            more="NetCDF files of gridded fields, or the folder of a Zarr store. Several files "
            "sent together are opened as one product.",
        )  # fmt: skip
        self.drop.param.watch(lambda *_: self._show(), ["uploaded", "sending"])
        return [self.form, self.drop]

    def open(self, pane: str = "shelf") -> None:
        """Show the dialog."""
        self._pane = pane if pane != "files" or may_use_paths() else "send"
        self._said = self._doubt = ""
        super().open()
        if may_use_paths() and not self._folder:
            self._look_into(start_folder(self._path_in_view()))
        self._describe()
        self._show()

    def _path_in_view(self) -> str:
        try:
            return shelf.find(self.viewing.session.product).path
        except SdcvizError:
            return ""

    # ---- what the visitor does -----------------------------------------------------
    def _take(self, said: dict[str, Any]) -> None:
        does, text = said.get("do"), str(said.get("text", ""))
        if does == "pane" and text in PANES:
            self._pane, self._said, self._doubt = text, "", ""
        elif does == "look":
            self._look_into(text)
        elif does == "choose":
            self._choose(text)
        elif does == "remove" and may_use_paths():
            shelf.remove(text)
        elif does == "open":
            self._open(lambda wanted: shelf.add(resolved(text), _roles(text), wanted), text)
        elif does == "sent":
            self._open_sent()
        elif does == "cancel":
            self._attempt, self._busy = object(), ""
            self._said = "Cancelled; the shelf is as it was."
        elif does == "correct":
            path = self._doubt
            self.close()
            self.correct(path)
        self._show()

    def _look_into(self, folder: str) -> None:
        try:
            self._folder, self._said = listing(folder), ""
        except SdcvizError as error:
            self._said = str(error)

    def _choose(self, id: str) -> None:
        """Show a product of the shelf; one that can't be opened says why on its card."""
        self._seen(id)
        self.close()

    def _seen(self, id: str) -> None:
        session = self.viewing.session
        if session.product == id:
            self.viewing.reopen()
            return
        # What belonged to the fields of the other one is dropped; places stay.
        session.param.update(
            product=id, field="", derived="", error_shown=False, step=0, level=None, mask="",
            field_range=None, other_step=-1,
        )  # fmt: skip

    def _open_sent(self) -> None:
        names = [str(file["name"]) for file in self.drop.uploaded]
        folder = uploads.delivery_folder(self.handle, self.drop.delivery)
        self.drop.param.update(delivery=uploads.new_delivery(), uploaded=[])
        what = names[0].split("/")[0] if names else "the file"
        self._open(lambda wanted: keep_sent(folder, names, wanted), what)

    def _open(self, work: Callable[[Callable[[], bool]], shelf.Item], what: str) -> None:
        """Open in a thread; the last attempt counts."""
        self._attempt = attempt = object()
        self._busy, self._said, self._doubt = what, "", ""

        def then(item: shelf.Item | None, error: Exception | None) -> None:
            if self._attempt is not attempt:
                return
            self._busy = ""
            if item is None:
                self._fail(error, what)
                return
            self._said = ""
            self._seen(item.id)
            self.close()

        background(lambda: work(lambda: self._attempt is attempt), then)

    def _fail(self, error: Exception | None, what: str) -> None:
        self._said = str(error)
        if isinstance(error, ProductError):
            try:
                self._doubt = resolved(what)  # where roles can be corrected
            except SdcvizError:
                self._doubt = ""
        self._show()
        if error is not None and not isinstance(error, SdcvizError):
            raise error

    # ---- showing -------------------------------------------------------------------
    def _describe(self) -> None:
        """Read what the products of the list are, beside the page, and show each when it is known.

        One after the other: what can be read at once is read so already.
        """
        waiting = [item for item in shelf.listed() if not item.remote]
        self._about |= {item.id: item.told for item in shelf.listed() if item.remote}

        def next_one() -> None:
            if not waiting or not self.shown:
                return
            item = waiting.pop(0)

            def then(told: dict[str, Any] | None, error: Exception | None) -> None:
                if told is not None and told != self._about.get(item.id):
                    self._about[item.id] = told
                    self._show()
                next_one()

            background(lambda: shelf.about(item), then)

        next_one()

    def _show(self) -> None:
        if self._dialog is None:
            return
        files = self.drop.uploaded
        self.drop.visible = self._pane == "send" and not self._busy
        self.form.state = {
            "pane": self._pane,
            "panes": [p for p in PANES if p != "files" or may_use_paths()],
            "said": self._said,
            "doubt": bool(self._doubt),
            "busy": self._busy,
            "rows": [_row(item, self._about.get(item.id)) for item in shelf.listed()],
            "clears": may_use_paths(),
            "now": self.viewing.session.product,
            "folder": self._folder,
            "sent": f"{counted(len(files), 'file')} ready ({size(sum(f['size'] for f in files))})"
            if files and not self.drop.sending
            else "",
        }


def _roles(text: str) -> dict[str, Any] | None:
    """Return the corrected roles that the shelf keeps of a product."""
    try:
        return shelf.find(shelf.identity(resolved(text))).roles
    except NotFound:
        return None


def _row(item: shelf.Item, told: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "id": item.id,
        "name": item.name,
        "added": minute(item.added) if item.added else "",
        "clears": bool(item.added) and not shelf.lies_there(item),
        "waits": told is None,
        "remote": item.remote,
        **(told or {}),
    }
