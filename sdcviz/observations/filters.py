"""What a visitor may ask of stations and samples."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import Field, dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdcviz.errors import BadRequest
from sdcviz.formats.flags import badness, spoiled
from sdcviz.formats.model import L20
from sdcviz.observations.overlay import DEPTH, POSITION, TIME

__all__ = ["Filters"]

Range = tuple[float | None, float | None]

_FEW = 100
_TIME = np.iinfo(np.int64)


@dataclass(frozen=True)
class Filters:
    """Conditions on stations and samples; all must hold, None or () is no condition.

    Conditions on stations (`box`, `polygon`, `months`, `time`, `parameters`, names)
    pick stations. Conditions on samples (`depth`, `value`, `flags`) pick samples, and a
    station stays if one of its samples does. A sample with its own time (a time
    series) is picked by that. A station without position or time meets no
    condition on it; a sample without depth or value none on that.

    Attributes
    ----------
    box : (lon0, lat0, lon1, lat1)
        Bounds belong to it; ``lon0 > lon1`` crosses the date line.
    polygon : tuple of (lon, lat)
        Longitudes beyond 180 cross the date line.
    time : (str or None, str or None)
        ISO 8601 from and to, both included: ``"2005"`` is a whole year, a
        day is a whole day.
    months : tuple of int
        1..12.
    depth : (float or None, float or None)
        Metres.
    parameter : str
        The parameter of `value` and `flags`; alone it is no condition.
    value : (float or None, float or None)
        In the unit of the parameter.
    flags : tuple of str
        L20 codes of the parameter. A depth, time or position flagged 3 or 4
        makes the sample 3 or 4 where its own flag is better.
    parameters : tuple of str
        Parameters of which a station must have a value.
    cruises, platforms : tuple of str
    data_centres : tuple of int
        EDMO codes.
    sources : tuple of str
        Names of files.
    rows : tuple of int, or bytes
        Explicit stations; give a list or an array. Kept sorted, each once;
        many as bytes (int64), which compare and hash fast.
    """

    box: tuple[float, float, float, float] | None = None
    polygon: tuple[tuple[float, float], ...] | None = None
    time: tuple[str | None, str | None] | None = None
    months: tuple[int, ...] = ()
    depth: Range | None = None
    parameter: str | None = None
    value: Range | None = None
    flags: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    cruises: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    data_centres: tuple[int, ...] = ()
    sources: tuple[str, ...] = ()
    rows: tuple[int, ...] | bytes | None = None

    def __post_init__(self) -> None:
        for name in ("months", "data_centres"):
            self._set(name, tuple(int(v) for v in _many(getattr(self, name))))
        for name in ("flags", "parameters", "cruises", "platforms", "sources"):
            self._set(name, tuple(str(v) for v in _many(getattr(self, name))))
        for name in ("depth", "value"):
            self._set(name, _range(name, getattr(self, name)))
        if self.box is not None:
            self._set("box", _box(self.box))
        if self.polygon is not None:
            self._set("polygon", _polygon(self.polygon))
        if self.time is not None:
            self._set("time", _times(self.time))
        if self.rows is not None:
            self._set("rows", _rows(self.rows))
        self._check()

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def _check(self) -> None:
        for m in self.months:
            if not 1 <= m <= 12:
                raise BadRequest(f"There is no month {m}. Give numbers from 1 to 12.")
        for flag in self.flags:
            if len(flag) != 1 or flag not in L20:
                raise BadRequest(f"{flag!r} is no flag. Give codes of L20: {', '.join(L20)}.")
        if self.parameter is None and (self.value is not None or self.flags):
            what = "values" if self.value is not None else "flags"
            raise BadRequest(f"Name the parameter whose {what} you mean (parameter=...).")

    @classmethod
    def of(cls, filters: Filters | None = None, **conditions: Any) -> Filters:
        """Make filters from others and from conditions by name.

        Raises
        ------
        BadRequest
            A condition that does not exist or makes no sense.
        """
        names = [f.name for f in fields(cls)]
        for name in conditions:
            if name not in names:
                raise BadRequest(f"There is no condition {name!r}. There are: {', '.join(names)}.")
        return cls(**conditions) if filters is None else replace(filters, **conditions)

    def __bool__(self) -> bool:
        return any(f.name != "parameter" for f in self._given())

    def _given(self) -> list[Field[Any]]:
        """Return the conditions that are set; no stations at all is one, too."""
        return [
            f
            for f in fields(self)
            if (value := getattr(self, f.name)) is not None and (value != () or f.name == "rows")
        ]

    @property
    def by_sample(self) -> bool:
        """Whether there is a condition on samples."""
        return self.depth is not None or self.value is not None or bool(self.flags)

    @property
    def by_time(self) -> bool:
        """Whether there is a condition on time."""
        return bool(self.months) or (self.time is not None and self.time != (None, None))

    @property
    def row_numbers(self) -> NDArray[np.int64] | None:
        """The explicit stations, sorted, each once."""
        if self.rows is None:
            return None
        if isinstance(self.rows, bytes):
            return np.frombuffer(self.rows, "<i8").astype(np.int64)
        return np.asarray(self.rows, np.int64)

    @property
    def time_range(self) -> tuple[int, int]:
        """First and last millisecond since 1970 that are meant."""
        t0, t1 = self.time or (None, None)
        first = int(np.datetime64(t0).astype("datetime64[ms]").astype(np.int64)) if t0 else None
        last = None
        if t1:
            end = np.datetime64(t1) + 1  # of the unit given: a day, a month, a second
            last = int(end.astype("datetime64[ms]").astype(np.int64)) - 1
        return _TIME.min if first is None else first, _TIME.max if last is None else last

    @property
    def flag_keys(self) -> tuple[str, ...]:
        """Keys of the flags that decide what is selected (see `Columns.flags_state`)."""
        if not self.flags or self.parameter is None:
            return ()
        return self.parameter, DEPTH, TIME, POSITION

    @property
    def allowed(self) -> NDArray[np.bool_]:
        """Flags that are meant.

        By how bad position and time are (see `badness`), by depth flag
        (256) and flag of the parameter (256).
        """
        wanted = np.zeros(256, bool)
        wanted[[ord(f) for f in self.flags]] = True
        # Where both are bad the worse one counts.
        worse = np.maximum(np.arange(3)[:, None], badness()[None, :])
        return wanted[spoiled()[worse]]

    def to_json(self) -> str:
        """Write the conditions as JSON; those that are not set are left out."""
        found: dict[str, Any] = {}
        for f in self._given():
            value = getattr(self, f.name)
            if f.name == "rows" and self.row_numbers is not None:
                value = self.row_numbers.tolist()
            found[f.name] = value
        return json.dumps(found, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Filters:
        """Read what `to_json` wrote.

        Raises
        ------
        BadRequest
            The text is no such JSON.
        """
        try:
            found = json.loads(text)
        except ValueError as error:
            raise BadRequest(f"The filters are no JSON ({error}).") from error
        if not isinstance(found, dict):
            raise BadRequest('The filters must be a JSON object, such as {"months": [6, 7]}.')
        return cls.of(None, **found)


def _many(value: Any) -> Iterable[Any]:
    """Take one value, several, or None for none."""
    if value is None:
        return ()
    if isinstance(value, str | int | np.integer):
        return (value,)
    return tuple(value)


def _rows(value: Any) -> tuple[int, ...] | bytes:
    """Keep rows sorted and each once, so that equal choices are equal."""
    try:
        given = np.frombuffer(value, "<i8") if isinstance(value, bytes) else np.asarray(value)
        rows = np.unique(given.astype("<i8", casting="unsafe" if given.size == 0 else "same_kind"))
    except (TypeError, ValueError):
        raise BadRequest("rows: give the numbers of stations.") from None
    return rows.tobytes() if len(rows) > _FEW else tuple(rows.tolist())


def _number(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise BadRequest(f"{name}: {value!r} is not a number.") from None
    if np.isnan(number):
        raise BadRequest(f"{name}: NaN is not a bound.")
    return number


def _range(name: str, value: Any) -> Range | None:
    if value is None:
        return None
    try:
        low, high = value
    except (TypeError, ValueError):
        raise BadRequest(f"{name}: give two bounds (None is open), not {value!r}.") from None
    low = None if low is None else _number(name, low)
    high = None if high is None else _number(name, high)
    if low is not None and high is not None and low > high:
        raise BadRequest(f"{name}: {low:g} to {high:g} is empty; give the smaller bound first.")
    return None if low is None and high is None else (low, high)


def _box(value: Any) -> tuple[float, float, float, float]:
    try:
        lon0, lat0, lon1, lat1 = (_number("box", v) for v in value)
    except (TypeError, ValueError):
        raise BadRequest(f"box: give lon0, lat0, lon1, lat1, not {value!r}.") from None
    if lat0 > lat1:
        raise BadRequest(f"box: latitude {lat0:g} to {lat1:g} is empty; give the southern first.")
    return lon0, lat0, lon1, lat1


def _polygon(value: Any) -> tuple[tuple[float, float], ...]:
    try:
        points = tuple((_number("polygon", x), _number("polygon", y)) for x, y in value)
    except (TypeError, ValueError):
        raise BadRequest("polygon: give pairs of longitude and latitude.") from None
    if len(points) < 3:
        raise BadRequest(f"polygon: {len(points)} points make no area; give at least 3.")
    return points


def _times(value: Any) -> tuple[str | None, str | None]:
    try:
        bounds = tuple(None if v is None or v == "" else str(v) for v in value)
        first, last = bounds
        t0, t1 = (None if v is None else np.datetime64(v) for v in bounds)
    except (TypeError, ValueError):
        raise BadRequest(
            f"time: {value!r} is not a range. Give ISO dates, such as ('1995-01-01', '1996')."
        ) from None
    if t0 is not None and t1 is not None and t0 >= t1 + 1:
        raise BadRequest(f"time: {first} to {last} is empty; give the earlier first.")
    return first, last
