"""The dialog "Parameter study": fields of many lengths and error variances, with their scores."""

from __future__ import annotations

import base64
import re
import time
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from sdcviz.observations.colour_index import value_index
from sdcviz.plots.colours import colormap

from ... import answers
from ..form import Form, script, style
from .dialog import DialogPart

__all__ = ["StudyPart"]

_HERE = Path(__file__).parent
MOST = 8
"""Lengths, and error variances, that are tried at most."""
EVERY = 0.4
"""Seconds between two looks at what has come so far."""


class StudyForm(Form):
    """The dialog in the browser; see ``study.js``."""

    _esm = script(_HERE / "study.js")
    _style = style(_HERE / "study.css")


class StudyPart(DialogPart):
    """Analyses the level in view with several parameters; a click takes a pair over.

    Each field is scored by whole cruises that its analysis has not seen.
    """

    title: ClassVar[str] = "Parameter study"
    width: ClassVar[str] = "xl"

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._lengths, self._epsilons = "", ""
        self._cells: list[dict[str, Any]] = []
        self._limits: tuple[float, float] | None = None
        self._error, self._busy, self._shown_at = "", False, 0.0
        self._of = ""

    def _contents(self) -> list[Any]:
        self.form = StudyForm(self._take, session=self.draft.session)
        return [self.form]

    def _opened(self, *given: Any) -> None:
        from sdcviz.analyses.study import EPSILONS, FACTORS

        recipe = self.draft.recipe
        if recipe is None:
            self._error = "Something in the recipe is wrong; mend it first."
            self._show()
            return
        horizontal = recipe.lengths.horizontal
        if isinstance(horizontal, str):
            base = 6 * max(recipe.domain.resolution) * 111_000
        else:
            level = self._level(recipe)
            base = horizontal[level if len(horizontal) > 1 else 0]
        self._lengths = ", ".join(f"{base * f / 1000:.3g} km" for f in FACTORS)
        self._epsilons = ", ".join(f"{e:g}" for e in sorted({*EPSILONS, recipe.epsilon2}))
        self._ask()

    def _level(self, recipe: Any) -> int:
        from sdcviz.analyses.coarse import choose_level

        return choose_level(recipe, self.draft.session.shown_level)

    def _take(self, said: dict[str, Any]) -> None:
        if said.get("do") == "run":
            self._lengths, self._epsilons = str(said["lengths"]), str(said["epsilons"])
            self._ask()
        elif said.get("do") == "stop":
            answers.forget(self.draft.session, "study")
            self._busy = False
            self._show()
        elif said.get("do") == "use":
            self._use(int(said["cell"]))

    def _use(self, number: int) -> None:
        """Take the parameters of a cell over; lengths of all levels change in proportion."""
        cell, recipe = self._cells[number], self.draft.recipe
        if recipe is None:
            return
        given = recipe.lengths.horizontal
        length = cell["length"]
        made: Any = _written(length)
        if not isinstance(given, str) and len(given) > 1:
            factor = length / given[self._level(recipe)]
            made = [_written(one * factor) for one in given]
        self.draft.put({"lengths.horizontal": made, "epsilon2": cell["epsilon2"]})
        self.close()

    def _ask(self) -> None:
        self._cells, self._limits, self._error = [], None, ""
        try:
            lengths, epsilons = _lengths(self._lengths), _epsilons(self._epsilons)
        except ValueError as error:
            self._error, self._busy = f"{str(error)[:1].upper()}{str(error)[1:]}.", False
            self._show()
            return
        self._count = len(lengths) * len(epsilons)
        self._busy = True
        session = self.draft.session
        level = f" at {session.shown_level:g} m"
        self._of = f"{self.insight.seen.get('time', '')}{level}".strip()
        self._show()
        given = {
            "recipe": self.draft.content,
            "lengths": lengths,
            "epsilons": epsilons,
            "time": self.insight.time,
            "level": session.shown_level,
        }
        answers.ask(self.draft.session, "study", given, self._came)

    def _came(self, answer: answers.Answer) -> None:
        """Take one field, or the end."""
        if answer.value is not None:
            self._cells.append(answer.value)
        self._error = answer.error
        self._busy = not answer.last
        now = time.monotonic()
        if answer.last or now - self._shown_at > EVERY:
            self._shown_at = now
            self._show()

    # ---- showing -------------------------------------------------------------------
    def _show(self) -> None:
        cells = self._cells
        if cells and self._limits is None:
            sea = np.concatenate([c["field"][np.isfinite(c["field"])] for c in cells])
            if len(sea):
                low, high = (float(v) for v in np.percentile(sea, (1, 99)))
                self._limits = low, max(high, low + 1e-6)
        scores = [c["score"] for c in cells]
        self.form.state = {
            "lengths": self._lengths,
            "epsilons": self._epsilons,
            "busy": self._busy,
            "error": self._error,
            "of": self._of,
            "total": getattr(self, "_count", 0),
            "best": int(np.argmin(scores)) if scores and not self._busy else -1,
            "palette": list(colormap(self._colours(), 255)),
            "cells": [self._cell(c) for c in cells],
            "unit": self._unit(),
            "observations": cells[0]["observations"] if cells else 0,
            "folds": cells[0]["folds"] if cells else 0,
            "now": self._now(),
        }

    def _cell(self, cell: dict[str, Any]) -> dict[str, Any]:
        if "image" not in cell:
            low, high = self._limits or (0.0, 1.0)
            index = value_index(np.ascontiguousarray(cell["field"].T[::-1]), low, high)
            cell["image"] = base64.b64encode(index.tobytes()).decode()
        lat = cell["lat"]
        middle = np.cos(np.radians((lat[0] + lat[-1]) / 2))
        wide = float(np.ptp(cell["lon"]) * middle / max(np.ptp(lat), 1e-6))
        return {
            "length": _written(cell["length"]),
            "epsilon2": cell["epsilon2"],
            "score": cell["score"],
            "bias": cell["bias"],
            "resolved": cell["resolved"],
            "image": cell["image"],
            "size": [len(cell["lon"]), len(lat)],
            "aspect": max(0.4, min(wide, 4.0)),
        }

    def _now(self) -> list[Any]:
        """Return what the recipe has, to mark it."""
        recipe = self.draft.recipe
        if recipe is None or isinstance(recipe.lengths.horizontal, str):
            return ["", 0]
        given = recipe.lengths.horizontal
        return [_written(given[self._level(recipe) if len(given) > 1 else 0]), recipe.epsilon2]

    def _info(self) -> Any:
        data, key = self.draft.data, self.draft.get("parameter")
        found = [p for p in data.parameters if p.key == key] if data is not None else []
        return found[0] if found else None

    def _colours(self) -> str:
        from sdcviz.plots.axes import colormap_of

        info = self._info()
        return "viridis" if info is None else colormap_of(info)

    def _unit(self) -> str:
        info = self._info()
        transformed = self.draft.get("transformation.method", "none") not in ("none", None)
        return "" if info is None or transformed else info.unit


def _written(length: float) -> str:
    return f"{length / 1000:.3g} km" if length >= 1000 else f"{length:.3g} m"


def _lengths(text: str) -> list[float]:
    from sdcviz.analyses.quantities import length

    found = sorted({length(part) for part in re.split(r"[,;]", text) if part.strip()})
    if not found or found[0] <= 0 or len(found) > MOST:
        raise ValueError(f"give 1 to {MOST} lengths with their unit, such as 80 km, 120 km")
    return found


def _epsilons(text: str) -> list[float]:
    parts = [part.strip() for part in re.split(r"[;,\s]+", text) if part.strip()]
    try:
        found = sorted({float(part) for part in parts})
    except ValueError:
        raise ValueError("epsilon² is a number, such as 0.3, 1, 3") from None
    if not found or not (0 < found[0] and np.isfinite(found).all()) or len(found) > MOST:
        raise ValueError(f"give 1 to {MOST} values of epsilon² above 0, such as 0.3, 1, 3")
    return found
