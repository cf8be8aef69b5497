"""Observations on disk: build, open, filter, select.

Names are loaded when they are first used, so that a command that needs none
of them starts at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_WHERE = {
    "Collection": "collection",
    "Filters": "filters",
    "ImportReport": "importer",
    "ParameterInfo": "collection",
    "Selection": "selection",
    "build_collection": "importer",
    "find_duplicates": "duplicates",
    "histogram": "summary",
    "import_files": "importer",
    "open_collection": "collection",
    "station_means": "summary",
}

__all__ = list(_WHERE)


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_WHERE])
