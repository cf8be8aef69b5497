"""Jobs in containers, through the Docker Engine API (podman's socket speaks it as well)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..errors import EngineError
from ..settings import Settings, get_settings
from .containers import ATTEMPT, FOLDER, JOB, PORT, SERVER, attempt_name, bring_wrapper
from .docker_container import container_options, read_use
from .engine import Sight
from .engine_parts import Later, has_begun, server_label, tell_grace
from .folders import exit_record
from .model import JobSpec, Limits, Usage

if TYPE_CHECKING:
    from docker.client import DockerClient

__all__ = ["DockerEngine"]

PHASES = {
    "created": "waiting",
    "running": "running",
    "restarting": "running",
    "paused": "paused",
    "exited": "ended",
    "dead": "ended",
}
DAEMON_LOST_IT = 255
"""Exit code that the daemon writes down for a container that went away while it was not there."""
KILLED = 137


class DockerEngine:
    """One container a job, without rights and, unless asked, without network.

    Pausing freezes the container, its memory stays taken.

    Parameters
    ----------
    settings : Settings, optional
        Those of the process by default; `docker_url`, `docker_image` and so on are used.
    """

    name = "docker"
    capabilities = frozenset({"pause", "limits", "usage", "interactive", "restart-safe", "images"})
    certain = True

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or get_settings()
        self._server = server_label(self._settings)
        self._lock = Lock()
        self._known: DockerClient | None = None
        self._later = Later()
        self._room: Limits | None = None

    def capacity(self) -> Limits:
        """Return what all jobs together may take of the daemon's machine."""
        if self._room is None:
            with self._asking("Its size is not known") as docker:
                told = docker.api.info()
            self._room = Limits(
                cpu=self._settings.jobs_running or float(told["NCPU"]),
                memory=self._settings.jobs_memory or told["MemTotal"] * 4 // 5,
            )
        return self._room

    def start(self, spec: JobSpec) -> dict[str, Any]:
        """Create and start the container of a job, or find the one that is there."""
        from docker.errors import APIError, NotFound

        name, image = attempt_name(spec), spec.image or self._settings.docker_image
        if exit_record(spec.folder, spec.attempt):
            return _state(name, {ATTEMPT: str(spec.attempt), FOLDER: str(spec.folder)})
        with self._asking(f"Job {spec.id[:8]} can't be started") as docker:
            try:
                if spec.image:
                    bring_wrapper(spec, docker.api.inspect_image(image)["Config"])
                options = container_options(spec, self._settings, self._server)
                made = docker.containers.create(**options)
            except NotFound as error:
                raise EngineError(
                    f"Docker has no image {image!r}: build or pull it, or set SDCVIZ_DOCKER_IMAGE."
                ) from error
            except APIError as error:
                if error.status_code != 409:
                    raise
                made = docker.containers.get(name)
            if made.labels.get(SERVER) != self._server:
                raise EngineError(f"A container {name} of another installation is in the way.")
            if made.status == "created":
                try:
                    made.start()
                except APIError:
                    with suppress(APIError):
                        made.remove(force=True)
                    raise
        return _state(made.id, made.labels)

    def look(self, states: Mapping[str, dict[str, Any]]) -> dict[str, Sight]:
        """List all containers of this installation at once, and inspect those that ended."""
        if not states:
            return {}
        there = {row["Id"]: row["State"] for row in self._list()}
        return {
            job: self._sight(state, there.get(state["container"], "removing"))
            for job, state in states.items()
        }

    def stop(self, state: dict[str, Any], grace: float) -> None:
        """Send TERM, and KILL later; a container that has not begun is removed."""
        from docker.errors import APIError

        container = state["container"]
        tell_grace(state["folder"], grace)
        with self._asking("The job can't be stopped") as docker, _if_there():
            status = docker.api.inspect_container(container)["State"]["Status"]
            if status == "created":
                docker.api.remove_container(container, force=True)
            if status not in ("running", "paused", "restarting"):
                return
            if status == "paused":
                docker.api.unpause(container)
            with _unless_over(docker, container):
                docker.api.kill(container, "SIGTERM")

        def kill() -> None:
            with suppress(APIError, EngineError), self._asking("") as docker:
                docker.api.kill(container, "SIGKILL")

        # The wrapper kills the job itself then; this is for one that can't.
        self._later.call(container, grace + 5, kill)

    def pause(self, state: dict[str, Any]) -> None:
        """Freeze the container."""
        self._freeze(state["container"], True)

    def resume(self, state: dict[str, Any]) -> None:
        """Let it go on."""
        self._freeze(state["container"], False)

    def usage(self, states: Mapping[str, dict[str, Any]]) -> dict[str, Usage]:
        """Sample the counters of running containers, several at a time."""
        if not states:
            return {}
        live = {row["Id"] for row in self._list() if row["State"] in ("running", "paused")}
        asked = {job: state["container"] for job, state in states.items()}
        asked = {job: container for job, container in asked.items() if container in live}
        with ThreadPoolExecutor(8) as threads:
            samples = list(threads.map(self._sample, asked.values()))
        return {job: use for job, use in zip(asked, samples, strict=True) if use is not None}

    def endpoint(self, state: dict[str, Any]) -> str:
        """Return where the job listens, as the server reaches it."""
        if not state.get("port"):
            return ""
        port, network = state["port"], self._settings.docker_network
        daemon = urlsplit(self._settings.docker_url)
        host = daemon.hostname if daemon.scheme in ("tcp", "http", "https", "ssh") else None
        if network == "host":
            return f"http://{host or '127.0.0.1'}:{port}"
        with self._asking("The job's address is not known") as docker, _if_there():
            seen = docker.api.inspect_container(state["container"])["NetworkSettings"]
            if network != "bridge":
                address = seen["Networks"].get(network, {}).get("IPAddress")
                return f"http://{address}:{port}" if address else ""
            published = (seen["Ports"] or {}).get(f"{port}/tcp") or []
            if published:
                return f"http://{host or '127.0.0.1'}:{published[0]['HostPort']}"
        return ""

    def found(self) -> dict[str, dict[str, Any]]:
        """Return the last attempt of each job of this installation that has a container."""
        rows = sorted(self._list(), key=lambda row: int(row["Labels"].get(ATTEMPT, 0)))
        return {row["Labels"][JOB]: _state(row["Id"], row["Labels"]) for row in rows}

    def remove(self, state: dict[str, Any]) -> None:
        """Remove the container."""
        self._later.forget(state["container"])
        with self._asking("The container can't be removed") as docker, _if_there():
            docker.api.remove_container(state["container"], force=True, v=True)

    def _list(self) -> list[dict[str, Any]]:
        with self._asking("Jobs can't be looked at") as docker:
            rows: list[dict[str, Any]] = docker.api.containers(
                all=True, filters={"label": f"{SERVER}={self._server}"}
            )
        return rows

    def _sight(self, state: Mapping[str, Any], status: str) -> Sight:
        phase, container = PHASES.get(status, "gone"), state["container"]
        if phase != "ended":
            return Sight(phase)
        with self._asking("Jobs can't be looked at") as docker, _if_there():
            ended = docker.api.inspect_container(container)["State"]
            code = int(ended["ExitCode"])
            if code == DAEMON_LOST_IT:
                return Sight("gone", reason="node")
            # A kill for want of memory hits one process; the job may have coped with that.
            reason = "memory" if ended.get("OOMKilled") and code else ""
            if code == KILLED and not reason and not self._later.knows(container):
                # The wrapper gives that code as well, if it killed the job itself.
                reason = "" if exit_record(Path(state["folder"]), state["attempt"]) else "node"
            said = ""
            if code and not has_begun(state["folder"]):
                told = docker.api.logs(container, tail=1).decode(errors="replace")
                said = told.strip()[-300:]
            return Sight("ended", code, reason, said)
        return Sight("gone")

    def _freeze(self, container: str, wanted: bool) -> None:
        from docker.errors import APIError

        doing = "paused" if wanted else "resumed"
        with self._asking(f"The job can't be {doing}") as docker:
            try:
                (docker.api.pause if wanted else docker.api.unpause)(container)
            except APIError:
                if docker.api.inspect_container(container)["State"]["Paused"] != wanted:
                    raise

    def _sample(self, container: str) -> Usage | None:
        with self._asking("Use can't be sampled") as docker, _if_there():
            return read_use(docker.api.stats(container, stream=False, one_shot=True))
        return None

    def _client(self) -> DockerClient:
        from docker.client import DockerClient, from_env

        with self._lock:
            if self._known is None:
                url = self._settings.docker_url
                limits = {"timeout": 30, "max_pool_size": 16}
                self._known = DockerClient(url, **limits) if url else from_env(**limits)
            return self._known

    @contextmanager
    def _asking(self, what: str) -> Iterator[DockerClient]:
        """Lend the client, and turn its errors into ours."""
        from docker.errors import APIError, DockerException
        from requests.exceptions import RequestException

        try:
            yield self._client()
        except APIError as error:
            said = (error.explanation or str(error)).strip().rstrip(".")
            raise EngineError(
                f"{what}; Docker says: {said}.", passing=error.status_code == 503
            ) from error
        except (DockerException, RequestException, OSError) as error:
            url = self._settings.docker_url or "DOCKER_HOST or unix:///var/run/docker.sock"
            raise EngineError(
                f"{what}: Docker does not answer ({url}); it will be asked again.", passing=True
            ) from error


def _if_there() -> suppress:
    """Take a container that is not there (any more) as it is."""
    from docker.errors import NotFound

    return suppress(NotFound)


@contextmanager
def _unless_over(docker: DockerClient, container: str) -> Iterator[None]:
    """Forgive that a container can't be sent a signal, if it has just ended."""
    from docker.errors import APIError

    try:
        yield
    except APIError:
        if docker.api.inspect_container(container)["State"]["Running"]:
            raise


def _state(container: str, labels: Mapping[str, str]) -> dict[str, Any]:
    port = int(labels.get(PORT, 0))
    attempt, folder = int(labels.get(ATTEMPT, 0)), labels.get(FOLDER, "")
    return {"container": container, "attempt": attempt, "folder": folder, "port": port}
