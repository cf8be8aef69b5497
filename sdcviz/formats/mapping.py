"""What the columns of a plain table mean: shown to people, changed by them, remembered."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import BadRequest

__all__ = ["LAYOUTS", "ROLES", "ColumnMapping", "ColumnUse", "recall", "remember"]

ROLES: dict[str, str] = {
    "longitude": "longitude, degrees east",
    "latitude": "latitude, degrees north",
    "time": "date and time in one text",
    "date": "date without the time of day",
    "clock": "time of day",
    "sample_time": "time of the sample, where the station has a time of its own",
    "epoch": "seconds (or milliseconds) since 1970",
    "year": "year",
    "month": "month",
    "day": "day of the month",
    "hour": "hour",
    "minute": "minute",
    "second": "second",
    "depth": "depth below the surface, positive down",
    "height": "height, positive up: minus the depth",
    "pressure": "sea pressure",
    "bottom_depth": "depth of the sea floor",
    "cruise": "cruise",
    "station": "station",
    "platform": "ship, float or other platform",
    "type": "B for bottle, C for CTD",
    "local_cdi_id": "LOCAL_CDI_ID",
    "edmo": "EDMO code of the data centre",
    "parameter": "measured value",
    "text": "measured or described in words",
    "flag": "quality flag of another column",
    "ignore": "not imported",
}
"""What a column can be."""

LAYOUTS: dict[str, str] = {
    "auto": "decide by the data",
    "profile": "rows with one station name, position and time are one station",
    "time series": "rows with one station name and position are one station",
    "trajectory": "every row is a station of a track",
    "points": "every row is a station",
    "dives": "every way down or up of a glider is a station",
}
"""How rows make stations."""


@dataclass(frozen=True)
class ColumnUse:
    """What one column means.

    Attributes
    ----------
    label : str
        As in the file; ``"column 3"`` where the file names none.
    role : str
        A key of `ROLES`.
    name, unit : str
        Of a parameter; the unit also of depth and pressure.
    of : str
        Of a flag: the label of the column whose flag it is, or
        ``"position"``, ``"time"``.
    scale : str
        Of a flag: a key of `sdcviz.formats.flags.SCALES`.
    """

    label: str
    role: str
    name: str = ""
    unit: str = ""
    of: str = ""
    scale: str = ""


@dataclass(frozen=True)
class ColumnMapping:
    """How to read one plain table.

    Attributes
    ----------
    columns : tuple of ColumnUse
        One a column, in the order of the file.
    separator : str
        One character; a blank stands for any run of blanks.
    header_lines : int
        Lines before the first row, counted from the top of the file.
    layout : str
        A key of `LAYOUTS`.
    longitude, latitude : float, optional
        Position of all rows, where the table has no columns for it.
    missing : tuple of float
        Numbers that stand for "no value".
    day_first : bool
        In dates such as 03/04/2010 the day comes first.
    """

    columns: tuple[ColumnUse, ...]
    separator: str = ","
    header_lines: int = 1
    layout: str = "auto"
    longitude: float | None = None
    latitude: float | None = None
    missing: tuple[float, ...] = ()
    day_first: bool = True

    def __post_init__(self) -> None:
        for use in self.columns:
            if use.role not in ROLES:
                raise BadRequest(
                    f"The column {use.label!r} can't be a {use.role!r}; choose one of "
                    f"{', '.join(ROLES)}."
                )
        if self.layout not in LAYOUTS:
            raise BadRequest(
                f"There is no layout {self.layout!r}; choose one of {', '.join(LAYOUTS)}."
            )

    @property
    def signature(self) -> str:
        """Key under which tables with the same columns are remembered."""
        labels = [self.separator, *(use.label for use in self.columns)]
        return hashlib.sha256("\n".join(labels).encode()).hexdigest()[:32]

    def indices(self, role: str) -> list[int]:
        """Give the numbers of the columns with a role."""
        return [i for i, use in enumerate(self.columns) if use.role == role]

    def index(self, role: str) -> int | None:
        """Give the number of the first column with a role; None if there is none."""
        return next(iter(self.indices(role)), None)

    def adjust(
        self, changes: Mapping[str, str | Mapping[str, str]] | None = None, **others: Any
    ) -> ColumnMapping:
        """Change the meaning of some columns.

        Parameters
        ----------
        changes : mapping, optional
            Label to role, or to several attributes of `ColumnUse`.
        **others
            Attributes of the mapping itself, such as ``layout="trajectory"``.

        Returns
        -------
        ColumnMapping

        Raises
        ------
        BadRequest
            There is no such column, role or layout.
        """
        changes = dict(changes or {})
        unknown = set(changes) - {use.label for use in self.columns}
        if unknown:
            raise BadRequest(
                f"The table has no column {sorted(unknown)[0]!r}; it has "
                f"{', '.join(use.label for use in self.columns)}."
            )
        columns = []
        for use in self.columns:
            change = changes.get(use.label, {})
            change = {"role": change} if isinstance(change, str) else dict(change)
            columns.append(replace(use, **change))
        return replace(self, columns=tuple(columns), **others)

    def to_json(self) -> dict[str, Any]:
        """Give the mapping as plain JSON values."""
        return asdict(self) | {"signature": self.signature}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> ColumnMapping:
        """Make a mapping of what `to_json` gave, perhaps changed by hand.

        Raises
        ------
        BadRequest
            The JSON is no mapping.
        """
        known = {k: v for k, v in values.items() if k in cls.__dataclass_fields__}
        try:
            known["columns"] = tuple(ColumnUse(**column) for column in values["columns"])
            known["missing"] = tuple(float(v) for v in values.get("missing", ()))
            return cls(**known)
        except (KeyError, TypeError, ValueError) as error:
            raise BadRequest(f"This is no column mapping ({error}).") from error


@dataclass(frozen=True)
class _Store:
    """The file in which mappings are remembered."""

    path: Path = field(default_factory=lambda: _folder() / "mappings.json")

    def load(self) -> dict[str, Any]:
        try:
            found = json.loads(self.path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}  # nothing remembered yet, or nothing that can be used
        return found if isinstance(found, dict) else {}


def _folder() -> Path:
    from ..settings import get_settings

    return get_settings().data_dir


def remember(mapping: ColumnMapping) -> None:
    """Keep a mapping for other tables with the same columns.

    Parameters
    ----------
    mapping : ColumnMapping
        What a person has chosen.
    """
    store = _Store()
    known = store.load()
    if known.get(mapping.signature) == json.loads(json.dumps(mapping.to_json())):
        return
    known[mapping.signature] = mapping.to_json()
    store.path.parent.mkdir(parents=True, exist_ok=True)
    # Replaced in one step: a process that reads meanwhile sees old or new.
    handle, name = tempfile.mkstemp(dir=store.path.parent, prefix=".mappings-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(known, file, indent=1)
    os.replace(name, store.path)


def recall(signature: str) -> ColumnMapping | None:
    """Give the remembered mapping of tables with these columns, if any."""
    found = _Store().load().get(signature)
    try:
        return ColumnMapping.from_json(found) if found else None
    except BadRequest:
        return None  # written by another version
