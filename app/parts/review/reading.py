"""Residuals of a review as they lie in its folder."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdcviz.errors import NotFound, UnreadableFile

from ...library import Shared
from .brushing import Residuals

__all__ = ["open_residuals"]

_open = Shared(4)


def open_residuals(folder: Path, document: Mapping[str, Any]) -> Residuals:
    """Read the residuals of a review once for all visitors.

    Cruises and data centres are numbered as in the lists of its document.

    Raises
    ------
    NotFound
        The review has none.
    UnreadableFile
        They can't be read.
    """
    path = folder / "residuals.npz"
    try:
        stamp = path.stat().st_mtime_ns
    except OSError:
        raise NotFound(f"{folder.name}: the residuals of this review are not there.") from None
    return _open.get((str(path), stamp), lambda: _read(path, document))


def _read(path: Path, document: Mapping[str, Any]) -> Residuals:
    try:
        with np.load(path, allow_pickle=False) as held:
            columns = {name: held[name] for name in held.files}
            columns["cluster"] = _clusters(columns)
            _number(columns, "cruise", "cruise_names", document.get("cruises"), "cruise")
            _number(columns, "edmo", "edmo_codes", document.get("centres"), "edmo")
            return Residuals(columns)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise UnreadableFile(f"{path}: the residuals can't be read ({error}).") from error


def _clusters(columns: Mapping[str, NDArray]) -> NDArray[np.int64]:
    """Give each sample the number of its cruise, or of its station: what is drawn as a whole."""
    row = np.asarray(columns["row"], np.int64)
    if "cruise" not in columns or "cruise_names" not in columns:
        return row
    names = columns["cruise_names"].tolist()
    cruise = columns["cruise"].astype(np.int64)
    named = np.isin(cruise, [k for k, name in enumerate(names) if name])
    return np.where(named, cruise, len(names) + row)


def _number(columns: dict[str, NDArray], name: str, names: str, listed: Any, key: str) -> None:
    """Replace numbers of the file's own list by those of the document's, -1 where it is not."""
    if name not in columns or names not in columns:
        return
    known = {one.get(key): k for k, one in enumerate(listed or ())}
    places = np.array([known.get(value, -1) for value in columns[names].tolist()] or [-1])
    codes = columns[name].astype(np.int64)
    inside = (codes >= 0) & (codes < len(places))
    columns[name] = np.where(inside, places[np.where(inside, codes, 0)], -1)
