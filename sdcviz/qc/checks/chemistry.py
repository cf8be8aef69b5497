"""What bottles tell of each other: oxygen, nutrients, hydrogen sulfide."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sdcviz.qc.checks.base import Check, Piece, Setting, number_keys
from sdcviz.qc.checks.limits import Limits, Rules
from sdcviz.qc.checks.pieces import rule_of_samples
from sdcviz.qc.model import Findings

if TYPE_CHECKING:
    from sdcviz.observations.collection import Collection

__all__ = ["CHEMISTRY", "saturation"]

TO_UMOL = {
    "oxygen": 1.0,
    "oxygen_umol_kg": 1.0,
    "oxygen_ml_l": 44.6596,
    "oxygen_mg_l": 31.2512,
}
"""Micromoles in the unit of each oxygen parameter."""
_UNITS = ("", "_umol_kg")
"""Endings of nutrients whose numbers can be compared: per litre, per kilogram."""
_CONCENTRATIONS = ("mol/l", "mol/kg", "mol/m³", "g/l", "g/m³", "g/kg", "ml/l", "eq/l", "eq/kg")
_NONE = ord("6"), ord("Q")


def saturation(
    oxygen: NDArray[np.float64],
    salinity: NDArray[np.float64],
    temperature: NDArray[np.float64],
    pressure: NDArray[np.float64],
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    key: str = "oxygen_umol_kg",
) -> NDArray[np.float64]:
    """Give the saturation of oxygen in percent.

    Parameters
    ----------
    oxygen : ndarray of float64
        Concentration, in the unit that `key` stands for.
    salinity, temperature, pressure : ndarray of float64
        Practical salinity, °C in situ, dbar.
    lon, lat : ndarray of float64
        Degrees.
    key : str
        A key of `TO_UMOL`.

    Returns
    -------
    ndarray of float64
        100 times the concentration over that in balance with the air (Garcia
        and Gordon 1992, by gsw); NaN where something is missing.
    """
    import gsw

    with np.errstate(all="ignore"):
        sa = gsw.SA_from_SP(salinity, pressure, lon, lat)
        ct = gsw.CT_from_t(sa, temperature, pressure)
        amount = oxygen * TO_UMOL[key]
        if key != "oxygen_umol_kg":
            amount = amount * 1000 / (1000 + gsw.sigma0(sa, ct))
        return np.asarray(100 * amount / gsw.O2sol(sa, ct, pressure, lon, lat), np.float64)


def _judged(
    rules: Rules, piece: Piece, value: NDArray[np.float64], good: NDArray[np.bool_]
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Compare with the settings `low` and `high`; give a flag and what is passed."""
    rule = np.where(good, rule_of_samples(rules, piece), -1)
    low, high = (
        np.append(rules.number(n), np.nan)[rule] if n in rules.rules[0].given else np.nan
        for n in ("low", "high")
    )
    under, over = value < low, value > high
    flags = np.append(rules.flags, np.uint8(0))[np.where(under | over, rule, -1)]
    return flags, np.where(under, low, high)


def oxygen_saturation(piece: Piece, limits: Limits) -> Findings:
    """Find oxygen that water can't hold; see `CHEMISTRY`."""
    found = [Findings.of("oxygen_saturation", None, [], -1, "3", [], 0)]
    for key in limits.keys(number_keys(piece.collection)):
        rules = limits.of(key)
        if key.rpartition("_")[0] == "oxygen_saturation" or key == "oxygen_saturation":
            value, good = piece.values(key), piece.present(key)
        elif key in TO_UMOL and piece.has(key):
            good = piece.usable(key) & piece.usable("temperature") & piece.usable("salinity")
            value = np.full(piece.n_samples, np.nan)
            at = np.flatnonzero(good)
            station = piece.station[at]
            value[at] = saturation(
                piece.values(key)[at],
                piece.values("salinity")[at],
                piece.values("temperature")[at],
                piece.pressure[at],
                piece.lon[station],
                piece.lat[station],
                key,
            )
        else:
            continue
        flags, limit = _judged(rules, piece, value, good)
        found.append(piece.find("oxygen_saturation", key, flags, value, limit))
    return Findings.join(found)


