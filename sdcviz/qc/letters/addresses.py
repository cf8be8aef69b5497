"""Mail addresses: from the settings or from the operator, never made up."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

from sdcviz.errors import BadRequest
from sdcviz.mail import read_addresses

if TYPE_CHECKING:
    from sdcviz.settings import Settings

__all__ = ["address_table"]


def address_table(settings: Settings) -> dict[int, str]:
    """Give the address of each data centre that the settings know.

    Returns
    -------
    dict of int to str
        By EDMO code.

    Raises
    ------
    BadRequest
        The table can't be read, or an address in it is none; says where.
    """
    given = settings.data_centre_addresses
    if isinstance(given, Path):
        return _read_table(given)
    for edmo, text in given.items():
        _checked(text, f"The setting data_centre_addresses, {edmo}")
    return dict(given)


def _checked(text: str, where: str) -> str:
    try:
        read_addresses(text)
    except BadRequest as error:
        raise BadRequest(f"{where}: {error}") from error
    return text


def _read_table(path: Path) -> dict[int, str]:
    table: dict[int, str] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            names = {(n or "").strip().casefold(): n for n in rows.fieldnames or []}
            if not {"edmo", "address"} <= set(names):
                raise BadRequest(f"{path}: a table of addresses has the columns edmo and address.")
            for row in rows:
                edmo, text = (row[names["edmo"]] or "").strip(), (row[names["address"]] or "")
                where = f"{path}, line {rows.line_num}"
                if not edmo.isdecimal():
                    raise BadRequest(f"{where}: {edmo!r} is no EDMO code; write its number.")
                if text.strip():
                    table[int(edmo)] = _checked(text.strip(), where)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise BadRequest(
            f"{path}: the table of addresses can't be read ({reason}); see the setting "
            "data_centre_addresses."
        ) from error
    return table
