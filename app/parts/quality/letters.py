"""The tool "Letters": one for each data centre, looked at, approved, sent, answered."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import panel as pn
import param

from sdcviz.errors import SdcvizError
from sdcviz.qc.letters import Case, Cases, deliver, letter_file, letters_folder
from sdcviz.qc.letters.addresses import address_table
from sdcviz.qc.letters.composing import ANSWER_DAYS
from sdcviz.qc.letters.message import read_message
from sdcviz.qc.letters.outbox import sha256
from sdcviz.settings import get_settings
from sdcviz.words import counted, minute

from ... import downloads
from ...processes import CommandJob, Outcome
from ..background import background
from .tool_form import ToolForm, ToolPart, script, style

__all__ = ["LettersPart"]

POLL_MS = 300
PAGE = 100
"""Items that are listed at once."""
_NOTHING = "<!DOCTYPE html><title>No letter</title>"


class LettersForm(ToolForm):
    """The form in the browser; see ``letters.js``."""

    page = param.String(default=_NOTHING, doc="The letter that is shown, as HTML.")

    _esm = script("letters.js")
    _style = style("letters.css")


class LettersPart(ToolPart):
    """Write letters to data centres, send what is approved, note what they answer.

    Letters are written by a process of its own; what is sent is the file that was
    shown, byte for byte but for its addresses.
    """

    title = "Letters to data centres"
    closes_outside = False

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._said, self._wrong, self._busy = "", False, False
        self._chosen, self._page, self._approved, self._link = "", 0, "", ""
        self._cases: list[Case] = []
        self._about: dict[str, Any] | None = None
        self._poll: Any = None
        self.job: CommandJob | None = None
        self.desk.session.param.watch(
            lambda *_: self._restart(), ["collection", "collection_version"]
        )

    def _contents(self) -> list[Any]:
        self.form = LettersForm(self._take, session=self.desk.session, height=640)
        return [self.form]

    def _opened(self, new: bool) -> None:
        self._restart()

    def _restart(self) -> None:
        """Show the letters about the open collection."""
        if self._dialog is None or self.desk.data is None:
            return
        day = datetime.now(UTC).date() + timedelta(days=ANSWER_DAYS)
        self.form.form = {"answer_by": day.isoformat(), "contact": get_settings().mail_from}
        self._choose("")
        self._load()

    # ---- what the form says ------------------------------------------------
    def _take(self, said: dict[str, Any]) -> None:
        """Do what the operator asked for in the form."""
        does = said.get("do")
        if self.desk.data is None:
            return
        if does == "write":
            self._write(said)
        elif does == "cancel" and self.job is not None:
            self.job.cancel()
        elif does == "choose":
            self._choose(str(said.get("id", "")))
            self._load()
        elif does == "page":
            self._page = int(said.get("page", 0))
            self._load()
        elif does == "send":
            self._send(str(said.get("to", "")))
        elif does == "answer":
            self._answer(said.get("answers") or {})

    # ---- writing -----------------------------------------------------------
    def _write(self, said: dict[str, Any]) -> None:
        """Write the letters in a process of its own."""
        data = self.desk.data
        if self.job is not None or data is None:
            return
        given = {
            "user": self.desk.session.user,
            "contact": str(said.get("contact", ""))[:500],
            "since": str(said.get("since", "")),
            "answer-by": str(said.get("answer_by", "")),
        }
        # As one word each: what is typed can't become another option.
        words = [f"--{name}={value}" for name, value in given.items() if value]
        words += ["--again"] if said.get("again") else []
        words += ["--pdf"] if said.get("pdf") else []
        command = ["qc", "letters", "--json", "--progress", "json", *words, "--", str(data.path)]
        self.job = CommandJob("writing of letters", command)
        self.job.start(lambda outcome: None)
        self._tell("Writing the letters …")
        self._poll = pn.state.add_periodic_callback(self.follow, POLL_MS)

    def follow(self) -> None:
        """Show how far the writing is; take over what was written."""
        job = self.job
        if job is None:
            return
        if job.outcome is None:
            self._tell(job.text or self._said)
            return
        self._poll.stop()
        self.job = None
        self._finish(job.outcome)

    def _finish(self, outcome: Outcome) -> None:
        letters = outcome.report.get("letters", [])
        if outcome.cancelled:
            self._said, self._wrong = "Cancelled.", False
        elif outcome.error:
            self._said, self._wrong = outcome.error, True
        elif not letters:
            self._said, self._wrong = "There is nothing to tell that was not told before.", False
        else:
            self._said, self._wrong = f"{counted(len(letters), 'letter')} written.", False
            self._choose(letters[0]["id"])
        self._load()

    # ---- sending and answers -----------------------------------------------
    def _send(self, to: str) -> None:
        """Send the letter that is shown."""
        data, user = self.desk.data, self.desk.session.user
        case = self._case()
        if case is None or data is None or self._busy:
            return
        path, approved = self._file(case), self._approved
        settings = get_settings()

        def work() -> str:
            sent = deliver(data, path, to=to, user=user, settings=settings, approved=approved)
            return sent.told

        self._do(work, f"Sent to {to.strip()}.", "Sending …", "Sent in part, but not to {}.")

    def _answer(self, given: dict[Any, Any]) -> None:
        """Note what the data centre answered."""
        data, user, case = self.desk.data, self.desk.session.user, self._case()
        if case is None or data is None or self._busy:
            return
        answers = {int(n): (str(verdict), str(reason)) for n, (verdict, reason) in given.items()}
        noted = f"{counted(len(answers), 'answer')} noted."
        self._do(lambda: Cases(data).answer(case.id, answers, user=user), noted, "Saving …")

    def _do(self, work: Callable[[], str | None], done: str, doing: str, but: str = "{}") -> None:
        """Do something in a thread; say how it went, and `but` what it gives back."""
        self._busy = True
        self._tell(doing)

        def then(amiss: str | None, error: Exception | None) -> None:
            self._busy = False
            wrong = str(error) if error is not None else but.format(amiss) if amiss else ""
            self._said, self._wrong = wrong or done, bool(wrong)
            self._load()
            if error is not None and not isinstance(error, SdcvizError):
                raise error

        background(work, then)

    # ---- showing -----------------------------------------------------------
    def _case(self) -> Case | None:
        return next((case for case in self._cases if case.id == self._chosen), None)

    def _file(self, case: Case) -> Path:
        return letter_file(letters_folder(self.desk.data, get_settings()), case.edmo, case.id)

    def _choose(self, letter: str) -> None:
        self._chosen, self._page = letter, 0

    def _load(self) -> None:
        """Read the cases anew and show them."""
        data = self.desk.data
        if data is None or self._dialog is None:
            return
        try:
            self._cases = Cases(data).all()
        except SdcvizError as error:
            self._said, self._wrong = str(error), True
        if self._case() is None:
            self._choose(self._cases[0].id if self._cases else "")
        self._show_letter()
        self._about = self._look()
        self._tell(self._said)

    def _show_letter(self) -> None:
        """Show the chosen letter as it lies on the disk, and offer its file."""
        downloads.discard(self._link)
        self._link, self._approved = "", ""
        case = self._case()
        path = None if case is None else self._file(case)
        if path is None or not path.is_file():
            self.form.page = _NOTHING
            return
        self._approved = sha256(path)
        copy = downloads.new_folder() / path.name
        shutil.copyfile(path, copy)
        self._link = downloads.offer(copy)
        parts = read_message(path).iter_attachments()
        pages = [p for p in parts if p.get_content_type() == "text/html"]
        self.form.page = pages[0].get_content() if pages else _NOTHING

    def _tell(self, sentence: str) -> None:
        """Send the state of the tool to the form."""
        self._said = sentence
        job = self.job
        self.form.state = {
            "cases": [_listed(case) for case in self._cases],
            "shares": self._shares(),
            "chosen": self._about,
            "busy": self._busy or job is not None,
            "writing": job is not None,
            "part": job.done / job.total if job is not None and job.total else None,
            "said": self._said,
            "wrong": self._wrong,
            "from": f"From {get_settings().mail_from}",
        }

    def _shares(self) -> list[list[str | int]]:
        """Return a row for each data centre that was sent a letter."""
        names = {case.edmo: case.centre for case in self._cases}
        counts: dict[int, list[int]] = {}
        for case in self._cases:
            if case.sent:
                n = counts.setdefault(case.edmo, [0, 0, 0])
                n[0] += case.accepted
                n[1] += case.rejected
                n[2] += case.items - case.accepted - case.rejected
        return [
            [names[edmo], *n, f"{n[0] / (n[0] + n[1]):.0%}" if n[0] + n[1] else ""]
            for edmo, n in counts.items()
        ]

    def _look(self) -> dict[str, Any] | None:
        """Return what the form shows of the chosen letter."""
        case, data = self._case(), self.desk.data
        if case is None or data is None:
            return None
        pairs = Cases(data).items(case.id)
        last_page = max(0, (len(pairs) - 1) // PAGE)
        self._page = min(max(0, self._page), last_page)
        first = self._page * PAGE
        shown = pairs[first : first + PAGE]
        to, why = self._address(case)
        return {
            "id": case.id,
            "subject": case.subject,
            "told": _history(case),
            # Those who have it are not written to again.
            "to": "" if case.refused else case.recipient or to,
            "why": "Give an address in place of the refused one." if case.refused else why,
            "cannot": self._cannot(case),
            "file": self._link,
            "file_name": self._file(case).name,
            "items": len(pairs),
            "page": self._page,
            "first": first + 1 if shown else 0,
            "last": first + len(shown),
            "rows": [_item_row(item, answer) for item, answer in shown],
        }

    def _address(self, case: Case) -> tuple[str, str]:
        """Return the address that the settings know, else why there is none."""
        try:
            known = address_table(get_settings()).get(case.edmo, "")
        except SdcvizError as error:
            return "", str(error)
        whose = f"EDMO {case.edmo}" if case.edmo else "an unknown data centre"
        return known, "" if known else f"The settings have no address of {whose}: give one."

    def _cannot(self, case: Case) -> str:
        """Say why the letter can't be sent, whatever its address."""
        settings = get_settings()
        if case.sent and not case.refused:
            return f"Sent to {case.recipient}."
        if not self._approved:
            return "Its file is not on this machine any more."
        if not settings.smtp_host:
            return "No mail server is set (SDCVIZ_SMTP_HOST): send the mail file yourself."
        if not settings.mail_from:
            return "No sender is set (SDCVIZ_MAIL_FROM)."
        return ""


def _listed(case: Case) -> dict[str, Any]:
    return {
        "id": case.id,
        "centre": case.centre,
        "edmo": case.edmo,
        "day": case.time[:16].replace("T", " "),
        "items": case.items,
        "accepted": case.accepted,
        "rejected": case.rejected,
        "state": case.state,
    }


def _history(case: Case) -> str:
    """Say in one line what became of a letter."""
    told = [f"Written by {case.author} on {case.time[:10]}, answer asked for by {case.answer_by}."]
    if case.sent:
        told.append(f"Sent to {case.recipient} on {minute(case.sent)}.")
    if case.refused:
        told.append(f"Not sent to {case.refused}.")
    if case.failure:
        told.append(f"Not sent: {case.failure}")
    return " ".join(told)


def _item_row(item: Any, answer: Any) -> dict[str, Any]:
    return {
        "number": item.number,
        "cdi": item.local_cdi_id,
        "station": f"{item.cruise} / {item.name}".strip(" /"),
        "label": item.label,
        "old": item.old,
        "new": item.new,
        "values": item.values,
        "what": item.what,
        "verdict": answer.verdict if answer else "",
        "reason": answer.reason if answer else "",
    }
