"""Hears of jobs that ended, and sends what is to be sent, beside everything else."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from ..errors import BadRequest, MailError, NotFound, SdcvizError
from ..jobs.model import Job, State
from ..jobs.store import Store
from ..jobs.tables import database_of
from ..mail import send
from ..settings import Settings, get_settings
from .letter import make_document, make_mail
from .notices import Message, Notices
from .preferences import preferences_of, secret_of, wanted
from .summary import address_of, facts, title_of
from .webhook import post

__all__ = ["PAUSES", "Notifier"]

log = logging.getLogger(__name__)

PAUSES = (15.0, 60.0, 300.0, 1200.0, 3600.0, 4 * 3600.0, 12 * 3600.0)
"""Seconds before each further attempt; after the last one it is given up."""
LOOK_EVERY = 2.0
"""Seconds between two looks at the outbox; what this process puts there is seen at once."""


class Notifier:
    """Tells people how their jobs ended.

    Parameters
    ----------
    settings : Settings, optional
    address : str
        Of the page, where it is not that of the settings (a port that was chosen at the start).
    url : str, optional
        Database of jobs; by default that of the settings.
    pauses : sequence of float
        Seconds before each further attempt to send something.

    Examples
    --------
    >>> notifier = Notifier()  # doctest: +SKIP
    >>> notifier.start()  # doctest: +SKIP
    >>> Keeper(on_end=notifier.on_end).start()  # doctest: +SKIP
    """

    def __init__(
        self,
        settings: Settings | None = None,
        address: str = "",
        url: str | None = None,
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        self.settings = settings or get_settings()
        self.address = (self.settings.public_url and address_of(self.settings)) or address
        self.address = self.address or address_of(self.settings)
        self.url = url or database_of(self.settings)
        self.notices = Notices(self.url)
        self._pauses = tuple(pauses)
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    # ---- hearing -------------------------------------------------------
    def on_end(self, job: Job) -> None:
        """Write down whom to tell of a job that ended; told twice, it is one notice.

        Of a job that says so (`JobSpec.notify`: ``notice``, false) nobody is told.

        Raises
        ------
        StorageError
            The database can't be written.
        """
        if not job.spec.notify.get("notice", True):
            return
        targets = wanted(job, preferences_of(job.spec.owner, self.url))
        if self.notices.add(job, title_of(job), _sentence(job), targets):
            self._wake.set()

    # ---- sending -------------------------------------------------------
    def start(self) -> None:
        """Send in a thread until `stop`."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name="notices", daemon=True)
            self._thread.start()

    def stop(self, patience: float = 5.0) -> None:
        """Try once what is due, then no more; what was not sent is tried with the next start."""
        self._stopping.set()
        self._wake.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(patience)

    def _run(self) -> None:
        while True:
            self._wake.clear()
            stopping = self._stopping.is_set()
            try:
                busy = self.send_due()
            except SdcvizError as error:
                log.warning("Notices: %s", error)
                busy = False
            except Exception:
                log.exception("Notices: something stumbled and goes on")
                busy = False
            if not busy:
                if stopping:
                    return
                self._wake.wait(LOOK_EVERY)

    def send_due(self) -> bool:
        """Try once what is due; return whether there was anything."""
        messages = self.notices.take(1)
        for message in messages:
            self._try(message)
        return bool(messages)

    def _try(self, message: Message) -> None:
        """Send a message, or write down why not."""
        try:
            answer = self._send(message)
        except MailError as error:
            self._not_sent(message, str(error), error.passing)
        except SdcvizError as error:
            self._not_sent(message, str(error), not isinstance(error, BadRequest | NotFound))
        except Exception as error:
            log.exception("The %s about job %s can't be made", message.channel, message.job)
            self._not_sent(message, f"it can't be made ({type(error).__name__})", False)
        else:
            self.notices.sent(message, answer)

    def _not_sent(self, message: Message, reason: str, passing: bool) -> None:
        what = f"The {_CALLED[message.channel]} to {message.target} was not sent: {reason}"
        if passing and message.tries < len(self._pauses):
            log.info("%s Trying again later.", what)
            self.notices.later(message, reason, self._pauses[message.tries])
            return
        log.warning("%s", what)
        self.notices.refused(message, what)

    def _send(self, message: Message) -> str:
        """Send a message; return what is to be said of receivers that have not got it."""
        job = Store(self.url).get(message.job)
        if message.channel == "mail":
            mail = make_mail(job, message.target, self.settings.mail_from, self.address)
            told = send(mail, self.settings, pauses=()).told
            return f"The mail did not reach all: {told}." if told else ""
        secret = secret_of(message.owner, message.target, self.settings)
        delivery = f"{message.job}.{message.attempt}"
        body = make_document(job, self.address)
        post(message.target, body, delivery, secret, self.settings)
        return ""


_CALLED = {"mail": "mail", "webhook": "webhook"}


def _sentence(job: Job) -> str:
    """Return what came of a job in a few words."""
    if job.state is not State.DONE and job.reason:
        return job.reason
    return "; ".join(f"{name}: {text}" for name, text in facts(job)[:4])
