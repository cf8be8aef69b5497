"""Columns of plain tables as the page shows them."""

from __future__ import annotations

from pathlib import Path

import pytest

from sdcviz.errors import BadRequest
from sdcviz_app.parts.columns import ColumnsPart, tables_in


def test_only_plain_tables_are_asked_about(data: Path) -> None:
    files = [data / "odv" / "BlackSea_2profiles.txt", data / "tabular" / "water_level_example.csv"]
    assert list(tables_in([*files, data / "odv"])) == ["water_level_example.csv"]


def test_a_changed_meaning_is_remembered(data: Path) -> None:
    file = data / "tabular" / "water_level_example.csv"
    ((name, guessed),) = tables_in([file]).items()
    part = ColumnsPart(title=name, mapping=guessed)
    part.keep()
    assert tables_in([file])[name] == guessed
    changed = next(i for i, use in enumerate(guessed.columns) if use.role == "parameter")
    part._table.value.loc[changed, "role"] = "ignore"
    part.keep()
    assert tables_in([file])[name].columns[changed].role == "ignore"


def test_an_unknown_meaning_is_refused(data: Path) -> None:
    ((name, guessed),) = tables_in([data / "tabular" / "diva_data.txt"]).items()
    part = ColumnsPart(title=name, mapping=guessed)
    part._table.value.loc[0, "role"] = "weather"
    with pytest.raises(BadRequest, match="weather"):
        part.keep()
