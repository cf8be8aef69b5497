"""Darwin Core: events, occurrences and measurements as stations and samples.

As an archive with meta.xml (any names and separators), or as its tables alone.
Events nest: position, date and depth may stand at any level above. A station
is an event with a position of its own; what was taken or measured in the
events below it are its samples:

- each occurrence is one sample, with its measurements beside;
- the measurements of an event itself share a sample.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from ..errors import UnreadableFile
from .base import Format, ReadOptions, Siblings
from .common import decode
from .darwin_samples import samples_of
from .model import Batch, Doctor
from .rows import load_rows
from .sources import Source
from .table_sample import split

__all__ = ["FORMAT"]

KINDS = {
    "event": "Event",
    "occurrence": "Occurrence",
    "measurement": "MeasurementOrFact",
}
TERMS = {
    "eventID", "parentEventID", "eventDate", "decimalLatitude", "decimalLongitude", "occurrenceID",
    "scientificName", "scientificNameID", "basisOfRecord", "measurementType", "measurementValue",
    "measurementTypeID", "minimumDepthInMeters", "maximumDepthInMeters",
}  # fmt: skip
FILES = re.compile(
    r"(event|occurrence|(extended)?measurement_?or_?facts?|e?mof)\.(txt|tsv|csv)"
    r"|(meta|eml)\.xml",
    re.I,
)


@dataclass
class Table:
    """One table of the archive.

    Attributes
    ----------
    kind : str
        A key of `KINDS`.
    columns : dict of str to list
        Cells by term; None is empty.
    lines : list of int
        Line of each row.
    """

    kind: str
    columns: dict[str, list[str | None]] = field(default_factory=dict)
    lines: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.lines)

    def get(self, *terms: str) -> list[str | None]:
        """Cells of the first of these terms that the table has; else all None."""
        for term in terms:
            if term in self.columns:
                return self.columns[term]
        return [None] * len(self)


@dataclass(frozen=True)
class _Layout:
    """How a table is written."""

    kind: str
    terms: tuple[str | None, ...]
    separator: str = "\t"
    header_lines: int = 1
    defaults: tuple[tuple[str, str], ...] = ()


def recognise(head: bytes, source: Source) -> bool:
    """Recognise the terms of Darwin Core in the first line, or a meta.xml beside."""
    if any(_file(s) == "meta.xml" for s in source.siblings):
        return True
    return _layout_of(head) is not None


def read(source: Source, doctor: Doctor, options: ReadOptions) -> Iterator[Batch]:
    """Read all tables; see `sdcviz.formats.base.Format`."""
    files = {_file(s): s for s in (source, *source.siblings)}
    described = _described(decode(files["meta.xml"].read_bytes())) if "meta.xml" in files else {}
    tables: list[Table] = []
    for name, file in files.items():
        if name.endswith(".xml"):
            continue
        layout = described.get(name) or _layout_of(file.head)
        if layout is None:
            doctor.note(name, "a table that is not Darwin Core", "it is not read")
        else:
            tables.append(_load(file, layout, doctor))
    if not tables:
        raise UnreadableFile(f"{source.name}: a Darwin Core archive without any table.")
    for kind in KINDS:
        if sum(t.kind == kind for t in tables) > 1:
            doctor.note("archive", f"several tables of {KINDS[kind]}", "they are read as one")
    merged = {kind: _merge([t for t in tables if t.kind == kind], kind) for kind in KINDS}
    yield from samples_of(
        merged["event"], merged["occurrence"], merged["measurement"], doctor, options.batch_samples
    )


def _file(source: Source) -> str:
    return PurePosixPath(source.name).name.lower()


def _layout_of(head: bytes) -> _Layout | None:
    """Describe a table by its header."""
    lines = decode(head[:16_384]).splitlines()
    if not lines:
        return None
    for separator in ("\t", ",", ";"):
        labels = tuple(label.strip('" ').rpartition(":")[2] for label in split(lines[0], separator))
        found = TERMS.intersection(labels)
        if len(labels) < 3 or len(found) < 2:
            continue
        if {"measurementType", "measurementValue"} & found and "scientificName" not in found:
            kind = "measurement"
        elif {"scientificName", "scientificNameID", "basisOfRecord"} & found:
            kind = "occurrence"
        elif "eventID" in found:
            kind = "event"
        else:
            continue
        return _Layout(kind, labels, separator)
    return None


def _described(text: str) -> dict[str, _Layout]:
    """Read meta.xml: the tables by file name."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        return {}  # an archive needs neither, and an entity may be a bomb
    import xml.etree.ElementTree as ET

    try:
        root = ET.fromstring(text)
    except ET.ParseError:
        return {}
    layouts: dict[str, _Layout] = {}
    for table in root.iter():
        if table.tag.rpartition("}")[2] not in ("core", "extension"):
            continue
        row_type = table.get("rowType", "").rpartition("/")[2]
        kind = next((k for k, ending in KINDS.items() if row_type.endswith(ending)), "")
        terms: dict[int, str] = {}
        defaults: list[tuple[str, str]] = []
        location = ""
        for part in table.iter():
            tag = part.tag.rpartition("}")[2]
            if tag in ("id", "coreid"):
                terms[int(part.get("index", "0"))] = "id"
            elif tag == "field":
                term = part.get("term", "").rpartition("/")[2]
                if part.get("index"):
                    terms[int(part.get("index", "0"))] = term
                elif part.get("default"):
                    defaults.append((term, part.get("default", "")))
            elif tag == "location":
                location = (part.text or "").strip().rpartition("/")[2].lower()
        separator = table.get("fieldsTerminatedBy", ",").replace("\\t", "\t")
        header = int(table.get("ignoreHeaderLines", "0") or 0)
        if kind and terms:
            width = range(max(terms) + 1)
            layouts[location] = _Layout(
                kind, tuple(terms.get(i) for i in width), separator, header, tuple(defaults)
            )
    return layouts


