"""Fixtures and helpers that all tests share."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from waiting import LONG, WAIT

ROOT = Path(__file__).resolve().parents[1]
# A busy machine is no defect.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")
IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}


def _scrub() -> None:
    """Keep the user's settings and data out of the tests, also of what they start."""
    for name in list(os.environ):
        ours = name.startswith("SDCVIZ_") and name != "SDCVIZ_TEST_DATA"
        if ours or name.startswith(("BOKEH_", "PANEL_")):
            del os.environ[name]
    home = tempfile.mkdtemp(prefix="sdcviz-tests-")
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    os.environ["XDG_DATA_HOME"] = f"{home}/data"
    os.environ["XDG_CONFIG_HOME"] = f"{home}/config"
    # Other tests are no pages: a job that gave way to them would starve.
    os.environ["SDCVIZ_JOBS_NICE"] = "0"


def _be_patient() -> None:
    """Give answers of servers the time of a busy machine; httpx gives them five seconds."""
    from httpx._config import DEFAULT_TIMEOUT_CONFIG as usual

    usual.connect = usual.read = usual.write = usual.pool = LONG


def pytest_configure(config: pytest.Config) -> None:
    """Leave browser and service tests out of a bare ``pytest``, which one runs while coding.

    ``pytest tests`` (as ``make test`` does), a folder, a file or ``-m`` runs them.
    """
    _scrub()
    _be_patient()
    bare = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    if bare and not IN_CI and not config.option.markexpr:
        config.option.markexpr = "not browser and not service"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Distribute whole files (`scheduling.ByFile`)."""
    from scheduling import ByFile

    return ByFile(config, log)


def need(condition: object, reason: str) -> None:
    """Skip with a reason where a real part is missing; in CI, fail."""
    if condition:
        return
    if IN_CI:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Make pytest-playwright drive the Chromium of the system, which downloads nothing."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    need(chromium, "Chromium is missing: apt-get install chromium")
    quiet = ["--disable-background-networking", "--disable-component-update", "--no-first-run"]
    # The sandbox needs kernel rights that a container has not; only our own pages are opened.
    sandbox = ["--no-sandbox", "--disable-dev-shm-usage"]
    return {
        **browser_type_launch_args,
        "executable_path": chromium,
        "timeout": WAIT,
        "args": [*browser_type_launch_args.get("args", []), *quiet, *sandbox],
    }


@pytest.fixture(scope="session")
def data() -> Path:
    """Return the folder of real files."""
    folder = Path(os.environ.get("SDCVIZ_TEST_DATA", ROOT.parent / "shared" / "data"))
    need(folder.is_dir(), f"The real files are missing: set SDCVIZ_TEST_DATA (looked in {folder}).")
    return folder


@pytest.fixture(scope="session")
def shared_place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that all processes of this test run have in common."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "services"


@pytest.fixture(scope="session")
def docker_daemon(shared_place: Path) -> Iterator[Any]:
    """Return a running Docker daemon of this test run (`engine_services.DockerDaemon`)."""
    from engine_services import needed_service

    with needed_service("docker", shared_place) as ready:
        yield ready


@pytest.fixture(scope="session")
def slurm_cluster(shared_place: Path) -> Iterator[Any]:
    """Return a running Slurm of this test run (`engine_services.SlurmCluster`)."""
    from engine_services import needed_service

    with needed_service("slurm", shared_place) as ready:
        yield ready


@pytest.fixture
def own_daemon(tmp_path: Path) -> Iterator[Any]:
    """Return a Docker daemon that no other test uses."""
    from engine_services import needed_service

    with needed_service("docker", tmp_path / "services") as ready:
        yield ready


@pytest.fixture
def own_cluster(tmp_path: Path) -> Iterator[Any]:
    """Return a Slurm that no other test uses."""
    from engine_services import needed_service

    with needed_service("slurm", tmp_path / "services") as ready:
        yield ready


@pytest.fixture(scope="session")
def local_image(docker_daemon: Any) -> dict[str, Any]:
    """Return settings with which the Docker engine runs this working copy, without a registry."""
    return docker_daemon.settings()
