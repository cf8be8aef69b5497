"""``sdcviz qc letters``: one letter to each data centre."""

from __future__ import annotations

import datetime
import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import BadRequest, SdcvizError
from ..words import counted
from . import show
from .arguments import CollectionPath, Json, Progress
from .qc import qc

if TYPE_CHECKING:
    from ..observations.collection import Collection
    from ..qc.letters import Written
    from ..qc.letters.files import Artist
    from ..settings import Settings

__all__: list[str] = []

NOT_SENT = 1


@qc.command()
def letters(
    ctx: typer.Context,
    collection: CollectionPath,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where to; else letters/ in the data folder."),
    ] = None,
    user: Annotated[str | None, typer.Option(help="Who writes.", metavar="NAME")] = None,
    contact: Annotated[
        str, typer.Option(help="Where to answer; else the setting mail_from.", metavar="TEXT")
    ] = "",
    since: Annotated[
        str, typer.Option(help="Tell changes from this day or time on.", metavar="TIME")
    ] = "",
    again: Annotated[
        bool, typer.Option("--again", help="Tell also what was told in letters that were sent.")
    ] = False,
    answer_by: Annotated[
        str, typer.Option(help="Day until which an answer is asked for.", metavar="DAY")
    ] = "",
    data_centre: Annotated[
        list[int] | None,
        typer.Option(help="Only this EDMO code, 0 is unknown (repeatable).", metavar="EDMO"),
    ] = None,
    to: Annotated[
        list[str] | None,
        typer.Option(help="Address of a data centre (repeatable).", metavar="EDMO=ADDRESS"),
    ] = None,
    plots: Annotated[int, typer.Option(help="Most plots in a letter.", min=0, max=500)] = 40,
    pdf: Annotated[bool, typer.Option("--pdf", help="Attach the plots as PDF too.")] = False,
    send: Annotated[
        bool, typer.Option("--send", help="Send those that have an address; else only write.")
    ] = False,
    as_json: Json = False,
    progress: Progress = "auto",
) -> None:
    """Write a letter to each data centre about its stations; with --send, send them."""
    from ..observations import open_collection
    from ..qc.letters import Cases, compose, letters_folder, write_letters
    from ..qc.store import load_findings

    settings: Settings = ctx.obj
    settings = _with_addresses(settings, to or [])
    opened = open_collection(collection)
    with show.progress_bar(progress) as tell:
        composed = compose(
            opened,
            author=user or getpass.getuser(),
            contact=contact,
            answer_by=_day(answer_by),
            since=since,
            data_centres=data_centre or (),
            findings=load_findings(opened),
            earlier={} if again else Cases(opened).earlier(),
            settings=settings,
            artist=_artist() if plots else None,
            most_plots=plots,
            pdf=pdf,
            progress=tell,
        )
        folder = out or letters_folder(opened, settings)
        written = write_letters(opened, composed, folder, settings)
    report = [_report(w) for w in written]
    if send:
        for one, told in zip(written, report, strict=True):
            told |= _send(opened, one, user or getpass.getuser(), settings)
    if as_json:
        show.show_json({"collection": opened.path, "folder": folder, "letters": report})
    else:
        _tell(report, send)
    if any(told.get("error") for told in report):
        raise typer.Exit(NOT_SENT)


def _artist() -> Artist:
    """Load what draws the stations; it takes a while."""
    from ..plots import station

    return station


def _with_addresses(settings: Settings, given: list[str]) -> Settings:
    """Lay the addresses that the operator gives over those of the settings."""
    if not given:
        return settings
    from ..mail import read_addresses
    from ..qc.letters.addresses import address_table

    table = address_table(settings)
    for text in given:
        edmo, _, address = text.partition("=")
        if not (edmo.strip().isdecimal() and address):
            raise BadRequest(f"--to {text}: expected EDMO=ADDRESS, such as 486=data@example.org.")
        read_addresses(address)
        table[int(edmo)] = address.strip()
    return settings.model_copy(update={"data_centre_addresses": table})


def _day(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text) if text else None
    except ValueError:
        raise BadRequest(f"--answer-by {text}: expected a day such as 2027-03-01.") from None


def _report(written: Written) -> dict[str, Any]:
    letter = written.letter
    return {
        "id": letter.id,
        "edmo": letter.edmo,
        "data_centre": letter.centre,
        "file": written.path,
        "sha256": written.sha256,
        "to": written.to,
        "why_not_sent": written.why_not or "Only written: send it with --send.",
        "items": len(letter.items),
        "stations": letter.totals.stations,
        "flags": letter.totals.values,
        "anomalies": len(letter.items) - len(letter.of_kind("flag")),
        "restricted": letter.withheld,
        "sent": "",
        "refused": "",
        "error": "",
    }


def _send(opened: Collection, written: Written, user: str, settings: Settings) -> dict[str, str]:
    """Send one letter; what is wrong with it does not stop the others."""
    from ..qc.letters import deliver

    if not written.to:
        return {}
    try:
        sent = deliver(
            opened, written.path, to=written.to, user=user, settings=settings,
            approved=written.sha256,
        )  # fmt: skip
    except SdcvizError as error:
        return {"why_not_sent": str(error), "error": str(error)}
    return {"why_not_sent": "", "sent": sent.message_id, "refused": sent.told}


def _tell(report: list[dict[str, Any]], send: bool) -> None:
    show.show_rows(
        ["EDMO", "data centre", "items", "flags", "anomalies", "to", "file"],
        [
            [t["edmo"] or "", t["data_centre"], t["items"], t["flags"], t["anomalies"], t["to"],
             t["file"]]
            for t in report
        ],
    )  # fmt: skip
    for told in report:
        if send and told["why_not_sent"]:
            show.note(f"  not sent: {told['why_not_sent']}")
        if told["refused"]:
            show.note(f"  sent in part, but not to {told['refused']}")
    sent = sum(bool(told["sent"]) for told in report)
    show.note(f"{counted(len(report), 'letter')} written, {sent} sent.")
