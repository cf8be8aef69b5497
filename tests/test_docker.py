"""Dockerfiles and compose file: linted, pinned, hardened, and in step with the settings."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from sdcviz.settings import Settings, get_settings

DOCKER = ROOT / "docker"
FILES = sorted(DOCKER.glob("*.Dockerfile"))
SECRETS = {"POSTGRES_PASSWORD": "0123abcd", "SDCVIZ_SECRET_KEY": "4567ef" * 8}
PROGRAMS = Path(sys.executable).parent


def program(name: str) -> str:
    """Find a program that pip installed with the tests."""
    found = shutil.which(name, path=f"{PROGRAMS}:{os.environ['PATH']}")
    assert found, f"{name} is missing: pip install -e '.[test]'"
    return found


def instructions(path: Path) -> list[tuple[str, str]]:
    """Split a Dockerfile into its instructions."""
    text = re.sub(r"^\s*#.*\n", "", path.read_text(), flags=re.M)
    lines = re.sub(r"\\\n\s*", " ", text).splitlines()
    return [(w[0].upper(), w[1]) for line in lines if len(w := line.split(None, 1)) == 2]


def values(path: Path, name: str) -> list[str]:
    return [value for word, value in instructions(path) if word == name]


# ---- Dockerfiles ------------------------------------------------------------
def test_all_images_are_there() -> None:
    assert [f.name.split(".")[0] for f in FILES] == ["app", "divand", "notebook"]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_hadolint_finds_nothing(path: Path) -> None:
    done = subprocess.run([program("hadolint"), path], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout == "", done.stdout


def test_hadolint_would_find_something(tmp_path: Path) -> None:
    bad = tmp_path / "Dockerfile"
    bad.write_text("FROM debian\nRUN apt-get install curl\n")
    done = subprocess.run([program("hadolint"), bad], capture_output=True, text=True)
    assert done.returncode != 0 and "DL3006" in done.stdout


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_rules_of_the_house(path: Path) -> None:
    bases = dict(value.split("=", 1) for value in values(path, "ARG") if "=" in value)
    for value in values(path, "FROM"):
        name = value.split()[0]
        image = bases[name[2:-1]] if name.startswith("${") else name
        tag = image.partition(":")[2]
        assert re.search(r"\d+\.\d+", tag), f"{image} has no version"
    # whatever a job or a visitor can reach is nobody's but its own
    assert values(path, "USER")[-1] == "1000:1000"
    assert len(values(path, "HEALTHCHECK")) == len(values(path, "ENTRYPOINT")) == 1
    assert values(path, "ENTRYPOINT")[0].startswith("[")  # signals reach the program, no shell
    for value in values(path, "RUN"):
        assert "apt-get" not in value or "rm -rf /var/lib/apt/lists" in value
        assert "pip install" not in value or "--no-cache-dir" in value
    for value in values(path, "COPY"):
        sources = value.split()[:-1]
        if not sources[0].startswith("--from"):
            assert all((ROOT / source).exists() for source in sources), value
    for name in re.findall(r"SDCVIZ_(\w+)=", " ".join(values(path, "ENV"))):
        assert name.lower() in Settings.model_fields, name


def test_images_build_upon_each_other() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    for path in FILES[1:]:
        assert f"APP=sdcviz/app:{version}" in values(path, "ARG")
    assert f"-t sdcviz/app:{version} ." in FILES[0].read_text()


# ---- Julia ------------------------------------------------------------------
def test_what_the_driver_needs_is_pinned() -> None:
    project = tomllib.loads((DOCKER / "divand" / "Project.toml").read_text())
    text = (DOCKER / "divand" / "driver.jl").read_text()
    used = set(re.findall(r"^(?:using|import) (\w+)", text, re.M))
    assert used == project["deps"].keys()
    standard = {"Dates", "LinearAlgebra", "Logging", "SHA"}
    assert project["compat"].keys() == used - standard | {"julia"}
    assert project["compat"]["DIVAnd"] == "=2.7.14"
    julia = next(v for v in values(DOCKER / "divand.Dockerfile", "ARG") if v.startswith("JULIA="))
    assert julia.partition(":")[2].startswith(f"{project['compat']['julia']}.")


def test_the_image_would_not_be_built_if_the_engines_differ(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last step of divand.Dockerfile, with the stand-in of the tests, and one that errs."""
    check = load(DOCKER / "divand" / "check.py")
    monkeypatch.setattr(check, "CASES", {"one": check.CASES["levels on their own"]})
    right, wrong = ROOT / "tests" / "analyses" / "stand_in.py", tmp_path / "stand_in.py"
    wrong.write_text(right.read_text().replace('seen["epsilon2"],', '1.01 * seen["epsilon2"],'))
    for stand_in, code in ((right, 0), (wrong, 1)):
        monkeypatch.setenv("SDCVIZ_JULIA", f"{sys.executable} {stand_in}")
        get_settings.cache_clear()
        assert check.main() == code
    get_settings.cache_clear()
    said = capsys.readouterr()
    assert said.out.startswith("one: temperature 0.0e+00, temperature_relerr 0.0e+00\n")
    assert said.err.startswith("The engines differ by 0.0")