def nitrogen_sum(piece: Piece, limits: Limits) -> Findings:
    """Find nitrate or nitrite that is more than their sum; see `CHEMISTRY`."""
    rules = limits.of()
    found = [Findings.of("nitrogen_sum", None, [], -1, "3", [], 0)]
    for unit in _UNITS:
        total = f"nitrate_nitrite{unit}"
        for part in (f"nitrate{unit}", f"nitrite{unit}"):
            if not (_has(piece, total) and _has(piece, part)):
                continue
            one, both = piece.values(part), piece.values(total)
            rule = rule_of_samples(rules, piece)
            good = piece.present(total) & piece.present(part) & ~_below(piece, total, part)
            slack = np.maximum(
                np.append(rules.number("tolerance"), np.nan)[rule],
                np.append(rules.number("share"), np.nan)[rule] * np.abs(both),
            )
            off = good & (one > both + slack)
            flags = np.where(off, np.append(rules.flags, np.uint8(0))[rule], 0).astype(np.uint8)
            found.append(piece.find("nitrogen_sum", part, flags, one, both + slack))
            found.append(piece.find("nitrogen_sum", total, flags, both, one - slack))
    return Findings.join(found)


def nitrogen_to_phosphorus(piece: Piece, limits: Limits) -> Findings:
    """Report ratios of nitrate to phosphate that are odd; see `CHEMISTRY`."""
    rules = limits.of()
    found = [Findings.of("nitrogen_to_phosphorus", None, [], -1, "0", [], 0)]
    for unit in _UNITS:
        phosphate = f"phosphate{unit}"
        nitrate = next(
            (k for k in (f"nitrate{unit}", f"nitrate_nitrite{unit}") if _has(piece, k)), ""
        )
        if not nitrate or not _has(piece, phosphate):
            continue
        n, p = piece.values(nitrate), piece.values(phosphate)
        rule = rule_of_samples(rules, piece)
        least = np.append(rules.number("least"), np.inf)[rule]
        good = piece.usable(nitrate) & piece.usable(phosphate) & ~_below(piece, nitrate, phosphate)
        good &= (p >= least) & (n >= least)
        ratio = np.divide(n, p, out=np.full(len(n), np.nan), where=good)
        flags, limit = _judged(rules, piece, ratio, good)
        for key in (nitrate, phosphate):
            found.append(piece.find("nitrogen_to_phosphorus", key, flags, ratio, limit))
    return Findings.join(found)


def sulfide_and_oxygen(piece: Piece, limits: Limits) -> Findings:
    """Find hydrogen sulfide together with oxygen; see `CHEMISTRY`."""
    rules = limits.of()
    found = [Findings.of("sulfide_and_oxygen", None, [], -1, "3", [], 0)]
    sulfides = [
        f"hydrogen_sulfide{unit}" for unit in _UNITS if _has(piece, f"hydrogen_sulfide{unit}")
    ]
    for sulfide in sulfides:
        for oxygen in (k for k in TO_UMOL if _has(piece, k)):
            rule = rule_of_samples(rules, piece)
            poison, air = piece.values(sulfide), piece.values(oxygen) * TO_UMOL[oxygen]
            most = [np.append(rules.number(k), np.inf)[rule] for k in ("sulfide", "oxygen")]
            good = piece.present(sulfide) & piece.present(oxygen) & ~_below(piece, sulfide, oxygen)
            off = good & (poison > most[0]) & (air > most[1])
            flags = np.where(off, np.append(rules.flags, np.uint8(0))[rule], 0).astype(np.uint8)
            found.append(piece.find("sulfide_and_oxygen", sulfide, flags, poison, most[0]))
            found.append(piece.find("sulfide_and_oxygen", oxygen, flags, air, most[1]))
    return Findings.join(found)


def negative(piece: Piece, limits: Limits) -> Findings:
    """Find concentrations below zero; see `CHEMISTRY`."""
    found = [Findings.of("negative", None, [], -1, "3", [], 0)]
    for p in piece.collection.parameters:
        unit = p.unit.replace("μ", "µ").replace(" ", "").lower().replace("m3", "m³")
        rules = limits.find(p.key)
        if p.kind != "number" or rules is None or not unit.endswith(_CONCENTRATIONS):
            continue
        if piece.has(p.key):
            value = piece.values(p.key)
            flags, limit = _judged(rules, piece, value, piece.present(p.key))
            found.append(piece.find("negative", p.key, flags, value, limit))
    return Findings.join(found)


def below_loq(piece: Piece, limits: Limits) -> Findings:
    """Find values at or below the limit of quantification; see `CHEMISTRY`."""
    found = [Findings.of("below_loq", None, [], -1, "Q", [], 0)]
    for key in limits.keys(number_keys(piece.collection)):
        if not piece.has(key):
            continue
        rules = limits.of(key)
        value = piece.values(key)
        rule = np.where(piece.present(key) & ~_below(piece, key), rule_of_samples(rules, piece), -1)
        loq = np.append(rules.number("loq"), -np.inf)[rule]
        flags = np.append(rules.flags, np.uint8(0))[np.where(value <= loq, rule, -1)]
        found.append(piece.find("below_loq", key, flags, value, loq))
    return Findings.join(found)


