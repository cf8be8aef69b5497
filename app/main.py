"""One page for one browser session."""

from __future__ import annotations

from typing import Any

import panel as pn

from . import follow, library, notices
from .links import LinkSync, apply_query
from .session import Session
from .shell import Shell

__all__ = ["page"]


def page() -> Any:
    """Build the page of one visitor: the view of its link, else the last collection."""
    session = Session()
    follow.join(session)
    location = pn.state.location
    complaints = apply_query(session, location.search) if location else []
    if not session.collection:
        _open_last(session)
    shell = Shell(session)
    notices.join(shell.notices)
    if location:
        LinkSync(session, location, shell.tell)
    pn.state.onload(lambda: [shell.tell(sentence) for sentence in complaints])
    return shell.page


def _open_last(session: Session) -> None:
    for entry in library.known()[:1]:
        if library.try_remember(entry.path)[0]:
            session.open(entry.path)
