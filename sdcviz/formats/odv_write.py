"""Write ODV spreadsheets in the SeaDataNet dialect."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .base import WriteContext
from .model import FEATURES, MISSING, NOT_CHECKED, Batch, Coded, Column, Parameter, Stations

if TYPE_CHECKING:
    import polars as pl

__all__ = ["write"]

_CORE = (
    "Cruise",
    "Station",
    "Type",
    "YYYY-MM-DDThh:mm:ss.sss",
    "Longitude [degrees_east]",
    "Latitude [degrees_north]",
    "LOCAL_CDI_ID",
    "EDMO_code",
    "Bot. Depth [m]",
)
_DATA_TYPES = ("Profiles", "TimeSeries", "Trajectories")
_TIME = Parameter("time_ISO8601", "YYYY-MM-DDThh:mm:ss.sss", "DTUT8601", "TISO")
_DEPTH = Parameter("Depth", "m", "ADEPZZ01", "ULAA")
_FLAG = "QV:SEADATANET"
_CDI = '<sdn_reference xlink:href="{}" xlink:role="isDescribedBy" xlink:type="SDN:L23::CDI" sdn:scope="{}:{}"/>'  # noqa: E501
_CSR = '<sdn_reference xlink:href="{}" xlink:role="isObservedBy" xlink:type="SDN:L23::CSR"/>'
_SHIP = '<sdn_reference xlink:href="https://www.seadatanet.org/urnurl/SDN:C17::{}" xlink:role="isObservedBy" xlink:type="SDN:L23::NVS2CON"/>'  # noqa: E501
_SHARED = ("CSR link", "Platform")
"""What stands in the header where all stations have the same."""

_REPEATED = (
    "{} stations differ in nothing from the station above: to keep them apart, their longitude "
    "is written with one more zero or, without a position, their name with (again)"
)
_CDI_PAGE = "https://cdi.seadatanet.org/report/edmo/{}/{}/xml"


@dataclass
class _Layout:
    """The columns of the file, as the batches bring them."""

    extra: list[str] = field(default_factory=list)
    values: list[tuple[Parameter, int]] = field(default_factory=list)
    cdi: dict[tuple[int, str], str] = field(default_factory=dict)
    shared: dict[str, set[str | None]] = field(default_factory=lambda: {k: set() for k in _SHARED})
    features: set[int] = field(default_factory=set)
    has_time: bool = False
    above: tuple[tuple[str, ...], bool] | None = None
    repeated: int = 0

    def take_in(self, batch: Batch) -> list[int]:
        """Add what a batch has; give the places of its columns among `values`."""
        stations = batch.stations
        for label in _extras(stations):
            if label not in self.extra:
                self.extra.append(label)
        places, count = [], dict[Parameter, int]()
        for column in batch.columns:
            # The same parameter twice in a file stays twice.
            key = (column.parameter, count.get(column.parameter, 0))
            count[column.parameter] = key[1] + 1
            if key not in self.values:
                self.values.append(key)
            places.append(self.values.index(key))
        self.has_time |= batch.time is not None
        self.features |= set(np.unique(stations.feature).tolist())
        links = stations.extra.get("CDI link")
        texts = links.texts() if links else [""] * len(stations)
        ids = stations.local_cdi_id.texts()
        for edmo, cdi, link in zip(stations.edmo.tolist(), ids, texts, strict=True):
            if cdi and (edmo or link):
                self.cdi.setdefault((edmo, cdi), link or _CDI_PAGE.format(edmo, cdi))
        for label, found in self.shared.items():
            found.add(_common(stations, label))
        return places

    def settle(self) -> None:
        """Give a column to what not all stations share."""
        for label, found in self.shared.items():
            if len(found) > 1 and label not in self.extra:
                self.extra.append(label)
        if "Platform" in self.extra:  # the first of several such columns is the platform
            self.extra.remove("Platform")
            self.extra.insert(0, "Platform")

    def header_value(self, label: str) -> str:
        """Give what all stations share; it stands in the header."""
        found = self.shared[label]
        return next(iter(found)) or "" if len(found) == 1 else ""


def _shared(stations: Stations, label: str) -> Coded | None:
    if label == "Platform":
        return stations.platform
    return stations.extra.get(label)


def _common(stations: Stations, label: str) -> str | None:
    """Give the text that all stations share and a header can hold, else None."""
    texts = _shared(stations, label)
    codes = set(texts.codes.tolist()) if texts else set()
    if len(codes) > 1:
        return None
    code = codes.pop() if codes else -1
    text = texts.labels[code] if texts and code >= 0 else ""
    return text if label != "Platform" or re.fullmatch(r"\w{4}|", text, re.ASCII) else None


def _extras(stations: Stations) -> list[str]:
    """Give the labels of the further station columns."""
    elsewhere = {"CDI link", "History", *_SHARED}
    labels = [k for k in stations.extra if k not in elsewhere]
    labels = [k for k in reversed(_SHARED) if _common(stations, k) is None] + labels
    # NaN says unknown by itself: only flags that tell more are written.
    if (~np.isin(stations.position_flag, (NOT_CHECKED, MISSING))).any():
        labels.append("POSITION_SEADATANET_QC")
    if (~np.isin(stations.time_flag, (NOT_CHECKED, MISSING))).any():
        labels.append("TIME_SEADATANET_QC")
    return labels


@dataclass
class _Part:
    """Rows of one batch in the temporary file, and the columns that they have."""

    size: int
    extra: list[str]
    values: list[int]
    has_time: bool
    shared: dict[str, str | None]


def write(path: Path, batches: Iterable[Batch], context: WriteContext) -> None:
    """Write stations as an ODV spreadsheet that SeaDataNet and ODV read.

    Tabs, CRLF, UTF-8; the metadata stand in the first row of a station; flags
    are L20; a value is the shortest text that reads back to the same number.

    Parameters
    ----------
    path : Path
        File to make.
    batches : iterable of Batch
        What to write, one after the other.
    context : WriteContext
        Title, history and sources for the comment lines.
    """
    layout = _Layout()
    parts: list[_Part] = []
    with tempfile.TemporaryFile(dir=path.parent) as rows:
        for batch in batches:
            places = layout.take_in(batch)
            text = _rows(batch, layout).encode()
            rows.write(text)
            stations, has_time = batch.stations, batch.time is not None
            shared = {label: _common(stations, label) for label in _SHARED}
            parts.append(_Part(len(text), _extras(stations), places, has_time, shared))
        layout.settle()
        rows.seek(0)
        with path.open("wb") as file:
            file.write("".join(f"{line}\r\n" for line in _header(layout, context)).encode())
            for part in parts:
                _copy(rows, file, part, layout)


def _copy(rows: IO[bytes], file: IO[bytes], part: _Part, layout: _Layout) -> None:
    """Copy the rows of a part; move its cells where other parts have more columns."""
    text = rows.read(part.size)
    same = (
        part.extra == layout.extra
        and part.values == list(range(len(layout.values)))
        and part.has_time == layout.has_time
    )
    if same:
        file.write(text)
        return
    n_core = len(_CORE)
    n_extra = len(part.extra)
    extra = [part.extra.index(k) if k in part.extra else -1 for k in layout.extra]
    order = [n_core + i if i >= 0 else -1 for i in extra]
    begin = n_core + n_extra
    if layout.has_time:
        order += [begin, begin + 1] if part.has_time else [-1, -2]
    begin += 2 if part.has_time else 0
    order += [begin, begin + 1]
    for k in range(len(layout.values)):
        at = part.values.index(k) if k in part.values else -1
        order += [begin + 2 + 2 * at, begin + 3 + 2 * at] if at >= 0 else [-1, -2]
    flag_at = order[len(layout.extra) + (2 if layout.has_time else 0) + 1]
    blanks = {-1: b"", -2: b"9"}
    empty = {-1: b"", -2: b""}
    shared = {
        layout.extra.index(label): _cell(text).encode()
        for label, text in part.shared.items()
        if text and label in layout.extra
    }
    for line in text.split(b"\r\n")[:-1]:
        if line.startswith(b"//"):
            file.write(line + b"\r\n")
            continue
        cells = line.split(b"\t")
        # Without the flag of the depth there is no sample.
        absent = blanks if cells[flag_at] else empty
        moved = [cells[i] if i >= 0 else absent[i] for i in order]
        if shared and any(cells[:n_core]):
            for i, text_of_all in shared.items():
                moved[i] = text_of_all
        file.write(b"\t".join(cells[:n_core] + moved) + b"\r\n")


def _header(layout: _Layout, context: WriteContext) -> list[str]:
    """Make the comment lines and the line of labels."""
    lines = ["//<Encoding>UTF-8</Encoding>", f"//<Software>{_clean(context.software)}</Software>"]
    if len(layout.features) == 1:
        lines.append(f"//<DataType>{_DATA_TYPES[next(iter(layout.features))]}</DataType>")
    if context.title:
        lines.append(f"//<Description>{_clean(context.title)}</Description>")
    lines += [f"//<Source>{_clean(source)}</Source>" for source in context.sources]
    lines += [f"//<History>{_clean(step)}</History>" for step in context.history]
    if layout.repeated:
        lines.append(f"//<History>{_REPEATED.format(layout.repeated)}</History>")
    for report in layout.header_value("CSR link").split(" | "):
        lines += [f"//{_CSR.format(report)}"] if report else []
    if ship := layout.header_value("Platform"):
        lines.append(f"//{_SHIP.format(ship)}")
    for (edmo, cdi), link in layout.cdi.items():
        lines.append(f"//{_CDI.format(link, edmo or '', _clean(cdi))}")
    lines.append("//SDN_parameter_mapping")
    special = [_TIME, _DEPTH] if layout.has_time else [_DEPTH]
    for parameter in [*special, *(p for p, _ in layout.values)]:
        if parameter.p01:
            lines.append(_subject(parameter))
    lines.append("//")
    # The mapping is of P01 codes; a unit code alone stands where ODV writes it.
    lines += [_variable(p) for p, _ in layout.values if p.p06 and not p.p01]
    labels = [*_CORE, *(f"{_clean(k)}:METAVAR:INDEXED_TEXT" for k in layout.extra)]
    for parameter in [*special, *(p for p, _ in layout.values)]:
        label = _label(parameter)
        if parameter.kind == "text":
            label += ":INDEXED_TEXT"
        labels += [_clean(label), _FLAG]
    lines.append("\t".join(labels))
    return lines


def _subject(parameter: Parameter) -> str:
    name = _clean(parameter.name)
    text = f"//<subject>SDN:LOCAL:{name}</subject><object>SDN:P01::{parameter.p01}</object>"
    text += f"<units>SDN:P06::{parameter.p06 or 'XXXX'}</units>"
    if parameter.instrument:
        text += f"<instrument>SDN:L22::{_clean(parameter.instrument)}</instrument>"
    return text


def _label(parameter: Parameter) -> str:
    name = f"{parameter.name} [{parameter.unit}]" if parameter.unit else parameter.name
    return _clean(name)


def _variable(parameter: Parameter) -> str:
    return (
        f'//<DataVariable>label="{_label(parameter)}" qf_schema="SEADATANET" '
        f'is_primary_variable="F" comment="Codes: SDN:P06::{parameter.p06}"</DataVariable>'
    )


def _clean(text: str) -> str:
    """Take out what would break a line."""
    return " ".join(text.split())


def _cell(text: str) -> str:
    """Make a text fit a cell; quotes in it are doubled within quotes."""
    text = text.replace("\t", " ").replace("\r", " ").replace("\n", " ")
    return '"' + text.replace('"', '""') + '"' if '"' in text else text


def _rows(batch: Batch, layout: _Layout) -> str:
    """Format all rows of a batch; a station without samples has one, blank but for metadata."""
    import polars as pl

    batch, offsets = _with_blanks(batch)
    n, first = batch.n_samples, offsets[:-1]
    frame: list[pl.Series] = []
    for texts in _metadata(batch.stations, layout):
        codes = np.full(n, len(texts.labels), np.int64)
        codes[first] = np.where(texts.codes >= 0, texts.codes, len(texts.labels))
        frame.append(_pick(texts.labels, codes))
    if batch.time is not None:
        times = _times(batch.time)
        flags = batch.time_flag
        if flags is None:
            flags = np.where(np.isnat(batch.time), MISSING, NOT_CHECKED).astype(np.uint8)
        frame += [pl.Series(times), _flags(flags)]
    frame += [_numbers(batch.depth), _flags(batch.depth_flag)]
    for column in batch.columns:
        frame += _values(column)
    table = pl.DataFrame([s.alias(str(i)) for i, s in enumerate(frame)])
    text = table.write_csv(
        separator="\t", include_header=False, line_terminator="\r\n", quote_style="never"
    )
    history = batch.stations.extra.get("History")
    return _with_history(text, history.texts(), offsets) if history else text


def _with_blanks(batch: Batch) -> tuple[Batch, NDArray[np.int64]]:
    """Give stations without samples one sample that has neither values nor flags."""
    sizes = np.diff(batch.offsets)
    if (sizes > 0).all():
        return batch, batch.offsets
    counts = np.maximum(sizes, 1)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    sample = np.full(int(offsets[-1]), -1, np.int64)  # the one that is appended
    sample[np.repeat(sizes > 0, counts)] = np.arange(batch.n_samples)
    time, time_flag = batch.time, batch.time_flag
    if time is not None:
        if time_flag is None:
            time_flag = np.where(np.isnat(time), MISSING, NOT_CHECKED).astype(np.uint8)
        time = np.append(time, np.datetime64("NaT"))[sample]
        time_flag = np.append(time_flag, np.uint8(0))[sample]
    columns = []
    for column in batch.columns:
        values = column.values
        if isinstance(values, Coded):
            values = Coded(np.append(values.codes, np.int32(-1))[sample], values.labels)
        else:
            values = np.append(values, values.dtype.type(np.nan))[sample]
        flags = np.append(column.flags, np.uint8(0))[sample]
        columns.append(Column(column.parameter, values, flags))
    filled = replace(
        batch,
        offsets=offsets,
        columns=columns,
        depth=np.append(batch.depth, np.nan)[sample],
        depth_flag=np.append(batch.depth_flag, np.uint8(0))[sample],
        row=np.append(batch.row, 0)[sample],
        time=time,
        time_flag=time_flag,
    )
    return filled, offsets


def _with_history(text: str, history: Sequence[str], offsets: NDArray[np.int64]) -> str:
    """Put the history lines of a station below its last row."""
    lines = text.split("\r\n")[:-1]
    out = []
    for i, steps in enumerate(history):
        out += lines[offsets[i] : offsets[i + 1]]
        out += [f"//<History>{_clean(step)}</History>" for step in steps.split("\n") if step]
    return "".join(f"{line}\r\n" for line in out)


def _apart(layout: _Layout, names: list[str], others: list[list[str]]) -> None:
    """Make the texts of stations differ from those of the station above, in place.

    Rows with the same metadata would be one station. A zero more changes no
    number; a station without position gets another name.

    Parameters
    ----------
    layout : _Layout
        Remembers the station above, and counts.
    names : list of str
        Names of the stations.
    others : list of list of str
        Longitudes, latitudes, then all else that tells stations apart.
    """
    lon, lat = others[:2]
    for i, name in enumerate(names):
        key = (name.strip(), *(texts[i].strip() for texts in others))
        again = layout.above is not None and layout.above == (key, False)
        layout.above = key, again
        if not again:
            continue
        layout.repeated += 1
        if lon[i] and lat[i]:
            lon[i] = _zero_more(lon[i])
        else:
            names[i] = f"{name} (again)".strip()


def _zero_more(number: str) -> str:
    mantissa, e, power = number.partition("e")
    return mantissa + ("0" if "." in mantissa else ".0") + e + power


def _metadata(stations: Stations, layout: _Layout) -> list[Coded]:
    """Give the texts of all station columns, in the order of the labels."""
    n = len(stations)
    edmo = ["" if e == 0 else str(e) for e in stations.edmo.tolist()]
    times = _times(stations.time)
    position = [_shortest(stations.lon), _shortest(stations.lat)]
    kinds = stations.type.texts()
    cruises, names = stations.cruise.texts(), stations.station.texts()
    cdis = stations.local_cdi_id.texts()
    known = zip(cruises, names, kinds, times, *position, cdis, strict=True)
    # A row without any metadata would belong to the station above.
    kinds = [kind if any(row) else "*" for kind, row in zip(kinds, known, strict=True)]
    names = [_cell(name) for name in names]
    _apart(layout, names, [*position, cruises, kinds, times, cdis])
    out = [
        _tidy(stations.cruise),
        Coded.of(names),
        Coded.of(_cell(k) for k in kinds),
        Coded.of(times),
        Coded.of(position[0]),
        Coded.of(position[1]),
        _tidy(stations.local_cdi_id),
        Coded.of(edmo),
        Coded.of(_shortest(stations.bottom_depth)),
    ]
    for label in _extras(stations):
        if label == "Platform":
            out.append(_tidy(stations.platform))
        elif label == "POSITION_SEADATANET_QC":
            out.append(Coded.of(map(chr, stations.position_flag.tolist())))
        elif label == "TIME_SEADATANET_QC":
            out.append(Coded.of(map(chr, stations.time_flag.tolist())))
        else:
            out.append(_tidy(stations.extra[label]))
    assert all(len(c) == n for c in out)
    return out


def _tidy(texts: Coded) -> Coded:
    return Coded(texts.codes, [_cell(label) for label in texts.labels])


def _times(times: NDArray[np.datetime64]) -> list[str]:
    """Format times to the millisecond; blank where unknown."""
    texts = np.datetime_as_string(times.astype("datetime64[ms]"), unit="ms").tolist()
    return ["" if text == "NaT" else text for text in texts]


def _shortest(values: NDArray[np.floating]) -> list[str]:
    """Format numbers so that they read back the same; blank where unknown."""
    if values.dtype == np.float32:
        return ["" if np.isnan(v) else str(v) for v in values]
    return ["" if v != v else repr(v) for v in values.tolist()]


def _pick(labels: list[str], codes: NDArray[np.int64]) -> Any:
    """Make a series of texts from codes; the code after the last is blank."""
    import polars as pl

    return pl.Series([*labels, ""], dtype=pl.String).gather(codes)


def _numbers(values: NDArray[np.floating]) -> Any:
    import polars as pl

    return pl.Series(np.ascontiguousarray(values)).fill_nan(None)


def _flags(flags: NDArray[np.uint8]) -> Any:
    import polars as pl

    return pl.Series(["", *map(chr, range(1, 128))], dtype=pl.String).gather(flags)


def _values(column: Column) -> list[Any]:
    """Give the cells of one parameter and its flags."""
    if isinstance(column.values, Coded):
        labels = [_cell(label) for label in column.values.labels]
        codes = column.values.codes.astype(np.int64)
        texts = _pick(labels, np.where(codes < 0, len(labels), codes))
        return [texts, _flags(column.flags)]
    return [_numbers(column.values), _flags(column.flags)]


assert len(_DATA_TYPES) == len(FEATURES)
