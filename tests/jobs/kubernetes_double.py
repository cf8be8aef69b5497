"""A double of the part of Kubernetes that the engine uses: API server, Job controller, one node.

It answers over HTTP as the API server does: versions of resources, watches with bookmarks and an
end, 410 for versions that it has forgotten, 409, 404, 401 and 422 with a Status. Its node runs the
container's command as a process of this machine; the volume is the folder itself.
"""

from __future__ import annotations

import datetime
import json
import os
import re
import signal
import subprocess
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

__all__ = ["Cluster", "cluster"]

NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
LABEL = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
PATHS = {
    "jobs": re.compile(r"/apis/batch/v1/namespaces/(?P<namespace>[^/]+)/jobs(/(?P<name>[^/]+))?"),
    "pods": re.compile(r"/api/v1/namespaces/(?P<namespace>[^/]+)/pods(/(?P<name>[^/]+))?"),
}
TOKEN = "a token"


class Refused(Exception):
    """An answer that is a Status."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = {
            "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code,
            "reason": reason, "message": message, "metadata": {},
        }  # fmt: skip


class Cluster:
    """Objects, their versions, and what controller and node do with them.

    Parameters
    ----------
    namespace : str
    root : Path
        What the volume shows.
    """

    def __init__(self, namespace: str, root: Path) -> None:
        self.namespace, self.root = namespace, root
        self.lock = threading.Condition(threading.RLock())
        self.objects: dict[str, dict[str, dict[str, Any]]] = {"jobs": {}, "pods": {}}
        self.events: list[tuple[int, str, str, dict[str, Any]]] = []
        self.version, self.forgotten, self.watches, self.lists = 10, 0, 0, 0
        self.is_away, self.is_full = False, False
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    # ---- objects and their history ---------------------------------------
    def write(self, kind: str, found: dict[str, Any], event: str = "MODIFIED") -> None:
        with self.lock:
            self.version += 1
            found["metadata"]["resourceVersion"] = str(self.version)
            name = found["metadata"]["name"]
            if event == "DELETED":
                self.objects[kind].pop(name, None)
            else:
                self.objects[kind][name] = found
            self.events.append((self.version, kind, event, json.loads(json.dumps(found))))
            self.lock.notify_all()

    def forget(self) -> None:
        """Drop the history, as the API server does after some minutes, and end all watches."""
        with self.lock:
            self.events.clear()
            self.version += 1
            self.forgotten = self.version
            self.lock.notify_all()

    def get(self, kind: str, name: str) -> dict[str, Any]:
        try:
            return self.objects[kind][name]
        except KeyError:
            group = "jobs.batch" if kind == "jobs" else kind
            raise Refused(404, "NotFound", f'{group} "{name}" not found') from None

    # ---- jobs ------------------------------------------------------------
    def create(self, job: dict[str, Any]) -> dict[str, Any]:
        _check(job, self.root)
        name = job["metadata"]["name"]
        if name in self.objects["jobs"]:
            raise Refused(409, "AlreadyExists", f'jobs.batch "{name}" already exists')
        job["metadata"] |= {"namespace": self.namespace, "uid": str(uuid.uuid4()),
                            "creationTimestamp": _now(), "generation": 1}  # fmt: skip
        job["status"] = {}
        self.write("jobs", job, "ADDED")
        answer = json.loads(json.dumps(job))
        self._reconcile(name)
        return answer

    def patch(self, name: str, change: dict[str, Any]) -> dict[str, Any]:
        job = self.get("jobs", name)
        job["metadata"].setdefault("annotations", {}).update(
            change.get("metadata", {}).get("annotations", {})
        )
        job["spec"] |= change.get("spec", {})
        self.write("jobs", job)
        answer = json.loads(json.dumps(job))
        self._reconcile(name)
        return answer

    def delete(self, name: str) -> dict[str, Any]:
        job = self.get("jobs", name)
        self.write("jobs", job, "DELETED")
        for pod in self._pods(name):
            self.end_pod(pod["metadata"]["name"])
        return {"kind": "Status", "apiVersion": "v1", "status": "Success"}

    def _pods(self, job: str) -> list[dict[str, Any]]:
        return [
            p for p in self.objects["pods"].values() if p["metadata"]["labels"]["job-name"] == job
        ]

    def _reconcile(self, name: str) -> None:
        """Do what the Job controller does."""
        job = self.objects["jobs"].get(name)
        if job is None or _is_finished(job):
            return
        pods = [p for p in self._pods(name) if p["status"]["phase"] in ("Pending", "Running")]
        if job["spec"].get("suspend"):
            for pod in pods:
                self.end_pod(pod["metadata"]["name"])
            _condition(job, "Suspended", "True", "JobSuspended")
        elif not pods:
            self._new_pod(job)
            _condition(job, "Suspended", "False", "JobResumed")
        self._count(job)
        deadline = job["spec"].get("activeDeadlineSeconds")
        if deadline:
            timer = threading.Timer(deadline, self.fail, (name, "DeadlineExceeded"))
            timer.daemon = True
            timer.start()

    def _count(self, job: dict[str, Any]) -> None:
        live = [p for p in self._pods(job["metadata"]["name"])
                if p["status"]["phase"] in ("Pending", "Running")]  # fmt: skip
        job["status"]["active"] = len(live)
        if not live:
            del job["status"]["active"]  # the API server leaves zeros out
        self.write("jobs", job)

    def fail(self, name: str, reason: str) -> None:
        with self.lock:
            job = self.objects["jobs"].get(name)
            if job is not None and not _is_finished(job):
                _condition(job, "Failed", "True", reason)
                for pod in self._pods(name):
                    self.end_pod(pod["metadata"]["name"])
                self._count(job)

    # ---- pods ------------------------------------------------------------
    def _new_pod(self, job: dict[str, Any]) -> None:
        template = job["spec"]["template"]
        name = f"{job['metadata']['name']}-{uuid.uuid4().hex[:5]}"
        labels = {**template["metadata"]["labels"], "job-name": job["metadata"]["name"],
                  "batch.kubernetes.io/job-name": job["metadata"]["name"]}  # fmt: skip
        pod = {
            "kind": "Pod", "apiVersion": "v1",
            "spec": template["spec"], "status": {"phase": "Pending"},
            "metadata": {"name": name, "namespace": self.namespace, "labels": labels,
                         "uid": str(uuid.uuid4()), "creationTimestamp": _now()},
        }  # fmt: skip
        if self.is_full:
            pod["status"]["conditions"] = [
                {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
            ]
        self.write("pods", pod, "ADDED")
        if not self.is_full:
            threading.Thread(target=self._run, args=(name,), daemon=True).start()

    def make_room(self) -> None:
        """Run the pods for which there was no node."""
        self.is_full = False
        for name, pod in list(self.objects["pods"].items()):
            if pod["status"]["phase"] == "Pending":
                threading.Thread(target=self._run, args=(name,), daemon=True).start()

    def _run(self, name: str) -> None:
        """Do what a node does: run the container, and tell of its end."""
        with self.lock:
            pod = self.objects["pods"].get(name)
            if pod is None:
                return
            container = pod["spec"]["containers"][0]
            env = {one["name"]: one["value"] for one in container["env"]}
            process = subprocess.Popen(
                container["command"], cwd=container["workingDir"], env={**os.environ, **env},
                start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )  # fmt: skip
            self._processes[name] = process
            state = {"running": {"startedAt": _now()}}
            pod["status"] = {"phase": "Running", "podIP": "127.0.0.1",
                             "containerStatuses": [{"name": "job", "state": state}]}  # fmt: skip
            self.write("pods", pod)
        code = process.wait()
        self.container_ended(name, code if code >= 0 else 128 - code)

    def container_ended(self, name: str, code: int, reason: str = "", lost: bool = False) -> None:
        with self.lock:
            pod = self.objects["pods"].get(name)
            if pod is None or pod["status"]["phase"] not in ("Pending", "Running"):
                return
            why = reason or ("Completed" if code == 0 else "Error")
            state = {"terminated": {"exitCode": code, "reason": why}}
            pod["status"]["phase"] = "Failed" if code else "Succeeded"
            pod["status"]["containerStatuses"] = [{"name": "job", "state": state}]
            if lost:
                pod["status"]["conditions"] = [
                    {"type": "DisruptionTarget", "status": "True", "reason": "DeletionByPodGC"}
                ]
            self.write("pods", pod)
            ending = "deletionTimestamp" in pod["metadata"]
            if ending:
                self.write("pods", pod, "DELETED")
            job = self.objects["jobs"].get(pod["metadata"]["labels"]["job-name"])
            if job is None or _is_finished(job):
                return
            if not job["spec"].get("suspend"):
                _condition(job, "Failed" if code else "Complete", "True",
                           "BackoffLimitExceeded" if code else "")  # fmt: skip
            self._count(job)

    def end_pod(self, name: str, grace: float | None = None) -> None:
        """Send TERM to a pod, and KILL after its grace."""
        pod = self.get("pods", name)
        if pod["status"]["phase"] not in ("Running", "Pending"):
            self.write("pods", pod, "DELETED")
            return
        pod["metadata"]["deletionTimestamp"] = _now()
        self.write("pods", pod)
        process = self._processes.get(name)
        if process is None:
            self.container_ended(name, 143)
            return
        if grace is None:
            grace = pod["spec"]["terminationGracePeriodSeconds"]
        _signal(process, signal.SIGTERM if grace else signal.SIGKILL, all_of_it=not grace)
        timer = threading.Timer(grace, _signal, (process, signal.SIGKILL, True))
        timer.daemon = True
        timer.start()

    def lose_node(self, job: str) -> None:
        """Kill what runs without a word; the cluster finds out, and tells the pod's end."""
        for pod in self._pods(job):
            process = self._processes[pod["metadata"]["name"]]
            with self.lock:
                _signal(process, signal.SIGKILL, all_of_it=True)
                self.container_ended(pod["metadata"]["name"], 137, lost=True)

    def close(self) -> None:
        for process in self._processes.values():
            _signal(process, signal.SIGKILL, all_of_it=True)


