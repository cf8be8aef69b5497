"""Where settings and data lie if nobody says otherwise."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["PREFIX", "config_file", "user_folder"]

PREFIX = "SDCVIZ_"


def user_folder(variable: str, fallback: str) -> Path:
    """Return the user's folder that the XDG rules name, for sdcviz."""
    base = os.environ.get(variable, "")
    # The XDG rules say that a relative path is to be ignored.
    return (Path(base) if Path(base).is_absolute() else Path.home() / fallback) / "sdcviz"


def config_file() -> Path:
    """Return the settings file, whether it exists or not.

    Returns
    -------
    Path
        The file named by ``SDCVIZ_CONFIG``, else ``config.toml`` in the user's
        configuration folder.
    """
    named = os.environ.get(f"{PREFIX}CONFIG")
    if named:
        return Path(named).expanduser()
    return user_folder("XDG_CONFIG_HOME", ".config") / "config.toml"
