"""The figure of a map: its layers, dots, lines and bars, which another moment can replace."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .product_figure_field import Field, FieldOnMap, box_of, inside
from .product_figure_ground import sheet_for
from .product_figure_look import Look, Scale
from .product_figure_map_words import MapWords
from .product_figure_over import (
    Over,
    coverage_of,
    coverage_scale,
    draw_shapes,
    own_colours,
    unit_of,
)
from .product_figure_page import (
    NOTHING,
    bar,
    bar_at,
    caption_height,
    page,
    title_height,
    wrapped,
)
from .product_figure_sheet import MapOptions, Wanted, columns_for, plan_for
from .product_figure_words import label_of

if TYPE_CHECKING:
    from ..products.difference import Difference
    from ..products.layers import Layer

__all__ = ["MapPage"]


class MapPage:
    """A map that can show one layer after the other, as an animation does.

    Attributes
    ----------
    figure : matplotlib.figure.Figure
    """

    def __init__(
        self, layer: Layer | Difference, options: MapOptions, look: Look, moving: bool = False
    ) -> None:
        self.look, self.moving, self.options = look, moving, options
        self.fields = [Field.of(layer)]
        if options.second is not None:
            self.fields.append(Field.of(options.second.layer))
        first = self.fields[0]
        self.sheet = sheet_for(options.extent or box_of(first.array), options.projection)
        self.options = replace(options, over=options.over.within(self.sheet))
        self.own = own_colours(first)
        self._counts: Field | None = None
        self._dots: list[Any] = []
        self._scales = self._find_scales()
        panels = 2 if len(self.fields) > 1 and not self._swipes else 1
        words = self._words.all
        wanted = Wanted(
            panels, panels > 1 and not self._shares, int(self._has_residuals),
            self._lines_of_names(panels), (title_height(words[0], look), caption_height(
                words[1], look, words[2])),
        )  # fmt: skip
        self.plan = plan_for(self.sheet, look, wanted)
        with page(look, self.plan.height, placed=True) as self._page:
            self.figure = self._page.figure
            self._page.words(*words)
            self._make_axes()
            self._make_layers()
            self._fill()
            self._draw_bars()

    def show(
        self, layer: Layer | Difference, second: Layer | None = None, over: Over | None = None
    ) -> None:
        """Show other layers and observations in the same place and colours."""
        import matplotlib

        from .figure import LOCK, STYLE

        self.fields = [Field.of(x) for x in (layer, second) if x is not None]
        if over is not None:
            self.options = replace(self.options, over=self.over.moved(over).within(self.sheet))
        with LOCK, matplotlib.rc_context(STYLE):
            self._fill()
            self._page.rewrite(*self._words.all)

    @property
    def _words(self) -> MapWords:
        split = self._split_at[0] if self._swipes else None
        return MapWords(self.fields, self.options, self._scales, self.moving, split)

    @property
    def over(self) -> Over:
        """What lies over the map."""
        return self.options.over

    # ---- colours -----------------------------------------------------------------
    @property
    def scales(self) -> list[Scale]:
        """All that colours on the map mean."""
        layers = [layer.scale for layer in self._layers]
        return [*layers, *([self.over.residual_scale] if self._has_residuals else [])]

    @property
    def scale(self) -> Scale:
        """Colours of the first layer."""
        return self._scales[0]

    @property
    def _shares(self) -> bool:
        """Whether two layers have the same colours."""
        return len(self.fields) > 1 and self.fields[0].layer.unit == self.fields[1].layer.unit

    @property
    def _swipes(self) -> bool:
        how = self.options.second.compare if self.options.second else ""
        return how == "swipe" and self._shares and not self.sheet.round

    @property
    def _has_residuals(self) -> bool:
        return self.over.residuals or (self.moving and self.over.dots == "residuals")

    def _find_scales(self) -> list[Scale]:
        """Return the colours of each layer; layers of the same unit share them."""
        found: list[Scale] = []
        for k, one in enumerate(self.fields):
            values = inside(one.array, self.sheet)
            if k and self._shares:
                found[0].count(values)
                found.append(found[0])
                continue
            given = replace(self.look, limits=None, colormap="") if k else self.look
            if given.limits is None:
                given = replace(given, limits=self._limits(self.fields if self._shares else [one]))
            scale = Scale(values, one.array.attrs, given, one.layer.colormap)
            if not k and self.own and self.over.dots == "observations":
                scale.count(self.over.held["value"])
            found.append(scale)
        if self.moving:  # other frames may have what the first has not
            for scale in found:
                scale.anything()
        return found

    def _limits(self, fields: list[Field]) -> tuple[float, float] | None:
        """Return the range that suits what is made of a field, such as one around 0."""
        known = [f.layer.limits(f.array.values) for f in fields]
        limits = [pair for pair in known if pair is not None]
        if len(limits) < len(fields) and len(fields) > 1:
            seen = np.concatenate([inside(f.array, self.sheet) for f in fields])
            seen = seen[np.isfinite(seen)]
            limits = [(float(seen.min()), float(seen.max()))] if len(seen) and np.ptp(seen) else []
        if not limits:
            return None
        return min(low for low, _ in limits), max(high for _, high in limits)

    # ---- drawing -----------------------------------------------------------------
    def _make_axes(self) -> None:
        self.axes: list[Any] = []
        for place in self.plan.maps:
            ax = self.figure.add_axes(place, projection=self.sheet.crs)
            ax.set_facecolor(NOTHING)
            self.sheet.draw(ax, self.plan.wide)
            draw_shapes(ax, self.sheet, self.over)
            self.axes.append(ax)

    def _make_layers(self) -> None:
        sheet, axes = self.sheet, [*self.axes, *self.axes][: len(self.fields)]
        parts: list[Any] = [None, None]
        if self._swipes:
            x = self._split_at[1]
            parts = [(sheet.view[0], x), (x, sheet.view[2])]
            self.axes[0].axvline(x, color="white", linewidth=2.4, zorder=4.5)
            self.axes[0].axvline(x, color="#11161c", linewidth=0.8, zorder=4.6)
        hatched = self.options.masked == "hatched"
        self._layers = [
            FieldOnMap(ax, sheet, scale, self.look, hatched, part)
            for ax, scale, part in zip(axes, self._scales, parts, strict=False)
        ]

    @property
    def _split_at(self) -> tuple[float, float]:
        """Where the line stands between two layers: longitude, and on the sheet."""
        west, south, east, north = self.sheet.box
        lon = self.options.second.split if self.options.second else None
        lon = (west + east) / 2 if lon is None else west + (lon - west) % 360
        lon = min(max(lon, west), east)
        x, _ = self.sheet.points(np.array([lon]), np.array([(south + north) / 2]))
        return float(lon), float(x[0])

    def _fill(self) -> None:
        """Draw layers and dots."""
        for drawn in self._dots:
            drawn.remove()
        covered = self.over.coverage and len(self.fields) == 1
        self._counts = coverage_of(self.fields[0], self.over) if covered else None
        if self._counts is not None:
            layer = self._layers[0]
            layer.scale = coverage_scale(self._counts, self.over)
            layer.show(self._counts, self.fields[0], self.scale)
        else:
            for layer, one in zip(self._layers, self.fields, strict=True):
                layer.show(one)
        at = self.axes if self._same_time else self.axes[:1]
        scale = self.scale if self.own else None
        drawn = [self.over.draw_dots(ax, self.sheet, scale, self.plan.wide) for ax in at]
        self._dots = [d for d in drawn if d is not None]
        self._name_maps()

    def _name_maps(self) -> None:
        """Write over each map, or each part of one, what it shows."""
        style: dict[str, Any] = {"fontsize": 7.5, "pad": 3, "parse_math": False}
        names = self._names(len(self.axes))
        if len(names) > len(self.axes):
            self.axes[0].set_title(names[0], loc="left", **style)
            self.axes[0].set_title(names[1], loc="right", **style)
            return
        for ax, name in zip(self.axes, names, strict=False):
            ax.set_title(name, loc="left", **style)

    def _names(self, panels: int) -> list[str]:
        """Return the names of two layers, as wide as there is room."""
        if len(self.fields) < 2:
            return []
        names = list(self._words.names)
        if panels > 1:
            names = [f"({letter}) {name}" for letter, name in zip("ab", names, strict=True)]
        columns = 2 if panels == 1 else columns_for(self.sheet, self.look, panels)
        return [wrapped(name, (self.look.millimetres - 25) / columns * 0.68) for name in names]

    def _lines_of_names(self, panels: int) -> int:
        names = self._names(panels)
        return max(name.count("\n") + 1 for name in names) if names else 0

    @property
    def _same_time(self) -> bool:
        """Whether the observations belong to both maps: those of another time would mislead."""
        return len({str(f.array.coords["label"].values) for f in self.fields
                    if "label" in f.array.coords}) < 2  # fmt: skip

    @property
    def _label(self) -> str:
        """Quantity and unit of the colours."""
        if self._counts is not None:
            return "Observations per cell"
        return label_of(self.fields[0].array.attrs)

    def _draw_bars(self) -> None:
        first, figure, places = self._layers[0], self.figure, list(self.plan.bars)
        if len(self.axes) > 1 and not self._shares:
            for layer, one in zip(self._layers, self.fields, strict=True):
                label = label_of(one.array.attrs)
                bar_at(figure, places.pop(0), layer.mesh, layer.scale, label)
        elif self.plan.beside:
            bar(
                self.axes[0],
                first.mesh,
                first.scale,
                self._label,
                0.09 if self.sheet.round else 0.02,
            )
        else:
            bar_at(figure, places.pop(0), first.mesh, first.scale, self._label)
        if self._has_residuals:
            from matplotlib.cm import ScalarMappable

            scale, unit = self.over.residual_scale, unit_of(self.fields[0])
            label = label_of({"long_name": "Observation − product", "units": unit})
            bar_at(figure, places.pop(0), ScalarMappable(scale.norm, scale.cmap), scale, label)