def _signal(process: subprocess.Popen[bytes], number: int, all_of_it: bool = False) -> None:
    with suppress(ProcessLookupError):
        (os.killpg if all_of_it else os.kill)(process.pid, number)


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _is_finished(job: dict[str, Any]) -> bool:
    conditions = job["status"].get("conditions", [])
    return any(c["type"] in ("Complete", "Failed") and c["status"] == "True" for c in conditions)


def _condition(job: dict[str, Any], kind: str, status: str, reason: str) -> None:
    kept = [c for c in job["status"].get("conditions", []) if c["type"] != kind]
    job["status"]["conditions"] = [*kept, {"type": kind, "status": status, "reason": reason}]


def _check(job: dict[str, Any], root: Path) -> None:
    """Refuse what the API server would refuse, and what our cluster does not have."""

    def refuse(condition: object, message: str) -> None:
        if not condition:
            raise Refused(422, "Invalid", f"Job.batch is invalid: {message}")

    refuse((job.get("apiVersion"), job.get("kind")) == ("batch/v1", "Job"), "apiVersion, kind")
    refuse(NAME.fullmatch(job["metadata"]["name"]), "metadata.name")
    template = job["spec"]["template"]
    for labels in (job["metadata"]["labels"], template["metadata"]["labels"]):
        refuse(all(LABEL.fullmatch(text) for text in labels.values()), f"labels: {labels}")
    pod = template["spec"]
    refuse(pod.get("restartPolicy") in ("Never", "OnFailure"), "spec.template.spec.restartPolicy")
    volumes = {volume["name"]: volume for volume in pod.get("volumes", [])}
    for container in pod["containers"]:
        for one in container.get("env", []):
            refuse(isinstance(one["value"], str), "env")
        paths = [mount["mountPath"] for mount in container["volumeMounts"]]
        refuse(len(paths) == len(set(paths)), "volumeMounts: must be unique")
        for mount in container["volumeMounts"]:
            refuse(mount["name"] in volumes, "volumeMounts.name: not found")
            if "persistentVolumeClaim" in volumes[mount["name"]]:
                sub = mount["subPath"]
                refuse(not sub.startswith("/") and ".." not in sub.split("/"), "subPath")
                refuse((root / sub).resolve() == Path(mount["mountPath"]).resolve(), "not there")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    cluster: Cluster

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(lambda kind, name, _: (201, self.cluster.create(self._body())))

    def do_PATCH(self) -> None:
        def patch(kind: str, name: str, _: dict[str, str]) -> tuple[int, Any]:
            kinds = ("application/json-patch+json", "application/strategic-merge-patch+json",
                     "application/merge-patch+json")  # fmt: skip
            sort = self.headers["Content-Type"]
            body = self._body()
            if sort not in kinds or isinstance(body, list) != (sort == kinds[0]):
                raise Refused(415, "UnsupportedMediaType", f"{sort} with {type(body)}")
            return 200, self.cluster.patch(name, body)

        self._answer(patch)

    def do_DELETE(self) -> None:
        def delete(kind: str, name: str, query: dict[str, str]) -> tuple[int, Any]:
            if kind == "jobs":
                return 200, self.cluster.delete(name)
            grace = query.get("gracePeriodSeconds")
            self.cluster.end_pod(name, float(grace) if grace else None)
            return 200, self.cluster.objects["pods"].get(name, {})

        self._answer(delete)

    def _answer(self, serve: Any) -> None:
        address = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        try:
            if self.cluster.is_away:
                raise Refused(503, "ServiceUnavailable", "the server is currently unable")
            if self.headers["Authorization"] != f"Bearer {TOKEN}":
                raise Refused(401, "Unauthorized", "Unauthorized")
            found_at = [(k, m) for k, p in PATHS.items() if (m := p.fullmatch(address.path))]
            if not found_at:
                raise Refused(404, "NotFound", "the server could not find the requested resource")
            [(kind, match)] = found_at
            if match["namespace"] != self.cluster.namespace:
                raise Refused(404, "NotFound", f'namespaces "{match["namespace"]}" not found')
            with self.cluster.lock:
                found = serve(kind, match["name"], query)
        except Refused as refused:
            found = refused.status["code"], refused.status
        if found is None:
            self._watch(kind, query)
            return
        code, body = found
        self._send(code, json.dumps(body).encode())

    def _get(self, kind: str, name: str, query: dict[str, str]) -> tuple[int, Any] | None:
        if name:
            return 200, self.cluster.get(kind, name)
        if query.get("watch", "").lower() in ("true", "1"):
            return None
        self.cluster.lists += 1
        items = [o for o in self.cluster.objects[kind].values() if _matches(o, query)]
        meta = {"resourceVersion": str(self.cluster.version)}
        return 200, {"kind": "List", "apiVersion": "v1", "metadata": meta, "items": items}

    def _watch(self, kind: str, query: dict[str, str]) -> None:
        """Tell all that follows a version, as it happens, one document a line."""
        cluster, at = self.cluster, int(query["resourceVersion"])
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        cluster.watches += 1
        with suppress(OSError):
            while not cluster.is_away:
                with cluster.lock:
                    if at < cluster.forgotten:
                        gone = Refused(410, "Expired", f"too old resource version: {at}")
                        self._line({"type": "ERROR", "object": gone.status})
                        break
                    fresh = [e for e in cluster.events if e[0] > at]
                    if not fresh:
                        cluster.lock.wait(0.2)
                        continue
                for _, of, event, found in fresh:
                    if of == kind and _matches(found, query):
                        self._line({"type": event, "object": found})
                at = fresh[-1][0]
                mark = {"kind": "Job", "metadata": {"resourceVersion": str(at)}}
                self._line({"type": "BOOKMARK", "object": mark})
            self.wfile.write(b"0\r\n\r\n")

    def _line(self, event: dict[str, Any]) -> None:
        data = json.dumps(event).encode() + b"\n"
        # In two pieces: a reader must not take a piece for a line.
        for piece in (data[:20], data[20:]):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.flush()

    def _body(self) -> Any:
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def _send(self, code: int, data: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _matches(found: dict[str, Any], query: dict[str, str]) -> bool:
    wanted = dict(one.split("=") for one in query.get("labelSelector", "").split(",") if one)
    return wanted.items() <= found["metadata"]["labels"].items()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that were killed close no connection."""


@contextmanager
def cluster(root: Path, file: Path, namespace: str = "sdcviz") -> Iterator[Cluster]:
    """Serve a cluster, and write the file with which clients find it."""
    double = Cluster(namespace, root)
    handler = type("Handler", (_Handler,), {"cluster": double})
    server = _Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    told = {
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "clusters": [{"name": "c", "cluster": {"server": address}}],
        "users": [{"name": "u", "user": {"token": TOKEN}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
    }  # fmt: skip
    file.write_text(json.dumps(told))
    try:
        yield double
    finally:
        double.is_away = True
        double.close()
        server.shutdown()
        server.server_close()
