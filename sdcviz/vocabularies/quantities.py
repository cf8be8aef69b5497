"""What a column measures: the same quantity under all its names.

The knowledge is a table, ``assets/vocab/quantities.csv``, one row a quantity:

- ``unit``, ``other_units``: units in which it is found. Columns merge only if
  they have the same unit; each other unit makes a quantity of its own
  (``oxygen_umol_kg``), because values are never converted in silence.
- ``p35``: aggregated parameter whose P01 codes (``p35_p01.csv``) belong to it.
- ``p01_label``, ``standard_name``, ``name``: regular expressions that the
  whole P01 label, CF standard name or column name must match. Names are
  compared in small letters with ``_`` for all other signs.
- ``assume_unit``: "yes" if a column without unit is safely this quantity.
- ``colormap``: a name of cmocean.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import resources

from . import units
from .terms import P01, P35, all_terms, label, standard_unit

__all__ = ["Quantity", "aggregated_codes", "plain_name", "quantities", "quantity"]


@dataclass(frozen=True)
class Quantity:
    """A measured quantity, whatever its column is called.

    Attributes
    ----------
    key : str
        Short name for programs: "temperature", "oxygen_umol_kg", "p35_epc00021".
    label : str
        Name for people.
    unit : str
        Unit for people; "" if it has none.
    colormap : str
        Name of a cmocean colour map.
    """

    key: str
    label: str
    unit: str
    colormap: str


@dataclass(frozen=True)
class _Rule:
    quantity: Quantity
    unit: str
    other_units: tuple[str, ...]
    p35: str
    p01_label: re.Pattern[str]
    standard_name: re.Pattern[str]
    name: re.Pattern[str]
    assume_unit: bool


def quantity(
    p01: str = "", name: str = "", standard_name: str = "", unit: str = "", p06: str = ""
) -> Quantity | None:
    """Recognise what a column measures.

    The P01 code decides if there is one; else the CF standard name, else the
    column's name. A name counts only with a unit that fits: "oxygen" in volts
    is a raw signal.

    Parameters
    ----------
    p01, p06 : str
        Codes without prefix.
    name : str
        Name of the column without its unit.
    standard_name : str
        CF standard name.
    unit : str
        Unit as written; the P06 code is believed first.

    Returns
    -------
    Quantity or None
        None if the table does not know it: the column then merges with nothing
        but its own P01 code or name.
    """
    return _quantity(p01.strip(), name.strip(), standard_name.strip(), unit.strip(), p06.strip())


@lru_cache(maxsize=8192)
def _quantity(p01: str, name: str, standard_name: str, unit: str, p06: str) -> Quantity | None:
    measured = _unit(unit, p06)
    if p01 and p01 != label(P01, p01):
        for rule in _by_p01(p01):
            return _in_unit(rule, measured or units.canonical(standard_unit(p01)), unit or p06)
        return _aggregated(aggregated_codes(p01), measured, unit)
    for rule in (*_matching("standard_name", standard_name), *_matching("name", plain_name(name))):
        if measured == "" and rule.assume_unit:
            return rule.quantity
        if measured == rule.unit or measured in rule.other_units:
            return _in_unit(rule, measured, unit)
        if measured == "":
            return replace(rule.quantity, key=rule.quantity.key + "_unknown_unit", unit="")
    # Aggregated ODV files have the labels of P35 as column names.
    return _aggregated(_p35_labelled().get(plain_name(name), ()), measured, unit)


def plain_name(name: str) -> str:
    """Write a column's name as the table's patterns expect it.

    Small letters, ``_`` for other signs, without ``_ADJUSTED`` and what ODV or
    a data set puts around it.
    """
    plain = re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")
    return plain.removesuffix("_adjusted")


def _unit(text: str, p06: str) -> str | None:
    # UUUU (dimensionless) and XXXX (not applicable) are often chosen for want of better.
    from_code = units.canonical(p06) if p06 and p06 != "XXXX" else ""
    from_text = units.canonical(text)
    if from_code in ("", "1", None):
        return from_text or from_code
    return from_code


def _in_unit(rule: _Rule, measured: str | None, text: str) -> Quantity:
    if measured in (rule.unit, ""):
        return rule.quantity
    if measured in rule.other_units and _same_numbers(rule, measured):
        return rule.quantity
    shown = units.pretty(measured or text)
    suffix = units.slug(measured or text) or "other_unit"
    return replace(rule.quantity, key=f"{rule.quantity.key}_{suffix}", unit=shown)


def _same_numbers(rule: _Rule, measured: str | None) -> bool:
    """Tell whether two units are written differently but give the same numbers."""
    scales = {"psu", "ppt", "1"}, {"NTU", "FTU", "FNU", "1"}
    return any({rule.unit, measured} <= scale for scale in scales)


def _by_p01(p01: str) -> Iterator[_Rule]:
    groups = aggregated_codes(p01)
    for rule in _rules():
        if rule.p35 in groups:
            yield rule
    text = label(P01, p01)
    for rule in _rules():
        if "standard deviation" not in text and rule.p01_label.fullmatch(text):
            yield rule


def _aggregated(groups: tuple[str, ...], measured: str | None, text: str) -> Quantity | None:
    if len(groups) != 1:
        return None
    (group,) = groups
    unit = measured if measured is not None else text
    key = "_".join(filter(None, (f"p35_{group.lower()}", units.slug(unit))))
    return Quantity(key, label(P35, group), units.pretty(unit), "matter")


def _matching(column: str, text: str) -> Iterator[_Rule]:
    if text:
        for rule in _rules():
            if getattr(rule, column).fullmatch(text):
                yield rule


@lru_cache(maxsize=1)
def _p35_of() -> dict[str, tuple[str, ...]]:
    table: dict[str, tuple[str, ...]] = {}
    path = resources.files("sdcviz_assets") / "vocab" / "p35_p01.csv"
    with path.open(encoding="utf-8") as file:
        for group, code in csv.reader(file):
            table[code] = (*table.get(code, ()), group)
    return table


@lru_cache(maxsize=1)
def _p35_labelled() -> dict[str, tuple[str, ...]]:
    return {plain_name(term.label): (term.code,) for term in all_terms(P35)}


def aggregated_codes(p01: str) -> tuple[str, ...]:
    """Give the P35 codes of the aggregated parameters that a P01 code belongs to."""
    return _p35_of().get(p01, ())


@lru_cache(maxsize=1)
def _rules() -> tuple[_Rule, ...]:
    path = resources.files("sdcviz_assets") / "vocab" / "quantities.csv"
    with path.open(encoding="utf-8") as file:
        return tuple(_rule(row) for row in csv.DictReader(file))


def _rule(row: dict[str, str]) -> _Rule:
    shown = units.pretty(row["unit"])
    pattern = {
        # An empty cell matches nothing.
        column: re.compile(row[column] or "(?!)")
        for column in ("p01_label", "standard_name", "name")
    }
    return _Rule(
        quantity=Quantity(row["key"], row["label"], shown, row["colormap"]),
        unit=row["unit"],
        other_units=tuple(row["other_units"].split()),
        p35=row["p35"] or "-",
        assume_unit=row["assume_unit"] == "yes",
        **pattern,
    )


def p01_patterns() -> list[re.Pattern[str]]:
    """Give the patterns of P01 labels, for choosing the terms that are bundled."""
    return [rule.p01_label for rule in _rules()]


@lru_cache(maxsize=1)
def quantities() -> dict[str, Quantity]:
    """Give all quantities of the table in their usual unit, by key."""
    return {rule.quantity.key: rule.quantity for rule in _rules()}
