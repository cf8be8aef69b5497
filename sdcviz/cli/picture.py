"""``sdcviz picture``: a small map of a product."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer

from ..errors import SdcvizError
from . import app, show
from .events import is_job

__all__ = ["leave_picture"]

log = logging.getLogger(__name__)


@app.command()
def picture(
    product: Annotated[Path, typer.Argument(metavar="PRODUCT", help="Product (NetCDF).")],
    out: Annotated[Path, typer.Option(help="Picture to write (PNG).", metavar="FILE")],
) -> None:
    """Draw the first time and level of a product as a small map."""
    from ..plots.product import product_picture

    show.note(str(product_picture(product, out)))


def leave_picture(product: Path) -> None:
    """Leave a picture of what a job made in its folder, for the mail about it.

    Without a job nothing is left, and a picture that can't be drawn costs no result.
    """
    if not is_job():
        return
    from ..plots.product import product_picture

    try:
        product_picture(product, Path("picture.png"))
    except SdcvizError as error:
        log.warning("No picture: %s", error)
    except Exception:
        log.warning("No picture of %s", product, exc_info=True)
