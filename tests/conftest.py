"""Fixtures and helpers that all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def need(condition: object, reason: str) -> None:
    """Skip with a reason where a real part is missing; in CI, fail."""
    if condition:
        return
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def data() -> Path:
    """Return the folder of real files."""
    folder = Path(os.environ.get("SDCVIZ_TEST_DATA", ROOT.parent / "shared" / "data"))
    need(folder.is_dir(), f"The real files are missing: set SDCVIZ_TEST_DATA (looked in {folder}).")
    return folder
