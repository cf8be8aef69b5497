"""The OpenAPI document, and the server held to it by schemathesis."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import schemathesis
from schemathesis.config import (
    ChecksConfig,
    GenerationConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
)
from schemathesis.config._checks import PositiveDataAcceptanceConfig
from serving import Running, sign_on

EXAMPLES = 12


@pytest.fixture(scope="module")
def document(server: Running) -> dict[str, Any]:
    return httpx.get(f"{server.address}api/openapi.json").json()


@pytest.fixture(scope="module")
def api(server: Running) -> Any:
    # What a command's words may be is beyond what a schema can say: 400 is an answer, too.
    accepted = ["2xx", "400", "403", "404", "409", "429"]
    project = ProjectConfig(
        headers=sign_on(server, "admin"),
        generation=GenerationConfig(max_examples=EXAMPLES, deterministic=True),
        checks=ChecksConfig(
            positive_data_acceptance=PositiveDataAcceptanceConfig(expected_statuses=accepted)
        ),
        request_timeout=30,
    )
    config = SchemathesisConfig(seed=5, projects=ProjectsConfig(default=project))
    return schemathesis.openapi.from_url(f"{server.address}api/openapi.json", config=config)


@schemathesis.pytest.from_fixture("api").parametrize()
def test_the_server_does_as_its_document_says(case: schemathesis.Case) -> None:
    case.call_and_validate()


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
        "GET /api/jobs/{identity}/log", "POST /api/jobs/{identity}/{action}",
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
