"""The report of a review: one HTML file that can be attached to a mail."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from importlib import resources
from pathlib import Path
from typing import Any

from ..storage import written_whole
from ..words import counted, minute, number
from .figures import figures
from .report_method import method
from .report_tables import (
    Drawn,
    cruises_block,
    physical_block,
    scores_block,
    table,
    worst_block,
)

__all__ = ["write_report"]

_TAGS = {"none": "nothing found", "not applicable": "not applicable"}


def write_report(folder: Path | str, document: dict[str, Any]) -> Path:
    """Write ``report.html`` of a review.

    Parameters
    ----------
    folder : path-like
        Of the review; its residuals are drawn on the map.
    document : dict
        Content of ``review.json``.

    Returns
    -------
    Path

    Raises
    ------
    StorageError
        The report can't be written.
    """
    folder = Path(folder)
    path = folder / "report.html"
    text = _page(document, figures(folder, document))
    with written_whole(path) as beside:
        beside.write_text(text, encoding="utf-8")
    return path


def _page(document: dict[str, Any], drawn: dict[str, str]) -> str:
    style = (resources.files("sdcviz.reviews") / "report.css").read_text(encoding="utf-8")
    product = document["product"]
    title = product.get("title") or product["name"]
    parts = [
        _head(document, title), _signature(document), _first(document), _verdicts(document),
        _comments(document, ""), *_blocks(document, Drawn(drawn, document["unit"])),
        method(document),
    ]  # fmt: skip
    body = "\n".join(p for p in parts if p)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Review: {escape(title)}</title>\n<style>\n{style}</style></head>\n"
        f"<body>\n{body}\n</body></html>\n"
    )


def _head(document: dict[str, Any], title: str) -> str:
    product, left = document["product"], document["left_out"]
    words = {
        "outside": "outside the product", "land": "on its land or without value",
        "masked": "masked", "flagged": "flagged", "used": "used by the product",
    }  # fmt: skip
    gone = ", ".join(f"{number(n)} {words[k]}" for k, n in left.items() if n)
    version = f", version {product['version']}" if product.get("version") else ""
    facts = [
        ("Product", f"{product['name']}{version}"),
        ("Field", f"{document['label']} ({document['variable']}, {document['unit'] or 'no unit'})"),
        ("Institution", product.get("institution") or ""),
        ("DOI", product.get("doi") or ""),
        ("Period", " to ".join(product.get("period") or [])),
        ("Compared with", f"{document['collection']['name']}, {document['parameter']}"),
        ("Samples", f"{number(document['samples'])} compared" + (f"; not: {gone}" if gone else "")),
        (
            "Independent",
            "Yes: stations that the product was made of are left out"
            if document["independent"]
            else _independence(document),
        ),
        ("Made", f"{minute(document['made'])} by {document['software']}"),
    ]
    rows = "".join(f"<dt>{k}</dt><dd>{escape(v)}</dd>" for k, v in facts if v)
    warned = "".join(f'<p class="minor">{escape(w)}</p>' for w in document["warnings"])
    return (
        f'<h1>{escape(title)}</h1>\n<p class="lead">Review of a gridded product beside '
        f"observations</p>\n<dl>{rows}</dl>{warned}"
    )


def _independence(document: dict[str, Any]) -> str:
    used = document.get("used")
    if not used:
        return "The product lists none of them as its own"
    if used == document["samples"]:
        return "No: the product was made of all of them"
    return f"In part: the product was made of {number(used)} of {number(document['samples'])}"


def _signature(document: dict[str, Any]) -> str:
    found = document.get("signature")
    if not found:
        return '<p class="banner">Not signed.</p>'
    orcid = escape(found["orcid"])
    return (
        f'<p class="banner signed">Signed by <b>{escape(found["name"])}</b>, ORCID {orcid}, on '
        f"{escape(minute(found['time']))}.<br><span class=soft>SHA-256 of the document: "
        f"{escape(found['sha256'])}</span></p>"
    )


def _tag(severity: str) -> str:
    name = "na" if severity == "not applicable" else severity
    return f'<span class="tag {escape(name)}">{escape(_TAGS.get(severity, severity))}</span>'


def _first(document: dict[str, Any]) -> str:
    rows = "".join(
        f"<li>{_tag(f['severity'])}<span>{escape(f['sentence'])}</span></li>"
        for f in document["first"]
    )
    if not rows:
        return "<h2>What to see first</h2><p>Nothing stands out.</p>"
    return f'<h2>What to see first</h2>\n<ol class="first">{rows}</ol>'


def _verdicts(document: dict[str, Any]) -> str:
    said = document["opinion"]["verdicts"]
    rows: list[list[str]] = []
    for block in document["blocks"]:
        own = said.get(block["key"])
        note = "" if own is None else " ".join(x for x in (own["note"], _by(own)) if x)
        rows.append([
            escape(block["title"]), escape(block["summary"]), _found(document, block),
            _tag(own["verdict"]) if own else '<span class="soft">none yet</span>', escape(note),
        ])  # fmt: skip
    return "<h2>Verdicts</h2>" + table(
        ["Block", "Summary", "Found", "Verdict", "Note of the reviewer"], rows, 5
    )


def _found(document: dict[str, Any], block: dict[str, Any]) -> str:
    if block["key"] in document and document[block["key"]] is None:
        return '<span class="soft">not looked at</span>'
    return _tag(block["severity"])


def _by(said: dict[str, Any]) -> str:
    author = said.get("author") or ""
    return f"({author}, {minute(said['time'])})" if author else f"({minute(said['time'])})"


def _comments(document: dict[str, Any], block: str) -> str:
    own = [c for c in document["opinion"]["comments"] if c["block"] == block]
    return "".join(
        f'<div class="comment">{escape(c["text"])}<small>{escape(_by(c).strip("()"))}</small></div>'
        for c in own
    )


def _blocks(document: dict[str, Any], drawn: Drawn) -> Iterable[str]:
    made = {
        "coverage": lambda: _coverage(document, drawn),
        "residuals": lambda: _residuals(document, drawn),
        "skill": lambda: scores_block(document, drawn),
        "cruises": lambda: cruises_block(document),
        "reference": lambda: drawn("reference"),
        "previous": lambda: drawn("previous"),
        "physical": lambda: physical_block(document),
        "worst": lambda: worst_block(document),
    }
    for block in document["blocks"]:
        key = block["key"]
        yield (
            f"<h2>{escape(block['title'])}</h2>\n<p>{escape(block['summary'])}</p>"
            f"{_comments(document, key)}\n{made[key]()}"
        )


def _coverage(document: dict[str, Any], drawn: Drawn) -> str:
    found = document["coverage"]
    centres = [
        [escape(str(name)), str(code or ""), number(n)] for code, name, n in found["centres"][:10]
    ]
    platforms = [[escape(name), number(n)] for name, n in found["platforms"][:10]]
    cells = found["cells"]
    told = ""
    if cells:
        told = (
            f"<p>{number(cells['with_samples'])} of {counted(cells['columns'], 'column')} of the "
            f"grid hold samples; the median of those is {cells['median']:g}.</p>"
        )
    return (
        told
        + drawn.row("counts", "years")
        + "<h3>Data centres</h3>"
        + table(["Data centre", "EDMO", "Samples"], centres, 1)
        + ("<h3>Platforms</h3>" + table(["Platform", "Samples"], platforms, 1) if platforms else "")
    )


def _residuals(document: dict[str, Any], drawn: Drawn) -> str:
    beyond = document["residuals"]["histogram"]["beyond"]
    note = (
        f'<p class="soft">{counted(beyond, "residual")} beyond the histogram '
        f"{'is' if beyond == 1 else 'are'} counted in its outer bins.</p>"
        if beyond
        else ""
    )
    return drawn("map") + drawn.row("histogram", "depth") + drawn.row("time", "value") + note
