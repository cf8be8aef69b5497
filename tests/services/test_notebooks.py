"""Notebooks behind the page's server: a real JupyterLab, its kernel, and who gets in."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar
from unittest import mock

import httpx
import pytest
from conftest import need
from serving import Running, Visitor, running
from waiting import LONG, until
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from sdcviz import jobs
from sdcviz.demo import make_demo
from sdcviz.jobs.model import Job, State
from sdcviz.observations import Filters
from sdcviz.settings import get_settings
from sdcviz_app import notebooks
from sdcviz_app.server.guard import VISITOR
from sdcviz_app.server.notebook_idle import IdleWatch
from sdcviz_app.server.notebook_places import Places

pytestmark = [pytest.mark.service, pytest.mark.slow]

T = TypeVar("T")


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_demo(tmp_path_factory.mktemp("demo") / "demo", stations=100)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, collection: Path) -> Iterator[Running]:
    need(find_spec("jupyterlab"), "JupyterLab is missing: pip install 'sdcviz[notebook]'")
    folder = tmp_path_factory.mktemp("server")
    with running(folder, [collection], root_path="/viz", notebook_idle="0") as server:
        yield server


@pytest.fixture(scope="module", autouse=True)
def as_server(server: Running) -> Iterator[None]:
    """Give this process the database and the prefix of the server."""
    given = {"SDCVIZ_DATA_DIR": str(server.data_dir), "SDCVIZ_ROOT_PATH": "/viz"}
    with mock.patch.dict(os.environ, given):
        get_settings.cache_clear()
        yield
    get_settings.cache_clear()


@pytest.fixture(scope="module")
def visitor(server: Running) -> Visitor:
    return Visitor(server)


@contextmanager
def notebook(collection: Path, **given: Any) -> Iterator[Job]:
    """Run a notebook; the server keeps its job."""
    job = notebooks.start(collection, "demo", **given)
    try:
        yield until(lambda: found if notebooks.is_ready(found := jobs.get(job.id)) else None)
    finally:
        if not jobs.get(job.id).is_over:
            jobs.cancel(job.id)
        until(lambda: jobs.get(job.id).is_over)


@pytest.fixture(scope="module")
def job(server: Running, as_server: None, collection: Path) -> Iterator[Job]:
    with notebook(collection, filters=Filters.of(months=(6, 7, 8))) as job:
        yield job


def request(socket: ClientConnection, code: str) -> str:
    """Ask a kernel to run code; return the id of the request."""
    asked = uuid.uuid4().hex
    header = {"msg_id": asked, "msg_type": "execute_request", "version": "5.3",
              "username": "", "session": uuid.uuid4().hex, "date": ""}  # fmt: skip
    content = {"code": code, "silent": False, "store_history": False,
               "user_expressions": {}, "allow_stdin": False}  # fmt: skip
    message = {"header": header, "parent_header": {}, "metadata": {}, "buffers": [],
               "content": content, "channel": "shell"}  # fmt: skip
    socket.send(json.dumps(message))
    return asked


class Desk:
    """What a browser with the visitor's cookie sees of a notebook."""

    def __init__(self, server: Running, visitor: Visitor, id: str) -> None:
        self.base = f"{server.address}notebooks/{id}/"
        self.origin = server.origin
        self.cookie = f"sdc_sid={visitor.cookie}"
        self.client = httpx.Client(headers={"Cookie": self.cookie})

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.client.get(self.base + path, headers=headers)

    def post(self, path: str, document: Any = None, origin: str = "") -> httpx.Response:
        headers = {"Origin": origin or self.origin}
        return self.client.post(self.base + path, json=document, headers=headers)

    def channels(self, kernel: str, **given: Any) -> ClientConnection:
        address = f"{self.base}api/kernels/{kernel}/channels?session_id={uuid.uuid4().hex}"
        headers = {"Cookie": given.pop("cookie", self.cookie)}
        given.setdefault("origin", self.origin)
        given.setdefault("max_size", None)
        given |= {"open_timeout": LONG, "ping_interval": None}
        return connect(
            address.replace("http", "ws", 1), additional_headers=headers, proxy=None, **given
        )

    def run(self, kernel: str, code: str) -> str:
        """Run code in a kernel, and return what it prints."""
        with self.channels(kernel) as socket:
            asked = request(socket, code)
            printed = ""
            while True:
                told = json.loads(socket.recv(timeout=180))
                if told["parent_header"].get("msg_id") != asked:
                    continue
                if told["msg_type"] == "stream":
                    printed += told["content"]["text"]
                assert told["msg_type"] != "error", told["content"]
                if told["msg_type"] == "status" and told["content"]["execution_state"] == "idle":
                    return printed


