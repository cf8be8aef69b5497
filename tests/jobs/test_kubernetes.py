"""The Kubernetes engine against a double of the API server (no real cluster was at hand)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from engine_jobs import is_under_way, look, new_job, until_over, verdict
from kubernetes_double import Cluster, cluster
from waiting import until

from sdcviz.errors import EngineError
from sdcviz.jobs.engine import Sight
from sdcviz.jobs.kubernetes import KubernetesEngine
from sdcviz.jobs.kubernetes_job import job_manifest
from sdcviz.jobs.model import JobSpec, Limits, State, Wish
from sdcviz.settings import Settings, load_settings

SLEEPER = "import time; print('here', flush=True); time.sleep(600)"


@pytest.fixture
def double(tmp_path: Path) -> Iterator[Cluster]:
    with cluster(tmp_path, tmp_path / "kubeconfig") as made:
        yield made


@pytest.fixture
def settings(double: Cluster, tmp_path: Path) -> Settings:
    python = {"docker_python": sys.executable}
    return load_settings(
        data_dir=tmp_path, kubernetes_config=tmp_path / "kubeconfig", jobs_grace=5, **python
    )


@pytest.fixture
def engine(settings: Settings) -> Iterator[KubernetesEngine]:
    made = KubernetesEngine(settings)
    yield made
    made.close()


def _running(engine: KubernetesEngine, data_dir: Path) -> tuple[JobSpec, dict[str, Any]]:
    spec = new_job(data_dir, sys.executable, "-c", SLEEPER)
    state = engine.start(spec)
    until(lambda: is_under_way(spec) and look(engine, state).phase == "running", "the job runs")
    return spec, state


def test_a_pod_has_no_rights(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    limits = Limits(cpu=1.5, memory=10**9, walltime=60)
    spec = new_job(tmp_path, "true", reads=(tmp_path / "in",), limits=limits)
    plan = job_manifest(spec, settings, "s")["spec"]
    pod = plan["template"]["spec"]
    [container] = pod["containers"]
    assert (plan["backoffLimit"], plan["activeDeadlineSeconds"]) == (0, 180)
    assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] > 0
    assert not pod["automountServiceAccountToken"]
    rights = container["securityContext"]
    assert rights["readOnlyRootFilesystem"] and not rights["allowPrivilegeEscalation"]
    assert rights["capabilities"] == {"drop": ["ALL"]}
    assert container["resources"]["limits"] == {"cpu": "1500m", "memory": str(10**9 + 2**24)}
    assert plan["template"]["metadata"]["labels"]["sdcviz.network"] == "none"
    shown = {mount["mountPath"]: mount.get("readOnly") for mount in container["volumeMounts"]}
    assert shown == {str(tmp_path / "in"): True, str(spec.folder): False, "/tmp": None}


def test_what_is_not_on_the_volume_is_refused(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/usr")
    for path in (Path("/usr/bin"), tmp_path / "link"):
        with pytest.raises(EngineError, match="pods see the volume under"):
            job_manifest(new_job(tmp_path, "true", reads=(path,)), settings, "s")


def test_a_suspended_job_frees_its_memory_and_starts_again(
    engine: KubernetesEngine, double: Cluster, tmp_path: Path
) -> None:
    spec, state = _running(engine, tmp_path)
    engine.pause(state)
    until(lambda: look(engine, state) == Sight("paused"), "it is paused")
    assert until(lambda: not double.objects["pods"], "the pod is gone")
    engine.resume(state)
    until(lambda: (spec.folder / "log.txt").read_text().count("here") == 2, "it runs again")
    until(lambda: look(engine, state) == Sight("running"), "it is seen")
    engine.stop(state, 5)
    assert verdict(spec, until_over(engine, spec, state), Wish.CANCEL).state is State.CANCELLED
    assert engine.found() == {}
    engine.remove(state)
    engine.remove(state)
    until(lambda: look(engine, state) == Sight("gone"), "it is forgotten")


def test_memory_node_and_time(engine: KubernetesEngine, double: Cluster, tmp_path: Path) -> None:
    spec, state = _running(engine, tmp_path)
    [pod] = double.objects["pods"]
    double.container_ended(pod, 137, "OOMKilled")
    assert until_over(engine, spec, state) == Sight("ended", 137, "memory")
    spec, state = _running(engine, tmp_path)
    double.lose_node(state["name"])
    sight = until_over(engine, spec, state)
    assert sight == Sight("gone", reason="node") and verdict(spec, sight).again
    spec, state = _running(engine, tmp_path)
    double.fail(state["name"], "DeadlineExceeded")
    assert until_over(engine, spec, state) == Sight("ended", None, "time")


def test_a_full_cluster_lets_it_wait(
    engine: KubernetesEngine, double: Cluster, tmp_path: Path
) -> None:
    double.is_full = True
    spec = new_job(tmp_path, "true")
    state = engine.start(spec)
    until(lambda: look(engine, state) == Sight("waiting", reason="node"), "it waits")
    double.make_room()
    assert until_over(engine, spec, state) == Sight("ended", 0)


def test_looking_asks_the_cluster_for_nothing(
    engine: KubernetesEngine, double: Cluster, tmp_path: Path
) -> None:
    _, state = _running(engine, tmp_path)
    asked = double.lists, double.watches
    for _ in range(100):
        engine.look({"job": state})
    assert (double.lists, double.watches) == asked


def test_a_watch_that_is_too_far_behind_begins_anew(
    engine: KubernetesEngine, double: Cluster, tmp_path: Path
) -> None:
    _, state = _running(engine, tmp_path)
    before = double.lists
    double.forget()
    until(lambda: double.lists >= before + 2, "lists anew")
    assert look(engine, state).phase == "running"
    double.delete(state["name"])
    until(lambda: look(engine, state).phase == "gone", "it is followed again")


def test_a_cluster_that_is_away(engine: KubernetesEngine, double: Cluster, tmp_path: Path) -> None:
    spec, state = _running(engine, tmp_path)
    double.is_away = True

    def fails() -> bool:
        try:
            engine.look({"job": state})
        except EngineError as error:
            return error.passing
        return False

    until(fails, "it is noticed")
    with pytest.raises(EngineError, match="currently unable") as caught:
        engine.start(new_job(tmp_path, "true"))
    assert caught.value.passing
    double.is_away = False
    until(lambda: not fails(), "it is back")
    assert look(engine, state).phase == "running"
    assert engine.found()[spec.id] == state


def test_others_are_left_alone(engine: KubernetesEngine, tmp_path: Path) -> None:
    spec, state = _running(engine, tmp_path)
    assert engine.start(spec) == state  # the same attempt twice is one
    config = tmp_path / "kubeconfig"
    away = load_settings(data_dir=tmp_path, kubernetes_config=config, kubernetes_namespace="none")
    with pytest.raises(EngineError, match='namespaces "none" not found') as caught:
        KubernetesEngine(away).start(new_job(tmp_path, "true"))
    assert not caught.value.passing
    other = load_settings(data_dir=tmp_path, kubernetes_config=config, engine_label="other")
    with pytest.raises(EngineError, match="of another installation"):
        KubernetesEngine(other).start(spec)


def test_a_cluster_that_nobody_told_of(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path, kubernetes_config=tmp_path / "none")
    with pytest.raises(EngineError, match="does not tell how to reach the cluster"):
        KubernetesEngine(settings).look({"job": {"name": "x"}})
