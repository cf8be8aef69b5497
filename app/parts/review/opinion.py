"""What reviewers say of a review: verdicts, comments on views, the signature."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

__all__ = ["VERDICTS", "opinion_of", "own_view", "with_view", "worst_verdict"]

VERDICTS = ("pass", "minor", "major", "not applicable")
"""From the best to the worst; the last one says nothing of the product."""


def opinion_of(folder: Path) -> dict[str, Any]:
    """Return comments and verdicts of a review; empty ones where nobody has said anything."""
    found: Any = {}
    with suppress(OSError, ValueError):
        found = json.loads((folder / "opinion.json").read_text(encoding="utf-8"))
    if not isinstance(found, dict):
        found = {}
    return {"comments": found.get("comments") or [], "verdicts": found.get("verdicts") or {}}


def worst_verdict(folder: Path) -> str:
    """Return the worst verdict of all blocks; empty where there is none."""
    given = opinion_of(folder)["verdicts"].values()
    known = [one.get("verdict") for one in given if isinstance(one, dict)]
    ranked = [v for v in VERDICTS[:3] if v in known]
    return ranked[-1] if ranked else ""


def with_view(query: str, block: str, brush: dict[str, Any]) -> str:
    """Return a link's query together with what the workbench itself shows.

    Links leave out what they do not know, so that the query is one of the page too.
    """
    from urllib.parse import quote

    picked = json.dumps(brush, separators=(",", ":")) if brush else ""
    more = f"&block={quote(block)}" + (f"&brush={quote(picked)}" if picked else "")
    return query + more


def own_view(query: str) -> tuple[str, dict[str, Any]]:
    """Return block and brush that `with_view` wrote into a query."""
    from urllib.parse import parse_qs

    given = {key: values[0] for key, values in parse_qs(query).items()}
    brush: Any = {}
    with suppress(ValueError):
        brush = json.loads(given.get("brush", "{}"))
    return given.get("block", ""), brush if isinstance(brush, dict) else {}
