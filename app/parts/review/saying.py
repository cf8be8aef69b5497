"""Verdicts, comments and signatures: written in a thread, since the report is made anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sdcviz.errors import SdcvizError
from sdcviz.workspaces.tokens import local_user

from ...links import apply_query, to_query
from ...viewing import Viewing
from ..background import background
from . import keeping
from .opinion import VERDICTS, opinion_of, own_view, with_view
from .picking import cleaned

__all__ = ["Saying"]


class Saying:
    """Writes what a reviewer says of the open review.

    Parameters
    ----------
    viewing : Viewing
    done : callable
        ``done(sentence, brush)``: what went wrong, or nothing; what a comment that was opened
        had picked.
    """

    def __init__(self, viewing: Viewing, done: Callable[..., None]) -> None:
        self.viewing, self._done = viewing, done
        self.lost = ""
        """Identity of the review that lost its signature by the last change; empty: none."""
        self.block = ""
        """Block of the comment that was opened last."""
        self.opened = 0
        """How many comments were opened."""

    def take(self, does: str, said: dict[str, Any], brush: dict[str, Any]) -> None:
        """Do what the browser says."""
        session = self.viewing.session
        id = session.review
        if not id:
            return
        author = str(said.get("name") or session.user or local_user()).strip()
        if said.get("name"):
            session.user = author
        block = str(said.get("block", ""))
        if does == "verdict" and said.get("verdict") in (*VERDICTS, ""):
            note = str(said.get("note", ""))
            self._write(id, "verdict", block, str(said["verdict"]), note, author)
        elif does == "comment" and str(said.get("text", "")).strip():
            view = with_view(to_query(session), str(said.get("tab", "")), brush)
            self._write(id, "comment", block, str(said["text"]).strip(), author, view)
        elif does == "sign":
            self._write(id, "sign", author, str(said.get("orcid", "")).strip())
        elif does == "restore":
            self._restore(id, int(said.get("number", -1)))

    def _write(self, id: str, what: str, *given: Any) -> None:
        folder = keeping.folder_of(id)

        def work() -> bool:
            from sdcviz.reviews import opinion

            signed = bool(keeping.read(id).get("signature"))
            getattr(opinion, what)(folder, *given)
            return signed

        def then(signed: bool | None, error: Exception | None) -> None:
            if error is not None and not isinstance(error, SdcvizError):
                self._done("It could not be written; the server's log says why.")
                raise error
            if error is None:
                self.lost = id if signed and what != "sign" else ""
            self._done(str(error or ""))

        background(work, then)

    def _restore(self, id: str, number: int) -> None:
        """Show what a comment was written on."""
        comments = opinion_of(keeping.folder_of(id))["comments"]
        if not 0 <= number < len(comments):
            return
        view = str(comments[number].get("view", ""))
        self.block, brush = own_view(view)
        self.opened += 1
        if view:
            complaints = apply_query(self.viewing.session, view)
            self.viewing.session.param.update(tab="products", review=id)
            self._done(" ".join(complaints), cleaned(brush))