def load(path: Path) -> Any:
    """Import a file that is in no package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# ---- compose ----------------------------------------------------------------
def compose(**given: str) -> subprocess.CompletedProcess[str]:
    """Ask the real Compose what it makes of the file."""
    env = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **given}
    command = [program("docker-compose"), "-f", DOCKER / "compose.yaml", "config"]
    return subprocess.run([*command, "--format", "json"], capture_output=True, text=True, env=env)


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    done = compose(**SECRETS)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout)["services"])


def test_compose_knows_all_services(services: dict[str, Any]) -> None:
    assert services.keys() == {"app", "worker", "db", "nginx"}
    assert services["app"]["build"]["dockerfile"] == "docker/app.Dockerfile"
    assert services["worker"]["image"] == services["app"]["image"]
    assert services["worker"]["command"] == ["job", "keep"]


def test_services_are_hardened(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "privileged" not in service and service.get("user", "1000") != "root", name
        assert re.search(r":\d+\.\d+", service["image"]), name
        # that of the app is its image's
        assert "healthcheck" in service or name == "app"
        for volume in service["volumes"]:
            assert "docker.sock" not in volume["source"]


def test_only_nginx_is_seen_and_only_from_here(services: dict[str, Any]) -> None:
    assert [name for name, service in services.items() if service.get("ports")] == ["nginx"]
    assert {port["host_ip"] for port in services["nginx"]["ports"]} == {"127.0.0.1"}
    assert list(services["db"]["networks"]) == ["inside"]
    assert "inside" not in services["nginx"]["networks"]


def test_it_does_not_start_without_secrets() -> None:
    for missing in SECRETS:
        done = compose(**{k: v for k, v in SECRETS.items() if k != missing})
        assert done.returncode != 0 and missing in done.stderr
    example = (DOCKER / "sdcviz.env.example").read_text()
    told = dict(line.split("=", 1) for line in example.splitlines() if not line.startswith("#"))
    asked = set(re.findall(r"\$\{(\w+):", (DOCKER / "compose.yaml").read_text()))
    assert told.keys() == asked and not any(told.values())
    ignored = ["git", "check-ignore", "-q", "docker/sdcviz.env"]
    assert subprocess.run(ignored, cwd=ROOT).returncode == 0


def test_its_settings_are_known(services: dict[str, Any]) -> None:
    database = services["app"]["environment"]["SDCVIZ_JOURNAL_URL"]
    assert database == f"postgresql://sdcviz:{SECRETS['POSTGRES_PASSWORD']}@db/sdcviz"
    for name in ("app", "worker"):
        for key in services[name]["environment"]:
            assert key.removeprefix("SDCVIZ_").lower() in Settings.model_fields, key
