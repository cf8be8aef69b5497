"""Write the letters of a collection: one for each data centre."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from collections.abc import Collection as Container
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdcviz.errors import BadRequest
from sdcviz.formats.model import NOT_CHECKED

from ..model import Findings
from .access import restricted
from .changes import Changes, net_changes
from .files import Artist, changes_csv, history_text, items_csv, odv, packed, pictures
from .items import MakeItems, metadata_findings
from .model import Attachment, Item, Letter, Totals, one_line
from .page import page
from .stations import Words

if TYPE_CHECKING:
    from sdcviz.observations import Collection
    from sdcviz.settings import Settings

__all__ = ["ANSWER_DAYS", "MOST_PLOTS", "Earlier", "compose"]

ANSWER_DAYS = 60
"""Days that a data centre has for its answer, where nothing else is said."""
MOST_PLOTS = 40
"""Plots in one letter: what a mail can carry and a person looks at."""
ODV = "application/octet-stream"
UNKNOWN = "Unknown data centre"


class Earlier(NamedTuple):
    """What a data centre was told before.

    Attributes
    ----------
    last_batch : int
        Newest batch of the journal in its last letter.
    anomalies : frozenset of (str, str, str)
        Station, kind and words of the anomalies.
    """

    last_batch: int = 0
    anomalies: frozenset[tuple[str, str, str]] = frozenset()


@dataclass(frozen=True)
class Options:
    """What is the same in all letters of a run; see `compose`."""

    author: str
    contact: str
    answer_by: date
    since: str
    written: datetime
    settings: Settings
    artist: Artist | None
    most_plots: int
    pdf: bool


def compose(
    collection: Collection,
    *,
    author: str,
    contact: str = "",
    answer_by: date | None = None,
    since: str = "",
    data_centres: Container[int] = (),
    findings: Findings | None = None,
    earlier: Mapping[int, Earlier] | None = None,
    settings: Settings | None = None,
    artist: Artist | None = None,
    most_plots: int = MOST_PLOTS,
    pdf: bool = False,
    progress: Callable[[int, int, str], None] | None = None,
) -> list[Letter]:
    """Write one letter for each data centre whose stations were found wrong.

    Parameters
    ----------
    collection : Collection
        With the flags of its journal.
    author : str
        Who writes.
    contact : str
        Where to answer; the sender of the settings by default.
    answer_by : date, optional
        In `ANSWER_DAYS` by default.
    since : str
        ISO time: earlier changes are not told.
    data_centres : collection of int
        EDMO codes (0: unknown); all by default.
    findings : Findings, optional
        Of the last run of checks: those about metadata are told.
    earlier : mapping of int to Earlier, optional
        By EDMO code what was told before, and is not told again.
    settings : Settings, optional
        Sender, and what is restricted.
    artist : Artist, optional
        Draws the stations (`sdcviz.plots.station`); no plots without.
    most_plots : int
        Plots in one letter.
    pdf : bool
        Attach the plots as PDF too.
    progress : callable, optional
        Called as ``progress(done, total, text)``, counting data centres.

    Returns
    -------
    list of Letter
        In the order of EDMO codes, the unknown data centre first.

    Raises
    ------
    BadRequest
        No author, or `since` is no time.
    """
    from sdcviz.settings import get_settings

    settings = settings or get_settings()
    if not one_line(author):
        raise BadRequest("A letter needs an author; say who writes it.")
    now = datetime.now(UTC).replace(microsecond=0)
    options = Options(
        author=one_line(author),
        contact=one_line(contact or settings.mail_from),
        answer_by=answer_by or now.date() + timedelta(days=ANSWER_DAYS),
        since=_time(since),
        written=now,
        settings=settings,
        artist=artist,
        most_plots=max(0, most_plots),
        pdf=pdf,
    )
    c = collection
    words = Words(c, restricted(c, settings))
    edits, ids = c.journal.edits(c)
    batches = [b for b in c.journal.batches(c) if b.time >= options.since]
    recent = np.isin(ids, [b.id for b in batches])
    found = metadata_findings(c, findings)
    concerned = c.edmo[edits.station[recent]].tolist()
    concerned += [] if found is None else c.edmo[found.station].tolist()
    asked = [e for e in sorted(set(concerned)) if not data_centres or e in data_centres]
    letters = []
    for done, edmo in enumerate(asked):
        if progress is not None:
            progress(done, len(asked), f"Letter to EDMO {edmo or 'unknown'}")
        told = (earlier or {}).get(edmo, Earlier())
        mine = recent & (c.edmo[edits.station] == edmo) & (ids > told.last_batch)
        changes = net_changes(edits.take(mine), ids[mine], batches)
        confirmed = _confirmed(changes)
        of_centre = found and found.take(c.edmo[found.station] == edmo)
        maker = MakeItems(words, changes.take(~confirmed), of_centre, told.anomalies)
        letter = _letter(int(edmo), maker, options, int(confirmed.sum()))
        if letter is not None:
            letters.append(letter)
    return letters


def _time(text: str) -> str:
    """Read a time as the journal writes it."""
    if not text:
        return ""
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise BadRequest(
            f"{text!r} is no time; write a day such as 2026-03-01, or 2026-03-01T12:00."
        ) from None
    given = given.replace(tzinfo=UTC) if given.tzinfo is None else given.astimezone(UTC)
    return given.isoformat()


def _confirmed(changes: Changes) -> NDArray[np.bool_]:
    """Tell which values had not been checked and were found good: nothing is to be corrected."""
    edits = changes.edits
    return (edits.old == NOT_CHECKED) & np.isin(edits.new, (ord("1"), ord("2")))


def _letter(edmo: int, maker: MakeItems, options: Options, confirmed: int) -> Letter | None:
    """Write one letter; None where there is nothing to tell."""
    from sdcviz.vocabularies import label

    words, changes = maker.words, maker.changes
    c = words.collection
    items, numbers = maker.make()
    if not items:
        return None
    stations = sorted({row for row in _rows(maker, items)})
    used = np.unique(changes.batch).tolist()
    times = [str(changes.batches[i].time) for i in used]
    letter = Letter(
        id=uuid.uuid4().hex,
        edmo=edmo,
        centre=one_line(label("EDMO", str(edmo)) if edmo else UNKNOWN),
        collection=one_line(c.name, 200),
        collection_id=c.id,
        version=c.snapshot,
        author=options.author,
        contact=options.contact,
        written=options.written,
        answer_by=options.answer_by,
        since=options.since,
        span=(min(times, default=""), max(times, default="")),
        last_batch=max(changes.batches, default=0),
        items=tuple(items),
        totals=_totals(words, changes, stations),
        confirmed=confirmed,
        withheld=int(words.restricted[stations].sum()),
    )
    return _with_files(letter, changes, numbers, np.array(stations), words, options)


def _rows(maker: MakeItems, items: list[Item]) -> list[int]:
    by_id = {told.id: told.row for told in maker.words.known()}
    return [by_id[item.station] for item in items]


def _totals(words: Words, changes: Changes, stations: list[int]) -> Totals:
    edits = changes.edits
    values = range(len(changes))
    flags = Counter(
        (words.label(edits.keys[edits.parameter[i]]), chr(edits.old[i]), chr(edits.new[i]))
        for i in values
    )
    reasons = Counter(
        words.reason(changes.why(i), int(edits.station[i])) or "no reason given" for i in values
    )
    cdis = {words.station(row).local_cdi_id for row in stations} - {""}
    used = {changes.batches[i].user for i in np.unique(changes.batch).tolist()}
    people = tuple(sorted(one_line(user) for user in used))
    return Totals(len(cdis), len(stations), len(changes), flags, reasons, people)


def _with_files(
    letter: Letter,
    changes: Changes,
    numbers: NDArray[np.int64],
    stations: NDArray[np.int64],
    words: Words,
    options: Options,
) -> Letter:
    """Add the attachments: tables, spreadsheet, history and the page with the plots."""
    stem = letter.stem
    files = [Attachment(f"{stem}_items.csv", "text/csv", items_csv(letter.items))]
    if len(changes):
        table = changes_csv(changes, numbers.tolist(), words)
        files.append(Attachment(f"{stem}_changes.csv", "text/csv", table))
        history = history_text(changes, words)
        files.append(Attachment(f"{stem}_history.txt", "text/plain", history))
    free = stations[~words.restricted[stations]]
    if len(free):
        files.append(Attachment(f"{stem}_stations.txt", ODV, odv(words.collection, free)))
    plots, pdf = [], b""
    changed, counts = np.unique(changes.edits.station, return_counts=True)
    order = changed[np.argsort(-counts, kind="stable")]
    plottable = order[~words.restricted[order]]
    if options.artist is not None and options.most_plots:
        chosen = plottable[: options.most_plots].tolist()
        figures = pictures(changes, chosen, words, options.artist)
        plots = [
            (_caption(words, row), options.artist.station_png(figure))
            for row, figure in figures.items()
        ]
        pdf = options.artist.station_pdf(figures.values()) if options.pdf and figures else b""
    letter = replace(letter, plotted=len(plots), plottable=len(plottable))
    files.append(Attachment(f"{stem}_letter.html", "text/html", page(letter, plots).encode()))
    if pdf:
        files.append(Attachment(f"{stem}_plots.pdf", "application/pdf", pdf))
    return replace(letter, attachments=packed(files, stem))


def _caption(words: Words, row: int) -> str:
    told: Any = words.station(row)
    parts = (f"{told.cruise} / {told.name}", told.time, told.local_cdi_id)
    return " · ".join(part for part in parts if part.strip(" /"))
