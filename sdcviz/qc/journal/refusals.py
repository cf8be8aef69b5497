"""What the journal refuses: flags outside L20, changes of nothing, changes by nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sdcviz.errors import BadRequest, NotFound
from sdcviz.formats.flags import LABELS
from sdcviz.qc.model import PLACES, Edits

if TYPE_CHECKING:
    from sdcviz.observations import Collection

__all__ = ["TOOLS", "check_edits", "check_flag"]

TOOLS = ("hand", "table", "rule", "check", "undo", "redo", "reading")
"""What changes flags; ``"check"`` is automatic, all else is somebody's decision."""


def check_flag(code: str) -> str:
    """Return a flag as L20 writes it.

    Raises
    ------
    BadRequest
        It is no code of L20.
    """
    code = str(code).strip().upper()
    if code not in LABELS:
        raise BadRequest(f"The flag {code[:20]!r} is not on the L20 scale: {' '.join(LABELS)}.")
    return code


def check_edits(collection: Collection, edits: Edits, user: str, tool: str) -> None:
    """Refuse changes that make no sense.

    Parameters
    ----------
    collection : Collection
        With the flags of the journal.
    edits : Edits
    user, tool : str
        As for `Journal.write`.

    Raises
    ------
    BadRequest
        Flags as imported, no user, no such tool, a flag outside L20.
    NotFound
        A sample or parameter that does not exist.
    """
    if collection.last_batch is None:
        raise BadRequest(
            f"{collection.name} was opened with its original flags; open it with those of the "
            "journal to change them."
        )
    if not user.strip():
        raise BadRequest("Give the name under which the flags are changed (--user).")
    if tool not in TOOLS:
        raise BadRequest(f"There is no tool {tool!r}; there are {', '.join(TOOLS)}.")
    for code in np.unique(np.concatenate([edits.old, edits.new])).tolist():
        check_flag(chr(code))
    for which, key in enumerate(edits.keys):
        part = np.flatnonzero(edits.parameter == which)
        rows, samples = edits.station[part], edits.sample[part]
        wrong = np.flatnonzero(~collection.flag_places(key, rows, samples))
        if wrong.size:
            i = wrong[0]
            what = "the station itself" if samples[i] < 0 else f"sample {samples[i]}"
            raise NotFound(
                f"Station {rows[i]} has no flag of {PLACES.get(key, key)} for {what}; "
                "nothing was saved."
            )
