"""The dialog that writes what is seen: data, figure, animation, or the Python that repeats it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from sdcviz.errors import SdcvizError

from ...viewing import Viewing
from ..background import background
from ..form import Form, script, style
from ..writer import Writer, stem
from .exporting_animation import Animation, Film
from .exporting_items import FIGURES, FORMATS, Item, items_of, look_of, same_as
from .exporting_preview import Ranges, small, write_observations

__all__ = ["ExportForm", "ExportPart"]

_HERE = Path(__file__).parent
_CHOSEN: dict[str, Any] = {
    "key": "map", "format": "png", "width": "two", "title": "", "titled": True, "captioned": True,
    "contours": False, "dots": True, "stretched": False, "masked": "hatched", "overlay": True,
    "along": "time", "fps": 4, "zoomed": True,
}  # fmt: skip
_DOTS = {"residuals": "Residuals", "coverage": "Coverage"}
_FOLLOWED = [
    "product", "field", "step", "level", "mask", "place", "line", "area", "derived", "error_shown",
    "field_range", "range_by", "field_map", "window", "around", "dots", "collection", "compare",
    "other", "other_step", "other_field", "other_derived", "spread", "swipe",
]  # fmt: skip


class ExportForm(Form):
    """The dialog in the browser; see ``exporting.js``."""

    _esm = script(_HERE / "exporting.js")
    _style = style(_HERE / "exporting.css")


class ExportPart(pn.viewable.Viewer):
    """The dialog that writes what is seen; made when it is first opened.

    Figures are drawn in a thread, one at a time; an animation is a job.
    """

    viewing = param.ClassSelector(class_=Viewing, instantiate=False, doc="What is looked at.")
    panels = param.Parameter(default=None, doc="The panels beside the map, or None.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self.chosen = dict(_CHOSEN)
        self.form: Any = None
        self.writer: Any = None
        self.animation: Any = None
        self._dialog: Any = None
        self._drawn: dict[str, Any] = {}
        self._drawing = self._stale = False
        self._ranges = Ranges(self.viewing, self._show)
        self.main = pn.Column(margin=0, width=0, height=0)
        self.viewing.session.param.watch(lambda *_: self._show(), _FOLLOWED)
        told = ["product", "second", "changed", "seen"]
        self.viewing.param.watch(lambda *_: self._show(), told)

    def __panel__(self) -> Any:
        return self.main

    def open(self, key: str = "map") -> None:
        """Show the dialog for the map or for a panel."""
        new = self._dialog is None
        if new:
            self._make()
            session = self.viewing.session
            self.chosen |= {"contours": session.contours, "dots": session.dots != "none"}
        self.chosen["key"] = same_as(key, self.items)
        self._dialog.open = True
        self._show()
        if new:
            # Opened before: the browser may miss a change while it first draws a dialog.
            self.main.append(self._dialog)

    def _make(self) -> None:
        self.form = ExportForm(self._take, session=self.viewing.session)
        self.writer = Writer()
        self.animation = Animation(self._show)
        self.writer.param.watch(lambda *_: self._show(), "busy")
        self._dialog = pmui.Dialog(
            self.form, self.writer, title="Export what is seen", width_option="lg",
            show_close_button=True, close_on_click=True,
        )  # fmt: skip

    @property
    def _open(self) -> bool:
        return self._dialog is not None and self._dialog.open

    # ---- what is chosen ------------------------------------------------------------
    @property
    def items(self) -> list[Item]:
        """What can be written now."""
        return items_of(self.viewing, self.panels)

    @property
    def item(self) -> Item | None:
        """What is chosen; the map where that is not there any more."""
        found = self.items
        return next((i for i in found if i.key == self.chosen["key"]), found[0] if found else None)

    def _format(self, item: Item) -> str:
        usual = "png" if "png" in item.formats else item.formats[0]
        return self.chosen["format"] if self.chosen["format"] in (*item.formats, "py") else usual

    def _take(self, said: dict[str, Any]) -> None:
        do = said.get("do")
        if do == "choose":
            for name, value in said.get("chosen", {}).items():
                if name in self.chosen and type(value) is type(_CHOSEN[name]):
                    self.chosen[name] = value
            self._show()
        elif do == "write":
            self._write()
        elif do == "cancel":
            self.animation.cancel()

    # ---- showing -------------------------------------------------------------------
    def _show(self) -> None:
        if not self._open:
            return
        item = self.item
        if item is None:
            self.form.state = {"items": [], "sentence": "No product is open."}
            return
        self._ranges.look()
        form, session = self._format(item), self.viewing.session
        grid = self.viewing.product.grid(item.asked.variable)
        along = [["time", "Time"]] if len(grid.times) > 1 else []
        along += [["depth", "Depth"]] if len(grid.depth) > 1 and not session.derived else []
        if self.chosen["along"] not in [a for a, _ in along] and along:
            self.chosen["along"] = along[0][0]
        self.form.state = {
            "items": [[i.key, i.title] for i in self.items],
            "formats": [[k, *FORMATS[k]] for k in item.formats],
            "chosen": {**self.chosen, "key": item.key, "format": form},
            "kind": item.asked.kind,
            "dots": self._shows_dots(item),
            "dots_are": _DOTS.get(session.dots, "Observations")
            if item.asked.kind == "map"
            else "Observations",
            "zoomed": not self.viewing.whole,
            "masked": self.viewing.mask is not None,
            "along": along,
            "busy": self.writer.busy,
            "python": self.python(item, form),
            "preview": self._drawn.get("picture", "") if form in FIGURES else "",
            "sentence": self._drawn.get("sentence", "") if form in FIGURES else "",
            "drawing": self._drawing or self._ranges.found is None,
            "animation": self.animation.state,
        }
        if form in FIGURES and self._ranges.found is not None:
            self._preview(item)

    def _look(self, item: Item) -> dict[str, Any]:
        limits = self._ranges.found or (None, None)
        return look_of(self.viewing, item, self.chosen, limits[item.subtracts])

    def _shows_dots(self, item: Item) -> bool:
        from sdcviz.plots.product_figure import WITH_OBSERVATIONS

        return (
            bool(self.viewing.session.collection)
            and item.data is None
            and item.asked.kind in WITH_OBSERVATIONS
        )

    def python(self, item: Item, form: str) -> str:
        """Return the Python that gives what would be written."""
        from sdcviz.plots.product_snippet import Shown, product_snippet

        if item.data is not None:
            return ""
        name = self._name(item, form if form in (*FIGURES, "nc", "csv") else "png")
        shown = Shown(comparison=item.comparison)
        if form not in ("nc", "csv"):
            shown = Shown(
                self._look(item), self._selection(item), self._beside_options(item),
                item.comparison,
            )  # fmt: skip
        return product_snippet(self.viewing.product, item.asked, shown, file=name)

    def _selection(self, item: Item) -> Any:
        if not (self.chosen["dots"] and self._shows_dots(item)):
            return None
        return self.viewing.session.filtered

    def _beside_options(self, item: Item) -> dict[str, Any]:
        session = self.viewing.session
        window = (float(session.window[0]), float(session.window[1]))
        if item.asked.kind != "map":
            return {"window": window, "around": float(session.around)}
        residuals = session.dots == "residuals"
        return {"window": window, **({"residuals": True} if residuals else {})}

    def _name(self, item: Item, ending: str) -> str:
        return f"{stem(Path(self.viewing.product.name).stem)}_{item.key.replace('-', '_')}.{ending}"

    # ---- drawing -------------------------------------------------------------------
    def _drawer(self, item: Item) -> Any:
        """Return a function that draws the figure as it stands now; for a thread."""
        product, look = self.viewing.product, self._look(item)
        selection, how = self._selection(item), self._beside_options(item)
        if item.comparison is not None:
            look["comparison"] = item.comparison

        def draw() -> Any:
            from sdcviz.plots.product_figure import product_figure
            from sdcviz.products.beside import observations_beside

            beside = None
            if selection is not None:
                beside = observations_beside(product, item.asked, selection, **how)
            return product_figure(product, item.asked, beside, **look)

        return draw

    def _preview(self, item: Item) -> None:
        """Draw a small picture of the figure; while one is drawn, the newest wish waits."""
        look = self._look(item)
        wish = (
            id(self.viewing.product), self.viewing.changed, item.asked, item.comparison,
            repr(look), self._selection(item), repr(self._beside_options(item)),
        )  # fmt: skip
        if wish == self._drawn.get("wish"):
            return
        if self._drawing:
            self._stale = True
            return
        self._drawing, self._stale = True, False
        self._drawn = {**self._drawn, "wish": wish}
        self.form.state = {**self.form.state, "drawing": True}
        draw = self._drawer(item)
        background(lambda: small(draw()), self._came)

    def _came(self, picture: str | None, error: Exception | None) -> None:
        self._drawing = False
        if error is not None and not isinstance(error, SdcvizError):
            self._drawn |= {"picture": "", "sentence": "The figure could not be drawn."}
            self._show()
            raise error
        self._drawn |= {"picture": picture or "", "sentence": str(error or "")}
        self._show()

    # ---- writing -------------------------------------------------------------------
    def _write(self) -> None:
        item = self.item
        if item is None or self.writer.busy:
            return
        form, product = self._format(item), self.viewing.product
        if form in ("gif", "mp4"):
            look = self._look(item)
            name = self._name(item, form)
            over = None
            if (selection := self._selection(item)) is not None:
                over = selection, self._beside_options(item)["window"]
            self.animation.start(self.viewing, item, Film(look, self.chosen, over), name)
            return
        if form == "obs":
            selection, how = self.viewing.session.filtered, self._beside_options(item)

            def write(path: Path) -> None:
                write_observations(product, item, selection, how, path)

            self.writer.run(self._name(item, "csv").replace(".csv", "_observations.csv"), write)
        elif form in FIGURES:
            from sdcviz.plots.figure import save_figure

            draw = self._drawer(item)
            self.writer.run(self._name(item, form), lambda path: save_figure(draw(), path))
        elif form in ("nc", "csv"):
            from sdcviz.products.export import write as write_data

            self.writer.run(
                self._name(item, form), lambda path: write_data(item.take(product), path)
            )
