"""Rules as trees, written as text and judged one sample at a time, to compare with.

Nothing here is shared with the program: what is not known is None, and a
condition on it is None too.
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

OPERATORS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True)
class Condition:
    what: str
    op: str
    value: Any

    def text(self) -> str:
        if self.op == "in":
            return f"{self.what} in ({', '.join(map(str, self.value))})"
        value = f'"{self.value}"' if isinstance(self.value, str) else self.value
        return f"{self.what} {self.op} {value}"

    def judge(self, sample: dict[str, Any]) -> bool | None:
        found = sample[self.what]
        if found is None:
            return None
        if self.op == "in":
            return found in self.value
        return OPERATORS[self.op](found, self.value)


@dataclass(frozen=True)
class Inside:
    box: tuple[float, float, float, float]

    def text(self) -> str:
        return f"inside({', '.join(map(str, self.box))})"

    def judge(self, sample: dict[str, Any]) -> bool | None:
        lon, lat = sample["longitude"], sample["latitude"]
        if lon is None or lat is None:
            return None
        west, south, east, north = self.box
        across = west <= lon <= east if west <= east else lon >= west or lon <= east
        return across and south <= lat <= north


@dataclass(frozen=True)
class Not:
    item: Any

    def text(self) -> str:
        return f"not ({self.item.text()})"

    def judge(self, sample: dict[str, Any]) -> bool | None:
        found = self.item.judge(sample)
        return None if found is None else not found


@dataclass(frozen=True)
class Join:
    word: str
    items: tuple[Any, ...]

    def text(self) -> str:
        return f" {self.word} ".join(f"({item.text()})" for item in self.items)

    def judge(self, sample: dict[str, Any]) -> bool | None:
        found = [item.judge(sample) for item in self.items]
        decisive = self.word == "or"
        if decisive in found:
            return decisive
        return None if None in found else not decisive


def _number(x: Any) -> float | None:
    """Read single precision as the decimal that it stands for."""
    return None if math.isnan(x) else float(str(x))


def samples_of(c: Any, keys: tuple[str, ...]) -> list[dict[str, Any]]:
    """List all samples of a collection with everything that a rule may ask."""
    found = []
    cruise = c.text("cruise")
    for row in range(c.n_stations):
        first, last = int(c.offsets[row]), int(c.offsets[row + 1])
        profile = [
            {key: _number(c.values(key)[i]) for key in keys} | {"depth": _number(c.depth[i])}
            for i in range(first, last)
        ]
        lon, lat = float(c.lon[row]), float(c.lat[row])
        code = int(cruise.codes[row])
        station = {
            "row": row,
            "longitude": None if math.isnan(lon) else lon,
            "latitude": None if math.isnan(lat) else lat,
            "samples": last - first,
            "cruise": None if code < 0 else cruise.labels[code],
            "data_centre": int(c.edmo[row]) or None,
        }
        for number, i in enumerate(range(first, last)):
            time = c.time[row]
            if c.sample_time is not None and str(c.sample_time[i]) != "NaT":
                time = c.sample_time[i]
            more: dict[str, Any] = {"sample": number, "year": None, "month": None, "time": None}
            if str(time) != "NaT":
                moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(
                    milliseconds=int(time.astype("M8[ms]").astype(int))
                )
                more |= {"year": moment.year, "month": moment.month, "time": moment.isoformat()}
            for key in keys:
                more[f"flag({key})"] = chr(c.flags(key)[i])
                more |= neighbours(profile, number, key)
            more["flag(depth)"] = chr(c.depth_flag[i])
            found.append(station | profile[number] | more)
    return found


def neighbours(profile: list[dict[str, Any]], number: int, key: str) -> dict[str, Any]:
    """Compute gradient, spike, step and slope of one sample."""
    known = [
        i for i, s in enumerate(profile) if s[key] is not None and s["depth"] is not None
    ]  # fmt: skip
    found: dict[str, Any] = dict.fromkeys(
        f"{name}({key})" for name in ("gradient", "spike", "step", "slope")
    )
    if number not in known:
        return found
    place = known.index(number)
    before = profile[known[place - 1]] if place else None
    after = profile[known[place + 1]] if place + 1 < len(known) else None
    here = profile[number]
    if before:
        found[f"step({key})"] = abs(here[key] - before[key])
    slopes = [
        abs((here[key] - other[key]) / (here["depth"] - other["depth"]))
        for other in (before, after)
        if other and other["depth"] != here["depth"]
    ]
    found[f"slope({key})"] = max(slopes, default=None)
    if before and after:
        bend = abs(here[key] - (after[key] + before[key]) / 2)
        found[f"gradient({key})"] = bend
        found[f"spike({key})"] = bend - abs((after[key] - before[key]) / 2)
    return found
