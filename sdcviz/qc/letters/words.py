"""The letter as plain text, for the body of the mail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import fill

from sdcviz.vocabularies import label
from sdcviz.words import counted, number

from .model import KINDS, Item, Letter

__all__ = ["ask", "body", "flag_name", "introduction", "remarks", "totals"]

WIDTH = 78
SHOWN = 30
"""Items and reasons that are told in the text; the attached tables have all."""


def flag_name(code: str) -> str:
    """Give code and name of an L20 flag: ``4 (bad value)``."""
    return f"{code} ({label('L20', code)})"


def introduction(letter: Letter) -> str:
    """Say who looked at what, and when."""
    people = ", ".join(letter.totals.people) or letter.author
    first, last = (time[:10] for time in letter.span)
    when = f" on {first}" if first == last else f" from {first} to {last}"
    return (
        f"the collection “{letter.collection}” (version {letter.version}, identity "
        f"{letter.collection_id}) holds stations of your data centre. Quality control by {people}"
        f"{when if first else ''} found what is listed below."
    )


def totals(letter: Letter) -> list[tuple[str, int]]:
    """Count what the letter is about."""
    anomalies = len(letter.items) - len(letter.of_kind("flag"))
    return [
        ("CDI records", letter.totals.cdis),
        ("Stations", letter.totals.stations),
        ("Flags changed", letter.totals.values),
        ("Anomalies of metadata", anomalies),
    ]


def ask(letter: Letter) -> str:
    """Say what the data centre is asked for, and until when."""
    return (
        "Please correct the data at the source and submit the CDI records again, or reject an item "
        "with a reason. The attached table of items has two columns for your answer; the number "
        f"of an item is the same everywhere. We ask for your answer by {letter.answer_by}."
    )


def remarks(letter: Letter) -> list[str]:
    """Say what is left out."""
    told = []
    if letter.confirmed:
        values = counted(letter.confirmed, "value")
        told.append(f"Besides, {values} without quality control proved good.")
    if letter.withheld:
        stations = counted(letter.withheld, "station")
        told.append(
            f"Access to {stations} is restricted: values, depths and plots of "
            f"{'it' if letter.withheld == 1 else 'them'} are left out; numbers and lines of the "
            "samples say which are meant."
        )
    if letter.plotted < letter.plottable:
        told.append(
            f"Plots: {number(letter.plotted)} of {counted(letter.plottable, 'station')}, those "
            "with most changes; the attached ODV spreadsheet has all."
        )
    return told


def body(letter: Letter) -> str:
    """Write the text of the mail.

    Parameters
    ----------
    letter : Letter

    Returns
    -------
    str
        Lines without markup.
    """
    parts = [
        f"To: {letter.addressee}",
        f"Dear colleagues,\n\n{fill(introduction(letter), WIDTH)}",
        _table((name, number(n)) for name, n in totals(letter)),
    ]
    if letter.totals.flags:
        rows = [
            (name, f"{flag_name(old)} -> {flag_name(new)}", number(n))
            for (name, old, new), n in sorted(letter.totals.flags.items())
        ]
        parts.append("Flags changed, by parameter\n" + _table(rows))
        rows_of_reasons = [(text, number(n)) for text, n in letter.totals.reasons.most_common(10)]
        parts.append("Reasons given most\n" + _table(rows_of_reasons))
    for kind, title in KINDS.items():
        items = letter.of_kind(kind)
        if items and kind != "flag":
            parts.append(f"{title}\n{_list(items)}")
    parts.append(f"What we ask for\n{fill(ask(letter), WIDTH)}")
    parts += [fill(text, WIDTH) for text in remarks(letter)]
    if letter.attachments:
        parts.append("Attached\n" + _table((a.name,) for a in letter.attachments))
    parts.append(f"{letter.author}\n{letter.contact}".strip())
    return "\n\n".join(parts) + "\n"


def _list(items: Sequence[Item]) -> str:
    rows = []
    for item in items[:SHOWN]:
        flags = f"flag {item.old} -> {item.new}, " if item.new else ""
        place = " / ".join(part for part in (item.cruise, item.name) if part)
        rows.append((f"item {item.number}", item.local_cdi_id, place, f"{flags}{item.what}"))
    more = len(items) - SHOWN
    tail = f"\n  ... and {number(more)} more: see the table of items." if more > 0 else ""
    return _table(rows) + tail


def _table(rows: Iterable[Sequence[str]]) -> str:
    """Set rows in columns of equal width."""
    lines = [[str(cell) for cell in row] for row in rows]
    widths = [min(40, max(len(row[i]) for row in lines)) for i in range(len(lines[0]))]
    return "\n".join(
        "  " + "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip()
        for row in lines
    )
