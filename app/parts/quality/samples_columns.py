"""How the columns of the table of samples are titled, shown and edited."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from sdcviz.plots.colours import FLAGS

from ..table import DENSE

if TYPE_CHECKING:
    from sdcviz.observations import Collection

__all__ = ["STYLE", "TITLES", "columns_of", "flag_formatter"]

TITLES = {flag.code: flag.title for flag in FLAGS}
_DOTS = "".join(f".f{flag.code}::before {{background: {flag.colour}}}" for flag in FLAGS)
STYLE = f"""{DENSE}
.tabulator .tabulator-row.tabulator-selected {{
  background: color-mix(in srgb, #3a8fb0 24%, transparent) !important; color: inherit !important}}
.tabulator .tabulator-row.tabulator-selected .tabulator-cell {{background: none !important}}
.tabulator-row {{user-select: none}}
:host .tabulator-edit-list {{font-size: 12.5px}}
:host .tabulator-edit-list .tabulator-edit-list-item {{padding: 2px 8px}}
:host .tabulator-edit-list .tabulator-edit-list-item.active {{
  background: color-mix(in srgb, #3a8fb0 34%, transparent); color: inherit}}
.flag::before {{content: ""; display: inline-block; width: 8px; height: 8px; border-radius: 50%;
  margin-right: 6px}} {_DOTS}
.tabulator-row {{cursor: pointer}}
.tabulator-col-title {{font-weight: 500; line-height: 1.25}}
.tabulator-col-title small {{font-weight: 400; opacity: 0.7}}
"""


def columns_of(
    data: Collection, keys: Sequence[str], names: Sequence[str], alone: bool, dots: Any
) -> dict[str, Any]:
    """Return titles, widths, formatters and editors as Tabulator takes them.

    Parameters
    ----------
    data : Collection
    keys : sequence of str
        Parameters.
    names : sequence of str
        Columns that there are, see `page_frame`.
    alone : bool
        Whether one station is listed.
    dots : CellFormatter
        See `flag_formatter`.
    """
    titles = {
        "sample": "#", "station": "Station", "time": "Time",
        "depth": "Depth<br><small>m</small>", "fd": "Flag", "found": "Findings",
    }  # fmt: skip
    when = 138 if alone else 92
    widths = {"sample": 48, "station": 190, "time": when, "depth": 74, "fd": 54, "found": 240}
    for i, key in enumerate(keys):
        info = data.parameter(key)
        # A title is read as HTML; names of parameters are those of the files.
        unit = f"<br><small>{escape(info.unit)}</small>" if info.unit else ""
        titles |= {f"v{i}": escape(info.label) + unit, f"f{i}": "Flag"}
        widths |= {f"v{i}": 44 + 7 * min(16, len(info.label)), f"f{i}": 54}
    flags = ["fd", *(f"f{i}" for i in range(len(keys)))]
    values = [f"v{i}" for i, key in enumerate(keys) if data.parameter(key).kind != "text"]
    choice = {"type": "list", "values": TITLES}
    return {
        "titles": titles,
        "widths": {name: width for name, width in widths.items() if name in names},
        "text_align": dict.fromkeys(["sample", "depth", *values], "right"),
        "formatters": dict.fromkeys(flags, dots),
        "editors": {name: choice if name in flags else None for name in names},
    }


def flag_formatter() -> Any:
    """Return a formatter of flags: a dot in their colour, and the code."""
    from bokeh.models.widgets.tables import HTMLTemplateFormatter

    # What is filled in is one letter of L20, never a text of a file.
    return HTMLTemplateFormatter(template='<span class="flag f<%= value %>"><%= value %></span>')
