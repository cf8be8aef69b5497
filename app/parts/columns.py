"""What the columns of plain tables mean: guessed, shown, adjusted, remembered."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import panel as pn
import panel_material_ui as pmui
import param

from sdcviz.errors import SdcvizError
from sdcviz.formats.mapping import LAYOUTS, ROLES, ColumnMapping, remember

__all__ = ["ColumnsPart", "tables_in"]

MOST_FILES = 30
_PACKED = {".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz"}
_HEADINGS = {
    "label": "Column",
    "role": "Meaning",
    "name": "Parameter",
    "unit": "Unit",
    "of": "Flag of",
    "scale": "Flag scale",
}


def tables_in(paths: Iterable[Path]) -> dict[str, ColumnMapping]:
    """Return the plain tables among these files, one for each set of columns.

    Only the beginnings of files are read; packed files and folders are left to the import,
    which guesses or remembers for itself.

    Parameters
    ----------
    paths : iterable of Path
        Files.

    Returns
    -------
    dict
        Name of the first file with these columns, and the guessed or remembered mapping.
    """
    from sdcviz.formats import Problem, find_sources, recognise
    from sdcviz.formats.delimited import FORMAT, mapping_of

    files = [p for p in paths if p.is_file() and p.suffix.lower() not in _PACKED][:MOST_FILES]
    found: dict[str, tuple[str, ColumnMapping]] = {}
    with find_sources(files) as sources:
        for source in sources:
            try:
                if isinstance(source, Problem) or recognise(source).name != FORMAT.name:
                    continue
            except SdcvizError:
                continue  # the import tells why
            mapping = mapping_of(source)
            if mapping is not None:
                found.setdefault(mapping.signature, (source.name, mapping))
    return dict(found.values())


class ColumnsPart(pn.viewable.Viewer):
    """The columns of one table, with what each of them means.

    Parameters
    ----------
    title : str
        Name of the file.
    mapping : ColumnMapping
        What the columns are taken for.
    """

    title = param.String(default="", doc="Name of the file.")
    mapping = param.ClassSelector(class_=ColumnMapping, instantiate=False, doc="The mapping.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        uses = [{k: getattr(use, k) for k in _HEADINGS} for use in self.mapping.columns]
        self._frame = pd.DataFrame(uses, columns=list(_HEADINGS))
        roles = {"type": "list", "values": dict(ROLES), "autocomplete": True}
        self._table = pn.widgets.Tabulator(
            self._frame,
            titles=_HEADINGS,
            show_index=False,
            editors={"label": None, "role": roles},
            layout="fit_columns",
            height=min(320, 60 + 34 * len(uses)),
            sizing_mode="stretch_width",
            theme="simple",
            stylesheets=[":host .tabulator { font-size: 12px; }"],
        )
        layouts = {f"{key}: {text}": key for key, text in LAYOUTS.items()}
        self._layout = pmui.Select(
            label="How rows make stations", options=layouts, value=self.mapping.layout
        )

    def __panel__(self) -> Any:
        return pmui.Column(
            pmui.Typography(f"Columns of {self.title}", variant="h6"),
            pmui.Typography(
                "This is what the columns are taken for. Change what is wrong: your choice is "
                "remembered for tables with the same columns.",
                variant="body2",
            ),
            self._table,
            self._layout,
            sizing_mode="stretch_width",
        )

    def chosen(self) -> ColumnMapping:
        """Return the mapping as it is on the page now.

        Raises
        ------
        BadRequest
            If a meaning is none of those that can be chosen.
        """
        rows = self._table.value.fillna("").astype(str).to_dict("records")
        values = self.mapping.to_json()
        values["columns"] = [
            {**use, **row} for use, row in zip(values["columns"], rows, strict=True)
        ]
        return ColumnMapping.from_json(values | {"layout": self._layout.value})

    def keep(self) -> None:
        """Remember what was chosen, where it differs from what was guessed."""
        mapping = self.chosen()
        if mapping != self.mapping:
            remember(mapping)
