"""Walk the header of an ODV spreadsheet: comments, mapping, labels, columns."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from ..errors import UnreadableFile
from .flags import scale_of
from .model import Doctor, Parameter
from .odv_labels import Label, is_depth, is_pressure, limit_of_depth, parse_label

__all__ = ["Header", "Value", "looks_like_odv", "parse_header"]

LONGEST_LABELS = 1_000_000
"""Bytes that a label line may have; GEOTRACES has 1178 columns in 60 kB."""

_MARKS = re.compile(
    rb"SDN_parameter_mapping|<Version>\s*ODV|<Software>\s*(?:ODV|Ocean Data View|ERDDAP)"
    rb"|<sdn_reference|<MetaVariable>|<DataVariable>|SeaDataNet ODV|<subject>\s*SDN:LOCAL",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"<subject>\s*(?:SDN:LOCAL:)?(?P<name>.*?)\s*</subject>\s*"
    r"<object>\s*(?:SDN:)?(?:P01:+)?(?P<p01>[^<]*?)\s*</object>\s*"
    r"(?:<units>\s*(?:SDN:)?(?:P06:+)?(?P<p06>[^<]*?)\s*</units>)?\s*"
    r"(?:<instrument>\s*(?:SDN:)?(?:L22:+)?(?P<l22>[^<]*?)\s*</instrument>)?",
    re.IGNORECASE,
)
_REFERENCE = re.compile(r"<sdn_reference\s+([^>]*)>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r'([\w:]+)\s*=\s*"([^"]*)"')
_TAG = re.compile(r"^<(\w+)>(.*)</\1>$", re.DOTALL)
_CODE = re.compile(r"SDN:(P01|P06|L22)::(\w+)")
_CORE = ("cruise", "station", "type", "iso", "lon", "lat", "cdi", "edmo", "bottom")
_DATES = ("iso", "mdy", "dmy", "ymd", "clock", "year", "month", "day", "hour", "minute", "second")


@dataclass
class Value:
    """One value column of the table.

    Attributes
    ----------
    column : int
        Index in the row.
    parameter : Parameter
        What was measured.
    role : {"", "depth", "pressure", "time", "cjd", "min", "max"}
        What the reader uses the column for.
    flag : int
        Index of its flag column, -1 without.
    scale : str
        Flag scale; empty where the label names one that is not known.
    """

    column: int
    parameter: Parameter
    role: str = ""
    flag: int = -1
    scale: str = "L20"
    typed: bool = False


@dataclass
class Header:
    """All that stands before the rows.

    Attributes
    ----------
    sep : int
        Byte of the separator.
    pos, line : int
        First byte after the label line, and the number of its line.
    raw : bytes
        The label line itself.
    labels : list of Label
        One a column.
    station : dict of str to int
        Column by role: cruise, station, type, lon, lat, cdi, edmo, bottom,
        platform and the parts of a date.
    extra : dict of int to str
        Other station columns and their label.
    values : list of Value
        The value columns, in the order of the file.
    station_flags : dict of str to tuple of int and str
        Flag column and scale of position (``"lon"``, ``"lat"``) and time.
    sample_flag : int
        Column with one flag a row, -1 without; `sample_scale` is its scale.
    missing : tuple of float
        Missing value indicators.
    data_type : str
        ``"Profiles"``, ``"TimeSeries"``, ``"Trajectories"`` or empty.
    cdi : dict of (str, str) to str
        Link by EDMO code and LOCAL_CDI_ID.
    csr, platforms, history : list of str
        Links to cruise reports, C17 codes, history lines.
    sdn : bool
        Whether the file has a SeaDataNet mapping.
    primary_time : bool
        Whether the first value column is the time of the samples.
    """

    sep: int
    pos: int
    line: int
    raw: bytes
    labels: list[Label]
    station: dict[str, int] = field(default_factory=dict)
    extra: dict[int, str] = field(default_factory=dict)
    values: list[Value] = field(default_factory=list)
    station_flags: dict[str, tuple[int, str]] = field(default_factory=dict)
    sample_flag: int = -1
    sample_scale: str = "L20"
    missing: tuple[float, ...] = ()
    data_type: str = ""
    cdi: dict[tuple[str, str], str] = field(default_factory=dict)
    csr: list[str] = field(default_factory=list)
    platforms: list[str] = field(default_factory=list)
    history: list[str] = field(default_factory=list)
    sdn: bool = False
    primary_time: bool = False


def _is_label_line(labels: list[Label]) -> bool:
    roles = {label.role for label in labels}
    # All five are mandatory in ODV; a plain table may well have four of them.
    return {"lon", "lat", "cruise", "station", "type"} <= roles


def _separator(line: bytes) -> int:
    """Choose the commonest of the three separators."""
    return max(b"\t;,", key=lambda c: line.count(bytes([c])))


def _labels(line: bytes, sep: int) -> list[Label]:
    text = decode(line)
    if sep != 9 and '"' in text:
        import csv

        return [parse_label(c) for c in next(csv.reader([text], delimiter=chr(sep)))]
    return [parse_label(cell) for cell in text.split(chr(sep))]


def decode(raw: bytes) -> str:
    """Decode UTF-8, else what Windows programs write, else Latin-1."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        try:
            return raw.decode("cp1252")
        except UnicodeDecodeError:
            return raw.decode("latin-1")


