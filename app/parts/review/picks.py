"""What is picked of the open review: asked in threads, shown by the form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sdcviz.errors import SdcvizError

from ...viewing import Viewing
from ..background import background
from . import going, keeping, picking
from .reading import open_residuals

__all__ = ["Picks"]


class Picks:
    """Filters map, histogram and tables of the open review.

    Parameters
    ----------
    viewing : Viewing
    document : callable
        Returns the open review; empty: none.
    form : ReviewForm
    """

    def __init__(self, viewing: Viewing, document: Callable[[], dict[str, Any]], form: Any) -> None:
        self.viewing, self._document, self.form = viewing, document, form
        self.brush: dict[str, Any] = {}
        """What is picked; see `brushing`."""
        self._asked = self._found = 0

    def pick(self, brush: dict[str, Any], view: list[float] | None) -> None:
        """Pick samples; the answer of an older question is dropped."""
        document, id = self._document(), self.viewing.session.review
        if not document:
            return
        self.brush = brush
        self._asked += 1
        number = self._asked
        seen = view or list(picking.box_of(document))
        data = going.reviewed(self.viewing, document)

        def work() -> dict[str, Any]:
            residuals = open_residuals(keeping.folder_of(id), document)
            return picking.answer(residuals, document, brush, seen, data)

        def then(found: dict[str, Any] | None, error: Exception | None) -> None:
            if number != self._asked or self.viewing.session.review != id:
                return
            if error is not None and not isinstance(error, SdcvizError):
                raise error
            told = {"brush": brush, "whole": view is None, "error": str(error or ""),
                    "found": self._found}  # fmt: skip
            self.form.picked = told | (found or {})

        background(work, then)

    def find(self, number: int) -> None:
        """Pick what a finding is about."""
        document, id = self._document(), self.viewing.session.review
        findings = document.get("first") or []
        if not 0 <= number < len(findings):
            return

        def work() -> tuple[dict[str, Any], list[float] | None]:
            residuals = open_residuals(keeping.folder_of(id), document)
            months = going.times(self.viewing)
            return picking.pick_of(findings[number], document, residuals, months)

        def then(found: Any, error: Exception | None) -> None:
            if found is not None and self.viewing.session.review == id:
                self._found += 1
                self.pick(*found)

        background(work, then)

    def table(self, rows: str, columns: str) -> None:
        """Compute skill of two dimensions that the review has not."""
        document, id = self._document(), self.viewing.session.review

        def work() -> list[dict[str, Any]]:
            return open_residuals(keeping.folder_of(id), document).table(rows, columns)

        def then(found: list[dict[str, Any]] | None, error: Exception | None) -> None:
            if found is not None and self.viewing.session.review == id:
                tables = {**self.form.state.get("tables", {}), f"{rows},{columns}": found}
                self.form.state = {**self.form.state, "tables": tables}

        background(work, then)
