"""Which plotting backend HoloViews uses: Bokeh, loaded once."""

from __future__ import annotations

import sys

__all__ = ["load_backend"]


def load_backend() -> None:
    """Make Bokeh the backend, and let a notebook show elements.

    In a notebook ``holoviews.extension`` also sends the JavaScript to the
    page; elsewhere it is not called, for it would reset what Panel's own
    ``extension`` has configured.
    """
    import holoviews as hv

    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is not None and hasattr(shell, "kernel"):
        hv.extension("bokeh", logo=False)
        return
    import holoviews.plotting.bokeh  # registers the backend

    hv.Store.set_current_backend("bokeh")
