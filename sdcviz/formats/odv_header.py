"""Walk the header of an ODV spreadsheet: comments, mapping, labels, columns."""

from __future__ import annotations

import re

from ..errors import UnreadableFile
from .model import Doctor
from .odv_columns import assign_columns
from .odv_labels import Label, parse_label
from .odv_layout import Declared, Header

__all__ = ["as_utf8", "decode", "looks_like_odv", "parse_header"]

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


def as_utf8(raw: bytes) -> bytes:
    """Turn UTF-16 with its mark ("Unicode text" of spreadsheet programs) into UTF-8."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace").encode()
    return raw


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
    head = as_utf8(head)
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
    assign_columns(header, declared, doctor)
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


def _read_comments(header: Header, comments: list[bytes]) -> Declared:
    """Take references, mapping and attributes out of the comments."""
    declared = Declared()
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


def _attribute(header: Header, declared: Declared, tag: str, value: str) -> None:
    if tag in {"missingvalueindicators", "missingvalueindicator"}:
        header.missing = tuple(_floats(value))
    elif tag == "datatype":
        header.data_type = value
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
