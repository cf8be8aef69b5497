"""Products that visitors send: they move into the folder of products."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from sdcviz.errors import BadRequest, StorageError
from sdcviz.settings import get_settings

from ... import shelf, uploads

__all__ = ["keep_sent"]


def keep_sent(folder: Path, names: Sequence[str], wanted: Callable[[], bool]) -> shelf.Item:
    """Move what was sent to the products of this server, and open it.

    Parameters
    ----------
    folder : Path
        Of the delivery; it is gone afterwards.
    names : sequence of str
        Files in it, with their folders.
    wanted : callable
        See `shelf.add`.

    Raises
    ------
    SdcvizError
        It is no product, or can't be kept; nothing stays then.
    """
    tops = list(dict.fromkeys(name.split("/")[0] for name in names))
    if not tops:
        raise BadRequest("Nothing has arrived; choose a file.")
    products = get_settings().products_dir
    kept: Path | None = None
    try:
        products.mkdir(parents=True, exist_ok=True)
        kept = _free(products, tops)
        # What the browser calls a file is checked once more: it becomes a path here.
        if len(tops) == 1:
            shutil.move(uploads.safe_target(folder, tops[0]), kept)
        else:
            kept.mkdir()
            for top in tops:
                shutil.move(uploads.safe_target(folder, top), kept / top)
        item = shelf.add(str(kept), wanted=wanted)
    except OSError as error:
        _remove(kept)
        raise StorageError(
            f"{tops[0]} can't be kept in {products}: {error.strerror or error}."
        ) from error
    except BaseException:
        _remove(kept)
        raise
    finally:
        uploads.discard(folder)
    if not wanted():
        _remove(kept)
    return item


def _free(products: Path, tops: Sequence[str]) -> Path:
    """Return a name that nothing has yet."""
    name = Path(tops[0])
    stem, suffix = (name.stem, name.suffix) if len(tops) == 1 else (f"{name.stem}_and_more", "")
    kept, number = products / f"{stem}{suffix}", 2
    while kept.exists():
        kept, number = products / f"{stem}_{number}{suffix}", number + 1
    return kept


def _remove(path: Path | None) -> None:
    if path is not None:
        shutil.rmtree(path, ignore_errors=True)
        with suppress(OSError):
            path.unlink()
