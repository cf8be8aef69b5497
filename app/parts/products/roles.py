"""The dialog that shows what dimensions and variables were taken for, and takes corrections."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar

from sdcviz.errors import SdcvizError

from ... import shelf
from ..background import background
from ..form import Form, script, style
from .opening_dialog import ProductDialog

__all__ = ["RolesPart", "corrections", "described"]

_HERE = Path(__file__).parent


class RolesForm(Form):
    """The dialog in the browser; see ``roles.js``."""

    _esm = script(_HERE / "roles.js")
    _style = style(_HERE / "roles.css")


class RolesPart(ProductDialog):
    """Shows and corrects the roles of a product; the shelf keeps them."""

    title: ClassVar[str] = "Dimensions and variables"
    width: ClassVar[str] = "md"

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._path, self._said, self._busy = "", "", False
        self._told: dict[str, Any] = {}

    def _contents(self) -> list[Any]:
        self.form = RolesForm(self._take, session=self.viewing.session, name="product-roles")
        return [self.form]

    def open(self, path: str = "") -> None:
        """Show the roles of the product in view, or of one that could not be opened."""
        given: Mapping[str, Any] = {}
        try:
            item = shelf.find(shelf.identity(path) if path else self.viewing.session.product)
            path, given = item.path, item.roles
        except SdcvizError as error:
            self._said = "" if path else str(error)
        self._path, self._told = path, {}
        super().open()
        if path:
            self._said = ""
            self._read(path, given)
        self._show()

    def _read(self, path: str, given: Mapping[str, Any]) -> None:
        self._busy = True

        def then(told: dict[str, Any] | None, error: Exception | None) -> None:
            self._busy, self._said, self._told = False, str(error or ""), told or {}
            self._show()

        background(lambda: described(path, given), then)

    def _take(self, said: dict[str, Any]) -> None:
        if said.get("do") == "reset":
            self._read(self._path, {})
        elif said.get("do") == "apply" and self._told and not self._busy:
            self._apply(said)
        self._show()

    def _apply(self, said: dict[str, Any]) -> None:
        path, roles = self._path, corrections(self._told, said)
        self._busy, self._said = True, ""

        def then(item: shelf.Item | None, error: Exception | None) -> None:
            self._busy = False
            if item is None:
                self._said = str(error)
                self._show()
                return
            self.close()
            session = self.viewing.session
            if session.product == item.id:
                session.field = ""
                self.viewing.reopen()
            else:
                session.param.update(product=item.id, field="", step=0, level=None)

        background(lambda: shelf.add(path, roles), then)

    def _show(self) -> None:
        if self._dialog is not None:
            self.form.state = {"said": self._said, "busy": self._busy, **self._told}


def described(path: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Read what a source has, what was found by itself, and what holds now.

    Returns
    -------
    dict
        ``dims`` (name, size, kind found, kind now), ``variables`` (name, dimensions, unit,
        label), ``fields`` and ``errors`` found, and now; ``problem``, where the roles do not
        make a product.
    """
    from sdcviz.products.opening import source_of

    paths = path.split("\n")
    with closing(source_of(paths[0] if len(paths) == 1 else paths)) as source:
        # Dimensions of lists (of observations, of letters) are no axes of a field.
        grids = [v for v in source.variables.values() if _may_be_field(v)]
        sizes = {d: n for v in grids for d, n in zip(v.dims, v.shape, strict=True)}
        found, _ = _roles(source, {})
        now, problem = _roles(source, given)
        variables = [
            {
                "name": v.name, "dims": list(v.dims), "unit": v.text("units"),
                "label": v.text("long_name"),
                "may": _may_be_field(v),
            }
            for v in source.variables.values()
        ]  # fmt: skip
        return {
            "dims": [
                {
                    "name": d, "size": n, "found": found["axes"].get(d, ""),
                    "kind": now["axes"].get(d, ""),
                    "variable": _declared(source.variables.get(d)),
                }
                for d, n in sizes.items()
            ],
            "variables": variables,
            "found": {"fields": found["fields"], "errors": found["errors"]},
            "fields": now["fields"],
            "errors": now["errors"],
            "problem": problem,
        }  # fmt: skip


def _may_be_field(variable: Any) -> bool:
    return bool(variable.is_number) and len(variable.dims) > 1


def _declared(variable: Any) -> str:
    if variable is None:
        return ""
    return ", ".join(filter(None, (variable.text("long_name"), variable.text("units"))))


def _roles(source: Any, given: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """Find roles; where they make no product, the axes that are known, and why."""
    from sdcviz.products.axis_roles import find_axes
    from sdcviz.products.roles import find_roles

    try:
        roles = find_roles(source, given)
    except SdcvizError as error:
        axes = find_axes(source, {k: v for k, v in given.items() if k in _KINDS})
        return {"axes": axes, "fields": [], "errors": {}}, str(error)
    errors = {name: of.error for name, of in roles.fields.items()}
    return {"axes": dict(roles.axes), "fields": list(roles.fields), "errors": errors}, ""


_KINDS = ("lon", "lat", "depth", "time")


def corrections(told: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a visitor chose where it differs from what was found, for the shelf.

    Parameters
    ----------
    told : mapping
        See `described`.
    said : mapping
        ``axes`` (kind of each dimension), ``fields``, ``errors``.
    """
    axes = {str(k): str(v) for k, v in dict(said.get("axes") or {}).items()}
    found = {d["found"]: d["name"] for d in told["dims"] if d["found"]}
    given: dict[str, Any] = {}
    for kind in _KINDS:
        dim = next((d for d, k in axes.items() if k == kind), "")
        if dim != found.get(kind, ""):
            given[kind] = dim
    known = {v["name"] for v in told["variables"]}
    fields = [str(n) for n in said.get("fields") or [] if n in known]
    if fields and set(fields) != set(told["found"]["fields"]):
        given["fields"] = fields
    errors = {
        str(n): str(e)
        for n, e in dict(said.get("errors") or {}).items()
        if n in fields and (e in known or not e) and e != told["found"]["errors"].get(n, "")
    }
    return given | ({"errors": errors} if errors else {})
