"""Hand a document to a web address that a person named (webhook), signed."""

from __future__ import annotations

import hashlib
import hmac
import time
from urllib.parse import SplitResult, urlsplit

from ..errors import BadRequest, MailError
from ..settings import Settings

__all__ = ["SIGNATURE", "check_address", "post", "signature"]

SIGNATURE = "X-Sdcviz-Signature"
"""Header ``t=SECONDS,v1=HEX``: HMAC-SHA-256 of ``SECONDS.BODY`` by the shared secret."""
TIMEOUT = 15.0
_AGAIN = frozenset({408, 425, 429})
"""Refusals that may pass."""


def check_address(address: str, settings: Settings) -> SplitResult:
    """Return the parts of an address, if documents may be sent there.

    Raises
    ------
    BadRequest
        It is no plain http or https address, or its host is not in `webhook_hosts`: this server
        may reach machines that the person who names an address may not.
    """
    try:
        parts = urlsplit(address.strip())
        port = parts.port
    except ValueError as error:
        raise BadRequest(f"{address!r} is no web address ({error}).") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
        raise BadRequest(
            f"{address!r}: a webhook is an address such as https://host.example/path, "
            "without a name or password in it."
        )
    if any(ord(c) <= 32 or ord(c) == 127 or c == "\\" for c in address.strip()):
        raise BadRequest(f"{address!r} is no web address: it holds blanks or control characters.")
    names = {parts.hostname.lower(), f"{parts.hostname.lower()}:{port or _usual(parts.scheme)}"}
    if not names & {name.lower() for name in settings.webhook_hosts}:
        raise BadRequest(
            f"{parts.hostname}: this server sends nothing there; whoever runs it can allow the "
            "host by SDCVIZ_WEBHOOK_HOSTS."
        )
    return parts


def signature(body: bytes, secret: str, moment: int) -> str:
    """Return the value of the header that proves who sent a body, and when."""
    made = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256)
    return f"t={moment},v1={made.hexdigest()}"


def post(address: str, body: bytes, delivery: str, secret: str, settings: Settings) -> None:
    """Hand a document over, once.

    Parameters
    ----------
    address : str
    body : bytes
        JSON.
    delivery : str
        The same for each attempt: what arrives twice is known by it.
    secret : str
    settings : Settings

    Raises
    ------
    BadRequest
        The address is not allowed (any more).
    MailError
        It was not taken; `passing` where another attempt may help.
    """
    import httpx

    host = check_address(address, settings).hostname
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "sdcviz",
        "X-Sdcviz-Delivery": delivery,
        SIGNATURE: signature(body, secret, int(time.time())),
    }
    try:
        # No proxy, redirect or netrc of the environment leads elsewhere; what it answers is not
        # read: it may be endless.
        with (
            httpx.Client(timeout=TIMEOUT, follow_redirects=False, trust_env=False) as client,
            client.stream("POST", address, content=body, headers=headers) as answer,
        ):
            status = answer.status_code
    except httpx.HTTPError as error:
        reason = str(error) or type(error).__name__
        raise MailError(f"The webhook at {host} can't be reached ({reason}).", True) from error
    if 200 <= status < 300:
        return
    passing = status >= 500 or status in _AGAIN
    more = "; redirects are not followed" if 300 <= status < 400 else ""
    raise MailError(f"The webhook at {host} answered {status}{more}.", passing)


def _usual(scheme: str) -> int:
    return 443 if scheme == "https" else 80
