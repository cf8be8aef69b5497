"""Which products a visitor may open by what he types: paths of this machine, addresses."""

from __future__ import annotations

import glob
import ipaddress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sdcviz.errors import BadRequest, NotFound
from sdcviz.settings import get_settings
from sdcviz.words import number, size

__all__ = ["MOST_FILES", "is_address", "listing", "may_use_paths", "resolved", "start_folder"]

MOST_FILES = 2000
"""Files that may be one product."""
LISTED = 400
"""Entries of a folder that are shown."""
SUFFIXES = {".nc", ".nc4", ".cdf", ".grd", ".zarr"}
_SCHEMES = ("http://", "https://", "dods://")


def is_address(text: str) -> bool:
    """Tell whether a text is the address of a server."""
    return text.lower().startswith(_SCHEMES)


def may_use_paths() -> bool:
    """Whether visitors may name files of this machine; see the dialog that opens collections."""
    from .parts.importer import may_use_paths as may

    return may()


def resolved(text: str) -> str:
    """Return what a visitor typed as the shelf keeps it (`shelf.Item.path`).

    Parameters
    ----------
    text : str
        A path of this machine, with ``*`` for several files as one product, or an address.

    Raises
    ------
    BadRequest
        It may not be opened, or is neither.
    NotFound
        There is no such file.
    """
    text = text.strip().strip("'\"")
    if not text or "\n" in text or "\0" in text:
        raise BadRequest("Type the path of a file or folder, or the address of a server.")
    if is_address(text):
        _check_address(text)
        return text
    if "://" in text:
        raise BadRequest(f"{text}: products come from http, https and dods addresses, and files.")
    if not may_use_paths():
        raise BadRequest(
            "Files of the server can't be opened by their path from other machines: send the "
            "file, or ask whoever runs the server to put it on the shelf."
        )
    return _files(text)


def _files(text: str) -> str:
    path = Path(text).expanduser().absolute()
    if path.exists():
        return str(path)
    if not glob.has_magic(text):
        raise NotFound(f"{text}: there is no such file or folder on this machine.")
    files = sorted(Path(p) for p in glob.glob(str(path)))
    if not files:
        raise NotFound(f"{text}: no file of this machine has such a name.")
    if len(files) > MOST_FILES:
        raise BadRequest(
            f"{text} means {number(len(files))} files; one product may have {number(MOST_FILES)}."
        )
    return "\n".join(map(str, files))


def _check_address(text: str) -> None:
    """Refuse servers that nobody has allowed: ours may reach machines that a visitor may not."""
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        raise BadRequest(f"{text!r} is no web address ({error}).") from None
    if not host or any(ord(c) <= 32 or ord(c) == 127 or c == "\\" for c in text):
        raise BadRequest(f"{text!r} is no web address.")
    if parts.username is not None:
        raise BadRequest(
            "Leave name and password out of the address: it is kept on the shelf. The file "
            "~/.netrc of the server may hold them."
        )
    if may_use_paths() and _is_loopback(host):
        return
    port = port or (443 if parts.scheme.lower() == "https" else 80)
    allowed = {name.lower() for name in get_settings().opendap_hosts}
    if not {host, f"{host}:{port}"} & allowed:
        raise BadRequest(
            f"{host} is not among the servers that this one may ask. Whoever runs it can allow "
            f"the host by SDCVIZ_OPENDAP_HOSTS={host}, or name the product at the start: "
            "sdcviz serve --product ADDRESS."
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def start_folder(path: str = "") -> str:
    """Return the folder where browsing begins: that of a product, else the one of this server."""
    if path and not is_address(path):
        folder = Path(path.split("\n")[0]).parent
        if folder.is_dir():
            return str(folder)
    return str(Path.cwd())


def listing(folder: str) -> dict[str, Any]:
    """List what a folder of this machine holds: folders, and what may be a product.

    Raises
    ------
    BadRequest
        Paths may not be used, or the folder can't be read.
    """
    if not may_use_paths():
        raise BadRequest("Folders of the server can't be looked at from other machines.")
    path = Path(folder).expanduser().absolute()
    try:
        found = [p for p in path.iterdir() if not p.name.startswith(".")]
    except OSError as error:
        raise BadRequest(f"{path}: the folder can't be read ({error.strerror}).") from error
    entries = []
    for p in sorted(found, key=lambda p: p.name.casefold()):
        suffix = p.suffix.lower()
        if p.is_dir():
            entries.append({"name": p.name, "kind": "zarr" if suffix == ".zarr" else "folder"})
        elif suffix in SUFFIXES:
            entries.append({"name": p.name, "kind": "file", "size": size(p.stat().st_size)})
    entries.sort(key=lambda e: e["kind"] != "folder")
    told = {"folder": str(path), "parent": str(path.parent), "entries": entries[:LISTED]}
    return told | {"more": max(0, len(entries) - LISTED)}
