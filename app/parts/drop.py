"""Where files are dropped: sends them to the disk of the server by HTTP."""

from __future__ import annotations

from pathlib import Path

import param
from panel.custom import JSComponent

__all__ = ["DropArea"]


class DropArea(JSComponent):
    """Area for files and folders; see ``drop.js``."""

    delivery = param.String(default="", doc="Name of the delivery that the files belong to.")
    uploaded = param.List(default=[], doc="Files that arrived: dicts with name and size (bytes).")
    sending = param.Boolean(default=False, doc="Whether files are on their way.")

    lead = param.String(default="Drop files, folders or archives here", doc="What it is for.")
    more = param.String(
        default="ODV, SeaDataNet, Argo, World Ocean Database, CORA, Sea-Bird, MEDATLAS, Darwin "
        "Core, CSV; also packed as .zip, .tar or .gz",
        doc="What may be sent.",
    )

    _esm = Path(__file__).with_name("drop.js")
