"""The OpenAPI document of the service, and a page of it for people that loads nothing."""

from __future__ import annotations

import re
from html import escape
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

__all__ = ["ADDRESS", "Problem", "add_schema", "methods_at", "problems"]

ADDRESS = "/api/openapi.json"
_PLACE = re.compile(r"\{\w+\}")

_ABOUT = """Jobs, collections and products of an sdcviz server.

Programs sign on with a token, made on the server by `sdcviz token create` and sent with each
request: `Authorization: Bearer sdc_...`. A token may do what its scopes say: `read`, `jobs` (start
and steer them), `edit` (change flags and collections), `admin` (the jobs of everyone). Whatever
goes wrong is answered with one sentence in `detail`.
"""


class Problem(BaseModel):
    """What went wrong."""

    detail: str = Field(description="One sentence: what is wrong, where, what to do.")


class Clash(Problem):
    """Somebody else was faster."""

    conflicts: list[dict[str, Any]] = Field(default_factory=list)


_MEANINGS = {
    400: "The request can't be understood.",
    401: "No token, or one that does not count.",
    403: "Who asks may not do this.",
    404: "There is no such thing.",
    409: "It does not go with what is there.",
    413: "The request is too large.",
    422: "A file can't be read.",
    429: "Too much at the moment.",
    500: "A defect; the server's log says what.",
    502: "The engine does not answer.",
    503: "The server is not ready.",
    507: "The disk is full, or the database out of reach.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what an endpoint says of its errors; those that all may have come by themselves."""
    return {
        status: {"model": Clash if status == 409 else Problem, "description": _MEANINGS[status]}
        for status in {*statuses, 401, 403, 507}
    }


def add_schema(api: FastAPI) -> None:
    """Serve the document of all endpoints under /api/, and a page of it."""

    def document() -> dict[str, Any]:
        if api.openapi_schema is None:
            api.openapi_schema = _tidied(
                get_openapi(
                    title="sdcviz", version=api.version, description=_ABOUT, routes=api.routes
                )
            )
        return api.openapi_schema

    api.openapi = document  # type: ignore[method-assign]

    @api.get("/api/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        """Show the endpoints to a person."""
        return HTMLResponse(_page(document()))


def methods_at(api: FastAPI, path: str) -> str:
    """Return which methods an address of the service answers to; a route knows its own only."""
    found = {
        method.upper()
        for template, way in api.openapi()["paths"].items()
        if re.fullmatch(_PLACE.sub("[^/]+", template), path)
        for method in way
    }
    return ", ".join(sorted(found))


def _tidied(schema: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is no part of the service, and the status that is never given."""
    schema["paths"] = {p: way for p, way in schema["paths"].items() if p.startswith("/api/")}
    for way in schema["paths"].values():
        for operation in way.values():
            answers = operation["responses"]
            if "HTTPValidationError" in str(answers.get("422", "")):
                del answers["422"]
    for name in ("HTTPValidationError", "ValidationError"):
        schema.get("components", {}).get("schemas", {}).pop(name, None)
    return schema


def _page(schema: dict[str, Any]) -> str:
    rows = []
    for path, way in schema["paths"].items():
        for method, operation in way.items():
            text = escape(operation.get("description", "")).replace("\n\n", "<br>")
            answers = " ".join(operation["responses"])
            rows.append(
                f"<tr><td><code>{method.upper()}</code><td><code>{escape(path)}</code>"
                f"<td>{text}<td>{answers}"
            )
    return _PAGE.format(about=escape(_ABOUT), rows="\n".join(rows))


_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>sdcviz: HTTP service</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 70rem;
       margin: 2rem auto; padding: 0 1rem; }}
table {{ border-collapse: collapse; }}
td {{ border-top: 1px solid #8884; padding: .4rem .8rem .4rem 0; vertical-align: top; }}
p {{ white-space: pre-line; max-width: 45rem; }}
</style>
<h1>HTTP service</h1><p>{about}</p><p>For programs: <a href="openapi.json">openapi.json</a></p>
<table>{rows}</table></html>
"""
