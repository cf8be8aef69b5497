"""One real server for all tests of the HTTP front."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from serving import Running, running


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("server")) as address:
        yield address
