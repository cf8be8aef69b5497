"""What a collection tells of its parameters."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ParameterInfo"]


@dataclass(frozen=True)
class ParameterInfo:
    """One parameter of a collection.

    Attributes
    ----------
    key : str
        Name within the collection, for example ``"temperature"``.
    name : str
        Name in the first file that has it.
    label, unit : str
        For people.
    p01, p06 : str
        Codes without prefix; empty if unknown.
    kind : str
        ``"number"`` or ``"text"``.
    n_values : int
        Samples that have a value.
    n_stations : int
        Stations that have at least one.
    flags : dict of str to int
        Samples by L20 code as they stand, missing values included.
    range : tuple of float
        Smallest and greatest value; empty without values.
    quantiles : tuple of float
        2nd and 98th percentile of the values not flagged bad when they were imported.
    """

    key: str
    name: str
    label: str
    unit: str
    p01: str
    p06: str
    kind: str
    n_values: int
    n_stations: int
    flags: dict[str, int]
    range: tuple[float, ...]
    quantiles: tuple[float, ...]
