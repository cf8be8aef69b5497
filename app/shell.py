"""The frame of the page: top bar, tabs, drawers, messages, theme, link."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import panel as pn
import panel_material_ui as pmui

from sdcviz.errors import BadRequest
from sdcviz.words import counted
from sdcviz.workspaces.tokens import local_user

from . import library, theme
from .explore import ExploreView
from .interpolate import InterpolateView
from .layouts import current_layout
from .parts.after import after_layout
from .parts.jobs.queue import JobsButton
from .parts.notices import NoticesPart
from .products import ProductsView
from .quality import QualityView
from .server.guard import HANDLE
from .session import Session

__all__ = ["TABS", "Shell", "check_layout"]

TABS: dict[str, tuple[str, type]] = {
    "explore": ("Explore", ExploreView),
    "quality": ("Quality", QualityView),
    "interpolate": ("Interpolate", InterpolateView),
    "products": ("Products", ProductsView),
}
"""Key of each tab, with its title and its view; only tabs that work are listed."""

WITHOUT_COLLECTION = {"products"}
"""Tabs that have something to show while no collection is open."""


def check_layout() -> None:
    """Check the layout of the settings, so that a mistake stops the start and not a visitor.

    Raises
    ------
    BadRequest
        If the layout can't be read or names a tab that is not there.
    """
    tabs = current_layout().tabs
    for tab in tabs:
        if tab not in TABS:
            raise BadRequest(
                f"The layout names the tab {tab!r}, which there is not; take of: {', '.join(TABS)}."
            )
    if not tabs:
        raise BadRequest("The layout has no tab; name at least one.")


def _counts(entry: library.Entry) -> str:
    return f"{counted(entry.stations, 'station')}, {counted(entry.samples, 'sample')}"


def _labelled(entries: list[library.Entry]) -> dict[str, str]:
    """Return the folders by what the chooser shows; collections that look alike are numbered."""
    choices: dict[str, str] = {}
    for entry in entries:
        label = first = f"{_short(entry.name)} · {_counts(entry)}"
        number = 2
        while label in choices:
            label, number = f"{first} ({number})", number + 1
        choices[label] = entry.path
    return choices


def _short(name: str, longest: int = 34) -> str:
    """Return a name with its middle left out where it is too long for the chooser."""
    half = longest // 2
    return name if len(name) <= longest else f"{name[:half]}…{name[-half:]}"


def _welcome(open_files: Callable[[], None], products: Callable[[], None] | None) -> Any:
    """Return what is shown while no collection is open."""
    more = (
        [
            pmui.Button(
                label="Look at products", icon="layers", variant="outlined", width=190,
                on_click=lambda _: products(),
            )
        ]
        if products
        else []
    )  # fmt: skip
    return pmui.Column(
        pn.layout.VSpacer(),
        pmui.Typography("Explore ocean observations", variant="h3", sx=_CENTRED),
        pmui.Typography(
            "Open your files as they are: sdcviz reads them into one collection and shows it "
            "on a map. Or choose a collection above.",
            sx=_CENTRED,
        ),
        pmui.Row(
            pn.layout.HSpacer(),
            pmui.Button(
                label="Open files",
                icon="folder_open",
                width=150,
                on_click=lambda _: open_files(),
            ),
            *more,
            pn.layout.HSpacer(),
        ),
        pn.layout.VSpacer(),
        sizing_mode="stretch_both",
    )


_CENTRED = {"textAlign": "center"}


class Shell(pn.viewable.Viewer):
    """The page of one visitor.

    Parameters
    ----------
    session : Session
        State of the visitor; everything on the page reads and writes it.
    """

    def __init__(self, session: Session, **params: Any) -> None:
        super().__init__(**params)
        self.session = session
        self._views: dict[str, Any] = {}
        self._keys = list(current_layout().tabs)
        self._importer: Any = None
        self._queue: Any = None
        self._jobs = JobsButton(self.open_queue, session=session)
        # Dialogs stand beside what changes: moved around, an open one would vanish.
        self._slot = pn.Column(sizing_mode="stretch_both", margin=0)
        self._stage = pn.Column(self._slot, sizing_mode="stretch_both", margin=0)
        self._chooser = pmui.Select(
            label="",
            options=self._choices(),
            value=session.collection,
            size="small",
            variant="outlined",
            width=420,
            margin=(4, 8),
            searchable=False,
            description="Collection",
        )
        self._open = pmui.Button(
            label="Open files",
            icon="folder_open",
            variant="outlined",
            size="small",
            width=115,
            margin=(4, 8),
            on_click=lambda _: self.open_files(),
        )
        self._tabs = pmui.TabMenu(
            items=[{"label": TABS[key][0]} for key in self._keys],
            active=self._keys.index(session.tab) if session.tab in self._keys else 0,
            margin=(0, 8),
            width=100 * len(self._keys),
        )
        self.notices = NoticesPart(self.tell, local_user(), session=session)
        self.page = self._page()
        self._connect()
        self._show_tab()

    def _page(self) -> pmui.Page:
        return pmui.Page(
            title="sdcviz",
            logo="assets/logo.svg",
            favicon="favicon.ico",
            site_url="./",
            theme_config=theme.THEME,
            dark_theme=self.session.dark,
            sx=theme.PAGE_STYLE,
            main=[self._stage],
            header=[
                self._tabs,
                pn.layout.HSpacer(),
                self._jobs,
                self._chooser,
                self._open,
                self.notices,
            ],
            sidebar_width=300,
            sidebar_variant="persistent",
            sidebar_resizable=True,
            contextbar_variant="temporary",
            contextbar_width=420,
        )

    def __panel__(self) -> Any:
        return self.page

    def _connect(self) -> None:
        session = self.session
        self.page.param.watch(lambda e: session.param.update(dark=e.new), "dark_theme")
        session.param.watch(lambda e: self.page.param.update(dark_theme=e.new), "dark")
        self._tabs.param.watch(lambda e: session.param.update(tab=self._keys[e.new or 0]), "active")
        session.param.watch(self._show_tab, "tab")
        session.param.watch(self._show_collection, ["collection", "collection_version"])
        self._chooser.param.watch(self._choose, "value")

    def _show_tab(self, *_: Any) -> None:
        """Show the view of the tab; a view is made when it is first shown.

        Without a collection most have nothing to view, so they always have one.
        """
        key = self.session.tab if self.session.tab in self._keys else self._keys[0]
        self._tabs.active = self._keys.index(key)
        if not self.session.collection and key not in WITHOUT_COLLECTION:
            products = self.show_products if "products" in self._keys else None
            self._slot.objects = [_welcome(self.open_files, products)]
            self.page.sidebar = []
            return
        if key not in self._views:
            self._views[key] = TABS[key][1](session=self.session)
        view = self._views[key]
        self._slot.objects = [view]
        self.page.sidebar = [view.drawer]

    def show_products(self) -> None:
        """Show the tab that lives without a collection."""
        self.session.tab = "products"

    def _choices(self) -> dict[str, str]:
        entries = library.known()
        # The chooser has to have the open one, or it would fall back to another.
        if self.session.collection not in {entry.path for entry in entries}:
            entries += (
                [library.entry_of(self.session.collection)] if self.session.collection else []
            )
        choices = _labelled(entries)
        return choices if self.session.collection else {"No collection open": ""} | choices

    def _show_collection(self, *_: Any) -> None:
        # In two steps: new options make the widget fall back to the first of them.
        self._chooser.options = self._choices()
        self._chooser.value = self.session.collection
        self._show_tab()

    def _choose(self, event: Any) -> None:
        if event.new and event.new != self.session.collection:
            self.open_collection(event.new)

    def open_collection(self, path: str) -> bool:
        """Open a collection folder and put it into the list; tell the visitor if it can't be."""
        entry, sentence = library.try_remember(path)
        if entry is None:
            self.tell(sentence)
            return False
        self.session.open(entry.path)
        return True

    def open_files(self) -> None:
        """Show the dialog that imports files and opens collections; it is made when first used."""
        if self._importer is None:
            from .parts.importer import ImporterPart

            handle = pn.state.headers.get(HANDLE, "")
            self._importer = ImporterPart(session=self.session, handle=handle, tell=self.tell)
            # Open before it goes to the browser: there, a change that comes between the
            # first rendering of a component and its subscription would be missed.
            self._importer.open()
            self._stage.append(self._importer)
            return
        self._importer.open()

    def open_queue(self) -> None:
        """Show the list of jobs on the right, from any tab; it is made when first used."""
        if self._queue is None:
            from .parts.jobs.queue import QueueDrawer

            self._queue = QueueDrawer(session=self.session, show=self.show_job)
            # Open before it goes to the browser, as the importer.
            self._queue.open()
            self._stage.append(self._queue)
            return
        self._queue.open()

    def show_job(self, id: str, wanted: str) -> None:
        """Show a job on the tab that runs such jobs."""
        if "interpolate" not in self._keys or not self.session.collection:
            self.tell("Open a collection first; then the job can be shown.", "info")
            return
        self.session.param.update(tab="interpolate", job=id)
        # A tab that is just being made has to be in the browser before it changes.
        after_layout(lambda: self._views["interpolate"].run.do(wanted, id))

    def tell(self, sentence: str, kind: str = "error") -> None:
        """Show a short message; errors stay until they are closed."""
        if pn.state.notifications is not None:
            duration = 0 if kind == "error" else 4000
            getattr(pn.state.notifications, kind)(sentence, duration=duration)
