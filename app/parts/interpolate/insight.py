"""What the recipe gives and takes: preview and forecast, asked anew whenever it changes."""

from __future__ import annotations

from typing import Any

import param

from ... import answers
from ...draft import Draft
from ..after import after_layout

__all__ = ["Insight"]


class Insight(param.Parameterized):
    """Keeps preview and forecast of the draft up to date.

    What is older than the recipe is shown until the new one is there, and `busy` says so.
    """

    draft = param.ClassSelector(class_=Draft, instantiate=False, doc="The recipe.")
    seen = param.Dict(default={}, doc="The preview; empty: none yet.")
    times = param.List(default=[], doc="Labels of the times, as far as they are known.")
    error = param.String(default="", doc="Why there is no preview.")
    busy = param.Boolean(default=False, doc="Whether a preview is being computed.")
    forecast = param.Dict(default={}, doc="What a run takes; empty: not known.")
    trouble = param.String(default="", doc="Why the recipe can't be run.")
    outliers = param.Dict(
        default={}, doc="Observations that look like errors: sentence, stations; empty: none."
    )
    weighing = param.Boolean(default=False, doc="Whether a forecast is being made.")

    product = param.Dict(
        default={}, doc="Product that the map shows instead: path, title, times, unit; or empty."
    )

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self.draft.param.watch(lambda *_: self._changed(), "recipe")
        self.param.watch(lambda *_: self._turn(), "product")
        names = ["shown_time", "shown_level"]
        self.draft.session.param.watch(lambda *_: self._look(), names)
        self._asked: Any = None
        self._examined: Any = None
        self._changed()

    @property
    def time(self) -> int:
        """Number of the time in view."""
        return min(self.draft.session.shown_time, max(len(self.times), 1))

    def _changed(self) -> None:
        """Ask for both; while something in the recipe is wrong, the last ones stay."""
        if self.draft.recipe is None:
            self.param.update(busy=False, weighing=False)
            return
        self._look()
        self._weigh()

    def refresh(self) -> None:
        """Ask again: flags or observations have changed."""
        self._asked = self._examined = None
        self._changed()

    def _science(self) -> dict[str, Any]:
        """Return what decides the preview: no texts, no processes."""
        content = self.draft.content
        return {k: v for k, v in content.items() if k not in ("metadata", "run")}

    def _turn(self) -> None:
        """Look at a product, or at the preview again."""
        self._asked = None
        self._look()

    def _look_at_product(self) -> None:
        session, product = self.draft.session, self.product
        given = {
            "product": product["path"],
            "time": session.shown_time,
            "level": session.shown_level,
        }
        self.busy = True

        def then(answer: answers.Answer) -> None:
            if answer.error:
                self.param.update(error=answer.error, seen={}, busy=False)
                return
            seen = dict(answer.value)
            labels = product["times"] or [str(n + 1) for n in range(seen["count"])]
            seen |= {
                "times": labels, "time": labels[min(seen["number"], len(labels)) - 1],
                "unit": product["unit"] or seen["unit"], "product": product["title"],
            }  # fmt: skip
            self.param.update(seen=seen, times=labels, error="", busy=False)

        answers.ask(self.draft.session, "picture", given, then)

    def _look(self) -> None:
        if self.product:
            self._look_at_product()
            return
        if self.draft.recipe is None:
            return
        session = self.draft.session
        given = {
            "recipe": self._science(),
            "time": session.shown_time,
            "level": session.shown_level,
        }
        if given == self._asked and not self.error:
            return
        self._asked = given
        self.busy = True

        def then(answer: answers.Answer) -> None:
            if self.product:
                return
            if answer.error:
                self.param.update(error=answer.error, seen={}, busy=False)
                return
            empty = answer.value.get("empty", "")
            self.param.update(
                seen={} if empty else answer.value,
                times=answer.value["times"],
                error=empty,
                busy=False,
            )

        answers.ask(self.draft.session, "preview", given, then)

    def _weigh(self) -> None:
        self.weighing = True

        def then(answer: answers.Answer) -> None:
            self.param.update(forecast=answer.value or {}, trouble=answer.error, weighing=False)
            self._examine()

        # After the preview, which is what one looks at.
        after_layout(
            lambda: answers.ask(
                self.draft.session, "forecast", {"recipe": self.draft.content}, then
            )
        )

    def _examine(self) -> None:
        """Look for observations that look like errors, when all else is known."""
        science = self._science()
        if self.trouble or self.draft.recipe is None or science == self._examined:
            return
        self._examined = science

        def then(answer: answers.Answer) -> None:
            self.outliers = {} if answer.error else answer.value or {}

        answers.ask(self.draft.session, "outliers", {"recipe": science}, then)
