"""The bell in the top bar: how jobs ended, with a link to each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import panel as pn
import param

from sdcviz.errors import SdcvizError
from sdcviz.words import minute

from ..session import Session
from .form import Piece

if TYPE_CHECKING:
    from sdcviz.notifications import Notice

__all__ = ["NoticesPart"]

MOST = 30
_STATES = {
    "done": ("is done", "success"),
    "failed": ("failed", "error"),
    "lost": ("was lost", "error"),
    "cancelled": ("was cancelled", "info"),
}


class Bell(Piece):
    """The bell in the browser; see ``notices.js``."""

    rows = param.List(default=[], doc="Newest notices, as the browser shows them.")
    unread = param.Integer(default=0, doc="How many were not seen.")
    wishes = param.Dict(default={}, doc="Mail address, and whether of jobs done or failed.")

    # It is on every page from the start, and so brings along what each of them needs.
    _esm = "\n".join(
        Path(__file__).with_name(name).read_text(encoding="utf-8")
        for name in ("page.js", "notices.js")
    )
    _style = Path(__file__).with_name("notices.css").read_text(encoding="utf-8")


class NoticesPart(pn.viewable.Viewer):
    """The bell with its list.

    Parameters
    ----------
    session : Session
    tell : callable
        Shows a short message of a kind: ``success``, ``info``, ``error``.
    owner : str
        Whose notices.
    """

    session = param.ClassSelector(class_=Session, instantiate=False, doc="State of the visitor.")

    def __init__(self, tell: Callable[[str, str], None], owner: str, **params: Any) -> None:
        super().__init__(**params)
        self.owner = owner
        self._tell = tell
        self.bell = Bell(self._take, width=44, height=40, margin=(0, 4))
        self.refresh()

    def __panel__(self) -> Any:
        return self.bell

    def refresh(self) -> None:
        """Show what the database says."""
        from sdcviz.notifications import Notices
        from sdcviz.notifications.preferences import preferences_of

        try:
            notices = Notices()
            found, unread = notices.of(self.owner, MOST), notices.unread(self.owner)
            wishes = preferences_of(self.owner)
        except SdcvizError:
            return  # a database that is away is told of where jobs are shown
        self.bell.param.update(
            rows=[_row(notice) for notice in found],
            unread=unread,
            wishes={"mail": wishes.mail, "done": wishes.done, "failed": wishes.failed},
        )

    def hear(self, notices: Sequence[Notice]) -> None:
        """Show notices that are new, and say so; those that changed silently."""
        known = {row["id"] for row in self.bell.rows}
        self.refresh()
        fresh = [n for n in notices if n.id not in known and not n.is_seen]
        for notice in fresh[-3:]:
            words, kind = _STATES.get(notice.state, ("has ended", "info"))
            self._tell(f"{notice.title} {words}.", kind)

    def _take(self, choice: dict[str, Any]) -> None:
        from sdcviz.notifications import Notices

        if choice.get("read"):
            Notices().mark(self.owner)
        elif isinstance(choice.get("open"), int):
            Notices().mark(self.owner, [choice["open"]])
            self._open(choice["open"])
        elif isinstance(choice.get("wishes"), dict):
            self._wish(choice["wishes"])
        self.refresh()

    def _wish(self, said: dict[str, Any]) -> None:
        """Keep what the visitor wants to hear by mail; what else he wants stays."""
        from dataclasses import replace

        from sdcviz.notifications.preferences import preferences_of, save_preferences
        from sdcviz.settings import get_settings

        settings = get_settings()
        mail = str(said.get("mail", "")).strip()[:500]
        try:
            wishes = replace(
                preferences_of(self.owner), mail=mail, done=bool(said.get("done")),
                failed=bool(said.get("failed")),
            )  # fmt: skip
            save_preferences(self.owner, wishes, settings)
        except SdcvizError as error:
            self._tell(str(error), "error")
            return
        if mail and not (settings.smtp_host and settings.mail_from):
            self._tell("Kept, but this server sends no mail: it has no mail server.", "warning")
        else:
            self._tell("Kept.", "success")

    def _open(self, id: int) -> None:
        """Show the job of a notice, where jobs are shown."""
        row = next((row for row in self.bell.rows if row["id"] == id), None)
        if row is not None and "job" in self.session.param:
            self.session.param.update(tab="interpolate", job=row["job"])


def _row(notice: Notice) -> dict[str, Any]:
    return {
        "id": notice.id,
        "job": notice.job,
        "title": notice.title,
        "state": notice.state,
        "words": _STATES.get(notice.state, ("has ended", ""))[0],
        "text": notice.text[:300],
        "trouble": notice.trouble[:400],
        "when": minute(notice.created),
        "seen": notice.is_seen,
        "link": f"notebooks/{notice.job}/" if notice.kind == "notebook" else "",
    }
