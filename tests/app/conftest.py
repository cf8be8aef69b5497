"""One real server for all tests of the HTTP front."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import Running, running


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("server"), log_level="debug") as address:
        yield address


@pytest.fixture(scope="session")
def profiles_collection(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Import ten deep CTD stations of one cruise: 21 645 samples of four parameters."""
    from sdcviz import import_files

    into = tmp_path_factory.mktemp("collection") / "ovide"
    import_files([data / "odv" / "ODV_vertical_profiles_ctd.txt"], into, name="Ovide 3")
    return into


@pytest.fixture(scope="session")
def made_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a small synthetic collection once."""
    from sdcviz.demo import make_demo

    return make_demo(tmp_path_factory.mktemp("made") / "demo", stations=40)


@pytest.fixture
def demo(made_demo: Path, tmp_path: Path) -> Path:
    """Return a copy of that collection, to change flags in."""
    return Path(shutil.copytree(made_demo, tmp_path / "demo"))
