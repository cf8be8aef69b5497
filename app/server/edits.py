"""Endpoints through which the page changes flags, and takes changes back.

A change carries a token that the page chose: sent again after a lost
connection, it is written once. The functions are no coroutines on purpose:
FastAPI then runs them beside the event loop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from sdcviz.errors import NotFound

from .. import editing, library
from .guard import HANDLE
from .schema import problems
from .who import Editor, Principal

if TYPE_CHECKING:
    from sdcviz.observations import Collection
    from sdcviz.qc.journal.queries import Batch
    from sdcviz.qc.model import Edits

__all__ = ["routes"]

MOST = 200_000
"""Most changes in one request."""
_TOLD = 10_000
"""Most flags that an undo tells one by one."""

Text = Annotated[str, Field(max_length=4000)]
Name = Annotated[str, Field(max_length=200)]
Flag = Annotated[str, Field(min_length=1, max_length=1)]


class Change(BaseModel):
    """One changed flag; the station by its identity, ``sha:number``."""

    station: Name
    sample: int = Field(ge=-1, lt=2**31)
    parameter: Name
    old: Flag
    new: Flag


class Step(BaseModel):
    """Who asks, and for which flags."""

    token: str = Field(min_length=8, max_length=64)
    user: Name
    reading: Name = ""


class Changes(Step):
    """Flags that are changed together, or not at all."""

    reason: Text = ""
    tool: Name = "hand"
    selection: Text = ""
    edits: list[Change] = Field(min_length=1, max_length=MOST)


def routes() -> APIRouter:
    """Return the endpoints."""
    router = APIRouter(
        prefix="/api/qc/{collection}",
        tags=["quality control"],
        responses=problems(400, 404, 409, 413),
    )

    @router.post("/batches")
    def write(collection: str, changes: Changes, request: Request, who: Editor) -> dict[str, Any]:
        """Change flags: 409 with `conflicts` where somebody else was faster."""
        data = _data(collection, changes.reading)
        batch = editing.write(
            data, _edits(data, changes.edits), user=_user(who, changes), reason=changes.reason,
            tool=changes.tool, selection=changes.selection, token=changes.token,
            session=request.headers[HANDLE][:16],
        )  # fmt: skip
        return {"batch": _told(batch), "edits": batch.samples}

    @router.post("/undo")
    def undo(collection: str, step: Step, who: Editor) -> dict[str, Any]:
        """Take back the user's last change; `batch` is null where there is none."""
        data = _data(collection, step.reading)
        return _taken_back(data, editing.undo(data, _user(who, step), step.token))

    @router.post("/redo")
    def redo(collection: str, step: Step, who: Editor) -> dict[str, Any]:
        """Do again what the user took back last; `batch` is null where there is nothing."""
        data = _data(collection, step.reading)
        return _taken_back(data, editing.redo(data, _user(who, step), step.token))

    return router


def _user(who: Principal, step: Step) -> str:
    """Return who changes: on a page he says who he is, a token tells by itself."""
    return who.name if who.token else step.user


def _data(collection: str, reading: str) -> Collection:
    return library.open_shared(library.find(collection).path, reading)


def _edits(data: Collection, changes: list[Change]) -> Edits:
    from sdcviz.qc.journal.runs import find_rows
    from sdcviz.qc.model import Edits

    rows = find_rows(data, (c.station for c in changes))
    if (rows < 0).any():
        unknown = changes[int(np.flatnonzero(rows < 0)[0])].station
        raise NotFound(f"{data.name} has no station {unknown}; nothing was saved.")
    keys = tuple(dict.fromkeys(c.parameter for c in changes))
    return Edits(
        rows,
        np.array([c.sample for c in changes], np.int32),
        np.array([keys.index(c.parameter) for c in changes], np.int16),
        keys,
        np.frombuffer(_codes(c.old for c in changes), np.uint8),
        np.frombuffer(_codes(c.new for c in changes), np.uint8),
    )


def _codes(flags: Any) -> bytes:
    from sdcviz.qc.journal import check_flag

    return "".join(check_flag(flag) for flag in flags).encode()


def _taken_back(data: Collection, batch: Batch | None) -> dict[str, Any]:
    """Tell what undo or redo changed, so that the page shows it at once."""
    if batch is None:
        return {"batch": None, "edits": []}
    edits: list[dict[str, Any]] = []
    if batch.samples <= _TOLD:
        found, _ = data.journal.edits(data, [batch.id])
        columns = (found.station, found.sample, found.parameter, found.old, found.new)
        for row, sample, which, old, new in zip(*(c.tolist() for c in columns), strict=True):
            place = {"station": data.station_id(row), "row": row, "sample": sample}
            flags = {"parameter": found.keys[which], "old": chr(old), "new": chr(new)}
            edits.append(place | flags)
    return {"batch": _told(batch), "edits": edits}


def _told(batch: Batch) -> dict[str, Any]:
    names = ("id", "token", "time", "user", "reason", "tool", "selection", "undoes", "samples")
    return {name: getattr(batch, name) for name in names}
