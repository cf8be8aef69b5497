"""Give the columns of an ODV spreadsheet their meaning."""

from __future__ import annotations

import re
from dataclasses import replace

from .flags import scale_of
from .model import Doctor, Parameter
from .odv_labels import Label, is_depth, is_pressure, limit_of_depth
from .odv_layout import Declared, Header, Value

__all__ = ["assign_columns"]

_CODE = re.compile(r"SDN:(P01|P06|L22)::(\w+)")
_CORE = ("cruise", "station", "type", "iso", "lon", "lat", "cdi", "edmo", "bottom")
_DATES = ("iso", "mdy", "dmy", "ymd", "clock", "year", "month", "day", "hour", "minute", "second")


def _first_value(labels: list[Label], declared: Declared) -> int:
    """Find the column where the samples begin."""
    for i, label in enumerate(labels):
        if label.kind == "PRIMARYVAR":
            return i
    seen: set[str] = set()
    core = 0
    for i, label in enumerate(labels):
        if label.role in _CORE and label.role not in seen:
            seen.add(label.role)
            core = i + 1
    station = [
        label.kind == "METAVAR" or bool({label.full, label.text} & declared.meta)
        for label in labels
    ]
    candidates = []
    for i in range(core, len(labels)):
        label = labels[i]
        if label.role == "flag":
            owner = i - 1
            while owner >= core and labels[owner].role in {"flag", "error"}:
                owner -= 1
            if owner >= core and not station[owner]:
                candidates.append(owner)
                break
        elif not station[i] and (
            _role(label.name, label.unit, "") or {label.full, label.text} & declared.data.keys()
        ):
            candidates.append(i)
            break
    if candidates:
        return candidates[0]
    while core < len(labels) and labels[core].kind == "METAVAR":
        core += 1
    return core


def _role(name: str, unit: str, p01: str) -> str:
    """Tell what the reader uses a value column for."""
    if p01 == "DTUT8601" or (not p01 and name.lower() == "time_iso8601"):
        return "time"
    if p01 == "CJDY1101" or (not p01 and name.lower().startswith("chronological julian d")):
        return "cjd"
    if is_pressure(name, unit, p01):
        return "pressure"
    if is_depth(name, unit, p01):
        return "depth"
    return limit_of_depth(name, p01)


def assign_columns(header: Header, declared: Declared, doctor: Doctor) -> None:
    """Give every column its meaning.

    Parameters
    ----------
    header : Header
        With its labels; gets station, extra and value columns and flags.
    declared : Declared
        What the comments say.
    doctor : Doctor
        Gets what is odd.
    """
    labels = header.labels
    begin = _first_value(labels, declared)
    used: set[str] = set()
    names = _Names(header, declared, doctor)
    owner = -1
    error_of: dict[int, int] = {}
    by_column: dict[int, Value] = {}
    for i, label in enumerate(labels):
        if label.role == "flag":
            _assign_flag(header, declared, i, owner, by_column, doctor)
        elif label.role == "error":
            if owner in by_column:
                error_of[i] = owner
                by_column[i] = _error_column(i, by_column[owner].parameter)
        elif i < begin or label.kind == "METAVAR":
            owner = i
            if label.role and label.role not in used and label.role != "error":
                used.add(label.role)
                header.station[label.role] = i
            elif label.text:
                header.extra[i] = label.full
        elif label.text:
            owner = i
            by_column[i] = names.value(i, label)
    for column, of in error_of.items():
        by_column[column].flag = by_column[of].flag
        by_column[column].scale = by_column[of].scale
    header.values = list(by_column.values())
    _settle_time(header)
    names.check()
    if not any(v.flag >= 0 for v in header.values) and header.values:
        doctor.note("header", "no flag columns", "all values count as not checked (0)")
    if "edmo" not in header.station:
        doctor.note("header", "no EDMO code column", "the data centre is unknown")
    if not header.station.keys() & set(_DATES):
        doctor.note("header", "no time column for the stations", "their time is unknown")


def _settle_time(header: Header) -> None:
    """Choose the one column that is the time of the samples; ISO dates before day numbers."""
    values = header.values
    header.primary_time = bool(values) and values[0].role in {"time", "cjd"}
    times = [v for v in values if v.role == "time"] + [v for v in values if v.role == "cjd"]
    for other in times[1:]:
        if other.role == "time":
            other.parameter = replace(other.parameter, kind="text")
        other.role = ""


def _error_column(column: int, of: Parameter) -> Value:
    name = f"{of.name} STANDARD_DEV"
    return Value(column, Parameter(name, of.unit, p06=of.p06), typed=True)


