"""The engines that the settings offer."""

from __future__ import annotations

from ..errors import BadRequest
from ..settings import Settings, get_settings
from .engine import Engine

__all__ = ["default_engine", "engines"]

_BUILT_IN = {"local": "sdcviz.jobs.local:LocalEngine"}
_made: dict[str, tuple[Settings, Engine]] = {}


def engines() -> dict[str, Engine]:
    """Return the engines that the settings offer, by name; one object each in a process."""
    settings = get_settings()
    return {name: _engine(name, settings) for name in settings.engines}


def _engine(name: str, settings: Settings) -> Engine:
    known = _made.get(name)
    if known is None or known[0] is not settings:
        known = _made[name] = (settings, _make(name, settings))
    return known[1]


def _make(name: str, settings: Settings) -> Engine:
    from importlib import import_module
    from importlib.metadata import entry_points

    found = {point.name: point.value for point in entry_points(group="sdcviz.engines")}
    where = {**_BUILT_IN, **found}
    if name not in where:
        known = ", ".join(sorted(where))
        raise BadRequest(f"There is no engine {name!r}; known are {known}.")
    module, _, maker = where[name].partition(":")
    made: Engine = getattr(import_module(module), maker)(settings)
    return made


def default_engine() -> str:
    """Return the name of the engine of jobs that name none."""
    return get_settings().engine
