"""An analysis that goes on: in a container, through a server that was killed, to a mail."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from mail_server import MailServer, mail_server
from playwright.sync_api import Page, expect
from ports import free_port
from serving import Running, running
from test_interpolate import Tab
from waiting import until

pytestmark = pytest.mark.service


@pytest.fixture
def post(tmp_path: Path) -> Iterator[MailServer]:
    with mail_server(tmp_path / "post") as running_:
        yield running_


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return a folder in which a container without rights may walk to what is mounted."""
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    return tmp_path / "server"


@contextmanager
def serving(place: Path, demo: Path, port: int, **settings: Any) -> Iterator[Running]:
    """Serve the demo with the same data, port and engines each time."""
    texts = {
        name: ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
        for name, value in settings.items()
    }
    with running(place, [demo], port=str(port), engines="local,docker", **texts) as server:
        yield server


def containers(daemon: Any) -> list[str]:
    """Tell how the containers of jobs are that have not ended."""
    with daemon.client() as docker:
        found = docker.containers.list(filters={"label": "sdcviz.job"})
        return [container.status for container in found]


@pytest.mark.slow
def test_a_run_survives_its_server_and_tells_by_mail(
    open_page: Callable[..., Page], docker_daemon: Any, place: Path, post: MailServer
) -> None:
    from sdcviz.demo import make_demo

    demo = make_demo(place.parent / "demo", stations=600)
    settings = {**docker_daemon.settings(), **post.settings, "mail_from": "desk@x.example"}
    port = free_port()
    with serving(place, demo, port, **settings) as server:
        page = open_page(f"{server.address}?tab=interpolate")
        tab = Tab(page)
        tab.shows("January at 0 m")
        page.get_by_role("button", name=re.compile("^Notices")).click()
        page.get_by_label("Mail address").fill("ann@x.example")
        page.locator("form.wishes").get_by_role("button", name="Save").click()
        page.keyboard.press("Escape")
        tab.enter("depths", "0, 20, 50, 100, 150, 200, 300, 500")
        tab.press("2 x level distance")
        page.get_by_label("Where it runs").select_option("docker")
        page.get_by_label("Time after").click()
        tab.shows("February at 0 m")

        tab.press("Start")
        tab.is_job("running")
        tab.press("Pause")
        tab.is_job("paused")
        assert containers(docker_daemon) == ["paused"]
        page.reload()
        tab.is_job("paused")
        tab.press("Resume")
        tab.is_job("running")
        os.kill(server.pid, signal.SIGKILL)
        assert containers(docker_daemon) == ["running"]
        page.close()

    with serving(place, demo, port, **settings) as server:
        page = open_page(f"{server.address}?tab=interpolate")
        page.get_by_role("button", name=re.compile("^Jobs")).click()
        expect(page.locator("[role=list] .job[data-state=done]")).to_be_visible()
        (mail,) = until(lambda: post.mails)
        html = mail.get_body(("html",))
        assert html is not None and mail["To"] == "ann@x.example"
        (picture,) = [part for part in mail.walk() if part.get_content_type() == "image/png"]
        assert len(picture.get_content()) > 5000
        link = re.search(r'href="([^"]+job=[0-9a-f]{32}[^"]*)"', html.get_content())
        assert link is not None
        page.close()

        page = open_page(link[1].replace("&amp;", "&"))
        tab = Tab(page)
        tab.is_job("done")
        tab.press("Show product")
        tab.shows("February at 0 m: product")
        page.close()
