"""Jobs that have ended, for the tests of notification, and receivers of what is sent."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

from sdcviz.jobs.model import Job, JobSpec, State, Usage
from sdcviz.jobs.store import Store
from sdcviz.notifications import Notifier, Preferences
from sdcviz.notifications.preferences import save_preferences
from sdcviz.settings import Settings, load_settings

T = TypeVar("T")

REPORT = {
    "out": "product.nc",
    "observations": 12345,
    "used": 12001,
    "rmse": 0.3141,
    "unit": "°C",
    "worst": [
        {"station": "486-FI35<b>", "time": "1999-08-02", "depth": 12.0, "residual": -2.5},
        {"station": "486-FI36", "time": "2001-02-03", "depth": 0.0, "residual": 1.25},
    ],
    "warnings": ["January: few data"],
}
USAGE = Usage(cpu=200.0, wall=180.0, memory=1_500_000_000)


class Office:
    """A database of jobs, a person with preferences, and what tells her.

    Parameters
    ----------
    folder : Path
    **given
        Settings.
    """

    def __init__(self, folder: Path, **given: Any) -> None:
        usual = {"data_dir": folder, "mail_from": "sdcviz <viz@desk.example>", "port": 5099}
        self.settings: Settings = load_settings(**{**usual, **given})
        self.folder = folder
        self.store = Store(f"sqlite:///{folder}/jobs.sqlite")
        self.notifier = self.make()
        self.notices = self.notifier.notices

    def make(self, **given: Any) -> Notifier:
        given.setdefault("pauses", (0.0, 0.0))
        return Notifier(self.settings, url=self.store.url, **given)

    def wish(self, owner: str = "ann", **wishes: Any) -> None:
        save_preferences(owner, Preferences(**wishes), self.settings, self.store.url)

    def ended(self, state: State = State.DONE, **given: Any) -> Job:
        """Return a job in the database that has ended, and tell of it."""
        job = self.job(state, **given)
        self.notifier.on_end(job)
        return job

    def job(self, state: State = State.DONE, **given: Any) -> Job:
        id = secrets.token_hex(16)
        of_spec = {n: given.pop(n) for n in list(given) if n in JobSpec.__dataclass_fields__}
        usual: dict[str, Any] = {"title": "Temperature, month by month", "kind": "divand"}
        usual |= {"owner": "ann", "arguments": ("divand", "r.yaml")}
        spec = JobSpec(id=id, folder=self.folder / "jobs" / id, **{**usual, **of_spec})
        (spec.folder / "work").mkdir(parents=True)
        given.setdefault("usage", USAGE)
        given.setdefault("result", REPORT if state is State.DONE else {})
        job = Job(spec, state=state, created="2026-11-26T12:00:00+00:00", **given)
        return self.store.add(job)

    def send_all(self) -> None:
        while self.notifier.send_due():
            pass

    def states(self, job: Job) -> list[tuple[str, str, int]]:
        return [(m.channel, m.state, m.tries) for m in self.notices.messages(job.id)]


@dataclass
class Receiver:
    """A web server that takes documents, and answers as told."""

    address: str = ""
    answers: list[int] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def host(self) -> str:
        return self.address.split("/")[2]


@contextmanager
def receiver() -> Iterator[Receiver]:
    """Run a web server on a free port."""
    told = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.got.append((dict(self.headers), body))
            status = told.answers.pop(0) if told.answers else 204
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", f"{told.address}elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.address = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
