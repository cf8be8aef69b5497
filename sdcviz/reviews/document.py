"""The document of a review: `review.json` in its folder."""

from __future__ import annotations

import datetime
import hashlib
import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import NotFound, UnreadableFile
from ..storage import written_whole

__all__ = ["SCHEMA", "canonical_sum", "now", "plain", "read", "write"]

SCHEMA = "sdcviz review 1"
_DIGITS = 6
_NOT_SUMMED = ("signature",)


def plain(value: Any) -> Any:
    """Return a value as JSON knows it; numbers of few digits, missing ones None."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None
    if isinstance(value, np.datetime64):
        return None if np.isnat(value) else str(value.astype("datetime64[s]"))
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, datetime.datetime | datetime.date):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    return [plain(v) for v in value]


def now() -> str:
    """Return the time in UTC."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def read(folder: Path | str) -> dict[str, Any]:
    """Read the document of a review.

    Raises
    ------
    NotFound
        There is no review in the folder.
    UnreadableFile
        It is damaged, or of a newer version.
    """
    path = Path(folder) / "review.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotFound(f"{folder}: there is no review (no review.json).") from None
    except (OSError, ValueError) as error:
        raise UnreadableFile(f"{path}: can't be read ({error}). Make the review again.") from error
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise UnreadableFile(f"{path} is no review that this version of sdcviz reads.")
    return found


def write(path: Path, document: Any) -> None:
    """Write a JSON file in one step.

    Raises
    ------
    StorageError
        The disk is full or may not be written.
    """
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    with written_whole(path) as beside:
        beside.write_text(text, encoding="utf-8")


def canonical_sum(document: dict[str, Any]) -> str:
    """Return the SHA-256 of a document without its signature, whatever the order of its keys."""
    kept = {k: v for k, v in document.items() if k not in _NOT_SUMMED}
    text = json.dumps(kept, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
