"""Changing flags: into the journal, and onto the screens of all who look at them.

What the REST endpoint and the parts of the page have in common. Each call
returns when the change is on the disk; hand a change of many thousand flags to
a thread (``await asyncio.to_thread(write, ...)``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import follow

if TYPE_CHECKING:
    from sdcviz.observations import Collection
    from sdcviz.qc.journal.queries import Batch
    from sdcviz.qc.model import Edits

__all__ = ["redo", "undo", "write"]


def write(
    data: Collection,
    edits: Edits,
    *,
    user: str,
    reason: str,
    tool: str = "hand",
    selection: str = "",
    token: str | None = None,
    session: str = "",
) -> Batch:
    """Save changes of flags of a shared collection; see `sdcviz.qc.journal.Journal.write`.

    Parameters
    ----------
    data : Collection
        As `library.open_shared` gives it; its reading decides whose flags are changed.
    edits : Edits
    user, reason, tool, selection, token, session
        Of the batch.

    Raises
    ------
    Conflict
        Somebody else was faster; nothing was written.
    SdcvizError
        It can't be written; the sentence says why.
    """
    try:
        return data.journal.write(
            data, edits, user=user, reason=reason, tool=tool, selection=selection,
            token=token, session=session,
        )  # fmt: skip
    finally:
        follow.tell(data)  # also of what a conflict has shown


def undo(data: Collection, user: str, token: str | None = None) -> Batch | None:
    """Take back the user's last change; None where there is none."""
    try:
        return data.journal.undo(data, user, token)
    finally:
        follow.tell(data)


def redo(data: Collection, user: str, token: str | None = None) -> Batch | None:
    """Do again what the user took back last; None where there is nothing."""
    try:
        return data.journal.redo(data, user, token)
    finally:
        follow.tell(data)
