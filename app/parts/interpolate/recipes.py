"""The dialog "Recipes": save, open, compare, show as text."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from sdcviz.errors import SdcvizError

from ..form import Form, script, style
from .dialog import DialogPart

__all__ = ["RecipesPart"]

_HERE = Path(__file__).parent


class RecipesForm(Form):
    """The dialog in the browser; see ``recipes.js``."""

    _esm = script(_HERE / "recipes.js")
    _style = style(_HERE / "recipes.css")


class RecipesPart(DialogPart):
    """Recipes are files of the server, one a name, that the command line can run as well."""

    title: ClassVar[str] = "Recipes"

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._said, self._wrong, self._tab, self._other = "", False, "open", ""
        self._text: str | None = None
        self.draft.param.watch(lambda *_: self.shown and self._show(), ["content", "saved_as"])

    def _contents(self) -> list[Any]:
        self.form = RecipesForm(self._take, session=self.draft.session)
        return [self.form]

    def _opened(self, *given: Any) -> None:
        self._said, self._text = "", None
        self._tab = given[0] if given else "open"
        self._show()

    # ---- what the visitor does ---------------------------------------------------
    def _take(self, said: dict[str, Any]) -> None:
        self._said, self._wrong = "", False
        try:
            self._do(said)
        except SdcvizError as error:
            self._said, self._wrong = str(error), True
        if self.shown:
            self._show()

    def _do(self, said: dict[str, Any]) -> None:
        from sdcviz.analyses import shelf

        does, name = said.get("do"), str(said.get("name", ""))
        if said.get("tab"):
            self._tab, self._text = str(said["tab"]), None
        elif does == "save":
            if name.strip() in self._names() and name.strip() != self.draft.saved_as:
                if not said.get("sure"):
                    self._said, self._wrong = "again", True
                    return
            self.draft.save(name)
            self._said = f"Saved as “{name.strip()}”."
        elif does == "open":
            self.draft.open(shelf.take_out(name), name)
            self.close()
        elif does == "delete":
            shelf.delete(name)
            self._said = f"“{name}” was deleted."
            if name == self.draft.saved_as:
                self.draft.forget()
                self._said = f"“{name}” was deleted; the form keeps it, not saved."
        elif does == "compare":
            self._other, self._tab = name, "compare"
        elif does == "text":
            self._text = str(said.get("text", ""))
            self.draft.open_text(self._text)
            self._text, self._said = None, "Taken into the form."

    def _names(self) -> list[str]:
        from sdcviz.analyses import shelf

        return [one.name for one in shelf.listed()]

    # ---- showing -------------------------------------------------------------------
    def _show(self) -> None:
        from sdcviz.analyses import shelf, write_recipe

        draft = self.draft
        kept = shelf.listed()
        names = [one.name for one in kept]
        if self._other not in names:
            others = [name for name in names if name != draft.saved_as]
            self._other = (
                draft.saved_as if draft.changed and draft.saved_as else (others or [""])[0]
            )
        exists = self._wrong and self._said == "again"
        self.form.state = {
            "tab": self._tab,
            "name": draft.saved_as,
            "right": draft.recipe is not None,
            "kept": [
                {
                    "name": one.name,
                    "parameter": self._label(one.parameter),
                    "collection": Path(one.collection).name if one.collection else "",
                    "saved": datetime.fromtimestamp(one.saved, UTC).strftime("%Y-%m-%d %H:%M UTC"),
                }
                for one in kept
            ],
            "other": self._other,
            "differences": self._differences(),
            "text": self._text
            if self._text is not None
            else (write_recipe(draft.recipe) if draft.recipe is not None else ""),
            "said": "" if exists else self._said,
            "wrong": self._wrong,
            "exists": exists,
        }

    def _label(self, key: str) -> str:
        data = self.draft.data
        known = {p.key: p.label for p in data.parameters} if data is not None else {}
        return known.get(key, key)

    def _differences(self) -> list[list[str]] | None:
        from sdcviz.analyses import shelf
        from sdcviz.analyses.compare import differences

        if self._tab != "compare" or not self._other or self.draft.recipe is None:
            return None
        try:
            other = shelf.take_out(self._other)
        except SdcvizError:
            return None
        return [list(one) for one in differences(other, self.draft.recipe)]