def _comment(line: bytes) -> bytes | None:
    """Text of a comment line; None if it is none."""
    if line.startswith(b"//"):
        return line[2:].strip()
    if line.startswith(b'"//'):
        return line.strip().strip(b'"').replace(b'""', b'"')[2:].strip()
    head = line[:40].lstrip()
    if head.startswith((b"<subject>", b"<sdn_reference", b"SDN_parameter_mapping")):
        return line.strip()
    return None


def looks_like_odv(head: bytes) -> bool:
    """Tell an ODV spreadsheet by its comments or its label line.

    Parameters
    ----------
    head : bytes
        Beginning of the file.
    """
    if b"\0" in head[:4096]:
        return False
    lines = head.removeprefix(b"\xef\xbb\xbf").replace(b"\r", b"\n").split(b"\n")
    marked = False
    for line in lines:
        if not line.strip():
            continue
        text = _comment(line)
        if text is None:
            short = line[:LONGEST_LABELS]
            return marked or _is_label_line(_labels(short, _separator(short)))
        marked = marked or bool(_MARKS.search(text))
    return marked


def parse_header(raw: bytes, name: str, doctor: Doctor) -> Header:
    """Read everything before the first row.

    Parameters
    ----------
    raw : bytes
        Beginning of the file, lines end in line feed.
    name : str
        Name of the file, for messages.
    doctor : Doctor
        Gets what is odd.

    Returns
    -------
    Header

    Raises
    ------
    UnreadableFile
        The first line that is no comment has not the labels of a station.
    """
    if b"\0" in raw[:4096]:
        raise UnreadableFile(
            f"{name}: this is a binary file, not an ODV spreadsheet; "
            "check that it was downloaded whole."
        )
    pos, line = (3 if raw.startswith(b"\xef\xbb\xbf") else 0), 0
    comments: list[bytes] = []
    size = len(raw)
    while pos < size:
        end = raw.find(b"\n", pos)
        end = size if end < 0 else end
        text = raw[pos : min(end, pos + LONGEST_LABELS + 1)]
        line += 1
        pos = end + 1
        if not text.strip():
            continue
        comment = _comment(text)
        if comment is None:
            break
        comments.append(comment)
    else:
        raise UnreadableFile(
            f"{name}: there are only comments and no line of column labels; "
            "the file was probably cut off."
        )
    if len(text) > LONGEST_LABELS:
        raise UnreadableFile(
            f"{name}: line {line} has more than {LONGEST_LABELS} characters and no column labels; "
            "this is not an ODV spreadsheet."
        )
    labels_line = text.rstrip(b"\r")
    sep = _separator(labels_line)
    labels = _labels(labels_line, sep)
    while len(labels) > 1 and not labels[-1].text:
        labels.pop()
    if not _is_label_line(labels):
        raise UnreadableFile(_no_labels(raw, name, line, text))
    header = Header(sep, min(pos, size), line + 1, labels_line, labels)
    declared = _read_comments(header, comments)
    _assign_columns(header, declared, doctor)
    return header


