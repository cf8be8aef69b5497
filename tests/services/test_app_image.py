"""docker/app.Dockerfile, built by a real Docker daemon on a local base, and run."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from conftest import ROOT
from local_image import PACKAGES, base_image
from ports import free_port
from waiting import until

pytestmark = [pytest.mark.service, pytest.mark.slow]

TAG = "sdcviz/app:test"
OFFLINE = {
    "BASE": "sdcviz/base:test",
    "WHEEL_OPTIONS": "--no-index --no-build-isolation",
    "INSTALL_OPTIONS": "--no-index --no-deps",
}


@pytest.fixture(scope="module")
def docker(docker_daemon: Any) -> Iterator[Any]:
    with docker_daemon.client() as client:
        client.api.timeout = 300  # for a build on a busy machine
        yield client


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give what git knows of, as a fresh clone has it, without the tests."""
    folder = tmp_path_factory.mktemp("context")
    told = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for name in told.splitlines():
        if not name.startswith("tests/") and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def image(docker: Any, context: Path) -> Any:
    docker.api.import_image_from_data(
        base_image(),
        repository="sdcviz/base",
        tag="test",
        changes=["ENV PATH=/usr/local/bin:/usr/bin", "ENV LD_LIBRARY_PATH=/usr/local/lib"],
    )
    built, _ = docker.images.build(
        path=str(context), dockerfile="docker/app.Dockerfile", buildargs=OFFLINE, tag=TAG,
        network_mode="none", rm=True,
    )  # fmt: skip
    return built


@pytest.fixture(scope="module")
def served(docker: Any, image: Any) -> Iterator[tuple[Any, str]]:
    """Run it as docker/compose.yaml does: read-only, without capabilities."""
    port = free_port()
    container = docker.containers.run(
        TAG,
        detach=True,
        network_mode="host",
        read_only=True,
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        tmpfs={"/tmp": ""},
        environment={
            "SDCVIZ_HOST": "127.0.0.1",
            "SDCVIZ_PORT": str(port),
            "SDCVIZ_ROOT_PATH": "/viz",
            "PYTHONPATH": "/packages",
        },
        volumes={
            str(PACKAGES): {"bind": "/packages", "mode": "ro"},
            "/usr/lib": {"bind": "/usr/lib", "mode": "ro"},
        },
    )
    try:
        address = f"http://127.0.0.1:{port}"
        until(lambda: _answers(container, address), "the app answers")
        yield container, address
    finally:
        container.remove(force=True, v=True)


def _answers(container: Any, address: str) -> bool:
    container.reload()
    assert container.status == "running", container.logs().decode()
    try:
        return httpx.get(f"{address}/api/health").status_code == 200
    except httpx.TransportError:
        return False


def ask(container: Any, *words: str) -> str:
    code, said = container.exec_run(list(words))
    assert code == 0, said.decode()
    return said.decode().strip()


def test_the_image_serves_the_page(served: tuple[Any, str]) -> None:
    container, address = served
    health = httpx.get(f"{address}/api/health").json()
    assert health["status"] == "ok"
    page = httpx.get(f"{address}/viz/", follow_redirects=True)
    assert page.status_code == 200 and "<title>" in page.text
    assert ask(container, "sdcviz", "--version").split()[-1] == health["version"]
    # What the wheel lacks would be found in the mounted packages: they have no sdcviz.
    where = ask(container, "python", "-c", "import sdcviz; print(sdcviz.__file__)")
    assert where.startswith("/usr/local/lib/")


def test_nobody_is_root_in_it_and_only_volumes_are_written(served: tuple[Any, str]) -> None:
    container, _ = served
    assert ask(container, "id", "-u") == "1000"
    ids = "import os; print(open('/proc/1/status').read())"
    status = ask(container, "python", "-c", ids)
    assert "Uid:\t1000\t1000\t1000\t1000" in status and "CapEff:\t0000000000000000" in status
    code, _ = container.exec_run(["python", "-c", "open('/usr/local/x', 'w')"])
    assert code != 0
    script = "import os; print(*(os.stat(f'/data/{n}').st_uid for n in os.listdir('/data')))"
    assert set(ask(container, "python", "-c", script).split()) == {"1000"}


def test_its_health_is_asked_for(docker: Any, served: tuple[Any, str]) -> None:
    container, _ = served
    kind, *words = docker.api.inspect_image(TAG)["Config"]["Healthcheck"]["Test"]
    assert kind == "CMD"
    ask(container, *words)
    worker = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text())["services"]["worker"]
    assert ask(container, *worker["healthcheck"]["test"][1:]) == "[]"


def test_a_command_runs_in_it(docker: Any, image: Any) -> None:
    said = docker.containers.run(
        TAG, ["divand", "--example"], remove=True, network_mode="none", read_only=True,
        environment={"PYTHONPATH": "/packages"}, user="65534:65534", tmpfs={"/tmp": ""},
        volumes={
            str(PACKAGES): {"bind": "/packages", "mode": "ro"},
            "/usr/lib": {"bind": "/usr/lib", "mode": "ro"},
        },
    )  # fmt: skip
    assert b"collection:" in said


def test_it_stops_when_it_is_told(served: tuple[Any, str]) -> None:
    """The last test of this file: SIGTERM reaches the server, which ends by itself."""
    container, _ = served
    container.stop(timeout=60)
    assert container.wait()["StatusCode"] in (0, 130, 143)  # not 137: killed
