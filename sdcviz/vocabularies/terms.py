"""Names for codes: NERC Vocabulary Server (NVS) terms and data centres.

A table of the common terms ships with sdcviz (`assets/vocab`, one file a
collection, read on first use). `import_terms` adds full lists to the user's
data folder; they are read before the bundled ones. An unknown code is shown
as itself, never blank.

Terms: NERC Vocabulary Server, http://vocab.nerc.ac.uk, CC BY 4.0.
"""

from __future__ import annotations

import csv
import gzip
import io
import os
import tempfile
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from ..errors import UnreadableFile
from ..storage import storage_errors
from . import units

__all__ = [
    "COLLECTIONS",
    "Term",
    "all_terms",
    "import_terms",
    "label",
    "short_label",
    "standard_unit",
    "unit_label",
]

P01, P06, P35 = "P01", "P06", "P35"

COLLECTIONS = {
    "P01": "parameters",
    "P02": "parameter groups",
    "P06": "units",
    "P09": "MEDATLAS parameters",
    "P35": "aggregated parameters",
    "L05": "device categories",
    "L06": "platform classes",
    "L20": "quality flags",
    "L22": "devices",
    "L23": "file types of links",
    "L33": "fall rates",
    "C16": "SeaVoX areas",
    "C17": "platforms",
    "C19": "seas",
    "EDMO": "data centres",
}
"""What the bundled collections hold."""


class Term(NamedTuple):
    """One code with its names."""

    code: str
    label: str
    short: str = ""
    unit: str = ""  # P06 code of the usual unit (P01, P35)


def label(collection: str, code: str | int) -> str:
    """Name a code.

    Parameters
    ----------
    collection : str
        "P01", "P06", "L20", "L22", "C17", "EDMO", ...
    code : str or int
        The code, with or without its prefix (``SDN:P01::TEMPPR01``).

    Returns
    -------
    str
        The preferred label; the code itself if it is unknown.
    """
    plain = _bare(code)
    found = _terms(collection).get(plain)
    return found.label if found else plain


def short_label(collection: str, code: str | int) -> str:
    """Name a code briefly ("Temp"); the code itself if it is unknown."""
    plain = _bare(code)
    found = _terms(collection).get(plain)
    return (found.short or found.label) if found else plain


def standard_unit(p01: str) -> str:
    """Give the P06 code that NVS proposes for a P01 or P35 code; "" if unknown."""
    found = _terms(P01).get(_bare(p01)) or _terms(P35).get(_bare(p01))
    return found.unit if found else ""


def all_terms(collection: str) -> list[Term]:
    """Give all known terms of a collection; none if it is unknown."""
    return list(_terms(collection).values())


def unit_label(unit: str) -> str:
    """Write a unit as people read it.

    Parameters
    ----------
    unit : str
        P06 code, or the unit as a file writes it.

    Returns
    -------
    str
        "°C", "dbar", "µmol/l"; "" for dimensionless; an unknown text unchanged.
    """
    plain = _bare(unit)
    if units.canonical(plain) is None and len(plain) == 4 and plain.isalnum():
        found = _terms(P06).get(plain)
        if found:
            return units.pretty(found.short or found.label)
    return units.pretty(plain)


def import_terms(path: Path | str, collection: str = "", folder: Path | None = None) -> int:
    """Add the terms of a vocabulary file to the user's data folder.

    Parameters
    ----------
    path : Path or str
        CSV, also gzipped, with the columns ``collection``, ``code`` and
        ``label`` (also ``alt``, ``unit``), or XML: a vocabulary of the SKOS kind
        that NVS gives out, or the list format of SeaDataNet's tools.
    collection : str
        The collection of a CSV without such a column, for example "EDMO".
    folder : Path, optional
        Instead of ``vocab`` in the data folder of the settings.

    Returns
    -------
    int
        Number of terms read.

    Raises
    ------
    UnreadableFile
        The file is no vocabulary.
    StorageError
        The data folder can't be written.
    """
    path = Path(path)
    by_collection: dict[str, dict[str, Term]] = {}
    count = 0
    for name, term in read_terms(path, collection):
        by_collection.setdefault(name, {})[term.code] = term
        count += 1
    if not count:
        raise UnreadableFile(
            f"{path.name} has no vocabulary terms; "
            "give a CSV with the columns collection, code and label, or a SKOS file of NVS."
        )
    folder = folder or _user_folder()
    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, terms in by_collection.items():
            merged = _load(folder / f"{name}.csv.gz") | terms
            write_terms(folder / f"{name}.csv.gz", merged.values())
    _terms.cache_clear()
    return count