@pytest.fixture(scope="module")
def desk(server: Running, visitor: Visitor, job: Job) -> Desk:
    return Desk(server, visitor, job.id)


@pytest.fixture(scope="module")
def kernel(desk: Desk) -> str:
    made = desk.post("api/kernels")
    assert made.status_code == 201
    return str(made.json()["id"])


def token_of(job: Job) -> str:
    (file,) = (job.spec.folder / "jupyter" / "runtime").glob("jpserver-*.json")
    assert file.stat().st_mode & 0o077 == 0
    return str(json.loads(file.read_text())["token"])


def test_the_page_loads_without_the_token(desk: Desk, job: Job) -> None:
    page = desk.get("lab/tree/notebook.ipynb", Accept="text/html")
    assert page.status_code == 200 and "JupyterLab" in page.text
    assert token_of(job) not in page.text + str(page.headers)
    (script,) = [part.split('"')[0] for part in page.text.split('src="') if "main." in part[:200]]
    assert script.startswith(f"/viz/notebooks/{job.id}/static/")
    got = httpx.get(desk.origin + script, headers={"Cookie": desk.cookie})
    assert got.status_code == 200 and len(got.content) > 10_000
    policies = page.headers.get_list("content-security-policy")
    assert any("object-src 'none'" in policy for policy in policies)
    assert any("sandbox" in p for p in desk.get("files/notebook.ipynb").headers.get_list(
        "content-security-policy"))  # fmt: skip


def test_a_kernel_computes_over_the_websocket(desk: Desk, kernel: str) -> None:
    assert desk.run(kernel, "print(1 + 1)") == "2\n"
    # What the kernel starts writes no events of the notebook's job.
    assert desk.run(kernel, "import os; print('SDCVIZ_EVENTS' in os.environ)") == "False\n"


def test_much_goes_through(desk: Desk, kernel: str) -> None:
    assert desk.run(kernel, "print('x' * 3_000_000)") == "x" * 3_000_000 + "\n"
    body = {"type": "file", "format": "text", "content": "y" * 5_000_000}
    saved = desk.client.put(
        desk.base + "api/contents/large.txt", json=body, headers={"Origin": desk.origin}
    )
    assert saved.status_code == 201
    assert len(desk.get("files/large.txt").content) == 5_000_000


