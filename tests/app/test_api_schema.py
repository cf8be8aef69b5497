"""The OpenAPI document, and the server held to it by schemathesis."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from serving import Running, sign_on

CONFIG = """
seed = 5
[generation]
deterministic = true
max-examples = 8
[checks]
# What a command's words may be is beyond what a schema can say: 400 is an answer, too.
positive_data_acceptance.expected-statuses = ["2xx", "400", "403", "404", "409", "429"]
"""


@pytest.fixture(scope="module")
def document(server: Running) -> dict[str, Any]:
    return httpx.get(f"{server.address}api/openapi.json").json()


def test_the_server_does_as_its_document_says(
    server: Running, document: dict[str, Any], tmp_path: Path
) -> None:
    """All checks of schemathesis: no defect, status, headers and body as told, nobody let in."""
    (tmp_path / "config.toml").write_text(CONFIG)
    words = [f"{Path(sys.executable).parent}/schemathesis", "--config-file", "config.toml", "run"]
    words += [f"{server.address}api/openapi.json", "--phases", "examples,coverage,fuzzing"]
    (shown,) = [f"{name}: {value}" for name, value in sign_on(server, "admin").items()]
    done = subprocess.run(
        [*words, "--header", shown, "--no-color"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Tested: {len(operations(document))}" in done.stdout, done.stdout
    assert "Traceback" not in (server.data_dir / "server.log").read_text()


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, way in document["paths"].items()
        for method, operation in way.items()
    }


def test_the_document_names_the_service_and_nothing_else(document: dict[str, Any]) -> None:
    told = operations(document)
    assert {
        "POST /api/jobs", "GET /api/jobs", "GET /api/jobs/{identity}",
        "GET /api/jobs/{identity}/log", "POST /api/jobs/{identity}/stop",
        "GET /api/jobs/{identity}/events", "GET /api/jobs/{identity}/files",
        "GET /api/jobs/{identity}/files/{name}", "GET /api/usage", "GET /api/collections",
        "GET /api/collections/{identity}", "GET /api/products", "GET /api/health", "GET /api/ready",
    } <= set(told)  # fmt: skip
    assert all(way.split()[1].startswith("/api/") for way in told)
    assert not any("upload" in way or "download" in way for way in told)
    assert document["info"]["title"] == "sdcviz" and document["info"]["version"]


def test_every_operation_is_described_with_its_errors(document: dict[str, Any]) -> None:
    open_to_all = {"GET /api/health", "GET /api/ready"}
    for name, operation in operations(document).items():
        assert operation["description"].rstrip().endswith((".", ")")), name
        assert "422" not in operation["responses"], name
        if name in open_to_all:
            assert "security" not in operation, name
            continue
        assert {"token": []} in operation["security"], name
        for status in ("401", "403"):
            schema = operation["responses"][status]["content"]["application/json"]["schema"]
            assert schema["$ref"].endswith("/Problem"), name
    scheme = document["components"]["securitySchemes"]["token"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")


def test_people_read_it_without_a_request_to_elsewhere(server: Running) -> None:
    page = httpx.get(f"{server.address}api/docs").text
    assert "/api/jobs/{identity}/events" in page
    assert "http:" not in page and "https:" not in page and "<script" not in page
