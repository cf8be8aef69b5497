"""Configuration of JupyterLab behind the page's own server; Jupyter reads it, nobody imports it."""

import os
from typing import Any

c: Any = get_config()  # type: ignore[name-defined]  # noqa: F821

_base = os.environ["SDCVIZ_NOTEBOOK_URL"]


def _without_token(handler: Any, page_config: dict[str, Any]) -> dict[str, Any]:
    """Keep the token out of the page: the proxy adds it to each request."""
    return {**page_config, "token": ""}


c.ServerApp.ip = os.environ["SDCVIZ_NOTEBOOK_HOST"]
c.ServerApp.port = int(os.environ["SDCVIZ_NOTEBOOK_PORT"])
c.ServerApp.port_retries = 50
c.ServerApp.base_url = _base
c.ServerApp.root_dir = os.environ["SDCVIZ_NOTEBOOK_FOLDER"]
c.ServerApp.open_browser = False
c.ServerApp.allow_root = True
# Only the proxy gets in, by the token; it has looked at cookie, origin and owner before.
c.ServerApp.allow_remote_access = True
c.ServerApp.tornado_settings = {
    "page_config_hook": _without_token,
    "headers": {"Content-Security-Policy": "frame-ancestors 'self'"},
}
c.ServerApp.terminals_enabled = True
c.ServerApp.shutdown_no_activity_timeout = 0
c.LabApp.default_url = "/lab/tree/notebook.ipynb"
c.ServerApp.default_url = "/lab/tree/notebook.ipynb"
# Nothing leaves the machine.
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.extension_manager = "readonly"
c.MappingKernelManager.cull_idle_timeout = 0
# Interactive maps are large.
c.ZMQChannelsWebsocketConnection.iopub_data_rate_limit = 100_000_000