def test_a_foreign_page_is_refused(desk: Desk, kernel: str, server: Running) -> None:
    for origin in ("http://evil.example", "null", server.origin + ".evil.example"):
        assert desk.post("api/kernels", origin=origin).status_code == 403
        with pytest.raises(InvalidStatus) as refused, desk.channels(kernel, origin=origin):
            pass
        assert refused.value.response.status_code == 403
    with pytest.raises(InvalidStatus), desk.channels(kernel, origin=None):
        pass
    embedded = desk.get("lab", **{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"})
    assert embedded.status_code == 403


def test_others_are_refused(desk: Desk, kernel: str, job: Job, collection: Path) -> None:
    assert httpx.get(desk.base + "api/status").status_code == 401
    token = {"Authorization": f"token {token_of(job)}"}
    assert httpx.get(desk.base + "api/status", headers=token).status_code == 401
    for cookie in ("other=1", "sdc_sid=made-up", "sdc_sid=made.up"):
        with pytest.raises(InvalidStatus), desk.channels(kernel, cookie=cookie):
            pass
        got = httpx.get(desk.base + "api/status", headers={"Cookie": cookie})
        assert got.status_code == 401
    theirs = jobs.submit(
        ["notebook", "--collection", str(collection)], kind="notebook", owner="bob"
    )
    mine = jobs.submit(["info", str(collection)])
    for id in (theirs.id, mine.id, "0" * 32, "x"):
        there = desk.base.replace(job.id, id) + "lab"
        assert desk.client.get(there).status_code == 404
    jobs.cancel(theirs.id)


def test_a_tab_waits_for_what_was_promised(desk: Desk, job: Job) -> None:
    there = desk.base.replace(job.id, notebooks.promise())
    # This process made the promise; the server does not know of it.
    assert desk.client.get(there).status_code == 404
    seen = Places().of(notebooks.promise(), {VISITOR: True})
    assert (seen.job, seen.place, seen.sentence) == (None, None, "The notebook starts.")


def test_jupyter_never_sees_the_visitors_cookie(desk: Desk, kernel: str) -> None:
    """Nor can what runs there give a visitor another cookie."""
    from sdcviz_app.server import notebooks as proxy

    assert proxy._cookies({"sdc_sid": "secret", "_xsrf": "1"}) == "_xsrf=1"
    stolen = [(b"Set-Cookie", b"sdc_sid=evil; Path=/"), (b"Set-Cookie", b"_xsrf=1")]
    names = [value for name, value in proxy._answered(stolen) if name == b"set-cookie"]
    assert names == [b"_xsrf=1"]


def test_hibernate_keeps_the_work_and_wake_goes_on(
    desk: Desk, kernel: str, job: Job, server: Running
) -> None:
    desk.run(kernel, "open('work.txt', 'w').write('kept')")
    changed = {"type": "notebook", "content": _with_cell(desk, "print('mine')")}
    url, headers = desk.base + "api/contents/notebook.ipynb", {"Origin": desk.origin}
    assert desk.client.put(url, json=changed, headers=headers).status_code == 200
    jobs.hibernate(job.id)
    until(lambda: jobs.get(job.id).state is State.HIBERNATED)
    asleep = desk.get("lab", Accept="text/html")
    assert asleep.status_code == 409 and "hibernates" in asleep.text
    assert desk.get("api/status").json()["state"] == "hibernated"
    with pytest.raises(InvalidStatus), desk.channels(kernel):
        pass
    wake = desk.client.post(f"{server.address}api/jobs/{job.id}/wake", headers=headers)
    assert wake.status_code == 200
    until(lambda: desk.get("api/status").status_code == 200)
    assert desk.get("files/work.txt").text == "kept"
    cells = desk.get("api/contents/notebook.ipynb").json()["content"]["cells"]
    assert cells[-1]["source"] == "print('mine')"


def _with_cell(desk: Desk, code: str) -> dict[str, Any]:
    content = dict(desk.get("api/contents/notebook.ipynb").json()["content"])
    cell = {"cell_type": "code", "id": "mine", "source": code, "metadata": {}, "outputs": [],
            "execution_count": None}  # fmt: skip
    return {**content, "cells": [*content["cells"], cell]}


def test_idle_ones_hibernate_and_busy_ones_do_not(desk: Desk, job: Job) -> None:
    """Runs after the test of hibernation, on the notebook that was woken."""
    kernel = str(desk.post("api/kernels").json()["id"])
    watch = IdleWatch(minutes=0.02 / 60)
    with desk.channels(kernel):
        busy = "import time\nfor _ in range(3000): time.sleep(0.01)"
        _send(desk, kernel, busy)
        for _ in range(3):
            watch.look()
            time.sleep(0.03)
        assert jobs.get(job.id).state is State.RUNNING
        assert desk.post(f"api/kernels/{kernel}/interrupt").status_code == 204
    until(lambda: watch.look() or jobs.get(job.id).state is State.HIBERNATED)


def _state(desk: Desk, kernel: str) -> str:
    return str(desk.get(f"api/kernels/{kernel}").json()["execution_state"])


def _send(desk: Desk, kernel: str, code: str) -> None:
    with desk.channels(kernel) as socket:
        request(socket, code)
        until(lambda: _state(desk, kernel) == "busy")


def test_a_notebook_that_is_stopped_leaves_nothing_behind(desk: Desk, job: Job) -> None:
    jobs.cancel(job.id)
    ended = until(lambda: found if (found := jobs.get(job.id)).is_over else None)
    assert ended.state is State.CANCELLED
    assert "stopped" in desk.get("lab", Accept="text/html").text
    mark = f"SDCVIZ_JOB={job.id}".encode()
    until(lambda: not [p for p in Path("/proc").glob("[0-9]*/environ") if mark in _read(p)])


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
