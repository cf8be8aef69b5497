"""What the figure of a map says: title, caption, and the names of two layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .product_figure_field import Field
from .product_figure_look import Scale
from .product_figure_over import own_colours
from .product_figure_sheet import MapOptions
from .product_figure_words import about, caption_of, source_of, title_of, told_apart

__all__ = ["MapWords"]

_NOT_SAID = ("interpolation",)
"""What a map needs not say: its values are those of the grid."""


@dataclass(frozen=True)
class MapWords:
    """Words of a map.

    Attributes
    ----------
    fields : sequence of Field
        One layer, or two.
    options : MapOptions
    scales : sequence of Scale
    moving : bool
        Whether other frames follow: what changes is in the title, the names and the end of the
        caption.
    split : float or None
        Longitude of the line between two layers on one map.
    """

    fields: Sequence[Field]
    options: MapOptions
    scales: Sequence[Scale]
    moving: bool = False
    split: float | None = None

    @property
    def all(self) -> tuple[str, str, str]:
        """Title, caption, and the end of the caption that changes from frame to frame."""
        dots = self._dots()
        told = [*self._sentences(), *([] if self.moving else [dots]), *self._sources()]
        name = about(self.fields[0].array.attrs) if self.moving else self._title
        attrs = {k: v for k, v in self.fields[0].array.attrs.items() if k not in _NOT_SAID}
        if self.options.over.coverage:
            attrs["mask"] = ""
        caption = caption_of(name, attrs, *told)
        return self._title, caption, dots if self.moving else ""

    @property
    def names(self) -> tuple[str, str]:
        """What tells the first of two layers from the second."""
        return told_apart(self.fields[0].array, self.fields[1].array)[1]

    @property
    def _title(self) -> str:
        if len(self.fields) > 1:
            return told_apart(self.fields[0].array, self.fields[1].array)[0]
        shown = self.fields[0].array
        if not self.options.over.coverage:
            return title_of(shown)
        what = f"{about(shown.attrs)}: observations per cell"
        return title_of(shown.assign_attrs(long_name=what))

    def _sentences(self) -> list[str]:
        comment = str(self.fields[0].array.attrs.get("comment", ""))
        told = [comment, self._pair()]
        if self.options.over.coverage and len(self.fields) == 1:
            return told  # neither the colours of the field are seen nor its mask
        told += [s.sentence() for s in dict.fromkeys(self.scales)]
        hidden = [f.hidden for f in self.fields if f.hidden is not None]
        if hidden and (self.moving or any(h.any() for h in hidden)):
            how = "hatched" if self.options.masked == "hatched" else "left blank"
            told.append(f"Masked cells are {how}.")
        return told

    def _pair(self) -> str:
        if len(self.fields) < 2:
            return ""
        first, second = ("the first", "the second") if self.moving else self.names
        if self.split is not None:
            letter = "W" if (self.split + 180) % 360 < 180 else "E"
            at = abs((self.split + 180) % 360 - 180)
            return f"Left of the line at {at:.2f}° {letter}: {first}; right of it: {second}."
        return "" if self.moving else f"(a) {first}; (b) {second}."

    def _dots(self) -> str:
        over, first = self.options.over, self.fields[0]
        if over.coverage and len(self.fields) > 1:
            return ""
        cells = 0
        if over.coverage:
            from .product_figure_over import coverage_of

            cells = int(np.isfinite(coverage_of(first, over).array.values).sum())
        told = over.sentence(first, own_colours(first), cells)
        labels = {str(f.array.coords["label"].values) for f in self.fields
                  if "label" in f.array.coords}  # fmt: skip
        if told and len(over) and len(self.fields) > 1 and len(labels) > 1:
            told += " They belong to the left map." if self.split is not None else " On (a) only."
        return told

    def _sources(self) -> list[str]:
        from ..geo.coast import CREDIT

        both = [source_of(f.array.attrs) for f in self.fields]
        which = "Right of the line" if self.split is not None else "(b)"
        other = [f"{which}: {both[1]}."] if len(set(both)) > 1 else []
        return [*other, f"{CREDIT}."]
