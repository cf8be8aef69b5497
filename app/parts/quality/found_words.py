"""What checks found in a station, in the words of the list beside the plots.

What one check says of one parameter is one entry: how many samples, from where to
where, and the worst of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sdcviz.errors import SdcvizError
from sdcviz.formats.flags import RANK, worst
from sdcviz.qc.model import DEPTH, PLACES
from sdcviz.words import counted, number

from .queue_rows import check_title

if TYPE_CHECKING:
    from sdcviz.observations import Collection
    from sdcviz.qc.model import Findings

__all__ = ["figure", "found_groups", "found_title", "found_words"]

_SAYS = {
    "on_land": "on land",
    "date": "in the year {value}",
    "cruise_dates": "{value} days from the middle of the cruise (limit {limit})",
    "time_order": "{value} s too early or too late",
    "position": "{value}° (limit {limit}°)",
    "cruise_area": "{value} km from any other station of the cruise (limit {limit})",
    "speed": "{value} knots from one station to the next (limit {limit})",
    "few_levels": "{value} with a known depth (at least {limit})",
    "depth_gap": "{value} m from the level above (limit {limit})",
    "monotonic_depth": "{value} m beside {limit} m",
    "stuck_value": "{value} % of the levels have one value",
    "density_inversion": "{value} kg/m³ denser than below (limit {limit})",
    "oxygen_saturation": "{value} % (limit {limit})",
    "nitrogen_to_phosphorus": "{value} to 1 (limit {limit})",
    "time_gap": "{value} h without a sample (limit {limit})",
    "flat_line": "no change for {value} h (limit {limit})",
    "climatology": "{value} standard deviations (limit {limit})",
    "residual": "{value} standard deviations (limit {limit})",
    "neighbours": "{value} standard deviations (limit {limit})",
    "ts_outlier": "{value} standard deviations (limit {limit})",
}
"""What figures of a check mean that have a unit of their own."""
_DIFFERS = {
    "spike": "stands out by {value} (limit {limit})",
    "gradient": "{value} from the mean of its neighbours (limit {limit})",
    "digit_rollover": "{value} from the level above (limit {limit})",
    "rate_of_change": "{value} an hour (limit {limit})",
    "attenuated_signal": "varies by {value} only (limit {limit})",
}
"""What figures mean that are differences or the like, in the unit of the parameter."""
_ALSO = ("climatology", "residual", "neighbours", "ts_outlier")
"""Checks whose details stand beside the figures, and not in their place."""
_OF_THE_PARAMETER = "{value} (limit {limit})"
_STATION = re.compile(r"\b[0-9a-f]{16}:\d+\b")


def figure(value: float, digits: int = 5) -> str:
    """Return a number as people read it: ``−17.1``, ``4 759``."""
    if abs(value) >= 1000:
        return number(round(value)).replace("-", "\N{MINUS SIGN}")
    return f"{value:.{digits}g}".replace("-", "\N{MINUS SIGN}")


def found_groups(
    c: Collection,
    row: int,
    findings: Findings | None,
    values: Mapping[str, NDArray],
    times: NDArray[np.float64] | None = None,
) -> list[dict[str, Any]]:
    """Sum up what the checks found in a station, one entry for each check and parameter.

    Parameters
    ----------
    c : Collection
    row : int
        Station.
    findings : Findings or None
        Of the whole collection.
    values : mapping of str to ndarray, shape (n,)
        Numbers of the station by parameter.
    times : ndarray of float64, shape (n,), optional
        Milliseconds of each sample where the station is a series in time.

    Returns
    -------
    list of dict
        ``check``, ``key`` (empty: no parameter), ``flag``, ``count``, ``title``,
        ``place``, ``words``, ``samples`` (those that are meant one by one), ``whole``
        (whether all samples are meant). Those that propose the worst flag come first.
    """
    if findings is None or not len(findings):
        return []
    here = findings.of_station(row)
    whole = here.sample < 0
    kinds = np.stack([here.check, here.parameter, whole], axis=1)
    groups = [here.take((kinds == kind).all(axis=1)) for kind in np.unique(kinds, axis=0)]
    made = [_group(c, row, group, values, times) for group in groups]
    order = _worst_first([group["flag"] for group in made])
    return [made[i] for i in order]


def found_title(c: Collection, check: str, key: str) -> str:
    """Name check and parameter: ``Global range · Temperature``."""
    title = check_title(check)
    name = PLACES.get(key) or (c.parameter(key).label if key in c.keys else key)
    return title if name.casefold() in title.casefold() else f"{title} · {name}"


def _worst_first(flags: list[str]) -> list[int]:
    """Return the order of L20 codes, the worst first, as they came where they are equal."""
    ranks = [int(RANK[ord(flag)]) for flag in flags]
    return sorted(range(len(flags)), key=ranks.__getitem__)


def _group(
    c: Collection,
    row: int,
    group: Findings,
    values: Mapping[str, NDArray],
    times: NDArray[np.float64] | None,
) -> dict[str, Any]:
    check = group.checks[group.check[0]]
    key = group.keys[group.parameter[0]] if group.parameter[0] >= 0 else ""
    whole = bool(group.sample[0] < 0)
    samples = np.unique(group.sample[group.sample >= 0])
    if whole and key in values:
        samples = np.flatnonzero(np.isfinite(values[key]))
    return {
        "check": check,
        "key": key,
        "flag": chr(worst(*group.flag[:, None])[0]),
        "count": len(group),
        "title": found_title(c, check, key),
        "place": "" if whole else _place(c, row, samples, times),
        "words": found_words(c, check, key, group),
        "samples": samples.astype(np.int32),
        "whole": whole,
    }


def _place(c: Collection, row: int, samples: NDArray, times: NDArray[np.float64] | None) -> str:
    """Say how many samples, and where they lie."""
    many = counted(len(samples), "sample")
    if times is not None:
        when = times[samples]
        when = when[np.isfinite(when)].astype(np.int64).view("M8[ms]")
        ends = [] if not len(when) else [str(t.astype("M8[m]")) for t in (when.min(), when.max())]
        ends = [t.replace("T", " ") for t in ends]
    else:
        depth = np.asarray(c.depth[c.offsets[row] + samples], float)
        depth = depth[np.isfinite(depth)]
        ends = [] if not len(depth) else [figure(d, 4) for d in (depth.min(), depth.max())]
    if not ends:
        return many if len(samples) > 1 else f"Sample {samples[0] + 1}"
    unit = "" if times is not None else " m"
    if len(samples) == 1:
        return f"{ends[0]}{unit}"
    return f"{many}, {' to '.join(dict.fromkeys(ends))}{unit}"


def found_words(c: Collection, check: str, key: str, group: Findings) -> str:
    """Say what a check found of one parameter; of several findings that differ, the worst.

    Parameters
    ----------
    c : Collection
    check : str
    key : str
        Parameter, a key of `PLACES`, or an empty text.
    group : Findings
        Those of the check on the parameter in one station, at least one.
    """
    details = list(dict.fromkeys(group.details.values()))
    if details and check not in _ALSO and (len(details) == 1 or group.sample[0] < 0):
        return "; ".join(_named(c, text) for text in details)
    away = np.abs(np.nan_to_num(group.value - group.threshold, posinf=np.inf))
    at = int(np.argmax(away))
    value, limit = float(group.value[at]), float(group.threshold[at])
    detail = group.details.get(at, "")
    if detail.startswith("kg/m3"):  # water that no station knows: not told in deviations
        return f"{figure(value, 3)} {detail}"
    says = (_SAYS | _DIFFERS).get(check, _OF_THE_PARAMETER)
    if not np.isfinite(value):
        text = says if "{" not in says else ""
    else:
        text = says.format(value=_figure(c, check, key, value), limit=_limit(limit))
        text = text.replace(" (limit )", "")
    text = "; ".join(filter(None, [text, _named(c, detail)]))
    several = len(group) > 1 and len(np.unique(group.value)) > 1
    if not several or "{value}" not in says:
        return text
    return f"at worst {text}" if check in _DIFFERS else f"worst {text}"


def _figure(c: Collection, check: str, key: str, value: float) -> str:
    if check == "date":
        return f"{value:.0f}"
    if check == "few_levels":
        return counted(int(value), "level")
    if check == "stuck_value":
        return figure(100 * value, 3)
    if check in _SAYS:
        return figure(value, 5 if check == "monotonic_depth" else 3)
    unit = "m" if key == DEPTH else c.parameter(key).unit if key in c.keys else ""
    return f"{figure(value)} {unit}".strip()


def _limit(limit: float) -> str:
    return figure(limit) if np.isfinite(limit) else ""


def _named(c: Collection, text: str) -> str:
    """Name the stations in a text by cruise and name instead of their identity."""

    def name(match: re.Match[str]) -> str:
        try:
            row = int(c.find_station(match[0])[0])
        except (SdcvizError, IndexError):
            return match[0]
        coded = (c.text(column) for column in ("cruise", "station"))
        texts = [t.labels[t.codes[row]] for t in coded if t.codes[row] >= 0]
        return ", ".join(texts) or f"station {row}"

    return _STATION.sub(name, text)
