"""Endpoint from which a visitor fetches a file that was made for him."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import FileResponse

from .. import downloads

__all__ = ["routes"]


def routes() -> APIRouter:
    """Return the endpoint; a file is found only by the secret in its address."""
    router = APIRouter(prefix="/api/downloads", include_in_schema=False)

    @router.get("/{token}")
    async def get(token: str) -> FileResponse:
        """Send one file, streamed from the disk."""
        path = downloads.find(token)
        return FileResponse(path, filename=path.name, headers={"Cache-Control": "no-store"})

    return router
