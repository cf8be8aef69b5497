"""The report of a review: one HTML file that can be attached to a mail."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

__all__ = ["write_report"]


def write_report(folder: Path | str, document: dict[str, Any]) -> Path:
    """Write ``report.html`` of a review."""
    path = Path(folder) / "report.html"
    body = "".join(
        f"<li>{escape(f['severity'])}: {escape(f['sentence'])}</li>" for f in document["first"]
    )
    path.write_text(f"<!doctype html><meta charset=utf-8><ol>{body}</ol>", encoding="utf-8")
    return path
