"""Jobs in a cluster that Kubernetes manages.

Written against the official client and tested against a double of the API server; **not yet run on
a real cluster**. Job folders, inputs and outputs lie on one volume (`kubernetes_claim`) that the
server has mounted as well, under the same path. The cluster's administrator decides on the network
of the pods, by their label ``sdcviz.network``: Kubernetes has no switch for it in a job.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any

from ..errors import EngineError
from ..settings import Settings, get_settings
from .containers import (
    ATTEMPT,
    FOLDER,
    JOB,
    PORT,
    SERVER,
    attempt_name,
    bring_wrapper,
    prepare_folders,
)
from .engine import Sight
from .engine_parts import server_label, tell_grace
from .folders import exit_record
from .kubernetes_job import STOPPED, job_manifest
from .kubernetes_mirror import Mirror
from .kubernetes_sight import is_over, is_unexplained, pod_of, sight_of
from .model import JobSpec, Limits, Usage

__all__ = ["KubernetesEngine"]

TIMEOUT = (5, 30)


class KubernetesEngine:
    """One Kubernetes Job a job, in a pod without rights.

    Pausing suspends the Job: its pod ends and its memory is free; resumed, the job starts again in
    its folder, from what it has kept there.

    Parameters
    ----------
    settings : Settings, optional
        Those of the process by default; `kubernetes_namespace` and so on are used.
    """

    name = "kubernetes"
    capabilities = frozenset({"pause", "limits", "interactive", "restart-safe", "images"})

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or get_settings()
        self._server = server_label(self._settings)
        self._lock = Lock()
        self._known: tuple[Any, Any, Mirror, Mirror] | None = None

    def capacity(self) -> Limits:
        """Return no limit: the cluster lets jobs wait by itself."""
        return Limits(cpu=float("inf"), memory=0)

    def start(self, spec: JobSpec) -> dict[str, Any]:
        """Create the Job of an attempt, or find the one that is there."""
        from kubernetes.client.exceptions import ApiException

        state = {"name": attempt_name(spec), "attempt": spec.attempt, "folder": str(spec.folder)}
        state["port"] = spec.port
        if exit_record(spec.folder, spec.attempt):
            return state
        if spec.image:
            # What the image starts by itself is not known here: the arguments are all of it.
            bring_wrapper(spec, {})
        prepare_folders(spec, self._settings)
        manifest = job_manifest(spec, self._settings, self._server)
        with self._asking(f"Job {spec.id[:8]} can't be started") as (batch, _, jobs, _):
            try:
                made = batch.create_namespaced_job(
                    self._namespace, manifest, _request_timeout=TIMEOUT
                )
            except ApiException as error:
                if error.status != 409:
                    raise
                made = batch.read_namespaced_job(
                    state["name"], self._namespace, _request_timeout=TIMEOUT
                )
            found = batch.api_client.sanitize_for_serialization(made)
            if found["metadata"].get("labels", {}).get(SERVER) != self._server:
                raise EngineError(f"A Job {state['name']} of another installation is in the way.")
            jobs.put(found)
        return state

    def look(self, states: Mapping[str, dict[str, Any]]) -> dict[str, Sight]:
        """Look at the copy that the watch keeps; the cluster is only asked why a job failed."""
        if not states:
            return {}
        sights = {}
        with self._asking("Jobs can't be looked at") as (_, core, jobs, pods):
            known, running = jobs.objects(), pods.objects()
            for job, state in states.items():
                found, pod = known.get(state["name"]), pod_of(state["name"], running)
                if found and is_unexplained(found, pod):
                    # The watch of Jobs was faster than that of pods.
                    told = core.list_namespaced_pod(
                        self._namespace,
                        label_selector=f"job-name={state['name']}",
                        _request_timeout=TIMEOUT,
                        _preload_content=False,
                    )
                    fresh = json.loads(told.data).get("items", [])
                    pod = pod_of(state["name"], {p["metadata"]["name"]: p for p in fresh})
                sights[job] = sight_of(found, pod) if found else Sight("gone")
        return sights

    def stop(self, state: dict[str, Any], grace: float) -> None:
        """Suspend the Job for good: the cluster ends its pod, and starts no other."""
        tell_grace(state["folder"], grace)
        marks = {"metadata": {"annotations": {STOPPED: "true"}}, "spec": {"suspend": True}}
        self._patch(state, marks, "The job can't be stopped")
        if grace > 0:
            return
        with self._asking("The job can't be stopped") as (_, core, _, pods):
            pod = pod_of(state["name"], pods.objects())
            if pod is not None:
                with _if_there():
                    core.delete_namespaced_pod(
                        pod["metadata"]["name"],
                        self._namespace,
                        grace_period_seconds=0,
                        _request_timeout=TIMEOUT,
                    )

    def pause(self, state: dict[str, Any]) -> None:
        """Suspend the Job: its pod ends, its memory is free."""
        self._patch(state, {"spec": {"suspend": True}}, "The job can't be paused")

    def resume(self, state: dict[str, Any]) -> None:
        """Let the cluster start a pod again; it goes on from what the job has kept."""
        folder = Path(state["folder"])
        if exit_record(folder, state["attempt"]).get("reason") == "stopped":
            # The wrapper wrote it when its pod was ended, and would not run again.
            with suppress(OSError):
                (folder / "exit.json").unlink()
        (folder / "stop").unlink(missing_ok=True)
        self._patch(state, {"spec": {"suspend": False}}, "The job can't be resumed")

    def usage(self, states: Mapping[str, dict[str, Any]]) -> dict[str, Usage]:
        """Return nothing: the wrapper tells it."""
        return {}

    def endpoint(self, state: dict[str, Any]) -> str:
        """Return where the job listens: at its pod, for a server inside of the cluster."""
        if not state.get("port"):
            return ""
        with self._asking("The job's address is not known") as (_, _, _, pods):
            pod = pod_of(state["name"], pods.objects())
        address = (pod or {}).get("status", {}).get("podIP", "")
        return f"http://{address}:{state['port']}" if address else ""

    def found(self) -> dict[str, dict[str, Any]]:
        """Return the last attempt of each job of this installation that waits or runs."""
        with self._asking("Jobs can't be looked at") as (_, _, jobs, _):
            known = [found for found in jobs.objects().values() if not is_over(found)]
        states: dict[str, dict[str, Any]] = {}
        for found in sorted(known, key=lambda f: int(f["metadata"]["labels"][ATTEMPT])):
            labels, notes = found["metadata"]["labels"], found["metadata"].get("annotations", {})
            states[labels[JOB]] = {
                "name": found["metadata"]["name"],
                "attempt": int(labels[ATTEMPT]),
                "folder": notes.get(FOLDER, ""),
                "port": int(notes.get(PORT, 0)),
            }
        return states

    def remove(self, state: dict[str, Any]) -> None:
        """Delete the Job and its pod."""
        with self._asking("The Job can't be removed") as (batch, _, _, _), _if_there():
            batch.delete_namespaced_job(
                state["name"],
                self._namespace,
                propagation_policy="Background",
                _request_timeout=TIMEOUT,
            )

    def close(self) -> None:
        """Stop watching."""
        with self._lock:
            if self._known is not None:
                for mirror in self._known[2:]:
                    mirror.close()

    @property
    def _namespace(self) -> str:
        return self._settings.kubernetes_namespace

    def _patch(self, state: Mapping[str, Any], change: dict[str, Any], what: str) -> None:
        with self._asking(what) as (batch, _, jobs, _), _if_there():
            made = batch.patch_namespaced_job(
                state["name"], self._namespace, change, _request_timeout=TIMEOUT
            )
            jobs.put(batch.api_client.sanitize_for_serialization(made))

    def _clients(self) -> tuple[Any, Any, Mirror, Mirror]:
        try:
            from kubernetes import client
        except ImportError as error:
            raise EngineError(
                "The client of Kubernetes is missing; install it with: pip install "
                "'sdcviz[kubernetes]'."
            ) from error
        with self._lock:
            if self._known is None:
                api = _connect(self._settings.kubernetes_config)
                batch, core = client.BatchV1Api(api), client.CoreV1Api(api)
                label = f"{SERVER}={self._server}"
                jobs = Mirror(batch.list_namespaced_job, self._namespace, label)
                pods = Mirror(core.list_namespaced_pod, self._namespace, label)
                self._known = batch, core, jobs, pods
            return self._known

    @contextmanager
    def _asking(self, what: str) -> Iterator[tuple[Any, Any, Mirror, Mirror]]:
        """Lend clients and mirrors, and turn their errors into ours."""
        clients = self._clients()
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        try:
            yield clients
        except ApiException as error:
            away = error.status in (0, None, 429) or error.status >= 500
            said = _message(error).rstrip(".")
            raise EngineError(f"{what}; the cluster says: {said}.", passing=away) from error
        except (HTTPError, OSError) as error:
            raise EngineError(
                f"{what}: the cluster does not answer; it will be asked again.", passing=True
            ) from error


@contextmanager
def _if_there() -> Iterator[None]:
    """Take what is not there (any more) as it is."""
    from kubernetes.client.exceptions import ApiException

    try:
        yield
    except ApiException as error:
        if error.status != 404:
            raise


def _connect(file: Path | None) -> Any:
    """Return a connection as the settings, the pod or the user's file say."""
    from kubernetes import client, config

    try:
        if file is not None:
            return config.new_client_from_config(config_file=str(file))
        try:
            inside = client.Configuration()
            config.load_incluster_config(client_configuration=inside)
            return client.ApiClient(inside)
        except config.ConfigException:
            return config.new_client_from_config()
    except (config.ConfigException, OSError) as error:
        where = file or "the pod's account and ~/.kube/config"
        raise EngineError(
            f"{where}: this does not tell how to reach the cluster; set SDCVIZ_KUBERNETES_CONFIG."
        ) from error


def _message(error: Any) -> str:
    """Return the sentence in the cluster's answer."""
    try:
        return str(json.loads(error.body)["message"])
    except (TypeError, ValueError, KeyError):
        return str(error.reason or error.status)