def _load(source: Source, layout: _Layout, doctor: Doctor) -> Table:
    frame, lines = load_rows(
        source, layout.separator, layout.header_lines, len(layout.terms), doctor
    )
    table = Table(layout.kind, lines=lines.tolist())
    for index, term in enumerate(layout.terms):
        if term:
            table.columns[term] = frame[:, index].to_list()
    for term, value in layout.defaults:
        table.columns.setdefault(term, [value] * len(table))
    return table


def _merge(tables: Sequence[Table], kind: str) -> Table:
    if len(tables) == 1:
        return tables[0]
    whole = Table(kind)
    for table in tables:
        for term in {**whole.columns, **table.columns}:
            before = whole.columns.get(term, [None] * len(whole))
            whole.columns[term] = before + table.get(term)
        whole.lines = whole.lines + table.lines
    return whole


def _group(sources: Sequence[Source]) -> list[tuple[Source, ...]]:
    """Put the tables of one folder together; the events lead."""
    folders: dict[str, list[Source]] = {}
    for source in sources:
        folders.setdefault(str(PurePosixPath(source.name).parent), []).append(source)
    groups: list[tuple[Source, ...]] = []
    for members in folders.values():
        described = any(_file(s) == "meta.xml" for s in members)
        mine = [
            s
            for s in members
            if _file(s).endswith(".xml") or described or _layout_of(s.head) is not None
        ]
        tables = [s for s in mine if not _file(s).endswith(".xml")]
        if not tables:
            mine = []
        rank = {"event": 0, "occur": 1}
        lead = sorted(tables, key=lambda s: rank.get(_file(s)[:5], 2))
        rest = [s for s in mine if s not in lead]
        if mine:
            groups.append((*lead, *rest))
        groups += [(s,) for s in members if s not in mine]
    return groups


FORMAT = Format(
    "darwin_core", "Darwin Core archive", recognise, read, siblings=Siblings(FILES, _group)
)
