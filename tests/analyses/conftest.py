"""A small synthetic collection for analyses that read one."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def made_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make it once."""
    from sdcviz.demo import make_demo

    return make_demo(tmp_path_factory.mktemp("made") / "demo", stations=400)
