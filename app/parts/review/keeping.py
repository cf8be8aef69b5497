"""Reviews of this server: where they lie, what was asked for, and how they become jobs."""

from __future__ import annotations

import json
import re
import uuid
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sdcviz.errors import NotFound, UnreadableFile
from sdcviz.settings import get_settings

from ...library import Shared

if TYPE_CHECKING:
    from sdcviz.observations import Filters

__all__ = ["Wanted", "folder_of", "listed", "read", "request_of", "submit"]

_ID = re.compile(r"[0-9a-f]{12}")
_known = Shared(64)

Wanted = dict[str, Any]
"""What was asked for: ``product`` (path), ``collection`` (folder), ``variable``, ``parameter``,
``reference``, ``previous`` (paths or empty), ``independent``."""


def reviews_folder() -> Path:
    """Return the folder of the reviews of this server, made when it is first needed."""
    path = get_settings().data_dir / "reviews"
    path.mkdir(parents=True, exist_ok=True)
    return path


def folder_of(id: str) -> Path:
    """Return the folder of a review.

    Raises
    ------
    NotFound
        That is no identity of a review: nothing else of the machine is opened by a link.
    """
    if not _ID.fullmatch(id):
        raise NotFound(f"{id!r} names no review; a review has 12 hexadecimal digits.")
    return get_settings().data_dir / "reviews" / id


def read(id: str) -> dict[str, Any]:
    """Return the document of a review, shared by all visitors: read it only.

    Raises
    ------
    NotFound
        There is none of this identity.
    UnreadableFile
        It can't be read.
    """
    path = folder_of(id) / "review.json"
    try:
        stamp = path.stat().st_mtime_ns
    except OSError:
        raise NotFound(f"The review {id} is not on this server (any more).") from None
    return _known.get((str(path), stamp), lambda: _document(path))


def _document(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnreadableFile(f"{path}: the review can't be read ({error}).") from error
    if not isinstance(found, dict) or not str(found.get("schema", "")).startswith("sdcviz review"):
        raise UnreadableFile(f"{path}: this is no review of sdcviz.")
    return found


def request_of(id: str) -> Wanted:
    """Return what was asked for; empty where a review was not made from the page."""
    with suppress(OSError, ValueError):
        found = json.loads(_beside(id).read_text(encoding="utf-8"))
        if isinstance(found, dict):
            return found
    return {}


def _beside(id: str) -> Path:
    folder = folder_of(id)
    return folder.with_name(f"{folder.name}.json")


def listed(product: str, product_id: str = "") -> list[dict[str, Any]]:
    """List the reviews of a product, the newest first.

    Parameters
    ----------
    product : str
        Path of the product.
    product_id : str
        Its own identity, if it has one.
    """
    folder, found = get_settings().data_dir / "reviews", []
    for path in folder.glob("*/review.json"):
        id = path.parent.name
        if not _ID.fullmatch(id):
            continue
        with suppress(UnreadableFile, NotFound):
            document = read(id)
            own = document.get("product") or {}
            same = product_id and str(own.get("product_id", "")) == product_id
            if same or str(own.get("path", "")) == product:
                found.append(_entry(id, document))
    return sorted(found, key=lambda one: one["made"], reverse=True)


def _entry(id: str, document: dict[str, Any]) -> dict[str, Any]:
    from .opinion import worst_verdict

    signature = document.get("signature") or {}
    return {
        "id": id,
        "made": str(document.get("made", "")),
        "collection": str((document.get("collection") or {}).get("name", "")),
        "samples": int(document.get("samples") or 0),
        "independent": bool(document.get("independent")),
        "author": str(signature.get("name", "")) or str(request_of(id).get("author", "")),
        "signed": bool(signature),
        "verdict": worst_verdict(folder_of(id)),
    }


def submit(wanted: Wanted, filters: Filters | None, title: str, owner: str, link: str = "") -> str:
    """Submit a review as a job; return its identity.

    Parameters
    ----------
    wanted : dict
        See `Wanted`.
    filters : Filters or None
        Of the observations; None: all.
    title : str
        For people.
    owner : str
        Who hears of its end.
    link : str
        Query of the page, so that a mail leads back to it.
    """
    from sdcviz import jobs

    job_id = uuid.uuid4().hex
    id = job_id[:12]
    folder = reviews_folder()
    out = folder / id
    words = ["review", wanted["product"], wanted["collection"], "--out", str(out)]
    for option in ("variable", "parameter", "reference", "previous"):
        if wanted.get(option):
            words += [f"--{option}", str(wanted[option])]
    if wanted.get("independent"):
        words.append("--independent")
    reads = [wanted[k] for k in ("product", "collection", "reference", "previous") if wanted.get(k)]
    if filters is not None:
        chosen = folder / f"{id}.filters.json"
        chosen.write_text(filters.to_json(), encoding="utf-8")
        words += ["--selection", str(chosen)]
        reads.append(str(chosen))
    asked = {**wanted, "job": job_id, "author": owner}
    _beside(id).write_text(json.dumps(asked, indent=1), encoding="utf-8")
    jobs.submit(
        [*words, "--progress", "json"],
        title=title,
        owner=owner,
        reads=[path for path in reads if "://" not in path],
        writes=(folder,),
        id=job_id,
        notify={"link": f"{link}&review={id}"},
    )
    return id
