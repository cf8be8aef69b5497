"""The letter as one page of HTML that needs nothing else: plots are in it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape

from sdcviz.words import counted, number

from .model import KINDS, Item, Letter
from .words import ask, flag_name, introduction, remarks, totals

__all__ = ["page"]

SHOWN = 500
"""Items in each table of the page; the attached table has all."""

_STYLE = """
body {font: 15px/1.5 system-ui, sans-serif; color: #1d2733; max-width: 60rem; margin: 2rem auto;
  padding: 0 1rem}
h1 {font-size: 1.4rem} h2 {font-size: 1.1rem; margin-top: 2rem}
table {border-collapse: collapse; font-size: .9rem}
th, td {text-align: left; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid #dde3ea;
  vertical-align: top; overflow-wrap: anywhere}
td.n {text-align: right; white-space: nowrap}
figure {margin: 1.5rem 0} img {max-width: 100%} figcaption {font-size: .85rem; color: #55606e}
"""


def page(letter: Letter, plots: Iterable[tuple[str, bytes]]) -> str:
    """Write the page.

    Parameters
    ----------
    letter : Letter
    plots : iterable of (str, bytes)
        Caption and PNG of each.

    Returns
    -------
    str
        HTML. Every text of a file or a person is escaped, and a policy in the
        page forbids scripts and requests.
    """
    title = escape(letter.subject)
    pictures = "".join(_figure(caption, png) for caption, png in plots)
    parts = [
        f"<h1>{title}</h1>",
        f"<p>To: {escape(letter.addressee)}</p>",
        f"<p>Dear colleagues,</p><p>{escape(introduction(letter))}</p>",
        _table((), [(name, number(n)) for name, n in totals(letter)]),
    ]
    if letter.totals.flags:
        rows = [
            (name, flag_name(old), flag_name(new), number(n))
            for (name, old, new), n in sorted(letter.totals.flags.items())
        ]
        parts += ["<h2>Flags changed</h2>", _table(("Parameter", "Old", "New", "Values"), rows)]
        reasons = [(text, number(n)) for text, n in letter.totals.reasons.most_common(10)]
        parts += ["<h2>Reasons given most</h2>", _table(("Reason", "Values"), reasons)]
    parts += ["<h2>What we ask for</h2>", f"<p>{escape(ask(letter))}</p>"]
    parts += [f"<p>{escape(text)}</p>" for text in remarks(letter)]
    for kind, name in KINDS.items():
        parts += _items(name, letter.of_kind(kind))
    parts += [f"<h2>Plots</h2>{pictures}"] if pictures else []
    parts.append(f"<p>{escape(letter.author)}<br>{escape(letter.contact)}</p>")
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'; img-src data:\">"
        f"<title>{title}</title><style>{_STYLE}</style></head>"
        f"<body>{''.join(parts)}</body></html>\n"
    )


def _items(title: str, items: Sequence[Item]) -> list[str]:
    if not items:
        return []
    names = ("Item", "CDI record", "Cruise / station", "Parameter", "Flag", "Values", "Why")
    rows = [
        (
            str(item.number),
            item.local_cdi_id,
            f"{item.cruise} / {item.name}",
            item.label,
            f"{item.old} → {item.new}" if item.new else "",
            number(item.values),
            item.what,
        )
        for item in items[:SHOWN]
    ]
    more = len(items) - SHOWN
    tail = f"<p>... and {counted(more, 'more item')}: see the attached table.</p>"
    return [f"<h2>{escape(title)}</h2>", _table(names, rows), tail if more > 0 else ""]


def _table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    lines = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table>{f'<tr>{head}</tr>' if head else ''}{lines}</table>"


def _figure(caption: str, png: bytes) -> str:
    text = escape(caption)
    source = b64encode(png).decode("ascii")
    return (
        f'<figure><img alt="{text}" src="data:image/png;base64,{source}">'
        f"<figcaption>{text}</figcaption></figure>"
    )
