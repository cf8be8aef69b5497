"""Worlds of jobs for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from stands import STANDS, Stand
from world import World, world


@pytest.fixture(scope="session")
def stands() -> Iterator[dict[str, Stand]]:
    """Keep the engines that were opened, for all tests of a run."""
    with ExitStack() as stack:
        yield _Opened(stack)


class _Opened(dict[str, Stand]):
    def __init__(self, stack: ExitStack) -> None:
        super().__init__()
        self._stack = stack

    def __missing__(self, name: str) -> Stand:
        self[name] = self._stack.enter_context(STANDS[name][0]())
        return self[name]


@pytest.fixture
def stand(request: pytest.FixtureRequest, stands: dict[str, Stand]) -> Stand:
    """Return the engine that a test is parametrised with."""
    return stands[request.param]


@pytest.fixture
def there(stand: Stand, tmp_path: Path) -> Iterator[World]:
    """Return a world of jobs of that engine."""
    with world(tmp_path, stand.name, **stand.env) as made:
        yield made


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    """Return a world of jobs of this machine."""
    with world(tmp_path) as made:
        yield made
