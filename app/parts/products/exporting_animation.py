"""An animation as a job: its start, how far it is, and the file at its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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

__all__ = ["Animation", "Film", "words_of"]

_LOOK = {
    "colormap": "--colormap", "title": "--title", "caption": "--caption", "masked": "--masked",
    "width": "--width",
}  # fmt: skip
_FILTERS = "selection.json"


@dataclass(frozen=True)
class Film:
    """How an animation looks.

    Attributes
    ----------
    look : dict
        See `exporting_items.look_of`.
    chosen : dict
        Of the form: what moves, and how fast.
    over : (Selection, (float, float)) or None
        Observations over each map, and their window.
    """

    look: dict[str, Any]
    chosen: dict[str, Any]
    over: tuple[Any, tuple[float, float]] | None = None


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

    def start(self, viewing: Viewing, item: Item, film: Film, name: str) -> None:
        """Start the job; the file gets the name."""
        if self.state.get("running"):
            return
        self._id, self._unwanted = "", False
        self._path = path = downloads.new_folder() / name
        words, reads = words_of(viewing, item, film, path)
        title = f"Animation of {viewing.variable}, {viewing.product.name}"
        owner, link = local_user(), to_query(viewing.session)
        self._say(running=True, text="Starting …", name=name)

        def work() -> str:
            from sdcviz import jobs

            if film.over is not None:
                text = film.over[0].filters.to_json()
                (path.parent / _FILTERS).write_text(text, encoding="utf-8")
            job = jobs.submit(
                words, title=title, owner=owner, reads=reads, writes=(path.parent,),
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
    viewing: Viewing, item: Item, film: Film, path: Path
) -> tuple[list[str], tuple[Path, ...]]:
    """Return the command that makes an animation, and what it reads."""
    asked, product, look = item.asked, viewing.product, film.look
    given: dict[str, Any] = {
        "--out": path, "--along": film.chosen["along"], "--fps": film.chosen["fps"],
        "--variable": asked.variable, "--depth": asked.depth, "--time": asked.time,
        "--mask": asked.mask, "--derived": asked.derived or None,
    }  # fmt: skip
    given |= {option: look.get(name) for name, option in _LOOK.items()}
    given |= _shapes(look)
    reads = [*_paths(product)]
    if film.over is not None:
        selection, (metres, days) = film.over
        folder = str(selection.collection.path)
        given |= {
            "--observations": folder, "--selection": path.parent / _FILTERS,
            "--window": f"{metres!r},{days!r}", "--dots": look.get("dots"),
        }  # fmt: skip
        reads.append(folder)
    if (other := item.comparison) is not None:
        paths = _paths(other.product)
        given |= {
            "--compare": other.way, "--split": other.split, "--spread": other.spread,
            "--other": paths[0] if other.product is not product else None,
            "--other-variable": other.variable or None,
            "--other-time": other.step if other.step >= 0 else None,
            "--other-derived": other.derived or None,
        }  # fmt: skip
        reads += paths
    words = [f"{option}={value}" for option, value in given.items() if value is not None]
    words += [f"--role={role}" for role in _roles(product)]
    if other is not None and other.product is not product:
        words += [f"--other-role={role}" for role in _roles(other.product)]
    words += ["--contours"] if look.get("contours") else []
    words += ["--error"] if asked.error else []
    files = tuple(Path(p) for p in reads if "://" not in p)
    return ["animate", *words, "--progress=json", "--json", "--", *_paths(product)], files


def _shapes(look: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a map's part, its colours, and of what is drawn in."""

    def corners(name: str) -> str | None:
        given = look.get(name)
        return " ".join(f"{lon!r},{lat!r}" for lon, lat in given) if given else None

    lon, lat = look.get("place") or (None, None)
    told: dict[str, Any] = {"--lon": lon, "--lat": lat}
    told |= {"--line": corners("line"), "--area": corners("area")}
    if look.get("limits"):
        low, high = look["limits"]
        told["--range"] = f"{low!r}:{high!r}"
    if look.get("extent"):
        told["--extent"] = ",".join(repr(v) for v in look["extent"])
    return told


def _roles(product: Any) -> list[str]:
    return [
        f"{kind}={','.join(name) if isinstance(name, list | tuple) else name}"
        for kind, name in product.given.items()
    ]
