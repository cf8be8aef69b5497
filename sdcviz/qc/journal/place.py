"""Where the journal of a collection is."""

from __future__ import annotations

import logging
import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from sdcviz.settings import get_settings

if TYPE_CHECKING:
    from sdcviz.observations import Collection

__all__ = ["journal_address", "journal_file"]

log = logging.getLogger(__name__)


def journal_address(collection: Collection, write: bool = False) -> str | None:
    """Return the address of a journal's database; None where nothing was ever written.

    Parameters
    ----------
    collection : Collection
    write : bool
        Whether it is about to be written, and so made where there is none.
    """
    url = get_settings().journal_url
    if url is not None:
        _tell_unused(collection.path)
        return url.get_secret_value()
    file = journal_file(collection)
    return f"sqlite:///{file.absolute()}" if write or file.exists() else None


def journal_file(collection: Collection) -> Path:
    """Return the SQLite file of a collection's journal, whether it exists or not.

    It lies in the collection's folder and goes where the folder goes. Only where
    that folder can't be written and has no journal, it lies in the user's own.
    """
    beside = collection.path / "journal.sqlite"
    if beside.exists() or os.access(collection.path, os.W_OK):
        return beside
    return get_settings().data_dir / "journals" / f"{collection.id}.sqlite"


@lru_cache
def _tell_unused(folder: Path) -> None:
    """Say once that a collection has a journal of its own, which the settings pass over."""
    file = folder / "journal.sqlite"
    if file.exists():
        log.warning("%s is not used, as journal_url names another database.", file)
