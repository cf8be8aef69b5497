"""Do something once the browser knows the new layout."""

from __future__ import annotations

from collections.abc import Callable

import panel as pn

__all__ = ["after_layout", "after_load"]


def after_layout(do: Callable[[], None]) -> None:
    """Call `do` after the layout that was just changed has gone to the browser.

    A figure that arrives together with the React components around it may be
    measured before it is laid out, which the page reports as an error; one
    that arrives into components that stand is shown in one step. Without a
    browser `do` is called at once.
    """
    document = pn.state.curdoc
    if document is not None and document.session_context is not None:
        document.add_timeout_callback(do, 60)
    else:
        do()


def after_load(do: Callable[[], None]) -> None:
    """Call `do` once the browser shows the page; at once where it does, or without a browser.

    What changes while a page is on its way may be missed there: its answer to the first
    question would come before it listens.
    """
    document = pn.state.curdoc
    if document is not None and document.session_context is not None and not pn.state.loaded:
        pn.state.onload(do)
    else:
        do()
