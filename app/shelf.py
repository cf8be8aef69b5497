"""Products that this server knows, and the open ones that its visitors share.

A link names a product by its id, never by a path, so that a link can't make the server open
any file of the machine or ask any address.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sdcviz.errors import NotFound, SdcvizError
from sdcviz.settings import get_settings

from .library import Shared

if TYPE_CHECKING:
    from sdcviz.products import Product

__all__ = [
    "Item",
    "about",
    "add",
    "find",
    "identity",
    "key",
    "known",
    "lies_there",
    "listed",
    "open_shared",
    "put",
    "remove",
    "reopen",
]

OPEN = 12
"""Products that a process keeps open."""
MOST_RECENT = 60


@dataclass(frozen=True)
class Item:
    """One product on the shelf.

    Attributes
    ----------
    id : str
        Of its path, for links.
    name : str
        For people.
    path : str
        File, folder or address; several files as one stand on lines of their own.
    roles : dict
        Corrected roles of axes and variables.
    added : str
        ISO 8601; empty for those that lie in the folder of products.
    told : dict
        What a remote one said of itself when it was added: lists ask no server.
    """

    id: str
    name: str
    path: str
    roles: dict[str, Any] = field(default_factory=dict)
    added: str = ""
    told: dict[str, Any] = field(default_factory=dict)

    @property
    def remote(self) -> bool:
        """Whether a server has to be asked."""
        return "://" in self.path

    @property
    def paths(self) -> list[str]:
        """Its files."""
        return self.path.split("\n")


_open = Shared(OPEN)
_told = Shared(200)
_lock = threading.Lock()
_unsaved: list[Item] | None = None
"""What could not be written."""


def identity(path: str) -> str:
    """Return the id of a product."""
    return hashlib.sha256(path.encode()).hexdigest()[:12]


def known() -> list[Item]:
    """List the products: those that were opened, the last one first, then results of analyses."""
    opened = _read()
    paths = {item.path for item in opened}
    folder = get_settings().products_dir
    made = sorted(folder.glob("*.nc"), key=lambda p: -p.stat().st_mtime)
    results = [_item(str(p)) for p in made if str(p) not in paths]
    return [i for i in opened if _there(i)] + results


def listed() -> list[Item]:
    """List the products as `known`, and those of the shelf whose file is gone at the end."""
    there = known()
    ids = {item.id for item in there}
    return there + [item for item in _read() if item.id not in ids]


def find(id: str) -> Item:
    """Return the product of an id.

    Raises
    ------
    NotFound
        It is not on the shelf.
    """
    for item in listed():
        if item.id == id:
            if not _there(item):
                raise NotFound(f"{item.name}: its file is no longer there; take another product.")
            return item
    raise NotFound(
        f"The product {id} is not on the shelf of this server (any more); open its file."
    )


def add(
    path: str,
    roles: Mapping[str, Any] | None = None,
    wanted: Callable[[], bool] | None = None,
) -> Item:
    """Open a product, put it first on the shelf and return it.

    Parameters
    ----------
    path : str
        See `Item.path`; `openable.resolved` says what a visitor may name.
    roles : mapping, optional
        Corrected roles; see `sdcviz.open_product`.
    wanted : callable, optional
        Asked once it is open: where nobody waits for it any more, the shelf stays as it was.

    Raises
    ------
    SdcvizError
        It can't be opened.
    """
    item = _item(path, roles, datetime.now(UTC).isoformat(timespec="seconds"))
    product = _opened(item)
    if wanted is not None and not wanted():
        product.close()
        return item
    if item.remote:
        item = replace(item, told=_summary(product))
    _open.get(key(item), lambda: product)
    _put_first(item)
    return item


def put(path: str) -> Item:
    """Put the address of a product first on the shelf, without asking its server.

    Whoever looks at it has it opened, and waits or hears why it can't be.
    """
    item = _item(path, added=datetime.now(UTC).isoformat(timespec="seconds"))
    before = next((i for i in _read() if i.id == item.id), item)
    item = replace(before, added=item.added)
    _put_first(item)
    return item


def _put_first(item: Item) -> None:
    with _lock:
        others = [i for i in _read() if i.id != item.id]
        _write([item, *others][:MOST_RECENT])


def lies_there(item: Item) -> bool:
    """Whether a product lies in the folder of products: it is listed as long as its file is."""
    path = Path(item.path)
    return path.parent == get_settings().products_dir and path.is_file()


def remove(id: str) -> None:
    """Take a product off the shelf; its file stays."""
    with _lock:
        _write([i for i in _read() if i.id != id])


def open_shared(id: str) -> Product:
    """Open a product of the shelf, once per process.

    Returns
    -------
    Product
        The same object for all visitors: read it only.
    """
    item = find(id)
    product: Product = _open.get(key(item), lambda: _opened(item))
    if item.remote and not item.told:
        with _lock:
            told = replace(item, told=_summary(product))
            _write([told if i.id == id else i for i in _read()])
    return product


def reopen(id: str) -> Product:
    """Open it anew: its file was replaced, or was found damaged."""
    item = find(id)
    _open.forget(key(item))
    return open_shared(id)


def about(item: Item) -> dict[str, Any]:
    """Describe a product for a list: title, parameter, area, period, version; or its error."""
    if item.remote:
        return item.told
    if not _there(item):
        return {"error": "Its file is no longer there."}

    def told() -> dict[str, Any]:
        try:
            product = _opened(item)
        except SdcvizError as error:
            return {"error": str(error)}
        with closing(product):
            return _summary(product)

    return _told.get(key(item), told)


def _summary(product: Product) -> dict[str, Any]:
    from .product_words import summary

    return summary(product.info())


def key(item: Item) -> tuple[str, str, str]:
    """Return what is another one when roles or files are."""
    stamp = ""
    with suppress(OSError):
        stamp = ",".join(str(Path(p).stat().st_mtime_ns) for p in item.paths)
    return item.id, json.dumps(item.roles, sort_keys=True), stamp


def _opened(item: Item) -> Product:
    from sdcviz.products import open_product

    paths = item.paths
    product = open_product(paths[0] if len(paths) == 1 else paths, item.roles or None)
    product.info()  # reads the axes now: a page must not wait for a server
    return product


def _item(path: str, roles: Mapping[str, Any] | None = None, added: str = "") -> Item:
    first, *others = path.split("\n")
    name = _remote_name(first) if "://" in first else Path(first).name.removesuffix(".nc") or first
    more = f" and {len(others)} more" if others else ""
    return Item(identity(path), name + more, path, dict(roles or {}), added)


def _remote_name(address: str) -> str:
    """Name a product by the last word of its address that means something, and its server."""
    parts = urlsplit(address)
    words = [w for w in parts.path.split("/") if w and w not in ("opendap", "dodsC")]
    return f"{words[-1].removesuffix('.nc')} on {parts.hostname}" if words else str(parts.hostname)


def _there(item: Item) -> bool:
    return item.remote or all(Path(p).exists() for p in item.paths)


def _file() -> Path:
    return get_settings().data_dir / "shelf.json"


def _read() -> list[Item]:
    if _unsaved is not None:
        return _unsaved
    try:
        return [Item(**r) for r in json.loads(_file().read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        return []


def _write(items: list[Item]) -> None:
    """Keep the shelf; where the data folder is full or read-only, as long as this process lives."""
    global _unsaved
    path = _file()
    draft = path.with_name(f"{path.name}.{threading.get_ident()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(json.dumps([asdict(i) for i in items], indent=1), encoding="utf-8")
        draft.replace(path)
        _unsaved = None
    except OSError:
        _unsaved = items
        with suppress(OSError):
            draft.unlink(missing_ok=True)
