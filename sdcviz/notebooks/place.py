"""Where the JupyterLab of a job listens, and what it asks for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from .server import SERVERS

__all__ = ["Place", "find_place"]


@dataclass(frozen=True)
class Place:
    """One JupyterLab.

    Attributes
    ----------
    url : str
        Scheme, host and port.
    base_url : str
        Path of its pages, with a slash at both ends.
    token : str
        What it asks for.
    """

    url: str
    base_url: str
    token: str


def find_place(folder: Path, endpoint: str = "") -> Place | None:
    """Return where the JupyterLab in a job folder listens; None while it does not.

    Parameters
    ----------
    folder : Path
        Job folder.
    endpoint : str
        Address as the job's engine knows it. On this machine what Jupyter itself wrote comes
        first: it takes another port where the one that was asked for is taken.
    """
    written = sorted((folder / SERVERS).glob("jpserver-*.json"), key=lambda p: p.stat().st_mtime)
    for path in reversed(written):
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            port, base, token = int(told["port"]), str(told["base_url"]), str(told["token"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
        host = urlsplit(endpoint).hostname
        local = host in {None, "127.0.0.1", "localhost"} and told["hostname"] == "127.0.0.1"
        return Place(f"http://127.0.0.1:{port}" if local else endpoint, base, token)
    return None
