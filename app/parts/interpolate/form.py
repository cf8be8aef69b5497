"""The form of a recipe: what can be entered, in which order, and what it means."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import panel as pn
import param

from sdcviz.errors import SdcvizError
from sdcviz.words import counted, number

from ...draft import Draft
from ..form import Form, script, style
from .axis_fields import depths_of
from .fields import values
from .form_table import SECTIONS

__all__ = ["FormPart"]

_HERE = Path(__file__).parent


class RecipeForm(Form):
    """The form in the browser; see ``form.js``."""

    _esm = script(_HERE / "form.js")
    _style = style(_HERE / "form.css")


class FormPart(pn.viewable.Viewer):
    """The drawer of the tab: fields with units, help and complaints.

    It reads and writes the draft, nothing else; what the data say to a field (years, depths,
    size of the grid) stands under it.
    """

    draft = param.ClassSelector(class_=Draft, instantiate=False, doc="The recipe.")
    open_fit = param.Callable(doc="Opens the fit of lengths: called with the direction.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self.form = RecipeForm(self._take, session=self.draft.session)
        self._layout = pn.Column(self.form, sizing_mode="stretch_both", margin=0, scroll="y")
        self.draft.param.watch(lambda *_: self._show(), ["content", "errors"])
        self.draft.session.param.watch(
            lambda *_: self._offer(), ["collection", "collection_version"]
        )
        self._offer()

    def __panel__(self) -> Any:
        return self._layout

    def _take(self, said: dict[str, Any]) -> None:
        """Take what the visitor did in the form."""
        if "set" in said:
            self.draft.set(str(said["set"]), said.get("value"))
        elif said.get("do") == "fit" and self.open_fit:
            self.open_fit(str(said["of"]))
        elif said.get("do") == "spacing":
            self._spacing()
        elif said.get("do") == "collection" and self.draft.data is not None:
            self.draft.put({"collection": str(self.draft.data.path)})

    def _spacing(self) -> None:
        """Take twice the distance of the levels as vertical lengths."""
        from sdcviz.analyses.first import spacing_lengths

        depths = depths_of(self.draft.content)
        with suppress(TypeError):  # while the depths are no numbers
            if len(depths) > 1:
                self.draft.put({"lengths.vertical": spacing_lengths(depths)})

    def _offer(self) -> None:
        """Offer what the collection has."""
        from sdcviz.formats.model import L20
        from sdcviz.vocabularies import label

        data = self.draft.data
        if data is None:
            return
        self.form.form = {
            "sections": SECTIONS,
            "options": {
                "parameter": [
                    [p.key, f"{p.label} [{p.unit}]" if p.unit else p.label]
                    for p in data.parameters
                    if p.kind == "number"
                ],
                "flags": [[code, f"{code} {label('L20', code)}"] for code in L20],
            },
        }
        self._show()

    def _show(self) -> None:
        draft = self.draft
        self.form.state = {
            "values": values(draft.content) if draft.content else {},
            "errors": draft.errors,
            "hints": hints(draft),
            "other": other_collection(draft),
        }


def other_collection(draft: Draft) -> str:
    """Tell if the recipe analyses another collection than the open one; empty where not."""
    named = draft.get("collection")
    if not named or draft.data is None or Path(named) == Path(draft.data.path):
        return ""
    return f"This recipe analyses another collection than the open one: {Path(named).name}."


def hints(draft: Draft) -> dict[str, str]:
    """Return what the data and the grid say to the fields."""
    data, recipe = draft.data, draft.recipe
    if data is None:
        return {}
    told: dict[str, str] = {}
    known = {p.key: p for p in data.parameters}
    here = known.get(str(draft.get("parameter", "")))
    if here is not None:
        told["parameter"] = f"{counted(here.n_values, 'value')} in this collection."
    import numpy as np

    years = data.time[~np.isnat(data.time)].astype("datetime64[Y]").astype(int) + 1970
    if len(years):
        told["years"] = f"The collection has {years.min()} to {years.max()}. Empty: all."
    if recipe is None:
        return told
    return told | _grid_hints(recipe)


def _grid_hints(recipe: Any) -> dict[str, str]:
    from math import cos, radians

    from sdcviz.analyses.grid import axes_of

    try:
        lon, lat, depth = axes_of(recipe)
    except SdcvizError as error:
        return {"resolution": f"! {error}"}
    across, along = recipe.domain.resolution
    middle = radians((lat[0] + lat[-1]) / 2)
    east, north = across * 111.2 * cos(middle), along * 111.2
    told = {
        "resolution": f"{number(len(lon))} x {number(len(lat))} points, "
        f"{_km(east)} by {_km(north)} in the middle.",
        "depths": f"{counted(len(depth), 'level')}"
        + (f", {depth[0]:g} to {depth[-1]:g} m." if len(depth) else "."),
    }
    wide = max(east, north) * 1000
    horizontal = recipe.lengths.horizontal
    if not isinstance(horizontal, str):
        steps = min(horizontal) / wide
        told["horizontal"] = (
            f"{steps:.2g} grid steps."
            if steps >= 2
            else f"! Only {steps:.2g} grid steps; the grid can't hold a field that changes so "
            "quickly. Take 2 or more, or a finer grid."
        )
    vertical = recipe.lengths.vertical
    if not isinstance(vertical, str) and len(depth) > 1:
        told["vertical"] = _vertical_hint(vertical, depth)
    return told


def _km(length: float) -> str:
    return f"{length:.3g} km" if length < 999.5 else f"{number(round(length))} km"


def _vertical_hint(vertical: tuple[float, ...], depth: Any) -> str:
    import numpy as np

    gaps = np.diff(depth)
    wide = np.maximum(np.append(gaps[0], gaps), np.append(gaps, gaps[-1]))
    reach = np.broadcast_to(np.array(vertical), len(depth))
    if not reach.any():
        return "Each level is analysed on its own."
    steps = np.where(reach > 0, reach / wide, np.inf)
    least = int(np.argmin(steps))
    if steps[least] >= 2:
        return "2 level distances or more everywhere."
    return (
        f"! Only {steps[least]:.2g} level distances at {depth[least]:g} m; levels there hardly "
        "know of each other. Take twice the distance, or 0 m for levels on their own."
    )
