"""A real server for tests: its own process, a free port, its own data folder."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from unittest import mock

import httpx
from waiting import LONG
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from sdcviz.settings import load_settings
from sdcviz.workspaces import tokens

T = TypeVar("T")

_START = """
import sys
from sdcviz.logs import configure
from sdcviz.settings import get_settings
from sdcviz_app.server import serve
configure(get_settings().log_level, as_json=get_settings().log_json)
serve(None, sys.argv[1:], started=lambda address: print(address, flush=True))
"""


@dataclass(frozen=True)
class Running:
    """A server that answers at `address` (with trailing slash)."""

    address: str
    data_dir: Path
    pid: int

    @property
    def origin(self) -> str:
        return "/".join(self.address.split("/")[:3])


@contextmanager
def running(
    folder: Path, collections: Sequence[Path | str] = (), **settings: str
) -> Iterator[Running]:
    """Start a server with settings (``root_path="/viz"``); stop it in the end."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "config.toml"
    config.touch()
    env = {k: v for k, v in os.environ.items() if not k.startswith(("SDCVIZ_", "BOKEH_", "PANEL_"))}
    env |= {"SDCVIZ_DATA_DIR": str(folder), "SDCVIZ_PORT": "0", "SDCVIZ_CONFIG": str(config)}
    # Most tests draw nothing of what takes a server seconds at its start.
    env |= {"SDCVIZ_WARM_UP": "false", "SDCVIZ_JOBS_NICE": "0"}
    env |= {f"SDCVIZ_{name.upper()}": value for name, value in settings.items()}
    log = folder / "server.log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-c", _START, *map(str, collections)],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=env,
            cwd=folder,
        )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        if not address:
            raise RuntimeError(f"The server did not start:\n{log.read_text()}")
        # The port is open before the application is ready; an answer says that it is.
        httpx.get(f"{address}api/health").raise_for_status()
        yield Running(address, folder, process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=LONG)


def sign_on(server: Running, *scopes: str, **how: Any) -> dict[str, str]:
    """Make a token on a server, and return the header that shows it."""
    with _settings_of(server):
        secret, _ = tokens.make_token("test", scopes, **how)
    return {"Authorization": f"Bearer {secret}"}


def revoke_all(server: Running) -> None:
    """Let no token of a server count any more."""
    with _settings_of(server):
        for token in tokens.list_tokens():
            tokens.revoke_token(token.id)


def _settings_of(server: Running) -> Any:
    settings = load_settings(data_dir=server.data_dir)
    return mock.patch.object(tokens, "get_settings", lambda: settings)


TOKEN = re.compile(r'"token":"([^"]+)"')


class Visitor:
    """A browser that opened the page."""

    def __init__(self, server: Running, **headers: str) -> None:
        self.server = server
        answer = httpx.get(server.address, headers=headers)
        answer.raise_for_status()
        self.cookie = answer.cookies["sdc_sid"]
        found = TOKEN.search(answer.text)
        assert found, "the page carries no token"
        self.token = found.group(1)

    @contextmanager
    def socket(
        self, *, token: str | None = None, cookie: str | None = None, origin: str | None = None
    ) -> Iterator[ClientConnection]:
        cookie = self.cookie if cookie is None else cookie
        with connect(
            self.server.address.replace("http", "ws", 1) + "ws",
            subprotocols=["bokeh", token or self.token],  # type: ignore[list-item]
            origin=origin or self.server.origin,  # type: ignore[arg-type]
            additional_headers={"Cookie": f"sdc_sid={cookie}"} if cookie else {},
            proxy=None,
            open_timeout=LONG,
            ping_interval=None,
        ) as socket:
            yield socket

    def refused(self, **how: str | None) -> bool:
        try:
            with self.socket(**how):  # type: ignore[arg-type]
                return False
        except InvalidStatus as error:
            return error.response.status_code == 403
