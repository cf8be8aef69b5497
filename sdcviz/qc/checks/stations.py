"""The checks of stations as a whole: what they are called and what can be set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sdcviz.qc.checks.base import Check, Setting
from sdcviz.qc.checks.climatology import CLIMATOLOGY, RESIDUAL
from sdcviz.qc.checks.cruises import CRUISE_OFFSET
from sdcviz.qc.checks.duplicates import find_duplicates
from sdcviz.qc.checks.limits import Limits
from sdcviz.qc.checks.metadata import (
    find_backwards,
    find_impossible_times,
    find_missing_metadata,
    find_out_of_cruise,
)
from sdcviz.qc.checks.neighbours import NEIGHBOURS, TS_OUTLIER
from sdcviz.qc.checks.pieces import regions_of
from sdcviz.qc.checks.place import find_astray, find_impossible_places, find_on_land
from sdcviz.qc.checks.speed import find_too_fast
from sdcviz.qc.model import POSITION, TIME, Findings

if TYPE_CHECKING:
    from sdcviz.observations.collection import Collection

__all__ = ["AFTER", "BEFORE", "with_flag"]

Find = Callable[..., Findings]


def with_flag(found: Findings, flag: str) -> Findings:
    """Propose another flag; what only reports still does."""
    flags = np.where(found.flag == ord("0"), found.flag, np.uint8(ord(flag)))
    return replace(found, flag=flags.astype(np.uint8))


def _whole(find: Find) -> Find:
    """Make the `run` of a check out of a function that takes its settings by name."""

    def run(
        collection: Collection, limits: Limits, rows: NDArray[np.int64] | None = None
    ) -> Findings:
        rule = limits.of().rules[0]
        return with_flag(find(collection, rows, **rule.given), rule.flag)

    return run


def _on_land(
    collection: Collection, limits: Limits, rows: NDArray[np.int64] | None = None
) -> Findings:
    rules = limits.of()
    chosen = np.arange(collection.n_stations) if rows is None else rows
    cells = rules.by_region("cells")[regions_of(limits, collection, chosen)].astype(np.int64)
    return with_flag(find_on_land(collection, chosen, cells), rules.rules[0].flag)


_SHARE = Setting("where more than this part (and one) of a cruise is found, none is", 0.1)
_EN4 = "Gouretski and Koltermann (2004) and the track check of EN4, simplified"


def _check(name: str, title: str, formula: str, source: str, find: Find, **more: Any) -> Check:
    made: dict[str, Any] = {"level": "station", "scope": "collection", "run": _whole(find)}
    return Check(name=name, title=title, formula=formula, source=source, **(made | more))


BEFORE: tuple[Check, ...] = (
    _check(
        *("metadata", "Mandatory metadata"),
        "reports stations without cruise, time, position, EDMO code or LOCAL_CDI_ID, and "
        "parameters without P01 or P06 code",
        "SeaDataNet data quality control procedures 2.0",
        find_missing_metadata,
        flag="0",
    ),
    _check(
        *("date", "Impossible date"),
        "fails where the year is before `first_year` or the time later than tomorrow",
        "Argo quality control manual, test 2; SeaDataNet data quality control procedures 2.0",
        lambda c, rows, first_year: find_impossible_times(c, rows, int(first_year)),
        settings={"first_year": Setting("nothing was measured before", 1700)},
        judges=(TIME,),
    ),
    _check(
        *("cruise_dates", "Date outside the cruise"),
        "fails where the time is further from the median of the cruise and platform than `days`, "
        "and than `factor` times their spread (1.4826 times the median distance)",
        "SeaDataNet data quality control procedures 2.0: dates within those of the cruise",
        find_out_of_cruise,
        settings={
            "days": Setting("days from the median that are always allowed", 60),
            "factor": Setting("times the spread", 10),
            "share": _SHARE,
        },
        flag="3",
        judges=(TIME,),
    ),
    _check(
        *("time_order", "Time runs backwards"),
        "fails for the fewest samples of a series without which time never decreases",
        "SeaDataNet data quality control procedures 2.0: times increase in a series",
        find_backwards,
        level="series",
    ),
    _check(
        *("position", "Impossible position"),
        "fails where the latitude is beyond 90, the longitude outside -180..360, or both exactly 0",
        "Argo quality control manual, test 3",
        find_impossible_places,
        judges=(POSITION,),
    ),
    Check(
        *("on_land", "Position on land", "station", "collection"),
        "fails where the cell of the land mask (30 arc seconds) and all within `cells` are land",
        "Argo quality control manual, test 4; mask of global-land-mask (GLOBE)",
        _on_land,
        {"cells": Setting("cells of 1 km around that are land too; -1: not judged", 1)},
        flag="3",
        judges=(POSITION,),
    ),
    _check(
        *("cruise_area", "Position away from the cruise"),
        "fails where the station is further from the median position of the cruise and platform "
        "than `factor` times the median distance, and from any other station than `km`, and can't "
        "be reached and left at `knots`",
        "SeaDataNet data quality control procedures 2.0: positions within the area of the cruise",
        find_astray,
        settings={
            "km": Setting("kilometres to the next station that are always allowed", 300),
            "factor": Setting("times the median distance", 5),
            "share": _SHARE,
            "knots": Setting("speed at which a ship may well have gone there", 12),
        },
        flag="3",
        judges=(POSITION,),
    ),
    _check(
        *("speed", "Speed between stations"),
        "fails where (great circle - `km`) / (time + `minutes`) between successive stations of a "
        "cruise and platform is above `knots`; of the two that one, without which fewer fail",
        f"Argo quality control manual, test 5; {_EN4}",
        find_too_fast,
        settings={
            "knots": Setting("greatest speed of a ship", 25),
            "knots_float": Setting("greatest speed of an Argo float", 5.83),
            "km": Setting("kilometres that positions may be wrong by", 2),
            "minutes": Setting("minutes that times may be wrong by", 1),
            "share": Setting(
                "where more than this part (and three) is found, it is not one ship", 0.05
            ),
        },
        flag="3",
        judges=(POSITION,),
    ),
)
"""Checks of metadata, dates and positions, which come first."""

AFTER: tuple[Check, ...] = (
    _check(
        *("duplicates", "Duplicate stations"),
        "reports pairs within `degrees`, `hours` and `metres` of which `share` of the values agree "
        "within `value`; pairs of one EDMO code and LOCAL_CDI_ID; pairs of equal values anywhere",
        "DIVAnd documentation (check for duplicates): 0.01 degrees, 1 h, 2 m, 0.1 °C",
        find_duplicates,
        settings={
            "degrees": Setting("greatest distance in longitude and latitude", 0.01),
            "hours": Setting("greatest difference of time", 1),
            "metres": Setting("samples within so many metres are compared", 2),
            "value": Setting("values within this agree; temperature if there is one", 0.1),
            "share": Setting("part of the compared values that agree", 0.9),
        },
        level="pair",
        flag="0",
    ),
    CLIMATOLOGY,
    RESIDUAL,
    NEIGHBOURS,
    TS_OUTLIER,
    CRUISE_OFFSET,
)
"""Checks that compare stations, which come last."""
