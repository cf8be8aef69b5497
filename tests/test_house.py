"""The rules of the house: arrows between rooms, light modules, words on every public name."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HEAVY = ("panel", "holoviews", "numba", "netCDF4", "pandas", "polars", "matplotlib", "xarray")


def ask(script: str) -> str:
    """Run a script in a fresh Python and return what it prints."""
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout


def check_arrows(folder: Path) -> subprocess.CompletedProcess[str]:
    script = (
        # The folder's own packages come before the installed ones.
        f"import sys; sys.path.insert(0, {str(folder)!r})\n"
        "from importlinter.cli import lint_imports; sys.exit(lint_imports())"
    )
    command = [sys.executable, "-c", script]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder)


def test_arrows_point_one_way() -> None:
    checked = check_arrows(ROOT)
    assert checked.returncode == 0, checked.stdout


def test_a_wrong_arrow_is_found(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "sdcviz", tmp_path / "sdcviz")
    shutil.copytree(ROOT / "app", tmp_path / "sdcviz_app")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / "sdcviz" / "errors.py").open("a") as errors:
        errors.write("\nfrom . import observations\nimport panel\n")
    assert "Contracts: 2 kept, 2 broken." in check_arrows(tmp_path).stdout


@pytest.mark.parametrize("module", ["sdcviz", "sdcviz.errors", "sdcviz.settings", "sdcviz.logs"])
def test_light_modules_load_nothing_heavy(module: str) -> None:
    script = f"import sys, {module}; print(*({set(HEAVY)!r} & set(sys.modules)))"
    assert ask(script).split() == []


def test_names_loaded_on_first_use_are_there() -> None:
    rooms = ("analyses", "jobs", "notifications", "observations", "qc.letters", "reviews")
    for package in (import_module(f"sdcviz.{room}") for room in rooms):
        assert all(hasattr(package, name) for name in package.__all__), package
        assert set(package.__all__) <= set(dir(package))
        assert not hasattr(package, "nothing")


def test_every_package_is_in_the_wheel() -> None:
    """A folder with an __init__.py that setuptools is not told of would be missing there."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    names = {"sdcviz": "sdcviz", "app": "sdcviz_app", "assets": "sdcviz_assets"}
    names["layouts"] = "sdcviz_layouts"
    found = {
        ".".join([names[top], *file.parent.relative_to(ROOT / top).parts])
        for top in names
        for file in (ROOT / top).rglob("__init__.py")
    }
    assert found == set(told["packages"])


def test_netcdf_is_opened_in_one_place() -> None:
    """All threads of a process share one lock for it; the engine and the worker run alone."""
    alone = {"sdcviz/formats/netcdf_file.py", "sdcviz/divand/bathymetry_file.py",
             "sdcviz/products/dap_worker.py"}  # fmt: skip
    opens = re.compile(r"(?<![\w.])(netCDF4\.)?Dataset\(|open_dataset\([^{]")
    files = [*ROOT.glob("sdcviz/**/*.py"), *ROOT.glob("app/**/*.py")]
    assert {str(f.relative_to(ROOT)) for f in files if opens.search(f.read_text())} == alone


def test_constraints_name_exact_versions_only() -> None:
    lines = (ROOT / ".ci" / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert len(pins) > 100
    assert all(line.count("==") == 1 and "/" not in line and "@" not in line for line in pins)
