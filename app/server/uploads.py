"""Endpoints that take files from the page, as a stream to the disk."""

from __future__ import annotations

import errno
import secrets
from pathlib import Path

from fastapi import APIRouter, Request, Response
from starlette.requests import ClientDisconnect

from sdcviz.errors import BadRequest, NotSignedOn, StorageError
from sdcviz.settings import Settings

from .. import uploads
from .guard import HANDLE, VISITOR

__all__ = ["routes"]


def routes(settings: Settings) -> APIRouter:
    """Return the endpoints; who may send is decided by the guard's handle."""
    router = APIRouter(prefix="/api/uploads", include_in_schema=False)

    @router.put("/{delivery}/{name:path}", status_code=201)
    async def put(delivery: str, name: str, request: Request) -> dict[str, int]:
        """Take one file."""
        if not request.scope.get(VISITOR):
            raise NotSignedOn("Files are sent from a page of this server; open it first.")
        folder = uploads.delivery_folder(request.headers.get(HANDLE, ""), delivery)
        target = uploads.safe_target(folder, name)
        size = await _receive(request, target, settings.upload_max_bytes)
        return {"bytes": size}

    @router.delete("/{delivery}", status_code=204)
    async def delete(delivery: str, request: Request) -> Response:
        """Give up a delivery."""
        uploads.discard(uploads.delivery_folder(request.headers.get(HANDLE, ""), delivery))
        return Response(status_code=204)

    return router


async def _receive(request: Request, target: Path, limit: int) -> int:
    """Write the body to `target`; what breaks off leaves no file."""
    draft = target.with_name(f".{secrets.token_hex(8)}.part")
    size = 0
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            async for chunk in request.stream():
                size += len(chunk)
                if size > limit:
                    raise BadRequest(
                        f"{target.name} is larger than the {limit / 1e9:.1f} GB that this server "
                        "accepts; put it on the server and open it by its path."
                    )
                file.write(chunk)
        draft.replace(target)
    except OSError as error:
        what = "the disk is full" if error.errno == errno.ENOSPC else str(error.strerror)
        raise StorageError(f"{target.name} could not be kept on the server: {what}.") from error
    except ClientDisconnect as error:
        raise BadRequest(f"{target.name}: the upload was broken off.") from error
    finally:
        draft.unlink(missing_ok=True)
    return size
