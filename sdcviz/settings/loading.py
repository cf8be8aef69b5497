"""Reading the settings, and saying what is wrong with one."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ..errors import BadRequest
from .model import Settings
from .places import PREFIX, config_file

__all__ = ["get_settings", "load_settings"]


def load_settings(**given: Any) -> Settings:
    """Read the settings anew.

    Parameters
    ----------
    **given
        Settings that come before those of environment and file.

    Raises
    ------
    BadRequest
        If the file can't be read or a value can't be used; says which.
    """
    path = config_file()
    if not path.is_file() and os.environ.get(f"{PREFIX}CONFIG"):
        raise BadRequest(f"{path}: the settings file named by {PREFIX}CONFIG does not exist.")
    try:
        return Settings(**given)
    except ValidationError as error:
        raise BadRequest(_sentence(error, path, given)) from None
    except (OSError, ValueError) as error:  # tomllib's own error is a ValueError
        raise BadRequest(f"{path}: the settings file can't be read ({error}).") from error


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """Return the settings of this process, read once (see `load_settings`).

    Returns
    -------
    Settings
        ``get_settings.cache_clear()`` makes the next call read them again.
    """
    return load_settings()


def _sentence(error: ValidationError, path: Path, given: dict[str, Any]) -> str:
    """Say what is wrong with a setting, without showing the value of a secret."""
    first = error.errors(include_url=False, include_context=False)[0]
    name = str(first["loc"][0]) if first["loc"] else "?"
    variable = f"{PREFIX}{name.upper()}"
    if first["type"] == "extra_forbidden":
        known = ", ".join(Settings.model_fields)
        return f"{path}: there is no setting {name!r}; known are {known}."
    if name in given:
        where = f"--{name.replace('_', '-')}"
    elif variable in os.environ:
        where = f"the variable {variable}"
    else:
        where = f"{name!r} in {path}"
    message = first["msg"].removeprefix("Value error, ")
    field = Settings.model_fields.get(name)
    secret = field is not None and "SecretStr" in str(field.annotation)
    shown = "" if secret else f" is {first['input']!r}"
    return f"Settings: {where}{shown}: {message}."
