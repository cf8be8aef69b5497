"""Small collections with a journal, and short ways to change their flags."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from sqlalchemy import text
from synthetic import OXYGEN, PSAL, TEMP, batch, sha

from sdcviz.observations import Collection, build_collection
from sdcviz.qc.journal.queries import Batch
from sdcviz.qc.model import Edits
from sdcviz.settings import get_settings

FILES = {
    "one.txt": lambda: [batch(60, 1), batch(40, 2, first_index=60)],
    "two.txt": lambda: [batch(50, 3, parameters=(TEMP, PSAL, OXYGEN))],
    "three.nc": lambda: [batch(30, 4, series=True)],
}


def make_collection(folder: Path, files: tuple[str, ...] = ("one.txt", "two.txt")) -> Path:
    build_collection([(name, sha(name), FILES[name]()) for name in files], folder)
    return folder


def copy_collection(made: Path, folder: Path) -> Path:
    """Copy a collection; the copy has an identity of its own."""
    shutil.copytree(made, folder)
    about = json.loads((folder / "collection.json").read_text())
    (folder / "collection.json").write_text(json.dumps(about | {"id": str(uuid4())}))
    return folder


def begin_anew(c: Collection) -> None:
    """Empty the journal, as where its database was lost."""
    commands = (
        "DELETE FROM edit WHERE batch IN (SELECT id FROM batch WHERE collection = :id)",
        "DELETE FROM block WHERE batch IN (SELECT id FROM batch WHERE collection = :id)",
        "DELETE FROM batch WHERE collection = :id",
    )
    store = c.journal.store(c)
    assert store is not None
    for command in commands:
        store.write(c.id, lambda db, command=command: db.execute(text(command), {"id": c.id}))


@contextmanager
def use_journal(url: str | None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep journals in the database at `url`, or each in its collection's folder."""
    if url:
        monkeypatch.setenv("SDCVIZ_JOURNAL_URL", url)
    get_settings.cache_clear()
    yield
    monkeypatch.undo()
    get_settings.cache_clear()


def first_good(c: Collection, nth: int = 0, key: str = "temperature") -> tuple[int, int]:
    """Return station and number of the nth sample whose flag is 1."""
    place = int(np.flatnonzero(c.flags(key) == ord("1"))[nth])
    row = int(np.searchsorted(c.offsets, place, "right")) - 1
    return row, place - int(c.offsets[row])


def edit(
    c: Collection, row: Any, sample: Any, new: str, key: str = "temperature", seen: str = ""
) -> Edits:
    """Make edits of flags as they stand, or as somebody has `seen` them."""
    return Edits.of(key, row, sample, seen or c.flag_at(key, row, sample), new)


def flag(
    c: Collection,
    row: Any,
    sample: Any,
    new: str,
    *,
    user: str = "Ann",
    reason: str = "spike",
    key: str = "temperature",
    seen: str = "",
    **more: Any,
) -> Batch:
    """Change flags of one parameter."""
    edits = edit(c, row, sample, new, key, seen)
    return c.journal.write(c, edits, user=user, reason=reason, **more)