def _no_labels(raw: bytes, name: str, line: int, text: bytes) -> str:
    """Say what the file seems to be instead."""
    if re.match(rb"\s*<(?:!doctype|html|head|\?xml)", raw[:1000], re.IGNORECASE):
        return f"{name}: this is a web page, not data; download the file itself."
    shown = decode(text.strip()[:60])
    return (
        f"{name}: line {line} should hold the column labels (Cruise, Station, Type, time, "
        f"Longitude, Latitude) but reads {shown!r}; put the label line before the rows."
    )


@dataclass
class _Declared:
    """What the comments say about columns."""

    mapping: list[tuple[str, str, str, str]] = field(default_factory=list)
    meta: set[str] = field(default_factory=set)
    data: dict[str, dict[str, str]] = field(default_factory=dict)


def _read_comments(header: Header, comments: list[bytes]) -> _Declared:
    """Take references, mapping, attributes and history out of the comments."""
    declared = _Declared()
    for raw in comments:
        if b"<" not in raw:
            header.sdn = header.sdn or raw.startswith(b"SDN_parameter_mapping")
            continue
        text = decode(raw)
        if match := _SUBJECT.search(text):
            found = match.groupdict()
            declared.mapping.append(
                (found["name"], found["p01"] or "", found["p06"] or "", found["l22"] or "")
            )
        elif match := _REFERENCE.search(text):
            _reference(header, dict(_ATTRIBUTE.findall(match[1])))
        elif match := _TAG.match(text):
            _attribute(header, declared, match[1].lower(), match[2].strip())
    header.sdn = header.sdn or bool(declared.mapping)
    return declared


def _reference(header: Header, attributes: dict[str, str]) -> None:
    link = attributes.get("xlink:href", "")
    kind = attributes.get("xlink:type", "").rpartition("::")[2].upper()
    if kind == "CDI":
        edmo, _, cdi = attributes.get("sdn:scope", "").partition(":")
        header.cdi[edmo, cdi] = link
    elif kind == "CSR":
        header.csr.append(link)
    elif match := re.search(r"C17(?:::|/current/)(\w+)", link):
        header.platforms.append(match[1])


def _attribute(header: Header, declared: _Declared, tag: str, value: str) -> None:
    if tag in {"missingvalueindicators", "missingvalueindicator"}:
        header.missing = tuple(_floats(value))
    elif tag == "datatype":
        header.data_type = value
    elif tag == "history":
        header.history.append(value)
    elif tag == "metavariable":
        declared.meta.add(dict(_ATTRIBUTE.findall(value)).get("label", ""))
    elif tag == "datavariable":
        attributes = dict(_ATTRIBUTE.findall(value))
        declared.data[attributes.get("label", "")] = attributes


def _floats(text: str) -> list[float]:
    out = []
    for word in re.split(r"[\s;|]+", text):
        try:
            out.append(float(word))
        except ValueError:
            continue
    return out


def _first_value(labels: list[Label], declared: _Declared) -> int:
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


def _assign_columns(header: Header, declared: _Declared, doctor: Doctor) -> None:
    """Give every column its meaning."""
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
    declared: _Declared,
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

    def __init__(self, header: Header, declared: _Declared, doctor: Doctor) -> None:
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
        for name in self.lost:
            self.doctor.note(
                "header", f"column {name!r} is not in the mapping", "it has no P01 code"
            )
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
