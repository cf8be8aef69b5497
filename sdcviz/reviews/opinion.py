"""What people say of a review: comments, verdicts, a signature."""

from __future__ import annotations

import fcntl
import re
import secrets
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

from ..errors import BadRequest
from .document import canonical_sum, now, plain, read, write

__all__ = ["VERDICTS", "comment", "orcid_of", "read_opinion", "renew", "sign", "verdict", "verify"]

P = ParamSpec("P")

VERDICTS = ("pass", "minor", "major", "not applicable")
_LONGEST = 10_000
_ORCID = re.compile(r"(?:https?://orcid\.org/)?(\d{4})-?(\d{4})-?(\d{4})-?(\d{3}[\dXx])/?")


def read_opinion(folder: Path | str) -> dict[str, Any]:
    """Read `opinion.json`: comments, verdicts, signature; empty where nobody wrote anything."""
    import json

    path = Path(folder) / "opinion.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        found = {}
    if not isinstance(found, dict):
        found = {}
    return {
        "comments": list(found.get("comments") or []),
        "verdicts": dict(found.get("verdicts") or {}),
        "signature": found.get("signature"),
    }


def _alone(change: Callable[P, dict[str, Any]]) -> Callable[P, dict[str, Any]]:
    """Let one process after the other change the opinion of a folder."""

    @wraps(change)
    def alone(*args: P.args, **more: P.kwargs) -> dict[str, Any]:
        folder = Path(str(args[0] if args else more["folder"]))
        read(folder)  # no lock where there is no review
        with open(folder / ".opinion.lock", "a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            return change(*args, **more)

    return alone


@_alone
def comment(
    folder: Path | str, block: str, text: str, author: str = "", view: Any = None
) -> dict[str, Any]:
    """Add a comment on a block, or on the whole review for an empty one.

    Parameters
    ----------
    folder : path-like
    block : str
        Key of a block; empty: the whole.
    text, author : str
    view : dict, optional
        What the page showed, so that the comment can be opened there.

    Returns
    -------
    dict
        The document as it is now; a signature is gone.

    Raises
    ------
    BadRequest
        There is no text or block.
    """
    said = text.strip()
    if not said:
        raise BadRequest("A comment needs a text.")
    if len(said) > _LONGEST:
        raise BadRequest(f"A comment has at most {_LONGEST} characters; this one has {len(said)}.")
    opinion = read_opinion(folder)
    _known(read(folder), block, True)
    opinion["comments"].append({
        "id": secrets.token_hex(4), "block": block, "text": said, "author": author.strip(),
        "time": now(), "view": plain(view) if view is not None else None,
    })  # fmt: skip
    return _changed(folder, opinion)


@_alone
def verdict(
    folder: Path | str, block: str, verdict: str, note: str = "", author: str = ""
) -> dict[str, Any]:
    """Say what is thought of a block; an empty verdict takes it back.

    Parameters
    ----------
    folder : path-like
    block : str
    verdict : {"pass", "minor", "major", "not applicable", ""}
    note, author : str

    Raises
    ------
    BadRequest
        There is no such block or verdict.
    """
    if verdict not in (*VERDICTS, ""):
        raise BadRequest(f"{verdict!r} is no verdict: {', '.join(VERDICTS)}.")
    _known(read(folder), block, False)
    opinion = read_opinion(folder)
    if verdict:
        opinion["verdicts"][block] = {
            "verdict": verdict, "note": note.strip()[:_LONGEST], "author": author.strip(),
            "time": now(),
        }  # fmt: skip
    else:
        opinion["verdicts"].pop(block, None)
    return _changed(folder, opinion)


@_alone
def sign(folder: Path | str, name: str, orcid: str) -> dict[str, Any]:
    """Sign a review: name, ORCID and the checksum of all that is signed.

    Any later change of the review takes the signature away.

    Raises
    ------
    BadRequest
        The name is missing, the ORCID is none, or nobody has given a verdict.
    """
    if not name.strip():
        raise BadRequest("A signature needs a name.")
    identity = orcid_of(orcid)
    opinion = read_opinion(folder)
    if not opinion["verdicts"]:
        raise BadRequest("Nothing is signed before there is a verdict on at least one block.")
    document = read(folder)
    document["opinion"] = {k: opinion[k] for k in ("comments", "verdicts")}
    document["signature"] = None
    opinion["signature"] = {
        "name": " ".join(name.split()), "orcid": identity, "time": now(),
        "sha256": canonical_sum(document),
    }  # fmt: skip
    return _write(Path(folder), document, opinion, True)


def orcid_of(text: str) -> str:
    """Return an ORCID as ``0000-0002-1825-0097``.

    Raises
    ------
    BadRequest
        It has not sixteen signs, or its last one does not fit the others (ISO 7064).
    """
    match = _ORCID.fullmatch(text.strip())
    if not match:
        raise BadRequest(f"{text!r} is no ORCID: sixteen digits such as 0000-0002-1825-0097.")
    signs = "".join(match.groups()).upper()
    total = 0
    for digit in signs[:15]:
        total = (total + int(digit)) * 2
    check = (12 - total % 11) % 11
    if signs[15] != ("X" if check == 10 else str(check)):
        raise BadRequest(f"{text!r} is no ORCID: its last sign does not fit the others.")
    return "-".join(signs[k : k + 4] for k in range(0, 16, 4))


def verify(folder: Path | str) -> tuple[bool, str]:
    """Tell whether a review is signed and unchanged since, and a sentence that says so."""
    document = read(folder)
    signature = document.get("signature")
    if not signature:
        return False, "The review is not signed."
    who = f"{signature.get('name')} ({signature.get('orcid')}) on {signature.get('time')}"
    if canonical_sum(document) != signature.get("sha256"):
        return False, f"The review was changed after {who} signed it."
    opinion = read_opinion(folder)
    beside = {k: opinion[k] for k in ("comments", "verdicts")}
    if beside != document["opinion"] or opinion["signature"] != signature:
        return False, f"The opinion beside the review is another one than {who} signed."
    return True, f"Signed by {who}; unchanged since."


def renew(folder: Path, document: dict[str, Any], report: bool = True) -> dict[str, Any]:
    """Write the document of a new run; what people wrote before stays, the signature goes."""
    return _write(folder, document, {**read_opinion(folder), "signature": None}, report)


def _known(document: dict[str, Any], block: str, whole: bool) -> None:
    keys = [b["key"] for b in document["blocks"]]
    if block not in keys and not (whole and not block):
        raise BadRequest(f"The review has no block {block!r}: {', '.join(keys)}.")


def _changed(folder: Path | str, opinion: dict[str, Any]) -> dict[str, Any]:
    opinion["signature"] = None
    return _write(Path(folder), read(folder), opinion, True)


def _write(
    folder: Path, document: dict[str, Any], opinion: dict[str, Any], report: bool
) -> dict[str, Any]:
    document["opinion"] = {k: opinion[k] for k in ("comments", "verdicts")}
    document["signature"] = opinion["signature"]
    if opinion["comments"] or opinion["verdicts"] or (folder / "opinion.json").exists():
        write(folder / "opinion.json", opinion)
    write(folder / "review.json", document)
    if report:
        from .report import write_report

        write_report(folder, document)
    return document