def _assign_flag(
    header: Header,
    declared: Declared,
    column: int,
    owner: int,
    by_column: dict[int, Value],
    doctor: Doctor,
) -> None:
    """Attach a flag column to the value before it, or to the one it names."""
    label = header.labels[column]
    _, _, rest = label.text.partition(":")
    schema, _, subject = rest.partition(":")
    scale = scale_of(schema) if schema else ("L20" if header.sdn else "ODV")
    if subject.upper() == "SAMPLE":
        header.sample_flag, header.sample_scale = column, scale or ""
        return
    if subject:
        for i, other in enumerate(header.labels):
            if subject in {other.text, other.name, other.full}:
                owner = i
    value = by_column.get(owner)
    if value is None:
        roles = {c: r for r, c in header.station.items()}
        if owner in roles:
            header.station_flags[roles[owner]] = (column, scale or "")
        return
    if not schema:
        said = declared.data.get(header.labels[owner].full, {}).get("qf_schema", "")
        scale = (scale_of(said) if said else None) or scale
    if value.flag >= 0:
        doctor.note("header", f"two flag columns for {value.parameter.name}", "the first is used")
        return
    value.flag, value.scale = column, scale or ""
    if scale is None:
        doctor.note(
            "header",
            f"unknown flag scale {label.text!r}",
            "the codes are kept, the values count as not checked (0)",
        )


class _Names:
    """Pairs value columns with the SeaDataNet mapping."""

    def __init__(self, header: Header, declared: Declared, doctor: Doctor) -> None:
        self.header, self.declared, self.doctor = header, declared, doctor
        self.exact: dict[str, list[int]] = {}
        self.loose: dict[str, list[int]] = {}
        for i, (name, *_) in enumerate(declared.mapping):
            self.exact.setdefault(name, []).append(i)
            self.loose.setdefault(_squeeze(name), []).append(i)
        self.used: set[int] = set()
        self.lost: list[str] = []
        self.renamed: list[str] = []

    def _entry(self, label: Label) -> tuple[str, str, str]:
        """P01, P06 and L22 of a column; a name that stands twice is taken in turn."""
        for name in (label.name, label.full, label.text):
            for i in self.exact.get(name, ()):
                if i not in self.used:
                    self.used.add(i)
                    return self.declared.mapping[i][1:]
        for i in self.loose.get(_squeeze(label.name), ()):
            if i not in self.used:
                self.used.add(i)
                self.renamed.append(f"{self.declared.mapping[i][0]!r} for {label.name!r}")
                return self.declared.mapping[i][1:]
        for i in self.exact.get(label.name, ()):
            return self.declared.mapping[i][1:]
        self.lost.append(label.name)
        return "", "", ""

    def value(self, column: int, label: Label) -> Value:
        """Describe one value column."""
        p01, p06, l22 = self._entry(label)
        said = self.declared.data.get(label.full, {}) or self.declared.data.get(label.text, {})
        for kind, code in _CODE.findall(said.get("comment", "")):
            p01 = p01 or (code if kind == "P01" else "")
            p06 = p06 or (code if kind == "P06" else "")
        role = _role(label.name, label.unit, p01)
        text = label.is_text or (p06 == "TISO" and role != "time")
        typed = text or bool(label.unit) or bool(label.type) or p06 not in {"", "XXXX", "UUUU"}
        parameter = Parameter(
            label.name,
            label.unit,
            p01,
            p06,
            instrument=l22,
            kind="text" if text else "number",
        )
        return Value(column, parameter, role, typed=typed or bool(role))

    def check(self) -> None:
        """Tell the doctor where mapping and labels differ."""
        if not self.declared.mapping:
            if self.header.sdn or "cdi" in self.header.station:
                self.doctor.note(
                    "header", "no SeaDataNet parameter mapping", "parameters have no P01 codes"
                )
            return
        if self.lost:
            shown = ", ".join(map(repr, self.lost[:3])) + (", ..." if len(self.lost) > 3 else "")
            what = f"columns that are not in the mapping: {shown}"
            self.doctor.note("header", what, "they have no P01 code", len(self.lost))
        for pair in self.renamed:
            self.doctor.note(
                "header", f"the mapping says {pair}", "taken as the same, but for the spelling"
            )
        for i, (name, p01, *_) in enumerate(self.declared.mapping):
            if i not in self.used:
                self.doctor.note(
                    "header", f"the mapping names {name!r}, which is no column", "ignored"
                )
            elif not re.fullmatch(r"[A-Z0-9]{8}", p01):
                self.doctor.note(
                    "header", f"{p01!r} of {name!r} is no P01 code", "kept as it stands"
                )


def _squeeze(name: str) -> str:
    return re.sub(r"[^0-9a-z]", "", name.casefold())
