"""A built wheel in an empty environment is all that a user needs."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from conftest import ROOT

pytestmark = pytest.mark.service

PARTS = ("sdcviz", "app", "assets", "layouts", "pyproject.toml", "README.md", "LICENSE")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build from a copy, so that no older build beside the sources gets in."""
    folder = tmp_path_factory.mktemp("wheel")
    for part in PARTS:
        source, copy = ROOT / part, folder / part
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", str(folder)]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    (found,) = (folder / "dist").glob("*.whl")
    return found


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into an environment where nothing of ours is.

    The packages it depends on come from the running environment through a .pth file: to
    install them again would take minutes, and pip has resolved them here from the same
    pyproject.toml. The sdcviz of the running environment stays out, since an editable
    install is itself a .pth file, which is not followed from another one.
    """
    folder = tmp_path_factory.mktemp("empty")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps"]
    installed = subprocess.run(
        [*command, "--quiet", "--no-index", str(wheel)], capture_output=True, text=True
    )
    assert installed.returncode == 0, installed.stderr
    (site,) = folder.glob("lib/python*/site-packages")
    packages = [path for path in sys.path if path.endswith("-packages")]
    (site / "dependencies.pth").write_text("\n".join(packages))
    return python


@pytest.fixture(scope="module")
def address(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run ``sdcviz serve`` of the wheel in some folder."""
    folder = tmp_path_factory.mktemp("elsewhere")
    env = os.environ | {"SDCVIZ_DATA_DIR": str(folder / "data")}
    with (folder / "errors").open("w") as errors:
        process = subprocess.Popen(
            [python.with_name("sdcviz"), "serve", "--port", "0"],
            cwd=folder,
            env=env,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        assert process.stdout is not None
        found = re.search(r"http://\S+/", process.stdout.readline())
        assert found, (folder / "errors").read_text()
        yield found.group()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=180)


def test_help_from_another_folder(python: Path, tmp_path: Path) -> None:
    command = [python.with_name("sdcviz"), "--help"]
    shown = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "Commands:" in shown.stdout


def test_nothing_is_read_from_the_sources(python: Path, tmp_path: Path) -> None:
    script = (
        "import sdcviz, sdcviz_app, sdcviz_assets, sdcviz_layouts\n"
        "print(sdcviz.__file__, sdcviz_app.__file__, sdcviz_assets.__file__, "
        "sdcviz_layouts.__file__, sep='\\n')"
    )
    command = [str(python), "-c", script]
    shown = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    environment = str(python.parents[1])
    assert [line for line in shown.stdout.splitlines() if not line.startswith(environment)] == []


@pytest.mark.parametrize("folder", ["app", "assets", "layouts", "sdcviz"])
def test_every_file_came_along(python: Path, folder: str) -> None:
    (site,) = python.parents[1].glob("lib/python*/site-packages")
    installed = site / (folder if folder == "sdcviz" else f"sdcviz_{folder}")
    listed = subprocess.run(
        ["git", "ls-files", folder], cwd=ROOT, capture_output=True, text=True, check=True
    )
    files = [Path(name).relative_to(folder) for name in listed.stdout.splitlines()]
    assert files
    assert [str(file) for file in files if not (installed / file).is_file()] == []


def test_the_page_is_served(address: str) -> None:
    assert httpx.get(f"{address}api/health").json()["status"] == "ok"
    assert httpx.get(address).status_code == 200


def test_the_assets_are_served(address: str) -> None:
    logo = httpx.get(f"{address}assets/logo.svg")
    assert (logo.status_code, logo.headers["content-type"]) == (200, "image/svg+xml")
