"""An animation as a job: its start, how far it is, and the file at its end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sdcviz.errors import SdcvizError
from sdcviz.workspaces.tokens import local_user

from ... import downloads
from ... import jobs as following
from ...links import to_query
from ..background import background
from ..jobs.actions import act
from ..jobs.view import job_view

if TYPE_CHECKING:
    from ...viewing import Viewing
    from .exporting_items import Item

__all__ = ["Animation", "words_of"]

_LOOK = {"colormap": "--colormap", "title": "--title", "caption": "--caption", "masked": "--masked"}


class Animation:
    """The animation that a page last asked for.

    Parameters
    ----------
    changed : callable
        Called when `state` is another one.

    Attributes
    ----------
    state : dict
        For the page; empty while none was asked for.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._follower: Any = None
        self._path: Path | None = None
        self._id, self._unwanted = "", False
        self.state: dict[str, Any] = {}

    def start(
        self, viewing: Viewing, item: Item, look: dict[str, Any], chosen: dict[str, Any], name: str
    ) -> None:
        """Start the job; the file gets the name."""
        if self.state.get("running"):
            return
        self._id, self._unwanted = "", False
        self._path = path = downloads.new_folder() / name
        words = words_of(viewing, item, look, chosen, path)
        title = f"Animation of {viewing.variable}, {viewing.product.name}"
        owner, link = local_user(), to_query(viewing.session)
        self._say(running=True, text="Starting …", name=name)

        def work() -> str:
            from sdcviz import jobs

            files = [Path(p) for p in _paths(viewing.product) if "://" not in p]
            job = jobs.submit(
                words, title=title, owner=owner, reads=tuple(files), writes=(path.parent,),
                notify={"link": link},
            )  # fmt: skip
            return job.id

        background(work, self._begun)

    def _begun(self, id: str | None, error: Exception | None) -> None:
        if error is not None:
            self._say(text=str(error), wrong=True)
            if not isinstance(error, SdcvizError):
                raise error
            return
        self._id = str(id)
        if self._unwanted:
            self.cancel()
        if self._follower is None:
            self._follower = following.Follower(self._heard, card=self._id)
        else:
            self._follower.show(card=self._id)
        following.wake()

    def cancel(self) -> None:
        """End the job."""
        if self._id:
            act("cancel", self._id, self._told)
        else:
            self._unwanted = True  # it is just being submitted

    def _told(self, sentence: str) -> None:
        if sentence:
            self._say(**{**self.state, "text": sentence})

    def _heard(self, news: Any) -> None:
        job = news.find(self._id)
        if job is None or not self.state.get("running"):
            return
        view = job_view(job)
        name = self.state["name"]
        if not view["over"]:
            told = view["text"] or view["words"]
            self._say(running=True, name=name, text=told, done=view["done"], total=view["total"])
        elif view["state"] == "done" and self._path is not None and self._path.is_file():
            from sdcviz.words import size

            address = downloads.offer(self._path)
            self._say(name=name, address=address, text=size(self._path.stat().st_size))
        else:
            self._say(name=name, text=view["reason"] or view["words"], wrong=True)

    def _say(self, **state: Any) -> None:
        self.state = state
        self._changed()


def _paths(product: Any) -> list[str]:
    several = [str(one.path) for one in getattr(product.source, "sources", ())]
    return several if several and not Path(product.path).is_dir() else [product.path]


def words_of(
    viewing: Viewing, item: Item, look: dict[str, Any], chosen: dict[str, Any], path: Path
) -> list[str]:
    """Return the command that makes an animation."""
    asked, product = item.asked, viewing.product
    given: dict[str, Any] = {
        "--out": path, "--along": chosen["along"], "--fps": chosen["fps"],
        "--variable": asked.variable, "--depth": asked.depth, "--time": asked.time,
        "--mask": asked.mask, "--derived": asked.derived or None, "--width": look.get("width"),
    }  # fmt: skip
    given |= {option: look.get(name) for name, option in _LOOK.items()}
    if look.get("limits"):
        low, high = look["limits"]
        given["--range"] = f"{low!r}:{high!r}"
    words = [f"{option}={value}" for option, value in given.items() if value is not None]
    for kind, name in product.given.items():
        text = ",".join(name) if isinstance(name, list | tuple) else name
        words.append(f"--role={kind}={text}")
    words += ["--contours"] if look.get("contours") else []
    words += ["--error"] if asked.error else []
    return ["animate", *words, "--progress=json", "--json", "--", *_paths(product)]
