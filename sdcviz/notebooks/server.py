"""Run JupyterLab for one notebook, behind the page's own server."""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..errors import BadRequest
from ..storage import storage_errors

__all__ = ["CONFIG", "NAME", "SERVERS", "run_jupyter"]

NAME = "notebook.ipynb"
CONFIG = Path(__file__).with_name("jupyter_config.py")
SERVERS = "jupyter/runtime"
"""In the job folder: where Jupyter writes its port and token (``jpserver-*.json``)."""
_GRACE = 20.0


def run_jupyter(
    make: Callable[[], Any], *, port: int, host: str, base_url: str, folder: Path, place: Path
) -> int:
    """Write a notebook, unless it is there from before, and serve it until told to stop.

    Parameters
    ----------
    make : callable
        Gives the notebook (`make_notebook`).
    port : int
        Where to listen; one after it where it is taken, and 0: any.
    host : str
        Address to listen on.
    base_url : str
        Path under which the page's server shows it.
    folder : Path
        Holds the notebook: what people work in.
    place : Path
        Holds what Jupyter itself keeps: settings, port and token, history.

    Returns
    -------
    int
        Its exit code.

    Raises
    ------
    BadRequest
        Jupyter is not installed.
    StorageError
        The notebook can't be written.
    """
    if find_spec("jupyterlab") is None:
        raise BadRequest(
            "Notebooks need JupyterLab: pip install 'sdcviz[notebook]' on this machine."
        )
    if not (folder / NAME).exists():
        _write(make(), folder / NAME)
    env = _environment(place, port, host, base_url, folder)
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", f"--config={CONFIG}"], env=env, cwd=folder
    )
    try:
        return process.wait()
    finally:
        # Told to stop: Jupyter ends its kernels first.
        if process.poll() is None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_GRACE)
            process.kill()
            process.wait()


def _write(notebook: Any, path: Path) -> None:
    import nbformat

    with storage_errors(path):
        path.write_text(nbformat.writes(notebook), encoding="utf-8")


def _write_settings(folder: Path) -> None:
    """Let JupyterLab ask for no news from elsewhere, unless a person said something about it."""
    path = folder / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    if path.exists():
        return
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('{"fetchNews": "false", "checkForUpdates": false}\n', encoding="utf-8")


def _environment(place: Path, port: int, host: str, base_url: str, folder: Path) -> dict[str, str]:
    """Return the environment: nothing of it can be seen in a list of processes."""
    runtime = place / SERVERS
    with storage_errors(runtime):
        runtime.mkdir(parents=True, exist_ok=True, mode=0o700)
        for old in runtime.glob("jpserver-*"):
            old.unlink()
    _write_settings(place / "jupyter" / "config" / "lab" / "user-settings")
    # What the kernel starts is not this job: its events are its own.
    env = {name: value for name, value in os.environ.items() if name != "SDCVIZ_EVENTS"}
    return env | {
        "JUPYTER_TOKEN": secrets.token_urlsafe(32),
        "JUPYTER_RUNTIME_DIR": str(runtime),
        "JUPYTER_CONFIG_DIR": str(place / "jupyter" / "config"),
        "JUPYTER_DATA_DIR": str(place / "jupyter" / "data"),
        "IPYTHONDIR": str(place / "jupyter" / "ipython"),
        "SDCVIZ_NOTEBOOK_PORT": str(port),
        "SDCVIZ_NOTEBOOK_HOST": host,
        "SDCVIZ_NOTEBOOK_URL": base_url,
        "SDCVIZ_NOTEBOOK_FOLDER": str(folder),
    }
