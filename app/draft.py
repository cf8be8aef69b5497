"""The recipe that a visitor works on: one place that the form, the map and the tools share."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import param

from sdcviz.errors import SdcvizError

from . import answers
from .parts.after import after_load
from .parts.interpolate.fields import field_of, get, put, told, write
from .session import Session

if TYPE_CHECKING:
    from sdcviz.analyses import Recipe

__all__ = ["DRAFT", "Draft"]

DRAFT = "~"
"""Begins the name of a recipe in the session where it is a draft that nobody has saved."""


class Draft(param.Parameterized):
    """The content of the recipe in the form, right or wrong.

    Everything that shows or changes the recipe goes through here. As long as it is right,
    `recipe` is what it says; each change is kept as a draft on the server, under a name
    that the link holds.
    """

    session = param.ClassSelector(class_=Session, instantiate=False, doc="State of the visitor.")
    content = param.Dict(
        default={}, doc="As a recipe file holds it; always replaced, never changed."
    )
    errors = param.Dict(default={}, doc="Sentence by field; that of no field has the key ''.")
    recipe = param.Parameter(default=None, doc="The recipe, or None while something is wrong.")
    saved_as = param.String(default="", doc="Name under which it was saved; empty: never.")
    changed = param.Boolean(default=False, doc="Whether it differs from what was saved.")
    said = param.String(default="", doc="Why the recipe of the link could not be opened.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._saved: Recipe | None = None
        self._own = ""  # draft that is written
        self._opening = False
        self.session.param.watch(lambda *_: self.restart(), ["collection"])
        self.session.param.watch(lambda e: self._named(e.new), "recipe")
        after_load(self.restart)

    @property
    def data(self) -> Any:
        """The open collection."""
        return self.session.data

    # ---- beginning -----------------------------------------------------------
    def restart(self) -> None:
        """Take the recipe of the link, else one that suits the collection."""
        if self.session.recipe:
            self._named(self.session.recipe)
        else:
            self.begin()

    def begin(self) -> None:
        """Ask for a recipe that suits the open collection."""
        data = self.data
        if data is None:
            return
        session = self.session
        box = session.box
        given = {"collection": str(data.path), "parameter": session.parameter, "box": box}

        def then(answer: answers.Answer) -> None:
            if answer.value is not None:
                self._take(answer.value, name="", saved=None)
            else:
                self.said = answer.error

        answers.ask(self.session, "first", given, then)

    def _named(self, name: str) -> None:
        """Open the recipe that the session names, unless it is this one."""
        from sdcviz.analyses import shelf

        if self._opening or not name or name in (self.saved_as, self._own):
            return
        draft = name.startswith(DRAFT)
        try:
            recipe = shelf.take_out(name.removeprefix(DRAFT), "drafts" if draft else "")
        except SdcvizError as error:
            self.said = str(error)
            self.begin()
            return
        self.open(recipe, "" if draft else name)

    def open(self, recipe: Recipe, name: str = "") -> None:
        """Show a recipe; `name` is that of a saved one."""
        from sdcviz.analyses.compare import plain

        content: dict[str, Any] = {"recipe": 1, **plain(recipe)}
        if not content.get("collection") and self.data is not None:
            content["collection"] = str(self.data.path)
        self._take(content, name=name, saved=recipe if name else None)

    # ---- changing ------------------------------------------------------------
    def set(self, name: str, value: Any) -> None:
        """Take what was entered in a field of the form."""
        self.replace(write(self.content, name, value))

    def put(self, values: Mapping[str, Any]) -> None:
        """Set values at keys of the recipe."""
        content = self.content
        for key, value in values.items():
            content = put(content, key, value)
        self.replace(content)

    def get(self, key: str, usual: Any = None) -> Any:
        """Return the value at a key of the recipe."""
        return get(self.content, key, usual)

    def replace(self, content: dict[str, Any]) -> None:
        """Take another content of the same recipe."""
        if content != self.content:
            self._take(content, name=self.saved_as, saved=self._saved)

    def open_text(self, text: str) -> None:
        """Take a recipe as YAML.

        Raises
        ------
        BadRequest
            It is none; says where and what to do.
        """
        from sdcviz.analyses.compare import plain
        from sdcviz.analyses.recipe_file import parse_recipe

        recipe = parse_recipe(text)
        self.replace({"recipe": 1, **plain(recipe)})

    def _take(self, content: dict[str, Any], *, name: str, saved: Any) -> None:
        from sdcviz.analyses.recipe import Recipe
        from sdcviz.analyses.recipe_file import complaints

        wrong = complaints(content)
        errors: dict[str, str] = {}
        for key, sentence in wrong.items():
            field = field_of(key)
            named = sentence if field or not key else f"{key}: {sentence}"
            errors.setdefault(field, told(field, named))
        recipe = None if wrong else Recipe.model_validate(content)
        self._saved = saved
        changed = bool(saved is None or recipe != saved)
        self._keep(recipe, name if not changed else "")
        self.param.update(
            content=content, errors=errors, recipe=recipe, saved_as=name, changed=changed, said=""
        )

    def _keep(self, recipe: Recipe | None, saved: str) -> None:
        """Keep a draft, and let the session name it, so that its link opens it again."""
        from sdcviz.analyses import shelf

        if recipe is None:
            return
        name = saved
        if not saved:
            self._own = self._own or f"{DRAFT}{secrets.token_hex(5)}"
            name = self._own
            with suppress(SdcvizError):  # a full disk costs the draft only
                shelf.keep(recipe, name.removeprefix(DRAFT), "drafts")
        self._opening = True
        try:
            self.session.recipe = name
        finally:
            self._opening = False

    # ---- saving --------------------------------------------------------------
    def save(self, name: str) -> None:
        """Save the recipe under a name.

        Raises
        ------
        SdcvizError
            Something in it is wrong, or it can't be written.
        """
        from sdcviz.analyses import shelf
        from sdcviz.errors import BadRequest

        if self.recipe is None:
            raise BadRequest("Something in the recipe is wrong; mend it before it is saved.")
        shelf.keep(self.recipe, name.strip())
        self._saved = self.recipe
        self._keep(self.recipe, name.strip())
        self.param.update(saved_as=name.strip(), changed=False)

    def forget(self) -> None:
        """Go on without the saved recipe, which is gone: what is in the form stays, as a draft."""
        self._take(self.content, name="", saved=None)
