"""Observations on disk: build, open, filter, select.

Names are loaded when they are first used, so that a command that needs none
of them starts at once.
"""

from __future__ import annotations

from ..lazy import lazily

__all__, __getattr__, __dir__ = lazily(
    __name__,
    {
        "collection": ["Collection", "ParameterInfo", "open_collection"],
        "duplicates": ["find_duplicates"],
        "filters": ["Filters"],
        "importer": ["build_collection", "import_files"],
        "importing": ["ImportReport"],
        "selection": ["Selection"],
        "summary": ["histogram", "station_means"],
    },
)