def write_terms(path: Path, terms: Iterable[Term]) -> None:
    """Write one collection; the file is replaced whole, and the same terms give the same bytes."""
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
            text = io.TextIOWrapper(packed, "utf-8", newline="")
            csv.writer(text, lineterminator="\n").writerows(sorted(terms))
            text.flush()
            text.detach()
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _bare(code: str | int) -> str:
    return str(code).strip().rsplit("::", 1)[-1]


def _user_folder() -> Path:
    # pydantic takes 0.2 s to import, and most users never import terms.
    from ..settings import get_settings

    return Path(get_settings().data_dir) / "vocab"


@lru_cache(maxsize=64)
def _terms(collection: str) -> dict[str, Term]:
    file_name = f"{collection}.csv.gz"
    with resources.as_file(resources.files("sdcviz_assets") / "vocab" / file_name) as path:
        bundled = _load(path)
    return bundled | _load(_user_folder() / file_name)


def _load(path: Path) -> dict[str, Term]:
    if not path.is_file():
        return {}
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return {row[0]: Term(*row) for row in csv.reader(file)}


def read_terms(path: Path, collection: str = "") -> Iterator[tuple[str, Term]]:
    """Yield collection and term of a vocabulary file, as `import_terms` understands it."""
    try:
        with path.open("rb") as file:
            start = file.read(2)
        opener = gzip.open if start == b"\x1f\x8b" else open
        with opener(path, "rt", encoding="utf-8-sig", newline="") as text:
            first = text.readline()
            text.seek(0)
            if first.lstrip().startswith("<"):
                yield from _from_xml(text.read(), collection)
            else:
                yield from _from_csv(text, path, collection)
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise UnreadableFile(
            f"{path.name} can't be read as a vocabulary: {error}; give a CSV or SKOS file in UTF-8."
        ) from error
    except ElementTree.ParseError as error:
        raise UnreadableFile(
            f"{path.name} is no well-formed XML: {error}; download it again."
        ) from error


def _from_csv(text: Iterable[str], path: Path, collection: str) -> Iterator[tuple[str, Term]]:
    rows = csv.DictReader(text)
    names = {(n or "").strip().casefold(): n for n in rows.fieldnames or []}

    def column(*known: str) -> str:
        return next((names[k] for k in known if k in names), "")

    group = column("collection", "vocabulary", "scheme")
    code = column("code", "notation", "identifier", "id", "n_code", "edmo_code")
    text_ = column("label", "preflabel", "name")
    short, unit = column("alt", "altlabel", "short"), column("unit")
    if not code or not text_ or not (group or collection):
        raise UnreadableFile(
            f"{path.name} has the columns {', '.join(names) or '(none)'}; "
            "a vocabulary needs collection, code and label."
        )
    for row in rows:
        if row[code] and row[text_]:
            name = (row[group] if group else collection).strip()
            yield (
                _collection(name),
                Term(
                    _bare(row[code]),
                    row[text_].strip(),
                    (row.get(short) or "").strip(),
                    (row.get(unit) or "").strip(),
                ),
            )


def _from_xml(text: str, collection: str) -> Iterator[tuple[str, Term]]:
    for element in ElementTree.fromstring(text).iter():
        tag = element.tag.rsplit("}", 1)[-1]
        if tag == "element" and element.get("key", "").startswith("SDN:"):
            _, name, *_ = element.attrib["key"].split(":")
            short = element.get("shortLabel", "")
            yield name, Term(_bare(element.attrib["key"]), element.get("label", ""), short)
        elif tag == "Concept":
            parts = {child.tag.rsplit("}", 1)[-1]: (child.text or "").strip() for child in element}
            # dc:identifier is "SDN:L20::1"; skos:notation the same.
            identity = parts.get("identifier") or parts.get("notation") or ""
            name = identity.split(":")[1] if identity.count(":") >= 2 else collection
            if name and identity and parts.get("prefLabel"):
                yield name, Term(_bare(identity), parts["prefLabel"], parts.get("altLabel", ""))


def _collection(name: str) -> str:
    # The name becomes a file name, so nothing but letters and digits may be in it.
    if not name.isalnum() or len(name) > 12:
        raise UnreadableFile(
            f"{name!r} is no name of a vocabulary; it should be like P01, C17 or EDMO."
        )
    return name.upper()