def _has(piece: Piece, key: str) -> bool:
    return key in piece.collection.keys and piece.has(key)


def _below(piece: Piece, *keys: str) -> NDArray[np.bool_]:
    """Tell where one of some values is a limit (flags 6 and Q) instead of a measurement."""
    return np.logical_or.reduce([np.isin(piece.flags(key), _NONE) for key in keys])


def _lacks(check: str, what: str, *groups: tuple[str, ...]) -> Callable[..., str]:
    """Make the `unready` of a check that needs one of each group, in one unit."""

    def unready(collection: Collection, limits: Limits) -> str:
        keys = set(collection.keys if limits.only is None else limits.only)
        for unit in _UNITS:
            if all(
                any(f"{name}{unit}" in keys or name in keys & set(TO_UMOL) for name in group)
                for group in groups
            ):
                return ""
        return f"The check {check!r} needs {what}; {collection.name} does not have them."

    return unready


def _no_limits(collection: Collection, limits: Limits) -> str:
    if limits.keys(number_keys(collection)):
        return ""
    return (
        "The check 'below_loq' has no limit of quantification for a parameter of "
        f"{collection.name}: give it as 'loq' in the thresholds."
    )


_SDN = "SeaDataNet data quality control procedures 2.0, chemistry"
_LOW = Setting("smallest value that may be", optional=True)
_HIGH = Setting("greatest value that may be", optional=True)

CHEMISTRY: tuple[Check, ...] = (
    Check(
        *("negative", "Concentration below zero", "sample", "piece"),
        "fails where a parameter in a unit of concentration is below `low`",
        _SDN,
        negative,
        {"low": Setting("smallest value that may be", 0.0)},
        flag="3",
    ),
    Check(
        *("oxygen_saturation", "Oxygen saturation", "sample", "piece"),
        "fails where 100 x oxygen / solubility (Garcia and Gordon 1992, by gsw) is below `low` or "
        "above `high`, percent",
        _SDN,
        oxygen_saturation,
        {"low": _LOW, "high": _HIGH},
        needs=("temperature", "salinity"),
        flag="3",
    ),
    Check(
        *("nitrogen_sum", "Nitrate and nitrite", "sample", "piece"),
        "fails for both where nitrate or nitrite is above nitrate + nitrite by more than the "
        "greater of `tolerance` and `share` of the sum",
        _SDN,
        nitrogen_sum,
        {
            "tolerance": Setting("by how much the part may be more, in the unit", 0.1),
            "share": Setting("the same as a part of the sum", 0.05),
        },
        flag="3",
        unready=_lacks(
            *("nitrogen_sum", "nitrate + nitrite, and one of the two, in the same unit"),
            *(("nitrate_nitrite",), ("nitrate", "nitrite")),
        ),
    ),
    Check(
        *("nitrogen_to_phosphorus", "Nitrate to phosphate", "sample", "piece"),
        "reports both where nitrate / phosphate is below `low` or above `high`, and both are at "
        "least `least`",
        "Redfield (1958): 16 moles to one",
        nitrogen_to_phosphorus,
        {"low": _LOW, "high": _HIGH, "least": Setting("smallest concentration judged", 0.2)},
        flag="0",
        unready=_lacks(
            *("nitrogen_to_phosphorus", "nitrate and phosphate in the same unit"),
            *(("nitrate", "nitrate_nitrite"), ("phosphate",)),
        ),
    ),
    Check(
        *("sulfide_and_oxygen", "Hydrogen sulfide and oxygen", "sample", "piece"),
        "fails for both where hydrogen sulfide > `sulfide` and oxygen > `oxygen`, µmol/l",
        _SDN,
        sulfide_and_oxygen,
        {
            "sulfide": Setting("hydrogen sulfide that may be with oxygen, µmol/l", 5),
            "oxygen": Setting("oxygen that may be with hydrogen sulfide, µmol/l", 20),
        },
        flag="3",
        unready=_lacks(
            *("sulfide_and_oxygen", "hydrogen sulfide and oxygen"),
            *(("hydrogen_sulfide",), tuple(TO_UMOL)),
        ),
    ),
    Check(
        *("below_loq", "Below the limit of quantification", "sample", "piece"),
        "gives flag Q where value <= `loq`, unless it is flagged 6 or Q already",
        "SeaDataNet vocabulary L20: Q is a value below the limit of quantification",
        below_loq,
        {"loq": Setting("limit of quantification, in the unit of the parameter")},
        flag="Q",
        unready=_no_limits,
    ),
)
"""Checks of chemistry, in the order in which they run."""
