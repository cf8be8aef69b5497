"""An import as a process of its own, and where a new collection goes."""

from __future__ import annotations

import json
import os
import re
import tempfile
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sdcviz.settings import get_settings

from .processes import CommandJob, Outcome

__all__ = ["ImportJob", "Outcome", "folder_for"]


def folder_for(name: str) -> Path:
    """Return a folder that does not exist yet for a new collection called `name`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60] or "collection"
    root = get_settings().data_dir / "collections"
    folder, number = root / slug, 2
    while folder.exists():
        folder, number = root / f"{slug}-{number}", number + 1
    return folder


class ImportJob(CommandJob):
    """One running import.

    Parameters
    ----------
    paths : sequence of paths
        Files, folders and archives.
    into : Path
        Collection folder, new or existing (then the files are added).
    name : str
        Name of a new collection.
    mapping : dict, optional
        Column mapping of plain tables, as JSON.
    """

    def __init__(
        self,
        paths: Sequence[Path | str],
        into: Path,
        name: str = "",
        mapping: dict[str, Any] | None = None,
    ) -> None:
        self.into = into
        self._mapping = _write_mapping(mapping) if mapping else None
        arguments = ["import", "--json", "--progress", "json", "--into", str(into)]
        if name:
            arguments += ["--name", name]
        if self._mapping:
            arguments += ["--mapping", str(self._mapping)]
        super().__init__("import", [*arguments, "--", *map(str, paths)])

    def _clean(self) -> None:
        if self._mapping:
            self._mapping.unlink(missing_ok=True)


def _write_mapping(mapping: dict[str, Any]) -> Path:
    handle, path = tempfile.mkstemp(suffix=".json", prefix="sdcviz-mapping-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(mapping, file)
    return Path(path)
