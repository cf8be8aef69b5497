"""Endpoints about jobs: ask for one, follow it, steer it, fetch what it made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.responses import FileResponse, StreamingResponse

from sdcviz import jobs
from sdcviz.errors import BadRequest, NotFound
from sdcviz.jobs.accounting import COLUMNS
from sdcviz.jobs.model import Job, State
from sdcviz.settings import Settings

from .job_events import check_room, stream
from .job_files import find_result, list_results
from .job_models import Jobs, JobView, NewJob, ResultFiles, UsageRow, view
from .orders import Order, key_of, submit
from .schema import problems
from .who import Principal, Reader, Worker, still_counts

__all__ = ["routes"]

MOST_LOG = 1024 * 1024
_FAR = 2**53
"""No offset of a file is greater; what is may not be sent on to a database or disk."""

Identity = Annotated[
    str, Path(pattern="^[0-9a-f]{8,32}$", description="Id of the job, or its beginning.")
]
Name = Annotated[str, Query(max_length=100)]

_BYTES = {"schema": {"type": "string", "format": "binary"}}
_LOG = {
    "content": {"text/plain": {"schema": {"type": "string"}}},
    "headers": {
        "X-Next-Offset": {
            "description": "Where the next piece begins.",
            "schema": {"type": "integer"},
        }
    },
}
_EVENT = {"type": "object", "properties": {n: {"type": "string"} for n in ("id", "event", "data")}}
_STREAM = {"content": {"text/event-stream": {"schema": _EVENT}}}


def routes(settings: Settings) -> APIRouter:
    """Return the endpoints."""
    router = APIRouter(prefix="/api", tags=["jobs"])
    _add_asking(router, settings)
    _add_showing(router)
    _add_steering(router)
    _add_following(router)
    _add_results(router)
    return router


def _add_asking(router: APIRouter, settings: Settings) -> None:
    @router.post(
        "/jobs",
        status_code=201,
        response_model=JobView,
        responses={
            200: {"model": JobView, "description": "It was asked for before: that job."},
            **problems(400, 403, 404, 409, 413, 429, 502, 507),
        },
    )
    def new_job(
        asked: NewJob,
        who: Worker,
        response: Response,
        request: Request,
        key: Annotated[
            str,
            Header(
                alias="Idempotency-Key",
                max_length=200,
                description="Asked for again with the same key, the job is started once.",
            ),
        ] = "",
    ) -> JobView:
        """Ask for a job: 201 where it is new, 200 where it was asked for before.

        It runs a command of sdcviz in a folder of its own. Only commands that work on
        collections, recipes and products are taken, and only files of this server's collections,
        products, results and the folders it was told of.
        """
        order = Order(
            tuple(asked.arguments), asked.files, asked.id or (key and key_of(who, key)),
            asked.engine, asked.title, asked.workspace, asked.limits.limits(),
        )  # fmt: skip
        job, is_new = submit(order, who, settings)
        response.status_code = 201 if is_new else 200
        response.headers["Location"] = f"{request.scope.get('root_path', '')}/api/jobs/{job.id}"
        return view(job)


def _add_showing(router: APIRouter) -> None:
    @router.get("/jobs", responses=problems(400))
    def list_jobs(
        who: Reader,
        state: Annotated[list[State] | None, Query(description="Only these; repeatable.")] = None,
        kind: Name = "",
        owner: Name = "",
        workspace: Name = "",
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
    ) -> Jobs:
        """List jobs, the last one first; a token of scope admin shows those of everyone."""
        if "admin" not in who.scopes:
            owner = who.name
        found = jobs.find(
            owner=owner or None, workspace=workspace or None, states=state or None,
            kind=kind or None, limit=offset + limit + 1,
        )  # fmt: skip
        following = offset + limit if len(found) > offset + limit else None
        page = found[offset : offset + limit]
        return Jobs(jobs=[view(job) for job in page], next=following)

    @router.get("/jobs/{identity}", responses=problems(400, 404))
    def get_job(identity: Identity, who: Reader) -> JobView:
        """Tell how a job stands."""
        return view(_job(identity, who))


def _add_steering(router: APIRouter) -> None:
    actions: dict[str, tuple[Callable[[str, str], Job], str]] = {
        "stop": (jobs.cancel, "End a job for good."),
        "pause": (jobs.pause, "Freeze a job that runs; its memory stays taken."),
        "resume": (jobs.resume, "Let a paused job go on."),
        "hibernate": (
            jobs.hibernate, "End a job for now: its memory is free, and what it finished is kept."
        ),
        "wake": (jobs.wake, "Start a hibernated job again; it goes on from what it has finished."),
    }  # fmt: skip
    for name, (do, text) in actions.items():
        router.post(
            f"/jobs/{{identity}}/{name}", name=name, description=text,
            responses=problems(400, 404, 409, 502),
        )(_steering(do))  # fmt: skip


def _steering(do: Callable[[str, str], Job]) -> Callable[..., JobView]:
    def steer(identity: Identity, who: Worker) -> JobView:
        return view(do(_job(identity, who).id, who.name))

    return steer


def _add_following(router: APIRouter) -> None:
    @router.get(
        "/jobs/{identity}/log",
        response_class=Response,
        responses={200: _LOG, **problems(400, 404)},
    )
    def log(
        identity: Identity,
        who: Reader,
        offset: Annotated[
            int, Query(ge=-_FAR, le=_FAR, description="First byte; negative: from the end.")
        ] = 0,
        limit: Annotated[int, Query(ge=1, le=MOST_LOG)] = 65_536,
    ) -> Response:
        """Give a piece of what the job printed; `X-Next-Offset` tells where the next one begins."""
        text, following = jobs.read_log(_job(identity, who).id, offset, limit)
        headers = {"X-Next-Offset": str(following), "Cache-Control": "no-store"}
        return Response(text, media_type="text/plain; charset=utf-8", headers=headers)

    @router.get(
        "/jobs/{identity}/events",
        response_class=StreamingResponse,
        responses={
            200: _STREAM,
            204: {"description": "The job is over and all was told before."},
            **problems(400, 404, 429),
        },
    )
    def events(
        identity: Identity,
        who: Reader,
        request: Request,
        since: Annotated[str, Header(alias="Last-Event-ID", max_length=20)] = "",
    ) -> Response:
        """Tell what happens to a job as it happens (server-sent events), until it is over.

        Events are those that the job writes (`progress`, `slice`, `warning`, `usage`, ...), `state`
        with the job where it changed, and `over`. `Last-Event-ID` goes on where one was.
        """
        job = _job(identity, who)
        offset = _offset(since)
        if since and job.is_over and not jobs.read_events(job.id, offset, 1)[0]:
            return Response(status_code=204)
        check_room()
        return StreamingResponse(
            stream(job.id, offset, lambda: still_counts(request, "read")),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    @router.get("/usage", responses=problems(400))
    def usage(
        who: Reader,
        month: Annotated[str, Query(pattern="^2[0-9]{3}-(0[1-9]|1[0-2])$", examples=["2026-11"])],
        by: Literal["owner", "workspace", "job"] = "owner",
    ) -> list[UsageRow]:
        """Tell what jobs took in a month: processor seconds, gigabyte-hours, bytes."""
        if "admin" in who.scopes:
            return jobs.usage(month=month, by=by)
        return _own_usage(who, month, by)


def _add_results(router: APIRouter) -> None:
    @router.get("/jobs/{identity}/files", responses=problems(400, 404))
    def files(identity: Identity, who: Reader) -> ResultFiles:
        """List the files that the job left in its folder."""
        return list_results(_job(identity, who))

    @router.get(
        "/jobs/{identity}/files/{name:path}",
        response_class=FileResponse,
        responses={200: {"content": {"application/octet-stream": _BYTES}}, **problems(400, 404)},
    )
    def file(identity: Identity, name: str, who: Reader) -> FileResponse:
        """Fetch one of these files."""
        path = find_result(_job(identity, who), name)
        # Never shown as a page of this server, whatever is in it.
        return FileResponse(
            path, filename=path.name, media_type="application/octet-stream",
            headers={"Cache-Control": "no-store"},
        )  # fmt: skip


def _job(identity: str, who: Principal) -> Job:
    """Return a job that who asks sees; that of another one is as one that is not there."""
    try:
        job = jobs.get(identity)
    except NotFound:
        job = None
    if job is None or not who.sees(job.spec.owner):
        raise NotFound(f"There is no job {identity}.")
    return job


def _own_usage(who: Principal, month: str, by: str) -> list[UsageRow]:
    rows = [row for row in jobs.usage(month=month, by="job") if row["owner"] == who.name]
    if by == "job":
        return rows
    sums: dict[str, UsageRow] = {}
    for row in rows:
        total = sums.setdefault(row[by], {by: row[by]})
        for name in COLUMNS:
            total[name] = total.get(name, 0) + row[name]
    return list(sums.values())


def _offset(text: str) -> int:
    if text and not (text.isascii() and text.isdigit() and int(text) <= _FAR):
        raise BadRequest("Last-Event-ID: give the id of an event as it came.")
    return int(text or 0)
