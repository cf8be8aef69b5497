"""The mail about a job that ended, and the document that a webhook gets."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape

from ..errors import MailError
from ..jobs.model import Job, State
from ..mail import read_addresses
from .summary import facts, headline, last_lines, link_of, picture_of, title_of

__all__ = ["make_document", "make_mail"]

_POLICY = policy.SMTP.clone(max_line_length=78)
_COLOURS = {State.DONE: "#2e7d32", State.CANCELLED: "#5f6b7a"}
_FOOT = "You get this mail because of your settings of sdcviz: sdcviz notify set --mail '' ends it."


def make_mail(job: Job, to: str, sender: str, address: str) -> EmailMessage:
    """Make the mail about a job.

    Parameters
    ----------
    job : Job
    to, sender : str
        Addresses.
    address : str
        Of the page, for the link.

    Returns
    -------
    EmailMessage
        Text and HTML, with the picture of the result in it. Sent twice, it has the same
        Message-ID, so that the receiver shows it once.

    Raises
    ------
    MailError
        There is no sender.
    BadRequest
        An address is none.
    """
    if not sender.strip():
        raise MailError("Mail can't be sent without a sender: set SDCVIZ_MAIL_FROM to an address.")
    (senders, receivers) = read_addresses(sender), read_addresses(to)
    domain = senders[0].domain
    message = EmailMessage(policy=_POLICY)
    message["Subject"] = f"sdcviz: {headline(job)}"
    message["From"], message["To"] = senders, receivers
    message["Date"] = format_datetime(datetime.now(UTC).replace(microsecond=0))
    message["Message-ID"] = f"<{job.id}.{job.spec.attempt}@{domain}>"
    # Nobody's absence note answers a machine (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message["X-Sdcviz-Job"] = job.id
    picture = picture_of(job) if job.state is State.DONE else b""
    name = f"picture.{job.id}@{domain}" if picture else ""
    message.set_content(_plain(job, address), charset="utf-8", cte="quoted-printable")
    message.add_alternative(
        _html(job, address, name), subtype="html", charset="utf-8", cte="quoted-printable"
    )
    if picture:
        _, html = message.iter_parts()
        assert isinstance(html, EmailMessage)
        html.add_related(
            picture, "image", "png", cid=f"<{name}>", filename="picture.png", disposition="inline"
        )
    return message


def make_document(job: Job, address: str) -> bytes:
    """Make the document about a job that a webhook gets (JSON)."""
    document = {
        "event": f"job.{job.state}",
        "job": {
            "id": job.id,
            "attempt": job.spec.attempt,
            "title": title_of(job),
            "kind": job.spec.kind,
            "state": str(job.state),
            "reason": job.reason,
            "exit_code": job.exit_code,
            "owner": job.spec.owner,
            "workspace": job.spec.workspace,
            "created": job.created,
            "started": job.started,
            "ended": job.ended,
            "usage": asdict(job.usage),
        },
        "summary": [{"name": name, "text": text} for name, text in facts(job)],
        "link": link_of(job, address),
    }
    return json.dumps(document, ensure_ascii=False).encode()


def _reason(job: Job) -> str:
    return job.reason if job.state is not State.DONE else ""


def _lines(job: Job) -> str:
    return last_lines(job) if job.state in {State.FAILED, State.LOST} else ""


def _plain(job: Job, address: str) -> str:
    parts = [f"{headline(job)}."]
    if reason := _reason(job):
        parts.append(f"Reason: {reason}")
    if told := facts(job):
        parts.append("\n".join(f"{name}: {text}" for name, text in told))
    parts.append(f"Open it: {link_of(job, address)}")
    if lines := _lines(job):
        parts.append(f"The last lines of its log:\n\n{lines}")
    parts.append(f"-- \n{_FOOT}\nJob {job.id}")
    return "\n\n".join(parts) + "\n"


def _html(job: Job, address: str, picture: str) -> str:
    link = escape(link_of(job, address))
    rows = "".join(
        f'<tr><td style="padding:2px 16px 2px 0;color:#5f6b7a;vertical-align:top">{escape(name)}'
        f'</td><td style="padding:2px 0">{escape(text)}</td></tr>'
        for name, text in facts(job)
    )
    reason, lines = _reason(job), _lines(job)
    colour = _COLOURS.get(job.state, "#b3261e")
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        f"<title>{escape(headline(job))}</title></head>",
        '<body style="font:15px/1.45 Helvetica,Arial,sans-serif;color:#1c2733;'
        'max-width:640px;margin:16px">',
        f'<h1 style="font-size:19px;color:{colour}">{escape(headline(job))}</h1>',
        f"<p><b>Reason:</b> {escape(reason)}</p>" if reason else "",
        f'<p><a href="{link}"><img src="cid:{picture}" alt="Map of the result: first level and '
        'time" width="600" style="width:100%;max-width:600px;border:0"></a></p>'
        if picture
        else "",
        f'<table style="border-collapse:collapse">{rows}</table>' if rows else "",
        f'<p><a href="{link}" style="display:inline-block;padding:8px 16px;background:#0b5394;'
        'color:#ffffff;text-decoration:none;border-radius:4px">Open in sdcviz</a></p>',
        '<p>The last lines of its log:</p><pre style="font-size:12px;background:#f2f5f8;'
        f'padding:8px;white-space:pre-wrap">{escape(lines)}</pre>'
        if lines
        else "",
        f'<p style="font-size:12px;color:#5f6b7a">{escape(_FOOT)}<br>Job {job.id}</p>',
        "</body></html>",
    ]
    return "\n".join(part for part in parts if part) + "\n"
