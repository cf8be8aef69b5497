"""The dialog "Fit lengths": covariance of the observations over distance, and the curve."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ... import answers
from ..form import Form, script, style
from .dialog import DialogPart

__all__ = ["FitPart"]

_HERE = Path(__file__).parent


class FitForm(Form):
    """The dialog in the browser; see ``fit.js``."""

    _esm = script(_HERE / "fit.js")
    _style = style(_HERE / "fit.css")


class FitPart(DialogPart):
    """Shows what correlation length the observations have at each level, and takes it over."""

    title: ClassVar[str] = "Correlation lengths of the observations"

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._name, self._level, self._error, self._busy = "horizontal", 0, "", False
        self._found: dict[str, Any] = {}

    def _contents(self) -> list[Any]:
        self.form = FitForm(self._take, session=self.draft.session)
        return [self.form]

    def _opened(self, *given: Any) -> None:
        self._name = given[0] if given else "horizontal"
        depths = self.draft.recipe.levels.depths if self.draft.recipe is not None else ()
        shown = self.draft.session.shown_level
        near = [abs(d - shown) for d in depths]
        self._level = near.index(min(near)) if near else 0
        self._ask()

    def _take(self, said: dict[str, Any]) -> None:
        if "level" in said:
            self._level = int(said["level"])
        elif said.get("of") in ("horizontal", "vertical"):
            self._name = said["of"]
            self._ask()
            return
        elif said.get("do") == "use":
            self._use(str(said["how"]))
            return
        self._show()

    def _ask(self) -> None:
        if self.draft.recipe is None:
            self._error, self._busy = "Something in the recipe is wrong; mend it first.", False
            self._show()
            return
        self._busy, self._error, self._found = True, "", {}
        self._show()
        given = {
            "recipe": self.draft.content,
            "name": self._name,
            "time": self.insight.time,
        }

        def then(answer: answers.Answer) -> None:
            self._busy, self._error = False, answer.error
            self._found = answer.value or {}
            self._show()

        answers.ask(self.draft.session, "fit", given, then)

    # ---- taking over ---------------------------------------------------------------
    def _use(self, how: str) -> None:
        """Put what was found into the recipe."""
        found = self._found
        if how == "fit":
            self.draft.put({f"lengths.{self._name}": "fit"})
        elif how == "noise" and found:
            epsilon = float(found["levels"][self._level]["epsilon2"])
            self.draft.put({"epsilon2": float(f"{epsilon:.2g}")})
            self._show()
            return
        elif found:
            lengths = np.asarray(found["lengths"], float)
            if how == "one":
                made: Any = _written(float(np.nanmedian(lengths)))
            elif how == "this":
                made = _written(float(lengths[self._level]))
            else:
                made = [_written(float(length)) for length in lengths]
            self.draft.put({f"lengths.{self._name}": made})
        self.close()

    # ---- showing ---------------------------------------------------------------------
    def _show(self) -> None:
        found, level = self._found, self._level
        state: dict[str, Any] = {
            "of": self._name,
            "busy": self._busy,
            "error": self._error,
            "level": level,
            "levels": [],
        }
        if found:
            level = self._level = min(level, len(found["levels"]) - 1)
            lengths = np.asarray(found["lengths"], float)
            state |= {
                "time": found["time"],
                "levels": [
                    {
                        "depth": float(depth),
                        "length": _number(length),
                        "quality": _number(one["quality"]),
                        "guess": bool(one["message"]),
                    }
                    for depth, length, one in zip(
                        found["depths"], lengths, found["levels"], strict=True
                    )
                ],
                "curve": _curve(found["levels"][level]),
                "level": level,
                "one": _written(float(np.nanmedian(lengths))) if np.isfinite(lengths).any() else "",
                "this": _written(float(lengths[level])) if np.isfinite(lengths[level]) else "",
                "limits": [_written(float(v)) for v in found["limits"]],
                "limited": _limited(lengths, found["limits"]),
            }
        self.form.state = state


def _number(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


def _written(length: float) -> str:
    """Return a length with two or three digits, as a recipe holds it."""
    rounded = float(f"{length:.2g}") if length < 1000 else float(f"{length / 1000:.3g}")
    return f"{rounded:g} m" if length < 1000 else f"{rounded:g} km"


def _limited(lengths: Any, limits: Any) -> bool:
    """Whether the grid held a length back."""
    known = lengths[np.isfinite(lengths)]
    return bool(len(known) and (known.min() <= limits[0] * 1.01 or known.max() >= limits[1] * 0.99))


def _curve(one: dict[str, Any]) -> dict[str, Any]:
    """Return covariance and fitted curve of a level, for the plot; up to where it is fitted."""
    distance = np.asarray(one["distance"], float)
    if not len(distance):
        return {
            "message": one["message"],
            "distance": [],
            "covariance": [],
            "fitted": [],
            "bins": [0, 0],
        }
    stop = one["bins"][1] or len(distance)
    shown = min(len(distance), max(int(stop * 1.6), 20))

    def plain(values: Any) -> list[float | None]:
        return [_number(v) for v in np.asarray(values, float)[:shown]]

    return {
        "distance": plain(distance),
        "covariance": plain(one["covariance"]),
        "fitted": plain(one["fitted"]),
        "pairs": plain(one["pairs"]),
        "bins": list(one["bins"]),
        "length": _number(one["length"]),
        "epsilon2": _number(one["epsilon2"]),
        "variance": _number(one["variance"]),
        "quality": _number(one["quality"]),
        "message": one["message"],
    }
